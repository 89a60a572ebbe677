package exapps

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/feature/exapps/lately"
	"atrium/internal/feature/exapps/sign"
)

const me = "/ocs/v2.php/cloud/user?format=json"

func signs(scopes ...string) func(a *App) {
	return func(a *App) { a.Signed, a.Scopes = true, scopes }
}

func TestASignedAppActsForWhoAgreed(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(signs("USER_INFO", "DAV"))
		if w := g.serve(g.signed(request("GET", me, ""), "olga", "")); w.Code != http.StatusUnauthorized {
			g.Errorf("before olga agreed: %d %s", w.Code, w.Body)
		}
		agree := request("PUT", "/ocs/v2.php/apps/app_api/api/v1/ex-app/"+appID+"/consent?format=json", "")
		agree.SetBasicAuth("olga", password)
		g.serve(agree)
		g.now = g.now.Add(time.Second)
		got := data[struct {
			ID, App string
			Scope   who.Scope
		}](g, g.serve(g.signed(request("GET", me, ""), "olga", "")))
		if got.ID != "olga" || got.App != appID || got.Scope.Allows("talk", who.Read) || got.Scope.Allows(who.FilesRoom, who.Share) || !got.Scope.Allows(who.FilesRoom, who.Write) {
			g.Errorf("%+v", got)
		}
		if all := g.acted(); len(all) != 1 || all[0].UID != "olga" || all[0].Detail != appID {
			g.Errorf("the audit log heard %+v", all)
		}
		withdraw := request("DELETE", "/ocs/v2.php/apps/app_api/api/v1/ex-app/"+appID+"/consent", "")
		withdraw.SetBasicAuth("olga", password)
		g.serve(withdraw)
		g.now = g.now.Add(time.Second)
		if w := g.serve(g.signed(request("GET", me, ""), "olga", "")); w.Code != http.StatusUnauthorized {
			g.Errorf("after olga changed her mind: %d", w.Code)
		}
	})
}

// Each way in which a signed request can be wrong, one at a time.
func TestWrongSignaturesAreRefused(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(signs("ALL"))
		g.must(g.room.agrees(g.Context(), g.room.db, appID, "olga"))
		for name, spoil := range map[string]func(r *http.Request){
			"header":     func(r *http.Request) { r.Header.Set(sign.Version, "2.0.0") },
			"user":       func(r *http.Request) { r.Header.Set(sign.UserID, "admin") },
			"two users":  func(r *http.Request) { r.Header.Add(sign.UserID, "admin") },
			"path":       func(r *http.Request) { r.RequestURI = "/ocs/v1.php/cloud/user" },
			"method":     func(r *http.Request) { r.Method = "POST" },
			"app":        func(r *http.Request) { r.Header.Set(sign.AppID, "nosuch") },
			"no version": func(r *http.Request) { r.Header.Del(sign.Version) },
			"too old":    func(*http.Request) { g.now = g.now.Add(301 * time.Second) },
			"too early":  func(*http.Request) { g.now = g.now.Add(-5 * time.Second) },
			"secret":     func(r *http.Request) { shared(r, "olga", secret).Header.Del(sign.Signature) },
		} {
			g.now = g.now.Add(time.Hour)
			r := g.signed(request("GET", me, ""), "olga", "")
			spoil(r)
			if w := g.serve(r); w.Code != http.StatusUnauthorized {
				g.Errorf("another %s: %d %s", name, w.Code, w.Body)
			}
		}
		g.now = g.now.Add(time.Hour)
		late := g.signed(request("GET", me, ""), "olga", "")
		g.now = g.now.Add(299 * time.Second)
		if w := g.serve(late); w.Code != http.StatusOK {
			g.Errorf("299 s old: %d %s", w.Code, w.Body)
		}
		g.must(g.room.Disable(g.Context(), appID))
		g.now = g.now.Add(time.Second)
		if w := g.serve(g.signed(request("GET", me, ""), "olga", "")); w.Code != http.StatusUnauthorized {
			g.Errorf("disabled: %d", w.Code)
		}
	})
}

