package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/switches"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/feature/activity"
	"atrium/internal/feature/audit"
	"atrium/internal/feature/cloud"
	"atrium/internal/feature/davfiles"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/listen"
	"atrium/internal/feature/exapps/tasks"
	named "atrium/internal/feature/homes"
	"atrium/internal/feature/kerberos"
	"atrium/internal/feature/ldap"
	"atrium/internal/feature/links"
	"atrium/internal/feature/media"
	"atrium/internal/feature/monitor"
	"atrium/internal/feature/notify"
	"atrium/internal/feature/oauth2"
	"atrium/internal/feature/oidc"
	"atrium/internal/feature/origins"
	"atrium/internal/feature/passwords"
	"atrium/internal/feature/preferences"
	"atrium/internal/feature/profile"
	"atrium/internal/feature/push"
	"atrium/internal/feature/readable"
	"atrium/internal/feature/rewind"
	"atrium/internal/feature/roles"
	"atrium/internal/feature/saml"
	"atrium/internal/feature/scim"
	"atrium/internal/feature/search"
	"atrium/internal/feature/setup"
	"atrium/internal/feature/sharemail"
	"atrium/internal/feature/shares"
	"atrium/internal/feature/shares/sharees"
	"atrium/internal/feature/signin"
	"atrium/internal/feature/status"
	"atrium/internal/feature/theming"
	"atrium/internal/feature/transfer"
	"atrium/internal/feature/trash"
	"atrium/internal/feature/twofactor"
	"atrium/internal/feature/versions"
	"atrium/internal/feature/webhooks"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/lock"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/lock/sqlock"
	"atrium/internal/infra/logs"
	"atrium/internal/infra/mail"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// Version is the Nextcloud server whose protocols we speak, as clients read it.
const Version = "32.0.1"

// house is everything that the server and the commands stand on.
type house struct {
	conf     conf.Config
	log      *slog.Logger
	recent   *logs.Recent // what was logged lately
	env      *env
	db       *db.DB
	depot    *depot
	settings *settings.Store
	tree     *tree.Tree
	content  *content.Store
	files    *files.Service
	people   *identity.Directory
	hashes   *seal.Passwords
	mail     *mail.Sender
	bus      *bus.Bus
	lock     lock.Locker
	jobs     *jobs.Queue
	shares   *shares.Room
	sharees  *sharees.Room
	visitors *links.Room
	writer   *sharemail.Room
	switches *switches.Set // of the rooms that may be switched off
	box      *seal.Box
	readable *readable.Room
	push     *push.Room
	setup    *setup.Room
	theming  *theming.Room
	origins  *origins.Room
	openid   *oidc.Room
	programs *oauth2.Room
	asserted *saml.Room
	known    *ldap.Room
	tickets  *kerberos.Room
	apps     *exapps.Room
	monitor  *monitor.Room
	instance string
	version  string
	closers  []io.Closer
}

// schemas are the tables of all rooms, in the order they are made.
var schemas = slices.Concat([]db.Schema{sqlock.Schema, bus.Schema, jobs.Schema, settings.Schema, identity.Schema, signin.Schema, oidc.Schema, oauth2.Schema, exapps.Schema, listen.Schema, tasks.Schema, saml.Schema, ldap.Schema, named.Schema, kerberos.Schema, twofactor.Schema, passwords.Schema,
	roles.Schema, audit.Schema, cloud.Schema, status.Schema, profile.Schema, preferences.Schema, tree.Schema, content.Schema, davfiles.Schema, search.Schema, push.Schema,
	shares.Schema, trash.Schema, notify.Schema, versions.Schema, rewind.Schema, media.Schema, links.Schema, activity.Schema, transfer.Schema, sharemail.Schema, theming.Schema, webhooks.Schema, scim.Schema}, onFiles)

// Schemas are the tables of all rooms, for tests that lay them out once for many servers.
func Schemas() []db.Schema { return slices.Clone(schemas) }

