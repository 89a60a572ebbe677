package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"atrium/internal/core/event"
	"atrium/internal/infra/db"
)

// sharedOf tells which of some nodes are shared with accounts or groups.
func (rm *Room) sharedOf(ctx context.Context, ids []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	slices.Sort(ids)
	for some := range slices.Chunk(slices.Compact(ids), 1000) {
		for id, err := range db.All(ctx, rm.db, db.Scan1[int64], "SELECT DISTINCT node FROM activity_root WHERE node IN (?)", some) {
			if err != nil {
				return nil, err
			}
			out[id] = true
		}
	}
	return out, nil
}

// write keeps a batch. One subscriber writes at a time, so that ids are numbered on
// from the last: they stand in the order of what happened, which paging relies on.
func (rm *Room) write(ctx context.Context, b *batch) error {
	texts := make([]string, len(b.facts))
	for i, f := range b.facts {
		text, err := json.Marshal(f.more)
		if err != nil {
			return err
		}
		if texts[i] = string(text); texts[i] == "{}" {
			texts[i] = ""
		}
	}
	now := rm.Now().Unix()
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		last, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COALESCE(MAX(id), 0) FROM activity")
		if err != nil {
			return err
		}
		for i, f := range b.facts {
			if err := insert(ctx, tx, last+1+int64(i), now, f, texts[i]); err != nil {
				return err
			}
		}
		for _, r := range b.begun {
			if _, err := tx.Exec(ctx, "INSERT INTO activity_root (node, audience, share, since) VALUES (?, ?, ?, ?) {{on node,audience,share ignore}}",
				r.node, r.audience, r.share, last+1+int64(r.fact)); err != nil {
				return err
			}
		}
		for _, r := range b.over {
			if _, err := tx.Exec(ctx, "DELETE FROM activity_root WHERE node = ? AND share = ?", r.node, r.share); err != nil {
				return err
			}
		}
		for _, ev := range b.edited {
			if err := edit(ctx, tx, ev); err != nil {
				return err
			}
		}
		for _, id := range b.removed {
			if _, err := tx.Exec(ctx, "DELETE FROM activity_for WHERE audience = ?", space(id)); err != nil {
				return err
			}
		}
		if len(b.facts) == 0 {
			return nil
		}
		return rm.Publish(ctx, tx, compact(b.grew))
	})
}

// edit gives the entry of a comment its new words, or takes it away.
func edit(ctx context.Context, tx *db.DB, ev event.CommentChanged) error {
	facts, err := db.List(ctx, tx, scanFact, "SELECT "+factColumns+" FROM activity WHERE node = ? AND kind = ?", ev.Node, int(commented))
	if err != nil {
		return err
	}
	for _, f := range facts {
		if f.more.ID != ev.Comment {
			continue
		}
		if ev.Message == "" {
			if _, err := tx.Exec(ctx, "DELETE FROM activity WHERE id = ?", f.id); err != nil {
				return err
			}
			continue
		}
		f.more.About, f.more.Names = clip(ev.Message), append(f.more.Names, ev.Mentions...)
		text, err := json.Marshal(f.more)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE activity SET more = ? WHERE id = ?", string(text), f.id); err != nil {
			return err
		}
	}
	return nil
}

func compact(g event.ActivityGrew) event.ActivityGrew {
	slices.Sort(g.Nodes)
	slices.Sort(g.UIDs)
	slices.Sort(g.Groups)
	return event.ActivityGrew{Nodes: slices.Compact(g.Nodes), UIDs: slices.Compact(g.UIDs), Groups: slices.Compact(g.Groups)}
}

func insert(ctx context.Context, tx *db.DB, id, at int64, f fact, text string) error {
	_, err := tx.Exec(ctx, "INSERT INTO activity (id, at, kind, actor, node, path, more) VALUES (?, ?, ?, ?, ?, ?, ?)",
		id, at, int(f.kind), f.actor, f.node, f.path, text)
	if err != nil {
		return err
	}
	for _, to := range f.filed {
		own := 0
		if to.own {
			own = 1
		}
		_, err := tx.Exec(ctx, "INSERT INTO activity_for (audience, own, family, id, depth) VALUES (?, ?, ?, ?, ?) {{on audience,own,family,id ignore}}",
			to.audience, own, int(f.family), id, to.depth)
		if err != nil {
			return err
		}
	}
	return nil
}

const factColumns = "id, at, kind, actor, node, path, more"

func scanFact(r db.Row) (f fact, err error) {
	var text string
	if err := r.Scan(&f.id, &f.at, &f.kind, &f.actor, &f.node, &f.path, &text); err != nil {
		return f, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &f.more); err != nil {
			return f, fmt.Errorf("activity %d: %w", f.id, err)
		}
	}
	return f, nil
}

// load reads facts by their ids.
func (rm *Room) load(ctx context.Context, ids []int64) (map[int64]fact, error) {
	out := make(map[int64]fact, len(ids))
	for some := range slices.Chunk(ids, 1000) {
		for f, err := range db.All(ctx, rm.db, scanFact, "SELECT "+factColumns+" FROM activity WHERE id IN (?)", some) {
			if err != nil {
				return nil, err
			}
			out[f.id] = f
		}
	}
	return out, nil
}

// part is a run of rows of activity_for that lie side by side.
type part struct {
	audience string
	own      int
	family   family
}

// hit is a row of activity_for.
type hit struct {
	id       int64
	audience string
	depth    int
}

func scanHit(r db.Row) (h hit, err error) { return h, r.Scan(&h.id, &h.audience, &h.depth) }

