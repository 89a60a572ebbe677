package api

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/ocs"
)

func cutMethod(pattern string) (method, path string, ok bool) { return strings.Cut(pattern, " ") }

// errPath says that there is nothing at a path (32-sharing/012, 041, 056).
var errPath = fault.New(fault.NotFound, "Wrong path, file/folder does not exist")

// entry finds what a parameter path names. It may lack the slash (32-sharing/038).
func (rm *Room) entry(ctx context.Context, r *ocs.Request, path string) (*files.Entry, error) {
	v, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	e, err := v.Stat(ctx, "/"+strings.TrimLeft(path, "/"))
	if errors.Is(err, fault.NotFound) {
		return nil, errPath
	}
	return e, err
}

// on answers nobody while sharing is switched off (32-sharing/217).
func (rm *Room) on(ctx context.Context) error {
	pol, err := rm.shares.Policy(ctx)
	if err == nil && !pol.Enabled() {
		err = fault.New(fault.NotFound, "Share API is disabled")
	}
	return err
}

// id reads the number of a share, which some calls write as ocinternal:43.
func id(r *ocs.Request) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(r.Path("id"), "ocinternal:"), 10, 64)
	if err != nil {
		return 0, shares.ErrNoShare
	}
	return n, nil
}

func tagged(g *page) { g.tagged = true }

func fresh(g *page) { g.fresh = true }

// list answers with shares that the caller made or received (32-sharing/049 to 064).
func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	if err := rm.on(ctx); err != nil {
		return nil, err
	}
	q, err := r.Params()
	if err != nil {
		return nil, err
	}
	var opts []func(*page)
	if yes(q.Get("include_tags")) {
		opts = append(opts, tagged)
	}
	var e *files.Entry
	if path := q.Get("path"); path != "" {
		if e, err = rm.entry(ctx, r, path); err != nil {
			return nil, err
		}
	}
	p, whose := r.Caller(), shares.Mine
	if yes(q.Get("reshares")) {
		whose = shares.Everyone
	}
	var ls []shares.Listed
	switch {
	case yes(q.Get("shared_with_me")):
		ls, err = rm.shares.With(ctx, p, shares.Accepted)
		ls = on(e, ls)
	case e != nil && yes(q.Get("subfiles")):
		ls, err = rm.shares.In(ctx, p, e)
	case e != nil:
		ls, err = rm.shares.Of(ctx, p, e, whose)
	default:
		ls, err = rm.shares.List(ctx, p, whose)
	}
	if err != nil {
		return nil, err
	}
	return rm.show(ctx, p, ls, opts...)
}

// on leaves the shares of one entry, of all if there is none.
func on(e *files.Entry, ls []shares.Listed) (out []shares.Listed) {
	for _, l := range ls {
		if e == nil || l.Node == e.ID {
			out = append(out, l)
		}
	}
	return out
}

func yes(s string) bool { return s == "true" || s == "1" || s == "yes" || s == "on" }

// inherited answers with the shares of the folders above (32-sharing/065 to 067).
func (rm *Room) inherited(ctx context.Context, r *ocs.Request) (any, error) {
	path, err := r.Param("path")
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, errNoPath
	}
	e, err := rm.entry(ctx, r, path)
	if err != nil {
		return nil, err
	}
	ls, err := rm.shares.Inherited(ctx, r.Caller(), e)
	if err != nil {
		return nil, err
	}
	return rm.show(ctx, r.Caller(), ls)
}

var errNoPath = fault.New(fault.NotFound, "Please specify a file or folder path")

// get answers with one share, in a list (32-sharing/069 to 077).
func (rm *Room) get(ctx context.Context, r *ocs.Request) (any, error) {
	n, err := id(r)
	if err != nil {
		return nil, err
	}
	s, w, _, err := rm.shares.Find(ctx, r.Caller(), n)
	if err != nil {
		return nil, err
	}
	var opts []func(*page)
	if tags, _ := r.Bool("include_tags"); tags {
		opts = append(opts, tagged)
	}
	return rm.show(ctx, r.Caller(), []shares.Listed{{Share: s, Worth: w}}, opts...)
}

// one answers with a share that was just made or changed.
func (rm *Room) one(ctx context.Context, r *ocs.Request, s shares.Share, opts ...func(*page)) (any, error) {
	ws, err := rm.shares.Weigh(ctx, s)
	if err != nil {
		return nil, err
	}
	os, err := rm.show(ctx, r.Caller(), []shares.Listed{{Share: s, Worth: ws[s.ID]}}, opts...)
	if err != nil {
		return nil, err
	}
	return os[0], nil
}

// create makes a share (32-sharing/001 to 048, 203 to 219).
func (rm *Room) create(ctx context.Context, r *ocs.Request) (any, error) {
	if err := rm.on(ctx); err != nil {
		return nil, err
	}
	q, err := r.Params()
	if err != nil {
		return nil, err
	}
	if q.Get("path") == "" {
		return nil, errNoPath
	}
	e, err := rm.entry(ctx, r, q.Get("path"))
	if err != nil {
		return nil, err
	}
	w, err := wish(q, e)
	if err != nil {
		return nil, err
	}
	s, made, err := rm.shares.Give(ctx, r.Caller(), e, w)
	if err != nil {
		return nil, err
	}
	if !made {
		return rm.one(ctx, r, s)
	}
	if s.Kind == shares.Mail && rm.Send != nil && q.Get("sendMail") != "false" {
		if err := rm.Send(ctx, s, q.Get("password")); err != nil {
			return nil, err
		}
	}
	return rm.one(ctx, r, s, fresh)
}

