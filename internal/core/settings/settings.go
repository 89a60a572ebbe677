// Package settings keeps small values that admins and rooms change at run time,
// by app and name: what config:app:set writes, and the ids of this instance. It
// does not know what a value means.
package settings

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table setting.
var Schema = db.Schema{Room: "settings", Files: schema}

// Store reads and writes settings.
type Store struct {
	Now func() time.Time

	db     *db.DB
	mu     sync.Mutex
	recent map[string]snapshot
}

// snapshot is the settings of one app as they were.
type snapshot struct {
	values map[string]string
	at     time.Time
}

// New returns the settings in d.
func New(d *db.DB) *Store { return &Store{Now: time.Now, db: d, recent: map[string]snapshot{}} }

// Setting is one value.
type Setting struct{ App, Name, Value string }

// Get returns a value, fault.NotFound when it is not set.
func (s *Store) Get(ctx context.Context, app, name string) (string, error) {
	v, err := db.One(ctx, s.db, db.Scan1[string], "SELECT value FROM setting WHERE app = ? AND name = ?", app, name)
	if err != nil {
		return "", fmt.Errorf("setting %s/%s: %w", app, name, err)
	}
	return v, nil
}

// Default returns a value, or def when it is not set.
func (s *Store) Default(ctx context.Context, app, name, def string) (string, error) {
	v, err := s.Get(ctx, app, name)
	if errors.Is(err, fault.NotFound) {
		return def, nil
	}
	return v, err
}

// Set writes a value.
func (s *Store) Set(ctx context.Context, app, name, value string) error {
	_, err := s.db.Exec(ctx, "INSERT INTO setting (app, name, value) VALUES (?, ?, ?) {{on app,name set value}}", app, name, value)
	s.forget(app)
	return err
}

// Delete removes a value; a missing one is fault.NotFound.
func (s *Store) Delete(ctx context.Context, app, name string) error {
	n, err := s.db.Exec(ctx, "DELETE FROM setting WHERE app = ? AND name = ?", app, name)
	s.forget(app)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "This setting is not set.")
	}
	return err
}

// All yields every setting, of one app unless app is "".
func (s *Store) All(ctx context.Context, app string) iter.Seq2[Setting, error] {
	return db.All(ctx, s.db, func(r db.Row) (v Setting, err error) { return v, r.Scan(&v.App, &v.Name, &v.Value) },
		"SELECT app, name, value FROM setting WHERE app = ? OR ? = '' ORDER BY app, name", app, app)
}

// recently is how long Recent believes what it read. It bounds how late another
// node notices a change.
const recently = time.Second

// Recent returns the settings of an app by name, as they were at most a second ago,
// for those who ask with every request. The map is not to be changed.
func (s *Store) Recent(ctx context.Context, app string) (map[string]string, error) {
	now := s.Now()
	s.mu.Lock()
	last, ok := s.recent[app]
	s.mu.Unlock()
	if age := now.Sub(last.at); ok && age >= 0 && age < recently {
		return last.values, nil
	}
	values := map[string]string{}
	for v, err := range s.All(ctx, app) {
		if err != nil {
			return nil, err
		}
		values[v.Name] = v.Value
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recent[app] = snapshot{values, now}
	return values, nil
}

func (s *Store) forget(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.recent, app)
}

// Named yields the settings of one name, of all apps.
func (s *Store) Named(ctx context.Context, name string) iter.Seq2[Setting, error] {
	return db.All(ctx, s.db, func(r db.Row) (v Setting, err error) { return v, r.Scan(&v.App, &v.Name, &v.Value) },
		"SELECT app, name, value FROM setting WHERE name = ? ORDER BY app", name)
}

// Once returns a value that is made on the first call and then stays.
func (s *Store) Once(ctx context.Context, app, name string, value func() string) (string, error) {
	if _, err := s.db.Exec(ctx, "INSERT INTO setting (app, name, value) VALUES (?, ?, ?) {{on app,name ignore}}", app, name, value()); err != nil {
		return "", err
	}
	return s.Get(ctx, app, name)
}

// Instance is the id of this installation, part of oc:id and the name of the
// session cookie: "oc" and ten letters or digits.
func (s *Store) Instance(ctx context.Context) (string, error) {
	return s.Once(ctx, "core", "instanceid", func() string { return "oc" + strings.ToLower(rand.Text()[:10]) })
}
