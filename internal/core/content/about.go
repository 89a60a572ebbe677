package content

import (
	"context"
	"fmt"
	"slices"
	"time"

	"atrium/internal/infra/db"
)

// About is what is known of a content besides its bytes.
type About struct {
	Content
	Born   time.Time // when somebody first referred to it, to the second
	Joined bool      // it still consists of parts
}

// About tells what is known of a content; fault.NotFound when it is gone or
// waits for the sweeper.
func (s *Store) About(ctx context.Context, id int64) (About, error) {
	a, err := db.One(ctx, s.db, func(r db.Row) (a About, err error) {
		var born int64
		var parts int
		a.ID = id
		err = r.Scan(&a.Size, &a.SHA1, &born, &parts)
		a.Born, a.Joined = time.Unix(born, 0), parts > 0
		return a, err
	}, "SELECT size, sha1, born, parts FROM content WHERE id = ? AND refs > 0", id)
	if err != nil {
		return About{}, fmt.Errorf("content %d: %w", id, err)
	}
	return a, nil
}

// Gone tells which of some contents nobody refers to any more.
func (s *Store) Gone(ctx context.Context, ids []int64) (gone []int64, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	there := map[int64]bool{}
	for id, err := range db.All(ctx, s.db, db.Scan1[int64], "SELECT id FROM content WHERE id IN (?) AND refs > 0", ids) {
		if err != nil {
			return nil, err
		}
		there[id] = true
	}
	for _, id := range ids {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	return gone, nil
}

// Total is how many bytes all contents have that somebody refers to.
func (s *Store) Total(ctx context.Context) (int64, error) {
	return db.One(ctx, s.db, db.Scan1[int64], "SELECT COALESCE(SUM(size), 0) FROM content WHERE refs > 0")
}

// Some tells size and hash of those contents that are there.
func (s *Store) Some(ctx context.Context, ids []int64) (map[int64]Content, error) {
	out := make(map[int64]Content, len(ids))
	scan := func(r db.Row) (c Content, err error) { return c, r.Scan(&c.ID, &c.Size, &c.SHA1) }
	for batch := range slices.Chunk(ids, sweepBatch) {
		for c, err := range db.All(ctx, s.db, scan, "SELECT id, size, sha1 FROM content WHERE id IN (?) AND refs > 0", batch) {
			if err != nil {
				return nil, err
			}
			out[c.ID] = c
		}
	}
	return out, nil
}
