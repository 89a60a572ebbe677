package oidc

import (
	"errors"
	"slices"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// uses lets a session be used so long from now on, and renews what is due then.
func (g *rig) uses(for_ time.Duration) {
	g.Helper()
	g.now = g.now.Add(for_)
	g.liar.claims["exp"] = g.now.Unix() + 300
	for _, id := range g.entered { // as the door notes it
		if _, err := g.room.db.Exec(g.Context(), "UPDATE token SET used = ? WHERE id = ?", g.now.Unix(), id); err != nil {
			g.Fatal(err)
		}
	}
	g.renew()
}

func (g *rig) renew() {
	g.Helper()
	if err := g.room.renew(g.Context()); err != nil {
		g.Fatal(err)
	}
}

// lasts tells whether the session that was begun last is still there, and watched over.
func (g *rig) lasts() bool {
	g.Helper()
	id := g.entered[len(g.entered)-1]
	_, err := g.dir.Token(g.Context(), "ada", id)
	if err != nil && !errors.Is(err, fault.NotFound) {
		g.Fatal(err)
	}
	n, fail := db.One(g.Context(), g.room.db, db.Scan1[int64], "SELECT COUNT(*) FROM oidc_renewal WHERE token = ?", id)
	if fail != nil || (n == 1) != (err == nil) {
		g.Errorf("the session: %v; watched over: %d %v", err, n, fail)
	}
	return err == nil
}

func TestASessionLastsWhileTheProviderRenewsIt(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.Renew, g.provider.Groups = true, true
		g.save()
		g.liar.claims = map[string]any{"groups": "crew"}
		g.browser().login()
		g.renew()
		if g.liar.renewed != 0 {
			t.Error("renewed before its time")
		}
		g.liar.claims["groups"] = "pilots"
		for want := 1; want <= 2; want++ {
			if g.uses(5 * time.Minute); g.liar.renewed != want || !g.lasts() {
				t.Fatalf("renewed %d times, want %d", g.liar.renewed, want)
			}
		}
		if in, err := g.dir.GroupsOf(t.Context(), "ada"); err != nil || !slices.Equal(in, []string{"pilots"}) {
			t.Errorf("groups %v %v", in, err)
		}
		g.now = g.now.Add(time.Hour)
		if g.renew(); g.liar.renewed != 2 || !g.lasts() {
			t.Errorf("a session that nobody uses was renewed")
		}
		g.liar.refuses = "invalid_client"
		if g.uses(5 * time.Minute); !g.lasts() {
			t.Error("a fault of ours has ended a session")
		}
		g.liar.refuses = "invalid_grant"
		if g.uses(5 * time.Minute); g.lasts() {
			t.Error("the provider does not know it any more, and yet it lasts")
		}
	})
}

func TestWhoMayNotComeInAnyMoreIsOut(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.Renew, g.provider.GroupsOnly, g.provider.GroupFilter = true, true, "^crew$"
		g.save()
		for name, then := range map[string]map[string]any{"another group": {"groups": "cooks"}, "another person": {"groups": "crew", "sub": "eve"}} {
			g.liar.claims, g.liar.renewed = map[string]any{"groups": "crew", "exp": g.now.Unix() + 300}, 0
			g.browser().login()
			g.liar.claims = then
			if g.uses(5 * time.Minute); g.lasts() {
				t.Errorf("%s: the session lasts", name)
			}
		}
	})
}

func TestARenewalFollowsItsSession(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.Renew = true
		g.save()
		g.browser().login()
		first := g.entered[0]
		g.browser().login()
		if err := g.dir.RemoveToken(t.Context(), "ada", first); err != nil {
			g.Fatal(err)
		}
		if err := g.room.Renewed(t.Context(), g.entered[1], 7); err != nil { // which there is not any more either
			g.Fatal(err)
		}
		left, err := db.List(t.Context(), g.room.db, g.room.scanRenewal, renewalColumns+" ORDER BY token")
		if err != nil || len(left) != 2 || left[0].token != 7 || left[0].Refresh != "refresh 1" {
			g.Errorf("%+v %v", left, err)
		}
		g.uses(5 * time.Minute)
		if n, err := db.One(t.Context(), g.room.db, db.Scan1[int64], "SELECT COUNT(*) FROM oidc_renewal"); n != 0 || err != nil {
			t.Errorf("%d renewals of sessions that have ended, %v", n, err)
		}
	})
}
