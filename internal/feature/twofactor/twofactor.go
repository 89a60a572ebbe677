// Package twofactor is what people show besides their password: codes of an
// authenticator app, security keys and passkeys, backup codes, and one-time codes
// that administrators make. It keeps these factors, knows who must have one, and
// leads browsers from the password to an open session. Sessions themselves, and
// the login page, are the room signin's.
//
// A password alone opens nothing once an account needs a second factor: identity
// refuses it where programs send it, and a browser gets a session that opens only
// the pages of this room. Programs use app passwords, as before.
package twofactor

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

//go:embed pages/*.html assets/*
var files embed.FS

// Schema holds the tables of the factors, of spent challenges, and of the sessions
// that were opened with a second factor.
var Schema = db.Schema{Room: "twofactor", Files: schema}

// Provider is a kind of second factor. A wrong answer is fault.Denied. What a
// provider forgets or is given changes who needs a second factor: it voids the
// directory, and tells of it (Room.gained, Room.lost).
type Provider interface {
	About() About
	// Has tells whether an account can be asked for this factor.
	Has(ctx context.Context, uid string) (bool, error)
	// Ask makes the challenge that the page shows.
	Ask(ctx context.Context, by Caller) (Question, error)
	// Verify checks the answer to a challenge; each answer is good once.
	Verify(ctx context.Context, by Caller, answer string) error
	// Forget takes the factor from an account.
	Forget(ctx context.Context, uid string) error
}

// Learner is a Provider that somebody can set up who has yet to log in.
type Learner interface {
	Provider
	// Offer begins to set the factor up.
	Offer(ctx context.Context, by Caller) (Question, error)
	// Learn ends it. A wrong answer is fault.Denied, and changes nothing.
	Learn(ctx context.Context, by Caller, answer string) error
}

// About is what does not change of a Provider.
type About struct {
	ID     string // in addresses and commands, such as "totp"
	Name   string // for people
	Invite string // what to do, as a short sentence
	// Rescue says that the factor is a way out when another one is lost. It makes no
	// second factor necessary.
	Rescue bool
	// Typed says that people type the answer, so that it can be guessed.
	Typed bool
}

// Caller is who is asked, and at which public address.
type Caller struct {
	UID  string
	Base string // such as https://cloud.example
}

// Question is what a page needs to ask for a factor, or to set one up.
type Question struct {
	Digits  int    // how many, when the answer is a number that is typed
	Secret  string // to type into an app
	Link    string // the same as an otpauth URL
	QR      []byte // the same as an SVG picture
	Options []byte // of navigator.credentials, as JSON
	Ticket  string // goes with the answer to Options
}

// Sessions is what the room of the login does for this one.
type Sessions interface {
	// Half is the session of a browser that has shown its password only.
	Half(r *http.Request) (*identity.Token, error)
	// Finish makes a whole session of it, once, and returns its token.
	Finish(w http.ResponseWriter, r *http.Request, half *identity.Token) (int64, error)
	// Open begins a session without a half one.
	Open(w http.ResponseWriter, r *http.Request, u *identity.User) (int64, error)
	// Land is where to send people after login who wanted to go to an address.
	Land(to string) string
}

// Room is the second factors.
type Room struct {
	Now func() time.Time
	Log *slog.Logger

	db        *db.DB
	dir       *identity.Directory
	box       *seal.Box
	settings  *settings.Store
	in        Sessions
	pages     map[string]*web.Template
	providers []Provider
	guesses   *throttle
	script    string // the address of keys.js
	style     string // that of pages.css

	mu     sync.Mutex
	policy Policy // as it was at policyAt
	read   time.Time
	passed map[int64]struct{} // sessions known to have shown a second factor
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, box *seal.Box, s *settings.Store, in Sessions) (*Room, error) {
	rm := &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), db: d, dir: dir, box: box, settings: s, in: in,
		pages: map[string]*web.Template{}, guesses: newThrottle(d), passed: map[int64]struct{}{}}
	frame, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"challenge", "choose", "setup", "codes"} {
		if rm.pages[name], err = frame.Parse(files, "pages/"+name+".html"); err != nil {
			return nil, err
		}
	}
	if rm.script, err = assetAddress(scriptName); err != nil {
		return nil, err
	}
	if rm.style, err = assetAddress(styleName); err != nil {
		return nil, err
	}
	rm.providers = []Provider{totp{rm}, keys{rm}, codes{rm, backup}, codes{rm, oneTime}}
	return rm, nil
}

