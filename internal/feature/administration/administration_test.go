package administration

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/settings"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// as signs everybody in as one principal.
type as struct{ *who.Principal }

func (a as) Authenticate(*http.Request) (*who.Principal, error) { return a.Principal, nil }

// sample is what a room offers.
func sample() []plug.Setting {
	return []plug.Setting{
		{App: "core", Name: "shared", Kind: plug.SettingYes, Default: "yes"},
		{App: "system", Name: "days", Kind: plug.SettingNumber, Default: "7", Min: 1, Max: 30},
	}
}

type rig struct {
	t     *testing.T
	store *settings.Store
	board *plug.Board
	mux   *web.Mux
}

func newRig(t *testing.T, d *db.DB) *rig {
	src := conf.Source{Environ: []string{"ATRIUM_LOG_LEVEL=debug", "ATRIUM_MAIL_PASSWORD=hush"}, Flags: map[string]string{"http.listen": ":1"}}
	c, err := conf.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	m := web.NewMux()
	g := &rig{t, settings.New(d), &plug.Board{OCS: ocs.NewMux(m)}, m}
	New(g.store, c, src).Plug(g.board)
	g.board.Settings.Add("sample", sample())
	return g
}

// call asks for a path below settings and returns status and body.
func (g *rig) call(p *who.Principal, method, path string, form url.Values) (int, string) {
	r := httptest.NewRequest(method, "/ocs/v2.php/apps/administration/api/v1/settings"+path+"?format=json", strings.NewReader(form.Encode()))
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	web.NewDoor(web.Config{Auth: []web.Authenticator{as{p}}}, g.mux).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (g *rig) all(p *who.Principal) map[string]shown {
	code, body := g.call(p, "GET", "", nil)
	var said struct {
		OCS struct{ Data []shown } `json:"ocs"`
	}
	if err := json.Unmarshal([]byte(body), &said); code != 200 || err != nil {
		g.t.Fatalf("%d %s", code, body)
	}
	out := map[string]shown{}
	for _, s := range said.OCS.Data {
		out[s.App+"/"+s.Name] = s
	}
	return out
}

func TestSettingsTellWhereTheirValuesComeFrom(t *testing.T) {
	dbtest.Each(t, []db.Schema{settings.Schema}, func(t *testing.T, d *db.DB) {
		g, ctx := newRig(t, d), t.Context()
		boss := &who.Principal{ID: "boss", Role: who.Admin, Via: who.ViaPassword}
		if err := g.store.Set(ctx, "core", "shared", "false"); err != nil {
			t.Fatal(err)
		}
		all := g.all(boss)
		for name, want := range map[string][3]string{
			"core/shared": {"no", here, ""}, "system/days": {"7", byDefault, ""}, "conf/log.level": {"debug", environment, "ATRIUM_LOG_LEVEL"},
			"conf/http.listen": {":1", commandLine, "--http.listen"}, "conf/names.case_clash": {"allow", byDefault, ""},
			"conf/mail.password": {conf.Redacted, environment, "ATRIUM_MAIL_PASSWORD"},
		} {
			if s := all[name]; s.Value != want[0] || s.Source != want[1] || s.Place != want[2] {
				t.Errorf("%s: %+v, want %q", name, s, want)
			}
		}
		if c := all["system/days"].Command; c != "atrium config:system:set days --value=VALUE" {
			t.Errorf("command %q", c)
		}
		if code, body := g.call(boss, "PUT", "/system/days", url.Values{"value": {"31"}}); code != 400 {
			t.Errorf("too many days: %d %s", code, body)
		}
		if code, body := g.call(boss, "PUT", "/system/days", url.Values{"value": {"9"}}); code != 200 || !strings.Contains(body, `"value":"9"`) {
			t.Errorf("%d %s", code, body)
		}
		if v, err := g.store.Get(ctx, "system", "days"); v != "9" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
		for range 2 { // to the default, and once more
			if code, body := g.call(boss, "DELETE", "/system/days", nil); code != 200 || !strings.Contains(body, `"source":"default"`) {
				t.Errorf("%d %s", code, body)
			}
		}
		for _, unknown := range []string{"/core/secret", "/conf/log.level"} {
			if code, body := g.call(boss, "PUT", unknown, url.Values{"value": {"x"}}); code != 404 {
				t.Errorf("%s: %d %s", unknown, code, body)
			}
		}
	})
}

func TestWhoMayChangeSettings(t *testing.T) {
	dbtest.Each(t, []db.Schema{settings.Schema}, func(t *testing.T, d *db.DB) {
		g := newRig(t, d)
		form := url.Values{"value": {"no"}}
		for _, c := range []struct {
			p    who.Principal
			want int
		}{
			{who.Principal{Role: who.User}, 403}, {who.Principal{Role: who.GroupAdmin}, 403}, {who.Principal{Rights: []string{"users"}}, 403},
			{who.Principal{Rights: []string{"settings"}}, 200}, {who.Principal{Role: who.Admin}, 200},
		} {
			c.p.ID, c.p.Via = "x", who.ViaPassword
			if code, body := g.call(&c.p, "PUT", "/core/shared", form); code != c.want {
				t.Errorf("%+v: %d %s", c.p, code, body)
			}
		}
		stale := who.Principal{ID: "x", Role: who.Admin, Via: who.ViaSession, Confirmed: time.Now().Add(-time.Hour)}
		if code, body := g.call(&stale, "DELETE", "/core/shared", nil); code != 403 {
			t.Errorf("without the password: %d %s", code, body)
		}
	})
}

func TestCapabilitiesTellWhoAdministers(t *testing.T) {
	for _, c := range []struct {
		p    *who.Principal
		want string
	}{
		{&who.Principal{ID: "x"}, "null"},
		{&who.Principal{ID: "x", Role: who.Admin}, `{"admin":true,"groups":false,"rights":[]}`},
		{&who.Principal{ID: "x", Role: who.GroupAdmin, Rights: []string{"users", "audit", "users"}}, `{"admin":false,"groups":true,"rights":["audit","users"]}`},
		{&who.Principal{ID: "x", Role: who.Admin, Scope: &who.Scope{Rooms: []string{who.FilesRoom}}}, "null"},
	} {
		b, err := json.Marshal(mayAdminister(who.With(t.Context(), c.p), nil))
		if err != nil || string(b) != c.want {
			t.Errorf("%+v: %s, %v", c.p, b, err)
		}
	}
}
