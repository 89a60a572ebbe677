package readable

import (
	"context"
	"errors"
	"maps"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
)

// verdict is how what stands on the disk relates to what the tables say.
type verdict uint8

const (
	right   verdict = iota
	absent          // the tables have it, the disk has not
	stale           // a link of ours that is not, or no longer, what the tables say
	foreign         // a file that somebody else put there
	changed         // a link of ours to which somebody wrote
	strayed         // the folder of another node, or of one that is gone
	strange         // a folder that somebody else made
	odd             // neither file nor folder
)

// judge compares what stands under a name with what the tables say; each may be
// nil for nothing.
func judge(e *shelf.Entry, n *tree.Node) verdict {
	switch {
	case e == nil && n == nil:
		return right
	case e == nil:
		return absent
	case e.IsDir() && !e.Ours:
		return strange
	case e.IsDir() && (n == nil || !n.IsDir() || n.ID != e.Mark.ID):
		return strayed
	case e.IsDir():
		return right
	case !e.IsFile():
		return odd
	case !e.Ours:
		return foreign
	case e.MTime != e.Mark.MTime:
		return changed
	case n == nil || n.IsDir() || n.Content != e.Mark.ID || n.Size != e.Size:
		return stale
	}
	return right
}

// vacate takes folders of ours away that stand where the tables have something
// else.
func (v *visit) vacate(a *asks) func(ctx context.Context, s spot, n *tree.Node) error {
	return func(ctx context.Context, s spot, n *tree.Node) error {
		if a.plain[s] {
			return nil // fix looks at it; nobody waits for a file's name
		}
		d, err := v.dir(s.parent)
		if err != nil || d == shelf.Nowhere {
			return err
		}
		e, err := d.Stat(s.name)
		if err != nil || judge(e, n) != strayed {
			return err
		}
		return v.evict(ctx, d, s, e)
	}
}

// evict parks a folder until its node's place is looked at, or removes one whose
// node is gone.
func (v *visit) evict(ctx context.Context, d shelf.Dir, s spot, e *shelf.Entry) error {
	delete(v.chains, e.Mark.ID)
	if err := v.learn(ctx, e.Mark.ID); err != nil {
		return err
	}
	seated, err := v.seated(e.Mark.ID)
	if err != nil {
		return err
	}
	if seated {
		v.todo[e.Mark.ID] = true // there are two of it: the one in its place is looked through
	} else if v.shown(e.Mark.ID) {
		err := v.s.Park(d, s.name, e.Mark.ID)
		if !shelf.Taken(err) {
			return err
		}
		v.todo[e.Mark.ID] = true // likewise of the parked one
	}
	kept, err := d.Prune(s.name)
	if kept {
		v.look = append(v.look, s)
	}
	return err
}

// seated tells whether a folder stands in its place already.
func (v *visit) seated(node int64) (bool, error) {
	if !v.shown(node) {
		return false, nil
	}
	away := maps.Clone(v.away)
	d, err := v.dir(node)
	for _, n := range v.chains[node] {
		if v.dirs[n.ID] == shelf.Nowhere && !away[n.ID] {
			delete(v.dirs, n.ID) // it may come yet
		}
	}
	v.away = away
	return err == nil && d != shelf.Nowhere, err
}

// fix makes the disk say at one spot what the tables say.
func (v *visit) fix(ctx context.Context, s spot, n *tree.Node) error {
	d, err := v.dir(s.parent)
	if err != nil || d == shelf.Nowhere {
		return err
	}
	if n != nil && !n.IsDir() {
		return v.fixFile(ctx, d, s, n)
	}
	e, err := d.Stat(s.name)
	if err != nil {
		return err
	}
	is := judge(e, n)
	if is == strayed {
		if err := v.evict(ctx, d, s, e); err != nil {
			return err
		}
		if e, err = d.Stat(s.name); err != nil {
			return err
		}
		is = judge(e, n)
	}
	if n == nil {
		return v.clear(d, s, is)
	}
	return v.seat(ctx, d, s, n, is)
}

// clear empties a spot where nothing is to be, unless what stands there is not
// ours.
func (v *visit) clear(d shelf.Dir, s spot, is verdict) error {
	switch is {
	case right:
		return nil
	case stale:
		return d.Unlink(s.name)
	}
	v.look = append(v.look, s)
	return nil
}

