// Package rewind brings a folder, or all that somebody has, back to an instant:
// what was overwritten gets the content of that time, what was deleted comes back,
// what is new goes to the trash, what was moved goes back. The contents are those
// of the versions, the deleted ones those of the trash; the package itself keeps
// where things were before they were moved. All that a rewind does is such a
// change too, so that rewinding to just before it undoes it.
package rewind

import (
	"context"
	"embed"
	"time"

	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table moved.
var Schema = db.Schema{Room: "rewind", Files: schema}

// Versions are the contents that files had.
type Versions interface {
	// Before tells what files held at an instant, of those that hold something else
	// now: content, size, time and writer. What was thinned out since is told as the
	// next content that is still there.
	Before(ctx context.Context, nodes []int64, at time.Time) (map[int64]tree.Node, error)
	// Keep takes a content that is about to be replaced, with its reference.
	Keep(ctx context.Context, tx *db.DB, old *files.Entry) error
}

// Trash tells people of what lies in their trash.
type Trash interface {
	// File lists something that was moved into the trash of an owner, from a path.
	File(ctx context.Context, tx *db.DB, n tree.Node, owner string, trash int64, from string) error
	// Unfile takes what has left the trash out of all lists.
	Unfile(ctx context.Context, tx *db.DB, nodes []int64) error
}

// Room rewinds.
type Room struct {
	Now func() time.Time

	db       *db.DB
	tree     *tree.Tree
	content  *content.Store
	files    *files.Service
	people   *identity.Directory
	versions Versions
	trash    Trash
	publish  files.Publish
}

// Parts are what a rewind is made of.
type Parts struct {
	Versions Versions
	Trash    Trash
	Publish  files.Publish
}

// New returns the room.
func New(d *db.DB, t *tree.Tree, c *content.Store, f *files.Service, people *identity.Directory, p Parts) *Room {
	return &Room{Now: time.Now, db: d, tree: t, content: c, files: f, people: people, versions: p.Versions, trash: p.Trash, publish: p.Publish}
}

// Plug implements plug.Room. It comes before the trash, so that it sees what is
// removed.
func (rm *Room) Plug(b *plug.Board) {
	b.Hook.Moved = append(b.Hook.Moved, rm.moved)
	b.Hook.Keepers = append(b.Hook.Keepers, keeper{rm})
	b.Hook.Erased = append(b.Hook.Erased, rm.erased)
	b.Jobs.Every("daily 04:40", "rewind.expire", rm.Expire)
	rm.commands(b)
}

// keepFor is how far back one can rewind.
const keepFor = 90 * 24 * time.Hour

// place is where something was before it was moved.
type place struct {
	node, at      int64 // at: when it was moved, Unix ns
	space, folder int64
	name          string
}

// keeper sees removals, and takes nothing.
type keeper struct{ *Room }

// Overwritten implements files.Keeper.
func (keeper) Overwritten(context.Context, *db.DB, *files.Entry) (bool, error) { return false, nil }

// Removed implements files.Keeper.
func (k keeper) Removed(ctx context.Context, tx *db.DB, r *files.Removal) (bool, error) {
	return false, k.record(ctx, tx, r.Node, r.Mount.Space, 0)
}

func (rm *Room) moved(ctx context.Context, tx *db.DB, from, to *files.Entry) error {
	return rm.record(ctx, tx, from.Node, from.Mount.Space, to.Mount.Space)
}

// record notes where something is that is about to move into another space, 0 for
// one that does not matter. Of several moves at one instant the first counts.
func (rm *Room) record(ctx context.Context, tx *db.DB, n tree.Node, space, target int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO moved (node, at, space, folder, name, target) VALUES (?, ?, ?, ?, ?, ?) {{on node,at ignore}}",
		n.ID, rm.Now().UnixNano(), space, n.Parent, n.Name, target)
	return err
}

func (rm *Room) erased(ctx context.Context, tx *db.DB, nodes []int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM moved WHERE node IN (?)", nodes)
	return err
}

// Expire forgets what was moved too long ago.
func (rm *Room) Expire(ctx context.Context) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM moved WHERE at < ?", rm.Now().Add(-keepFor).UnixNano())
	return err
}

// since tells where nodes were at an instant that were moved out of or into one of
// some spaces since.
func (rm *Room) since(ctx context.Context, at time.Time, spaces []int64) (map[int64]place, error) {
	scan := func(r db.Row) (p place, err error) { return p, r.Scan(&p.node, &p.at, &p.space, &p.folder, &p.name) }
	first := map[int64]place{}
	for _, q := range []string{
		"SELECT node, at, space, folder, name FROM moved WHERE space IN (?) AND at > ?",
		"SELECT node, at, space, folder, name FROM moved WHERE target IN (?) AND at > ?",
	} {
		for p, err := range db.All(ctx, rm.db, scan, q, spaces, at.UnixNano()) {
			if err != nil {
				return nil, err
			}
			if old, ok := first[p.node]; !ok || p.at < old.at {
				first[p.node] = p
			}
		}
	}
	return first, nil
}
