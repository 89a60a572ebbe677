// Package photos keeps albums: names under which people gather files of theirs and
// files that they were shown, without moving or copying them (17-dav-misc/064, 080 to
// 093). An album shows of its files what its owner sees at that moment, so that what
// is in the trash or no longer shared is missing until it is back. An album may be
// shared with people and groups, who see of it what its owner may share at that moment
// and change nothing. The room knows no places and nothing of what is in a picture.
package photos

import (
	"context"
	"embed"
	"errors"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables album, album_file and album_share.
var Schema = db.Schema{Room: "photos", Files: schema}

// Bounds of albums.
const (
	maxAlbums = 500    // of one account
	maxFiles  = 10_000 // in one album
	maxPlace  = 255    // bytes of a location
	atOnce    = 500
)

// Room keeps albums.
type Room struct {
	db     *db.DB
	files  *files.Service
	people *identity.Directory
	rules  Rules
	davs   dav.Collection // the mount of files
	props  dav.Props      // and what it tells of them
}

// New returns the room. The albums of an account go with it, and with an account or a
// group that they were shared with their part in them.
func New(d *db.DB, f *files.Service, people *identity.Directory, rules Rules) *Room {
	people.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		for _, table := range []string{"album_file", "album_share"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE album IN (SELECT id FROM album WHERE uid = ?)", uid); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "DELETE FROM album WHERE uid = ?", uid); err != nil {
			return err
		}
		return forget(ctx, tx, person, uid)
	})
	people.OnGroupRemoved(func(ctx context.Context, tx *db.DB, gid string) error { return forget(ctx, tx, group, gid) })
	return &Room{db: d, files: f, people: people, rules: rules}
}

// forget takes one who is gone off all lists.
func forget(ctx context.Context, tx *db.DB, k kind, id string) error {
	_, err := tx.Exec(ctx, "DELETE FROM album_share WHERE kind = ? AND recipient = ?", k, id)
	return err
}

// mountName is where albums are.
const mountName = "photos"

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.davs, rm.props = b.DAV.Mounted("files")
	b.DAV.Mount(mountName, collection{rm})
	b.DAV.Props(mountName, props{rm})
	b.Web.Prefix("/remote.php/dav/photos", web.User|web.Basic, b.DAV.Serve, web.In(who.FilesRoom), web.Errors(dav.WriteError), web.MaxBody(1<<20))
	b.Filters.Add("photos-album", rm.in)
	b.Hook.Erased = append(b.Hook.Erased, func(ctx context.Context, tx *db.DB, nodes []int64) error {
		_, err := tx.Exec(ctx, "DELETE FROM album_file WHERE node IN (?)", nodes)
		return err
	})
}

// album is one, with what is in it once fill has looked.
type album struct {
	id       int64
	uid      string // the owner
	name     string
	location string
	gaze     gaze
	entries  []*files.Entry // that the caller sees, as they were added
}

func scanAlbum(r db.Row) (a album, err error) { return a, r.Scan(&a.id, &a.uid, &a.name, &a.location) }

var errNoAlbum = fault.New(fault.NotFound, "There is no such album.")

// albums are somebody's, by name.
func (rm *Room) albums(ctx context.Context, uid string) ([]album, error) {
	return db.List(ctx, rm.db, scanAlbum, "SELECT id, uid, name, location FROM album WHERE uid = ? ORDER BY name", uid)
}

// album is one of somebody's; fault.NotFound.
func (rm *Room) album(ctx context.Context, uid, name string) (album, error) {
	a, err := db.One(ctx, rm.db, scanAlbum, "SELECT id, uid, name, location FROM album WHERE uid = ? AND name = ?", uid, name)
	if errors.Is(err, fault.NotFound) {
		err = errNoAlbum
	}
	return a, err
}

// in are the files of an album of the caller's: a condition for reports on files, so
// that an album is read with everything that files tell and where they lie.
func (rm *Room) in(ctx context.Context, name string) (map[int64]bool, error) {
	a, err := rm.album(ctx, who.From(ctx).Home(), name)
	if err != nil {
		return nil, err
	}
	nodes, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT node FROM album_file WHERE album = ?", a.id)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]bool, len(nodes))
	for _, node := range nodes {
		out[node] = true
	}
	return out, nil
}

