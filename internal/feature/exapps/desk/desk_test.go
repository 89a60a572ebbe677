package desk

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/diary"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const (
	password = "Kqz7-rain-oboe"
	root     = "/ocs/v2.php/apps/app_api/api/v1/admin/apps"
)

// rig is the room with that of the apps behind a real door, and an app that listens.
type rig struct {
	*testing.T
	jobs *jobs.Queue
	door *web.Door
	cli  *plug.Board
	now  time.Time
	app  *httptest.Server
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{jobs.Schema, identity.Schema, exapps.Schema}, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

// basic finds people by their passwords.
type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, web.Network(web.VisitOf(r.Context()).Addr))
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0), jobs: jobs.New(d)}
	clock := func() time.Time { return g.now }
	dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	dir.Now, g.jobs.Now = clock, clock
	for _, n := range []identity.NewUser{{ID: "olga", Password: password}, {ID: "admin", Password: password, Groups: []string{identity.AdminGroup}}} {
		if _, err := dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	g.app = httptest.NewServer(http.HandlerFunc(answer))
	t.Cleanup(g.app.Close)
	lines := &diary.Diary{}
	apps := exapps.New(d, dir, box)
	t.Cleanup(func() { _ = apps.Close() })
	apps.Now, apps.Base, apps.Log = clock, "https://cloud.example.org", slog.New(lines.Handler(slog.DiscardHandler))
	m := web.NewMux()
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), Jobs: g.jobs, Auth: &[]web.Authenticator{}}
	apps.Plug(b)
	rm := New(apps, lines)
	rm.Now = clock
	rm.Plug(b)
	g.cli = b
	g.door = web.NewDoor(web.Config{Auth: append(*b.Auth, basic{dir}), Now: clock, Routes: -1}, m)
	return g
}

