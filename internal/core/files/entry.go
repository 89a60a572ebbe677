package files

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"path"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/tree"
)

// Entry is a file or folder as somebody sees it.
type Entry struct {
	tree.Node
	Path  string // from the view's root: "/", "/a/b"
	Mount *Mount
	Mime  string // media type; "" for folders
}

// Self is e, for what has an entry in it.
func (e *Entry) Self() *Entry { return e }

// Perm is what the viewer may do with e.
func (e *Entry) Perm() Perm { return e.Mount.Perm }

// IsMountRoot tells whether e is where something is mounted, other than the home.
func (e *Entry) IsMountRoot() bool {
	return len(e.Mount.Path) > 0 && e.ID == e.Mount.Root && !e.Mount.fixed
}

// IsRoot tells whether e is the view's root.
func (e *Entry) IsRoot() bool { return e.Path == "/" }

// IsTop tells whether e is the root of a whole space, which has no name of its own.
func (e *Entry) IsTop() bool { return e.Parent == 0 }

// Base is the name under which the viewer sees e; "/" of a home.
func (e *Entry) Base() string {
	if e.IsRoot() && !e.IsTop() { // what a public link opens
		return e.Name
	}
	return path.Base(e.Path)
}

func (v *View) entry(ctx context.Context, n tree.Node, m *Mount, at string) (*Entry, error) {
	mime, err := v.tree.MimeType(ctx, n.Mime)
	if err != nil {
		return nil, err
	}
	if m.way && !n.IsDir() { // a folder when the view was made
		return nil, fault.New(fault.NotFound, "This file or folder does not exist.")
	}
	if m.held != nil && n.ID == m.Root {
		m = m.held
	}
	return &Entry{Node: n, Path: at, Mount: m, Mime: mime}, nil
}

func missing(err error) error {
	if errors.Is(err, fault.NotFound) {
		return fault.Wrap(fault.NotFound, err, "This file or folder does not exist.")
	}
	return err
}

// Stat finds an entry by path. A folder's size and etag include all writes that
// were acknowledged before the call.
func (v *View) Stat(ctx context.Context, p string) (*Entry, error) {
	segs, err := names.Split(p)
	if err != nil { // no file can have such a name
		return nil, fault.Wrap(fault.NotFound, err, "This file or folder does not exist.")
	}
	m, rest := v.mount(segs)
	if v.hides(m, segs) || v.blind(m) && len(rest) > 0 {
		return nil, missing(fmt.Errorf("%q: %w", p, fault.NotFound))
	}
	n, err := v.resolve(ctx, m, rest)
	if err != nil {
		return nil, missing(err)
	}
	e, err := v.entry(ctx, n, m, "/"+strings.Join(segs, "/"))
	if err != nil || !n.IsDir() {
		return e, err
	}
	return e, v.mix(ctx, e)
}

func (v *View) resolve(ctx context.Context, m *Mount, rest []string) (tree.Node, error) {
	if m.Perm&Read == 0 && len(rest) > 0 && !m.way {
		return tree.Node{}, fmt.Errorf("below a folder that may not be read: %w", fault.NotFound)
	}
	return v.tree.ResolveIn(ctx, m.Space, m.Root, rest)
}

// ByID finds an entry by its node's id, wherever the viewer may see it.
func (v *View) ByID(ctx context.Context, id int64) (*Entry, error) {
	chains, err := v.tree.Up(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, p, ok := v.through(chains[id]); ok {
		return v.Stat(ctx, "/"+strings.Join(p, "/"))
	}
	return nil, missing(fmt.Errorf("node %d: %w", id, fault.NotFound))
}

// readable tells whether the bytes of e may be read: nil or fault.Denied.
func readable(e *Entry) error {
	if e.Perm()&Read == 0 {
		return fault.New(fault.Denied, "You may not read this file.")
	}
	if e.Mount.Sealed {
		return fault.New(fault.Denied, "This can be looked at, but not downloaded.")
	}
	return nil
}

// MayRead tells whether the content of a file may be shown to the viewer, in
// whatever form: nil, or why not.
func (v *View) MayRead(ctx context.Context, e *Entry) error {
	if err := readable(e); err != nil {
		return err
	}
	if e.IsDir() {
		return fault.New(fault.Unsupported, "A folder has no content of its own.")
	}
	return v.guard(ctx, OpRead, e)
}

// Open reads n bytes of a file from off; n < 0 reads to the end.
func (v *View) Open(ctx context.Context, e *Entry, off, n int64) (io.ReadCloser, error) {
	if err := v.MayRead(ctx, e); err != nil {
		return nil, err
	}
	return v.content.Open(ctx, e.Content, off, n)
}

// Sum reads a whole file through h and returns its hex digest.
func (v *View) Sum(ctx context.Context, e *Entry, h hash.Hash) (string, error) {
	if err := v.MayRead(ctx, e); err != nil {
		return "", err
	}
	return v.content.Sum(ctx, e.Content, h)
}

// Below yields everything below a folder, level by level, so that memory grows
// with the number of folders of a level and not with the files.
func (v *View) Below(ctx context.Context, folder *Entry) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		queue := []*Entry{folder}
		for len(queue) > 0 {
			next := queue[0]
			queue = queue[1:]
			for e, err := range v.List(ctx, next) {
				if !yield(e, err) || err != nil {
					return
				}
				if e.IsDir() {
					queue = append(queue, e)
				}
			}
		}
	}
}
