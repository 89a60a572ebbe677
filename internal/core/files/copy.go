package files

import (
	"context"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/files/stage"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// Depth says how much of a folder a copy takes along.
type Depth uint8

// The depths.
const (
	Deep Depth = iota // with everything below
	Flat              // the folder alone
)

// CopyOptions say how to copy. The zero value refuses a taken name.
type CopyOptions struct {
	Clash Clash
	Depth Depth
	Check func(src, dst *Entry) error // may be nil
}

// Copy puts a copy of an entry at another path. No byte is copied: both refer
// to the same contents. A folder is copied out of sight and appears whole.
func (v *View) Copy(ctx context.Context, e *Entry, to string, how CopyOptions) (made bool, copied *Entry, err error) {
	if err := readable(e); err != nil {
		return false, nil, err
	}
	if e.Mount.way {
		return false, nil, fault.New(fault.Denied, "Only a part of this folder is open to this app password, so that it cannot be copied.")
	}
	s, err := v.arrival(ctx, e, to, how.Clash, forCopy)
	if err != nil {
		return false, nil, err
	}
	if err := v.guard(ctx, OpRead, e); err != nil {
		return false, nil, err
	}
	if err := v.hasRoom(ctx, s, e.Size); err != nil {
		return false, nil, err
	}
	staged, err := v.stage(ctx, e, how.Depth)
	if err != nil {
		return false, nil, err
	}
	job := &moving{v: v, e: staged, to: s, announce: v.appeared, check: func(_, dst *Entry) error {
		if how.Check == nil {
			return nil
		}
		return how.Check(e, dst)
	}}
	if err := job.prepare(ctx); err != nil {
		return false, nil, err
	}
	err = v.tryTx(ctx, func(tx *db.DB) error { return job.run(ctx, tx) })
	return s.cur == nil, job.moved, err
}

// appeared tells of a copy: to everybody else it is something new.
func (v *View) appeared(_, n *Entry) interface{ EventName() string } {
	if n.IsDir() {
		return event.NodeMade{Space: n.Mount.Space, Node: n.ID, Parent: n.Parent, Name: n.Name, Copied: true, By: v.by()}
	}
	return event.FileWritten{Space: n.Mount.Space, Node: n.ID, Parent: n.Parent, Name: n.Name, Content: n.Content, Made: true, By: v.by()}
}

// stage copies an entry into a space that nobody sees, where the sweeper finds
// it if the copy never gets further.
func (v *View) stage(ctx context.Context, e *Entry, depth Depth) (*Entry, error) {
	hidden, err := v.spaces.Of(ctx, tree.Staging, "", tree.NoQuota)
	if err != nil {
		return nil, err
	}
	st := &stage.Stager{DB: v.db, Tree: v.tree, Content: v.content, Copied: v.Hooks.Copied, Now: v.Now}
	top, err := st.Copy(ctx, hidden, e.Node, depth == Deep)
	m := &Mount{Space: hidden.Root, Root: hidden.Root, Perm: All}
	return &Entry{Node: top, Path: "/" + top.Name, Mount: m, Mime: e.Mime}, err
}