// A signature is good once: a recorded request cannot be played again.
func TestRecordedRequestsCannotBePlayedAgain(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(signs("ALL"))
		g.must(g.room.agrees(g.Context(), g.room.db, appID, "olga"))
		again := func(method, addr string, later time.Duration) (codes []int) {
			g.now = g.now.Add(time.Hour)
			for _, from := range []string{"192.0.2.1:1", addr} {
				r := request(method, me, "")
				r.RemoteAddr = from
				if len(codes) == 0 {
					g.signed(r, "olga", "")
				} else {
					sign.Claim{Version: "1.0.0", App: appID, AppVersion: "1.0.0", User: "olga", Hash: sign.Empty, Time: g.now.Unix()}.Sign(secret, method, me).Write(r.Header)
					g.now = g.now.Add(later)
				}
				codes = append(codes, g.serve(r).Code)
			}
			return codes
		}
		for _, c := range []struct {
			method, addr string
			later        time.Duration
			want         int
		}{{"POST", "192.0.2.1:2", 0, 401}, {"GET", "192.0.2.1:2", 0, 200}, {"GET", "192.0.2.1:2", 10 * time.Second, 401}, {"GET", "198.51.100.7:2", 0, 401}} {
			if got := again(c.method, c.addr, c.later); got[0] != 200 || got[1] != c.want {
				g.Errorf("%+v: %v", c, got)
			}
		}
		g.now = g.now.Add(time.Hour)
		g.must(g.room.sweep(g.Context()))
	})
}

// What was not signed is not written, however long it is and however it comes.
func TestForgedBodiesAreNotWritten(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(signs("DAV"))
		g.must(g.room.agrees(g.Context(), g.room.db, appID, "olga"))
		for _, size := range []int{0, 1, 1000, maxHeld, maxHeld + 1, 3 * maxHeld} {
			body := bytes.Repeat([]byte("b"), size)
			put := func(sent []byte) *httptest.ResponseRecorder {
				g.now = g.now.Add(time.Second)
				r := request("PUT", "/remote.php/dav/files/olga/a.txt", string(sent))
				return g.serve(g.signed(r, "olga", string(body)))
			}
			g.landed = []byte("before")
			if w := put(body); w.Code != http.StatusCreated || !bytes.Equal(g.landed, body) {
				g.Errorf("%d bytes: %d, %d came", size, w.Code, len(g.landed))
			}
			g.landed = []byte("before")
			if w := put(append(body, 'x')); w.Code != http.StatusUnauthorized || string(g.landed) != "before" {
				g.Errorf("%d bytes and one: %d, %d came", size, w.Code, len(g.landed))
			}
			if size > 0 {
				forged := bytes.Clone(body)
				forged[0] = 'x'
				if w := put(forged); w.Code != http.StatusUnauthorized || string(g.landed) != "before" {
					g.Errorf("%d forged bytes: %d, %d came", size, w.Code, len(g.landed))
				}
			}
		}
		long := strings.Repeat("x", maxHeld+1)
		if w := g.serve(g.signed(request("PROPFIND", "/remote.php/dav/files/olga/", long), "olga", long)); w.Code != http.StatusRequestEntityTooLarge {
			g.Errorf("what cannot be held: %d", w.Code)
		}
	})
}

// An app does what its scopes say, at addresses that are written in any way.
func TestScopesNarrow(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(func(a *App) { a.Scopes = []string{"USER_INFO"} })
		for target, want := range map[string]int{
			"GET " + me: 200, "GET /index.php" + me: 200, "GET //ocs//v2.php/cloud/%75ser?format=json": 200,
			"POST " + me: 403, "PUT /remote.php/dav/files/olga/a": 403, "POST /ocs/v2.php/apps/files_sharing/api/v1/shares?format=json": 403,
			"GET /ocs/v2.php/apps/app_api/api/v1/users?format=json": 403, "GET /ocs/v2.php/apps/app_api/ex-app/state?format=json": 200,
			"GET /remote.php%2Fdav/files/olga": 403,
		} {
			method, path, _ := strings.Cut(target, " ")
			if w := g.serve(shared(request(method, path, ""), "olga", secret)); w.Code != want && (want != 403 || w.Code != 404) {
				g.Errorf("%s: %d %s, want %d", target, w.Code, w.Body, want)
			}
		}
	})
}

