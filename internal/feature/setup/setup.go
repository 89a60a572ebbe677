// Package setup is the first run: on an instance without accounts it lets whoever
// runs the server name it and make the first administrator in a browser. A code
// that is printed at start is the key; it opens nothing once there is an account.
// It keeps the code, and knows nothing of what comes after.
package setup

import (
	"context"
	"crypto/subtle"
	"embed"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/lock"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed pages/*.html
var pageFiles embed.FS

const (
	app      = "setup" // of the setting that holds the code
	codeName = "code"
	leased   = 30 * time.Second

	// Address is where the set-up begins.
	Address = "/setup"
)

// Fact is something about the server that the configuration says.
type Fact struct {
	Name, Value string
	From        string // where the value comes from
	Change      string // how it is changed
}

// Room is the first run.
type Room struct {
	// Facts are shown at the end. It is set before Plug.
	Facts func(ctx context.Context) ([]Fact, error)
	// Enter begins a session of an account in the browser that sent r. It is set
	// before Plug.
	Enter func(w http.ResponseWriter, r *http.Request, u *identity.User) (int64, error)

	dir      *identity.Directory
	settings *settings.Store
	lock     lock.Locker
	over     atomic.Bool // there is an account, and there will be one
	pages    map[string]*web.Template
}

// New returns the room. It touches none of what it is given.
func New(dir *identity.Directory, s *settings.Store, l lock.Locker) (*Room, error) {
	frame, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{dir: dir, settings: s, lock: l, pages: map[string]*web.Template{}}
	for _, name := range []string{"code", "name", "account", "storage"} {
		if rm.pages[name], err = frame.Parse(pageFiles, "pages/steps.html", "pages/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return rm, nil
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	m := b.Web
	m.Handle("GET", Address, web.Anyone, rm.show)
	m.Handle("POST", "/setup/code", web.Anyone|web.NoCSRF, rm.begin, web.PerMinute(30))
	m.Handle("POST", "/setup/name", web.Anyone|web.NoCSRF, rm.guarded(rm.name), web.PerMinute(30))
	m.Handle("POST", "/setup/account", web.Anyone|web.NoCSRF, rm.guarded(rm.account), web.PerMinute(30))
	m.Handle("GET", "/setup/storage", web.Admin|web.Page, rm.storage)
}

// Open tells the code with which an instance without accounts is set up, the same
// on every node and after every start; "" when there is an account.
func (rm *Room) Open(ctx context.Context) (code string, err error) {
	needed, err := rm.Needed(ctx)
	if err != nil {
		return "", err
	}
	if !needed {
		if err := rm.settings.Delete(ctx, app, codeName); err != nil && !errors.Is(err, fault.NotFound) {
			return "", err
		}
		return "", nil
	}
	return rm.settings.Once(ctx, app, codeName, func() string { return seal.Token(32) })
}

// Needed tells whether nobody has an account yet.
func (rm *Room) Needed(ctx context.Context) (bool, error) {
	if rm.over.Load() {
		return false, nil
	}
	all, _, err := rm.dir.CountUsers(ctx)
	if err == nil && all > 0 {
		rm.over.Store(true)
	}
	return all == 0, err
}

// First is where to send people who come to sign in, "" for the login page.
func (rm *Room) First(ctx context.Context) (string, error) {
	needed, err := rm.Needed(ctx)
	if err != nil || !needed {
		return "", err
	}
	return Address, nil
}

// guessed is what the list of guesses calls the code. It can be no account's id.
const guessed = "setup/code"

// check tells whether a code is the one: fault.Anonymous if not, fault.Busy after
// too many wrong ones.
func (rm *Room) check(ctx context.Context, code string, from netip.Prefix) error {
	return rm.dir.Try(ctx, guessed, code, "", from, func(ctx context.Context) error {
		want, err := rm.settings.Get(ctx, app, codeName)
		if errors.Is(err, fault.NotFound) || err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) != 1 {
			return fault.New(fault.Anonymous, "This code is wrong.")
		}
		return err
	})
}

// found makes the first administrator. Of two who come at once the second is
// fault.Exists, whatever name it chose.
func (rm *Room) found(ctx context.Context, n identity.NewUser) error {
	held, release, err := rm.lock.Lock(ctx, "setup", leased)
	if err != nil {
		return err
	}
	defer release()
	needed, err := rm.Needed(held)
	if err != nil {
		return err
	}
	if !needed {
		return fault.New(fault.Exists, "This server is set up already.")
	}
	n.Groups = []string{identity.AdminGroup}
	if _, err := rm.dir.Create(held, n); err != nil {
		return err
	}
	rm.over.Store(true)
	if err := rm.settings.Delete(held, app, codeName); err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// Link is the whole address with the code, for the log.
func Link(base, code string) string { return base + Address + "?code=" + url.QueryEscape(code) }

// instanceName is what the server is called; ours until somebody names it.
func (rm *Room) instanceName(ctx context.Context) (string, error) {
	return rm.settings.Default(ctx, "theming", "name", web.Product)
}

// maxName is how long a name may be, in bytes: it stands in title bars and mails.
const maxName = 100

func goodName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}