// Add makes a further provider known. It is called at start only.
func (rm *Room) Add(p Provider) { rm.providers = append(rm.providers, p) }

// provider finds a provider by its id.
func (rm *Room) provider(id string) (Provider, error) {
	for _, p := range rm.providers {
		if p.About().ID == id {
			return p, nil
		}
	}
	return nil, fault.New(fault.NotFound, "There is no such second factor.")
}

// state tells which providers an account has, by id.
func (rm *Room) state(ctx context.Context, uid string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, p := range rm.providers {
		has, err := p.Has(ctx, uid)
		if err != nil {
			return nil, err
		}
		out[p.About().ID] = has
	}
	return out, nil
}

// has tells whether an account has a factor that is no mere way out.
func (rm *Room) has(ctx context.Context, uid string) (bool, error) {
	for _, p := range rm.providers {
		if p.About().Rescue {
			continue
		}
		if has, err := p.Has(ctx, uid); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// Needed implements identity.Directory.Second.
func (rm *Room) Needed(ctx context.Context, u *identity.User, groups []string) (bool, error) {
	p, err := rm.Policy(ctx)
	if err != nil {
		return false, err
	}
	if p.Demands(groups) {
		return true, nil
	}
	return rm.has(ctx, u.ID)
}

// gained tells in the transaction that an account has a factor more. Who did it is
// the person, unless the request says that somebody else did.
func (rm *Room) gained(ctx context.Context, tx *db.DB, uid, factor string) error {
	return rm.changed(ctx, tx, event.AccountChanged{UID: uid, What: event.SecondFactorOn, Detail: factor, Actor: uid})
}

// lost tells in the transaction that an account has a factor less.
func (rm *Room) lost(ctx context.Context, tx *db.DB, uid, factor string) error {
	return rm.changed(ctx, tx, event.AccountChanged{UID: uid, What: event.SecondFactorOff, Detail: factor})
}

func (rm *Room) changed(ctx context.Context, tx *db.DB, ev event.AccountChanged) error {
	tx.AfterCommit(rm.dir.Void)
	if rm.dir.Tell == nil {
		return nil
	}
	return rm.dir.Tell(ctx, tx, ev)
}

// forget runs a statement that takes a factor from an account, and tells if there
// was one.
func (rm *Room) forget(ctx context.Context, p Provider, uid, q string, args ...any) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, q, args...)
		if err != nil || n == 0 {
			return err
		}
		return rm.lost(ctx, tx, uid, p.About().Name)
	})
}

// removed forgets all factors of an account that goes.
func (rm *Room) removed(ctx context.Context, tx *db.DB, uid string) error {
	for _, q := range []string{
		"DELETE FROM twofactor_totp WHERE uid = ?", "DELETE FROM twofactor_code WHERE uid = ?",
		"DELETE FROM twofactor_key WHERE uid = ?", "DELETE FROM twofactor_passed WHERE uid = ?",
		"DELETE FROM twofactor_guess WHERE uid = ?",
	} {
		if _, err := tx.Exec(ctx, q, uid); err != nil {
			return err
		}
	}
	return nil
}

// tidy takes the ways out from an account that has nothing left that they could
// stand for.
func (rm *Room) tidy(ctx context.Context, uid string) error {
	if has, err := rm.has(ctx, uid); has || err != nil {
		return err
	}
	return codes{rm, backup}.Forget(ctx, uid)
}

var errWrong = fault.New(fault.Denied, "This code is not right.")

// maxAnswer bounds what is looked at.
const maxAnswer = 64 << 10

// check has a provider check an answer, slowed down when it can be guessed.
func (rm *Room) check(ctx context.Context, p Provider, by Caller, answer string) error {
	if len(answer) > maxAnswer {
		return errWrong
	}
	if !p.About().Typed {
		return p.Verify(ctx, by, answer)
	}
	try, err := rm.guesses.enter(ctx, guess{uid: by.UID, from: web.Network(web.VisitOf(ctx).Addr), long: p.About().Rescue}, rm.Now)
	if err != nil {
		return err
	}
	err = p.Verify(ctx, by, answer)
	if lerr := try.leave(ctx, err, rm.Now()); err == nil {
		err = lerr
	}
	return err
}

// learners are the providers that can be set up at login.
func (rm *Room) learners() []Learner {
	var out []Learner
	for _, p := range rm.providers {
		if l, ok := p.(Learner); ok {
			out = append(out, l)
		}
	}
	return slices.Clip(out)
}
