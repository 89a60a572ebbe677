// Package blobfault wraps a blob.Driver so that chosen calls of it go wrong,
// for tests of what the layers above make of a failing disk.
package blobfault

import (
	"cmp"
	"context"
	"io"
	"iter"
	"sync"

	"atrium/internal/infra/blob"
)

// Op names one verb of a driver, or a moment within it.
type Op string

// The moments at which a call can be made to fail.
const (
	Put        Op = "put"         // before a byte is read
	PutHalf    Op = "put half"    // after half of the body was read; nothing is stored
	PutAfter   Op = "put after"   // the blob is stored, but the caller is told otherwise
	Open       Op = "open"        // no reader
	Read       Op = "read"        // the reader breaks off after half of its bytes
	Stat       Op = "stat"        //
	Delete     Op = "delete"      // nothing is deleted
	DeleteHalf Op = "delete half" // the first half of the keys is deleted
	List       Op = "list"        // before the first
	ListHalf   Op = "list half"   // after the first
)

// Driver passes calls on, except those that Fail or FailNth chose. It hides
// the optional interfaces of what it wraps but for Alive.
type Driver struct {
	d blob.Driver

	mu    sync.Mutex
	calls int
	nth   map[int]plan
	ops   map[Op]error
}

type plan struct {
	op  Op
	err error
}

// New wraps d; nothing fails yet.
func New(d blob.Driver) *Driver {
	return &Driver{d: d, nth: map[int]plan{}, ops: map[Op]error{}}
}

// Fail makes every call of op fail with err until it is called again with nil.
func (f *Driver) Fail(op Op, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ops, op)
	if err != nil {
		f.ops[op] = err
	}
}

// FailNth makes the n-th call (the first is 1) from now fail with err at its
// beginning, whatever its verb.
func (f *Driver) FailNth(n int, err error) { f.FailNthAt(n, "", err) }

// FailNthAt is FailNth at a chosen moment; if the n-th call has no such
// moment, it fails at its beginning.
func (f *Driver) FailNthAt(n int, op Op, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nth[f.calls+n] = plan{op, err}
}

// Calls tells how many calls there were, to size a loop over n.
func (f *Driver) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// next counts a call whose moments are ops, the first being its beginning,
// and tells at which of them it is to fail.
func (f *Driver) next(ops ...Op) (Op, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if p, ok := f.nth[f.calls]; ok {
		delete(f.nth, f.calls)
		for _, op := range ops {
			if op == p.op {
				return op, p.err
			}
		}
		return ops[0], p.err
	}
	for _, op := range ops {
		if err := f.ops[op]; err != nil {
			return op, err
		}
	}
	return "", nil
}

// Put implements blob.Driver.
func (f *Driver) Put(ctx context.Context, key string, r io.Reader, size int64) (int64, error) {
	switch op, err := f.next(Put, PutHalf, PutAfter); op {
	case Put:
		return 0, err
	case PutHalf:
		return f.d.Put(ctx, key, &breaking{r: r, left: max(size, 2) / 2, err: err}, size)
	case PutAfter:
		_, putErr := f.d.Put(ctx, key, r, size)
		return 0, cmp.Or(putErr, err)
	default:
		return f.d.Put(ctx, key, r, size)
	}
}

// Open implements blob.Driver.
func (f *Driver) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	op, fail := f.next(Open, Read)
	if op == Open {
		return nil, fail
	}
	rc, err := f.d.Open(ctx, key, off, n)
	if err != nil || op == "" {
		return rc, err
	}
	info, err := f.d.Stat(ctx, key)
	if err != nil {
		rc.Close()
		return nil, err
	}
	n, err = blob.Range(info.Size, off, n)
	if err != nil {
		rc.Close()
		return nil, err
	}
	return &breaking{r: rc, left: n / 2, err: fail, Closer: rc}, nil
}

// Stat implements blob.Driver.
func (f *Driver) Stat(ctx context.Context, key string) (blob.Info, error) {
	if _, err := f.next(Stat); err != nil {
		return blob.Info{}, err
	}
	return f.d.Stat(ctx, key)
}

// Delete implements blob.Driver.
func (f *Driver) Delete(ctx context.Context, keys ...string) error {
	op, fail := f.next(Delete, DeleteHalf)
	if op == DeleteHalf {
		if err := f.d.Delete(ctx, keys[:len(keys)/2]...); err != nil {
			return err
		}
	}
	if op != "" {
		return fail
	}
	return f.d.Delete(ctx, keys...)
}

// List implements blob.Driver.
func (f *Driver) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		op, fail := f.next(List, ListHalf)
		if op == List {
			yield(blob.Info{}, fail)
			return
		}
		for info, err := range f.d.List(ctx, prefix) {
			if !yield(info, err) {
				return
			}
			if op == ListHalf {
				break
			}
		}
		if op == ListHalf {
			yield(blob.Info{}, fail)
		}
	}
}

// Alive implements blob.Aliver; it is not counted and never fails by itself.
func (f *Driver) Alive(ctx context.Context) error { return blob.Alive(ctx, f.d) }

// breaking reads left bytes and then fails.
type breaking struct {
	r    io.Reader
	left int64
	err  error
	io.Closer
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, b.err
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
