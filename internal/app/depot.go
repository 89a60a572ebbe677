package app

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"

	"atrium/internal/base/fault"
	"atrium/internal/core/settings"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/disk"
)

// depot is the disk store once it is there. Until then, and when it vanishes,
// everything it is asked is fault.Unavailable: a store that is not mounted must
// never look like an empty one.
type depot struct {
	dir      string
	durable  bool
	settings *settings.Store
	store    atomic.Pointer[disk.Store]
}

// find opens the store whose id the database knows. Only when neither knows of
// the other, at the first start, is a new one made: a database without files,
// or files without a database, is for a person to look at.
func (p *depot) find(ctx context.Context) error {
	want, err := p.settings.Default(ctx, "core", "store", "")
	if err != nil {
		return err
	}
	var s *disk.Store
	if want == "" {
		s, err = p.begin(ctx)
	} else {
		s, err = disk.Open(p.dir, want)
	}
	if err != nil {
		return err
	}
	s.NoSync = !p.durable
	p.store.Store(s)
	return nil
}

func (p *depot) begin(ctx context.Context) (*disk.Store, error) {
	s, id, err := disk.Create(p.dir)
	if errors.Is(err, fault.Exists) {
		return nil, fault.Wrap(fault.Unavailable, err,
			"The data folder holds files of another database. Restore that database, or run: atrium rebuild")
	}
	if err != nil {
		return nil, err
	}
	kept, err := p.settings.Once(ctx, "core", "store", func() string { return id })
	if err == nil && kept != id {
		err = fault.New(fault.Unavailable, "Another server has just begun a store of its own.")
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// takeOver makes a store that another database began that of this one, which has
// none yet.
func (p *depot) takeOver(ctx context.Context) error {
	s, err := disk.Open(p.dir, "")
	if err != nil {
		return err
	}
	kept, err := p.settings.Once(ctx, "core", "store", s.ID)
	if err == nil && kept != s.ID() {
		err = fault.New(fault.Conflict, "The database belongs to another store.")
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	return p.find(ctx)
}

func (p *depot) get() (*disk.Store, error) {
	if s := p.store.Load(); s != nil {
		return s, nil
	}
	return nil, fault.New(fault.Unavailable, "The place where files are kept is not there at the moment.")
}

// Alive implements blob.Aliver. It looks for a store that was missing.
func (p *depot) Alive(ctx context.Context) error {
	s, err := p.get()
	if err != nil {
		if p.find(ctx) != nil {
			return err
		}
		return nil
	}
	return s.Alive(ctx)
}

// Put implements blob.Driver.
func (p *depot) Put(ctx context.Context, key string, r io.Reader, size int64) (int64, error) {
	s, err := p.get()
	if err != nil {
		return 0, err
	}
	return s.Put(ctx, key, r, size)
}

// Open implements blob.Driver.
func (p *depot) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	s, err := p.get()
	if err != nil {
		return nil, err
	}
	return s.Open(ctx, key, off, n)
}

// Stat implements blob.Driver.
func (p *depot) Stat(ctx context.Context, key string) (blob.Info, error) {
	s, err := p.get()
	if err != nil {
		return blob.Info{}, err
	}
	return s.Stat(ctx, key)
}

// Delete implements blob.Driver.
func (p *depot) Delete(ctx context.Context, keys ...string) error {
	s, err := p.get()
	if err != nil {
		return err
	}
	return s.Delete(ctx, keys...)
}

// List implements blob.Driver.
func (p *depot) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	s, err := p.get()
	if err != nil {
		return func(yield func(blob.Info, error) bool) { yield(blob.Info{}, err) }
	}
	return s.List(ctx, prefix)
}

// Close lets go of the store.
func (p *depot) Close() error {
	if s := p.store.Load(); s != nil {
		return s.Close()
	}
	return nil
}
