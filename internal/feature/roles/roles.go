// Package roles keeps roles of an administrator's own making, as data: what each
// grants beyond a person's own things, as named rights that the routes read, and
// what it withholds in the file tree. Accounts and groups hold roles. Each
// change is a new version, so that what held when can be told.
//
// Roles come on top of being an administrator or the administrator of a group,
// which core/identity keeps.
package roles

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables role and role_holder.
var Schema = db.Schema{Room: "roles", Files: schema}

// Rights are the named rights that roles may grant, with what each opens.
func Rights() map[string]string {
	return map[string]string{
		"users":    "Manage the accounts of everybody but administrators",
		"groups":   "Manage groups and their members, but for the administrators",
		"apps":     "Turn parts of the server on and off",
		"settings": "Change settings of the server",
		"monitor":  "See figures of the server's health and use",
		"audit":    "Read the audit log",
		"webhooks": "Have other servers told what happens here",
	}
}

// Withholdable are what a role may take away in the file tree.
func Withholdable() map[string]who.FileRight {
	return map[string]who.FileRight{"update": who.FileUpdate, "create": who.FileCreate, "delete": who.FileDelete, "share": who.FileShare}
}

// Role is what its holders may do, and may not.
type Role struct {
	Name     string   `json:"name"`
	Display  string   `json:"display"`
	Rights   []string `json:"rights"`   // keys of Rights
	Withheld []string `json:"withheld"` // keys of Withholdable
	Version  int64    `json:"version"`  // 1, 2, 3 …
}

// Kind tells holders apart.
type Kind int

// The kinds of holders.
const (
	User  Kind = 0
	Group Kind = 1
)

// Holder holds a role.
type Holder struct {
	Kind Kind
	ID   string
}

// Room keeps the roles.
type Room struct {
	Now func() time.Time

	db  *db.DB
	dir *identity.Directory
}

// New returns the room. From then on the directory asks it what accounts hold.
func New(d *db.DB, dir *identity.Directory) *Room {
	rm := &Room{Now: time.Now, db: d, dir: dir}
	dir.Roles = rm.held
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM role_holder WHERE kind = ? AND id = ?", int(User), uid)
		return err
	})
	return rm
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.serve(b.OCS)
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

func scan(r db.Row) (role Role, err error) {
	var body string
	var version int64
	if err = r.Scan(&body, &version); err == nil {
		err = json.Unmarshal([]byte(body), &role)
	}
	role.Version = version
	return role, err
}

