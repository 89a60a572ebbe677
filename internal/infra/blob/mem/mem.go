// Package mem keeps blobs in memory, for tests. It forgets them with the
// process and otherwise behaves as the disk does.
package mem

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
)

// Store is a blob.Driver. The zero value is not usable; see New.
type Store struct {
	Now func() time.Time // clock of the blobs' ages

	mu    sync.RWMutex
	blobs map[string]entry
}

type entry struct {
	body []byte
	born time.Time
}

// New makes an empty store.
func New() *Store { return &Store{Now: time.Now, blobs: map[string]entry{}} }

// Put implements blob.Driver.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64) (int64, error) {
	if err := blob.CheckKey(key); err != nil {
		return 0, err
	}
	var b bytes.Buffer
	if size >= 0 {
		r = io.LimitReader(r, size+1)
	}
	n, err := b.ReadFrom(r)
	if err != nil {
		return 0, fmt.Errorf("body: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if size >= 0 && n != size {
		return 0, blob.WrongLength(size, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.blobs[key]; ok {
		return 0, fault.Wrap(fault.Exists, fmt.Errorf("blob %s", key), "The blob exists already.")
	}
	s.blobs[key] = entry{b.Bytes(), s.Now()}
	return n, nil
}

// Open implements blob.Driver.
func (s *Store) Open(_ context.Context, key string, off, n int64) (io.ReadCloser, error) {
	e, err := s.get(key)
	if err != nil {
		return nil, err
	}
	n, err = blob.Range(int64(len(e.body)), off, n)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(e.body[off : off+n])), nil
}

// Stat implements blob.Driver.
func (s *Store) Stat(_ context.Context, key string) (blob.Info, error) {
	e, err := s.get(key)
	if err != nil {
		return blob.Info{}, err
	}
	return e.info(key), nil
}

// Delete implements blob.Driver.
func (s *Store) Delete(_ context.Context, keys ...string) error {
	for _, k := range keys {
		if err := blob.CheckKey(k); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		delete(s.blobs, k)
	}
	return nil
}

// List implements blob.Driver; it yields the keys that were there at its start, sorted.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		s.mu.RLock()
		keys := slices.Sorted(maps.Keys(s.blobs))
		s.mu.RUnlock()
		for _, k := range keys {
			if !strings.HasPrefix(k, prefix) {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(blob.Info{}, err)
				return
			}
			e, err := s.get(k)
			if err != nil {
				continue // deleted meanwhile
			}
			if !yield(e.info(k), nil) {
				return
			}
		}
	}
}

func (s *Store) get(key string) (entry, error) {
	if err := blob.CheckKey(key); err != nil {
		return entry{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.blobs[key]
	if !ok {
		return entry{}, fault.Wrap(fault.NotFound, fmt.Errorf("blob %s", key), "The file's content is missing.")
	}
	return e, nil
}

func (e entry) info(key string) blob.Info {
	return blob.Info{Key: key, Size: int64(len(e.body)), ModTime: e.born}
}
