package shares

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

func TestSharesAppearWithTheirRights(t *testing.T) {
	each(t, func(g *rig) {
		olga := g.as("olga")
		olga.mkdir("/docs")
		olga.put("/docs/a.txt", "hers")
		lone := olga.put("/lone.txt", "alone")
		docs := olga.stat("/docs")
		g.give(User, docs, "olga", "otto", files.All)
		g.give(Group, lone, "olga", "otters", files.Read)
		g.sees("otto", "/docs rucds", "/docs/a.txt rucds", "/lone.txt r")
		g.sees("oda", "/lone.txt r")
		g.sees("oskar")
		g.sees("olga", "/docs rucds", "/docs/a.txt rucds", "/lone.txt rucds")
		// Two shares of the same thing are one, with the rights of both.
		g.give(User, lone, "olga", "oda", files.Read|files.Update|files.Share)
		g.sees("oda", "/lone.txt rus")
		g.as("oda").put("/lone.txt", "changed")
		if got := g.as("olga").get("/lone.txt"); got != "changed" {
			t.Errorf("the owner has %q", got)
		}
		e, err := g.as("otto").ByID(g.ctx, docs.ID)
		if err != nil || e.Path != "/docs" || e.Mount.Owner != "olga" || !e.IsMountRoot() {
			t.Errorf("by id: %+v %v", e, err)
		}
		got, err := g.files.Viewers(g.ctx, lone.ID, olga.stat("/docs/a.txt").ID)
		g.must(err)
		if v := got[lone.ID]; !slices.Equal(v, []string{"olga", "otto", "oda"}) && !slices.Equal(v, []string{"olga", "oda", "otto"}) {
			t.Errorf("viewers %v", got)
		}
		// What the owner deletes is no mount any more.
		g.must(olga.Remove(g.ctx, olga.stat("/docs"), nil))
		g.later()
		g.sees("otto", "/lone.txt r")
	})
}

// Rights flow from the owner: who shares on gives no more than they have, at any time.
func TestReSharesAreWorthWhatTheirMakerHolds(t *testing.T) {
	each(t, func(g *rig) {
		olga := g.as("olga")
		olga.mkdir("/docs")
		olga.mkdir("/docs/sub")
		docs := olga.stat("/docs")
		first := g.give(User, docs, "olga", "otto", files.All)
		sub := g.as("otto").stat("/docs/sub")
		second := g.give(User, sub, "otto", "oda", files.All)
		third := g.give(User, g.as("oda").stat("/sub"), "oda", "oskar", files.Read|files.Create)
		g.give(User, g.as("oskar").stat("/sub"), "oskar", "otto", files.All) // a ring gives nobody anything
		g.sees("oda", "/sub rucds")
		g.sees("oskar", "/sub rc")

		change := func(s Share, f func(*Share)) {
			t.Helper()
			f(&s)
			g.must(g.room.tx(g.ctx, func(tx *db.DB) error { return update(g.ctx, tx, s) }))
		}
		change(first, func(s *Share) { s.Perms = files.Read | files.Share })
		g.sees("oda", "/sub rs")
		g.sees("oskar", "/sub r")
		change(first, func(s *Share) { s.Perms = files.Read | files.Create })
		g.sees("oda")
		g.sees("oskar")
		change(first, func(s *Share) { s.Expires = g.now.Add(time.Minute) })
		g.sees("oskar", "/sub rc")
		g.now = g.now.Add(time.Minute)
		g.sees("otto")
		g.sees("oda")
		g.sees("oskar")
		change(first, func(s *Share) {})
		g.sees("oskar", "/sub rc")
		// The one in the middle leaves.
		otto := g.as("otto")
		g.must(otto.Remove(g.ctx, otto.stat("/docs"), nil))
		g.sees("oda")
		w, err := g.room.Weigh(g.ctx, second, third)
		g.must(err)
		if w[second.ID].Perms|w[third.ID].Perms != 0 {
			t.Errorf("worth %v", w)
		}
	})
}

func TestLeavingAGroupEndsWhatCameByIt(t *testing.T) {
	each(t, func(g *rig) {
		olga := g.as("olga")
		docs := olga.mkdir("/docs")
		g.give(Group, docs, "olga", "otters", files.All)
		g.give(User, g.as("otto").stat("/docs"), "otto", "oskar", files.Read)
		g.sees("oskar", "/docs r")
		g.must(g.dir.RemoveMember(g.ctx, "otters", "otto"))
		g.sees("otto")
		g.sees("oda", "/docs rucds")
		g.later()
		g.sees("oskar")
		// One member of a group leaves for themselves.
		oda := g.as("oda")
		g.must(oda.Remove(g.ctx, oda.stat("/docs"), nil))
		g.sees("oda")
		if _, err := g.as("olga").Stat(g.ctx, "/docs"); err != nil {
			t.Error(err)
		}
	})
}

