package signin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/web/webtest"
)

// The recorded exchanges in their order; each finds the state that those before
// it left, as it was when they were recorded.
func TestRecordedExchanges(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	app := ""
	for _, e := range webtest.Load(t, "testdata") {
		if len(e.As) == 2 {
			secret := map[string]string{"app": app, "password": ottoPassword, "wrong": "wrong"}[e.As[1]]
			e.Request.SetBasicAuth(e.As[0], secret)
		}
		if strings.Contains(e.Name, "wipe-check-yes") { // 183 and 184 speak of a marked device
			g.markForWipe("5HJYt-gsLHR-yR4Cx-K5SiM-GrqNq")
		}
		w := httptest.NewRecorder()
		g.door.ServeHTTP(w, e.Request)
		rules := webtest.Rules{
			Replace: []string{"http://127.0.0.1/login", "/login"},
			Loose:   []string{"apppassword", "lastLogin"},
			Headers: []string{"Content-Type"},
		}
		if e.Status == http.StatusSeeOther || e.Status == http.StatusFound {
			want, got := e.Header.Get("Location"), w.Header().Get("Location")
			want = strings.TrimPrefix(want, "http://127.0.0.1")
			if w.Code != e.Status || !strings.HasPrefix(got, want) {
				t.Errorf("%s: %d to %s, recorded %d to %s", e.Name, w.Code, got, e.Status, want)
			}
			continue
		}
		e.Compare(t, w, rules)
		if strings.Contains(w.Body.String(), "apppassword") && w.Code == 200 {
			app = decoded[struct {
				Ocs struct{ Data struct{ Apppassword string } }
			}](t, w).Ocs.Data.Apppassword
			if len(app) != 72 {
				t.Errorf("%s: an app password of %d characters", e.Name, len(app))
			}
		}
	}
	if w := g.call("GET", "/whoami", "otto", app, nil); w.Code != 401 {
		t.Errorf("the deleted app password: %d", w.Code)
	}
}

