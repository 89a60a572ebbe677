package tree

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// Change is a write's row in the dirty log. Its id is drawn before the
// transaction, see NewChange.
type Change struct{ id int64 }

// NewChange draws what a write needs before its transaction. A move needs two.
func (t *Tree) NewChange(ctx context.Context) (Change, error) {
	id, err := t.db.ID(ctx)
	return Change{id}, err
}

// Lock serialises moves and settles of spaces against each other, in the order
// of their ids so that two callers cannot wait for one another.
func (t *Tree) Lock(ctx context.Context, tx *db.DB, spaces ...int64) error {
	slices.Sort(spaces)
	for _, s := range slices.Compact(spaces) {
		hit, err := tx.Exec(ctx, "UPDATE space SET turn = turn + 1 WHERE root = ?", s)
		if err != nil {
			return err
		}
		if hit == 0 {
			return fmt.Errorf("space %d: %w", s, fault.NotFound)
		}
	}
	return nil
}

func (t *Tree) mark(ctx context.Context, tx *db.DB, c Change, space, parent, delta int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO dirty (id, space, parent, delta, mtime) VALUES (?, ?, ?, ?, ?)",
		c.id, space, parent, delta, t.Now().UnixNano())
	return err
}

// Create adds a node. The parent must be a folder (fault.Conflict), the name
// must be free (fault.Exists).
func (t *Tree) Create(ctx context.Context, tx *db.DB, c Change, space int64, n Node) error {
	if err := t.holdFolder(ctx, tx, n.Parent); err != nil {
		return err
	}
	if err := t.insert(ctx, tx, n); err != nil {
		return err
	}
	return t.mark(ctx, tx, c, space, n.Parent, n.Size)
}

// CreateAll is Create for many nodes in one folder, with one row in the log.
func (t *Tree) CreateAll(ctx context.Context, tx *db.DB, c Change, space, parent int64, ns []Node) error {
	if len(ns) == 0 {
		return nil
	}
	if err := t.holdFolder(ctx, tx, parent); err != nil {
		return err
	}
	var size int64
	for _, n := range ns {
		if err := t.insert(ctx, tx, n); err != nil {
			return err
		}
		size += n.Size
	}
	return t.mark(ctx, tx, c, space, parent, size)
}

// holdFolder makes sure that a folder is there and stays until the commit.
func (t *Tree) holdFolder(ctx context.Context, tx *db.DB, id int64) error {
	q := "SELECT kind FROM node WHERE id = ?"
	switch tx.Dialect() {
	case db.Postgres:
		q += " FOR KEY SHARE"
	case db.MySQL:
		q += " LOCK IN SHARE MODE"
	}
	kind, err := db.One(ctx, tx, db.Scan1[Kind], q, id)
	if errors.Is(err, fault.NotFound) || err == nil && kind != Folder {
		return errGone()
	}
	return err
}

// Update overwrites what a node holds (size, times, content, mime), when its
// etag is still old.ETag: else fault.Stale. now.ETag is the new one.
func (t *Tree) Update(ctx context.Context, tx *db.DB, c Change, space int64, old, now Node) error {
	hit, err := tx.Exec(ctx, `UPDATE node SET size = ?, mtime = ?, etag = ?, mime = ?, content = ?, sha1 = ?, created = ?, uploaded = ?, writer = ?
		WHERE id = ? AND etag = ? AND parent = ?`,
		now.Size, now.MTime.UnixNano(), now.ETag, now.Mime, now.Content, now.SHA1, now.Created, now.Uploaded, now.Writer, old.ID, old.ETag, old.Parent)
	if err != nil {
		return err
	}
	if hit == 0 {
		return stale()
	}
	return t.mark(ctx, tx, c, space, old.Parent, now.Size-old.Size)
}

func stale() error {
	return fault.New(fault.Stale, "The file was changed by somebody else at the same time.")
}

// Touch changes a folder's own times. Unlike Update it does not ask for the
// etag, which moves with every write below.
func (t *Tree) Touch(ctx context.Context, tx *db.DB, c Change, space int64, n Node) error {
	hit, err := tx.Exec(ctx, "UPDATE node SET mtime = ?, created = ?, etag = ? WHERE id = ?", n.MTime.UnixNano(), n.Created, NewETag(), n.ID)
	if err != nil {
		return err
	}
	if hit == 0 {
		return stale()
	}
	return t.mark(ctx, tx, c, space, n.Parent, 0)
}

