package e2e

import (
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

// A share ends at its day, for whoever it was passed on to as well, and a sync
// client sees that there is something to look at.
func TestASharesDayComes(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		carol := s.as("carol")
		alice.shares("/plans", toUser, "bob", mayAll, "expireDate", s.day(3))
		bob.shares("/plans/a.txt", toUser, "carol", mayRead)
		s.later(day)
		bob.put("/plans/a.txt", "second").want(204)
		carol.reads("/a.txt", "second")
		before := bob.etag("/")
		s.later(3 * day)
		for _, a := range []answer{bob.get("/plans/a.txt"), bob.put("/plans/a.txt", "x"), carol.get("/a.txt")} {
			a.want(404)
		}
		bob.sees("/")
		carol.sees("/")
		if bob.etag("/") == before {
			t.Error("bob's client would keep what is gone")
		}
		for p, path := range map[*person]string{alice: "/plans", bob: ""} {
			var left []share
			query := []string{"path", path}
			if path == "" {
				query = []string{"shared_with_me", "true"}
			}
			p.ocs("GET", "/apps/files_sharing/api/v1/shares", query...).want(200).into(&left)
			if len(left) != 0 {
				t.Errorf("%s is still told of %v", p.name(), left)
			}
		}
		alice.reads("/plans/a.txt", "second")
		alice.shares("/plans", toUser, "bob", mayRead) // once more
		bob.reads("/plans/a.txt", "second")
	})
}

// A link's day can be put off while it lasts; after it, no way into the folder is
// left, with the right password neither.
func TestALinksDayComes(t *testing.T) {
	tell(t, func(s *story) {
		alice, _ := plans(s)
		link := alice.shares("/plans", byLink, "", mayAll, "expireDate", s.day(2), "password", "sesame and more")
		guest := s.visitor(link, "sesame and more")
		guest.reads("/a.txt", "first")
		s.later(day)
		alice.change(link, "expireDate", s.day(5)).want(200)
		s.later(4 * day)
		guest.put("/a.txt", "second").want(204)
		alice.tryShare("/plans", byLink, "", mayRead, "expireDate", s.day(-1)).want(404)
		s.later(3 * day)
		page := "/s/" + link.Token
		for _, a := range []answer{guest.get("/a.txt"), guest.put("/a.txt", "x"), guest.do("PROPFIND", guest.home()+"/", ""),
			guest.do("GET", guest.home()+"/?accept=zip", ""), guest.do("GET", page, ""), guest.do("GET", page+"/download", ""),
			guest.do("GET", "/index.php/apps/files_sharing/publicpreview/"+link.Token+"?x=32&y=32&file=/a.txt", "")} {
			a.want(401, 404, 503) // 503 as recorded, 18-public-dav/033
			if strings.Contains(a.body, "a.txt") {
				t.Errorf("%s tells what was there: %s", a.what, a.body)
			}
		}
		alice.reads("/plans/a.txt", "second")
	})
}

// Where the administrator sets a longest time, every link has a day, and ends on it.
func TestLinksEndByRule(t *testing.T) {
	tell(t, func(s *story) {
		for _, kv := range [][2]string{{"shareapi_default_expire_date", "yes"}, {"shareapi_enforce_expire_date", "yes"}, {"shareapi_expire_after_n_days", "7"}} {
			s.command("config:app:set", "core", kv[0], "--value", kv[1])
		}
		alice, _ := plans(s)
		var link share
		s.soon("the rule holds at the running server", func() bool {
			a := alice.tryShare("/plans", byLink, "", mayRead, "expireDate", s.day(30))
			if a.code == 200 {
				a.into(&link)
				alice.unshare(link).want(200)
			}
			return a.code == 404
		})
		link = alice.shares("/plans", byLink, "", mayRead)
		alice.change(link, "expireDate", "").want(400)
		guest := s.visitor(link, "")
		s.later(6 * day)
		guest.reads("/a.txt", "first")
		s.later(3 * day)
		guest.get("/a.txt").want(503) // as recorded, 18-public-dav/034
	})
}

