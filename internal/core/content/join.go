package content

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

type extent struct{ part, size int64 }

func (s *Store) extents(ctx context.Context, d *db.DB, id int64) ([]extent, error) {
	return db.List(ctx, d, func(r db.Row) (e extent, err error) { return e, r.Scan(&e.part, &e.size) },
		"SELECT part, size FROM extent WHERE content = ? ORDER BY seq", id)
}

// openParts reads n bytes from off of the parts es of a content.
func (s *Store) openParts(ctx context.Context, id int64, es []extent, off, n int64) (io.ReadCloser, error) {
	j := &joined{ctx: ctx, s: s, id: id, at: off}
	for _, e := range es {
		if off >= e.size {
			off -= e.size
			continue
		}
		take := min(e.size-off, n)
		if take == 0 {
			break
		}
		j.rest = append(j.rest, span{e.part, off, take})
		off, n = 0, n-take
	}
	if n > 0 {
		return nil, fmt.Errorf("content %d: its parts are %d bytes short", id, n)
	}
	return j, nil
}

type span struct{ id, off, n int64 }

// joined reads parts one after the other. When they are made one blob meanwhile and
// swept, it goes on with that.
type joined struct {
	ctx  context.Context // of the request that reads; a reader cannot be handed one per call
	s    *Store
	id   int64
	at   int64 // where in the whole the next part begins
	rest []span
	cur  io.ReadCloser
}

// next opens the next part, or all that is left.
func (j *joined) next() error {
	n := j.rest[0]
	rc, err := j.s.openBlob(j.ctx, n.id, n.off, n.n)
	if errors.Is(err, fault.Unavailable) {
		if _, parts, again := j.s.row(j.ctx, j.s.db, j.id); again == nil && parts == 0 {
			for _, more := range j.rest[1:] {
				n.n += more.n
			}
			rc, err = j.s.openBlob(j.ctx, j.id, j.at, n.n)
			j.rest = j.rest[:1]
		}
	}
	if err != nil {
		return err
	}
	j.cur, j.rest, j.at = rc, j.rest[1:], j.at+n.n
	return nil
}

func (j *joined) Read(p []byte) (int, error) {
	for {
		if j.cur == nil {
			if len(j.rest) == 0 {
				return 0, io.EOF
			}
			if err := j.next(); err != nil {
				return 0, err
			}
		}
		n, err := j.cur.Read(p)
		if err == io.EOF {
			err = j.Close()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (j *joined) Close() error {
	if j.cur == nil {
		return nil
	}
	rc := j.cur
	j.cur = nil
	return rc.Close()
}

// Compact makes one blob of a joined content, so that it reads at full speed
// and can stand in the readable tree. It reports whether there was work. Several
// may compact one content at a time, here and on other nodes: what one of them
// has committed no other touches.
func (s *Store) Compact(ctx context.Context, id int64) (bool, error) {
	es, err := s.extents(ctx, s.db, id)
	if err != nil || len(es) == 0 {
		return false, err
	}
	c, err := s.writeJoined(ctx, id, es)
	if errors.Is(err, fault.Exists) {
		c, err = s.leftBehind(ctx, id, es)
	}
	if err == nil && c.Size != sizeOf(es) {
		err = fmt.Errorf("content %d: %d bytes of its parts came, want %d", id, c.Size, sizeOf(es))
	}
	if err == nil {
		err = s.db.Tx(ctx, func(tx *db.DB) error { return s.compacted(ctx, tx, c, es) })
	}
	if err != nil {
		return false, s.unlessWhole(ctx, id, err)
	}
	return true, nil
}

// unlessWhole forgives an error of a compaction which somebody else has ended
// in the meantime: the parts may be gone then.
func (s *Store) unlessWhole(ctx context.Context, id int64, failed error) error {
	if _, parts, err := s.row(ctx, s.db, id); err == nil && parts == 0 {
		return nil
	}
	return failed
}

func (s *Store) writeJoined(ctx context.Context, id int64, es []extent) (Content, error) {
	rc, err := s.openParts(ctx, id, es, 0, sizeOf(es))
	if err != nil {
		return Content{}, err
	}
	defer rc.Close()
	return s.writeAs(ctx, id, rc, sizeOf(es))
}

// leftBehind takes over the blob of a compaction that was killed before its
// commit, or that runs elsewhere at the same time. It is compared, since after a
// power cut it may not hold what was written.
func (s *Store) leftBehind(ctx context.Context, id int64, es []extent) (Content, error) {
	parts, err := s.openParts(ctx, id, es, 0, sizeOf(es))
	if err != nil {
		return Content{}, err
	}
	defer parts.Close()
	want := sha1.New()
	if _, err := io.Copy(want, parts); err != nil {
		return Content{}, err
	}
	got, err := s.digest(ctx, id)
	if err != nil {
		return Content{}, err
	}
	if !bytes.Equal(got, want.Sum(nil)) {
		return s.rewrite(ctx, id, es)
	}
	return Content{ID: id, Size: sizeOf(es), SHA1: got}, nil
}

// digest is the SHA-1 of the blob of a content, whatever the tables say of it.
func (s *Store) digest(ctx context.Context, id int64) ([]byte, error) {
	blob, err := s.openBlob(ctx, id, 0, -1)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	sum := sha1.New()
	if _, err := io.Copy(sum, blob); err != nil {
		return nil, err
	}
	return sum.Sum(nil), nil
}

// rewrite replaces a broken blob that no row counts on yet. The row is held
// meanwhile, so that nobody commits to the blob which is taken away.
func (s *Store) rewrite(ctx context.Context, id int64, es []extent) (c Content, err error) {
	err = s.db.Tx(ctx, func(tx *db.DB) error {
		held, err := tx.Exec(ctx, "UPDATE content SET parts = parts WHERE id = ? AND parts > 0", id)
		if err != nil {
			return err
		}
		if held == 0 {
			return fmt.Errorf("content %d is in one piece by now: %w", id, fault.Stale)
		}
		if err := s.blob.Delete(ctx, Key(id)); err != nil {
			return err
		}
		c, err = s.writeJoined(ctx, id, es)
		return err
	})
	return c, err
}

func sizeOf(es []extent) (n int64) {
	for _, e := range es {
		n += e.size
	}
	return n
}

func (s *Store) compacted(ctx context.Context, tx *db.DB, c Content, es []extent) error {
	hit, err := tx.Exec(ctx, "UPDATE content SET parts = 0, sha1 = ? WHERE id = ? AND parts > 0", c.SHA1, c.ID)
	if err != nil || hit == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM extent WHERE content = ?", c.ID); err != nil {
		return err
	}
	for _, e := range es {
		if err := s.Refer(ctx, tx, e.part, -1); err != nil {
			return err
		}
	}
	return nil
}

// Joined lists contents that still consist of parts.
func (s *Store) Joined(ctx context.Context, limit int) ([]int64, error) {
	return db.List(ctx, s.db, db.Scan1[int64],
		"SELECT id FROM content WHERE parts > 0 AND refs > 0 ORDER BY id LIMIT ?", limit)
}
