package trash

import (
	"context"
	"errors"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// keeper takes what is removed.
type keeper struct{ *Room }

// Overwritten implements files.Keeper: old contents are not our business.
func (keeper) Overwritten(context.Context, *db.DB, *files.Entry) (bool, error) { return false, nil }

// Removed implements files.Keeper.
func (k keeper) Removed(ctx context.Context, tx *db.DB, r *files.Removal) (bool, error) {
	space, err := r.Trash(ctx, tx)
	if errors.Is(err, fault.Unsupported) { // nobody's
		return false, nil
	}
	if err != nil {
		return false, err
	}
	place, err := r.Place(ctx, tx)
	if err != nil {
		return false, err
	}
	it := Item{Holder: r.Mount.Owner, Name: r.Name, Node: r.ID, Space: space.Root, Owner: r.Mount.Owner, Deleter: r.By.ID, Folder: r.Parent, Location: place}
	holders := []string{it.Owner}
	if it.Deleter != "" && it.Deleter != it.Owner {
		holders = append(holders, it.Deleter)
	}
	if it.Deleted, err = k.freeSecond(ctx, tx, holders, r.Name); err != nil {
		return false, err
	}
	if err := k.insert(ctx, tx, it); err != nil {
		return false, again(err)
	}
	if len(holders) > 1 {
		it.Holder, it.Location = it.Deleter, r.Path
		if err := k.insert(ctx, tx, it); err != nil {
			return false, again(err)
		}
	}
	return true, nil
}

// again lets a removal begin anew when another one took the same name in the same
// second.
func again(err error) error {
	if errors.Is(err, fault.Exists) {
		return files.ErrAgain
	}
	return err
}

// freeSecond is the second under which something of a name is filed: now, or the
// first one after it that none of the holders has that name at.
func (rm *Room) freeSecond(ctx context.Context, tx *db.DB, holders []string, name string) (int64, error) {
	now := rm.Now().Unix()
	taken, err := db.List(ctx, tx, db.Scan1[int64],
		"SELECT deleted FROM trashed WHERE holder IN (?) AND name = ? AND deleted >= ? ORDER BY deleted", holders, name, now)
	for _, second := range taken {
		if second == now {
			now++
		}
	}
	return now, err
}

// File lists something that another room has moved into the trash of an owner.
func (rm *Room) File(ctx context.Context, tx *db.DB, n tree.Node, owner string, trash int64, from string) error {
	it := Item{Holder: owner, Name: n.Name, Node: n.ID, Space: trash, Owner: owner, Folder: n.Parent, Location: from}
	var err error
	if it.Deleted, err = rm.freeSecond(ctx, tx, []string{owner}, n.Name); err != nil {
		return err
	}
	return rm.insert(ctx, tx, it)
}

// Unfile takes what has left the trash out of all lists.
func (rm *Room) Unfile(ctx context.Context, tx *db.DB, nodes []int64) error {
	return rm.erased(ctx, tx, nodes)
}

// erased forgets what is gone for good.
func (rm *Room) erased(ctx context.Context, tx *db.DB, nodes []int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM trashed WHERE node IN (?)", nodes)
	return err
}

// forget forgets what was shown to somebody who is gone, and what was theirs. Their
// own trash goes with their home. What they deleted of others' was deleted by
// nobody.
func (rm *Room) forget(ctx context.Context, tx *db.DB, uid string) error {
	for _, q := range []string{
		"DELETE FROM trashed WHERE holder = ?",
		"DELETE FROM trashed WHERE owner = ?",
		"UPDATE trashed SET deleter = '' WHERE deleter = ?",
		"DELETE FROM trash_limit WHERE uid = ?",
	} {
		if _, err := tx.Exec(ctx, q, uid); err != nil {
			return err
		}
	}
	return nil
}

const itemColumns = "holder, name, deleted, node, space, owner, deleter, folder, location"

func scanItem(r db.Row) (it Item, err error) {
	return it, r.Scan(&it.Holder, &it.Name, &it.Deleted, &it.Node, &it.Space, &it.Owner, &it.Deleter, &it.Folder, &it.Location)
}

func (rm *Room) insert(ctx context.Context, tx *db.DB, it Item) error {
	_, err := tx.Exec(ctx, "INSERT INTO trashed ("+itemColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		it.Holder, it.Name, it.Deleted, it.Node, it.Space, it.Owner, it.Deleter, it.Folder, it.Location)
	return err
}

// held lists what is shown to somebody, the latest first.
func (rm *Room) held(ctx context.Context, holder string) ([]Item, error) {
	return db.List(ctx, rm.db, scanItem, "SELECT "+itemColumns+" FROM trashed WHERE holder = ? ORDER BY deleted DESC, name", holder)
}

// find is one item of somebody's trash; fault.NotFound.
func (rm *Room) find(ctx context.Context, holder, name string, deleted int64) (Item, error) {
	return db.One(ctx, rm.db, scanItem, "SELECT "+itemColumns+" FROM trashed WHERE holder = ? AND name = ? AND deleted = ?", holder, name, deleted)
}

// oldest are the first n items of a user's own trash, or of everybody's for "",
// that were deleted at or before an instant.
func (rm *Room) oldest(ctx context.Context, owner string, until int64, n int) ([]Item, error) {
	return db.List(ctx, rm.db, scanItem, "SELECT "+itemColumns+` FROM trashed WHERE holder = owner AND deleted <= ? AND (owner = ? OR ? = '')
		ORDER BY deleted, node LIMIT ?`, until, owner, owner, n)
}

// drop forgets an item, for all who see it.
func (rm *Room) drop(ctx context.Context, tx *db.DB, node int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM trashed WHERE node = ?", node)
	return err
}

// unlist takes an item out of one's own list when it is somebody else's.
func (rm *Room) unlist(ctx context.Context, it Item) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM trashed WHERE holder = ? AND node = ?", it.Holder, it.Node)
	return err
}

// Empty gives everything in somebody's trash to the purge, in one row of the tree,
// and takes what is others' out of the list.
func (rm *Room) Empty(ctx context.Context, uid string) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := rm.files.EmptyTrash(ctx, tx, uid); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM trashed WHERE holder = ? OR owner = ?", uid, uid)
		return err
	})
}

// within is the path of what lies at names below an item.
func (it *Item) within(below string) string { return strings.TrimSuffix(it.Location+below, "/") }
