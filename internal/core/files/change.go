package files

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// Mkdir makes a folder. A name that is taken is fault.Exists.
func (v *View) Mkdir(ctx context.Context, p string) (*Entry, error) {
	s, err := v.locate(ctx, p)
	if errors.Is(err, ErrIsFolder) {
		return nil, fault.New(fault.Exists, "The folder is already there.")
	}
	if err != nil {
		return nil, err
	}
	if s.cur != nil {
		return nil, fault.New(fault.Exists, "There is already a file or folder of this name.")
	}
	if err := v.mayWrite(ctx, s); err != nil {
		return nil, err
	}
	if err := v.hasRoom(ctx, s, 1); err != nil {
		return nil, err
	}
	id, err := v.db.ID(ctx)
	if err != nil {
		return nil, err
	}
	change, err := v.tree.NewChange(ctx)
	if err != nil {
		return nil, err
	}
	n := tree.Node{ID: id, Parent: s.parent.ID, Name: s.name, Kind: tree.Folder, MTime: v.Now(), ETag: tree.NewETag(), Uploaded: v.Now().Unix()}
	err = v.db.Tx(ctx, func(tx *db.DB) error {
		if err := v.tree.Create(ctx, tx, change, s.mount.Space, n); err != nil {
			return err
		}
		return v.publish(ctx, tx, event.NodeMade{Space: s.mount.Space, Node: id, Parent: n.Parent, Name: n.Name, By: v.by()})
	})
	return &Entry{Node: n, Path: s.path, Mount: s.mount}, err
}

// Remove deletes an entry: a keeper takes it, or it goes to the purge. What is
// mounted only leaves this view. check sees the entry in the transaction and may
// refuse; it may be nil.
func (v *View) Remove(ctx context.Context, e *Entry, check func(cur *Entry) error) error {
	if e.IsMountRoot() {
		return v.leave(ctx, e, check)
	}
	return v.takeAway(ctx, e, check, v.Hooks.Keepers)
}

// Erase is Remove without keepers: it goes for good. Only what is one's own can,
// anything else is removed.
func (v *View) Erase(ctx context.Context, e *Entry, check func(cur *Entry) error) error {
	if e.IsMountRoot() || e.Mount.Owner != v.who.ID || v.who.ID == "" {
		return v.Remove(ctx, e, check)
	}
	return v.takeAway(ctx, e, check, nil)
}

func (v *View) takeAway(ctx context.Context, e *Entry, check func(cur *Entry) error, keepers []Keeper) error {
	if e.IsRoot() || e.Mount.fixed {
		return fault.New(fault.Denied, "This folder cannot be deleted.")
	}
	if e.Perm()&Delete == 0 {
		return fault.New(fault.Denied, "You may not delete this.")
	}
	if err := v.guard(ctx, OpDelete, e); err != nil {
		return err
	}
	exit, err := v.exit(ctx)
	if err != nil {
		return err
	}
	return v.tryTx(ctx, func(tx *db.DB) error {
		cur, err := v.again(ctx, tx, e)
		if err != nil {
			return err
		}
		if check != nil {
			if err := check(cur); err != nil {
				return err
			}
		}
		if err := v.publish(ctx, tx, event.NodeRemoved{Space: e.Mount.Space, Node: e.ID, Parent: cur.Parent, Name: cur.Name, Dir: e.IsDir(), By: v.by()}); err != nil {
			return err
		}
		v.forget(tx, cur)
		return v.remove(ctx, tx, exit, cur, keepers)
	})
}

func (v *View) remove(ctx context.Context, tx *db.DB, exit exit, e *Entry, keepers []Keeper) error {
	for _, k := range keepers {
		kept, err := k.Removed(ctx, tx, &Removal{Entry: e, By: v.who, view: v, exit: exit})
		if kept || err != nil {
			return err
		}
	}
	if e.IsDir() {
		to := tree.Spot{Space: exit.doomed.Root, Parent: exit.doomed.Root, Name: strconv.FormatInt(e.ID, 10)}
		return v.tree.Move(ctx, tx, exit.cs, e.Node, e.Mount.Space, to, 0)
	}
	if err := v.tree.Drop(ctx, tx, exit.cs[0], e.Mount.Space, e.Node); err != nil {
		return err
	}
	if err := v.erased(ctx, tx, []int64{e.ID}); err != nil {
		return err
	}
	return v.content.Refer(ctx, tx, e.Content, -1)
}