func (g *rig) markForWipe(secret string) {
	g.t.Helper()
	tok, err := g.dir.AddToken(g.t.Context(), identity.Token{UID: "olga", Kind: identity.KindApp}, secret)
	if err == nil {
		err = g.dir.AskWipe(g.t.Context(), "olga", tok.ID)
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

func TestLoginInABrowser(t *testing.T) {
	each(t, func(g *rig) {
		b := g.browser()
		if w := b.get("/whoami?x=1"); w.Header().Get("Location") != "/login?redirect_url=%2Fwhoami%3Fx%3D1" {
			t.Errorf("a stranger is sent to %q", w.Header().Get("Location"))
		}
		page := b.get("/login?redirect_url=%2Fwhoami%3Fx%3D1&user=olga")
		if page.Code != 200 || form(page.Body.String()).Get("redirect_url") != "/whoami?x=1" || strings.Contains(page.Body.String(), "<script") {
			t.Errorf("login page: %d\n%s", page.Code, page.Body)
		}
		if to := b.login("olga", "nope", "/whoami?x=1"); to != "/login?direct=1&user=olga&error=wrong&redirect_url=%2Fwhoami%3Fx%3D1" {
			t.Errorf("a wrong password leads to %s", to)
		}
		if w := b.get("/login?direct=1&user=olga&error=wrong"); !strings.Contains(w.Body.String(), "Wrong login or password") {
			t.Error("the page does not say what was wrong")
		}
		if to := b.login("olga@ORACLE.example", olgaPassword, "/whoami?x=1"); to != "/whoami?x=1" {
			t.Errorf("sent to %s", to)
		}
		if w := b.get("/whoami"); w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"olga"`) {
			t.Errorf("signed in: %d %s", w.Code, w.Body)
		}
		if w := b.get("/login"); w.Header().Get("Location") != "/apps/files/" {
			t.Errorf("login page when signed in: %v", w.Header())
		}
		if w := b.get("/logout"); w.Code != 412 {
			t.Errorf("a link on another page logs out: %d", w.Code)
		}
		token := decoded[struct{ Token string }](t, b.get("/csrftoken")).Token
		old := b.cookies[sessionCookie]
		if w := b.get("/logout?requesttoken=" + token); w.Header().Get("Location") != "/login?clear=1" || len(b.cookies) != 0 {
			t.Errorf("logout: %v, cookies left %v", w.Header(), b.cookies)
		}
		b.cookies[sessionCookie] = old
		if w := b.get("/whoami"); w.Code != 303 {
			t.Errorf("the old cookie still works: %d", w.Code)
		}
	})
}

func TestNoOpenRedirect(t *testing.T) {
	for _, to := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "javascript:alert(1)", "/a\nb", "\\/x", "/\t/evil.example", ""} {
		if got := local(to); got != "" {
			t.Errorf("local(%q) = %q", to, got)
		}
	}
	for _, to := range []string{"/apps/files/?dir=/a%20b", "/index.php/login/v2/grant?stateToken=x"} {
		if local(to) != to {
			t.Errorf("local(%q) = %q", to, local(to))
		}
	}
}

func TestCookieIsSafe(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	b := g.browser()
	b.https = true
	w := b.post("/login", url.Values{"user": {"olga"}, "password": {olgaPassword}, "remember": {"1"}})
	c := w.Result().Cookies()[0]
	if c.Name != "__Host-atrium_session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 15*24*3600 {
		t.Errorf("cookie %+v", c)
	}
	if w := b.get("/whoami"); w.Code != 200 || w.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("over https: %d", w.Code)
	}
	r := httptest.NewRequest("POST", "/login", strings.NewReader("user=olga&password="+url.QueryEscape(olgaPassword)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	if w := g.browser().do(r); w.Code != 412 {
		t.Errorf("a foreign page signs somebody in: %d", w.Code)
	}
}

type begun struct {
	Poll  struct{ Token, Endpoint string }
	Login string
}

func (g *rig) begin() begun {
	g.t.Helper()
	w := g.call("POST", "/index.php/login/v2", "", "", nil)
	b := decoded[begun](g.t, w)
	if len(b.Poll.Token) != 128 || b.Poll.Endpoint != "http://example.com/login/v2/poll" || !strings.HasPrefix(b.Login, "http://example.com/login/v2/flow/") {
		g.t.Fatalf("begin: %+v", b)
	}
	return b
}

type granted struct{ Server, LoginName, AppPassword string }

func TestLoginFlow(t *testing.T) {
	each(t, func(g *rig) {
		dev, b := g.begin(), g.browser()
		poll := func() *httptest.ResponseRecorder {
			return g.call("POST", "/login/v2/poll", "", "", url.Values{"token": {dev.Poll.Token}})
		}
		if w := poll(); w.Code != 404 || w.Body.String() != "[]" {
			t.Errorf("poll before: %d %s", w.Code, w.Body)
		}
		w := b.get(strings.TrimPrefix(dev.Login, "http://example.com"))
		if to := w.Header().Get("Location"); w.Code != 303 || to != "http://example.com/login/v2/flow?user=&direct=0" {
			t.Fatalf("%d to %s", w.Code, to)
		}
		page := b.get("/login/v2/flow?user=&direct=0").Body.String()
		if !strings.Contains(page, "mirall/3.16.0git") {
			t.Errorf("the device is not named:\n%s", page)
		}
		state := form(page).Get("stateToken")
		grant := "/login/v2/grant?stateToken=" + state
		to := b.get(grant).Header().Get("Location")
		to = b.login("olga", olgaPassword, strings.TrimPrefix(mustUnescape(to), "/login?redirect_url="))
		if to != grant {
			t.Fatalf("after login to %s, want %s", to, grant)
		}
		f := form(b.get(to).Body.String())
		if w := b.post("/login/v2/grant", url.Values{"stateToken": {state}}); w.Code != 412 {
			t.Errorf("without request token: %d", w.Code)
		}
		if w := b.post("/login/v2/grant", url.Values{"stateToken": {"bad"}, "requesttoken": f["requesttoken"]}); w.Code != 403 {
			t.Errorf("with a wrong state: %d", w.Code)
		}
		if w := b.post("/login/v2/grant", f); w.Code != 200 || !strings.Contains(w.Body.String(), "Account connected") {
			t.Fatalf("grant: %d %s", w.Code, w.Body)
		}
		got := decoded[granted](t, poll())
		if got.Server != "http://example.com" || got.LoginName != "olga" || len(got.AppPassword) != 72 {
			t.Errorf("granted %+v", got)
		}
		if w := poll(); w.Code != 404 {
			t.Errorf("polled twice: %d", w.Code)
		}
		if w := g.call("GET", "/whoami", "olga", got.AppPassword, nil); w.Code != 200 {
			t.Errorf("the app password: %d", w.Code)
		}
		if w := b.post("/login/v2/grant", f); w.Code != 403 {
			t.Errorf("granted twice: %d", w.Code)
		}
	})
}

func mustUnescape(s string) string {
	out, err := url.QueryUnescape(s)
	if err != nil {
		panic(err)
	}
	return out
}

func TestLoginFlowByAppPassword(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	secret := identity.TypedPassword()
	if _, err := g.dir.AddToken(t.Context(), identity.Token{UID: "olga", Login: "olga", Kind: identity.KindApp}, secret); err != nil {
		t.Fatal(err)
	}
	dev, b := g.begin(), g.browser()
	b.get(strings.TrimPrefix(dev.Login, "http://example.com"))
	f := form(b.get("/login/v2/flow").Body.String())
	f.Set("user", "olga")
	for _, wrong := range []string{"bad", olgaPassword} {
		f.Set("password", wrong)
		if w := b.post("/login/v2/apptoken", f); w.Code != 403 {
			t.Errorf("with %q: %d", wrong, w.Code)
		}
	}
	f.Set("password", secret)
	if w := b.post("/login/v2/apptoken", f); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	got := decoded[granted](t, g.call("POST", "/login/v2/poll?token="+dev.Poll.Token, "", "", nil))
	if got.AppPassword != secret {
		t.Errorf("granted %+v", got)
	}
}

func TestLoginFlowExpires(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	dev, b := g.begin(), g.browser()
	b.get(strings.TrimPrefix(dev.Login, "http://example.com"))
	g.now = g.now.Add(flowLife + time.Second)
	for _, target := range []string{"/login/v2/flow", strings.TrimPrefix(dev.Login, "http://example.com"), "/login/v2/flow/nonsense"} {
		if w := b.get(target); w.Code != 403 || !strings.Contains(w.Body.String(), "expired") {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

// Somebody who got another person to open a page cannot have them grant a flow
// that their browser did not begin.
func TestGrantIsBoundToTheBrowser(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	dev, thief, olga := g.begin(), g.browser(), g.browser()
	thief.get(strings.TrimPrefix(dev.Login, "http://example.com"))
	state := form(thief.get("/login/v2/flow").Body.String()).Get("stateToken")
	olga.login("olga", olgaPassword, "")
	if w := olga.get("/login/v2/grant?stateToken=" + state); w.Code != 403 {
		t.Errorf("somebody else's flow: %d", w.Code)
	}
}

func TestClassicFlow(t *testing.T) {
	each(t, func(g *rig) {
		b := g.browser()
		if w := b.get("/index.php/login/flow"); w.Code != 200 || !strings.Contains(w.Body.String(), "Access forbidden") {
			t.Errorf("in a plain browser: %d", w.Code)
		}
		r := httptest.NewRequest("GET", "/index.php/login/flow", nil)
		r.Header.Set("OCS-APIRequest", "true")
		r.Header.Set("User-Agent", "Nextcloud-android")
		state := form(b.do(r).Body.String()).Get("stateToken")
		b.login("olga", olgaPassword, "")
		f := form(b.get("/login/flow/grant?stateToken=" + state).Body.String())
		w := b.post("/login/flow", f)
		to := w.Header().Get("Location")
		rest, ok := strings.CutPrefix(to, "nc://login/server:http://example.com&user:olga&password:")
		if !ok || w.Code != 303 {
			t.Fatalf("%d to %q", w.Code, to)
		}
		if w := g.call("GET", "/whoami", "olga", rest, nil); w.Code != 200 {
			t.Errorf("the app password: %d", w.Code)
		}
	})
}

// Long after the login, letting a device in takes the password again.
func TestGrantAsksForThePassword(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	dev, b := g.begin(), g.browser()
	b.login("olga", olgaPassword, "")
	g.now = g.now.Add(10 * time.Minute)
	b.get(strings.TrimPrefix(dev.Login, "http://example.com"))
	g.now = g.now.Add(25 * time.Minute)
	dev = g.begin()
	b.get(strings.TrimPrefix(dev.Login, "http://example.com"))
	f := form(b.get("/login/v2/grant?stateToken=" + form(b.get("/login/v2/flow").Body.String()).Get("stateToken")).Body.String())
	if w := b.post("/login/v2/grant", f); w.Code != 403 || !strings.Contains(w.Body.String(), `name="password"`) {
		t.Errorf("without the password: %d", w.Code)
	}
	f.Set("password", "bad")
	if w := b.post("/login/v2/grant", f); w.Code != 403 || !strings.Contains(w.Body.String(), "Wrong password") {
		t.Errorf("with a wrong one: %d", w.Code)
	}
	f.Set("password", olgaPassword)
	if w := b.post("/login/v2/grant", f); w.Code != 200 {
		t.Errorf("with the right one: %d", w.Code)
	}
}
