package content

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/db"
)

// grace is how long bytes without a row are left alone: they may belong to a
// transaction that is about to commit.
const grace = 24 * time.Hour

// sweepBatch is how many rows or blobs one step of a sweep looks at.
const sweepBatch = 500

// Sweep removes contents to which nothing refers any more and returns how many
// it took. Blobs go first, so that a crash in between leaves work, not waste.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	total := 0
	for {
		type dead struct {
			id    int64
			parts int
		}
		ds, err := db.List(ctx, s.db, func(r db.Row) (d dead, err error) { return d, r.Scan(&d.id, &d.parts) },
			"SELECT id, parts FROM content WHERE refs <= 0 LIMIT ?", sweepBatch)
		if err != nil || len(ds) == 0 {
			return total, err
		}
		var ids []int64
		var keys []string
		for _, d := range ds {
			ids = append(ids, d.id)
			keys = append(keys, Key(d.id))
		}
		if err := s.blob.Delete(ctx, keys...); err != nil {
			return total, err
		}
		if err := s.db.Tx(ctx, func(tx *db.DB) error { return s.bury(ctx, tx, ids) }); err != nil {
			return total, err
		}
		total += len(ids)
	}
}

// bury removes the rows of swept contents and the references of their parts. The
// rows go first: a second sweeper waits for them, and then finds no parts left.
func (s *Store) bury(ctx context.Context, tx *db.DB, ids []int64) error {
	if _, err := tx.Exec(ctx, "DELETE FROM content WHERE id IN (?)", ids); err != nil {
		return err
	}
	parts, err := db.List(ctx, tx, db.Scan1[int64], "SELECT part FROM extent WHERE content IN (?)", ids)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := s.Refer(ctx, tx, p, -1); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "DELETE FROM extent WHERE content IN (?)", ids)
	return err
}

// Orphans removes blobs older than a day that no row knows, what crashes and
// broken uploads leave, and returns how many.
func (s *Store) Orphans(ctx context.Context) (int, error) {
	total := 0
	old := s.Now().Add(-grace)
	err := s.eachBatch(ctx, func(batch map[int64]blob.Info) error {
		known, err := s.known(ctx, batch)
		if err != nil {
			return err
		}
		var keys []string
		for id, info := range batch {
			if !known[id] && info.ModTime.Before(old) {
				keys = append(keys, info.Key)
			}
		}
		total += len(keys)
		return s.blob.Delete(ctx, keys...)
	})
	return total, err
}

func (s *Store) eachBatch(ctx context.Context, f func(map[int64]blob.Info) error) error {
	batch := map[int64]blob.Info{}
	for info, err := range s.blob.List(ctx, "") {
		if err != nil {
			return err
		}
		id, err := strconv.ParseInt(info.Key, 36, 64)
		if err != nil {
			continue // not ours
		}
		batch[id] = info
		if len(batch) < sweepBatch {
			continue
		}
		if err := f(batch); err != nil {
			return err
		}
		clear(batch)
	}
	if len(batch) == 0 {
		return nil
	}
	return f(batch)
}

func (s *Store) known(ctx context.Context, batch map[int64]blob.Info) (map[int64]bool, error) {
	ids := make([]int64, 0, len(batch))
	for id := range batch {
		ids = append(ids, id)
	}
	known := make(map[int64]bool, len(ids))
	for id, err := range db.All(ctx, s.db, db.Scan1[int64], "SELECT id FROM content WHERE id IN (?)", ids) {
		if err != nil {
			return nil, err
		}
		known[id] = true
	}
	return known, nil
}

// Check looks for rows without their blob, blobs of another size and, when deep,
// blobs whose bytes are not those that were written. It only reads. What looks
// wrong is looked at a second time, since a running server compacts and sweeps.
func (s *Store) Check(ctx context.Context, deep Depth, report func(finding string)) error {
	scan := func(r db.Row) (v counted, err error) { return v, r.Scan(&v.ID, &v.Size, &v.SHA1, &v.parts) }
	const q = "SELECT id, size, sha1, parts FROM content WHERE refs > 0"
	for v, err := range db.All(ctx, s.db, scan, q+" ORDER BY id") {
		if err != nil {
			return err
		}
		if wrong, err := s.wrong(ctx, v, deep); wrong == "" || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		v, err := db.One(ctx, s.db, scan, q+" AND id = ?", v.ID)
		if errors.Is(err, fault.NotFound) {
			continue // given up in the meantime
		}
		if err != nil {
			return err
		}
		wrong, err := s.wrong(ctx, v, deep)
		if err != nil {
			return err
		}
		if wrong != "" {
			report(fmt.Sprintf("content %d: %s", v.ID, wrong))
		}
	}
	return nil
}

// counted is a content with the number of its parts.
type counted struct {
	Content
	parts int
}

// wrong tells what is wrong with a content, "" for nothing.
func (s *Store) wrong(ctx context.Context, v counted, deep Depth) (string, error) {
	if v.parts > 0 {
		es, err := s.extents(ctx, s.db, v.ID)
		if err == nil && (len(es) != v.parts || sizeOf(es) != v.Size) {
			return fmt.Sprintf("%d parts with %d bytes, want %d with %d", len(es), sizeOf(es), v.parts, v.Size), nil
		}
		return "", err
	}
	info, err := s.blob.Stat(ctx, Key(v.ID))
	switch {
	case err != nil:
		return err.Error(), nil
	case info.Size != v.Size:
		return fmt.Sprintf("%d bytes on disk, want %d", info.Size, v.Size), nil
	case deep == Rows || v.SHA1 == nil:
		return "", nil
	}
	got, err := s.Sum(ctx, v.ID, sha1.New())
	if err != nil {
		return err.Error(), nil
	}
	if want := fmt.Sprintf("%x", v.SHA1); got != want {
		return fmt.Sprintf("SHA-1 is %s, want %s", got, want), nil
	}
	return "", nil
}

// Depth tells Check how closely to look.
type Depth uint8

// The depths: only rows and sizes, or all bytes too.
const (
	Rows Depth = iota
	Bytes
)
