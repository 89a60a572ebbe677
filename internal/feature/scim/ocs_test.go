package scim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// boss is the administrator, who sends each request.
type boss struct{}

func (boss) Authenticate(*http.Request) (*who.Principal, error) {
	return &who.Principal{ID: "admin", Role: who.Admin, Via: who.ViaPassword}, nil
}

// call asks an endpoint as the administrator and returns the data.
func (g *rig) call(want int, method, path string, form url.Values) any {
	g.Helper()
	m := web.NewMux()
	g.room.api(ocs.NewMux(m))
	r := httptest.NewRequest(method, "/ocs/v2.php/apps/scim/api/v1/"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	web.NewDoor(web.Config{URL: "https://cloud.example.com", Auth: []web.Authenticator{boss{}}, Now: g.dir.Now}, m).ServeHTTP(w, r)
	var said struct{ OCS struct{ Data any } }
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != want {
		g.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return said.OCS.Data
}

// A token is made, lets in, and ends by the API; its secret is told once.
func TestTokensByTheAPI(t *testing.T) {
	each(t, func(g *rig) {
		made := g.call(200, "POST", "token", url.Values{"name": {"entra/1"}, "expires": {"2027-01-31"}}).(map[string]any)
		secret := made["token"].(string)
		if len(secret) != 64 || made["expires"] != "2027-01-31T00:00:00Z" {
			t.Errorf("%v", made)
		}
		g.call(409, "POST", "token", url.Values{"name": {"okta"}})
		g.call(400, "POST", "token", url.Values{"name": {""}})
		g.call(400, "POST", "token", url.Values{"name": {"x"}, "expires": {"soon"}})
		g.call(400, "POST", "token", url.Values{"name": {"x"}, "expires": {"2020-01-31T00:00:00Z"}})
		g.token = secret
		g.ask(200, "GET", "/Users", "")
		got := g.call(200, "GET", "token", nil).(map[string]any)
		if said := fmt.Sprint(got); strings.Contains(said, secret) || got["address"] != "https://cloud.example.com/scim/v2" {
			t.Errorf("%s", said)
		}
		list := got["tokens"].([]any)
		first, second := list[0].(map[string]any), list[1].(map[string]any)
		if len(list) != 2 || first["name"] != "entra/1" || first["used"] == "" || first["ended"] != false || second["name"] != "okta" || second["used"] != "" {
			t.Errorf("%v", list)
		}
		g.call(200, "DELETE", "token/entra%2F1", nil)
		g.call(404, "DELETE", "token/entra%2F1", nil)
		g.ask(401, "GET", "/Users", "")
		if got := strings.Join(g.events, ", "); got != "admin  provisioned token made: entra/1, admin  provisioned token removed: entra/1" {
			t.Errorf("%s", got)
		}
	})
}

// What providers did lately is told, the newest first.
func TestRecent(t *testing.T) {
	each(t, func(g *rig) {
		if got := fmt.Sprint(g.call(200, "GET", "recent", nil)); got != "map[groups:0 recent:[] users:0]" {
			t.Errorf("%s", got)
		}
		ada, bob := g.user("ada"), g.user("bob")
		g.group("Crew", ada)
		g.patch("/Users/"+ada, `{"op": "replace", "path": "displayName", "value": "Ada"}`)
		g.ask(204, "DELETE", "/Users/"+bob, "")
		if id := g.call(200, "POST", "give", url.Values{"uid": {"olga"}}).(map[string]any)["id"]; id == "" {
			t.Error("no id")
		}
		g.call(404, "POST", "give", url.Values{"uid": {"nobody"}})
		got := g.call(200, "GET", "recent", nil).(map[string]any)
		var said []string
		for _, one := range got["recent"].([]any) {
			p := one.(map[string]any)
			said = append(said, fmt.Sprint(p["kind"], " ", p["id"], " ", p["name"], " ", p["state"]))
		}
		if want := "user olga olga made, user bob bob removed, user ada ada changed, group Crew Crew made"; strings.Join(said, ", ") != want || got["users"] != 2.0 || got["groups"] != 1.0 {
			t.Errorf("%v, want %s", got, want)
		}
		if list := g.call(200, "GET", "recent?limit=1", nil).(map[string]any)["recent"].([]any); len(list) != 1 {
			t.Errorf("%v", list)
		}
		g.call(400, "GET", "recent?limit=101", nil)
	})
}
