package signin

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

func (b *browser) json(method, target, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("requesttoken", token)
	return b.do(r)
}

func TestDevices(t *testing.T) {
	each(t, func(g *rig) {
		b := g.browser()
		b.login("olga", olgaPassword, "")
		token := decoded[struct{ Token string }](t, b.get("/csrftoken")).Token
		const path = "/index.php/settings/personal/authtokens"

		w := b.json("POST", path, token, `{"name": "my device"}`)
		made := decoded[struct {
			Token, LoginName string
			DeviceToken      device
		}](t, w)
		want := device{ID: made.DeviceToken.ID, Name: "my device", LastActivity: g.now.Unix(), Type: 1, Scope: scope{Filesystem: true}, CanDelete: true,
			CanRename: true, Label: "my device", Form: formProgram, Created: g.now.Unix()}
		if diff := cmp.Diff(want, made.DeviceToken); diff != "" || len(made.Token) != 29 || made.LoginName != "olga" {
			t.Errorf("%s: (-want +got)\n%s", w.Body, diff)
		}
		id := path + "/" + strconv.FormatInt(made.DeviceToken.ID, 10)
		if w := b.json("PUT", id, token, `{"scope": {"filesystem": false}, "name": "scoped device"}`); w.Code != 200 || w.Body.String() != "[]" {
			t.Errorf("rename: %d %s", w.Code, w.Body)
		}
		list := decoded[[]device](t, b.json("GET", path, "", ""))
		if len(list) != 2 || !list[0].Current || list[1].Name != "scoped device" || list[1].Scope.Filesystem {
			t.Errorf("list: %+v", list)
		}
		if w := b.json("POST", path, "", `{"name":"x"}`); w.Code != 412 {
			t.Errorf("without request token: %d", w.Code)
		}
		if w := g.call("POST", path, "olga", made.Token, nil); w.Code != 403 {
			t.Errorf("an app password makes another: %d", w.Code)
		}
		if w := b.json("POST", path+"/wipe/"+strconv.FormatInt(made.DeviceToken.ID, 10), token, ""); w.Code != 200 {
			t.Errorf("ask for wipe: %d", w.Code)
		}
		if w := g.call("GET", "/whoami", "olga", made.Token, nil); w.Code != 401 {
			t.Errorf("marked for wipe: %d", w.Code)
		}
		if w := g.call("POST", "/core/wipe/check", "olga", made.Token, url.Values{"token": {made.Token}}); w.Code != 200 || w.Body.String() != `{"wipe":true}` {
			t.Errorf("wipe check, with the dead credential: %d %s", w.Code, w.Body)
		}
		if w := b.json("DELETE", id, token, ""); w.Code != 200 {
			t.Errorf("delete: %d", w.Code)
		}
		if w := b.json("DELETE", id, token, ""); w.Code != 404 {
			t.Errorf("delete twice: %d", w.Code)
		}
		g.now = g.now.Add(web.ConfirmedFor + time.Minute)
		if w := b.json("POST", path, token, `{"name":"x"}`); w.Code != 403 {
			t.Errorf("long after the login: %d", w.Code)
		}
		f := url.Values{"password": {olgaPassword}, "requesttoken": {token}}
		if w := b.post("/login/confirm", f); w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"lastLogin":18000`) {
			t.Errorf("confirm: %d %s", w.Code, w.Body)
		}
		if w := b.json("POST", path, token, `{"name":"x"}`); w.Code != 200 {
			t.Errorf("after typing the password again: %d", w.Code)
		}
	})
}

func TestOnlyOneOfTwoPollsGetsTheCredential(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	dev, b := g.begin(), g.browser()
	b.get(strings.TrimPrefix(dev.Login, "http://example.com"))
	b.login("olga", olgaPassword, "")
	f := form(b.get("/login/v2/grant?stateToken=" + form(b.get("/login/v2/flow").Body.String()).Get("stateToken")).Body.String())
	b.post("/login/v2/grant", f)
	codes := make(chan int)
	for range 8 {
		go func() {
			codes <- g.call("POST", "/login/v2/poll", "", "", url.Values{"token": {dev.Poll.Token}}).Code
		}()
	}
	won := 0
	for range 8 {
		if <-codes == 200 {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d polls got it", won)
	}
}

func FuzzAuthorization(f *testing.F) {
	for _, s := range []string{"Basic b2xnYTpw", "Basic Og==", "Basic %%%", "bearer x", "Bearer ", "Digest a=b", "Basic", "Basic gP+A", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", header)
		if secret, ok := bearer(header); ok && len(secret) > len(header) {
			t.Errorf("%q has secret %q", header, secret)
		}
		login, secret, ok := r.BasicAuth()
		if ok && len(login)+len(secret) > len(header) {
			t.Errorf("%q has %q and %q", header, login, secret)
		}
	})
}

func FuzzCookie(f *testing.F) {
	f.Add("atrium_session=abc; x=y")
	f.Add(`atrium_session="a b"`)
	f.Add("atrium_session=a.b=c;;;")
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", header)
		v := cookie(r, sessionCookie)
		if len(v) > maxSecret || strings.Trim(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") != "" {
			t.Errorf("%q gave %q", header, v)
		}
	})
}

func FuzzLocal(f *testing.F) {
	for _, s := range []string{"/a", "//a", `/\a`, "/%2f/a", "http:/a", "/a?b=//c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := local(to)
		u, err := url.Parse("http://here.example" + got)
		if got != "" && (err != nil || u.Host != "here.example" || strings.HasPrefix(got, "//")) {
			t.Errorf("local(%q) = %q leads to %v", to, got, u)
		}
	})
}

// What a request costs before its handler: the door, and an app password that
// was seen less than a second ago.
func BenchmarkRequestWithAppPassword(b *testing.B) {
	d := dbtest.SQLite(b, identity.Schema, Schema)
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		b.Fatal(err)
	}
	dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	secret := identity.AppPassword()
	if _, err := dir.Create(b.Context(), identity.NewUser{ID: "olga"}); err != nil {
		b.Fatal(err)
	}
	if _, err := dir.AddToken(b.Context(), identity.Token{UID: "olga", Login: "olga", Kind: identity.KindApp}, secret); err != nil {
		b.Fatal(err)
	}
	m := web.NewMux()
	m.Prefix("/remote.php/dav", web.User|web.Basic, func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusMultiStatus)
		return nil
	})
	door := web.NewDoor(web.Config{Auth: []web.Authenticator{Header{dir}, Cookie{dir}}, UserRate: 1e6, UserBurst: 1e6,
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil))}, m)
	r := httptest.NewRequest("PROPFIND", "/remote.php/dav/files/olga/a.txt", nil)
	r.SetBasicAuth("olga", secret)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		if w.Code != http.StatusMultiStatus {
			b.Fatal(w.Code)
		}
	}
}
