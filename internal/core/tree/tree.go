// Package tree keeps the nodes of all file trees: files and folders by parent
// and name, nothing more. Where a node lies is only its (parent, name), so that
// any folder moves in one row. Sizes, etags and times of folders are derived:
// each write leaves a row in the dirty log, and Settle carries what has
// gathered there up to the root when somebody looks.
//
// An etag may lag behind, never lead: Settle commits after the contents it
// announces, and readers take a folder's etag before its children.
//
// The package knows no users, permissions or bytes.
package tree

import (
	"context"
	"embed"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables node, space, dirty and mime.
var Schema = db.Schema{Room: "tree", Files: schema}

// Kind tells files from folders.
type Kind int16

// The kinds of nodes.
const (
	File Kind = iota + 1
	Folder
)

// Node is one file or folder.
type Node struct {
	ID, Parent int64
	Name       string
	Kind       Kind
	Size       int64 // bytes; of a folder all that is below, as of the last Settle
	MTime      time.Time
	ETag       int64
	Mime       int32
	Content    int64  // 0 for folders
	SHA1       []byte // of the content; nil if not known
	Created    int64  // Unix seconds a client gave as creation time, 0 if none did
	Uploaded   int64  // Unix seconds of the first write
	Writer     string // who wrote the content, if not the owner of the space; or Nobody
	Taken      int64  // Unix seconds at which a picture was taken, 0 if not known; only searches that ask for it fill it
}

// IsDir tells whether n is a folder.
func (n *Node) IsDir() bool { return n.Kind == Folder }

// SpaceKind is what a space is for.
type SpaceKind int16

// The kinds of spaces.
const (
	Home    SpaceKind = iota + 1 // a user's own files
	Doomed                       // what was removed and waits for the purge
	Staging                      // copies that are still being made
	Left                         // a space of somebody who is gone; waits for DropSpace
	Trash                        // what somebody removed and may have back
)

// NoQuota marks a space without a limit.
const NoQuota = -3

// Space is a tree with a root, an owner and a limit.
type Space struct {
	Root  int64
	Kind  SpaceKind
	Owner string
	Quota int64 // bytes, or NoQuota
}

// Tree reads and writes nodes.
type Tree struct {
	db    *db.DB
	Now   func() time.Time
	mu    sync.Mutex
	turns map[int64]*turn // settles under way, by space
	mimes *mimes
}

// New returns the tree in d.
func New(d *db.DB) *Tree {
	return &Tree{db: d, Now: time.Now, turns: map[int64]*turn{}, mimes: newMimes(d)}
}

const nodeColumns = "parent, name, id, kind, size, mtime, etag, mime, content, sha1, created, uploaded, writer"

func columnsOf(alias string) string {
	return alias + "." + strings.ReplaceAll(nodeColumns, ", ", ", "+alias+".")
}

func scanNode(r db.Row) (n Node, err error) {
	var mtime int64
	err = r.Scan(&n.Parent, &n.Name, &n.ID, &n.Kind, &n.Size, &mtime, &n.ETag, &n.Mime, &n.Content, &n.SHA1, &n.Created, &n.Uploaded, &n.Writer)
	n.MTime = time.Unix(0, mtime)
	return n, err
}

// NewETag draws a validator that was never used before.
func NewETag() int64 { return rand.Int64() }

// NewSpace makes an empty tree. id is the root's.
func (t *Tree) NewSpace(ctx context.Context, tx *db.DB, id int64, s Space) (Space, error) {
	s.Root = id
	n := Node{ID: id, Name: strconv.FormatInt(id, 10), Kind: Folder, MTime: t.Now(), ETag: NewETag()}
	if err := t.insert(ctx, tx, n); err != nil {
		return Space{}, err
	}
	_, err := tx.Exec(ctx, "INSERT INTO space (root, kind, owner, quota, turn) VALUES (?, ?, ?, ?, 0)", id, s.Kind, s.Owner, s.Quota)
	return s, err
}

func scanSpace(r db.Row) (s Space, err error) {
	return s, r.Scan(&s.Root, &s.Kind, &s.Owner, &s.Quota)
}

// SpaceOf finds an owner's space of a kind, fault.NotFound if there is none.
func (t *Tree) SpaceOf(ctx context.Context, d *db.DB, kind SpaceKind, owner string) (Space, error) {
	return db.One(ctx, d, scanSpace, "SELECT root, kind, owner, quota FROM space WHERE kind = ? AND owner = ?", kind, owner)
}

// Spaces yields all spaces of a kind.
func (t *Tree) Spaces(ctx context.Context, kind SpaceKind) iter.Seq2[Space, error] {
	return db.All(ctx, t.db, scanSpace, "SELECT root, kind, owner, quota FROM space WHERE kind = ? ORDER BY root", kind)
}

// SetQuota changes a space's limit in bytes; NoQuota for none.
func (t *Tree) SetQuota(ctx context.Context, tx *db.DB, root, quota int64) error {
	_, err := tx.Exec(ctx, "UPDATE space SET quota = ? WHERE root = ?", quota, root)
	return err
}

// Leave takes a space from its owner, who may get a new one at once. It is one
// row, so that it fits into the transaction in which the owner goes; DropSpace
// does the rest.
func (t *Tree) Leave(ctx context.Context, tx *db.DB, s Space) error {
	_, err := tx.Exec(ctx, "UPDATE space SET kind = ?, owner = ? WHERE root = ?", Left, strconv.FormatInt(s.Root, 10), s.Root)
	return err
}

// DropSpace gives a space's files to the purge and forgets the space.
func (t *Tree) DropSpace(ctx context.Context, tx *db.DB, doomed Space, s Space) error {
	if err := t.Lock(ctx, tx, s.Root, doomed.Root); err != nil {
		return err
	}
	for _, q := range []string{"DELETE FROM space WHERE root = ?", "DELETE FROM dirty WHERE space = ?"} {
		if _, err := tx.Exec(ctx, q, s.Root); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "UPDATE node SET parent = ? WHERE id = ? AND parent = 0", doomed.Root, s.Root)
	return err
}

// byID reads one node.
func (t *Tree) byID(ctx context.Context, d *db.DB, id int64) (Node, error) {
	n, err := db.One(ctx, d, scanNode, "SELECT "+nodeColumns+" FROM node WHERE id = ?", id)
	if err != nil {
		return Node{}, fmt.Errorf("node %d: %w", id, err)
	}
	return n, nil
}

// ByID reads one node without settling: of a folder, size and etag may lag.
func (t *Tree) ByID(ctx context.Context, d *db.DB, id int64) (Node, error) { return t.byID(ctx, d, id) }

// Child reads a folder's entry of a name without settling.
func (t *Tree) Child(ctx context.Context, d *db.DB, parent int64, name string) (Node, error) {
	return db.One(ctx, d, scanNode, "SELECT "+nodeColumns+" FROM node WHERE parent = ? AND name = ?", parent, name)
}

func (t *Tree) insert(ctx context.Context, tx *db.DB, n Node) error {
	_, err := tx.Exec(ctx, "INSERT INTO node ("+nodeColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		n.Parent, n.Name, n.ID, n.Kind, n.Size, n.MTime.UnixNano(), n.ETag, n.Mime, n.Content, n.SHA1, n.Created, n.Uploaded, n.Writer)
	return err
}

// errGone says that a folder vanished between looking and writing.
func errGone() error {
	return fault.New(fault.Conflict, "The parent folder does not exist.")
}

// QuotaOf is a space's limit in bytes; negative for none.
func (t *Tree) QuotaOf(ctx context.Context, d *db.DB, root int64) (int64, error) {
	return db.One(ctx, d, db.Scan1[int64], "SELECT quota FROM space WHERE root = ?", root)
}