// again reads an entry's node anew in a transaction: gone or moved since is
// fault.NotFound.
func (v *View) again(ctx context.Context, tx *db.DB, e *Entry) (*Entry, error) {
	n, err := v.tree.ByID(ctx, tx, e.ID)
	if err == nil && (n.Parent != e.Parent || n.Name != e.Name) {
		err = fault.NotFound
	}
	if err != nil {
		return nil, missing(err)
	}
	cur := *e
	cur.Node = n
	return &cur, nil
}

func (s *Service) changes(ctx context.Context) (cs [2]tree.Change, err error) {
	for i := range cs {
		if cs[i], err = s.tree.NewChange(ctx); err != nil {
			return cs, err
		}
	}
	return cs, nil
}

// Clash says what to do when the destination is taken.
type Clash uint8

// The ways to meet a taken name.
const (
	Refuse    Clash = iota // fault.Exists
	Overwrite              // what was there goes the way of a removal
)

// Move puts an entry at another path and tells whether something new stands
// there now (false: it took the place of another). The id stays. What is mounted
// moves in this view only.
func (v *View) Move(ctx context.Context, e *Entry, to string, clash Clash, check func(src, dst *Entry) error) (made bool, moved *Entry, err error) {
	if e.IsMountRoot() {
		return v.relocate(ctx, e, to, clash, check)
	}
	if e.IsRoot() || e.Mount.fixed {
		return false, nil, fault.New(fault.Denied, "This folder cannot be moved.")
	}
	s, err := v.arrival(ctx, e, to, clash, forMove)
	if err != nil {
		return false, nil, err
	}
	if err := v.mayMove(e, s); err != nil {
		return false, nil, err
	}
	if err := v.guard(ctx, OpMove, e); err != nil {
		return false, nil, err
	}
	if s.mount.Space != e.Mount.Space {
		if err := v.hasRoom(ctx, s, e.Size); err != nil {
			return false, nil, err
		}
	}
	job := &moving{v: v, e: e, to: s, check: check, announce: v.relocated}
	if err := job.prepare(ctx); err != nil {
		return false, nil, err
	}
	if err := v.tryTx(ctx, func(tx *db.DB) error { return job.run(ctx, tx) }); err != nil {
		return false, nil, err
	}
	return s.cur == nil, job.moved, nil
}

// mayMove tells whether an entry may go to a spot. A new name in the same folder
// asks for the right to change it; another folder for the right to delete it here,
// and arrival has asked for what it needs there.
func (v *View) mayMove(e *Entry, s *spot) error {
	if e.Perm()&Delete == 0 && (s.parent.ID != e.Parent || e.Perm()&Update == 0) {
		return fault.New(fault.Denied, "You may not move this.")
	}
	if e.Mount.Sealed && s.mount.Root != e.Mount.Root { // elsewhere its bytes could be read
		return fault.New(fault.Denied, "This can be looked at, but not taken away.")
	}
	if s.mount.Space != e.Mount.Space && e.IsDir() && len(v.beneath(segments(e.Path))) > 0 {
		return fault.New(fault.Denied, "A folder that holds what others share with you cannot be moved to somebody else.")
	}
	return nil
}

// verb tells arrival for which operation it looks.
type verb uint8

const (
	forMove verb = iota
	forCopy
)

// arrival finds and checks the place that a move or copy goes to.
func (v *View) arrival(ctx context.Context, e *Entry, to string, clash Clash, op verb) (*spot, error) {
	s, err := v.locate(ctx, to)
	if err != nil {
		return nil, err
	}
	if s.cur != nil && s.cur.ID == e.ID {
		return nil, fault.New(fault.Denied, "Source and destination are the same.")
	}
	if within(s.path, e.Path) {
		return nil, fault.New(fault.Conflict, "A folder cannot go into itself.")
	}
	if s.cur == nil {
		s.self = e.ID
		if op == forMove && s.parent.ID == e.Parent && e.Perm()&Update != 0 { // a new name for it
			if err := v.noClash(ctx, s); err != nil {
				return nil, err
			}
			return s, v.guard(ctx, OpCreate, &Entry{Node: s.parent, Path: s.path, Mount: s.mount})
		}
		return s, v.mayWrite(ctx, s)
	}
	if clash == Refuse {
		return nil, fault.New(fault.Exists, "There is already a file or folder of this name.")
	}
	if within(e.Path, s.path) {
		return nil, fault.New(fault.Conflict, "A folder cannot be replaced by what lies in it.")
	}
	if s.only != 0 || s.cur.IsMountRoot() {
		return nil, fault.New(fault.Denied, "What others share with you cannot be replaced by something else.")
	}
	if s.mount.Perm&(Update|Delete) != Update|Delete && (op == forMove || s.cur.IsDir() || s.mount.Perm&Update == 0) {
		return nil, fault.New(fault.Denied, "You may not write here.")
	}
	return s, v.guard(ctx, OpWrite, s.cur)
}