// A share gets a free name when it comes, keeps it, and moves in its recipient's
// tree without anybody else noticing.
func TestPlacesOfShares(t *testing.T) {
	each(t, func(g *rig) {
		olga, oskar := g.as("olga"), g.as("oskar")
		hers, his := olga.put("/a.txt", "olga's"), oskar.put("/a.txt", "oskar's")
		g.as("otto").put("/a.txt", "own")
		g.give(User, hers, "olga", "otto", files.Read)
		g.sees("otto", "/a (2).txt r", "/a.txt rucds")
		g.give(Group, his, "oskar", "otters", files.Read)
		g.sees("otto", "/a (2).txt r", "/a (3).txt r", "/a.txt rucds")
		g.sees("oda", "/a.txt r")
		otto := g.as("otto")
		g.must(otto.Remove(g.ctx, otto.stat("/a.txt"), nil))
		g.later()
		g.sees("otto", "/a (2).txt r", "/a (3).txt r") // names do not come back by themselves
		otto.mkdir("/in")
		otto.mkdir("/in/deep")
		if _, _, err := otto.Move(g.ctx, otto.stat("/a (2).txt"), "/in/deep/mine.txt", files.Refuse, nil); err != nil {
			t.Fatal(err)
		}
		g.sees("otto", "/a (3).txt r", "/in rucds", "/in/deep rucds", "/in/deep/mine.txt r")
		otto = g.as("otto")
		if _, _, err := otto.Move(g.ctx, otto.stat("/in"), "/out", files.Refuse, nil); err != nil {
			t.Fatal(err)
		}
		g.sees("otto", "/a (3).txt r", "/out rucds", "/out/deep rucds", "/out/deep/mine.txt r")
		if _, _, err := olga.Move(g.ctx, hers, "/renamed.txt", files.Refuse, nil); err != nil {
			t.Fatal(err)
		}
		g.later()
		g.sees("otto", "/a (3).txt r", "/out rucds", "/out/deep rucds", "/out/deep/mine.txt r")
		// The folder around it goes: what others shared is not lost with it.
		otto = g.as("otto")
		g.must(otto.Remove(g.ctx, otto.stat("/out"), nil))
		g.sees("otto", "/a (3).txt r", "/mine.txt r")
		g.sees("otto", "/a (3).txt r", "/mine.txt r")
		if got := g.as("olga").get("/renamed.txt"); got != "olga's" {
			t.Errorf("the owner has %q", got)
		}
		// It never hides a file of the recipient's own, however that came there.
		root := g.as("otto").stat("/").ID
		change, err := g.files.NewChange(g.ctx)
		g.must(err)
		id, err := g.db.ID(g.ctx)
		g.must(err)
		g.must(g.db.Tx(g.ctx, func(tx *db.DB) error {
			return tree.New(g.db).Create(g.ctx, tx, change, root, tree.Node{ID: id, Parent: root, Name: "mine.txt", Kind: tree.File, MTime: g.now})
		}))
		g.later()
		g.sees("otto", "/a (3).txt r", "/mine (2).txt r", "/mine.txt rucds")
	})
}

func TestDownloadOffIsInherited(t *testing.T) {
	g := lite(t)
	docs := g.as("olga").put("/docs.txt", "hers")
	s, err := g.room.begin(g.ctx, Share{Kind: User, Node: docs.ID, Owner: "olga", Sharer: "olga", Recipient: "otto", Perms: files.Read | files.Share,
		Created: g.now, Target: "docs.txt", Attributes: `[{"scope":"permissions","key":"download","value":false}]`})
	g.must(err)
	g.give(User, docs, "otto", "oda", files.Read)
	for _, uid := range []string{"otto", "oda"} {
		if got := g.as(uid).get("/docs.txt"); got != fault.Denied.Error() {
			t.Errorf("%s reads %q", uid, got)
		}
	}
	g.give(Group, docs, "olga", "otters", files.Read) // which may download
	for _, uid := range []string{"otto", "oda"} {
		if got := g.as(uid).get("/docs.txt"); got != "hers" {
			t.Errorf("%s reads %q", uid, got)
		}
	}
	if !sealed(s.Attributes) || !sealed("{broken") || sealed("") || sealed(`[{"scope":"permissions","key":"download","value":true}]`) {
		t.Error("attributes are misread")
	}
}

