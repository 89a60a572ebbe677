package readable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/infra/db"
)

// adoption takes over what others put into the tree or changed there.
type adoption struct {
	r     *Room
	s     *shelf.Shelf
	views map[string]*files.View
	later []finding // to be judged when the events under way have arrived
	busy  []spot    // somebody is writing there
	// behind: events that are under way did not arrive in time to judge the rest.
	behind bool
	tally
	// said is told of everything that was done, or could not be, in words.
	said func(path, what string, err error)
	// wait tells whether what is missing at a spot may still turn up elsewhere.
	wait func(s spot) bool
	lost []spot // what is missing and may still turn up
	// gone removes from the tables what is missing on the disk.
	gone bool
}

// tally counts what an adoption came to.
type tally struct{ folders, files, fresh, updated, moved, removed, restored, failed int }

func (r *Room) adoption(s *shelf.Shelf, said func(path, what string, err error)) *adoption {
	return &adoption{r: r, s: s, views: map[string]*files.View{}, said: said}
}

func (a *adoption) fail(path string, err error) {
	a.failed++
	a.said(path, "", err)
}

// view is the tree as a user sees it.
func (a *adoption) view(ctx context.Context, uid string) (*files.View, error) {
	if v := a.views[uid]; v != nil {
		return v, nil
	}
	v, err := a.r.files.As(ctx, &who.Principal{ID: uid, Display: uid, Login: uid})
	if err == nil {
		a.views[uid] = v
	}
	return v, err
}

// folder adopts what lies directly in a folder, and returns the folders that lie
// in it then.
func (a *adoption) folder(ctx context.Context, node int64) ([]tree.Node, error) {
	var f *found
	err := a.r.holding(ctx, a.s, func(v *visit) (err error) {
		if f, err = v.inspect(ctx, node); err != nil || f == nil {
			return err
		}
		d, err := v.dir(node)
		v.watched(d, node)
		return err
	})
	if err != nil || f == nil {
		return nil, err
	}
	a.folders++
	a.files += f.files
	below := f.folders
	for _, x := range f.wrong {
		made, err := a.take(ctx, f, x)
		if err != nil {
			return nil, err
		}
		if made != nil {
			below = append(below, *made)
		}
	}
	return below, nil
}

// tree adopts what lies in a folder and below it, with a pause after each.
func (a *adoption) tree(ctx context.Context, node int64, pause func(ctx context.Context, since time.Time) error) error {
	todo := []int64{node}
	for len(todo) > 0 {
		began := a.r.Now()
		last := len(todo) - 1
		below, err := a.folder(ctx, todo[last])
		if err != nil {
			return err
		}
		todo = todo[:last]
		for _, n := range below {
			todo = append(todo, n.ID)
		}
		if err := pause(ctx, began); err != nil {
			return err
		}
	}
	return nil
}

// take deals with one difference. A folder that it made of one is returned.
func (a *adoption) take(ctx context.Context, f *found, x finding) (*tree.Node, error) {
	path := pathOf(f.path, x.name)
	var made *tree.Node
	var err error
	switch x.is {
	case foreign, changed:
		err = a.adoptFile(ctx, f, x)
	case strange:
		made, err = a.adoptFolder(ctx, f, x)
	case odd:
		err = fault.New(fault.Unsupported, "This is neither a file nor a folder.")
	case absent, stale, strayed:
		a.later = append(a.later, x)
	}
	if errors.Is(err, shelf.ErrBusy) {
		a.busy = append(a.busy, x.spot)
		a.said(path, "is being written to", nil)
		return nil, nil
	}
	return made, a.survive(ctx, path, err)
}

// survive reports what went wrong with one file and lets the others go on,
// unless it would go wrong with all.
func (a *adoption) survive(ctx context.Context, path string, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, fault.Unavailable) {
		return err
	}
	a.fail(path, err)
	return nil
}

func pathOf(folder []string, name string) string {
	return "/" + strings.Join(append(folder[:len(folder):len(folder)], name), "/")
}

