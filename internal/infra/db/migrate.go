package db

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"atrium/internal/base/fault"
)

// Schema is what a room keeps in the database: numbered SQL files
// schema/001_what.sql, schema/002_….sql that only ever grow in number. One
// statement a file is safest, since MySQL cannot take a half-run file back;
// CREATE TABLE IF NOT EXISTS makes repeating harmless.
//
// Column types are macros: {{id}} a 64-bit number, {{key}} a short and {{name}}
// a longer binary-compared string, {{text}}, {{bytes N}}, {{blob}}; {{clustered}}
// after the closing parenthesis keeps rows in primary-key order on SQLite. ALTER
// TABLE … ADD COLUMN {{absent}} … and DROP COLUMN {{present}} … can be repeated where it is no part of a
// transaction.
//
// A file whose first line is "-- only: sqlite" (or postgres, mysql; several with
// blanks between) is for those databases; on others it does nothing and counts as
// applied.
type Schema struct {
	Room  string
	Files fs.FS
}

// Migrate brings the tables of all rooms up to date. Each file is applied once
// and remembered with the hash of its text; a file that changed afterwards, or
// one that the database knows and we do not (an older binary), is an error.
// Only one process migrates at a time; a kill at any instant is repaired by
// running Migrate again.
func Migrate(ctx context.Context, db *DB, schemas ...Schema) error {
	unlock, err := db.migrationLock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	base := fstest.MapFS{"schema/001_counter.sql": {Data: []byte(
		"CREATE TABLE IF NOT EXISTS counter (name {{key}} NOT NULL PRIMARY KEY, next {{id}} NOT NULL) {{clustered}};")},
		"schema/002_counter_id.sql": {Data: []byte("INSERT INTO counter (name, next) VALUES ('id', 1000) {{on name ignore}};")}}
	for _, s := range append([]Schema{{Room: "db", Files: base}}, schemas...) {
		if err := db.migrateRoom(ctx, s); err != nil {
			return fmt.Errorf("migrate %s: %w", s.Room, err)
		}
	}
	return nil
}

func (db *DB) migrateRoom(ctx context.Context, s Schema) error {
	files, err := fs.Glob(s.Files, "schema/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(files)
	store := &versions{room: s.Room, dialect: db.dialect, hashes: map[int64]string{}}
	ready := fstest.MapFS{}
	for _, f := range files {
		text, err := fs.ReadFile(s.Files, f)
		if err != nil {
			return err
		}
		number, _, _ := strings.Cut(path.Base(f), "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return fmt.Errorf("%s: the name must start with a number", f)
		}
		sum := sha256.Sum256(text)
		store.hashes[v] = hex.EncodeToString(sum[:])
		ready[path.Base(f)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + db.dialect.migration(string(text)))}
	}
	if err := store.check(ctx, db.write); err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectCustom, db.write, ready, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// migration is what a file's text does on a database.
func (d Dialect) migration(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	if only, ok := strings.CutPrefix(first, "-- only:"); ok && !slices.Contains(strings.Fields(only), d.String()) {
		return "SELECT 1;"
	}
	return d.expandMacros(text)
}

// versions keeps goose's records of all rooms in one table.
type versions struct {
	room    string
	dialect Dialect
	hashes  map[int64]string // version → SHA-256 of the file in hex
}

// check compares what was applied with the files.
func (v *versions) check(ctx context.Context, d *sql.DB) error {
	if err := v.CreateVersionTable(ctx, d); err != nil {
		return err
	}
	rows, err := d.QueryContext(ctx, v.q("SELECT version, hash FROM migration WHERE room = ? AND version > 0"), v.room)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		var hash string
		if err := rows.Scan(&n, &hash); err != nil {
			return err
		}
		switch want, ok := v.hashes[n]; {
		case !ok:
			return fault.New(fault.Invalid, "The database was written by a newer version of this program. Install that version again.")
		case want != hash:
			return fmt.Errorf("file %03d has changed since it was applied", n)
		}
	}
	return rows.Err()
}

func (v *versions) q(s string) string { return v.dialect.rebind(v.dialect.expandMacros(s), nil) }

// Tablename implements database.Store.
func (v *versions) Tablename() string { return "migration" }

// CreateVersionTable implements database.Store.
func (v *versions) CreateVersionTable(ctx context.Context, c database.DBTxConn) error {
	_, err := c.ExecContext(ctx, v.q(`CREATE TABLE IF NOT EXISTS migration (room {{key}} NOT NULL, version {{id}} NOT NULL,
		hash {{key}} NOT NULL, applied {{id}} NOT NULL, PRIMARY KEY (room, version))`))
	return err
}

// TableExists implements database.StoreExtender: check has made the table.
func (v *versions) TableExists(context.Context, database.DBTxConn) (bool, error) { return true, nil }

// Insert implements database.Store.
func (v *versions) Insert(ctx context.Context, c database.DBTxConn, r database.InsertRequest) error {
	_, err := c.ExecContext(ctx, v.q("INSERT INTO migration (room, version, hash, applied) VALUES (?, ?, ?, ?)"),
		v.room, r.Version, v.hashes[r.Version], time.Now().Unix())
	return err
}

// Delete implements database.Store. We only go forward.
func (v *versions) Delete(context.Context, database.DBTxConn, int64) error {
	return errors.New("migrations are never taken back")
}

// GetMigration implements database.Store.
func (v *versions) GetMigration(ctx context.Context, c database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	var at int64
	err := c.QueryRowContext(ctx, v.q("SELECT applied FROM migration WHERE room = ? AND version = ?"), v.room, version).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, database.ErrVersionNotFound
	}
	return &database.GetMigrationResult{Timestamp: time.Unix(at, 0), IsApplied: true}, err
}

// GetLatestVersion implements database.Store.
func (v *versions) GetLatestVersion(ctx context.Context, c database.DBTxConn) (int64, error) {
	all, err := v.ListMigrations(ctx, c)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, database.ErrVersionNotFound
	}
	return all[0].Version, nil
}

// ListMigrations implements database.Store. Version 0 stands for the table
// itself, which every room finds made.
func (v *versions) ListMigrations(ctx context.Context, c database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := c.QueryContext(ctx, v.q("SELECT version FROM migration WHERE room = ?"), v.room)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []*database.ListMigrationsResult{{Version: 0, IsApplied: true}}
	for rows.Next() {
		r := &database.ListMigrationsResult{IsApplied: true}
		if err := rows.Scan(&r.Version); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *database.ListMigrationsResult) int { return cmp.Compare(b.Version, a.Version) })
	return out, rows.Err()
}
