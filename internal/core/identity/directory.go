// Package identity keeps accounts, groups, and the credentials that open them:
// passwords, app passwords and browser sessions. It answers the question who
// somebody is for a login and a secret. It knows no HTTP and no files; who needs
// to act when an account comes or goes registers with OnCreated and OnRemoved.
//
// Everything a request needs to be let in is remembered for a second, so that a
// busy client costs no query and no password hash, and what is revoked is
// revoked everywhere within that second; on this node at once.
package identity

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables account, account_field, account_link, grp, grp_member
// and token.
var Schema = db.Schema{Room: "identity", Files: schema}

// Quotas that are no number of bytes.
const (
	NoQuota      = quota.None    // all room there is
	DefaultQuota = quota.Default // what the configuration says
)

// AdminGroup is the group whose members administer the server.
const AdminGroup = "admin"

// User is an account.
type User struct {
	ID         string // as in DAV paths; unique without regard to case
	Source     string // where the account comes from; "": it is kept here
	Display    string // display name, never empty
	Mail       string // may be empty; several accounts may share one
	Quota      int64  // bytes, NoQuota or DefaultQuota
	Enabled    bool
	Created    time.Time
	FirstLogin time.Time // zero: never signed in
	LastLogin  time.Time
	Language   string // such as "de"; may be empty
	Locale     string // such as "de_AT"; may be empty
	Timezone   string // such as "Europe/Vienna"; may be empty

	pass string // argon2id in PHC format; "": no password opens the account
}

// Query asks for accounts.
type Query struct {
	Search        string   // part of an id, display name or mail address; "": all
	Group         string   // members only
	Groups        []string // members of any of these only; nil: all
	Disabled      bool     // disabled accounts only
	Recent        bool     // who has signed in, last first, in place of by id
	Limit, Offset int      // 0: all, from the start
}

// Directory is all accounts there are, from our own table and from sources.
type Directory struct {
	Now func() time.Time
	// Second tells whether an account must show a second factor after its password;
	// then the password alone opens nothing but the page that asks for it. It is
	// set at start only; nil: no account must. Who changes its answer calls Void.
	Second func(ctx context.Context, u *User, groups []string) (bool, error)

	// Roles tells what an account holds by roles: named rights, and what is withheld
	// from it in the file tree. It is set at start only; nil: nothing. Who changes
	// its answer calls Void.
	Roles func(ctx context.Context, uid string, groups []string) (rights []string, withheld who.FileRight, err error)

	// Tell publishes what happens to accounts, in the transaction. It is set at
	// start only; nil: nobody is told.
	Tell func(ctx context.Context, tx *db.DB, ev event.AccountChanged) error

	// Policy tells whether an account may have a password: nil, or fault.Invalid
	// with every reason why not. It is set at start only; nil: any will do.
	Policy func(ctx context.Context, uid, password string) error

	// Lockout refuses passwords after too many wrong ones. It is set at start only.
	Lockout throttle.Lockout

	// Expired tells whether an account's password is too old to open it. It is set at
	// start only; nil: none is.
	Expired func(ctx context.Context, u *User) (bool, error)

	// Region tells in which country phone numbers are that do not say so, such as
	// "SE"; "" or nil: each must begin with a plus.
	Region func(ctx context.Context) (string, error)

	db        *db.DB
	box       *seal.Box
	pass      *seal.Passwords
	sources   []Source
	created   []Hook
	removed   []Hook
	dissolved []Hook
	quotas    []func(ctx context.Context, uid string, bytes int64) error
	hashed    []func(ctx context.Context, tx *db.DB, uid, hash string) error
	throttle  *throttle.Throttle
	flight    singleflight.Group // checks of passwords under way

	secret  []byte        // of this process, for fingerprints of credentials
	changes atomic.Uint64 // counts local changes; what was cached before one is void
	mu      sync.Mutex
	seen    map[fingerprint]*verdict
	people  map[string]*person
	names   names
	busy    map[fingerprint]refusal
	touched map[int64]use // tokens used since the last flush
}

// Hook is told in the transaction that makes or removes an account or a group.
type Hook func(ctx context.Context, tx *db.DB, uid string) error

