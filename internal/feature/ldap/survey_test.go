package ldap

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestADirectoryIsTriedBeforeItIsKept(t *testing.T) {
	once(t, func(g *rig) {
		alice := g.person("alice")
		g.person("bob")
		g.group("crew", alice)
		draft := &Config{values: map[string]string{}}
		for key, value := range g.config.values {
			draft.values[key] = value
		}
		if s := must[*Survey](t)(g.room.Survey(t.Context(), draft, "server")); !s.Failure.IsZero() || len(s.Bases) == 0 || s.Server == "" {
			t.Errorf("server: %+v", s)
		}
		s := must[*Survey](t)(g.room.Survey(t.Context(), draft, "people"))
		if !s.Failure.IsZero() || s.Count != 2 || len(s.First) != 2 || !slices.ContainsFunc(s.First, func(one Sample) bool { return one.ID == "alice" }) {
			t.Errorf("people: %+v", s)
		}
		if s := must[*Survey](t)(g.room.Survey(t.Context(), draft, "groups")); !s.Failure.IsZero() || s.Count != 1 || s.First[0].ID != "crew" {
			t.Errorf("groups: %+v", s)
		}
		if trial := must[*Trial](t)(g.room.rehearse(t.Context(), draft, "alice", "pw")); trial.Password != "right" || trial.Account != "alice" || !slices.Equal(trial.Joins, []string{"crew"}) {
			t.Errorf("login: %+v", trial)
		}
		draft.values[secretKey] = "wrong"
		if s := must[*Survey](t)(g.room.Survey(t.Context(), draft, "people")); s.Failure.IsZero() || !strings.Contains(s.Detail, "Invalid Credentials") {
			t.Errorf("wrong password: %+v", s)
		}
	})
}

func TestWhatASyncWouldDoIsAskedByHTTP(t *testing.T) {
	once(t, func(g *rig) {
		alice := g.person("alice")
		ask := func(method, path string, form url.Values, into any) {
			t.Helper()
			w := g.callAt(method, path, form)
			var said struct {
				OCS struct{ Data json.RawMessage }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if err := json.Unmarshal(said.OCS.Data, into); err != nil {
				t.Fatalf("%d %s: %v", w.Code, w.Body, err)
			}
		}
		var would struct {
			New     int
			Failure string
			Changes []struct {
				Account string
				Leaves  []string
			}
		}
		ask("POST", "sync", nil, &would)
		if would.New != 1 || would.Failure != "" || len(would.Changes) != 1 || would.Changes[0].Account != "alice" || would.Changes[0].Leaves == nil {
			t.Errorf("%+v", would)
		}
		var found Survey
		ask("POST", "probe", url.Values{"configID": {"s01"}, "step": {"people"}, "configData": {`{"ldapUserFilter":"(uid=nobody)"}`}}, &found)
		if found.Count != 0 || !found.Failure.IsZero() {
			t.Errorf("%+v", found)
		}
		g.sync(Write)
		g.remove(alice)
		var gone []struct{ Account string }
		g.sync(Force)
		ask("GET", "remnants", nil, &gone)
		if len(gone) != 1 || gone[0].Account != "alice" {
			t.Errorf("%+v", gone)
		}
	})
}