// adoptFile takes over a file. Its bytes are read while nobody is kept waiting;
// then, if nothing happened to it meanwhile, it becomes the file's content and a
// link of ours takes its place.
func (a *adoption) adoptFile(ctx context.Context, f *found, x finding) error {
	if x.node != nil && x.node.IsDir() {
		return fault.New(fault.Conflict, "There is a folder of this name.")
	}
	name, err := names.Clean(x.name)
	if err != nil {
		return err
	}
	view, err := a.view(ctx, f.owner)
	if err != nil {
		return err
	}
	t := &taking{a: a, view: view, f: f, x: x, name: name}
	file, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer file.Close()
	c, err := a.r.content.Write(ctx, file, x.entry.Size)
	if errors.Is(err, fault.Invalid) { // shorter or longer than it was just now
		return shelf.ErrBusy
	}
	if err != nil {
		return err
	}
	if n := x.node; n != nil && n.Size == c.Size && bytes.Equal(n.SHA1, c.SHA1) {
		a.r.content.Forget(ctx, c.ID)
		return t.refresh(ctx, file)
	}
	if err := t.commit(ctx, file, c); err != nil {
		a.r.content.Forget(ctx, c.ID)
		return err
	}
	return nil
}

// taking is one file being adopted.
type taking struct {
	a    *adoption
	view *files.View
	f    *found
	x    finding
	name string // x.name as the tables write it
}

