package preferences_test

import (
	"errors"
	"maps"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/feature/preferences"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
)

func TestPeopleChooseForThemselves(t *testing.T) {
	dbtest.Each(t, []db.Schema{identity.Schema, preferences.Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
		rm := preferences.New(d, dir)
		for _, uid := range []string{"olga", "otto"} {
			if _, err := dir.Create(ctx, identity.NewUser{ID: uid}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range [][3]string{{"olga", "theme", "light"}, {"olga", "theme", "dark"}, {"olga", "size", "125"}, {"otto", "tour", "done"}} {
			if err := rm.Choose(ctx, c[0], preferences.WebUI, c[1], c[2]); err != nil {
				t.Errorf("%v: %v", c, err)
			}
		}
		for _, c := range [][3]string{{"webui", "theme", "pink"}, {"webui", "theme", ""}, {"webui", "nothing", "on"}, {"files", "theme", "dark"}} {
			if err := rm.Choose(ctx, "olga", c[0], c[1], c[2]); !errors.Is(err, fault.Invalid) {
				t.Errorf("%v: got %v, want it refused", c, err)
			}
		}
		of := func(uid string, want map[string]string) {
			t.Helper()
			if got, err := rm.Of(ctx, uid, preferences.WebUI); err != nil || !maps.Equal(got, want) {
				t.Errorf("%s has %v, %v; want %v", uid, got, err, want)
			}
		}
		of("olga", map[string]string{"theme": "dark", "size": "125"})
		if err := errors.Join(rm.Forget(ctx, "olga", preferences.WebUI, "size"), rm.Forget(ctx, "olga", preferences.WebUI, "size")); err != nil {
			t.Error(err)
		}
		if err := rm.Forget(ctx, "olga", preferences.WebUI, "nothing"); !errors.Is(err, fault.Invalid) {
			t.Errorf("forgetting what there is none of: %v", err)
		}
		of("olga", map[string]string{"theme": "dark"})
		if err := dir.Remove(ctx, "olga"); err != nil {
			t.Fatal(err)
		}
		of("olga", map[string]string{})
		of("otto", map[string]string{"tour": "done"})
	})
}
