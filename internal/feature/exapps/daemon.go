package exapps

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// Daemon is where apps come from. The only kind is the one that starts none: the apps run
// already.
type Daemon struct {
	ID       int64           `json:"id"`
	Deploy   string          `json:"accepts_deploy_id"`
	Name     string          `json:"name"`
	Display  string          `json:"display_name"`
	Protocol string          `json:"protocol"`
	Host     string          `json:"host"`
	Config   json.RawMessage `json:"deploy_config"`
}

// manual is the kind of daemon for apps that an administrator starts.
const manual = "manual-install"

var errNoDaemon = fault.New(fault.NotFound, "There is no such deploy daemon.")

func scanDaemon(r db.Row) (d Daemon, err error) {
	var settings string
	if err := r.Scan(&d.ID, &settings); err != nil {
		return d, err
	}
	id := d.ID
	err = json.Unmarshal([]byte(settings), &d)
	d.ID = id
	return d, err
}

func daemonNamed(ctx context.Context, d *db.DB, name string) (Daemon, error) {
	one, err := db.One(ctx, d, scanDaemon, "SELECT id, settings FROM exapps_daemon WHERE name = ?", name)
	if errors.Is(err, fault.NotFound) {
		err = errNoDaemon
	}
	return one, err
}

// Daemons are all daemons by their names.
func (rm *Room) Daemons(ctx context.Context) ([]Daemon, error) {
	return db.List(ctx, rm.db, scanDaemon, "SELECT id, settings FROM exapps_daemon ORDER BY name")
}

// AddDaemon keeps a daemon, and gives it its id.
func (rm *Room) AddDaemon(ctx context.Context, d *Daemon) (err error) {
	switch {
	case !appIDs.MatchString(d.Name):
		return fault.New(fault.Invalid, "The name of a daemon is up to 32 lower-case letters, digits, _ and -.")
	case d.Deploy != manual:
		return fault.New(fault.Invalid, "Only daemons of the kind manual-install are supported: this server starts no containers.")
	case d.Protocol != "http" && d.Protocol != "https":
		return fault.New(fault.Invalid, "The protocol of a daemon is http or https.")
	case len(d.Display) > 200 || len(d.Host) > 255 || len(d.Config) > 10_000:
		return fault.New(fault.Invalid, "What is said of the daemon is too long.")
	}
	if len(d.Config) == 0 {
		d.Config = json.RawMessage("{}")
	}
	if d.ID, err = rm.db.ID(ctx); err != nil {
		return err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO exapps_daemon (name, id, settings) VALUES (?, ?, ?)", d.Name, d.ID, string(text))
	if errors.Is(err, fault.Exists) {
		return fault.New(fault.Exists, "There is a daemon of this name already.")
	}
	return err
}

// RemoveDaemon forgets a daemon that no app uses.
func (rm *Room) RemoveDaemon(ctx context.Context, name string) (gone Daemon, err error) {
	return gone, rm.db.Tx(ctx, func(tx *db.DB) error {
		if gone, err = daemonNamed(ctx, tx, name); err != nil {
			return err
		}
		n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM exapps_app WHERE daemon = ?", name)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "External apps use this daemon. Unregister them first.")
		}
		_, err = tx.Exec(ctx, "DELETE FROM exapps_daemon WHERE name = ?", name)
		return err
	})
}

// listDaemons answers GET /apps/app_api/daemons (34-apps/342, 345).
func (rm *Room) listDaemons(w http.ResponseWriter, r *http.Request) error {
	all, err := rm.Daemons(r.Context())
	if err != nil {
		return err
	}
	used := map[string]int{}
	for name, err := range db.All(r.Context(), rm.db, db.Scan1[string], "SELECT daemon FROM exapps_app") {
		if err != nil {
			return err
		}
		used[name]++
	}
	type counted struct {
		Daemon
		Apps int `json:"exAppsCount"`
	}
	out := []counted{}
	for _, d := range all {
		out = append(out, counted{d, used[d.Name]})
	}
	web.WriteJSON(w, http.StatusOK, map[string]any{"daemons": out, "default_daemon_config": ""})
	return nil
}

// createDaemon answers POST /apps/app_api/daemons (34-apps/343).
func (rm *Room) createDaemon(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Params Daemon `json:"daemonConfigParams"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	if err := rm.AddDaemon(r.Context(), &in.Params); err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, map[string]any{"success": true, "daemonConfig": in.Params})
	return nil
}

// deleteDaemon answers DELETE /apps/app_api/daemons/{name} (34-apps/381).
func (rm *Room) deleteDaemon(w http.ResponseWriter, r *http.Request) error {
	gone, err := rm.RemoveDaemon(r.Context(), web.Param(r, "name"))
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, map[string]any{"success": true, "daemonConfig": gone})
	return nil
}
