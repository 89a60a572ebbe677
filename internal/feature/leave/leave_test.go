package leave_test

import (
	"errors"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/feature/leave"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
)

type rig struct {
	*testing.T
	*leave.Room
	dir *identity.Directory
}

func each(t *testing.T, allowed string, f func(r rig)) {
	dbtest.Each(t, []db.Schema{identity.Schema, settings.Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		dir, s := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4)), settings.New(d)
		for uid, groups := range map[string][]string{"ada": {identity.AdminGroup}, "ida": {identity.AdminGroup}, "olga": nil} {
			if _, err := dir.Create(t.Context(), identity.NewUser{ID: uid, Groups: groups}); err != nil {
				t.Fatal(err)
			}
		}
		if allowed != "" {
			if err := s.Set(t.Context(), leave.App, "allowed", allowed); err != nil {
				t.Fatal(err)
			}
		}
		f(rig{t, leave.New(dir, s, mem.New()), dir})
	})
}

func (r rig) leaves(uid string, want error) {
	r.Helper()
	err := r.Leave(r.Context(), &who.Principal{ID: uid})
	if want == nil && err != nil || want != nil && !errors.Is(err, want) {
		r.Errorf("%s leaves: got %v, want %v", uid, err, want)
	}
	if _, err := r.dir.User(r.Context(), uid); errors.Is(err, fault.NotFound) != (want == nil) {
		r.Errorf("the account %s: got %v", uid, err)
	}
}

func TestPeopleLeaveWhereTheyMay(t *testing.T) {
	each(t, "yes", func(r rig) {
		if err := r.Leave(r.Context(), &who.Principal{ID: "olga", Via: who.ViaAppPassword}); !errors.Is(err, fault.Denied) {
			r.Errorf("by an app password: got %v", err)
		}
		r.leaves("olga", nil)
	})
	for _, allowed := range []string{"", "no"} {
		each(t, allowed, func(r rig) { r.leaves("olga", fault.Denied) })
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	each(t, "yes", func(r rig) {
		r.leaves("ida", nil)
		r.leaves("ada", fault.Denied)
	})
	each(t, "yes", func(r rig) { // one who is locked out cannot look after anything
		if err := r.dir.Disable(r.Context(), "ida"); err != nil {
			r.Fatal(err)
		}
		r.leaves("ada", fault.Denied)
	})
}
