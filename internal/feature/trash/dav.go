package trash

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// collection is the mount "trashbin": /{user}/trash/{item}/… and /{user}/restore,
// a folder that is always empty and restores what is moved into it (13-dav-trash).
type collection struct{ *Room }

// address is a path of the mount taken apart.
type address struct {
	user, part  string // part is "", "trash" or "restore"
	item, below string // below is "/" for the item itself
}

func parseAddress(path string) (a address) {
	a.user, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	a.part, path, _ = strings.Cut(path, "/")
	a.item, a.below, _ = strings.Cut(path, "/")
	a.below = "/" + a.below
	return a
}

// caller checks that a path lies in the trash of whoever asks.
func (c collection) caller(ctx context.Context, a address) (*who.Principal, error) {
	p := who.From(ctx)
	if err := mayUse(p); err != nil {
		return nil, err
	}
	if a.user != p.ID {
		return nil, fault.New(fault.Denied, "This is somebody else's trash.")
	}
	return p, nil
}

// Stat implements dav.Collection.
func (c collection) Stat(ctx context.Context, path string) (dav.Resource, error) {
	a := parseAddress(path)
	folder := dav.Resource{Path: path, Dir: true}
	if path == "/" {
		return folder, nil
	}
	p, err := c.caller(ctx, a)
	if err != nil {
		return folder, err
	}
	if a.item == "" && (a.part == "" || a.part == "trash" || a.part == "restore") {
		return folder, c.files.Alive(ctx)
	}
	name, deleted, ok := parseName(a.item)
	if a.part != "trash" || !ok {
		return folder, missing(fault.NotFound)
	}
	f, err := c.look(ctx, p, name, deleted, a.below)
	if err != nil {
		return folder, err
	}
	return resource(path, f), nil
}

// parseName takes an item's name apart: NAME.dSECONDS.
func parseName(s string) (name string, deleted int64, ok bool) {
	at := strings.LastIndex(s, ".d")
	if at < 1 {
		return "", 0, false
	}
	deleted, err := strconv.ParseInt(s[at+2:], 10, 64)
	return s[:at], deleted, err == nil && deleted >= 0
}

func (it *Item) davName() string { return it.Name + ".d" + strconv.FormatInt(it.Deleted, 10) }

// resource shows something in the trash: with the time of its deletion in place of
// its own, and that as its etag too (13-dav-trash/004).
func resource(path string, f *found) dav.Resource {
	return dav.Resource{Path: path, Dir: f.IsDir(), ETag: strconv.FormatInt(f.Deleted, 10), MTime: time.Unix(f.Deleted, 0), Value: f}
}

// List implements dav.Collection.
func (c collection) List(ctx context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	a := parseAddress(folder.Path)
	if f, ok := folder.Value.(*found); ok {
		return c.listBelow(ctx, folder.Path, f)
	}
	return func(yield func(dav.Resource, error) bool) {
		switch {
		case a.user == "":
			yield(dav.Resource{}, &dav.Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed",
				Text: "Listing members of this collection is disabled"})
		case a.part == "":
			_ = yield(dav.Resource{Path: "/" + a.user + "/restore", Dir: true}, nil) &&
				yield(dav.Resource{Path: "/" + a.user + "/trash", Dir: true}, nil)
		case a.part == "trash":
			c.listItems(ctx, folder.Path, yield)
		}
	}
}

func (c collection) listItems(ctx context.Context, path string, yield func(dav.Resource, error) bool) {
	items, nodes, err := c.shown(ctx, who.From(ctx))
	if err != nil {
		yield(dav.Resource{}, err)
		return
	}
	for _, it := range items {
		n := nodes[it.Node]
		mime, err := c.tree.MimeType(ctx, n.Mime)
		e := &files.Entry{Node: n, Path: "/", Mime: mime}
		if !yield(resource(strings.TrimSuffix(path, "/")+"/"+it.davName(), &found{it, e, nil}), err) || err != nil {
			return
		}
	}
}

func (c collection) listBelow(ctx context.Context, path string, f *found) iter.Seq2[dav.Resource, error] {
	return func(yield func(dav.Resource, error) bool) {
		for e, err := range f.view.List(ctx, f.Entry) {
			if err != nil {
				yield(dav.Resource{}, err)
				return
			}
			if !yield(resource(path+"/"+e.Name, &found{f.Item, e, f.view}), nil) {
				return
			}
		}
	}
}

