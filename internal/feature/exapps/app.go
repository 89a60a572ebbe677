package exapps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps/route"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/infra/db"
)

// App is an external app as it is registered.
type App struct {
	ID      string
	Daemon  string
	Version string // the app tells of newer ones
	Enabled bool
	Seen    time.Time // when it last called; zero: never
	Settings
	Status Status

	secret      string
	former      string // good besides until formerUntil, while the secret is being changed
	formerUntil time.Time
}

// Settings are what an administrator says of an app, kept as JSON.
type Settings struct {
	Name   string        `json:"name"`
	Scheme string        `json:"scheme"` // http or https
	Host   string        `json:"host"`
	Port   int           `json:"port"`
	Signed bool          `json:"signed,omitempty"` // it speaks the signed protocol, and its secret is never sent
	System bool          `json:"system,omitempty"` // it may act for nobody where others need a person
	Scopes []string      `json:"scopes"`
	Routes []route.Route `json:"routes,omitempty"`
}

// Status is how far an app is, as clients of the OCS API see it (34-apps/359).
type Status struct {
	Deploy      int    `json:"deploy"`
	Init        int    `json:"init"`
	Action      string `json:"action"` // "init" while it starts, else ""
	Type        string `json:"type"`   // "install" or "update" while it starts, else ""
	Error       string `json:"error"`
	DeployStart int64  `json:"deploy_start_time"`
	InitStart   int64  `json:"init_start_time"`
	Missed      int    `json:"missed,omitempty"` // heartbeats in a row that an enabled app has not answered, as far as they are counted
}

// overlap is how long the former secret is good besides a new one.
const overlap = 24 * time.Hour

var (
	errNoApp   = fault.New(fault.NotFound, "There is no such external app.")
	appIDs     = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	hostNames  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`)
	versionIDs = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$`)
)

const appColumns = "app, secret, former, former_until, enabled, daemon, version, settings, status, seen"

func (rm *Room) scanApp(r db.Row) (*App, error) {
	var a App
	var secret, former, settings, status string
	var until, enabled, seen int64
	if err := r.Scan(&a.ID, &secret, &former, &until, &enabled, &a.Daemon, &a.Version, &settings, &status, &seen); err != nil {
		return nil, err
	}
	a.Enabled = enabled != 0
	if seen > 0 {
		a.Seen = time.Unix(seen, 0)
	}
	err := errors.Join(json.Unmarshal([]byte(settings), &a.Settings), json.Unmarshal([]byte(status), &a.Status), rm.open(secret, a.ID, &a.secret))
	if former != "" {
		a.formerUntil = time.Unix(until, 0)
		err = errors.Join(err, rm.open(former, a.ID, &a.former))
	}
	for i := range a.Routes {
		err = errors.Join(err, a.Routes[i].Compile())
	}
	if err != nil {
		return nil, fmt.Errorf("external app %s: %w", a.ID, err)
	}
	return &a, nil
}

func (rm *Room) open(sealed, app string, to *string) error {
	text, err := rm.box.Open(sealed, belongs(app))
	*to = string(text)
	return err
}

// belongs is what a secret is bound to where it is sealed.
func belongs(app string) string { return "exapps secret of " + app }

// App returns a registered app; fault.NotFound if there is none.
func (rm *Room) App(ctx context.Context, id string) (*App, error) {
	return rm.appIn(ctx, rm.db, id)
}

func (rm *Room) appIn(ctx context.Context, d *db.DB, id string) (*App, error) {
	a, err := db.One(ctx, d, rm.scanApp, "SELECT "+appColumns+" FROM exapps_app WHERE app = ?", id)
	if errors.Is(err, fault.NotFound) {
		return nil, errNoApp
	}
	return a, err
}

// Apps are all registered apps by their ids.
func (rm *Room) Apps(ctx context.Context) ([]*App, error) {
	return db.List(ctx, rm.db, rm.scanApp, "SELECT "+appColumns+" FROM exapps_app ORDER BY app")
}

// Register keeps a new app, which is not enabled yet, and has it started.
func (rm *Room) Register(ctx context.Context, a *App) error {
	if err := a.check(); err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := daemonNamed(ctx, tx, a.Daemon); err != nil {
			return err
		}
		a.Status = rm.starting("install")
		settings, status, err := a.texts()
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO exapps_app ("+appColumns+") VALUES (?, ?, '', 0, 0, ?, ?, ?, ?, 0)",
			a.ID, rm.box.Seal([]byte(a.secret), belongs(a.ID)), a.Daemon, a.Version, settings, status)
		if errors.Is(err, fault.Exists) {
			return fault.New(fault.Exists, "The external app {app} is registered already.", "app", a.ID)
		}
		if err != nil {
			return err
		}
		if err := rm.agree(ctx, tx, a); err != nil {
			return err
		}
		return rm.start.Add(ctx, tx, begin{a.ID, rm.Now().Add(startWithin).Unix()})
	})
}

// agree lets a system app act for nobody.
func (rm *Room) agree(ctx context.Context, tx *db.DB, a *App) error {
	if !a.System {
		return nil
	}
	return rm.agrees(ctx, tx, a.ID, "")
}

