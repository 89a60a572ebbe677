package e2e

import (
	"strings"
	"testing"
)

// The permissions of shares, as the OCS share API adds them up.
const (
	mayRead   = 1
	mayUpdate = 2
	mayCreate = 4
	mayDelete = 8
	mayShare  = 16
	mayAll    = 31
)

// plans is alice's folder in the stories below.
func plans(s *story) (alice, bob *person) {
	alice, bob = s.as("alice"), s.as("bob")
	alice.mkdir("/plans").want(201)
	alice.put("/plans/a.txt", "first").want(201)
	return alice, bob
}

func TestTwoPeopleWorkInOneFolder(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		alice.shares("/plans", toUser, "bob", mayAll)
		bob.sees("/", "plans/")
		bob.reads("/plans/a.txt", "first")
		bob.put("/plans/a.txt", "second").want(204)
		alice.reads("/plans/a.txt", "second")
		before, root := bob.etag("/plans"), bob.etag("/")
		alice.put("/plans/b.txt", "new").want(201)
		if bob.etag("/plans") == before || bob.etag("/") == root {
			t.Error("bob's client would not see the new file")
		}
		bob.sees("/plans", "a.txt", "b.txt")
		bob.remove("/plans/b.txt").want(204)
		alice.sees("/plans", "a.txt")
		if alice.fileID("/plans/a.txt") != bob.fileID("/plans/a.txt") {
			t.Error("one file has two numbers")
		}
	})
}

func TestReadersOnlyRead(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		alice.shares("/plans", toUser, "bob", mayRead)
		bob.reads("/plans/a.txt", "first")
		bob.put("/plans/a.txt", "x").want(403)
		bob.put("/plans/new.txt", "x").want(403)
		bob.mkdir("/plans/sub").want(403)
		bob.remove("/plans/a.txt").want(403)
		bob.move("/plans/a.txt", "/plans/b.txt").want(403)
		bob.move("/plans/a.txt", "/mine.txt").want(403)
		bob.copy("/plans/a.txt", "/mine.txt").want(201)
		s.as("carol")
		bob.tryShare("/plans", toUser, "carol", mayRead).want(403, 404)
		alice.reads("/plans/a.txt", "first")
	})
}

// Who passes on a share gives no more than they hold, and what they gave ends with
// what they had.
func TestWhatIsPassedOnEndsWithItsSource(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		carol := s.as("carol")
		given := alice.shares("/plans", toUser, "bob", mayRead|mayShare)
		bob.tryShare("/plans", toUser, "carol", mayAll).want(403, 404)
		bob.shares("/plans", toUser, "carol", mayRead)
		carol.reads("/plans/a.txt", "first")
		carol.put("/plans/a.txt", "x").want(403)
		alice.unshare(given).want(200)
		bob.get("/plans/a.txt").want(404)
		carol.get("/plans/a.txt").want(404)
		bob.sees("/")
		carol.sees("/")
	})
}

func TestWhatIsPassedOnShrinksWithItsSource(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		carol := s.as("carol")
		given := alice.shares("/plans", toUser, "bob", mayAll)
		bob.shares("/plans", toUser, "carol", mayAll)
		carol.put("/plans/c.txt", "hers").want(201)
		alice.change(given, "permissions", "17").want(200)
		bob.put("/plans/b.txt", "x").want(403)
		carol.put("/plans/c.txt", "x").want(403)
		carol.reads("/plans/c.txt", "hers")
	})
}

func TestAGroupAndWhoLeavesIt(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		s.group("team", "bob", "carol")
		carol := s.as("carol")
		alice.shares("/plans", toGroup, "team", mayAll)
		bob.reads("/plans/a.txt", "first")
		carol.move("/plans", "/from alice").want(201)
		bob.sees("/", "plans/")
		carol.sees("/", "from alice/")
		s.admin.ocs("DELETE", "/cloud/users/bob/groups?groupid=team").want(200)
		bob.sees("/")
		bob.get("/plans/a.txt").want(404)
		carol.reads("/from alice/a.txt", "first")
	})
}

// Where a recipient keeps a folder, and under which name, is their own affair.
func TestEachNamesItsOwnTree(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		bob.mkdir("/plans").want(201)
		bob.put("/plans/own.txt", "his").want(201)
		alice.shares("/plans", toUser, "bob", mayAll)
		bob.sees("/", "plans (2)/", "plans/")
		bob.reads("/plans/own.txt", "his")
		bob.reads("/plans (2)/a.txt", "first")
		bob.mkdir("/desk").want(201)
		bob.move("/plans (2)", "/desk/alice").want(201)
		bob.sees("/desk", "alice/")
		alice.sees("/", "plans/")
		before := bob.etag("/desk")
		alice.move("/plans", "/renamed").want(201)
		alice.put("/renamed/b.txt", "new").want(201)
		bob.sees("/desk/alice", "a.txt", "b.txt")
		if bob.etag("/desk") == before {
			t.Error("bob's client would not look into /desk")
		}
		if seen := bob.look("/desk", 1); seen[1].Props[0].ETag != bob.etag("/desk/alice") {
			t.Error("a listing shows another etag than the folder itself")
		}
		bob.move("/desk", "/more/desk").want(409)
		bob.mkdir("/more").want(201)
		bob.move("/desk", "/more/desk").want(201)
		bob.reads("/more/desk/alice/a.txt", "first")
	})
}

