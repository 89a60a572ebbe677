package bus

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"atrium/internal/infra/db"
)

// Place is a point in the order of all events.
type Place struct{ pos }

// Head is the place behind everything that was committed before the call.
func (b *Bus) Head(ctx context.Context) (Place, error) {
	p, err := b.head(ctx)
	return Place{p}, err
}

// Passed tells whether a subscriber has had all its events up to a place, or
// was served by nobody so far and there are none.
func (b *Bus) Passed(ctx context.Context, name string, p Place) (bool, error) {
	subs := b.all()
	i := slices.IndexFunc(subs, func(s *subscriber) bool { return s.name == name })
	if i < 0 {
		return false, fmt.Errorf("no subscriber is called %s", name)
	}
	var cur pos
	places, err := db.List(ctx, b.db, scanPos, "SELECT turn, at, id FROM bus_cursor WHERE name = ?", name)
	if err != nil {
		return false, err
	}
	if len(places) > 0 {
		cur = places[0]
	}
	if !after(p.pos, cur) {
		return true, nil
	}
	n, err := db.One(ctx, b.db, db.Scan1[int64], `SELECT COUNT(*) FROM bus_event
		WHERE (turn > ? OR (turn = ? AND (at > ? OR (at = ? AND id > ?))))
		AND turn > 0 AND (turn < ? OR (turn = ? AND (at < ? OR (at = ? AND id <= ?)))) AND name IN (?)`,
		cur.turn, cur.turn, cur.at, cur.at, cur.id, p.turn, p.turn, p.at, p.at, p.id, slices.Sorted(maps.Keys(subs[i].kinds)))
	return n == 0, err
}