// update changes a share (32-sharing/079 to 117, 206 to 211).
func (rm *Room) update(ctx context.Context, r *ocs.Request) (any, error) {
	n, err := id(r)
	if err != nil {
		return nil, err
	}
	q, err := r.Params()
	if err != nil {
		return nil, err
	}
	c, err := change(q)
	if err != nil {
		return nil, err
	}
	if q.Has("sendPasswordByTalk") && c == (shares.Change{}) { // switched off, which it is
		s, w, role, err := rm.shares.Find(ctx, r.Caller(), n)
		if err == nil && role != shares.Keeper {
			err = fault.New(fault.Denied, "You are not allowed to edit incoming shares")
		}
		if err != nil {
			return nil, err
		}
		return rm.first(ctx, r, shares.Listed{Share: s, Worth: w})
	}
	s, err := rm.shares.Change(ctx, r.Caller(), n, c)
	if err != nil {
		return nil, err
	}
	return rm.one(ctx, r, s)
}

func (rm *Room) first(ctx context.Context, r *ocs.Request, l shares.Listed) (any, error) {
	os, err := rm.show(ctx, r.Caller(), []shares.Listed{l})
	if err != nil {
		return nil, err
	}
	return os[0], nil
}

// act is an endpoint that does something to one share and answers with nothing.
func act(r *ocs.Request, f func(id int64) error) (any, error) {
	n, err := id(r)
	if err != nil {
		return nil, err
	}
	return []any{}, f(n)
}

// remove ends a share, or leaves it (32-sharing/127, 131, 220 to 225).
func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	return act(r, func(n int64) error { return rm.shares.Unshare(ctx, r.Caller(), n) })
}

// accept takes a share that waits (32-sharing/124 to 126).
func (rm *Room) accept(ctx context.Context, r *ocs.Request) (any, error) {
	return act(r, func(n int64) error { return rm.shares.Accept(ctx, r.Caller(), n) })
}

func (rm *Room) decline(ctx context.Context, r *ocs.Request) (any, error) {
	return act(r, func(n int64) error { return rm.shares.Decline(ctx, r.Caller(), n) })
}

// restore takes a share back that was left (32-sharing/130, 133, 134).
func (rm *Room) restore(ctx context.Context, r *ocs.Request) (any, error) {
	return act(r, func(n int64) error { return rm.shares.Restore(ctx, r.Caller(), n) })
}

// pending answers with what waits to be accepted (32-sharing/068, 123).
func (rm *Room) pending(ctx context.Context, r *ocs.Request) (any, error) {
	ls, err := rm.shares.With(ctx, r.Caller(), shares.Pending)
	if err != nil {
		return nil, err
	}
	return rm.show(ctx, r.Caller(), ls)
}

// deleted answers with what was left and can be taken back (32-sharing/128 to 135).
func (rm *Room) deleted(ctx context.Context, r *ocs.Request) (any, error) {
	ls, err := rm.shares.With(ctx, r.Caller(), shares.Declined)
	if err != nil {
		return nil, err
	}
	os, err := rm.show(ctx, r.Caller(), ls)
	if err != nil {
		return nil, err
	}
	for i := range os {
		os[i] = os[i].forDeleted()
	}
	return os, nil
}

// forDeleted leaves what the list of deleted shares tells (32-sharing/132).
func (o object) forDeleted() (out object) {
	for _, m := range o {
		switch m.name {
		case "id":
			out.add("id", "ocinternal:"+m.value.(string))
		case "can_edit", "can_delete", "note", "label", "item_permissions", "is-mount-root", "mount-type", "has_preview",
			"share_with_displayname_unique", "status", "mail_send", "hide_download", "attributes":
		default:
			out = append(out, m)
		}
	}
	return out
}

// token suggests an address for a link (32-sharing/078).
func (rm *Room) token(context.Context, *ocs.Request) (any, error) {
	return object{{"token", shares.NewToken()}}, nil
}

// send writes to the recipient of a share (32-sharing/118 to 120).
func (rm *Room) send(ctx context.Context, r *ocs.Request) (any, error) {
	return act(r, func(n int64) error {
		s, _, role, err := rm.shares.Find(ctx, r.Caller(), n)
		if err == nil && role != shares.Keeper {
			err = fault.New(fault.Denied, "Only the owner can send mail notifications")
		}
		if err != nil || rm.Send == nil || s.Kind != shares.Mail {
			return err
		}
		password, err := r.Param("password")
		if err != nil {
			return err
		}
		return rm.Send(ctx, s, password)
	})
}

// none answers with nothing: there are no shares from other servers (32-sharing/154).
func none(context.Context, *ocs.Request) (any, error) { return []any{}, nil }

func noRemote(text string) ocs.Endpoint {
	return func(context.Context, *ocs.Request) (any, error) { return nil, fault.New(fault.NotFound, text) }
}
