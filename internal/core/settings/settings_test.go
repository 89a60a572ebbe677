package settings

import (
	"errors"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

func TestSettings(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		s, ctx := New(d), t.Context()
		if _, err := s.Get(ctx, "core", "x"); !errors.Is(err, fault.NotFound) {
			t.Errorf("unset: %v", err)
		}
		for _, v := range []string{"1", "2 ü"} {
			if err := s.Set(ctx, "core", "x", v); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Set(ctx, "files", "x", "3"); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Default(ctx, "core", "x", ""); got != "2 ü" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		for app, want := range map[string]int{"": 2, "core": 1, "none": 0} {
			n := 0
			for _, err := range s.All(ctx, app) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != want {
				t.Errorf("%q has %d settings, want %d", app, n, want)
			}
		}
		if err := s.Delete(ctx, "core", "x"); err != nil {
			t.Error(err)
		}
		if err := s.Delete(ctx, "core", "x"); !errors.Is(err, fault.NotFound) {
			t.Errorf("second delete: %v", err)
		}
	})
}

func TestInstanceStays(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		a, err := New(d).Instance(t.Context())
		if err != nil || len(a) != 12 {
			t.Fatalf("instance %q, %v", a, err)
		}
		if b, err := New(d).Instance(t.Context()); b != a || err != nil {
			t.Errorf("then %q, %v", b, err)
		}
	})
}
