// Package preferences keeps what people choose for themselves in the web client,
// so that every browser of theirs follows: how it looks, and what it need not tell
// them again. It knows which choices there are, and not what they do.
package preferences

import (
	"context"
	"embed"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table preference.
var Schema = db.Schema{Room: "preferences", Files: schema}

// WebUI is the app whose preferences are the web client's.
const WebUI = "webui"

// choices are what may be chosen, by app and name; the first is what holds unless
// somebody chooses.
var choices = map[string]map[string][]string{
	WebUI: {
		"theme":     {"auto", "light", "dark"},
		"contrast":  {"auto", "more"},
		"density":   {"wide", "tight"},
		"motion":    {"auto", "less"},
		"size":      {"100", "90", "112", "125", "150"}, // percent
		"underline": {"no", "yes"},
		"letters":   {"on", "off"}, // keys of one letter
		"tour":      {"due", "done"},
		"role":      {"view", "edit"},                  // of who gets a new share
		"expiry":    {"never", "7", "30", "90", "365"}, // of a new share, in days
	},
}

// Room keeps preferences.
type Room struct{ db *db.DB }

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory) *Room {
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM preference WHERE uid = ?", uid)
		return err
	})
	return &Room{d}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	ocs.Handle(b.OCS, "GET /apps/provisioning_api/api/v1/config/users/{app}", web.User, rm.list)
}

// list tells the caller's preferences of an app by name, those included that
// nobody has chosen.
func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	app := r.Path("app")
	names := choices[app]
	if names == nil {
		return nil, fault.New(fault.NotFound, "There is nothing to choose for this app.")
	}
	chosen, err := rm.Of(ctx, r.Caller().ID, app)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name, values := range names {
		if out[name] = values[0]; chosen[name] != "" {
			out[name] = chosen[name]
		}
	}
	return out, nil
}

// Of returns what an account has chosen for an app, by name.
func (rm *Room) Of(ctx context.Context, uid, app string) (map[string]string, error) {
	out := map[string]string{}
	type row struct{ name, value string }
	for v, err := range db.All(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.name, &v.value) },
		"SELECT name, value FROM preference WHERE uid = ? AND app = ?", uid, app) {
		if err != nil {
			return nil, err
		}
		out[v.name] = v.value
	}
	return out, nil
}

// Choose keeps what an account has chosen; what there is no such choice of is
// fault.Invalid.
func (rm *Room) Choose(ctx context.Context, uid, app, name, value string) error {
	if !slices.Contains(choices[app][name], value) {
		return fault.New(fault.Invalid, "There is no such choice.")
	}
	_, err := rm.db.Exec(ctx, "INSERT INTO preference (uid, app, name, value) VALUES (?, ?, ?, ?) {{on uid,app,name set value}}", uid, app, name, value)
	return err
}

// Forget goes back to what holds without a choice.
func (rm *Room) Forget(ctx context.Context, uid, app, name string) error {
	if choices[app][name] == nil {
		return fault.New(fault.Invalid, "There is no such choice.")
	}
	_, err := rm.db.Exec(ctx, "DELETE FROM preference WHERE uid = ? AND app = ? AND name = ?", uid, app, name)
	return err
}