// New returns the directory kept in d.
func New(d *db.DB, box *seal.Box, pass *seal.Passwords) *Directory {
	slow := throttle.New()
	slow.Wrong = errWrong
	return &Directory{Now: time.Now, Lockout: throttle.NoLockout{}, db: d, box: box, pass: pass, throttle: slow, secret: seal.NewKey(),
		seen: map[fingerprint]*verdict{}, people: map[string]*person{}, touched: map[int64]use{}, busy: map[fingerprint]refusal{}}
}

// AddSource asks a further source for accounts that are not ours. It is called
// at start only.
func (d *Directory) AddSource(s Source) { d.sources = append(d.sources, s) }

// OnCreated has f told of every new account, in its transaction. It is called
// at start only.
func (d *Directory) OnCreated(f Hook) { d.created = append(d.created, f) }

// OnRemoved has f told of every account that goes, in its transaction. It is
// called at start only.
func (d *Directory) OnRemoved(f Hook) { d.removed = append(d.removed, f) }

// OnGroupRemoved has f told of every group that goes, in its transaction. It is
// called at start only.
func (d *Directory) OnGroupRemoved(f Hook) { d.dissolved = append(d.dissolved, f) }

// OnQuota has f told after an account was given another quota. It is called at
// start only.
func (d *Directory) OnQuota(f func(ctx context.Context, uid string, bytes int64) error) {
	d.quotas = append(d.quotas, f)
}

// newQuota tells those who asked.
func (d *Directory) newQuota(ctx context.Context, uid string, bytes int64) error {
	for _, f := range d.quotas {
		if err := f(ctx, uid, bytes); err != nil {
			return fmt.Errorf("quota of %q: %w", uid, err)
		}
	}
	return nil
}

// OnPassword has f told the hash of every new password, in its transaction. It is
// called at start only.
func (d *Directory) OnPassword(f func(ctx context.Context, tx *db.DB, uid, hash string) error) {
	d.hashed = append(d.hashed, f)
}

// tell says what happened to an account.
func (d *Directory) tell(ctx context.Context, tx *db.DB, uid, what, detail string) error {
	if d.Tell == nil {
		return nil
	}
	return d.Tell(ctx, tx, event.AccountChanged{UID: uid, What: what, Detail: detail})
}

// newPassword tells those who asked of a new password; "" is none.
func (d *Directory) newPassword(ctx context.Context, tx *db.DB, uid, hash string) error {
	for _, f := range d.hashed {
		if hash == "" {
			break
		}
		if err := f(ctx, tx, uid, hash); err != nil {
			return err
		}
	}
	return nil
}

// checkPassword holds a new password to what can be kept, and to the policy.
func (d *Directory) checkPassword(ctx context.Context, uid, password string) error {
	err := checkPassword(password)
	if err == nil && d.Policy != nil {
		err = d.Policy(ctx, uid, password)
	}
	if errors.Is(err, fault.Invalid) {
		return refusedPassword{err}
	}
	return err
}

// ErrPassword is a new password that may not be; the fault inside says why.
var ErrPassword = errors.New("the password is refused")

type refusedPassword struct{ error }

func (r refusedPassword) Unwrap() []error { return []error{ErrPassword, r.error} }

func runHooks(ctx context.Context, tx *db.DB, hooks []Hook, uid string) error {
	for _, f := range hooks {
		if err := f(ctx, tx, uid); err != nil {
			return err
		}
	}
	return nil
}

// Void makes every node's next request look at the tables again: here at once,
// elsewhere within a second.
func (d *Directory) Void() { d.changes.Add(1) }

// tx runs f in a transaction and voids what is cached once it is durable.
func (d *Directory) tx(ctx context.Context, f func(tx *db.DB) error) error {
	return d.db.Tx(ctx, func(tx *db.DB) error {
		if err := f(tx); err != nil {
			return err
		}
		tx.AfterCommit(d.Void)
		return nil
	})
}

// Run writes down when credentials were last used, and forgets what is old,
// once a minute until ctx ends and once more at the end.
func (d *Directory) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return d.Flush(context.WithoutCancel(ctx))
		case <-tick.C:
			if err := d.Flush(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			d.sweep()
		}
	}
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromUnix(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