func TestOneFileIsShared(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		alice.shares("/plans/a.txt", toUser, "bob", mayRead|mayUpdate|mayShare)
		bob.sees("/", "a.txt")
		bob.put("/a.txt", "his version").want(204)
		alice.reads("/plans/a.txt", "his version")
		bob.move("/a.txt", "/renamed.txt").want(201)
		alice.sees("/plans", "a.txt")
		bob.put("/renamed.txt", "again").want(204)
		alice.reads("/plans/a.txt", "again")
	})
}

// Who deletes what they were given takes leave of it; the owner keeps it, and it
// can be had back.
func TestWhoDeletesAShareLeavesIt(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		given := alice.shares("/plans", toUser, "bob", mayAll)
		bob.remove("/plans").want(204)
		bob.sees("/")
		alice.reads("/plans/a.txt", "first")
		s.group("team", "bob")
		given = alice.shares("/plans", toGroup, "team", mayAll)
		bob.remove("/plans").want(204)
		bob.sees("/")
		var left []share
		bob.ocs("GET", "/apps/files_sharing/api/v1/deletedshares").want(200).into(&left)
		if len(left) != 1 || left[0].ID != "ocinternal:"+given.ID {
			t.Fatalf("left: %v, want %v", left, given)
		}
		bob.ocs("POST", "/apps/files_sharing/api/v1/deletedshares/"+given.ID).want(200)
		bob.reads("/plans/a.txt", "first")
	})
}

// What a recipient deletes in a shared folder is the owner's to have back.
func TestRestoredForAll(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		alice.shares("/plans", toUser, "bob", mayAll)
		bob.remove("/plans/a.txt").want(204)
		alice.sees("/plans")
		restore(alice, "a.txt")
		bob.reads("/plans/a.txt", "first")
		alice.remove("/plans").want(204)
		s.soon("what its owner deleted is gone for bob", func() bool { return len(bob.list("/")) == 0 })
		restore(alice, "plans")
		s.soon("what its owner restored is back for bob", func() bool { return len(bob.list("/")) == 1 })
		bob.reads("/plans/a.txt", "first")
	})
}

// restore takes out of the trash what bore a name.
func restore(p *person, name string) {
	p.s.Helper()
	bin := "/remote.php/dav/trashbin/" + p.id
	for _, line := range strings.Split(p.do("PROPFIND", bin+"/trash", "", header{"Depth", "1"}).want(207).body, "<d:href>") {
		href, _, _ := strings.Cut(line, "</d:href>")
		at := strings.TrimSuffix(href, "/")
		if last := at[strings.LastIndexByte(at, '/')+1:]; strings.HasPrefix(last, name+".d") {
			p.do("MOVE", at, "", header{"Destination", bin + "/restore/" + last}).want(201)
			return
		}
	}
	p.s.Fatalf("%s has no %q in the trash", p.name(), name)
}

// A folder that changes its owner stays shared.
func TestSharesOutliveATransfer(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		dave := s.as("dave")
		alice.shares("/plans", toUser, "bob", mayAll)
		link := alice.shares("/plans", byLink, "", mayRead)
		s.command("files:transfer-ownership", "alice", "dave", "--path", "plans")
		alice.sees("/")
		bob.reads("/plans/a.txt", "first")
		s.visitor(link, "").reads("/a.txt", "first")
		dave.list("/")
	})
}

// Somebody is asked in a notification whether they want a folder, and its shares live
// on when they take it.
func TestAFolderIsOfferedAndTaken(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		dave := s.as("dave")
		alice.shares("/plans", toUser, "bob", mayAll)
		alice.ocs("POST", "/apps/files/api/v1/transferownership", "recipient", "dave", "path", "/plans").want(200)
		var notices []struct {
			App     string `json:"app"`
			Type    string `json:"object_type"`
			Actions []struct{ Type, Link string }
		}
		s.soon("the notification", func() bool {
			a := dave.ocs("GET", "/apps/notifications/api/v2/notifications")
			if a.code == 200 {
				a.into(&notices)
			}
			return len(notices) == 1
		})
		if n := notices[0]; n.App != "files" || n.Type != "transfer" || len(n.Actions) != 2 || n.Actions[0].Type != "POST" {
			t.Fatalf("got %+v", n)
		}
		_, at, _ := strings.Cut(notices[0].Actions[0].Link, "/ocs/v2.php")
		bob.ocs("POST", at).want(404)
		dave.ocs("POST", at).want(200)
		alice.sees("/")
		bob.reads("/plans/a.txt", "first")
	})
}
