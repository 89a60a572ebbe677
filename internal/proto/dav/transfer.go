package dav

import (
	"context"
	"errors"
	"net/http"

	"atrium/internal/base/fault"
)

func (c *call) move() error { return c.transfer("MOVE") }
func (c *call) copy() error { return c.transfer("COPY") }

// transfer serves MOVE and COPY (RFC 4918 9.8, 9.9).
func (c *call) transfer(verb string) error {
	dst, err := c.destination(c.r)
	if err != nil {
		return err
	}
	t := Transfer{Into: dst.mount.name, To: dst.path, Overwrite: true, Request: c.r}
	switch c.r.Header.Get("Overwrite") {
	case "", "T", "t":
	case "F", "f":
		t.Overwrite = false
	default:
		return fault.New(fault.Invalid, "The HTTP Overwrite header should be either T or F")
	}
	if err := c.noBody(); err != nil {
		return err
	}
	if t.Source, err = c.stat(); err != nil {
		return err
	}
	levels, err := depth(c.r, forever)
	if err != nil {
		return err
	}
	t.Shallow = levels == 0 && verb == "COPY"
	run, err := c.transferrer(verb, dst)
	if err != nil {
		return err
	}
	t.Check = c.transferCheck(dst)
	created, h, err := run(c.r.Context(), t)
	if errors.Is(err, fault.Exists) {
		return failed("Overwrite", "The destination node already exists, and the overwrite header is set to false")
	}
	if err != nil {
		return err
	}
	if l := c.mount.locker(); verb == "MOVE" && l != nil {
		if err := l.Moved(c.r.Context(), t.Source); err != nil {
			return err
		}
	}
	return c.ended(created, h)
}

// transferCheck evaluates the request's preconditions: If-Match speaks of the
// source, an If header of whatever its lists name. What moves into another mount
// (an upload's end) is checked against its destination.
func (c *call) transferCheck(dst *place) func(src, at *Resource) error {
	if dst.mount != c.mount {
		there := &call{Mux: c.Mux, place: dst, w: c.w, r: c.r}
		check := there.preconditions()
		return func(_, at *Resource) error { return check(at) }
	}
	check := c.preconditions()
	return func(src, _ *Resource) error { return check(src) }
}

type transferFunc = func(ctx context.Context, t Transfer) (bool, http.Header, error)

// transferrer finds who can carry a resource from here to there.
func (c *call) transferrer(verb string, dst *place) (transferFunc, error) {
	if dst.mount != c.mount {
		if s, ok := c.mount.c.(Sender); ok && verb == "MOVE" {
			return s.Send, nil
		}
		if tk, ok := dst.mount.c.(Taker); ok && verb == "COPY" {
			return tk.Take, nil
		}
		if g, ok := c.mount.c.(Giver); ok && verb == "COPY" {
			return g.Give, nil
		}
		return nil, fault.New(fault.Denied, "The destination lies in another tree.")
	}
	if verb == "COPY" {
		if cp, ok := c.mount.c.(Copier); ok {
			return cp.Copy, nil
		}
	} else if mv, ok := c.mount.c.(Mover); ok {
		return mv.Move, nil
	}
	return nil, fault.New(fault.Denied, verb+" is not possible here.")
}