// Law 7: what is revoked on another node is noticed within a second.
func TestRevokedElsewhere(t *testing.T) {
	g := lite(t)
	s := g.give(User, g.as("olga").mkdir("/docs"), "olga", "otto", files.Read)
	g.sees("otto", "/docs r")
	elsewhere := New(g.db, tree.New(g.db), g.files, g.dir, g.room.settings, g.room.hashes, g.publish)
	g.must(elsewhere.tx(g.ctx, func(tx *db.DB) error { return drop(g.ctx, tx, []int64{s.ID}) }))
	g.now = g.now.Add(fresh)
	g.sees("otto")
}

// What it costs to look into a home: the same with one share and with a hundred,
// and next to nothing for who received none.
func TestCostOfAListing(t *testing.T) {
	each(t, func(g *rig) {
		olga := g.as("olga")
		cost := func(uid string) int64 {
			t.Helper()
			g.as(uid) // the home is made
			g.later()
			_, err := g.dir.GroupsOf(g.ctx, uid) // known from the login
			g.must(err)
			ctx, n := db.Count(g.ctx)
			v, err := g.files.As(ctx, &who.Principal{ID: uid})
			g.must(err)
			root, err := v.Stat(ctx, "/")
			g.must(err)
			for _, err := range v.List(ctx, root) {
				g.must(err)
			}
			return n.Load()
		}
		g.give(User, olga.mkdir("/d0"), "olga", "otto", files.All)
		g.as("otto").stat("/")
		one := cost("otto")
		for i := 1; i < 100; i++ {
			kind, to := User, "otto"
			if i%2 == 0 {
				kind, to = Group, "otters"
			}
			g.give(kind, olga.mkdir(fmt.Sprintf("/d%d", i)), "olga", to, files.All)
		}
		g.as("otto").stat("/")
		if many := cost("otto"); many != one {
			t.Errorf("one share costs %d statements, a hundred %d", one, many)
		}
		none := cost("oskar")
		g.files.Hooks.Mounters = nil
		if bare := cost("oskar"); none > bare+1 {
			t.Errorf("who received nothing pays %d statements, without shares it is %d", none, bare)
		}
	})
}

// A group of any size costs one row.
func TestAGroupIsOneRow(t *testing.T) {
	g := lite(t)
	for i := range 50 {
		_, err := g.dir.Create(g.ctx, identity.NewUser{ID: fmt.Sprintf("u%d", i), Groups: []string{"otters"}})
		g.must(err)
	}
	g.give(Group, g.as("olga").mkdir("/docs"), "olga", "otters", files.Read)
	for i := range 50 {
		g.sees(fmt.Sprintf("u%d", i), "/docs r")
	}
	for _, table := range []string{"share", "share_member", "share_place"} {
		want := int64(0)
		if table == "share" {
			want = 1
		}
		if n, err := db.One(g.ctx, g.db, db.Scan1[int64], "SELECT COUNT(*) FROM "+table); err != nil || n != want {
			t.Errorf("%d rows in %s, want %d: %v", n, table, want, err)
		}
	}
}

// No listing is short: shares that cannot be read are an error.
func TestSharesThatCannotBeRead(t *testing.T) {
	g := lite(t)
	g.give(User, g.as("olga").mkdir("/docs"), "olga", "otto", files.Read)
	g.sees("otto", "/docs r")
	g.later()
	for _, table := range []string{" share ", "share_place", "share_taste"} {
		g.db.Inject(func(q string) error {
			if strings.Contains(q, table) {
				return errors.New("the disk is on fire")
			}
			return nil
		})
		if _, err := g.files.As(g.ctx, &who.Principal{ID: "otto"}); err == nil {
			t.Errorf("otto sees a home without his shares when %s cannot be read", table)
		}
		g.db.Inject(nil)
	}
}