func TestThePathOfTheServerMayBeSignedOrNot(t *testing.T) {
	g := &rig{T: t, room: &Room{Base: "https://example.com/cloud"}}
	for sent, want := range map[string]string{"/cloud/ocs/v1.php/x?a=b": "/ocs/v1.php/x?a=b", "/ocs/v1.php/x": "/cloud/ocs/v1.php/x"} {
		if got := g.room.targets(httptest.NewRequest("GET", sent, nil)); len(got) != 2 || got[0] != sent || got[1] != want {
			t.Errorf("%s: %v", sent, got)
		}
	}
	g.room.Base = "https://example.com"
	if got := g.room.targets(httptest.NewRequest("GET", "/cloud/x", nil)); len(got) != 1 {
		t.Error(got)
	}
}

// While a secret is changed both are good, for a day.
func TestTwoSecretsOverlap(t *testing.T) {
	each(t, func(g *rig) {
		a := g.enabled(nil)
		a.secret = "another-secret-12"
		g.must(g.room.Update(g.Context(), a))
		for _, s := range []string{secret, "another-secret-12"} {
			if w := g.serve(shared(request("GET", me, ""), "olga", s)); w.Code != http.StatusOK {
				g.Errorf("with %s: %d", s, w.Code)
			}
		}
		g.now = g.now.Add(overlap)
		if w := g.serve(shared(request("GET", me, ""), "olga", secret)); w.Code != http.StatusUnauthorized {
			g.Errorf("with the former one a day later: %d", w.Code)
		}
	})
}

// Guesses at a secret are counted and slowed as those at passwords are.
func TestGuessesAreSlowed(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(nil)
		g.dir.SlowGuesses(throttle.Guessing{First: time.Millisecond, Most: time.Millisecond})
		for i := range 3 {
			r := shared(request("GET", me, ""), "olga", fmt.Sprint("wrong-secret-", i))
			r.RemoteAddr = "198.51.100.7:1"
			if w := g.serve(r); w.Code != http.StatusUnauthorized {
				g.Errorf("guess %d: %d", i, w.Code)
			}
		}
		slow, err := g.dir.Delayed(g.Context())
		g.must(err)
		if !slices.ContainsFunc(slow, func(d identity.Delayed) bool { return d.Account == "external app "+appID && d.Count == 3 }) {
			g.Errorf("%+v", slow)
		}
		if w := g.serve(shared(request("GET", me, ""), "olga", secret)); w.Code != http.StatusOK {
			g.Errorf("the app itself: %d", w.Code)
		}
	})
}

// An app that floods us is told to wait, and nobody else.
func TestAFloodingAppWaits(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(nil)
		last := 0
		for range lately.Burst + 1 {
			last = g.serve(shared(request("GET", "/ocs/v2.php/apps/app_api/ex-app/state?format=json", ""), "", secret)).Code
		}
		r := request("GET", me, "")
		r.SetBasicAuth("olga", password)
		if w := g.serve(r); last != http.StatusTooManyRequests || w.Code != http.StatusOK {
			g.Errorf("the app: %d, olga: %d", last, w.Code)
		}
	})
}

// What an app may is over when it is disabled, for what it has begun too.
func TestADisabledAppIsOver(t *testing.T) {
	each(t, func(g *rig) {
		a := g.enabled(nil)
		c, err := g.room.identify(shared(request("GET", me, ""), "olga", secret))
		g.must(err)
		if err := g.room.Still(g.Context(), c.person); err != nil {
			g.Errorf("enabled: %v", err)
		}
		g.must(g.room.Disable(g.Context(), a.ID))
		if err := g.room.Still(g.Context(), c.person); fault.Of(err) != fault.Anonymous {
			g.Errorf("disabled: %v", err)
		}
		if w := g.serve(shared(request("GET", "/ocs/v2.php/apps/app_api/ex-app/state?format=json", ""), "", secret)); data[int](g, w) != 0 {
			g.Error("the app does not hear that it is disabled")
		}
	})
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"1.0.1", "1.0.0", true}, {"1.10", "1.9", true}, {"1.0", "1.0.0", false}, {"0.9", "1", false}, {"", "1", false}, {"x", "1", false}} {
		if got := newer(c.a, c.b); got != c.want {
			t.Errorf("%s after %s: %v", c.a, c.b, got)
		}
	}
}