// order is which way a stream is read.
type order bool

const (
	newest order = false // the newest first
	oldest order = true
)

// partsAtOnce is how many parts one statement reads; SQLite joins 500 at most.
const partsAtOnce = 100

// nextHits are the n rows that follow a place in any of the parts.
func (rm *Room) nextHits(ctx context.Context, parts []part, o order, from int64, n int) ([]hit, error) {
	one := "SELECT id, audience, depth FROM (SELECT id, audience, depth FROM activity_for WHERE audience = ? AND own = ? AND family = ? AND id < ? ORDER BY id DESC LIMIT ?) AS p"
	if o == oldest {
		one = "SELECT id, audience, depth FROM (SELECT id, audience, depth FROM activity_for WHERE audience = ? AND own = ? AND family = ? AND id > ? ORDER BY id LIMIT ?) AS p"
	}
	var all []hit
	for some := range slices.Chunk(parts, partsAtOnce) {
		args := make([]any, 0, 5*len(some))
		for _, p := range some {
			args = append(args, p.audience, p.own, int(p.family), from, n)
		}
		hits, err := db.List(ctx, rm.db, scanHit, one+strings.Repeat(" UNION ALL "+one, len(some)-1), args...)
		if err != nil {
			return nil, err
		}
		all = append(all, hits...)
	}
	slices.SortFunc(all, func(a, b hit) int {
		if a.id != b.id && (a.id > b.id) == (o == newest) {
			return -1
		}
		if a.id != b.id {
			return 1
		}
		return strings.Compare(b.audience, a.audience) // a person before a group, a home before a share
	})
	all = slices.CompactFunc(all, func(a, b hit) bool { return a.id == b.id })
	return all[:min(n, len(all))], nil
}

// among tells which of some facts are filed under any of the audiences.
func (rm *Room) among(ctx context.Context, audiences []string, ids []int64) (map[int64]hit, error) {
	out := map[int64]hit{}
	if len(ids) == 0 || len(audiences) == 0 {
		return out, nil
	}
	for some := range slices.Chunk(audiences, 500) {
		for h, err := range db.All(ctx, rm.db, scanHit, `SELECT id, audience, depth FROM activity_for
			WHERE audience IN (?) AND own IN (0, 1) AND family IN (1, 2, 3, 4, 5) AND id IN (?)`, some, ids) {
			if err != nil {
				return nil, err
			}
			if old, ok := out[h.id]; !ok || h.audience > old.audience {
				out[h.id] = h
			}
		}
	}
	return out, nil
}

// ofNode are the facts about a node that follow a place.
func (rm *Room) ofNode(ctx context.Context, id int64, o order, from int64, n int) ([]fact, error) {
	q := "SELECT " + factColumns + " FROM activity WHERE node = ? AND id < ? ORDER BY id DESC LIMIT ?"
	if o == oldest {
		q = "SELECT " + factColumns + " FROM activity WHERE node = ? AND id > ? ORDER BY id LIMIT ?"
	}
	return db.List(ctx, rm.db, scanFact, q, id, from, n)
}

// forget takes away what was kept for an account that goes. What it did stays in
// the streams of others until that is old.
func forget(ctx context.Context, tx *db.DB, uid string) error {
	for _, q := range []string{"DELETE FROM activity_for WHERE audience = ?", "DELETE FROM activity_root WHERE audience = ?"} {
		if _, err := tx.Exec(ctx, q, person(uid)); err != nil {
			return err
		}
	}
	for _, q := range []string{"DELETE FROM activity_pref WHERE uid = ?", "DELETE FROM activity_feed WHERE uid = ?"} {
		if _, err := tx.Exec(ctx, q, uid); err != nil {
			return err
		}
	}
	return nil
}

// The setting of how many days the stream goes back, and what it is unless set.
const (
	settingsApp = "activity"
	daysSetting = "activity_expire_days"
	// downloadSetting tells whether downloads of shared files by accounts are noted.
	downloadSetting = "downloads"
	defaultDays     = 365
)

// Clear removes what is older than the stream goes back, but for the last row,
// from which ids go on.
func (rm *Room) Clear(ctx context.Context) error {
	days, err := rm.days(ctx)
	if err != nil {
		return err
	}
	edge, err := db.One(ctx, rm.db, db.Scan1[int64], `SELECT COALESCE(MAX(id), 0) FROM activity
		WHERE at < ? AND id < (SELECT MAX(id) FROM activity)`, rm.Now().Add(-time.Duration(days)*24*time.Hour).Unix())
	if err != nil || edge == 0 {
		return err
	}
	for audience := ""; ; {
		// One audience after the other: that is how the rows lie.
		next, err := db.List(ctx, rm.db, db.Scan1[string], "SELECT audience FROM activity_for WHERE audience > ? ORDER BY audience LIMIT 1", audience)
		if err != nil {
			return err
		}
		if len(next) == 0 {
			break
		}
		audience = next[0]
		if _, err := rm.db.Exec(ctx, "DELETE FROM activity_for WHERE audience = ? AND own IN (0, 1) AND family IN (1, 2, 3, 4, 5) AND id <= ?", audience, edge); err != nil {
			return err
		}
	}
	for {
		old, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT id FROM activity WHERE id <= ? ORDER BY id LIMIT 1000", edge)
		if err != nil || len(old) == 0 {
			return err
		}
		if _, err := rm.db.Exec(ctx, "DELETE FROM activity WHERE id IN (?)", old); err != nil {
			return err
		}
	}
}
