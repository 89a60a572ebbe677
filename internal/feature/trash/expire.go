package trash

import (
	"context"
	"errors"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/core/retention"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// batch is how many items are looked at with one statement.
const batch = 200

// Expire deletes for good what was in the trash for longer than the rule says.
func (rm *Room) Expire(ctx context.Context) error {
	_, err := rm.expire(ctx, "")
	return err
}

// expire is Expire for one user, or for everybody for "". It tells how many items
// have gone.
func (rm *Room) expire(ctx context.Context, uid string) (n int, err error) {
	rule, err := rm.rule(ctx)
	if err != nil || rule.Forever || rule.Most == 0 {
		return 0, err
	}
	until := rm.Now().Add(-rule.Most).Unix()
	for {
		items, err := rm.oldest(ctx, uid, until, batch)
		if err != nil || len(items) == 0 {
			return n, err
		}
		if _, err := rm.discard(ctx, items, -1); err != nil {
			return n, err
		}
		n += len(items)
	}
}

// discard deletes items for good until so many bytes are free, all for less than
// zero. It tells how many bytes are.
func (rm *Room) discard(ctx context.Context, items []Item, want int64) (freed int64, err error) {
	ids := make([]int64, len(items))
	for i, it := range items {
		ids[i] = it.Node
	}
	nodes, err := rm.tree.Some(ctx, rm.db, ids)
	if err != nil {
		return 0, err
	}
	for _, it := range items {
		if want >= 0 && freed >= want {
			return freed, nil
		}
		forget := func(tx *db.DB) error { return rm.drop(ctx, tx, it.Node) }
		n, there := nodes[it.Node]
		if !there || n.Parent != it.Space { // it went another way
			err = rm.db.Tx(ctx, forget)
		} else if err = rm.files.Discard(ctx, n, it.Space, forget); err == nil {
			freed += n.Size
		}
		if err != nil && !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Stale) {
			return freed, err
		}
	}
	return freed, nil
}

// MakeRoom deletes the oldest items of those whose trash holds more than it may:
// what the quota leaves beside their files, or the size that was set. So an upload
// that fits into the quota never waits for the trash.
func (rm *Room) MakeRoom(ctx context.Context) error {
	homes, err := rm.tree.Held(ctx, rm.db, tree.Home)
	if err != nil {
		return err
	}
	trashes, err := rm.tree.Held(ctx, rm.db, tree.Trash)
	if err != nil {
		return err
	}
	limits, err := rm.limits(ctx)
	if err != nil {
		return err
	}
	rule, err := rm.rule(ctx)
	if err != nil {
		return err
	}
	for uid, held := range trashes {
		if most, ok := limits.of(uid, homes[uid]); ok && held.Used > most {
			if err := rm.evict(ctx, uid, rule, held.Used-most); err != nil {
				return err
			}
		}
	}
	return nil
}

// evict frees so many bytes of a trash, as far as the rule lets it.
func (rm *Room) evict(ctx context.Context, uid string, rule retention.Rule, want int64) error {
	if rule.Forever {
		return nil
	}
	trash, err := rm.tree.SpaceOf(ctx, rm.db, tree.Trash, uid)
	if err != nil {
		return err
	}
	if err := rm.tree.Settle(ctx, trash.Root); err != nil {
		return err
	}
	until := rm.Now().Add(-rule.Least).Unix()
	for want > 0 {
		items, err := rm.oldest(ctx, uid, until, batch)
		if err != nil || len(items) == 0 {
			return err
		}
		freed, err := rm.discard(ctx, items, want)
		if err != nil {
			return err
		}
		want -= freed
	}
	return nil
}

// limits are the sizes that were set.
type limits struct {
	all   int64 // negative: none
	each  map[string]int64
	quota int64 // of homes that have none of their own
}

func (rm *Room) limits(ctx context.Context) (l limits, err error) {
	text, err := rm.settings.Default(ctx, roomApp, sizeName, "-1")
	if err != nil {
		return l, err
	}
	if l.all, err = strconv.ParseInt(text, 10, 64); err != nil {
		return l, fault.Wrap(fault.Invalid, err, "The setting files_trashbin/trashbin_size is no number of bytes.")
	}
	l.each, l.quota = map[string]int64{}, rm.files.Quota
	type row struct {
		uid   string
		bytes int64
	}
	for r, err := range db.All(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.uid, &v.bytes) },
		"SELECT uid, bytes FROM trash_limit") {
		if err != nil {
			return l, err
		}
		l.each[r.uid] = r.bytes
	}
	return l, nil
}

// of is how much somebody's trash may hold; false for any amount.
func (l limits) of(uid string, home tree.Holding) (int64, bool) {
	if most, ok := l.each[uid]; ok {
		return most, true
	}
	if l.all >= 0 {
		return l.all, true
	}
	if home.Quota == files.DefaultQuota {
		home.Quota = l.quota
	}
	if home.Quota < 0 {
		return 0, false
	}
	return max(home.Quota-home.Used, 0), true
}

// setLimit sets how much one user's trash may hold; negative takes the limit away.
func (rm *Room) setLimit(ctx context.Context, uid string, bytes int64) error {
	if bytes < 0 {
		_, err := rm.db.Exec(ctx, "DELETE FROM trash_limit WHERE uid = ?", uid)
		return err
	}
	_, err := rm.db.Exec(ctx, "INSERT INTO trash_limit (uid, bytes) VALUES (?, ?) {{on uid set bytes}}", uid, bytes)
	return err
}