// answer is an app of either protocol that is content with all it hears.
func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/heartbeat":
		_, _ = io.WriteString(w, `{"status":"ok"}`)
	case "/init":
		w.WriteHeader(http.StatusNotFound)
	case "/scopes":
		_, _ = io.WriteString(w, `{"required":[3,30],"optional":[]}`)
	default:
		_, _ = io.WriteString(w, `{"error":""}`)
	}
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// ask asks as somebody, and wants a status. What is answered goes to out unless it is nil.
func (g *rig) ask(uid, method, path string, body any, want int, out any) {
	g.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		g.Fatal(err)
	}
	r := httptest.NewRequest(method, path+"?format=json", strings.NewReader(string(text)))
	r.SetBasicAuth(uid, password)
	w := g.serve(r)
	env := struct{ OCS struct{ Data any } }{}
	env.OCS.Data = out
	if w.Code != want || out != nil && json.Unmarshal(w.Body.Bytes(), &env) != nil {
		g.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

// call is a request of an app that shows a secret and acts for somebody.
func (g *rig) call(id, secret, uid, method, path, body string) int {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("AUTHORIZATION-APP-API", base64.StdEncoding.EncodeToString([]byte(uid+":"+secret)))
	r.Header.Set("EX-APP-ID", id)
	r.Header.Set("EX-APP-VERSION", "1.0.0")
	return g.serve(r).Code
}

// run runs a command and returns what it says.
func (g *rig) run(name string, args ...string) (string, error) {
	g.Helper()
	for n, c := range g.cli.CLI.All() {
		if n != name {
			continue
		}
		var said strings.Builder
		c.SetArgs(args)
		c.SetOut(&said)
		c.SetErr(&said)
		err := c.ExecuteContext(g.Context())
		return said.String(), err
	}
	g.Fatalf("there is no command %s", name)
	return "", nil
}

type made struct {
	App    shown
	Secret string
}

// register registers the app that listens, and lets it start.
func (g *rig) register(id string, more map[string]any) (out made) {
	g.Helper()
	u, err := url.Parse(g.app.URL)
	if err != nil {
		g.Fatal(err)
	}
	g.ask("admin", "POST", "/apps/app_api/daemons", map[string]any{"daemonConfigParams": exapps.Daemon{Name: id, Display: "By hand", Deploy: "manual-install", Protocol: "http", Host: u.Hostname()}}, 200, nil)
	info := `{"name": "An app", "version": "1.0.0", "port": ` + u.Port() + `, "routes": [{"url": "^api/", "verb": "GET", "access_level": "ADMIN"}]}`
	body := map[string]any{"id": id, "daemon": id, "info": info}
	for k, v := range more {
		body[k] = v
	}
	g.ask("admin", "POST", root, body, 200, &out)
	if err := g.jobs.Drain(g.Context()); err != nil {
		g.Fatal(err)
	}
	return out
}

func (g *rig) get(id string) (d detail) {
	g.Helper()
	g.ask("admin", "GET", root+"/"+id, nil, 200, &d)
	return d
}

func TestAnAppIsLookedAfter(t *testing.T) {
	each(t, func(g *rig) {
		out := g.register("an_app", nil)
		if len(out.Secret) != 128 || out.App.Enabled || out.App.Status.Action != "init" {
			g.Errorf("registered: %+v", out)
		}
		got := g.get("an_app")
		if !got.Enabled || got.Address != g.app.URL || got.Seen != 0 || len(got.Scopes) != 1 || got.Scopes[0] != "ALL" || len(got.Routes) != 1 || got.Routes[0] != (route{"^api/", "GET", 2}) {
			g.Errorf("%+v", got)
		}
		const log = "/ocs/v2.php/apps/app_api/api/v1/log"
		if code := g.call("an_app", out.Secret, "", "POST", log, `{"level":2,"message":"the disk is full"}`); code != 200 {
			g.Fatal(code)
		}
		for range 2 {
			g.call("an_app", "another secret, which is wrong", "", "POST", log, `{}`)
		}
		got = g.get("an_app")
		if got.Seen != g.now.Unix() || len(got.Log) != 1 || got.Log[0].Level != "warn" || got.Log[0].Text != "the disk is full" {
			g.Errorf("it said %+v", got.Log)
		}
		if len(got.Refused) != 1 || got.Refused[0].Why != "wrong secret or signature" || got.Refused[0].Times != 2 || got.Refused[0].Path != log {
			g.Errorf("refused were %+v", got.Refused)
		}
		var all struct {
			Apps   []shown
			Scopes []string
			Server string
		}
		g.ask("admin", "GET", root, nil, 200, &all)
		if len(all.Apps) != 1 || !slices.Contains(all.Scopes, "FILES_SHARING") || all.Server != "https://cloud.example.org" {
			g.Errorf("%+v", all)
		}
		var beat struct{ Runs bool }
		g.ask("admin", "POST", root+"/an_app/heartbeat", nil, 200, &beat)
		g.ask("admin", "DELETE", root+"/an_app", nil, 200, nil)
		g.ask("admin", "GET", root+"/an_app", nil, 404, nil)
		if !beat.Runs {
			g.Error("its heart does not beat")
		}
	})
}

// What an app may do changes with the next request, without a new start.
func TestScopesChangeAtOnce(t *testing.T) {
	each(t, func(g *rig) {
		secret := g.register("an_app", nil).Secret
		users := func() int { return g.call("an_app", secret, "", "GET", "/ocs/v2.php/apps/app_api/api/v1/users", "") }
		if code := users(); code != 200 {
			g.Fatal(code)
		}
		g.ask("admin", "PUT", root+"/an_app/scopes", map[string]any{"scopes": []string{"FILES"}}, 200, nil)
		if code := users(); code != 403 {
			g.Errorf("with FILES it lists accounts: %d", code)
		}
		g.ask("admin", "PUT", root+"/an_app/scopes", map[string]any{"scopes": []string{"ROOT"}}, 400, nil)
		got := g.get("an_app")
		if !got.Enabled || got.Status.Action != "" || len(got.Scopes) != 1 || got.Scopes[0] != "FILES" || got.Refused[0].Why != "no scope" {
			g.Errorf("%+v", got)
		}
		g.ask("admin", "PUT", "/ocs/v2.php/apps/app_api/api/v1/ex-app/an_app/enabled", map[string]any{"enabled": 0}, 200, nil)
		g.ask("admin", "PUT", root+"/an_app/scopes", map[string]any{"scopes": []string{}}, 200, nil)
		if err := g.jobs.Drain(g.Context()); err != nil {
			g.Fatal(err)
		}
		if got := g.get("an_app"); got.Enabled || len(got.Scopes) != 0 {
			g.Errorf("a change of scopes enables: %+v", got)
		}
	})
}

func TestASecretIsChangedWithoutABreak(t *testing.T) {
	each(t, func(g *rig) {
		first := g.register("an_app", nil).Secret
		var next struct{ Secret string }
		g.ask("admin", "POST", root+"/an_app/secret", nil, 200, &next)
		state := func(secret string) int {
			return g.call("an_app", secret, "", "GET", "/ocs/v2.php/apps/app_api/ex-app/state", "")
		}
		if a, b := state(first), state(next.Secret); a != 200 || b != 200 || next.Secret == first {
			g.Errorf("within the day: %d and %d", a, b)
		}
		if got := g.get("an_app"); !got.Enabled || got.Former != g.now.Add(24*time.Hour).Unix() {
			g.Errorf("%+v", got)
		}
		g.now = g.now.Add(25 * time.Hour)
		if a, b := state(first), state(next.Secret); a != 401 || b != 200 {
			g.Errorf("a day later: %d and %d", a, b)
		}
		if got := g.get("an_app"); got.Former != 0 {
			g.Errorf("%+v", got)
		}
	})
}

// An app that signs gets what it asks for only if an administrator says so.
func TestASigningAppIsAskedForItsScopes(t *testing.T) {
	each(t, func(g *rig) {
		out := g.register("signer", map[string]any{"signed": true, "force": true})
		if got := out.App.Scopes; !out.App.Signed || strings.Join(got, " ") != "BASIC DAV USER_INFO" {
			g.Errorf("%+v", out.App)
		}
		u, err := url.Parse(g.app.URL)
		if err != nil {
			g.Fatal(err)
		}
		g.ask("admin", "POST", root, map[string]any{"id": "other", "daemon": "signer", "signed": true, "info": `{"name": "x", "version": "1", "port": ` + u.Port() + `}`}, 403, nil)
		g.ask("admin", "GET", root+"/other", nil, 404, nil)
	})
}

// Nobody but people who administer gets here, and no app that acts for one of them.
func TestAppsDoNotAdministerApps(t *testing.T) {
	each(t, func(g *rig) {
		secret := g.register("an_app", nil).Secret
		for _, c := range []struct{ method, path string }{{"GET", ""}, {"POST", ""}, {"GET", "/an_app"}, {"PUT", "/an_app/scopes"}, {"POST", "/an_app/secret"}, {"POST", "/an_app/heartbeat"}, {"DELETE", "/an_app"}} {
			g.ask("olga", c.method, root+c.path, nil, 403, nil)
			if code := g.call("an_app", secret, "admin", c.method, root+c.path+"?format=json", "{}"); code != 403 {
				g.Errorf("%s %s as an app: %d", c.method, c.path, code)
			}
		}
		if got := g.get("an_app"); !got.Enabled || got.Former != 0 {
			g.Errorf("%+v", got)
		}
	})
}

// The commands do what the page does.
func TestAnAppIsLookedAfterByCommands(t *testing.T) {
	each(t, func(g *rig) {
		u, err := url.Parse(g.app.URL)
		if err != nil {
			g.Fatal(err)
		}
		must := func(name string, args ...string) string {
			g.Helper()
			said, err := g.run(name, args...)
			if err != nil {
				g.Fatalf("%s: %v %s", name, err, said)
			}
			return said
		}
		must("app_api:daemon:register", "manual", "By hand", "manual-install", "http", u.Hostname(), "https://cloud.example.org")
		info := `{"name": "An app", "version": "1.0.0", "port": ` + u.Port() + `, "scopes": ["FILES"]}`
		if said := must("app_api:app:register", "an_app", "manual", "--json-info", info); !strings.Contains(said, "its secret is ") {
			g.Errorf("registered: %s", said)
		}
		if err := g.jobs.Drain(g.Context()); err != nil {
			g.Fatal(err)
		}
		must("app_api:app:scopes", "an_app", "SYSTEM")
		_, secret, _ := strings.Cut(strings.TrimSpace(must("app_api:app:new-secret", "an_app")), "its secret is ")
		if code := g.call("an_app", secret, "", "GET", "/ocs/v2.php/apps/app_api/api/v1/users", ""); code != 200 {
			g.Errorf("with another secret and another scope: %d", code)
		}
		must("app_api:app:update", "an_app", "--json-info", `{"version": "1.1.0"}`)
		must("app_api:app:disable", "an_app")
		if got := g.get("an_app"); got.Version != "1.1.0" || got.Enabled || len(got.Scopes) != 1 || got.Scopes[0] != "SYSTEM" {
			g.Errorf("%+v", got)
		}
		must("app_api:app:unregister", "an_app")
		must("app_api:app:unregister", "an_app", "--silent")
		must("app_api:daemon:unregister", "manual")
		if _, err := g.run("app_api:app:scopes", "an_app", "ALL"); err == nil {
			g.Error("scopes of an app that is gone")
		}
	})
}