// Update changes a registered app to a, and has it started again. A new secret, if there
// is one, is good at once, and the former one for another day.
func (rm *Room) Update(ctx context.Context, a *App) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		was, err := rm.appIn(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		former, until := "", int64(0)
		switch {
		case a.secret == "":
			a.secret = was.secret
		case a.secret != was.secret:
			former, until = rm.box.Seal([]byte(was.secret), belongs(a.ID)), rm.Now().Add(overlap).Unix()
		}
		if err := a.check(); err != nil {
			return err
		}
		a.Status = rm.starting("update")
		settings, status, err := a.texts()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE exapps_app SET secret = ?, former = ?, former_until = ?, version = ?, settings = ?, status = ? WHERE app = ?",
			rm.box.Seal([]byte(a.secret), belongs(a.ID)), former, until, a.Version, settings, status, a.ID); err != nil {
			return err
		}
		if err := rm.agree(ctx, tx, a); err != nil {
			return err
		}
		return rm.start.Add(ctx, tx, begin{a.ID, rm.Now().Add(startWithin).Unix()})
	})
}

// Unregister forgets an app. What it kept goes too, unless keep says otherwise.
func (rm *Room) Unregister(ctx context.Context, id string, keep Keep) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM exapps_app WHERE app = ?", id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoApp
		}
		if keep == Nothing {
			if _, err := tx.Exec(ctx, "DELETE FROM exapps_config WHERE app = ?", id); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "DELETE FROM exapps_user WHERE app = ?", id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM exapps_part WHERE app = ?", id)
		return err
	})
}

// Keep is what stays of an app that is unregistered.
type Keep uint8

// What may stay.
const (
	Nothing  Keep = iota
	ItsPairs      // its configuration and preferences
)

// set changes one column of an app.
func (rm *Room) set(ctx context.Context, id, q string, args ...any) error {
	n, err := rm.db.Exec(ctx, q, append(args, id)...)
	if err == nil && n == 0 {
		_, err = rm.App(ctx, id) // MariaDB counts changed rows only
	}
	return err
}

func (rm *Room) setEnabled(ctx context.Context, id string, to int64) error {
	return rm.set(ctx, id, "UPDATE exapps_app SET enabled = ? WHERE app = ?", to)
}

func (rm *Room) setStatus(ctx context.Context, id string, s Status) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return rm.set(ctx, id, "UPDATE exapps_app SET status = ? WHERE app = ?", string(text))
}

func (a *App) texts() (settings, status string, err error) {
	s, err1 := json.Marshal(a.Settings)
	st, err2 := json.Marshal(a.Status)
	return string(s), string(st), errors.Join(err1, err2)
}

// check holds an app to what can be kept and called.
func (a *App) check() error {
	switch {
	case !appIDs.MatchString(a.ID):
		return fault.New(fault.Invalid, "The id of an external app is up to 32 lower-case letters, digits, _ and -.")
	case !versionIDs.MatchString(a.Version):
		return fault.New(fault.Invalid, "The app needs a version, such as 1.0.0.")
	case a.Name == "" || len(a.Name) > 200:
		return fault.New(fault.Invalid, "The app needs a name of up to 200 letters.")
	case len(a.secret) < minSecret || len(a.secret) > 512:
		return fault.New(fault.Invalid, "The secret of the app must have from 16 to 512 letters.")
	case a.Scheme != "http" && a.Scheme != "https":
		return fault.New(fault.Invalid, "The app is reached over http or https.")
	case !hostNames.MatchString(a.Host) && net.ParseIP(a.Host) == nil:
		return fault.New(fault.Invalid, "The app needs a host: a name or an address.")
	case a.Port < 1 || a.Port > 65535:
		return fault.New(fault.Invalid, "The app needs a port from 1 to 65535.")
	case len(a.Routes) > 100:
		return fault.New(fault.Invalid, "The app has too many routes.")
	}
	for i := range a.Routes {
		if err := a.Routes[i].Compile(); err != nil {
			return err
		}
	}
	return scope.Check(a.Scopes)
}

// minSecret is short for one that is to be random, so that secrets made elsewhere fit.
const minSecret = 16

// address is where the app listens.
func (a *App) address() *url.URL {
	return &url.URL{Scheme: a.Scheme, Host: net.JoinHostPort(a.Host, strconv.Itoa(a.Port))}
}

// secrets are the secrets that are good now.
func (a *App) secrets(now time.Time) []string {
	if a.former != "" && now.Before(a.formerUntil) {
		return []string{a.secret, a.former}
	}
	return []string{a.secret}
}

// shown is an app as administrators see it (34-apps/359, 360).
type shown struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Enabled bool   `json:"enabled"`
	Status  Status `json:"status"`
}

func (a *App) show() shown { return shown{a.ID, a.Name, a.Version, a.Enabled, a.Told()} }

// Told is how far the app is, and whether it has fallen silent, as administrators see it.
func (a *App) Told() Status {
	s := a.Status
	if a.Silent() {
		s.Error = "The app does not answer /heartbeat."
	}
	return s
}
