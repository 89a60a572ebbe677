package content_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

// meddled lets somebody in before each write and look at a blob, until one is
// deleted: that is done in a transaction which nobody else gets into.
type meddled struct {
	blob.Driver
	before func()
	held   bool
}

func (m *meddled) meddle() {
	if f := m.before; f != nil && !m.held {
		f()
	}
}

func (m *meddled) Delete(ctx context.Context, keys ...string) error {
	m.held = true
	return m.Driver.Delete(ctx, keys...)
}

func (m *meddled) Put(ctx context.Context, key string, r io.Reader, size int64) (int64, error) {
	m.meddle()
	return m.Driver.Put(ctx, key, r, size)
}

func (m *meddled) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	m.meddle()
	return m.Driver.Open(ctx, key, off, n)
}

// joined makes a content of two parts, as the end of an upload in pieces does.
func joined(t *testing.T, d *db.DB, s *content.Store) int64 {
	t.Helper()
	id, err := d.ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var parts []content.Content
	for _, text := range []string{"first, ", "second"} {
		c, err := s.Write(t.Context(), strings.NewReader(text), -1)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, c)
	}
	err = d.Tx(t.Context(), func(tx *db.DB) error {
		for _, c := range parts {
			if err := s.Keep(t.Context(), tx, c); err != nil {
				return err
			}
		}
		_, err := s.Join(t.Context(), tx, id, parts, nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func read(t *testing.T, s *content.Store, id int64) string {
	t.Helper()
	rc, err := s.Open(t.Context(), id, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	all, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// TestCompactedTwiceAtOnce lets a second compaction, and the sweeper after it,
// run to their ends at every step of the first: a file copied by reference is
// compacted for each of its names. What was there before is either nothing or
// what a power cut left.
func TestCompactedTwiceAtOnce(t *testing.T) {
	dbtest.Each(t, []db.Schema{content.Schema}, func(t *testing.T, d *db.DB) {
		for _, left := range []string{"", "fir"} {
			steps := 0
			for at := 0; ; at++ {
				m := &meddled{Driver: mem.New()}
				s := content.New(d, m)
				id := joined(t, d, s)
				if left != "" {
					if _, err := m.Put(t.Context(), content.Key(id), strings.NewReader(left), -1); err != nil {
						t.Fatal(err)
					}
				}
				step := 0
				m.before = func() {
					if step++; step != at+1 {
						return
					}
					m.before = nil
					if _, err := s.Compact(t.Context(), id); err != nil {
						t.Errorf("the second, at step %d: %v", at, err)
					}
					if _, err := s.Sweep(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if _, err := s.Compact(t.Context(), id); err != nil {
					t.Errorf("after %q, at step %d: %v", left, at, err)
				}
				over := m.before != nil // no step was left to meddle with
				m.before = nil
				if got := read(t, s, id); got != "first, second" {
					t.Fatalf("after %q, at step %d: %q", left, at, got)
				}
				if err := s.Check(t.Context(), content.Bytes, func(f string) { t.Errorf("after %q, at step %d: %s", left, at, f) }); err != nil {
					t.Fatal(err)
				}
				if again, err := s.Compact(t.Context(), id); again || err != nil {
					t.Errorf("compacted again: %v, %v", again, err)
				}
				drop(t, d, s, id)
				steps++
				if over {
					break
				}
			}
			if steps < 3 {
				t.Errorf("meddled with %d steps only", steps)
			}
		}
	})
}

// TestReadWhileItIsCompacted goes on with a reader whose parts are swept.
func TestReadWhileItIsCompacted(t *testing.T) {
	dbtest.Each(t, []db.Schema{content.Schema}, func(t *testing.T, d *db.DB) {
		s := content.New(d, mem.New())
		id := joined(t, d, s)
		rc, err := s.Open(t.Context(), id, 2, 9)
		if err != nil {
			t.Fatal(err)
		}
		defer rc.Close()
		begin := make([]byte, 3)
		if _, err := io.ReadFull(rc, begin); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Compact(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Sweep(t.Context()); n != 2 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		rest, err := io.ReadAll(rc)
		if got := string(begin) + string(rest); got != "rst, seco" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

// drop gives a content up, so that the next one is alone in the tables.
func drop(t *testing.T, d *db.DB, s *content.Store, id int64) {
	t.Helper()
	if err := d.Tx(t.Context(), func(tx *db.DB) error { return s.Refer(t.Context(), tx, id, -1) }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestABlobThatIsShort is neither read short nor blamed on who asks.
func TestABlobThatIsShort(t *testing.T) {
	dbtest.Each(t, []db.Schema{content.Schema}, func(t *testing.T, d *db.DB) {
		blobs := mem.New()
		s := content.New(d, blobs)
		c, err := s.Write(t.Context(), strings.NewReader("whole"), -1)
		if err == nil {
			err = d.Tx(t.Context(), func(tx *db.DB) error { return s.Keep(t.Context(), tx, c) })
		}
		if err == nil {
			err = blobs.Delete(t.Context(), content.Key(c.ID))
		}
		if err == nil {
			_, err = blobs.Put(t.Context(), content.Key(c.ID), strings.NewReader("who"), -1)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Open(t.Context(), c.ID, 0, -1); !errors.Is(err, fault.Unavailable) {
			t.Errorf("a short blob: %v", err)
		}
		if _, err := s.Open(t.Context(), c.ID, 4, 2); !errors.Is(err, fault.Invalid) {
			t.Errorf("a range outside of the file: %v", err)
		}
	})
}