// fill reads what is in albums, with one statement for all, and for each owner what a
// view needs for each 500 files.
func (rm *Room) fill(ctx context.Context, p *who.Principal, as ...*album) error {
	if len(as) == 0 {
		return nil
	}
	byID, ids := map[int64]*album{}, []int64{}
	for _, a := range as {
		byID[a.id], ids = a, append(ids, a.id)
	}
	rows, err := db.List(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.album, &v.node) },
		"SELECT album, node FROM album_file WHERE album IN (?) ORDER BY seq", ids)
	if err != nil {
		return err
	}
	byOwner := map[string][]row{}
	for _, a := range as {
		byOwner[a.uid] = nil
	}
	for _, r := range rows {
		owner := byID[r.album].uid
		byOwner[owner] = append(byOwner[owner], r)
	}
	for owner, rows := range byOwner {
		g, err := rm.gazeAt(ctx, p, owner)
		if err != nil {
			return err
		}
		for _, a := range as {
			if a.uid == owner {
				a.gaze = g
			}
		}
		if err := g.fill(ctx, byID, rows); err != nil {
			return err
		}
	}
	return nil
}

// row is a file in an album.
type row struct{ album, node int64 }

// fill adds those of some files to their albums that can be seen.
func (g gaze) fill(ctx context.Context, albums map[int64]*album, rows []row) error {
	for part := range slices.Chunk(rows, atOnce) {
		nodes := make([]int64, len(part))
		for i, r := range part {
			nodes[i] = r.node
		}
		seen, err := g.see(ctx, nodes)
		if err != nil {
			return err
		}
		for _, r := range part {
			if e := seen[r.node]; e != nil {
				albums[r.album].entries = append(albums[r.album].entries, e)
			}
		}
	}
	return nil
}

var errNoFile = fault.New(fault.NotFound, "There is no such file in the album.")

// entry is one file of an album, which then knows how it is looked at.
func (rm *Room) entry(ctx context.Context, p *who.Principal, a *album, node int64) (*files.Entry, error) {
	n, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT COUNT(*) FROM album_file WHERE album = ? AND node = ?", a.id, node)
	if err == nil && n == 0 {
		err = errNoFile
	}
	if err != nil {
		return nil, err
	}
	if a.gaze, err = rm.gazeAt(ctx, p, a.uid); err != nil {
		return nil, err
	}
	seen, err := a.gaze.see(ctx, []int64{node})
	if err == nil && seen[node] == nil {
		err = errNoFile
	}
	return seen[node], err
}

// make makes an empty album; fault.Exists.
func (rm *Room) make(ctx context.Context, uid, name string) error {
	id, err := rm.db.ID(ctx)
	if err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM album WHERE uid = ?", uid)
		if err == nil && n >= maxAlbums {
			err = fault.New(fault.TooLarge, "You have as many albums as there can be.")
		}
		if err != nil {
			return err
		}
		return taken(tx.Exec(ctx, "INSERT INTO album (id, uid, name, location) VALUES (?, ?, ?, '')", id, uid, name))
	})
}

func taken(_ int64, err error) error {
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Exists, err, "There is already an album of this name.")
	}
	return err
}

// add puts a file into an album and tells whether it was not there before.
func (rm *Room) add(ctx context.Context, a album, node int64) (fresh bool, err error) {
	seq, err := rm.db.ID(ctx)
	if err != nil {
		return false, err
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		in, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM album_file WHERE album = ? AND node = ?", a.id, node)
		if fresh = in == 0; err != nil || !fresh {
			return err
		}
		n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM album_file WHERE album = ?", a.id)
		if err == nil && n >= maxFiles {
			err = fault.New(fault.TooLarge, "The album is full.")
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO album_file (album, node, seq) VALUES (?, ?, ?) {{on album,node ignore}}", a.id, node, seq)
		return err
	})
	return fresh, err
}

// drop removes an album, and leaves its files where they are.
func (rm *Room) drop(ctx context.Context, a album) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		for _, table := range []string{"album_file", "album_share"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE album = ?", a.id); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "DELETE FROM album WHERE id = ?", a.id)
		return err
	})
}

func (rm *Room) takeOut(ctx context.Context, a album, node int64) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM album_file WHERE album = ? AND node = ?", a.id, node)
	return err
}

func (rm *Room) rename(ctx context.Context, a album, name string) error {
	return taken(rm.db.Exec(ctx, "UPDATE album SET name = ? WHERE id = ?", name, a.id))
}

func locate(ctx context.Context, tx *db.DB, a *album, place string) error {
	_, err := tx.Exec(ctx, "UPDATE album SET location = ? WHERE id = ?", place, a.id)
	return err
}
