package twofactor

import (
	"context"
	"errors"
	"testing"

	"atrium/internal/base/fault"
)

func (g *rig) refused(what string, err error) {
	g.Helper()
	if !errors.Is(err, fault.Denied) {
		g.Errorf("%s: got %v, want a refusal", what, err)
	}
}

func TestAKeyIsASecondFactor(t *testing.T) {
	each(t, func(g *rig) {
		k, a := keys{g.room}, g.registered()
		if !g.needs("otto") {
			g.Error("otto needs no second factor")
		}
		list, err := k.list(g.Context(), "otto")
		if err != nil || len(list) != 1 || list[0].Name != "Passkey" || !list[0].Passkey || list[0].Synced || list[0].Cloned {
			g.Fatalf("%+v, %v", list, err)
		}
		first := a.get(g.challenge())
		if err := k.Verify(g.Context(), ottoAtHome, first); err != nil {
			g.Fatal(err)
		}
		g.refused("the same answer again", k.Verify(g.Context(), ottoAtHome, first))
		g.refused("somebody else's", k.Verify(g.Context(), Caller{UID: "olga", Base: ottoAtHome.Base}, a.get(g.challenge())))

		late := a.get(g.challenge())
		g.now = g.now.Add(ceremonyLife)
		g.refused("too late", k.Verify(g.Context(), ottoAtHome, late))
		g.refused("not JSON", k.Verify(g.Context(), ottoAtHome, "key"))
		g.refused("a ticket that is none", k.Verify(g.Context(), ottoAtHome, `{"ticket":"1AAAA","credential":{}}`))

		confirm, err := k.ask(g.Context(), ottoAtHome, toConfirm)
		if err != nil {
			g.Fatal(err)
		}
		g.refused("a ticket for something else", k.Verify(g.Context(), ottoAtHome, a.get(confirm)))

		a.origin = "https://cloud.example.evil.example"
		g.refused("from another site", k.Verify(g.Context(), ottoAtHome, a.get(g.challenge())))
		a.origin = "https://cloud.example"
		a.flags = flagUP
		g.refused("without PIN or finger", k.Verify(g.Context(), ottoAtHome, a.get(g.challenge())))
		a.flags = flagUP | flagUV
		if err := k.Verify(g.Context(), ottoAtHome, a.get(g.challenge())); err != nil {
			g.Errorf("after all that: %v", err)
		}
		if got := g.race(atHome{k}, "otto", a.get(g.challenge())); got != 1 {
			g.Errorf("of many with one answer %d won", got)
		}
	})
}

// atHome is keys at the public address.
type atHome struct{ keys }

// Verify implements Provider.
func (h atHome) Verify(ctx context.Context, by Caller, answer string) error {
	by.Base = ottoAtHome.Base
	return h.keys.Verify(ctx, by, answer)
}

func TestAKeyWhoseCounterGoesBackIsRefused(t *testing.T) {
	each(t, func(g *rig) {
		k, a := keys{g.room}, g.registered()
		a.counter = 40
		if err := k.Verify(g.Context(), ottoAtHome, a.get(g.challenge())); err != nil {
			g.Fatal(err)
		}
		q := g.challenge()
		a.counter = 7
		g.refused("a copy", k.Verify(g.Context(), ottoAtHome, a.get(q)))
		if _, err := k.Ask(g.Context(), ottoAtHome); !errors.Is(err, fault.NotFound) {
			g.Errorf("it is still asked for: %v", err)
		}
		list, err := k.list(g.Context(), "otto")
		if err != nil || len(list) != 1 || !list[0].Cloned {
			g.Errorf("%+v, %v", list, err)
		}
		if !g.needs("otto") {
			g.Error("the password alone is enough again")
		}
	})
}

// Keys that do not count say 0 each time.
func TestAKeyThatDoesNotCount(t *testing.T) {
	each(t, func(g *rig) {
		k, a := keys{g.room}, newAuthenticator(g.T)
		a.counter, a.flags = 0, flagUP|flagUV|flagBE|flagBS
		q, err := k.Offer(g.Context(), ottoAtHome)
		if err != nil {
			g.Fatal(err)
		}
		if err := k.Learn(g.Context(), ottoAtHome, a.create(q)); err != nil {
			g.Fatal(err)
		}
		for range 2 {
			q := g.challenge()
			a.counter = ^uint32(0) // get counts to 0
			if err := k.Verify(g.Context(), ottoAtHome, a.get(q)); err != nil {
				g.Error(err)
			}
		}
		if list, err := k.list(g.Context(), "otto"); err != nil || !list[0].Synced {
			g.Errorf("%+v, %v", list, err)
		}
	})
}

