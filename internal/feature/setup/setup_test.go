package setup

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/lock/sqlock"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const good = "four words nobody guesses"

// rig is the room behind a real door, on a real database.
type rig struct {
	*testing.T
	dir  *identity.Directory
	room *Room
	door *web.Door
	now  time.Time
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{sqlock.Schema, settings.Schema, identity.Schema}, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0)}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return g.now }
	if g.room, err = New(g.dir, settings.New(d), sqlock.New(d)); err != nil {
		t.Fatal(err)
	}
	g.room.Enter = func(w http.ResponseWriter, _ *http.Request, u *identity.User) (int64, error) {
		http.SetCookie(w, &http.Cookie{Name: "in", Value: u.ID})
		return 1, nil
	}
	b := &plug.Board{Web: web.NewMux()}
	g.room.Plug(b)
	g.door = web.NewDoor(web.Config{}, b.Web)
	return g
}

// code is what the log shows.
func (g *rig) code() string {
	g.Helper()
	code, err := g.room.Open(g.Context())
	if err != nil {
		g.Fatal(err)
	}
	return code
}

// browser is somebody who keeps cookies.
type browser struct {
	*rig
	cookies map[string]string
}

func (g *rig) browser() *browser { return &browser{g, map[string]string{}} }

func (b *browser) do(method, target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for k, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	w := httptest.NewRecorder()
	b.door.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) leads(w *httptest.ResponseRecorder, want string) {
	b.Helper()
	if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
		b.Errorf("got %d to %q, want 303 to %q: %s", w.Code, got, want, w.Body)
	}
}

func (b *browser) says(w *httptest.ResponseRecorder, status int, want string) {
	b.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), want) {
		b.Errorf("got %d without %q, want %d with it:\n%s", w.Code, want, status, w.Body)
	}
}

func account(user, password string) url.Values {
	return url.Values{"user": {user}, "password": {password}, "again": {password}}
}

func TestASetUpFromTheLogToTheFiles(t *testing.T) {
	each(t, func(g *rig) {
		code := g.code()
		if again := g.code(); again != code || len(code) < 32 {
			t.Fatalf("the code is %q, then %q: want one of 32 letters that stays", code, again)
		}
		b := g.browser()
		b.leads(b.do("GET", Link("", code), nil), "/setup")
		b.says(b.do("GET", "/setup", nil), 200, `value="Atrium"`)
		b.says(b.do("POST", "/setup/name", url.Values{"name": {" "}}), 422, "give the server a name")
		b.leads(b.do("POST", "/setup/name", url.Values{"name": {"<Harbour>"}}), "/setup?step=account")
		b.says(b.do("GET", "/setup", nil), 200, `value="&lt;Harbour&gt;"`)
		b.says(b.do("GET", "/setup?step=account", nil), 200, "Your account")
		b.leads(b.do("POST", "/setup/account", account("olga", good)), "/setup/storage")
		if b.cookies["in"] != "olga" || b.cookies[codeCookie] != "" {
			t.Errorf("cookies are %v, want a session and no code", b.cookies)
		}
		groups, err := g.dir.GroupsOf(t.Context(), "olga")
		if err != nil || len(groups) != 1 || groups[0] != identity.AdminGroup {
			t.Errorf("groups are %v, %v; want admin", groups, err)
		}
		u, err := g.dir.User(t.Context(), "olga")
		if err != nil || u.LastLogin.IsZero() {
			t.Errorf("got %v, %v; want somebody who has signed in", u, err)
		}
		if g.code() != "" {
			t.Error("the code lives on after use")
		}
		late := g.browser()
		late.leads(late.do("GET", Link("", code), nil), "/")
		late.leads(late.do("POST", "/setup/code", url.Values{"code": {code}}), "/")
		late.leads(late.do("POST", "/setup/account", account("eve", good)), "/")
		if first, err := g.room.First(t.Context()); first != "" || err != nil {
			t.Errorf("people are sent to %q, %v; want the login page", first, err)
		}
	})
}

func TestNobodySetsUpWithoutTheCode(t *testing.T) {
	each(t, func(g *rig) {
		code := g.code()
		b := g.browser()
		b.says(b.do("GET", "/setup", nil), 200, "Code from the server")
		b.leads(b.do("GET", "/setup?code=wrong", nil), "/setup?error=wrong")
		b.leads(b.do("POST", "/setup/account", account("eve", good)), "/setup?error=wrong")
		b.cookies[codeCookie] = "forged"
		b.leads(b.do("POST", "/setup/name", url.Values{"name": {"Evil"}}), "/setup?error=wrong")
		b.cookies[codeCookie] = code // another page has the browser post
		if w := b.do("POST", "/setup/account", account("eve", good), "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusPreconditionFailed && w.Code != http.StatusForbidden {
			t.Errorf("a form of another site: got %d, want it refused", w.Code)
		}
		if needed, err := g.room.Needed(t.Context()); !needed || err != nil {
			t.Errorf("somebody got in: %v, %v", needed, err)
		}
		if name, err := g.room.instanceName(t.Context()); name != "Atrium" || err != nil {
			t.Errorf("the server is called %q, %v", name, err)
		}
	})
}

func TestGuessingTheCodeIsSlow(t *testing.T) {
	each(t, func(g *rig) {
		g.dir.SlowGuesses(throttle.Guessing{First: 1, Most: 1})
		g.code()
		b := g.browser()
		for range 20 {
			to := b.do("GET", "/setup?code="+seal.Token(8), nil).Header().Get("Location")
			if to == "/setup?error=busy" {
				return
			}
		}
		t.Error("20 wrong codes in a row were all looked at")
	})
}

func TestWhatAnAccountMustBe(t *testing.T) {
	each(t, func(g *rig) {
		g.dir.Policy = func(_ context.Context, _, password string) error {
			if len(password) < 10 {
				return fault.New(fault.Invalid, "Password needs to be at least 10 characters long.")
			}
			return nil
		}
		b := g.browser()
		b.do("GET", Link("", g.code()), nil)
		b.says(b.do("POST", "/setup/account", account("", good)), 422, "choose a login")
		b.says(b.do("POST", "/setup/account", account("olga", "")), 422, "choose a password")
		b.says(b.do("POST", "/setup/account", account("olga", "short")), 422, "at least 10 characters")
		b.says(b.do("POST", "/setup/account", account("a/b", good)), 422, `value="a/b"`)
		w := b.do("POST", "/setup/account", url.Values{"user": {"olga"}, "password": {good}, "again": {good + "!"}})
		b.says(w, 422, "differ")
		if strings.Contains(w.Body.String(), good) {
			t.Error("a password came back in the page")
		}
		b.leads(b.do("POST", "/setup/account", account("olga", good)), "/setup/storage")
	})
}

func TestTwoAtOnceMakeOneAdministrator(t *testing.T) {
	each(t, func(g *rig) {
		code := g.code()
		var all sync.WaitGroup
		for _, name := range []string{"olga", "otto", "eve", "mallory"} {
			all.Go(func() {
				b := g.browser()
				b.cookies[codeCookie] = code
				b.do("POST", "/setup/account", account(name, good))
			})
		}
		all.Wait()
		if n, _, err := g.dir.CountUsers(t.Context()); n != 1 || err != nil {
			t.Errorf("there are %d accounts, %v; want one", n, err)
		}
	})
}
