package clients

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/feature/oauth2"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const (
	password = "Kqz7-rain-oboe"
	root     = "/ocs/v2.php/apps/oauth2/api/v1/clients"
	jwks     = `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`
)

// rig is the room with the authorization server behind a real door.
type rig struct {
	*testing.T
	door *web.Door
	cli  *plug.Board
	now  time.Time
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

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{bus.Schema, jobs.Schema, identity.Schema, oauth2.Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		g := &rig{T: t, now: time.Unix(1_800_000_000, 0)}
		dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
		dir.Now = func() time.Time { return g.now }
		for _, n := range []identity.NewUser{{ID: "olga", Password: password}, {ID: "admin", Password: password, Groups: []string{identity.AdminGroup}}} {
			if _, err := dir.Create(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		server, err := oauth2.New(d, dir, box)
		if err != nil {
			t.Fatal(err)
		}
		server.Now, server.Rooms = dir.Now, []string{who.FilesRoom}
		m := web.NewMux()
		g.cli = &plug.Board{Web: m, OCS: ocs.NewMux(m)}
		New(server).Plug(g.cli)
		g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{dir}}, Now: dir.Now, Routes: -1}, m)
		f(g)
	})
}

// ask asks as somebody and wants a status; what a good answer says goes to out.
func (g *rig) ask(uid, method, path string, body map[string]any, want int, out any) {
	g.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		g.Fatal(err)
	}
	r := httptest.NewRequest(method, path+"?format=json", strings.NewReader(string(text)))
	r.SetBasicAuth(uid, password)
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	env := struct{ OCS struct{ Data any } }{}
	env.OCS.Data = out
	if w.Code != want || out != nil && json.Unmarshal(w.Body.Bytes(), &env) != nil {
		g.Fatalf("%s %s %s: %d %s", method, path, text, w.Code, w.Body)
	}
}

func at(id int64) string { return root + "/" + strconv.FormatInt(id, 10) }

func TestClientsAreLookedAfter(t *testing.T) {
	each(t, func(g *rig) {
		var made, now shown
		g.ask("admin", "POST", root, map[string]any{"kind": "confidential", "name": "Printer", "redirects": "https://a.example/cb\nhttps://b.example/cb", "scope": "openid files:read", "trusted": true}, 200, &made)
		if len(made.Secret) != 64 || made.Kind != confidential || len(made.Redirects) != 2 || !made.Trusted || made.Classic || made.People != 0 {
			g.Errorf("%+v", made)
		}
		g.ask("admin", "PUT", at(made.ID), map[string]any{"redirects": "https://c.example/cb", "trusted": false, "scope": ""}, 200, &now)
		if now.Name != "Printer" || len(now.Redirects) != 1 || now.Trusted || now.Scope != "" || now.Secret != "" || now.ClientID != made.ClientID {
			g.Errorf("changed: %+v", now)
		}
		g.ask("admin", "POST", at(made.ID)+"/secret", nil, 200, &now)
		if len(now.Secret) != 64 || now.Secret == made.Secret || now.Former != g.now.Add(24*time.Hour).Unix() {
			g.Errorf("another secret: %+v", now)
		}
		var all []shown
		g.ask("admin", "GET", root, nil, 200, &all)
		if len(all) != 1 || all[0].Secret != "" || all[0].Former == 0 {
			g.Errorf("%+v", all)
		}
		g.ask("admin", "DELETE", at(made.ID), nil, 200, nil)
		g.ask("admin", "PUT", at(made.ID), nil, 404, nil)
	})
}

func TestKindsOfClients(t *testing.T) {
	each(t, func(g *rig) {
		for _, c := range []struct {
			kind, jwks string
			want       int
		}{{"public", "", 200}, {"key", jwks, 200}, {"key", "", 400}, {"key", `{"keys":[]}`, 400}, {"", "", 400}} {
			var made shown
			body := map[string]any{"kind": c.kind, "name": "X", "redirects": "https://a.example/cb", "jwks": c.jwks}
			if c.want != 200 {
				g.ask("admin", "POST", root, body, c.want, nil)
				continue
			}
			g.ask("admin", "POST", root, body, 200, &made)
			if made.Secret != "" || made.Kind != c.kind || (made.JWKS != "") != (c.jwks != "") {
				g.Errorf("%+v", made)
			}
			g.ask("admin", "POST", at(made.ID)+"/secret", nil, 400, nil)
		}
	})
}

func TestOnlyAdministratorsLookAfterClients(t *testing.T) {
	each(t, func(g *rig) {
		for _, c := range [][2]string{{"GET", root}, {"POST", root}, {"PUT", at(1)}, {"POST", at(1) + "/secret"}, {"DELETE", at(1)}, {"POST", "/ocs/v2.php/apps/oauth2/api/v1/keys"}} {
			g.ask("olga", c[0], c[1], nil, 403, nil)
		}
		g.ask("admin", "POST", "/ocs/v2.php/apps/oauth2/api/v1/keys", map[string]any{"alg": "none"}, 400, nil)
		g.ask("admin", "POST", "/ocs/v2.php/apps/oauth2/api/v1/keys", map[string]any{"alg": "ES256"}, 200, nil)
	})
}

// The commands do what the page does.
func TestClientsAreLookedAfterByCommands(t *testing.T) {
	each(t, func(g *rig) {
		var made shown
		g.ask("admin", "POST", root, map[string]any{"kind": "confidential", "name": "Printer", "redirects": "https://a.example/cb"}, 200, &made)
		for _, c := range []struct {
			name string
			args []string
		}{{"oauth2:change-client", []string{made.ClientID, "--name=Press", "--scope=openid", "--trusted", "--redirect-uri=https://b.example/cb"}}, {"oauth2:new-secret", []string{made.ClientID, "--at-once"}}} {
			for n, cmd := range g.cli.CLI.All() {
				if n != c.name {
					continue
				}
				above := cli.Root("atrium", "", "")
				above.AddCommand(cmd)
				above.SetArgs(append([]string{n}, c.args...))
				above.SetOut(io.Discard)
				if err := above.ExecuteContext(g.Context()); err != nil {
					g.Fatalf("%s: %v", n, err)
				}
			}
		}
		var all []shown
		g.ask("admin", "GET", root, nil, 200, &all)
		if c := all[0]; c.Name != "Press" || c.Scope != "openid" || !c.Trusted || len(c.Redirects) != 1 || c.Redirects[0] != "https://b.example/cb" || c.Former != 0 {
			g.Errorf("%+v", c)
		}
	})
}