// Get implements dav.Getter.
func (c collection) Get(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) (*dav.Content, error) {
	f, ok := r.Value.(*found)
	if !ok || f.IsDir() {
		return nil, dav.ForClients(w, req)
	}
	h := http.Header{"Content-Disposition": {dav.Disposition(f.base())}, "Oc-Etag": {r.ETag}}
	return &dav.Content{Size: f.Size, Type: dav.ServedType(f.Mime), Header: h, Open: func(off, n int64) (io.ReadCloser, error) {
		return f.view.Open(ctx, f.Entry, off, n)
	}}, nil
}

// Put implements dav.Putter: nothing is made here (13-dav-trash/011).
func (collection) Put(context.Context, string, *http.Request, dav.Check) (bool, http.Header, error) {
	return false, nil, fault.New(fault.Denied, "Not allowed to create files in the trashbin")
}

// Make implements dav.Maker (13-dav-trash/012).
func (collection) Make(context.Context, string, *http.Request, dav.Check) (http.Header, error) {
	return nil, fault.New(fault.Denied, "Not allowed to create folders in the trashbin")
}

// Delete implements dav.Deleter: for good.
func (c collection) Delete(ctx context.Context, r dav.Resource, _ *http.Request, _ dav.Check) error {
	a := parseAddress(r.Path)
	p, err := c.caller(ctx, a)
	if err != nil {
		return err
	}
	if err := c.mayChange(ctx, p, files.Delete); err != nil {
		return err
	}
	if f, ok := r.Value.(*found); ok {
		return c.remove(ctx, f)
	}
	if a.part == "trash" {
		return c.Empty(ctx, p.ID)
	}
	return fault.New(fault.Denied, "This cannot be deleted.")
}

// mayChange asks what is left to a credential of the owner's rights.
func (c collection) mayChange(ctx context.Context, p *who.Principal, perm files.Perm) error {
	v, err := c.files.As(ctx, p)
	if err != nil {
		return err
	}
	root, err := v.Stat(ctx, "/")
	if err == nil && root.Perm()&perm != perm {
		err = fault.New(fault.Denied, "This credential may only read.")
	}
	return err
}

// Move implements dav.Mover: a move to restore/ restores, whatever the name there.
func (c collection) Move(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	to := parseAddress(t.To)
	p, err := c.caller(ctx, to)
	if err != nil {
		return false, nil, err
	}
	f, ok := t.Source.Value.(*found)
	if !ok || to.part != "restore" || to.item == "" {
		return false, nil, fault.New(fault.Denied, "Things in the trash can be moved to restore or to the files.")
	}
	_, err = c.restore(ctx, p, f)
	return err == nil, nil, err
}

// Send implements dav.Sender: a move to a path among the files. Unlike the recorded
// server the id stays (13-dav-trash/014).
func (c collection) Send(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	f, v, to, err := c.outward(ctx, t)
	if err != nil {
		return false, nil, err
	}
	if err := c.mayTake(ctx, v, f); err != nil {
		return false, nil, err
	}
	clash := files.Refuse
	if t.Overwrite {
		clash = files.Overwrite
	}
	made, _, err := c.put(ctx, v, f, to, clash)
	return made, nil, err
}

// Give implements dav.Giver: a copy among the files.
func (c collection) Give(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	f, v, to, err := c.outward(ctx, t)
	if err != nil {
		return false, nil, err
	}
	how := files.CopyOptions{Clash: files.Refuse}
	if t.Overwrite {
		how.Clash = files.Overwrite
	}
	if t.Shallow {
		how.Depth = files.Flat
	}
	src := *f.Entry
	src.Path = "?" // it lies nowhere among the files
	made, _, err := v.Copy(ctx, &src, to, how)
	return made, nil, err
}

// outward is a transfer from the trash to the caller's files.
func (c collection) outward(ctx context.Context, t dav.Transfer) (*found, *files.View, string, error) {
	p := who.From(ctx)
	uid, to, _ := strings.Cut(strings.TrimPrefix(t.To, "/"), "/")
	f, ok := t.Source.Value.(*found)
	if !ok || t.Into != "files" || p == nil || uid != p.ID || to == "" {
		return nil, nil, "", fault.New(fault.Denied, "Things in the trash can be moved to restore or to one's own files.")
	}
	v, err := c.files.As(ctx, p)
	return f, v, "/" + to, err
}

// PropPatch implements dav.Patcher: what is in the trash is not changed.
func (collection) PropPatch(_ context.Context, _ dav.Resource, changes []dav.PropChange) ([]int, error) {
	out := make([]int, len(changes))
	for i := range out {
		out[i] = http.StatusForbidden
	}
	return out, nil
}