// seat puts a node's folder to its place: the one that was parked, or the one
// that somebody made there, or a new one.
func (v *visit) seat(ctx context.Context, d shelf.Dir, s spot, n *tree.Node, is verdict) error {
	switch is {
	case right:
		return nil
	case strange, strayed: // it is ours now; what is in it is not known
		v.todo[n.ID] = true
		return v.mkdir(ctx, d, s, n)
	case stale:
		if err := d.Unlink(s.name); err != nil {
			return err
		}
	case foreign, changed, odd:
		if err := v.aside(d, s); err != nil {
			return err
		}
	}
	ok, err := v.s.Unpark(n.ID, d, s.name)
	if err != nil {
		return err
	}
	if ok {
		delete(v.dirs, n.ID)
		return nil
	}
	return v.mkdir(ctx, d, s, n)
}

// mkdir makes a node's folder, or takes the one that is there for it. When
// something is in the node that no event tells of, a job to look through it is
// added before: a kill must not leave a folder that looks finished.
func (v *visit) mkdir(ctx context.Context, d shelf.Dir, s spot, n *tree.Node) error {
	if !v.covers && !v.empty[n.ID] {
		filled, err := v.r.tree.Filled(ctx, v.r.db, []int64{n.ID})
		if err == nil && filled[n.ID] {
			err = v.r.lookThrough(ctx, n.ID)
		}
		if err != nil {
			return err
		}
	}
	sub, err := v.s.Mkdir(d, s.name, n.ID)
	if err != nil {
		return err
	}
	v.watched(sub, n.ID)
	if old, ok := v.dirs[n.ID]; ok {
		old.Close()
	}
	v.dirs[n.ID] = sub
	return nil
}

// fixFile makes a spot bear a file's link.
func (v *visit) fixFile(ctx context.Context, d shelf.Dir, s spot, n *tree.Node) error {
	e, err := d.Stat(s.name)
	if err != nil {
		return err
	}
	switch is := judge(e, n); is {
	case right:
		if n.MTime.UnixNano() == e.MTime {
			return nil
		}
		return d.Stamp(s.name, e.Mark, n.MTime.UnixNano())
	case changed, odd, strange:
		if is != changed {
			if err := v.aside(d, s); err != nil {
				return err
			}
			break
		}
		v.look = append(v.look, s)
		return nil
	case foreign:
		about, err := v.r.content.About(ctx, n.Content)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		// One that is newer is to be adopted; one that is older lost a race.
		if err != nil || time.Unix(0, e.CTime).Unix() >= about.Born.Unix() {
			v.look = append(v.look, s)
			return nil
		}
		if err := v.aside(d, s); err != nil {
			return err
		}
	case strayed:
		if err := v.evict(ctx, d, s, e); err != nil {
			return err
		}
		if e, err = d.Stat(s.name); err != nil {
			return err
		}
		if e != nil { // something that is not ours is left in it
			if err := v.aside(d, s); err != nil {
				return err
			}
		}
	}
	return v.link(ctx, d, s, n)
}

// link links a file's blob. A content that still consists of parts is made whole
// by a job, which then comes back here.
func (v *visit) link(ctx context.Context, d shelf.Dir, s spot, n *tree.Node) error {
	err := v.s.Link(content.Key(n.Content), d, s.name, shelf.Mark{ID: n.Content}, n.MTime.UnixNano())
	if !errors.Is(err, shelf.ErrNoBlob) {
		return err
	}
	about, aerr := v.r.content.About(ctx, n.Content)
	if errors.Is(aerr, fault.NotFound) { // the file has another one meanwhile
		return nil
	}
	if aerr != nil {
		return aerr
	}
	if about.Joined {
		v.parts[n.ID] = true
		return nil
	}
	v.r.Log.Error("a file's bytes are missing in the store", "node", n.ID, "content", n.Content)
	return nil
}

// aside renames what somebody else put where a file or folder of ours belongs.
// Both are kept: the watch adopts it under its new name.
func (v *visit) aside(d shelf.Dir, s spot) error {
	as, err := d.Aside(s.name, v.r.Now())
	if err != nil {
		return err
	}
	v.look = append(v.look, spot{s.parent, as})
	v.r.Log.Warn("two files wanted the same name", "folder", s.parent, "name", s.name, "renamed", as)
	return nil
}