// open connects to the database and the store and builds what lies above them.
// A store that is not there is no error: files are then unavailable until it
// comes.
func open(ctx context.Context, c conf.Config, log *slog.Logger, version string) (*house, error) {
	h := &house{conf: c, log: log, recent: &logs.Recent{}, env: &env{version: version, errOut: io.Discard}, version: version}
	if err := h.build(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *house) build(ctx context.Context) error {
	var opts []db.Option
	if !h.conf.Durable() {
		opts = append(opts, db.Lazy)
	}
	d, err := db.Open(ctx, h.conf.DSN(), opts...)
	if err != nil {
		return err
	}
	h.db = d
	h.closers = append(h.closers, d)
	if err := db.Migrate(ctx, d, schemas...); err != nil {
		return err
	}
	h.settings = settings.New(d)
	if h.instance, err = h.settings.Instance(ctx); err != nil {
		return err
	}
	key, err := h.settings.Once(ctx, "core", "secret", func() string { return seal.EncodeKey(seal.NewKey()) })
	if err != nil {
		return err
	}
	raw, err := seal.DecodeKey(key)
	if err != nil {
		return fmt.Errorf("the instance's key: %w", err)
	}
	if h.box, err = seal.New(raw); err != nil {
		return err
	}
	return h.buildFiles(ctx)
}

// buildFiles builds what keeps files and people.
func (h *house) buildFiles(ctx context.Context) error {
	d := h.db
	h.depot = &depot{dir: filepath.Join(h.conf.Data, blobsName), durable: h.conf.Durable(), settings: h.settings}
	h.closers = append(h.closers, h.depot)
	if err := h.depot.find(ctx); err != nil {
		h.log.Error("the store is not there; files are unavailable until it is", "folder", h.depot.dir, "error", err)
	}
	h.lock = chooseLock(d)
	h.assemble()
	if d.Dialect() != db.SQLite { // what other nodes publish shall be pushed within a second
		h.bus.Poll = time.Second / 4
	}
	return nil
}

// assemble builds what lies above the database and the store, and touches
// neither.
func (h *house) assemble() {
	d := h.db
	h.switches = &switches.Set{}
	h.bus = bus.New(d, h.lock)
	h.bus.Log, h.bus.Switches = h.log, h.switches
	h.jobs = jobs.New(d)
	h.jobs.Switches = h.switches
	h.tree = tree.New(d)
	h.content = content.New(d, h.depot)
	h.files = files.New(d, h.tree, h.content, h.publish)
	h.files.Quota = quota(h.conf.Quota.Default)
	h.files.RefuseCaseClash = h.conf.Names.CaseClash == "refuse"
	h.hashes = seal.NewPasswords()
	h.people = identity.New(d, h.box, h.hashes)
	h.people.OnRemoved(h.files.DropHome)
	l := h.conf.Limits
	h.people.SlowGuesses(throttle.Guessing{First: l.LoginDelay, Most: l.LoginDelayMax, Free: l.LoginFree})
	h.people.Tell = h.tell
	h.mail = mail.New(mailServer(h.conf.Mail), h.box)
	h.mail.Log = h.log
	h.theming = theming.New(d, h.settings)
	h.origins = origins.New(h.settings)
	h.mail.Brand = h.theming.Brand
}

// publish tells the rooms of a fact, in the transaction that made it true.
func (h *house) publish(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error {
	return h.bus.Publish(ctx, tx, ev)
}

// tell publishes what happens to an account, with who did it, as far as a request
// did.
func (h *house) tell(ctx context.Context, tx *db.DB, ev event.AccountChanged) error {
	if p := who.From(ctx); p != nil {
		ev.Actor = p.ID
	}
	if v := web.VisitOf(ctx); v.Addr.IsValid() {
		ev.Addr, ev.Agent = v.Addr.String(), v.Agent
	}
	return h.bus.Publish(ctx, tx, ev)
}

func mailServer(m conf.Mail) mail.Config {
	return mail.Config{Host: m.Host, Port: m.Port, Security: m.Security, User: m.User, Password: m.Password, From: m.From, Name: m.Name}
}

// chooseLock: SQLite means one node, so that leases need no table.
func chooseLock(d *db.DB) lock.Locker {
	if d.Dialect() == db.SQLite {
		return mem.New()
	}
	return sqlock.New(d)
}

func quota(s conf.Size) int64 {
	if s < 0 {
		return tree.NoQuota
	}
	return int64(s)
}

// Close closes what open opened, last first.
func (h *house) Close() (err error) {
	for i := len(h.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, h.closers[i].Close())
	}
	return err
}

// firstAccount makes the administrator of a new instance if the configuration
// has a password for one, and returns the name. An instance with accounts is left
// alone, and one without a password waits for its set-up.
func (h *house) firstAccount(ctx context.Context) (name string, err error) {
	if all, _, err := h.people.CountUsers(ctx); err != nil || all > 0 || h.conf.Admin.Password == "" {
		return "", err
	}
	_, err = h.people.Create(ctx, identity.NewUser{ID: h.conf.Admin.User, Password: h.conf.Admin.Password, Unjudged: true, Groups: []string{identity.AdminGroup}})
	if errors.Is(err, fault.Exists) { // another node was faster
		return "", nil
	}
	return h.conf.Admin.User, err
}

// ready tells whether requests can be served: nil, or what is missing.
func (h *house) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return errors.Join(h.db.Ping(ctx), h.depot.Alive(ctx))
}
