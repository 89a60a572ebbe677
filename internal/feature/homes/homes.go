// Package homes keeps by which name the home of an account also stands on the disk, as a
// directory or a provider calls it: <data>/homes/<name> is a symbolic link to the folder of
// the account in the readable tree. What an account has lies where the store puts it: no
// name moves it. The readable tree is another room's, and looks at no link.
package homes

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table homes_name.
var Schema = db.Schema{Room: "homes", Files: schema}

const (
	folder  = "homes"     // below the data folder
	users   = "../users/" // where links lead
	maxName = 64          // bytes
)

// Room keeps names of homes.
type Room struct {
	db   *db.DB
	dir  *identity.Directory
	data string // the data folder
	mend *jobs.Kind[struct{}]
}

// New returns the room. It touches nothing.
func New(d *db.DB, dir *identity.Directory, data string) *Room {
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM homes_name WHERE uid = ?", uid)
		return err
	})
	return &Room{db: d, dir: dir, data: data}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.mend = jobs.Define(b.Jobs, "homes.mend", func(ctx context.Context, _ struct{}) error { return rm.Mend(ctx) })
	b.Jobs.Every("daily 04:40", "homes.nightly", rm.Mend)
	b.CLI.Add("homes:list", &cobra.Command{Use: "homes:list", Short: "List by which names homes stand below the folder homes", Args: cobra.NoArgs, RunE: rm.listCommand})
}

// SetHome says how the home of an account is called; "" leaves it as it is. What is no
// single name, such as a path, is fault.Invalid, and the name of another home fault.Conflict.
func (rm *Room) SetHome(ctx context.Context, uid, name string) error {
	if name == "" {
		return nil
	}
	if !single(name) {
		return fault.New(fault.Invalid, "The home must be a single name and no path.")
	}
	was, err := db.One(ctx, rm.db, db.Scan1[string], "SELECT name FROM homes_name WHERE uid = ?", uid)
	if err == nil && was == name {
		return nil
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM homes_name WHERE uid = ?", uid); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO homes_name (uid, name) VALUES (?, ?)", uid, name); err != nil {
			return err
		}
		return rm.mend.Add(ctx, tx, struct{}{}, jobs.Unique("all"))
	})
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Conflict, err, "Another home has this name.")
	}
	return err
}

// single tells whether a text can be the name of a link.
func single(name string) bool {
	return name != "." && name != ".." && len(name) <= maxName && !strings.ContainsAny(name, "/\\\x00\n\r") && strings.TrimSpace(name) == name
}

// Home is one that has a name.
type Home struct{ UID, Name string }

// All returns the homes that have names.
func (rm *Room) All(ctx context.Context) ([]Home, error) {
	return db.List(ctx, rm.db, func(r db.Row) (h Home, err error) { return h, r.Scan(&h.UID, &h.Name) }, "SELECT uid, name FROM homes_name ORDER BY uid")
}

// Mend makes the links as the names say, where there are folders of accounts to lead to.
// Nothing but links of this kind is ever removed.
func (rm *Room) Mend(ctx context.Context) error {
	all, err := rm.All(ctx)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(rm.data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	if len(all) > 0 {
		if err := root.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	want := map[string]string{}
	for _, h := range all {
		want[h.Name] = users + h.UID
	}
	if err := tidy(root, want); err != nil {
		return err
	}
	for name, to := range want {
		if _, err := root.Lstat(path.Join(folder, to)); err != nil {
			continue // no readable tree, or nothing in it yet: the next look finds it
		}
		if err := root.Symlink(to, path.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("home %q: %w", name, err)
		}
	}
	return nil
}

// tidy removes the links that lead elsewhere than they are to.
func tidy(root *os.Root, want map[string]string) error {
	there, err := fs.ReadDir(root.FS(), folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range there {
		if e.Type() != fs.ModeSymlink {
			continue
		}
		at := path.Join(folder, e.Name())
		to, err := root.Readlink(at)
		if err != nil {
			return err
		}
		if strings.HasPrefix(to, users) && want[e.Name()] != to {
			if err := root.Remove(at); err != nil {
				return err
			}
		}
	}
	return nil
}

func (rm *Room) listCommand(cmd *cobra.Command, _ []string) error {
	all, err := rm.All(cmd.Context())
	if err != nil {
		return err
	}
	table := cli.Table{}
	for _, h := range all {
		table = append(table, cli.Map{{Key: "user", Value: h.UID}, {Key: "home", Value: h.Name}})
	}
	return cli.Print(cmd, table)
}
