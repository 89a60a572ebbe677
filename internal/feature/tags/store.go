package tags

import (
	"context"
	"errors"
	"fmt"

	"atrium/internal/base/fault"
	"atrium/internal/core/files/tidy"
	"atrium/internal/infra/db"
)

// Tag is a label. A restricted one is visible and not assignable, but for some
// groups.
type Tag struct {
	ID         int64
	Name       string
	Visible    bool
	Assignable bool
	Color      string // six hex digits, or ""
	etag       int64
}

const columns = "t.id, t.name, t.visible, t.assignable, t.color, t.etag"

func scan(r db.Row) (t Tag, err error) {
	return t, r.Scan(&t.ID, &t.Name, &t.Visible, &t.Assignable, &t.Color, &t.etag)
}

// All lists the tags by name.
func (rm *Room) All(ctx context.Context) ([]Tag, error) {
	return db.List(ctx, rm.db, scan, "SELECT "+columns+" FROM systemtag t ORDER BY t.low, t.id")
}

// some returns those of some tags that there are, by name.
func some(ctx context.Context, d *db.DB, ids ...int64) ([]Tag, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return db.List(ctx, d, scan, "SELECT "+columns+" FROM systemtag t WHERE t.id IN (?) ORDER BY t.low, t.id", ids)
}

// tag finds a tag, fault.NotFound.
func (rm *Room) tag(ctx context.Context, id int64) (Tag, error) {
	ts, err := some(ctx, rm.db, id)
	if err == nil && len(ts) == 0 {
		err = missing(id)
	}
	if err != nil {
		return Tag{}, err
	}
	return ts[0], nil
}

func missing(id int64) error {
	return fault.New(fault.NotFound, fmt.Sprintf("Tag with id %d not found", id))
}

// on lists the tags on nodes, by name, with one statement.
func (rm *Room) on(ctx context.Context, nodes []int64) (map[int64][]Tag, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	type row struct {
		node int64
		Tag
	}
	scan := func(r db.Row) (v row, err error) {
		return v, r.Scan(&v.node, &v.ID, &v.Name, &v.Visible, &v.Assignable, &v.Color, &v.etag)
	}
	out := map[int64][]Tag{}
	for v, err := range db.All(ctx, rm.db, scan, "SELECT f.node, "+columns+` FROM systemtag_file f JOIN systemtag t ON t.id = f.tag
		WHERE f.node IN (?) ORDER BY t.low, t.id`, nodes) {
		if err != nil {
			return nil, err
		}
		out[v.node] = append(out[v.node], v.Tag)
	}
	return out, nil
}

// carriers lists the nodes with any of some tags.
func (rm *Room) carriers(ctx context.Context, tags ...int64) ([]int64, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	return db.List(ctx, rm.db, db.Scan1[int64], "SELECT DISTINCT node FROM systemtag_file WHERE tag IN (?) ORDER BY node", tags)
}

// groupsOf lists the groups that may assign restricted tags.
func (rm *Room) groupsOf(ctx context.Context, tags []int64) (map[int64][]string, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	type row struct {
		tag int64
		gid string
	}
	out := map[int64][]string{}
	for v, err := range db.All(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.tag, &v.gid) },
		"SELECT tag, gid FROM systemtag_group WHERE tag IN (?) ORDER BY tag, gid", tags) {
		if err != nil {
			return nil, err
		}
		out[v.tag] = append(out[v.tag], v.gid)
	}
	return out, nil
}

// used lists the tags that somebody assigned last, the latest first, as clients
// want them: ids as text.
func (rm *Room) used(ctx context.Context, uid string) ([]string, error) {
	ids := []string{}
	for id, err := range db.All(ctx, rm.db, db.Scan1[int64], "SELECT tag FROM systemtag_used WHERE uid = ? ORDER BY used DESC, tag LIMIT 10", uid) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, fmt.Sprint(id))
	}
	return ids, nil
}

