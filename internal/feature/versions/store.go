package versions

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// keeper takes contents that are replaced.
type keeper struct{ *Room }

// Removed implements files.Keeper: what is removed is the trash's business.
func (keeper) Removed(context.Context, *db.DB, *files.Removal) (bool, error) { return false, nil }

// sameTime is how many versions of one second get names of their own.
const sameTime = 1000

// Overwritten implements files.Keeper, with one statement. The reference that the
// file had is now the version's. Two versions of one second bear the names of
// neighbouring seconds; who changes a file holds its row, so that they do not race.
func (k keeper) Overwritten(ctx context.Context, tx *db.DB, old *files.Entry) (bool, error) {
	author, name, now := old.Writer, old.MTime.Unix(), k.Now()
	switch author {
	case "":
		author = old.Mount.Owner
	case tree.Nobody:
		author = ""
	}
	_, err := tx.Exec(ctx, `INSERT INTO version (node, name, content, size, mtime, made, due, owner, author)
		VALUES (?, (SELECT m FROM (SELECT COALESCE(MAX(name) + 1, ?) AS m FROM version WHERE node = ? AND name >= ? AND name < ?) taken), ?, ?, ?, ?, ?, ?, ?)`,
		old.ID, name, old.ID, name, name+sameTime, old.Content, old.Size, old.MTime.UnixNano(), now.UnixNano(),
		now.Add(steps[0].until).UnixNano(), old.Mount.Owner, author)
	return true, err
}

// Keep takes a content that another room is about to replace, with its reference.
func (rm *Room) Keep(ctx context.Context, tx *db.DB, old *files.Entry) error {
	_, err := keeper{rm}.Overwritten(ctx, tx, old)
	return err
}

// Before tells what files held at an instant, of those that have been written to
// since: content, size, time and writer. What was thinned out is told as the next
// content that is still there.
func (rm *Room) Before(ctx context.Context, nodes []int64, at time.Time) (map[int64]tree.Node, error) {
	vs, err := rm.of(ctx, rm.db, nodes)
	if err != nil {
		return nil, err
	}
	out := map[int64]tree.Node{}
	for _, v := range vs { // in the order they were made
		if _, ok := out[v.Node]; ok || !v.Made.After(at) {
			continue
		}
		n := tree.Node{ID: v.Node, Content: v.Content, Size: v.Size, MTime: v.MTime, Writer: v.Author}
		if n.Writer == v.Owner {
			n.Writer = ""
		} else if n.Writer == "" {
			n.Writer = tree.Nobody
		}
		out[v.Node] = n
	}
	return out, nil
}

// erased gives up the versions of files that are gone for good.
func (rm *Room) erased(ctx context.Context, tx *db.DB, nodes []int64) error {
	vs, err := rm.of(ctx, tx, nodes)
	if err != nil {
		return err
	}
	if err := rm.giveUp(ctx, tx, vs); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM version_label WHERE node IN (?)", nodes)
	return err
}

// giveUp removes versions, and the reference of each that was still there.
func (rm *Room) giveUp(ctx context.Context, tx *db.DB, vs []Version) error {
	for _, v := range vs {
		hit, err := tx.Exec(ctx, "DELETE FROM version WHERE node = ? AND name = ? AND content = ?", v.Node, v.Name, v.Content)
		if err == nil && hit > 0 {
			err = rm.content.Refer(ctx, tx, v.Content, -1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const selectVersions = `SELECT v.node, v.name, v.content, v.size, v.mtime, v.made, v.owner, v.author, COALESCE(l.label, '') FROM version v
	LEFT JOIN version_label l ON l.node = v.node AND l.content = v.content `

func scanVersion(r db.Row) (v Version, err error) {
	var mtime, made int64
	err = r.Scan(&v.Node, &v.Name, &v.Content, &v.Size, &mtime, &made, &v.Owner, &v.Author, &v.Label)
	v.MTime, v.Made = time.Unix(0, mtime), time.Unix(0, made)
	return v, err
}

// of reads the versions of files, by node and then by when they were made.
func (rm *Room) of(ctx context.Context, d *db.DB, nodes []int64) ([]Version, error) {
	return db.List(ctx, d, scanVersion, selectVersions+"WHERE v.node IN (?) ORDER BY v.node, v.made, v.name", nodes)
}

// drop gives versions up, in one transaction.
func (rm *Room) drop(ctx context.Context, vs []Version) error {
	if len(vs) == 0 {
		return nil
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.giveUp(ctx, tx, vs) })
}

// Contents yields the content of every version, for those who count references.
func (rm *Room) Contents(ctx context.Context) iter.Seq2[int64, error] {
	return db.All(ctx, rm.db, db.Scan1[int64], "SELECT content FROM version")
}

// setLabel names a content of a file; "" takes the name away.
func (rm *Room) setLabel(ctx context.Context, node, content int64, label string) error {
	if label == "" {
		_, err := rm.db.Exec(ctx, "DELETE FROM version_label WHERE node = ? AND content = ?", node, content)
		return err
	}
	_, err := rm.db.Exec(ctx, "INSERT INTO version_label (node, content, label) VALUES (?, ?, ?) {{on node,content set label}}", node, content, label)
	return err
}

// current is what a file holds now, as a version.
func (rm *Room) current(ctx context.Context, e *files.Entry) (Version, error) {
	v := Version{Node: e.ID, Name: e.MTime.Unix(), Content: e.Content, Size: e.Size, MTime: e.MTime, Owner: e.Mount.Owner, Author: e.Writer}
	switch v.Author {
	case "":
		v.Author = v.Owner
	case tree.Nobody:
		v.Author = ""
	}
	labels, err := db.List(ctx, rm.db, db.Scan1[string], "SELECT label FROM version_label WHERE node = ? AND content = ?", e.ID, e.Content)
	if len(labels) > 0 {
		v.Label = labels[0]
	}
	return v, err
}

// list tells the versions of a file by name, what it holds now among them. A
// content that it had several times is there once, and what was empty is not.
func (rm *Room) list(ctx context.Context, e *files.Entry) ([]Version, error) {
	now, err := rm.current(ctx, e)
	if err != nil {
		return nil, err
	}
	old, err := rm.of(ctx, rm.db, []int64{e.ID})
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{e.Content: true}
	names := map[int64]bool{}
	var out []Version
	for _, v := range slices.Backward(old) {
		if !seen[v.Content] && v.Size > 0 {
			seen[v.Content], names[v.Name] = true, true
			out = append(out, v)
		}
	}
	for names[now.Name] {
		now.Name++
	}
	out = append(out, now)
	slices.SortFunc(out, func(a, b Version) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}
