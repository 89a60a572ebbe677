package scim

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// rig is the room behind a real door, asked by a provider of the name okta, with an
// administrator, admin, and olga, who are not the provider's.
type rig struct {
	*testing.T
	now    time.Time
	db     *db.DB
	dir    *identity.Directory
	room   *Room
	door   *web.Door
	token  string
	events []string // "actor uid what detail"
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{settings.Schema, jobs.Schema, identity.Schema, Schema}, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func lite(t *testing.T) *rig {
	return newRig(t, dbtest.SQLite(t, settings.Schema, jobs.Schema, identity.Schema, Schema))
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC), db: d,
		dir: identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))}
	tell := func(ctx context.Context, _ *db.DB, ev event.AccountChanged) error {
		actor := ""
		if p := who.From(ctx); p != nil {
			actor = p.ID
		}
		g.events = append(g.events, strings.TrimSpace(actor+" "+ev.UID+" "+ev.What+" "+ev.Detail))
		return nil
	}
	g.dir.Tell = tell
	// What was read is believed for a second: here no second passes between requests.
	clock := func() time.Time { g.now = g.now.Add(2 * time.Second); return g.now }
	g.dir.Now = clock
	g.room = New(d, g.dir, settings.New(d), box, tell)
	g.room.Now = clock
	m := web.NewMux()
	g.room.Plug(&plug.Board{Web: m, OCS: ocs.NewMux(m), Jobs: jobs.New(d)})
	g.door = web.NewDoor(web.Config{URL: "https://cloud.example.com"}, m)
	for _, n := range []identity.NewUser{{ID: "admin", Groups: []string{identity.AdminGroup}}, {ID: "olga", Mail: "olga@example.com"}} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if g.token, err = g.room.AddToken(t.Context(), "okta", time.Time{}); err != nil {
		t.Fatal(err)
	}
	g.events = nil
	return g
}

// send makes a request with the token; headers come as name and value in turn.
func (g *rig) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	g.Helper()
	r := httptest.NewRequest(method, base+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+g.token)
	r.Header.Set("Content-Type", "application/scim+json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// ask makes a request whose answer has a status, and returns the body.
func (g *rig) ask(want int, method, path, body string, headers ...string) map[string]any {
	g.Helper()
	w := g.send(method, path, body, headers...)
	if w.Code != want {
		g.Fatalf("%s %s %s: %d %s, want %d", method, path, body, w.Code, w.Body, want)
	}
	var out map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			g.Fatal(err)
		}
		if kind := w.Header().Get("Content-Type"); kind != "application/scim+json; charset=utf-8" {
			g.Errorf("%s %s: %s", method, path, kind)
		}
	}
	return out
}

// refused makes a request that fails with a status and a scimType.
func (g *rig) refused(status int, kind, method, path, body string, headers ...string) {
	g.Helper()
	out := g.ask(status, method, path, body, headers...)
	got, _ := out["scimType"].(string)
	if got != kind || out["schemas"].([]any)[0] != errorURN || out["status"] != strconv.Itoa(status) {
		g.Errorf("%s %s %s: %v, want %s", method, path, body, out, kind)
	}
}

// user makes a user and returns the id.
func (g *rig) user(name string) string {
	g.Helper()
	return g.ask(201, "POST", "/Users", `{"schemas": ["`+userURN+`"], "userName": "`+name+`"}`)["id"].(string)
}

// group makes a group and returns the id.
func (g *rig) group(name string, members ...string) string {
	g.Helper()
	var list []string
	for _, id := range members {
		list = append(list, `{"value": "`+id+`"}`)
	}
	return g.ask(201, "POST", "/Groups", `{"schemas": ["`+groupURN+`"], "displayName": "`+name+`", "members": [`+strings.Join(list, ",")+`]}`)["id"].(string)
}

// patch changes something by operations, given as the inside of the list.
func (g *rig) patch(path, operations string) map[string]any {
	g.Helper()
	return g.ask(200, "PATCH", path, `{"schemas": ["`+patchURN+`"], "Operations": [`+operations+`]}`)
}

// account is an account that must be there.
func (g *rig) account(uid string) *identity.User {
	g.Helper()
	u, err := g.dir.User(g.Context(), uid)
	if err != nil {
		g.Fatal(err)
	}
	return u
}

// members are the accounts in a group.
func (g *rig) members(gid string) string {
	g.Helper()
	var out []string
	for u, err := range g.dir.Users(g.Context(), identity.Query{Group: gid}) {
		if err != nil {
			g.Fatal(err)
		}
		out = append(out, u.ID)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// finds lists what a filter finds, by a name.
func (g *rig) finds(kind, filter, name string) string {
	g.Helper()
	var out []string
	for _, r := range g.ask(200, "GET", "/"+kind+"?filter="+escape(filter), "")["Resources"].([]any) {
		out = append(out, r.(map[string]any)[name].(string))
	}
	return strings.Join(out, " ")
}
