package dav

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"

	"atrium/internal/base/fault"
)

func (c *call) proppatch() error {
	p, ok := c.mount.c.(Patcher)
	if !ok {
		return notAllowed("PROPPATCH")
	}
	root, err := readXML(c.r)
	if err != nil {
		return err
	}
	if root == nil {
		return fault.New(fault.Invalid, "The request body is empty.")
	}
	if err := rootIs(root, "propertyupdate"); err != nil {
		return err
	}
	res, err := c.stat()
	if err != nil {
		return err
	}
	if err := c.preconditions()(&res); err != nil {
		return err
	}
	changes, err := propChanges(root)
	if err != nil {
		return err
	}
	statuses, err := p.PropPatch(c.r.Context(), res, changes)
	if err != nil {
		return err
	}
	c.w.Header().Add("Vary", "Brief,Prefer")
	return c.patched(res, changes, statuses)
}

// propChanges lists the set and remove instructions in document order.
func propChanges(root *Node) (out []PropChange, err error) {
	for _, instr := range root.Children {
		if instr.Name.Space != NSDAV || instr.Name.Local != "set" && instr.Name.Local != "remove" {
			continue
		}
		for _, prop := range instr.Children {
			for _, p := range prop.Children {
				ch := PropChange{Name: p.Name, Remove: instr.Name.Local == "remove"}
				if !ch.Remove {
					ch.Text, ch.Inner = p.Text, p.Inner()
				}
				out = append(out, ch)
			}
		}
	}
	if len(out) > maxProps {
		return nil, fault.New(fault.Invalid, "These are too many properties for one request.")
	}
	return out, nil
}

// patched answers with the statuses of properties. The href is the request's
// own, without a slash added (10-dav-files/204).
func (c *call) patched(res Resource, changes []PropChange, statuses []int) error {
	names := make([]xml.Name, len(changes))
	for i, ch := range changes {
		names[i] = ch.Name
	}
	ts := tags(names)
	b := append([]byte(multistatusOpen), "<d:response><d:href>"...)
	b = c.href(b, res.Path, c.slash)
	b = append(b, "</d:href>"...)
	order := slices.Clone(statuses)
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(a, b) })
	for _, status := range slices.Compact(order) {
		b = append(b, "<d:propstat><d:prop>"...)
		for i, s := range statuses {
			if s == status {
				b = append(b, ts[i].empty...)
			}
		}
		b = append(b, "</d:prop><d:status>HTTP/1.1 "...)
		b = append(b, strconv.Itoa(status)+" "+http.StatusText(status)...)
		b = append(b, "</d:status></d:propstat>"...)
	}
	b = append(b, "</d:response></d:multistatus>\n"...)
	h := c.w.Header()
	h.Set("Content-Type", xmlType)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	c.w.WriteHeader(http.StatusMultiStatus)
	_, err := c.w.Write(b)
	return err
}
