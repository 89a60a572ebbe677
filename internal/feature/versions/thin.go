package versions

import (
	"context"
	"errors"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/core/retention"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// step says how dense versions of an age are: one in each gap.
type step struct{ until, gap time.Duration }

// steps are the ages, youngest first; the last one has no end.
var steps = [...]step{
	{10 * time.Second, 2 * time.Second},
	{time.Minute, 10 * time.Second},
	{time.Hour, time.Minute},
	{24 * time.Hour, time.Hour},
	{30 * 24 * time.Hour, 24 * time.Hour},
	{0, 7 * 24 * time.Hour},
}

// stepOf is the step of an age.
func stepOf(age time.Duration) int {
	for i, s := range steps[:len(steps)-1] {
		if age < s.until {
			return i
		}
	}
	return len(steps) - 1
}

// never is when the oldest versions are due again: each week another one may lie
// too near to them.
const never = 7 * 24 * time.Hour

// dueAt is when a version enters the next step.
func dueAt(made, now time.Time) time.Time {
	i := stepOf(now.Sub(made))
	if i == len(steps)-1 {
		return now.Add(never)
	}
	return made.Add(steps[i].until)
}

// thinned tells which of a file's versions, by when they were made, are too near to
// an older one that stays: going from the oldest to the youngest, what has once
// stayed is what others are measured by, so that each gap keeps one. The youngest
// stays, and those with a label, and those that are promised.
func thinned(vs []Version, now time.Time, rule retention.Rule) (gone []Version) {
	if rule.Forever {
		return nil
	}
	var kept time.Time
	for i, v := range vs {
		age := now.Sub(v.Made)
		near := !kept.IsZero() && v.Made.Sub(kept) < steps[stepOf(age)].gap
		if near && i < len(vs)-1 && v.Label == "" && rule.May(age) {
			gone = append(gone, v)
			continue
		}
		kept = v.Made
	}
	return gone
}

// thinBatch is how many files are looked at together.
const thinBatch = 200

// Thin drops versions that have become too dense for their age. Its work is that
// of the files that were changed, and of those whose versions grow older.
func (rm *Room) Thin(ctx context.Context) error {
	rule, err := rm.rule(ctx)
	if err != nil {
		return err
	}
	for {
		now := rm.Now()
		nodes, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT DISTINCT node FROM version WHERE due <= ? LIMIT ?", now.UnixNano(), thinBatch)
		if err != nil || len(nodes) == 0 {
			return err
		}
		all, err := rm.of(ctx, rm.db, nodes)
		if err != nil {
			return err
		}
		if err := rm.thinAll(ctx, all, now, rule); err != nil {
			return err
		}
	}
}

// thinAll thins the versions of some files, which come file by file.
func (rm *Room) thinAll(ctx context.Context, all []Version, now time.Time, rule retention.Rule) error {
	var gone []Version
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(v Version) bool { return v.Node != all[0].Node })
		if n < 0 {
			n = len(all)
		}
		gone = append(gone, thinned(all[:n], now, rule)...)
		for _, v := range all[:n] {
			if _, err := rm.db.Exec(ctx, "UPDATE version SET due = ? WHERE node = ? AND name = ? AND due <= ?",
				dueAt(v.Made, now).UnixNano(), v.Node, v.Name, now.UnixNano()); err != nil {
				return err
			}
		}
		all = all[n:]
	}
	return rm.drop(ctx, gone)
}

// oldest are the first n versions of somebody's files, or of everybody's for "",
// that were made at or before an instant and have no label.
func (rm *Room) oldest(ctx context.Context, owner string, until time.Time, n int) ([]Version, error) {
	return db.List(ctx, rm.db, scanVersion, selectVersions+
		"WHERE v.made <= ? AND (v.owner = ? OR ? = '') AND l.label IS NULL ORDER BY v.made, v.node LIMIT ?", until.UnixNano(), owner, owner, n)
}

// Expire drops versions that are older than the rule lets them be.
func (rm *Room) Expire(ctx context.Context) error {
	_, err := rm.expire(ctx, "")
	return err
}

