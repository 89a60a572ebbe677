package tree

import (
	"context"
	"errors"
	"maps"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// turn is a settle that others may wait for instead of running their own.
type turn struct {
	done chan struct{}
	err  error
	next *turn // the one that those who came during this one share
}

// Settle carries what was written in a space up to its root: sizes, times and
// etags of all folders on the way. Callers who come while one runs share the
// next, since the one that runs may have read the log before their write.
func (t *Tree) Settle(ctx context.Context, space int64) error {
	t.mu.Lock()
	cur := t.turns[space]
	if cur == nil {
		cur = &turn{done: make(chan struct{})}
		t.turns[space] = cur
		t.mu.Unlock()
		t.runTurn(ctx, space, cur)
		return cur.err
	}
	if cur.next == nil {
		next := &turn{done: make(chan struct{})}
		cur.next = next
		t.mu.Unlock()
		<-cur.done
		t.runTurn(ctx, space, next)
		return next.err
	}
	wait := cur.next
	t.mu.Unlock()
	<-wait.done
	return wait.err
}

func (t *Tree) runTurn(ctx context.Context, space int64, cur *turn) {
	// Others wait for this one, so it does not end with its first caller.
	ctx = context.WithoutCancel(ctx)
	cur.err = t.db.Tx(ctx, func(tx *db.DB) error {
		err := t.Lock(ctx, tx, space)
		if errors.Is(err, fault.NotFound) { // dropped while somebody wrote into it
			_, err = tx.Exec(ctx, "DELETE FROM dirty WHERE space = ?", space)
			return err
		}
		if err != nil {
			return err
		}
		return t.settle(ctx, tx, space)
	})
	t.mu.Lock()
	if cur.next != nil {
		t.turns[space] = cur.next
	} else {
		delete(t.turns, space)
	}
	t.mu.Unlock()
	close(cur.done)
}

type dirtyRow struct{ id, parent, delta, mtime int64 }

// settleBatch bounds the log rows one transaction takes; the rest stays for the
// next, in which the etags change once more.
const settleBatch = 20000

// settle does the work of Settle in a transaction that holds the space's lock.
func (t *Tree) settle(ctx context.Context, tx *db.DB, space int64) error {
	rows, err := db.List(ctx, tx, func(r db.Row) (d dirtyRow, err error) {
		return d, r.Scan(&d.id, &d.parent, &d.delta, &d.mtime)
	}, "SELECT id, parent, delta, mtime FROM dirty WHERE space = ? LIMIT ?", space, settleBatch)
	if err != nil || len(rows) == 0 {
		return err
	}
	byParent := map[int64]dirtyRow{}
	gone := make([]int64, len(rows))
	for i, r := range rows {
		gone[i] = r.id
		sum := byParent[r.parent]
		byParent[r.parent] = dirtyRow{delta: sum.delta + r.delta, mtime: max(sum.mtime, r.mtime)}
	}
	total, err := t.climbLocked(ctx, tx, space, byParent)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(total)) {
		if _, err := tx.Exec(ctx, "UPDATE node SET size = size + ?, mtime = {{greatest mtime, ?}}, etag = ? WHERE id = ?",
			total[id].delta, total[id].mtime, NewETag(), id); err != nil {
			return err
		}
	}
	// Ids are drawn in one order and committed in another, so a range would
	// delete rows that were never read.
	for batch := range slices.Chunk(gone, 1000) {
		if _, err := tx.Exec(ctx, "DELETE FROM dirty WHERE id IN (?)", batch); err != nil {
			return err
		}
	}
	return nil
}

// climbLocked is climb with the locks of all spaces that it arrives at. What
// was written in one space may lie in another by now, such as the trash, whose
// moves must not see a size that is about to change.
func (t *Tree) climbLocked(ctx context.Context, tx *db.DB, space int64, byParent map[int64]dirtyRow) (map[int64]dirtyRow, error) {
	held := []int64{space}
	for {
		total, roots, err := t.climb(ctx, tx, byParent)
		if err != nil {
			return nil, err
		}
		more := slices.DeleteFunc(roots, func(root int64) bool { return slices.Contains(held, root) })
		if len(more) == 0 {
			return total, nil
		}
		for _, root := range more {
			if err := t.Lock(ctx, tx, root); err != nil && !errors.Is(err, fault.NotFound) {
				return nil, err
			}
		}
		held = append(held, more...)
	}
}

// climb sums what is to be added for every ancestor of the parents, and tells
// the roots among them, in the order of their ids.
func (t *Tree) climb(ctx context.Context, tx *db.DB, byParent map[int64]dirtyRow) (map[int64]dirtyRow, []int64, error) {
	total, roots := map[int64]dirtyRow{}, map[int64]bool{}
	type step struct{ leaf, id, parent int64 }
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(byParent)), 500) {
		steps, err := db.List(ctx, tx, func(r db.Row) (p step, err error) { return p, r.Scan(&p.leaf, &p.id, &p.parent) },
			`WITH RECURSIVE up (leaf, id, parent) AS (
			SELECT id, id, parent FROM node WHERE id IN (?)
			UNION ALL SELECT up.leaf, n.id, n.parent FROM up JOIN node n ON n.id = up.parent)
			SELECT leaf, id, parent FROM up`, batch)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range steps {
			sum := total[p.id]
			total[p.id] = dirtyRow{delta: sum.delta + byParent[p.leaf].delta, mtime: max(sum.mtime, byParent[p.leaf].mtime)}
			if p.parent == 0 {
				roots[p.id] = true
			}
		}
	}
	return total, slices.Sorted(maps.Keys(roots)), nil
}

// SettleAny settles those of the spaces that need it, with one statement if none
// does.
func (t *Tree) SettleAny(ctx context.Context, spaces []int64) error {
	for batch := range slices.Chunk(spaces, 500) {
		dirty, err := db.List(ctx, t.db, db.Scan1[int64], "SELECT DISTINCT space FROM dirty WHERE space IN (?)", batch)
		if err != nil {
			return err
		}
		for _, s := range dirty {
			if err := t.Settle(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// Unsettled lists spaces with rows in the dirty log.
func (t *Tree) Unsettled(ctx context.Context) ([]int64, error) {
	return db.List(ctx, t.db, db.Scan1[int64], "SELECT DISTINCT space FROM dirty")
}

// SettleAll settles every space that needs it.
func (t *Tree) SettleAll(ctx context.Context) error {
	spaces, err := t.Unsettled(ctx)
	if err != nil {
		return err
	}
	for _, sp := range spaces {
		if err := t.Settle(ctx, sp); err != nil {
			return err
		}
	}
	return nil
}