// Who leaves a group takes with them what they passed on as one of it; who has the
// folder by another way as well keeps it.
func TestWhoLeavesAGroupPassesNothingOn(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		carol, dave := s.as("carol"), s.as("dave")
		s.group("team", "bob", "dave")
		alice.shares("/plans", toGroup, "team", mayAll)
		alice.shares("/plans", toUser, "dave", mayRead)
		bob.shares("/plans", toUser, "carol", mayAll)
		link := bob.shares("/plans", byLink, "", mayRead)
		guest := s.visitor(link, "")
		carol.put("/plans/c.txt", "hers").want(201)
		guest.reads("/c.txt", "hers")
		dave.put("/plans/d.txt", "his").want(201)
		s.admin.ocs("DELETE", "/cloud/users/bob/groups?groupid=team").want(200)
		s.admin.ocs("DELETE", "/cloud/users/dave/groups?groupid=team").want(200)
		for _, p := range []*person{bob, carol} {
			s.soon(p.id+" sees nothing any more", func() bool { return len(p.list("/")) == 0 })
			p.get("/plans/a.txt").want(404)
		}
		guest.get("/c.txt").want(503)
		s.soon("dave only reads", func() bool { return dave.put("/plans/d.txt", "more").code == 403 })
		dave.reads("/plans/d.txt", "his")
		alice.sees("/plans", "a.txt", "c.txt", "d.txt")
		s.group("team", "bob") // and back
		s.soon("carol sees it again", func() bool { return len(carol.list("/")) == 1 })
		guest.reads("/c.txt", "hers")
	})
}

// A recipient restores what a file was before; a reader only looks at it.
func TestAVersionIsRestoredInAShare(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := s.as("alice"), s.as("bob")
		carol := s.as("carol")
		alice.mkdir("/plans").want(201)
		alice.put("/plans/a.txt", "good", header{"X-OC-MTime", version}).want(201)
		alice.shares("/plans", toUser, "bob", mayRead|mayUpdate)
		alice.shares("/plans", toUser, "carol", mayRead)
		bob.put("/plans/a.txt", "bad").want(204)
		id := alice.fileID("/plans/a.txt")
		restores := func(p *person) answer {
			own := "/remote.php/dav/versions/" + p.id
			return p.do("MOVE", own+"/versions/"+(&cell{id: id}).num()+"/"+version, "", header{"Destination", own + "/restore/target"})
		}
		restores(carol).want(403)
		carol.reads("/plans/a.txt", "bad")
		restores(bob).want(201)
		for _, p := range []*person{alice, bob, carol} {
			p.reads("/plans/a.txt", "good")
		}
		if got := alice.fileID("/plans/a.txt"); got != id {
			t.Errorf("it came back as %d, it was %d", got, id)
		}
	})
}

// A shared folder that its owner renames and moves stays where its recipients put
// it; what lies in it is found under its new name by all.
func TestOwnersRename(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		alice.mkdir("/plans/old").want(201)
		alice.put("/plans/old/b.txt", "b").want(201)
		alice.mkdir("/archive").want(201)
		alice.shares("/plans", toUser, "bob", mayAll)
		link := s.visitor(alice.shares("/plans/old", byLink, "", mayRead), "")
		bob.move("/plans", "/of alice").want(201)
		id := bob.fileID("/of alice/old/b.txt")
		alice.move("/plans", "/archive/2026").want(201)
		bob.move("/of alice/old", "/of alice/new").want(201)
		alice.sees("/archive/2026", "a.txt", "new/")
		bob.reads("/of alice/new/b.txt", "b")
		link.reads("/b.txt", "b")
		bob.move("/of alice/new/b.txt", "/of alice/c.txt").want(201)
		if got := alice.fileID("/archive/2026/c.txt"); got != id {
			t.Errorf("it is %d now, it was %d", got, id)
		}
		link.get("/b.txt").want(404)
		bob.sees("/", "of alice/")
	})
}

// An administrator sees which shares hold, and no more those that have ended.
func TestSharesAreListedForAdministrators(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		s.as("carol")
		given := alice.shares("/plans", toUser, "bob", mayRead|mayShare)
		link := bob.shares("/plans/a.txt", byLink, "", mayRead, "password", "sesame and more")
		bob.shares("/plans/a.txt", toUser, "carol", mayRead)
		list := func(want int, args ...string) string {
			t.Helper()
			out := s.command(append([]string{"share:list"}, args...)...)
			if n := strings.Count(out, "alice/files/plans"); n != want {
				t.Errorf("%q: %d shares, want %d\n%s", args, n, want, out)
			}
			return out
		}
		if all := list(3); strings.Contains(all, link.Token) || !strings.Contains(all, "alice/files/plans/a.txt") {
			t.Errorf("got\n%s", all)
		}
		list(2, "--by", "bob")
		list(1, "--recipient", "carol")
		list(3, "--owner", "alice")
		list(0, "--owner", "bob")
		alice.unshare(given).want(200)
		list(0)
	})
}
