package origins

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

func TestAllowed(t *testing.T) {
	dbtest.Each(t, []db.Schema{settings.Schema}, func(t *testing.T, d *db.DB) {
		store := settings.New(d)
		rm := New(store)
		if got, err := rm.Allowed(t.Context()); len(got) != 0 || err != nil {
			t.Fatalf("at first: %v, %v", got, err)
		}
		if err := store.Set(t.Context(), app, allowed, "https://a.example  http://127.0.0.1:8000"); err != nil {
			t.Fatal(err)
		}
		got, err := rm.Allowed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"https://a.example", "http://127.0.0.1:8000"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCheck(t *testing.T) {
	for list, ok := range map[string]bool{"": true, "https://a.example": true, "https://a.example:8443 http://[::1]:80": true,
		"*": false, "null": false, "https://a.example/": false, "https://A.example": false, "https://a.example/x": false, "ftp://a.example": false,
		"https://u@a.example": false, "https://": false} {
		if err := check(list); (err == nil) != ok {
			t.Errorf("%q: %v", list, err)
		}
	}
}
