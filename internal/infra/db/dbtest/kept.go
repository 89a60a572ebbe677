package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"atrium/internal/infra/db"
)

// A database server takes up to a second to make the tables of a room, and most
// tests want the same ones. So databases are kept: the name of one tells which
// tables it has, tests of this machine use it one after the other, and who takes it
// puts back what it held when it was new.

// first is the part of a table's name under which a kept database remembers rows.
const first = "first_"

// kept is the address of a database on the server with the tables of schemas, as if new.
func kept(t testing.TB, server *url.URL, schemas []db.Schema) string {
	t.Helper()
	name := reserve(t, describe(t, schemas))
	address := *server
	address.Path = "/" + name
	if d, err := db.Open(t.Context(), address.String()); err == nil {
		asNew, err := renew(t.Context(), d)
		if asNew {
			err = db.Migrate(t.Context(), d, schemas...) // finds nothing to do, or that these tables were made otherwise
		}
		closeErr := d.Close()
		if asNew && err == nil && closeErr == nil {
			return address.String()
		}
		t.Logf("%s is made anew: %v %v", name, err, closeErr)
	}
	for _, verb := range []string{"DROP DATABASE IF EXISTS ", "CREATE DATABASE "} {
		ask(t, server, verb+name)
	}
	d, err := db.Open(t.Context(), address.String())
	if err != nil {
		t.Fatal(err)
	}
	err = db.Migrate(t.Context(), d, schemas...)
	if err == nil {
		err = remember(t.Context(), d)
	}
	if err := errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	return address.String()
}

// Like puts an SQLite database with the tables of schemas at path: a copy of one
// that is made when it is not there.
func Like(t testing.TB, path string, schemas []db.Schema) {
	t.Helper()
	model := filepath.Join(os.TempDir(), "atrium-"+describe(t, schemas)+".db")
	b, err := os.ReadFile(model)
	if errors.Is(err, fs.ErrNotExist) {
		fresh := filepath.Join(t.TempDir(), "model.db")
		d, openErr := db.Open(t.Context(), "sqlite:"+fresh)
		if openErr != nil {
			t.Fatal(openErr)
		}
		if err := errors.Join(db.Migrate(t.Context(), d, schemas...), d.Close()); err != nil {
			t.Fatal(err)
		}
		if b, err = os.ReadFile(fresh); err == nil {
			err = os.WriteFile(fresh+".copy", b, 0o600)
		}
		if err == nil {
			err = os.Rename(fresh+".copy", model)
		}
	}
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// describe names what schemas make.
func describe(t testing.TB, schemas []db.Schema) string {
	t.Helper()
	h := sha256.New()
	for _, s := range schemas {
		fmt.Fprintln(h, s.Room)
		err := fs.WalkDir(s.Files, ".", func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := fs.ReadFile(s.Files, path)
			fmt.Fprintln(h, path, len(b), string(b))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return "kept" + hex.EncodeToString(h.Sum(nil))[:16]
}

// reserve finds a name that no other test uses, and holds it until the test ends.
func reserve(t testing.TB, kind string) string {
	t.Helper()
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s_%d", kind, n)
		f, err := os.OpenFile(filepath.Join(os.TempDir(), "atrium-"+name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			_ = f.Close()
			continue
		}
		t.Cleanup(func() { _ = f.Close() })
		return name
	}
}

// remember notes the columns of all tables, and copies the rows that they begin with.
func remember(ctx context.Context, d *db.DB) error {
	tables, shape, err := look(ctx, d)
	if err != nil {
		return err
	}
	full, err := filled(ctx, d, tables)
	if err != nil {
		return err
	}
	for _, table := range full {
		if _, err := d.Exec(ctx, "CREATE TABLE "+first+table+" AS SELECT * FROM "+table); err != nil {
			return err
		}
	}
	// The last step: without this table the database is made anew.
	_, err = d.Exec(ctx, "CREATE TABLE "+first+" AS SELECT '"+shape+"' AS shape")
	return err
}

// renew puts back what remember noted. It is false when the tables are not those any
// more: then a test changed them, or was killed while it made them.
func renew(ctx context.Context, d *db.DB) (bool, error) {
	tables, shape, err := look(ctx, d)
	if err != nil || !slices.Contains(tables, first) {
		return false, err
	}
	was, err := db.One(ctx, d, db.Scan1[string], "SELECT shape FROM "+first)
	if err != nil || shape != was {
		return false, err
	}
	own := slices.DeleteFunc(slices.Clone(tables), func(table string) bool { return strings.HasPrefix(table, first) })
	full, err := filled(ctx, d, own)
	if err != nil {
		return false, err
	}
	for _, table := range full {
		if _, err := d.Exec(ctx, "DELETE FROM "+table); err != nil {
			return false, err
		}
	}
	for _, table := range own {
		if !slices.Contains(tables, first+table) {
			continue
		}
		if _, err := d.Exec(ctx, "INSERT INTO "+table+" SELECT * FROM "+first+table); err != nil {
			return false, err
		}
	}
	return true, nil
}

// look lists the tables, and describes the columns of those that are not first ones.
func look(ctx context.Context, d *db.DB) (tables []string, shape string, err error) {
	schema := "DATABASE()"
	if d.Dialect() == db.Postgres {
		schema = "CURRENT_SCHEMA()"
	}
	h := sha256.New()
	column := func(r db.Row) (c [2]string, err error) { return c, r.Scan(&c[0], &c[1]) }
	for c, err := range db.All(ctx, d, column, "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = "+schema+
		" ORDER BY table_name, ordinal_position") {
		if err != nil {
			return nil, "", err
		}
		if !slices.Contains(tables, c[0]) {
			tables = append(tables, c[0])
		}
		if !strings.HasPrefix(c[0], first) {
			fmt.Fprintln(h, c[0], c[1])
		}
	}
	return tables, hex.EncodeToString(h.Sum(nil)), nil
}

// filled are those tables that have rows.
func filled(ctx context.Context, d *db.DB, tables []string) ([]string, error) {
	var asked []string
	for _, table := range tables {
		asked = append(asked, "SELECT '"+table+"' WHERE EXISTS (SELECT 1 FROM "+table+")")
	}
	return db.List(ctx, d, db.Scan1[string], strings.Join(asked, " UNION ALL "))
}