// Stir makes a folder and those above it look changed though nothing lies otherwise,
// so that clients look again at what is told of its entries. Times stay.
func (t *Tree) Stir(ctx context.Context, tx *db.DB, c Change, space, folder int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO dirty (id, space, parent, delta, mtime) VALUES (?, ?, ?, 0, 0)", c.id, space, folder)
	return err
}

// Spot is a place in a tree.
type Spot struct {
	Space, Parent int64
	Name          string
}

// Move puts a node at another place, also in another space; a folder's content
// comes along without a row of it being written. from is where the caller saw
// it: fault.Stale if it is no longer there. Into itself is fault.Conflict. The
// media type follows the name.
func (t *Tree) Move(ctx context.Context, tx *db.DB, cs [2]Change, n Node, from int64, to Spot, mime int32) error {
	if n.IsDir() {
		if err := t.lockForMove(ctx, tx, n.ID, from, to); err != nil {
			return err
		}
	}
	// Only now, under the lock and settled, is the size what will move.
	now, err := t.byID(ctx, tx, n.ID)
	if err != nil {
		return err
	}
	if now.Parent != n.Parent || now.Name != n.Name || !n.IsDir() && now.ETag != n.ETag {
		return stale()
	}
	if err := t.holdFolder(ctx, tx, to.Parent); err != nil {
		return err
	}
	hit, err := tx.Exec(ctx, "UPDATE node SET parent = ?, name = ?, mime = ? WHERE id = ? AND parent = ? AND size = ?",
		to.Parent, to.Name, mime, n.ID, n.Parent, now.Size)
	if err != nil {
		return err
	}
	if hit == 0 {
		return stale()
	}
	if n.Parent == to.Parent {
		return t.mark(ctx, tx, cs[0], from, n.Parent, 0)
	}
	if err := t.mark(ctx, tx, cs[0], from, n.Parent, -now.Size); err != nil {
		return err
	}
	return t.mark(ctx, tx, cs[1], to.Space, to.Parent, now.Size)
}

// lockForMove settles the spaces, so that the folder's size is true, and sees to
// it that the folder does not come to lie below itself.
func (t *Tree) lockForMove(ctx context.Context, tx *db.DB, id, from int64, to Spot) error {
	if err := t.Lock(ctx, tx, from, to.Space); err != nil {
		return err
	}
	for _, s := range slices.Compact([]int64{from, to.Space}) {
		if err := t.settle(ctx, tx, s); err != nil {
			return err
		}
	}
	below, err := db.One(ctx, tx, db.Scan1[int64], `WITH RECURSIVE up (id, parent, depth) AS (
		SELECT id, parent, 0 FROM node WHERE id = ?
		UNION ALL SELECT n.id, n.parent, up.depth + 1 FROM up JOIN node n ON n.id = up.parent WHERE up.depth < 1000)
		SELECT COUNT(*) FROM up WHERE id = ?`, to.Parent, id)
	if err != nil {
		return err
	}
	if below > 0 {
		return fault.New(fault.Conflict, "A folder cannot be moved into itself.")
	}
	return nil
}

// Drop removes a file, when its etag is still n.ETag: else fault.Stale.
func (t *Tree) Drop(ctx context.Context, tx *db.DB, c Change, space int64, n Node) error {
	hit, err := tx.Exec(ctx, "DELETE FROM node WHERE id = ? AND etag = ? AND parent = ? AND kind = ?", n.ID, n.ETag, n.Parent, File)
	if err != nil {
		return err
	}
	if hit == 0 {
		return stale()
	}
	return t.mark(ctx, tx, c, space, n.Parent, -n.Size)
}

// Erase removes nodes from the Doomed space, where nobody sees them, and returns
// which ones: no etag matters. A folder into which somebody wrote in the meantime
// stays for the next time, and what another took in the meantime is not returned.
func (t *Tree) Erase(ctx context.Context, tx *db.DB, ids []int64) ([]int64, error) {
	q := "SELECT id FROM node WHERE id IN (?)"
	if tx.Dialect() != db.SQLite {
		q += " FOR UPDATE" // who writes into one of them is waited for
	}
	held, err := db.List(ctx, tx, db.Scan1[int64], q, ids)
	if err != nil || len(held) == 0 {
		return nil, err
	}
	full, err := db.List(ctx, tx, db.Scan1[int64], "SELECT DISTINCT parent FROM node WHERE parent IN (?)", held)
	if err != nil {
		return nil, err
	}
	held = slices.DeleteFunc(held, func(id int64) bool { return slices.Contains(full, id) })
	if len(held) == 0 {
		return nil, nil
	}
	_, err = tx.Exec(ctx, "DELETE FROM node WHERE id IN (?)", held)
	return held, err
}