func (rm *Room) expire(ctx context.Context, uid string) (n int, err error) {
	rule, err := rm.rule(ctx)
	if err != nil || rule.Forever || rule.Most == 0 {
		return 0, err
	}
	for {
		vs, err := rm.oldest(ctx, uid, rm.Now().Add(-rule.Most), thinBatch)
		if err != nil || len(vs) == 0 {
			return n, err
		}
		if err := rm.drop(ctx, vs); err != nil {
			return n, err
		}
		n += len(vs)
	}
}

// MakeRoom drops the oldest versions of those whose files, trash and versions
// together hold more than their quota. Files come first, then the trash.
func (rm *Room) MakeRoom(ctx context.Context) error {
	rule, err := rm.rule(ctx)
	if err != nil || rule.Forever {
		return err
	}
	homes, err := rm.tree.Held(ctx, rm.db, tree.Home)
	if err != nil {
		return err
	}
	trashes, err := rm.tree.Held(ctx, rm.db, tree.Trash)
	if err != nil {
		return err
	}
	for uid, home := range homes {
		if home.Quota == files.DefaultQuota {
			home.Quota = rm.files.Quota
		}
		if home.Quota < 0 {
			continue
		}
		held, err := rm.Held(ctx, uid)
		if err != nil {
			return err
		}
		if err := rm.evict(ctx, uid, rule, home.Used+trashes[uid].Used+held-home.Quota, held); err != nil {
			return err
		}
	}
	return nil
}

// evict drops the oldest versions until so many bytes are free.
func (rm *Room) evict(ctx context.Context, uid string, rule retention.Rule, want, held int64) error {
	for want = min(want, held); want > 0; {
		vs, err := rm.oldest(ctx, uid, rm.Now().Add(-rule.Least), thinBatch)
		if err != nil || len(vs) == 0 {
			return err
		}
		for i, v := range vs {
			if want -= v.Size; want <= 0 {
				vs = vs[:i+1]
				break
			}
		}
		if err := rm.drop(ctx, vs); err != nil {
			return err
		}
	}
	return nil
}

// cleanup drops all versions of somebody's files, or of everybody's for "".
func (rm *Room) cleanup(ctx context.Context, uid string) (n int, err error) {
	for {
		vs, err := db.List(ctx, rm.db, scanVersion, selectVersions+"WHERE v.owner = ? OR ? = '' LIMIT ?", uid, uid, thinBatch)
		if err != nil || len(vs) == 0 {
			return n, err
		}
		if err := rm.drop(ctx, vs); err != nil {
			return n, err
		}
		n += len(vs)
	}
}

// cleanupBelow drops all versions of the files in a folder.
func (rm *Room) cleanupBelow(ctx context.Context, v *files.View, folder *files.Entry) (n int, err error) {
	var ids []int64
	flush := func() error {
		if len(ids) == 0 {
			return nil
		}
		vs, err := rm.of(ctx, rm.db, ids)
		n, ids = n+len(vs), ids[:0]
		return errors.Join(err, rm.drop(ctx, vs))
	}
	if !folder.IsDir() {
		ids = append(ids, folder.ID)
		return n, flush()
	}
	for e, err := range v.Below(ctx, folder) {
		if err != nil {
			return n, err
		}
		if e.Mount.Owner != v.Who().ID || e.IsDir() {
			continue
		}
		if ids = append(ids, e.ID); len(ids) == thinBatch {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}

// restore makes a file hold again what it held in a version. What it holds now
// becomes a version; the one that is restored stays one.
func (rm *Room) restore(ctx context.Context, view *files.View, e *files.Entry, v Version) error {
	if e.Perm()&files.Update == 0 {
		return fault.New(fault.Denied, "You may not change this file.")
	}
	if v.Content == e.Content {
		return nil
	}
	c, err := rm.content.Stat(ctx, v.Content)
	if err != nil {
		return err
	}
	_, err = view.Write(ctx, e.Path, files.Put{Stored: &c, Known: true, Size: c.Size, MTime: v.MTime, Check: func(cur *files.Entry) error {
		if cur == nil || cur.ID != e.ID {
			return fault.New(fault.Stale, "The file was moved or deleted by somebody else at the same time.")
		}
		return nil
	}})
	return err
}

// Held tells how much the former versions of an account's files hold.
func (rm *Room) Held(ctx context.Context, uid string) (int64, error) {
	return db.One(ctx, rm.db, db.Scan1[int64], "SELECT COALESCE(SUM(size), 0) FROM version WHERE owner = ?", uid)
}
