package e2e

import (
	"regexp"
	"testing"
	"time"
)

// trashed are the names of what lies in the person's trash.
func (p *person) trashed() (names []string) {
	p.s.Helper()
	a := p.do("PROPFIND", "/remote.php/dav/trashbin/"+p.id+"/trash", "", header{"Depth", "1"}).want(207)
	for _, m := range regexp.MustCompile(`/trash/([^<]+?)/?</d:href>`).FindAllStringSubmatch(a.body, -1) {
		names = append(names, m[1])
	}
	return names
}

// brings restores something from the trash.
func (p *person) brings(name string) answer {
	p.s.Helper()
	return p.do("MOVE", "/remote.php/dav/trashbin/"+p.id+"/trash/"+name, "", header{"Destination", "/remote.php/dav/trashbin/" + p.id + "/restore/" + name})
}

// What a colleague deletes lies in the owner's trash; both can bring it back, the
// colleague only while the folder is shared.
func TestDeletedInAShare(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := s.as("alice"), s.as("bob")
		alice.mkdir("/plans").want(201)
		alice.put("/plans/a.txt", "a").want(201)
		alice.put("/plans/b.txt", "b").want(201)
		given := alice.shares("/plans", toUser, "bob", mayAll)
		id := bob.fileID("/plans/a.txt")
		bob.remove("/plans/a.txt").want(204)
		if a, b := alice.trashed(), bob.trashed(); len(a) != 1 || len(b) != 1 || a[0] != b[0] {
			t.Fatalf("alice has %q, bob %q", a, b)
		}
		bob.brings(bob.trashed()[0]).want(201)
		if got := alice.fileID("/plans/a.txt"); got != id {
			t.Errorf("it came back as %d, it was %d", got, id)
		}
		bob.remove("/plans/b.txt").want(204)
		name := bob.trashed()[0]
		alice.unshare(given).want(200)
		if left := bob.trashed(); len(left) != 0 {
			t.Errorf("bob still sees %q", left)
		}
		bob.brings(name).want(404)
		bob.do("GET", "/remote.php/dav/trashbin/bob/trash/"+name, "").want(404)
		alice.brings(name).want(201)
		alice.sees("/plans", "a.txt", "b.txt")
	})
}

// An hour of damage is undone by a command beside the running server.
func TestRewoundByAnAdministrator(t *testing.T) {
	tell(t, func(s *story) {
		alice := s.as("alice")
		alice.mkdir("/docs").want(201)
		alice.put("/docs/a.txt", "good").want(201)
		alice.put("/docs/b.txt", "good too").want(201)
		for second := time.Now().Unix(); time.Now().Unix() == second; { // times of making are kept to the second
			alice.get("/docs/a.txt").want(200)
		}
		then := time.Now()
		for second := then.Unix(); time.Now().Unix() == second; {
			alice.get("/docs/a.txt").want(200)
		}
		alice.put("/docs/a.txt", "bad").want(204)
		alice.move("/docs/a.txt", "/docs/a.locked").want(201)
		alice.remove("/docs/b.txt").want(204)
		alice.put("/docs/note.txt", "pay").want(201)
		s.command("files:rewind", "--user", "alice", "--path", "/docs", "--to", then.UTC().Format(time.RFC3339Nano))
		alice.sees("/docs", "a.txt", "b.txt")
		alice.reads("/docs/a.txt", "good")
		alice.reads("/docs/b.txt", "good too")
	})
}