// All yields the roles as they are now, by name.
func (rm *Room) All(ctx context.Context) iter.Seq2[Role, error] {
	return func(yield func(Role, error) bool) {
		for r, err := range db.All(ctx, rm.db, scan, `SELECT r.body, r.version FROM role r
			WHERE r.version = (SELECT MAX(l.version) FROM role l WHERE l.name = r.name) ORDER BY r.name`) {
			if err == nil && r.Name == "" {
				continue // removed
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Versions yields all that a role ever was, the oldest first. A zero Role stands
// for the time when it did not exist.
func (rm *Room) Versions(ctx context.Context, name string) iter.Seq2[Role, error] {
	return db.All(ctx, rm.db, scan, "SELECT body, version FROM role WHERE name = ? ORDER BY version", name)
}

// Get returns one role.
func (rm *Room) Get(ctx context.Context, name string) (Role, error) { return get(ctx, rm.db, name) }

func get(ctx context.Context, d *db.DB, name string) (Role, error) {
	if len(name) > 64 {
		return Role{}, noRole(name)
	}
	r, err := db.One(ctx, d, scan, "SELECT body, version FROM role WHERE name = ? ORDER BY version DESC LIMIT 1", name)
	if errors.Is(err, fault.NotFound) || err == nil && r.Name == "" {
		return Role{Version: r.Version}, noRole(name)
	}
	return r, err
}

func noRole(name string) error {
	return fmt.Errorf("role %q: %w", name, fault.New(fault.NotFound, "There is no such role."))
}

// Set makes a role or changes it, on behalf of actor. The version is counted here.
func (rm *Room) Set(ctx context.Context, actor string, r Role) (Role, error) {
	if err := r.check(); err != nil {
		return Role{}, err
	}
	err := rm.tx(ctx, func(tx *db.DB) error {
		old, err := get(ctx, tx, r.Name)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		r.Version = old.Version + 1
		return rm.put(ctx, tx, r.Name, actor, r)
	})
	return r, err
}

// Remove removes a role from all who hold it. Its versions stay.
func (rm *Room) Remove(ctx context.Context, actor, name string) error {
	return rm.tx(ctx, func(tx *db.DB) error {
		old, err := get(ctx, tx, name)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM role_holder WHERE name = ?", name); err != nil {
			return err
		}
		return rm.put(ctx, tx, name, actor, Role{Version: old.Version + 1})
	})
}

func (rm *Room) put(ctx context.Context, tx *db.DB, name, actor string, r Role) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO role (name, version, body, at, actor) VALUES (?, ?, ?, ?, ?)", name, r.Version, string(body), rm.Now().Unix(), actor)
	return err
}

func (r *Role) check() error {
	if r.Name == "" || len(r.Name) > 64 || strings.ContainsFunc(r.Name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-'
	}) {
		return fault.New(fault.Invalid, "A role's name has 1 to 64 small letters, digits and hyphens.")
	}
	if r.Display == "" {
		r.Display = r.Name
	}
	if len(r.Display) > 255 {
		return fault.New(fault.Invalid, "The role's display name is too long.")
	}
	for _, right := range r.Rights {
		if _, ok := Rights()[right]; !ok {
			return fault.New(fault.Invalid, "There is no right \"{name}\".", "name", right)
		}
	}
	for _, w := range r.Withheld {
		if _, ok := Withholdable()[w]; !ok {
			return fault.New(fault.Invalid, "\"{name}\" is nothing that a role can withhold.", "name", w)
		}
	}
	r.Rights, r.Withheld = set(r.Rights), set(r.Withheld)
	return nil
}

// set is a list without repetitions, in order, and never nil.
func set(list []string) []string {
	out := append([]string{}, list...)
	slices.Sort(out)
	return slices.Compact(out)
}

// Grant gives a role to an account or group that exists.
func (rm *Room) Grant(ctx context.Context, name string, h Holder) error {
	return rm.tx(ctx, func(tx *db.DB) error {
		if _, err := get(ctx, tx, name); err != nil {
			return err
		}
		var err error
		if h.Kind == Group {
			_, err = rm.dir.Group(ctx, h.ID)
		} else {
			_, err = rm.dir.User(ctx, h.ID)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO role_holder (kind, id, name) VALUES (?, ?, ?) {{on kind,id,name ignore}}", int(h.Kind), h.ID, name)
		return err
	})
}

// Revoke takes a role away; who does not hold it is no error.
func (rm *Room) Revoke(ctx context.Context, name string, h Holder) error {
	return rm.tx(ctx, func(tx *db.DB) error {
		if _, err := get(ctx, tx, name); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM role_holder WHERE kind = ? AND id = ? AND name = ?", int(h.Kind), h.ID, name)
		return err
	})
}

// Holders yields who holds a role, accounts first.
func (rm *Room) Holders(ctx context.Context, name string) iter.Seq2[Holder, error] {
	return db.All(ctx, rm.db, func(r db.Row) (h Holder, err error) { return h, r.Scan(&h.Kind, &h.ID) },
		"SELECT kind, id FROM role_holder WHERE name = ? ORDER BY kind, id", name)
}

// tx is a transaction after which everybody's rights are looked up again.
func (rm *Room) tx(ctx context.Context, f func(tx *db.DB) error) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := f(tx); err != nil {
			return err
		}
		tx.AfterCommit(rm.dir.Void)
		return nil
	})
}

// held is what an account holds by its own roles and those of its groups: the
// rights of all together, less what any withholds.
func (rm *Room) held(ctx context.Context, uid string, groups []string) (rights []string, withheld who.FileRight, err error) {
	for r, err := range db.All(ctx, rm.db, scan, `SELECT r.body, r.version FROM role_holder h JOIN role r ON r.name = h.name
		WHERE ((h.kind = ? AND h.id = ?) OR (h.kind = ? AND h.id IN (?)))
		AND r.version = (SELECT MAX(l.version) FROM role l WHERE l.name = r.name)`, int(User), uid, int(Group), append([]string{""}, groups...)) {
		if err != nil {
			return nil, 0, err
		}
		rights = append(rights, r.Rights...)
		for _, w := range r.Withheld {
			withheld |= Withholdable()[w]
		}
	}
	slices.Sort(rights)
	return slices.Compact(rights), withheld, nil
}