func insert(ctx context.Context, tx *db.DB, t Tag) error {
	_, err := tx.Exec(ctx, "INSERT INTO systemtag (id, name, low, visible, assignable, color, etag) VALUES (?, ?, ?, ?, ?, ?, ?)",
		t.ID, t.Name, low(t.Name), number(t.Visible), number(t.Assignable), t.Color, t.etag)
	if errors.Is(err, fault.Exists) {
		return fault.New(fault.Conflict, "Tag already exists")
	}
	return err
}

func update(ctx context.Context, tx *db.DB, t Tag) error {
	n, err := tx.Exec(ctx, "UPDATE systemtag SET name = ?, low = ?, visible = ?, assignable = ?, color = ?, etag = ? WHERE id = ?",
		t.Name, low(t.Name), number(t.Visible), number(t.Assignable), t.Color, t.etag, t.ID)
	switch {
	case errors.Is(err, fault.Exists):
		return fault.New(fault.Conflict, "There is already a tag of this name and kind.")
	case err == nil && n == 0:
		return missing(t.ID)
	}
	return err
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func setGroups(ctx context.Context, tx *db.DB, tag int64, gids []string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM systemtag_group WHERE tag = ?", tag); err != nil {
		return err
	}
	for _, g := range gids {
		if _, err := tx.Exec(ctx, "INSERT INTO systemtag_group (tag, gid) VALUES (?, ?) {{on tag,gid ignore}}", tag, g); err != nil {
			return err
		}
	}
	return nil
}

// drop deletes a tag with all that hangs on it.
func drop(ctx context.Context, tx *db.DB, id int64) error {
	for _, q := range [...]string{"DELETE FROM systemtag_group WHERE tag = ?", "DELETE FROM systemtag_file WHERE tag = ?", "DELETE FROM systemtag_used WHERE tag = ?"} {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return err
		}
	}
	n, err := tx.Exec(ctx, "DELETE FROM systemtag WHERE id = ?", id)
	if err == nil && n == 0 {
		err = missing(id)
	}
	return err
}

// attach puts a tag on a node; fault.Exists if it is there.
func attach(ctx context.Context, tx *db.DB, node, tag int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO systemtag_file (node, tag) VALUES (?, ?)", node, tag)
	return err
}

// detach takes a tag off nodes and tells from how many.
func detach(ctx context.Context, tx *db.DB, tag int64, nodes []int64) (int64, error) {
	if len(nodes) == 0 {
		return 0, nil
	}
	return tx.Exec(ctx, "DELETE FROM systemtag_file WHERE tag = ? AND node IN (?)", tag, nodes)
}

// touch gives a tag another etag, as what carries it has changed.
func touch(ctx context.Context, tx *db.DB, tag, etag int64) error {
	_, err := tx.Exec(ctx, "UPDATE systemtag SET etag = ? WHERE id = ?", etag, tag)
	return err
}

func remember(ctx context.Context, tx *db.DB, uid string, tag, at int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO systemtag_used (uid, tag, used) VALUES (?, ?, ?) {{on uid,tag set used}}", uid, tag, at)
	return err
}

// forget removes what is known of an account that goes.
func forget(ctx context.Context, tx *db.DB, uid string) error {
	_, err := tx.Exec(ctx, "DELETE FROM systemtag_used WHERE uid = ?", uid)
	return err
}

// copied gives copies the tags of their originals, so that a copy of what a rule
// applies to is under the rule too. It is a hook of core/files.
func (rm *Room) copied(ctx context.Context, tx *db.DB, from, to []int64) error {
	at := map[int64]int64{}
	for i := range from {
		at[from[i]] = to[i]
	}
	type pair struct{ node, tag int64 }
	pairs, err := db.List(ctx, tx, func(r db.Row) (p pair, err error) { return p, r.Scan(&p.node, &p.tag) },
		"SELECT node, tag FROM systemtag_file WHERE node IN (?)", from)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := attach(ctx, tx, at[p.node], p.tag); err != nil {
			return err
		}
	}
	return nil
}

// Tidy forgets the tags of what was purged.
func (rm *Room) Tidy(ctx context.Context) error {
	return tidy.Table(ctx, rm.db, rm.files, "SELECT DISTINCT node FROM systemtag_file WHERE node > ? ORDER BY node LIMIT ?",
		"DELETE FROM systemtag_file WHERE node IN (?)")
}
