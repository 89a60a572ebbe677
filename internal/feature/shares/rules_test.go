package shares

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
)

// offer shares something of somebody's by the rules.
func (g *rig) offer(uid, path string, w Wish) (Share, error) {
	g.Helper()
	v := g.as(uid)
	s, _, err := g.room.Give(g.ctx, v.Who(), v.stat(path), w)
	return s, err
}

func perms(p files.Perm) *files.Perm { return &p }
func text(s string) *string          { return &s }

func (g *rig) set(pairs ...string) {
	g.Helper()
	for i := 0; i < len(pairs); i += 2 {
		g.must(g.room.settings.Set(g.ctx, "core", "shareapi_"+pairs[i], pairs[i+1]))
	}
}

// Who may share with whom is an administrator's to say.
func TestWhoMayShareWithWhom(t *testing.T) {
	link, otto, oda, oskar, otters := Wish{Kind: Link}, Wish{Recipient: "otto"}, Wish{Recipient: "oda"}, Wish{Recipient: "oskar"}, Wish{Kind: Group, Recipient: "otters"}
	for _, c := range []struct {
		why      string
		settings []string
		as       string
		w        Wish
		want     error // nil: allowed
	}{
		{"by default", nil, "olga", otto, nil},
		{"by default, by link", nil, "olga", link, nil},
		{"off", []string{"enabled", "no"}, "olga", otto, fault.NotFound},
		{"no links", []string{"allow_links", "no"}, "olga", link, fault.NotFound},
		{"no links for a group", []string{"allow_links_exclude_groups", `["otters"]`}, "otto", link, fault.NotFound},
		{"links for others", []string{"allow_links_exclude_groups", `["otters"]`}, "olga", link, nil},
		{"no groups", []string{"allow_group_sharing", "no"}, "olga", otters, fault.NotFound},
		{"excluded", []string{"exclude_groups", "yes", "exclude_groups_list", `["otters"]`}, "otto", oskar, fault.Denied},
		{"not excluded", []string{"exclude_groups", "yes", "exclude_groups_list", `["otters"]`}, "olga", oskar, nil},
		{"among those who may", []string{"exclude_groups", "allow", "exclude_groups_list", `["otters"]`}, "otto", oskar, nil},
		{"not among those who may", []string{"exclude_groups", "allow", "exclude_groups_list", `["otters"]`}, "olga", oskar, fault.Denied},
		{"within groups", []string{"only_share_with_group_members", "yes"}, "otto", oda, nil},
		{"out of the group", []string{"only_share_with_group_members", "yes"}, "otto", oskar, fault.Denied},
		{"with the own group", []string{"only_share_with_group_members", "yes"}, "otto", otters, nil},
		{"with a group of others", []string{"only_share_with_group_members", "yes"}, "olga", otters, fault.Denied},
		{"within a group that does not count", []string{"only_share_with_group_members", "yes", "only_share_with_group_members_exclude_group_list", `["otters"]`}, "otto", oda, fault.Denied},
		{"link without a password", []string{"enforce_links_password", "yes"}, "olga", link, fault.Denied},
		{"link with a password", []string{"enforce_links_password", "yes"}, "olga", Wish{Kind: Link, Password: "secret"}, nil},
		{"link of who needs none", []string{"enforce_links_password", "yes", "enforce_links_password_excluded_groups", `["otters"]`}, "otto", link, nil},
		{"upload is off", []string{"allow_public_upload", "no"}, "olga", Wish{Kind: Link, PublicUpload: true}, fault.Denied},
		{"upload is off, reading", []string{"allow_public_upload", "no"}, "olga", link, nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			g := lite(t)
			for _, uid := range []string{"olga", "otto"} {
				g.as(uid).mkdir("/d")
			}
			g.set(c.settings...)
			if _, err := g.offer(c.as, "/d", c.w); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// The roles that links can have, as clients offer them: each is a mask.
func TestRolesOfLinks(t *testing.T) {
	g := lite(t)
	olga := g.as("olga")
	olga.mkdir("/d")
	olga.put("/f.txt", "x")
	for _, c := range []struct {
		role  string
		path  string
		asked files.Perm
		want  string // the rights, or what is wrong
	}{
		{"view", "/d", files.Read, "rs"},
		{"file drop", "/d", files.Create, "c"},
		{"view and add, never delete or overwrite", "/d", files.Read | files.Create, "rcs"},
		{"view and change", "/d", files.Read | files.Update, "rus"},
		{"edit", "/d", files.All &^ files.Share, "rucds"},
		{"all but delete", "/d", files.Read | files.Update | files.Create, "rucs"},
		{"delete what cannot be seen", "/d", files.Create | files.Delete, "READ"},
		{"change what cannot be seen", "/d", files.Update, "READ or CREATE"},
		{"nothing", "/d", files.Share, "READ or CREATE"},
		{"edit a file", "/f.txt", files.All, "rus"},
		{"drop into a file", "/f.txt", files.Create, "READ or CREATE"},
	} {
		s, err := g.offer("olga", c.path, Wish{Kind: Link, Perms: perms(c.asked)})
		if got := letters(s.Perms); err == nil && got != c.want {
			t.Errorf("%s: got %s, want %s", c.role, got, c.want)
		}
		if err != nil && !strings.Contains(strings.ReplaceAll(fault.Text(err), "READ or CREATE", "READ or CREATE READ"), c.want) {
			t.Errorf("%s: %v", c.role, err)
		}
	}
}

// A share ends at the instant when its last day begins where its maker lives.
func TestExpiry(t *testing.T) {
	g := lite(t)
	g.as("olga").mkdir("/d")
	s, err := g.offer("olga", "/d", Wish{Recipient: "otto", Expires: text("2026-11-24")})
	g.must(err)
	if want := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC); !s.Expires.Equal(want) || s.LastDay != "2026-11-24" {
		t.Errorf("ends %v on %q", s.Expires, s.LastDay)
	}
	g.now = s.Expires.Add(-time.Second)
	g.sees("otto", "/d rucds")
	g.now = s.Expires
	g.sees("otto")
	g.set("default_internal_expire_date", "yes", "enforce_internal_expire_date", "yes", "internal_expire_after_n_days", "3")
	g.now = g.now.Add(2 * time.Second)
	if s, err = g.offer("olga", "/d", Wish{Recipient: "oda"}); err != nil || s.LastDay != "2026-11-27" {
		t.Errorf("by default it ends on %q: %v", s.LastDay, err)
	}
	for _, c := range []struct {
		date *string
		want fault.Kind
	}{{text("2026-11-28"), fault.NotFound}, {text("2026-11-23"), fault.NotFound}, {text(""), fault.Invalid}, {text("soon"), fault.NotFound}} {
		if _, err := g.offer("olga", "/d", Wish{Recipient: "oskar", Expires: c.date}); fault.Of(err) != c.want || err == nil {
			t.Errorf("%q: %v, want %v", *c.date, err, c.want)
		}
	}
	if _, err := g.room.Change(g.ctx, g.as("olga").Who(), s.ID, Change{Expires: text("")}); !errors.Is(err, fault.Invalid) {
		t.Errorf("taken away though it is enforced: %v", err)
	}
	if s, err = g.room.Change(g.ctx, g.as("olga").Who(), s.ID, Change{Expires: text("2026-11-25 00:00:00")}); err != nil || s.LastDay != "2026-11-25" {
		t.Errorf("changed to %q: %v", s.LastDay, err)
	}
}

// Who received something passes on no more than they have, and changes only what
// they made.
func TestReSharing(t *testing.T) {
	g := lite(t)
	g.as("olga").mkdir("/d")
	_, err := g.offer("olga", "/d", Wish{Recipient: "otto", Perms: perms(files.Read | files.Create | files.Share)})
	g.must(err)
	for _, w := range []Wish{{Recipient: "oda", Perms: perms(files.All)}, {Kind: Link, PublicUpload: true}, {Kind: Link, Perms: perms(files.Read | files.Update)}} {
		if _, err := g.offer("otto", "/d", w); !errors.Is(err, fault.NotFound) {
			t.Errorf("%+v: %v", w, err)
		}
	}
	s, err := g.offer("otto", "/d", Wish{Recipient: "oda"})
	if g.must(err); s.Perms != files.Read|files.Create|files.Share {
		t.Errorf("by default it gets %s", letters(s.Perms))
	}
	otto := g.as("otto").Who()
	if _, err := g.room.Change(g.ctx, otto, s.ID, Change{Perms: perms(files.All)}); !errors.Is(err, fault.Invalid) {
		t.Errorf("raised: %v", err)
	}
	if _, err := g.room.Change(g.ctx, g.as("olga").Who(), s.ID, Change{Perms: perms(files.Read)}); err != nil {
		t.Errorf("the owner lowers it: %v", err)
	}
	g.sees("oda", "/d r")
	if _, err := g.room.Change(g.ctx, g.as("oda").Who(), s.ID, Change{Perms: perms(files.Read)}); !errors.Is(err, fault.Denied) {
		t.Errorf("a recipient: %v", err)
	}
	if _, err := g.room.Change(g.ctx, g.as("oskar").Who(), s.ID, Change{Note: text("x")}); !errors.Is(err, ErrNoShare) {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := g.offer("oda", "/d", Wish{Recipient: "oskar"}); !errors.Is(err, fault.NotFound) {
		t.Errorf("without the right to share: %v", err)
	}
	g.set("allow_resharing", "no")
	g.now = g.now.Add(2 * time.Second)
	if _, err := g.offer("otto", "/d", Wish{Recipient: "oskar"}); !errors.Is(err, fault.Denied) {
		t.Errorf("where nothing is passed on: %v", err)
	}
}

// What waits is not there until it is taken; what is left can be taken back.
func TestAcceptAndDecline(t *testing.T) {
	each(t, func(g *rig) {
		olga := g.as("olga")
		for _, p := range []string{"/a", "/b", "/c"} {
			olga.mkdir(p)
		}
		otto, oda := g.as("otto").Who(), g.as("oda").Who()
		g.must(g.room.SetAsk(g.ctx, otto, true))
		a, err := g.offer("olga", "/a", Wish{Recipient: "otto"})
		g.must(err)
		b, err := g.offer("olga", "/b", Wish{Kind: Group, Recipient: "otters"})
		g.must(err)
		g.sees("otto")
		g.sees("oda", "/b rucds")
		if v, err := g.files.Viewers(g.ctx, a.Node, b.Node); err != nil || slices.Contains(v[a.Node], "otto") || slices.Contains(v[b.Node], "otto") {
			t.Errorf("who waits is told of changes: %v %v", v, err)
		}
		g.must(g.room.Accept(g.ctx, otto, a.ID))
		g.must(g.room.Decline(g.ctx, otto, b.ID))
		g.sees("otto", "/a rucds")
		g.must(g.room.Restore(g.ctx, otto, b.ID))
		g.sees("otto", "/a rucds", "/b rucds")
		g.must(g.room.Unshare(g.ctx, otto, a.ID)) // it was for otto alone, so it is over
		g.sees("otto", "/b rucds")
		if _, err := g.room.ByID(g.ctx, a.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("left: %v", err)
		}
		g.must(g.room.SetAsk(g.ctx, otto, false))
		g.set("auto_accept_share", "no")
		g.now = g.now.Add(2 * time.Second)
		c, err := g.offer("olga", "/c", Wish{Kind: Group, Recipient: "otters"})
		g.must(err)
		g.sees("otto", "/b rucds", "/c rucds") // who said so is not asked
		g.sees("oda", "/b rucds")
		g.must(g.room.Accept(g.ctx, oda, c.ID))
		g.sees("oda", "/b rucds", "/c rucds")
		var names []string
		for _, ev := range g.events {
			switch ev := ev.(type) {
			case event.ShareMade:
				names = append(names, "made")
			case event.ShareChanged:
				names = append(names, ev.What...)
			case event.ShareRemoved:
				names = append(names, ev.Why+" by "+ev.Actor)
			}
		}
		if want := []string{"made", "made", "accepted", "left by otto", "left by otto", "made", "accepted"}; !slices.Equal(names, want) {
			t.Errorf("told %q, want %q", names, want)
		}
	})
}

// What is new appears in a folder of the recipient's choice; what is there stays.
func TestTheFolderForShares(t *testing.T) {
	g := lite(t)
	olga := g.as("olga")
	for _, p := range []string{"/a", "/b", "/c"} {
		olga.mkdir(p)
	}
	give := func(p string) {
		t.Helper()
		_, err := g.offer("olga", p, Wish{Recipient: "otto", Perms: perms(files.Read)})
		g.must(err)
	}
	give("/a")
	otto := g.as("otto").Who()
	g.must(g.room.SetFolder(g.ctx, otto, "/got/here"))
	give("/b")
	g.sees("otto", "/a r", "/got rucds", "/got/here rucds", "/got/here/b r")
	g.must(g.room.SetFolder(g.ctx, otto, "/"))
	give("/c")
	g.sees("otto", "/a r", "/c r", "/got rucds", "/got/here rucds", "/got/here/b r")
	if err := g.room.SetFolder(g.ctx, otto, "/a/in"); !errors.Is(err, fault.Denied) {
		t.Errorf("a folder in somebody else's: %v", err)
	}
}

// A credential that is limited to a folder knows of no other share.
func TestLimitedCredentialsKnowOnlyTheirShares(t *testing.T) {
	g := lite(t)
	olga := g.as("olga")
	in, out := olga.mkdir("/in"), olga.mkdir("/out")
	a, err := g.offer("olga", "/in", Wish{Recipient: "otto"})
	g.must(err)
	b, err := g.offer("olga", "/out", Wish{Recipient: "otto"})
	g.must(err)
	p := &who.Principal{ID: "olga", Scope: &who.Scope{Folders: []int64{in.ID}}}
	if _, _, role, err := g.room.Find(g.ctx, p, a.ID); err != nil || role != Keeper {
		t.Errorf("inside: %v %v", role, err)
	}
	if err := g.room.Unshare(g.ctx, p, b.ID); !errors.Is(err, ErrNoShare) {
		t.Errorf("outside: %v", err)
	}
	if _, err := g.room.Explain(g.ctx, p, out.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("who sees what is outside: %v", err)
	}
}

// Clients show what is shared, and look again where an etag is new.
func TestSharingShowsInEtagsAndNotInTimes(t *testing.T) {
	g := lite(t)
	olga := g.as("olga")
	olga.mkdir("/d")
	f := olga.put("/d/f", "x")
	before := olga.stat("/d")
	s, err := g.offer("olga", "/d/f", Wish{Recipient: "otto"})
	g.must(err)
	during := olga.stat("/d")
	g.must(g.room.Unshare(g.ctx, olga.Who(), s.ID))
	after := olga.stat("/d")
	if before.ETag == during.ETag || during.ETag == after.ETag {
		t.Error("the folder looks as before")
	}
	if !before.MTime.Equal(after.MTime) || olga.stat("/d/f").ETag != f.ETag {
		t.Error("a file looks changed that is not")
	}
}

func FuzzParseAttributes(f *testing.F) {
	for _, s := range []string{"", "[]", "null", `[{"scope":"permissions","key":"download","value":false}]`, `[{"scope":"fileRequest","key":"enabled","value":true}]`, "{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := ParseAttributes(text)
		s := Share{Attributes: text}
		if err != nil && (s.Allows("permissions", "download") || s.Requests()) {
			t.Errorf("%q cannot be read, and still allows something", text)
		}
	})
}
