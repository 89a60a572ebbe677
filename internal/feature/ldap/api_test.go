package ldap

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/web/webtest"

	"atrium/internal/feature/ldap/change"
)

// The recorded exchanges (34-apps/287 to 295). Two things differ: ldapCA is ours, and
// a configuration that was deleted gives its number to no other.
func TestRecordedConfigurations(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		g := &rig{T: t, now: time.Unix(1_800_000_000, 0)}
		g.house(t, d)
		for _, e := range webtest.Load(t, "testdata") {
			w := httptest.NewRecorder()
			g.door.ServeHTTP(w, e.Request)
			e.Compare(t, w, webtest.Rules{Ours: []string{"ldapCA"}})
		}
		if c := must[*Config](t)(g.room.Create(t.Context())); c.ID != "s02" {
			t.Errorf("a deleted number is given again: %s", c.ID)
		}
	})
}

func TestConfigurationAPI(t *testing.T) {
	once(t, func(g *rig) {
		var said struct {
			OCS struct{ Data json.RawMessage }
		}
		get := func(method, target string, form url.Values) string {
			t.Helper()
			w := g.call(method, target, form)
			if w.Code != http.StatusOK {
				t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
			}
			if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
				t.Fatal(err)
			}
			return string(said.OCS.Data)
		}
		alice := g.person("alice")
		g.group("crew", alice)
		if got := get("GET", "/s01?showPassword=1", nil); !strings.Contains(got, `"ldapAgentPassword":"***"`) {
			t.Errorf("the password is shown: %s", got)
		}
		if got := get("GET", "", nil); !strings.Contains(got, `"configID":"s01"`) {
			t.Errorf("list: %s", got)
		}
		if got := get("POST", "/s01/test", nil); !strings.Contains(got, `"people":["alice"]`) || !strings.Contains(got, `"groups":["crew"]`) || !strings.Contains(got, "unencrypted") {
			t.Errorf("test: %s", got)
		}
		var trial struct {
			DN, Account, Password string
			Known                 bool
			Joins                 []string
		}
		for _, try := range []struct{ password, want string }{{"", "not tried"}, {"pw", "right"}, {"no", "wrong"}} {
			if err := json.Unmarshal([]byte(get("POST", "/s01/try", url.Values{"login": {"alice"}, "password": {try.password}})), &trial); err != nil {
				t.Fatal(err)
			}
			if trial.Password != try.want || trial.Known || trial.Account != "alice" || !slices.Equal(trial.Joins, []string{"crew"}) || trial.DN != alice {
				t.Errorf("%+v", trial)
			}
		}
		if all, _, err := g.dir.CountUsers(t.Context()); all != 0 || err != nil {
			t.Errorf("trying made %d accounts, %v", all, err)
		}
		if w := g.call("POST", "/s01/try", url.Values{"login": {"nobody"}}); w.Code != http.StatusNotFound {
			t.Errorf("nobody: %d", w.Code)
		}
		get("PUT", "/s01", url.Values{"configData[ldapAgentPassword]": {hidden}, "configData[ldapCacheTTL]": {"5"}})
		if c := must[*Config](t)(g.room.Config(t.Context(), "s01")); c.get(secretKey) != "reader" || c.get("ldapCacheTTL") != "5" {
			t.Errorf("%q", c.values)
		}
		for key, value := range map[string]string{"ldapHost": "http://x", "ldapLoginFilter": "(uid=x)", "ldapUserFilter": "(", "ldapBase": "nonsense",
			"ldapQuotaDefault": "much", "ldapCA": "x", "ldapPort": "many"} {
			if w := g.call("PUT", "/s01", url.Values{"configData[" + key + "]": {value}}); w.Code != http.StatusBadRequest {
				t.Errorf("%s = %s: %d", key, value, w.Code)
			}
		}
	})
}

func TestTrialOfSomebodyKnown(t *testing.T) {
	once(t, func(g *rig) {
		alice := g.person("alice")
		crew := g.group("crew", alice)
		g.sync(Write)
		g.change(crew, "member", "cn=nobody,"+g.branch)
		g.change(alice, "displayName", "Alice")
		trial := must[*Trial](t)(g.room.Try(t.Context(), g.config, "alice", ""))
		if !trial.Known || trial.Fields["displayname"] != (change.Value{From: "ALICE", To: "Alice"}) || !slices.Equal(trial.Leaves, []string{"crew"}) {
			t.Errorf("%+v", trial)
		}
		g.person("taken")
		must[*identity.User](t)(g.dir.Create(t.Context(), identity.NewUser{ID: "taken"}))
		if trial := must[*Trial](t)(g.room.Try(t.Context(), g.config, "taken", "")); trial.Refused.IsZero() {
			t.Errorf("%+v", trial)
		}
	})
}