// What is over is deleted, but not what is in the trash or only waits.
func TestTidy(t *testing.T) {
	each(t, func(g *rig) {
		olga := g.as("olga")
		docs, gone := olga.mkdir("/docs"), olga.put("/gone.txt", "x")
		first := g.give(User, docs, "olga", "otto", files.All)
		rest := g.give(User, docs, "otto", "oda", files.Read)
		late := g.give(Link, docs, "olga", "", files.Read)
		lost := g.give(User, gone, "olga", "otto", files.Read)
		late.Expires = g.now.Add(time.Hour)
		g.must(g.room.tx(g.ctx, func(tx *db.DB) error { return update(g.ctx, tx, late) }))
		g.must(g.room.Tidy(g.ctx))
		left := func() (out []int64) {
			ss, err := where(g.ctx, g.db, "1 = 1")
			g.must(err)
			for _, s := range ss {
				out = append(out, s.ID)
			}
			return out
		}
		if got := left(); !slices.Equal(got, []int64{first.ID, rest.ID, late.ID, lost.ID}) {
			t.Errorf("left at first: %v", got)
		}
		g.must(olga.Remove(g.ctx, gone, nil)) // without a trash it is gone
		g.now = g.now.Add(time.Hour)
		otto := g.as("otto")
		g.must(otto.Remove(g.ctx, otto.stat("/docs"), nil))
		g.must(g.room.Tidy(g.ctx))
		if got := left(); len(got) != 0 {
			t.Errorf("left at last: %v", got)
		}
	})
}

// Accounts, groups and files that go take their shares along, for good.
func TestWhatGoesTakesItsSharesAlong(t *testing.T) {
	each(t, func(g *rig) {
		olga, oskar := g.as("olga"), g.as("oskar")
		docs, his := olga.mkdir("/docs"), oskar.mkdir("/his")
		g.give(User, docs, "olga", "otto", files.All)
		g.give(User, docs, "otto", "oda", files.Read)
		g.give(Group, his, "oskar", "otters", files.Read)
		g.give(User, his, "oskar", "olga", files.Read)
		g.sees("oda", "/docs r", "/his r")
		g.must(g.dir.RemoveGroup(g.ctx, "otters"))
		g.sees("oda", "/docs r")
		g.must(g.dir.CreateGroup(g.ctx, "otters", ""))
		g.must(g.dir.AddMember(g.ctx, "otters", "oda"))
		g.sees("oda", "/docs r")
		g.must(g.dir.Remove(g.ctx, "otto"))
		g.later()
		g.sees("oda")
		g.must(g.dir.Remove(g.ctx, "olga"))
		if n, err := db.One(g.ctx, g.db, db.Scan1[int64], "SELECT COUNT(*) FROM share"); err != nil || n != 0 {
			t.Errorf("%d shares are left: %v", n, err)
		}
	})
}

// An account's files go to another: what was shared stays shared, by the new owner.
func TestSharesFollowAHandOver(t *testing.T) {
	each(t, func(g *rig) {
		olga := g.as("olga")
		docs := olga.mkdir("/docs")
		olga.put("/docs/a.txt", "hers")
		g.give(User, docs, "olga", "otto", files.Read|files.Share)
		rest := g.give(User, docs, "otto", "oda", files.Read)
		link := g.give(Link, olga.stat("/docs/a.txt"), "olga", "", files.Read)
		g.sees("oda", "/docs r", "/docs/a.txt r")
		_, err := g.files.HandOver(g.ctx, olga.Who(), g.as("oskar").Who(), "/", "/from olga")
		g.must(err)
		g.sees("otto", "/docs rs", "/docs/a.txt rs")
		g.sees("oda", "/docs r", "/docs/a.txt r")
		for id, sharer := range map[int64]string{rest.ID: "otto", link.ID: "oskar"} {
			s, err := g.room.ByID(g.ctx, id)
			g.must(err)
			if s.Owner != "oskar" || s.Sharer != sharer {
				t.Errorf("share of %s by %s, want by %s", s.Owner, s.Sharer, sharer)
			}
		}
		// Who takes something out of a share has it for themselves.
		second := g.give(User, g.as("oskar").mkdir("/open"), "oskar", "otto", files.All)
		g.as("oskar").put("/open/x", "his")
		g.give(Link, g.as("oskar").stat("/open/x"), "oskar", "", files.Read)
		otto := g.as("otto")
		if _, _, err := otto.Move(g.ctx, otto.stat("/open/x"), "/x", files.Refuse, nil); err != nil {
			t.Fatal(err)
		}
		ls, err := g.room.List(g.ctx, g.as("oskar").Who(), Everyone)
		g.must(err)
		var left []int64
		for _, l := range ls {
			left = append(left, l.ID)
		}
		if slices.Contains(left, second.ID+1) || !slices.Contains(left, second.ID) {
			t.Errorf("oskar's shares: %v", left)
		}
	})
}
