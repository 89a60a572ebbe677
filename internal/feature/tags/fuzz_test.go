package tags

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func FuzzObjectIDs(f *testing.F) {
	f.Add(`<object-id xmlns="http://nextcloud.org/ns"><id>7</id><type>files</type></object-id>`)
	f.Add(`<x/>`)
	f.Fuzz(func(t *testing.T, s string) {
		nodes, err := parseObjects([]byte(s))
		if err != nil && nodes != nil && len(nodes) > strings.Count(s, "<") {
			t.Errorf("%d ids of %q", len(nodes), s)
		}
	})
}

func FuzzDrafts(f *testing.F) {
	f.Add(`{"name": "x", "userVisible": true, "groups": "a|b"}`)
	f.Add(`{"name": null}`)
	f.Fuzz(func(t *testing.T, s string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(s))
		r.Header.Set("Content-Type", "application/json")
		d, err := draftOf(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		if name, err := clean(d.Name); err == nil && (name == "" || len([]rune(name)) > maxName) {
			t.Errorf("%q became %q", d.Name, name)
		}
	})
}
