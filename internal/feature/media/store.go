package media

import (
	"context"
	"encoding/json"
	"slices"

	"atrium/internal/feature/media/exif"
	"atrium/internal/infra/db"
)

// known tells of which contents everything was read that they tell.
func (rm *Room) known(ctx context.Context, ids []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	for id, err := range db.All(ctx, rm.db, db.Scan1[int64], "SELECT content FROM media WHERE content IN (?) AND edition >= ?", ids, edition) {
		if err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, nil
}

// keep notes what a content tells.
func (rm *Room) keep(ctx context.Context, tx *db.DB, id int64, a exif.About) error {
	about, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO media (content, edition, width, height, about) VALUES (?, ?, ?, ?, ?) {{on content set edition,width,height,about}}",
		id, edition, a.W, a.H, string(about)); err != nil {
		return err
	}
	if a.Taken == 0 {
		return nil
	}
	return rm.tree.SetTaken(ctx, tx, id, a.Taken)
}

// about tells what contents tell.
func (rm *Room) about(ctx context.Context, ids []int64) (map[int64]exif.About, error) {
	type row struct {
		content int64
		about   string
	}
	out := map[int64]exif.About{}
	for batch := range slices.Chunk(ids, 500) {
		for r, err := range db.All(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.content, &v.about) },
			"SELECT content, about FROM media WHERE content IN (?)", batch) {
			if err != nil {
				return nil, err
			}
			var a exif.About
			if err := json.Unmarshal([]byte(r.about), &a); err != nil {
				return nil, err
			}
			out[r.content] = a
		}
	}
	return out, nil
}

// tidy forgets contents that are gone, some hundred at a time.
func (rm *Room) tidy(ctx context.Context) error {
	after := int64(-1)
	for {
		ids, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT content FROM media WHERE content > ? ORDER BY content LIMIT 500", after)
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		gone, err := rm.content.Gone(ctx, ids)
		if err != nil {
			return err
		}
		if len(gone) == 0 {
			continue
		}
		err = rm.db.Tx(ctx, func(tx *db.DB) error {
			if err := rm.tree.ForgetTaken(ctx, tx, gone); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "DELETE FROM media WHERE content IN (?)", gone)
			return err
		})
		if err != nil {
			return err
		}
	}
}
