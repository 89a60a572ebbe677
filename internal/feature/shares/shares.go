// Package shares keeps who gave whom access to which file or folder: to accounts,
// groups, mail addresses, and by public links. It mounts what people received into
// their trees, tells what a share is worth today, and says who may share what with
// whom. It knows no protocol and serves no public link: shares/api speaks OCS and
// DAV, and others serve links with what ByToken tells.
//
// A share is worth what its maker holds at this moment, not what they held when they
// made it: whoever shares what they received gives no more than they have, and when
// theirs shrinks or ends so does what they gave (worth.go).
package shares

import (
	"context"
	"embed"
	"sync"
	"sync/atomic"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables share, share_member, share_place and share_taste.
var Schema = db.Schema{Room: "shares", Files: schema}

// Kind is with whom something is shared, in the numbers of the OCS share API.
type Kind int16

// The kinds that are kept here.
const (
	User  Kind = 0
	Group Kind = 1
	Link  Kind = 3
	Mail  Kind = 4
)

// Share gives somebody access to a node.
type Share struct {
	ID        int64
	Kind      Kind
	Node      int64
	Owner     string // whose home the node lies in
	Sharer    string // who shared it: the owner, or somebody who received it
	Recipient string // user id, group id or mail address; "" for links
	Perms     files.Perm
	Created   time.Time
	Expires   time.Time // the instant at which it ends; zero: never
	LastDay   string    // the same as people wrote it, such as "2030-01-31"; it ends when that day begins
	Target    string    // the name that recipients see it by at first
	Note      string    // to the recipients
	Label     string    // of a link, for its maker
	// Attributes are what clients set, as JSON: [{"scope","key","value"}]; "" for none.
	Attributes   string
	Token        string // of links and mail shares, "" for others
	Password     string // a hash; "": none is asked
	HideDownload bool
	MaxDownloads int64 // 0: no limit
	Downloads    int64
	Ask          bool // recipients who said nothing have not accepted it
}

// Room keeps shares.
type Room struct {
	Now func() time.Time

	db       *db.DB
	tree     *tree.Tree
	files    *files.Service
	dir      *identity.Directory
	settings *settings.Store
	hashes   *seal.Passwords
	publish  files.Publish

	changes atomic.Uint64 // counts local changes; what was cached before one is void
	mu      sync.Mutex
	seen    map[string]*received // by user id
}

// New returns the room. What an account gave and got goes with the account.
func New(d *db.DB, t *tree.Tree, f *files.Service, dir *identity.Directory, s *settings.Store, hashes *seal.Passwords, publish files.Publish) *Room {
	rm := &Room{Now: time.Now, db: d, tree: t, files: f, dir: dir, settings: s, hashes: hashes, publish: publish, seen: map[string]*received{}}
	dir.OnRemoved(rm.dropAccount)
	dir.OnGroupRemoved(rm.dropGroup)
	return rm
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Hook.Mounters = append(b.Hook.Mounters, rm)
	b.Hook.Moved = append(b.Hook.Moved, rm.moved)
	b.Hook.Erased = append(b.Hook.Erased, rm.erased)
	b.Jobs.Every("@every 5m", "shares.tidy", rm.Tidy)
	b.Settings.Add("sharing", offered())
}

// Void makes every node's next request look at the tables again: here at once,
// elsewhere within a second.
func (rm *Room) Void() { rm.changes.Add(1) }

// tx runs f in a transaction and voids what is cached once it is durable.
func (rm *Room) tx(ctx context.Context, f func(tx *db.DB) error) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := f(tx); err != nil {
			return err
		}
		tx.AfterCommit(rm.Void)
		return nil
	})
}