func within(p, folder string) bool {
	if folder == "/" {
		return p != "/"
	}
	return len(p) > len(folder) && p[:len(folder)] == folder && p[len(folder)] == '/'
}

// moving is one move: what is drawn before the transaction and used in it.
type moving struct {
	v     *View
	e     *Entry
	to    *spot
	check func(src, dst *Entry) error
	// announce makes the event that tells of it.
	announce func(src, moved *Entry) interface{ EventName() string }
	quota    metering
	// also runs in the transaction; it may be nil.
	also  func(tx *db.DB) error
	cs    [2]tree.Change
	exit  exit // for what it takes the place of
	mime  int32
	moved *Entry
}

func (m *moving) prepare(ctx context.Context) (err error) {
	if m.cs, err = m.v.changes(ctx); err != nil {
		return err
	}
	if m.exit, err = m.v.exit(ctx); err != nil {
		return err
	}
	if m.e.IsDir() {
		return nil
	}
	m.mime, err = m.v.tree.MimeID(ctx, MediaType(m.to.name))
	return err
}

func (m *moving) run(ctx context.Context, tx *db.DB) error {
	src, err := m.v.again(ctx, tx, m.e)
	if err != nil {
		return err
	}
	dst, err := m.v.current(ctx, tx, m.to)
	if err != nil {
		return err
	}
	if (dst == nil) != (m.to.cur == nil) {
		return fault.New(fault.Stale, "The destination was changed by somebody else at the same time.")
	}
	if m.check != nil {
		if err := m.check(src, dst); err != nil {
			return err
		}
	}
	if dst != nil {
		if err := m.v.remove(ctx, tx, m.exit, dst, m.v.Hooks.Keepers); err != nil {
			return err
		}
	}
	if m.to.mount.Space != src.Mount.Space && m.quota == metered {
		if err := m.v.takeRoom(ctx, tx, m.to, src.Size); err != nil {
			return err
		}
	}
	to := tree.Spot{Space: m.to.mount.Space, Parent: m.to.parent.ID, Name: m.to.name}
	if err := m.v.tree.Move(ctx, tx, m.cs, src.Node, src.Mount.Space, to, m.mime); err != nil {
		if errors.Is(err, fault.Exists) {
			return fault.New(fault.Stale, "The destination was changed by somebody else at the same time.")
		}
		return err
	}
	m.v.forget(tx, src)
	m.moved = &Entry{Node: src.Node, Path: m.to.path, Mount: m.to.mount}
	m.moved.Parent, m.moved.Name, m.moved.Node.Mime = to.Parent, to.Name, m.mime
	for _, told := range m.v.Hooks.Moved {
		if err := told(ctx, tx, src, m.moved); err != nil {
			return err
		}
	}
	if m.also != nil {
		if err := m.also(tx); err != nil {
			return err
		}
	}
	return m.v.publish(ctx, tx, m.announce(src, m.moved))
}

func (v *View) relocated(src, n *Entry) interface{ EventName() string } {
	return event.NodeMoved{Space: n.Mount.Space, Parent: n.Parent, Name: n.Name, Node: n.ID,
		OldSpace: src.Mount.Space, OldParent: src.Parent, OldName: src.Name, By: v.by()}
}

// Times are what SetTimes changes; a nil field stays.
type Times struct {
	MTime   *time.Time
	Created *int64 // Unix seconds
}

// SetTimes changes an entry's times. The etag changes with them.
func (v *View) SetTimes(ctx context.Context, tx *db.DB, change tree.Change, e *Entry, t Times) error {
	if e.Perm()&Update == 0 {
		return fault.New(fault.Denied, "You may not change this.")
	}
	cur, err := v.again(ctx, tx, e)
	if err != nil {
		return err
	}
	now := cur.Node
	if t.MTime != nil {
		now.MTime = *t.MTime
	}
	if t.Created != nil {
		now.Created = *t.Created
	}
	if e.IsDir() {
		err = v.tree.Touch(ctx, tx, change, e.Mount.Space, now)
	} else {
		now.ETag = tree.NewETag()
		err = v.tree.Update(ctx, tx, change, e.Mount.Space, cur.Node, now)
	}
	if err != nil {
		return fmt.Errorf("times of node %d: %w", e.ID, err)
	}
	return v.publish(ctx, tx, event.NodeTouched{Space: e.Mount.Space, Node: e.ID, Parent: cur.Parent, Name: cur.Name, By: v.by()})
}

// GuardProps asks the guards whether e's properties may be changed.
func (v *View) GuardProps(ctx context.Context, e *Entry) error { return v.guard(ctx, OpProps, e) }
