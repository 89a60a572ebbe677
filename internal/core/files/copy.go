package files

import (
	"context"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// copyBatch is how many nodes one transaction of a copy makes.
const copyBatch = 400

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
	hidden, err := v.space(ctx, tree.Staging, "", tree.NoQuota)
	if err != nil {
		return nil, err
	}
	top, err := v.cloned(ctx, e.Node, hidden.Root)
	if err != nil {
		return nil, err
	}
	top.Name = strconv.FormatInt(top.ID, 10)
	if err := v.copyNodes(ctx, hidden.Root, []int64{e.ID}, []tree.Node{top}); err != nil {
		return nil, err
	}
	if e.IsDir() && depth == Deep {
		err = v.stageBelow(ctx, hidden.Root, e.ID, top.ID)
	}
	m := &Mount{Space: hidden.Root, Root: hidden.Root, Perm: All}
	return &Entry{Node: top, Path: "/" + top.Name, Mount: m, Mime: e.Mime}, err
}

// stageBelow copies what lies in one folder, and below, into another.
func (v *View) stageBelow(ctx context.Context, space, from, to int64) error {
	var folders [][2]int64
	batch, origins := make([]tree.Node, 0, copyBatch), make([]int64, 0, copyBatch)
	for n, err := range v.tree.Children(ctx, from) {
		if err != nil {
			return err
		}
		c, err := v.cloned(ctx, n, to)
		if err != nil {
			return err
		}
		if n.IsDir() {
			folders = append(folders, [2]int64{n.ID, c.ID})
		}
		origins = append(origins, n.ID)
		if batch = append(batch, c); len(batch) == copyBatch {
			if err := v.copyNodes(ctx, space, origins, batch); err != nil {
				return err
			}
			batch, origins = batch[:0], origins[:0]
		}
	}
	if err := v.copyNodes(ctx, space, origins, batch); err != nil {
		return err
	}
	for _, f := range folders {
		if err := v.stageBelow(ctx, space, f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}

// cloned is a node's copy below another parent. A folder starts empty: the log
// adds what is put into it.
func (v *View) cloned(ctx context.Context, n tree.Node, parent int64) (tree.Node, error) {
	id, err := v.db.ID(ctx)
	n.ID, n.Parent, n.ETag, n.Uploaded = id, parent, tree.NewETag(), v.Now().Unix()
	if n.IsDir() {
		n.Size = 0
	}
	return n, err
}

// copyNodes makes copies whose originals are origins.
func (v *View) copyNodes(ctx context.Context, space int64, origins []int64, ns []tree.Node) error {
	if len(ns) == 0 {
		return nil
	}
	changes := make([]tree.Change, len(ns))
	for i := range changes {
		var err error
		if changes[i], err = v.tree.NewChange(ctx); err != nil {
			return err
		}
	}
	return v.db.Tx(ctx, func(tx *db.DB) error {
		copies := make([]int64, len(ns))
		for i, n := range ns {
			copies[i] = n.ID
			if n.Content != 0 {
				if err := v.content.Refer(ctx, tx, n.Content, 1); err != nil {
					return err
				}
			}
			if err := v.tree.Create(ctx, tx, changes[i], space, n); err != nil {
				return err
			}
		}
		for _, copied := range v.Hooks.Copied {
			if err := copied(ctx, tx, origins, copies); err != nil {
				return err
			}
		}
		return nil
	})
}
