package scim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

func httpRequest(g *rig, path string) *http.Request {
	r := httptest.NewRequest("GET", base+path, nil)
	r.Header.Set("Authorization", "Bearer "+g.token)
	return r
}

func serve(g *rig, r *http.Request) {
	g.Helper()
	w := httptest.NewRecorder()
	if g.door.ServeHTTP(w, r); w.Code != 200 {
		g.Fatalf("%s: %d %s", r.URL, w.Code, w.Body)
	}
}

func sample(t testing.TB) map[string]any {
	var in map[string]any
	if err := json.Unmarshal([]byte(bjensen), &in); err != nil {
		t.Fatal(err)
	}
	doc, err := acceptUser(in)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{`userName eq "a"`, `emails[type eq "work" and value co "x"]`, `not (a pr) or b.c le 5`, enterpriseURN + `:manager.value eq null`, `a eq "\u00e9"`} {
		f.Add(s)
	}
	doc := sample(f)
	f.Fuzz(func(_ *testing.T, s string) {
		if q, err := parseFilter(s); err == nil {
			q.match(doc)
		}
	})
}

// Whatever a PATCH says, what is left is a document that the schema knows, or an error.
func FuzzPatch(f *testing.F) {
	for _, s := range []string{`{"op": "Add", "path": "emails[type eq \"work\"].value", "value": "x"}`, `{"op": "remove", "path": "members[value eq \"x\"]"}`,
		`{"op": "replace", "value": {"name.givenName": "x", "active": "True"}}`, `{"op": "add", "path": "` + enterpriseURN + `", "value": {"manager": "x"}}`,
		`{"op": "remove", "path": "emails", "value": [{"value": "babs@jensen.org"}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		changes, err := parseChanges([]byte(`{"Operations": [` + s + `]}`))
		if err != nil {
			return
		}
		doc := sample(t)
		for _, c := range changes {
			if patch(doc, userAttributes(), c) != nil {
				return
			}
		}
		if _, err := acceptUser(doc); err != nil {
			t.Errorf("%s leaves %v: %v", s, doc, err)
		}
	})
}