func TestAPasskeyTellsWhoItIs(t *testing.T) {
	each(t, func(g *rig) {
		a := g.registered()
		begin := func() Question {
			w, err := party(ottoAtHome.Base)
			if err != nil {
				g.Fatal(err)
			}
			options, session, err := w.BeginDiscoverableLogin()
			if err != nil {
				g.Fatal(err)
			}
			q, err := g.room.question(toSignIn, "", options.Response, session)
			if err != nil {
				g.Fatal(err)
			}
			return q
		}
		answer := a.get(begin())
		if u, err := g.room.bearer(g.Context(), ottoAtHome.Base, answer); err != nil || u.ID != "otto" {
			g.Fatalf("%v, %v", u, err)
		}
		_, err := g.room.bearer(g.Context(), ottoAtHome.Base, answer)
		g.refused("again", err)
		_, err = g.room.bearer(g.Context(), ottoAtHome.Base, a.get(g.challenge()))
		g.refused("an answer for after the password", err)
		_, err = g.room.bearer(g.Context(), "https://other.example", a.get(begin()))
		g.refused("at another address", err)
		stranger := newAuthenticator(g.T)
		stranger.handle = a.handle
		_, err = g.room.bearer(g.Context(), ottoAtHome.Base, stranger.get(begin()))
		g.refused("a key that nobody registered", err)
		if err := g.dir.Disable(g.Context(), "otto"); err != nil {
			g.Fatal(err)
		}
		_, err = g.room.bearer(g.Context(), ottoAtHome.Base, a.get(begin()))
		g.refused("of an account that is locked", err)
	})
}

func TestKeysAreNamedAndRemoved(t *testing.T) {
	each(t, func(g *rig) {
		k, ctx := keys{g.room}, g.Context()
		g.registered()
		g.registered()
		list, err := k.list(ctx, "otto")
		if err != nil || len(list) != 2 || list[1].Name != "Passkey 2" {
			g.Fatalf("%+v, %v", list, err)
		}
		if _, err := (codes{g.room, backup}).make(ctx, "otto"); err != nil {
			g.Fatal(err)
		}
		if err := k.rename(ctx, "otto", list[0].ID, "  Blue\n key "); err != nil {
			g.Error(err)
		}
		if err := k.rename(ctx, "olga", list[0].ID, "mine"); !errors.Is(err, fault.NotFound) {
			g.Errorf("olga renames it: %v", err)
		}
		if err := k.rename(ctx, "otto", list[0].ID, " "); !errors.Is(err, fault.Invalid) {
			g.Errorf("no name: %v", err)
		}
		if list, err = k.list(ctx, "otto"); err != nil || list[0].Name != "Blue key" {
			g.Errorf("%+v, %v", list, err)
		}
		if err := k.remove(ctx, "olga", list[0].ID); !errors.Is(err, fault.NotFound) {
			g.Errorf("olga removes it: %v", err)
		}
		for _, key := range list {
			if !g.needs("otto") {
				g.Error("one key is left, and no second factor needed")
			}
			if err := k.remove(ctx, "otto", key.ID); err != nil {
				g.Error(err)
			}
		}
		if err := g.room.tidy(ctx, "otto"); err != nil {
			g.Error(err)
		}
		state, err := g.room.state(ctx, "otto")
		if err != nil || state["backup_codes"] || g.needs("otto") {
			g.Errorf("afterwards: %v, %v", state, err)
		}
	})
}

func TestATicketIsSpentOnce(t *testing.T) {
	each(t, func(g *rig) {
		q := newAuthenticator(g.T)
		offer, err := keys{g.room}.Offer(g.Context(), ottoAtHome)
		if err != nil {
			g.Fatal(err)
		}
		answer := q.create(offer)
		if err := (keys{g.room}).Learn(g.Context(), ottoAtHome, answer); err != nil {
			g.Fatal(err)
		}
		g.refused("registered again", keys{g.room}.Learn(g.Context(), ottoAtHome, answer))
	})
}