// open opens the file, if nobody is writing to it.
func (t *taking) open(ctx context.Context) (file *os.File, err error) {
	err = t.a.r.holding(ctx, t.a.s, func(v *visit) error {
		d, err := t.dir(ctx, v)
		if err != nil {
			return err
		}
		file, err = d.OpenFile(t.x.name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := t.a.r.idle(file, t.x.entry); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// dir opens the folder of the file, which is where it was and still holds it
// unchanged: else shelf.ErrBusy.
func (t *taking) dir(ctx context.Context, v *visit) (shelf.Dir, error) {
	if err := v.learn(ctx, t.x.parent); err != nil {
		return shelf.Nowhere, err
	}
	if !v.shown(t.x.parent) {
		return shelf.Nowhere, shelf.ErrBusy
	}
	d, err := v.dir(t.x.parent)
	if err == nil && d == shelf.Nowhere {
		err = shelf.ErrBusy
	}
	if err != nil {
		return shelf.Nowhere, err
	}
	e, err := d.Stat(t.x.name)
	if err == nil && !t.x.entry.Same(e) {
		err = shelf.ErrBusy
	}
	return d, err
}

// quietFor is how long a file must not have been touched where the kernel does
// not tell whether somebody has it open.
const quietFor = 10 * time.Second

// idle tells whether nobody is writing to a file: nil, or shelf.ErrBusy.
func (r *Room) idle(f *os.File, e *shelf.Entry) error {
	err := shelf.Lease(f)
	if err == nil || errors.Is(err, shelf.ErrBusy) {
		return err
	}
	if r.Now().Sub(time.Unix(0, e.CTime)) < quietFor {
		return shelf.ErrBusy
	}
	return nil
}

// refresh puts the link back over a file that holds the same bytes. Its time is
// taken over.
func (t *taking) refresh(ctx context.Context, file *os.File) error {
	path := pathOf(t.f.path, t.name)
	e, err := t.view.Stat(ctx, path)
	if err != nil {
		return err
	}
	if e.ID != t.x.node.ID {
		return shelf.ErrBusy
	}
	mtime := time.Unix(0, t.x.entry.MTime)
	if !mtime.Equal(e.MTime) {
		change, err := t.view.NewChange(ctx)
		if err != nil {
			return err
		}
		err = t.a.r.db.Tx(ctx, func(tx *db.DB) error { return t.view.SetTimes(ctx, tx, change, e, files.Times{MTime: &mtime}) })
		if err != nil {
			return err
		}
		t.a.updated++
		t.a.said(path, "has another time", nil)
	}
	return t.a.r.holding(ctx, t.a.s, func(v *visit) error {
		d, err := t.dir(ctx, v)
		if err == nil {
			err = t.a.r.idle(file, t.x.entry)
		}
		if err != nil {
			return err
		}
		n := *t.x.node
		n.MTime = mtime
		return t.replace(ctx, v, d, t.name, &n)
	})
}

// replace puts a link in the place of the file.
func (t *taking) replace(ctx context.Context, v *visit, d shelf.Dir, name string, n *tree.Node) error {
	if err := v.link(ctx, d, spot{t.x.parent, name}, n); err != nil || name == t.x.name {
		return err
	}
	return d.Unlink(t.x.name)
}

// commit makes the bytes the file's content, or a file of another name when the
// one in the tables is newer.
func (t *taking) commit(ctx context.Context, file *os.File, c content.Content) error {
	name := t.name
	if t.x.node != nil && t.x.is == foreign {
		about, err := t.a.r.content.About(ctx, t.x.node.Content)
		if err != nil {
			return busyIfGone(err)
		}
		if about.Born.Unix() > time.Unix(0, t.x.entry.CTime).Unix() {
			name = shelf.Beside(name, t.a.r.Now(), 0)
		}
	}
	path := pathOf(t.f.path, name)
	return t.a.r.holding(ctx, t.a.s, func(v *visit) error {
		d, err := t.dir(ctx, v)
		if err == nil {
			err = t.a.r.idle(file, t.x.entry)
		}
		if err == nil {
			err = t.a.inHome(ctx, t.view, t.f.path, t.x.parent)
		}
		if err != nil {
			return err
		}
		w, err := t.view.Write(ctx, path, files.Put{Stored: &c, MTime: time.Unix(0, t.x.entry.MTime), Check: t.check(name)})
		if err != nil {
			return err
		}
		if e, err := d.Stat(t.x.name); err != nil || e == nil && w.Created {
			return errors.Join(err, t.view.Remove(ctx, w.Entry, nil)) // it has just gone, perhaps to be adopted elsewhere
		}
		t.count(path, w)
		if err := t.replace(ctx, v, d, name, &w.Node); err != nil || name == t.name {
			return err
		}
		asks := newAsks()
		asks.see(t.x.parent, t.name, 0)
		return v.settle(ctx, asks)
	})
}

func busyIfGone(err error) error {
	if errors.Is(err, fault.NotFound) {
		return shelf.ErrBusy
	}
	return err
}

// check refuses to overwrite what was written since we looked.
func (t *taking) check(name string) func(cur *files.Entry) error {
	return func(cur *files.Entry) error {
		seen := t.x.node
		if name != t.name {
			seen = nil
		}
		if (cur == nil) != (seen == nil) || cur != nil && cur.Content != seen.Content {
			return shelf.ErrBusy
		}
		return nil
	}
}

func (t *taking) count(path string, w files.Written) {
	switch {
	case t.x.is == changed:
		t.a.updated++
		t.a.said(path, "was changed in place, so its former bytes are lost; taken as a new version", nil)
	case w.Created:
		t.a.fresh++
		t.a.said(path, "is new", nil)
	default:
		t.a.updated++
		t.a.said(path, "was replaced", nil)
	}
}

// inHome makes sure that a path leads to the folder that we mean, and not into
// what is mounted there.
func (a *adoption) inHome(ctx context.Context, view *files.View, folder []string, node int64) error {
	e, err := view.Stat(ctx, "/"+strings.Join(folder, "/"))
	if err != nil {
		return busyIfGone(err)
	}
	if e.ID != node {
		return fmt.Errorf("%s is another folder now: %w", e.Path, shelf.ErrBusy)
	}
	return nil
}

// adoptFolder makes a folder of ours of one that somebody made.
func (a *adoption) adoptFolder(ctx context.Context, f *found, x finding) (made *tree.Node, err error) {
	name, err := names.Clean(x.name)
	if err != nil {
		return nil, err
	}
	view, err := a.view(ctx, f.owner)
	if err != nil {
		return nil, err
	}
	t := &taking{a: a, view: view, f: f, x: x, name: name}
	err = a.r.holding(ctx, a.s, func(v *visit) error {
		d, err := t.dir(ctx, v)
		if err != nil {
			return err
		}
		if n := x.node; n != nil {
			if err := v.fix(ctx, x.spot, n); err != nil || n.IsDir() {
				return err
			}
			return fault.New(fault.Conflict, "There is a file of this name; the folder was renamed.")
		}
		if name != x.name {
			if err := d.Rename(x.name, d, name); shelf.Taken(err) {
				return fault.New(fault.Conflict, "There is another folder of this name, written in other characters.")
			} else if err != nil {
				return err
			}
		}
		if err := a.inHome(ctx, view, f.path, x.parent); err != nil {
			return err
		}
		e, err := view.Mkdir(ctx, pathOf(f.path, name))
		if err != nil {
			return err
		}
		made = &e.Node
		a.fresh++
		a.said(e.Path, "is a new folder", nil)
		return v.mkdir(ctx, d, spot{x.parent, name}, made)
	})
	return made, err
}
