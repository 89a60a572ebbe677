package notify

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// However many accounts there are, an announcement is one row, and costs as many
// statements as to a single account.
func TestAnAnnouncementIsOneRow(t *testing.T) {
	each(t, func(g *rig) {
		ctx, n := db.Count(g.Context())
		if _, err := g.room.Announce(ctx, Announcement{Subject: "We move tonight", Message: "From nine on.", All: true}); err != nil {
			t.Fatal(err)
		}
		if rows, err := db.One(g.Context(), g.db, db.Scan1[int], "SELECT COUNT(*) FROM notice"); rows != 1 || err != nil || n.Load() > 6 {
			t.Errorf("%d rows with %d statements, %v", rows, n.Load(), err)
		}
		if diff := cmp.Diff([]event.NoticesChanged{{All: true}}, g.told); diff != "" {
			t.Error(diff)
		}
		g.reads("otto", "We move tonight")
		g.reads("olga", "We move tonight")
		if code, _ := g.ask("otto", "DELETE", "v2/notifications"); code != 200 {
			t.Errorf("delete all: %d", code)
		}
		g.reads("otto")
		g.reads("olga", "We move tonight")

		g.now = g.now.Add(time.Hour)
		if _, err := g.dir.Create(g.Context(), identity.NewUser{ID: "late", Password: "late"}); err != nil {
			t.Fatal(err)
		}
		g.reads("late") // it was said before
	})
}

func (g *rig) announcesToSome() {
	g.must(g.dir.CreateGroup(g.Context(), "crew", ""))
	g.must(g.dir.AddMember(g.Context(), "crew", "otto"))
	code, data := g.ask("admin", "POST", "v3/announcements", "subject", "For the crew", "groups[]", "crew", "users[]", "oda", "link", "https://example.com/")
	if code != http.StatusCreated {
		g.Fatalf("announce: %d %v", code, data)
	}
	g.reads("otto", "For the crew")
	g.reads("oda", "For the crew")
	g.reads("olga")
	g.must(g.dir.RemoveMember(g.Context(), "crew", "otto"))
	g.reads("otto")
	code, list := g.ask("admin", "GET", "v3/announcements")
	if a, ok := list.([]any); code != 200 || !ok || len(a) != 1 || a[0].(map[string]any)["groups"].([]any)[0] != "crew" {
		g.Errorf("list: %d %v", code, list)
	}
	id := data.(map[string]any)["id"].(string)
	if code, _ := g.ask("admin", "DELETE", "v3/announcements/"+id); code != 200 {
		g.Errorf("retract: %d", code)
	}
	g.reads("oda")
	for name, form := range map[string][]string{
		"to nobody":         {"subject", "x"},
		"of nothing":        {"all", "1"},
		"to a ghost":        {"subject", "x", "users[]", "ghost"},
		"to no group":       {"subject", "x", "groups[]", "ghosts"},
		"to all and some":   {"subject", "x", "all", "1", "users[]", "oda"},
		"with a trap":       {"subject", "x", "all", "1", "link", "javascript:alert(1)"},
		"with another trap": {"subject", "x", "all", "1", "link", "//evil.example"},
		"too long":          {"subject", strings.Repeat("x", 256), "all", "1"},
	} {
		if code, data := g.ask("admin", "POST", "v3/announcements", form...); code != 400 && code != 404 {
			g.Errorf("%s: %d %v", name, code, data)
		}
	}
	if code, _ := g.ask("olga", "POST", "v3/announcements", "subject", "x", "all", "1"); code != 403 {
		g.Errorf("olga announces: %d", code)
	}
}

func TestNotices(t *testing.T) {
	each(t, func(g *rig) {
		g.announcesToSome()
		g.noticesComeAndGo()
		g.sharesComeAndGo()
		g.accountsGo()
	})
}

// A notice that comes twice, as events may, is there once; NoticeOver takes it back.
func (g *rig) noticesComeAndGo() {
	n := event.Notice{To: []string{"otto", "oda"}, App: "files_sharing", Type: "share", Object: "7",
		Subject: event.Say("{user} shared {file} with you"),
		Params:  map[string]event.RichObject{"user": {"type": "user", "id": "olga", "name": "Olga"}, "file": {"type": "highlight", "id": "1", "name": "plan"}},
		Actions: []event.NoticeAction{{Label: event.Say("Accept"), Link: "/ocs/v2.php/apps/files_sharing/api/v1/shares/pending/7", Method: "POST", Primary: true}}}
	g.must(g.room.Tell(g.Context(), n))
	g.must(g.room.Tell(g.Context(), n))
	g.reads("otto", "@Olga shared plan with you")
	g.must(g.dir.Change(g.Context(), "oda", func(u *identity.User) error { u.Language = "de_AT"; return nil }))
	g.reads("oda", "@Olga hat plan mit dir geteilt")
	g.must(g.room.TakeBack(g.Context(), event.NoticeOver{App: "files_sharing", Type: "share", Object: "7", To: []string{"oda"}}))
	g.reads("oda")
	g.reads("otto", "@Olga shared plan with you")
	g.must(g.room.TakeBack(g.Context(), event.NoticeOver{App: "files_sharing", Type: "share", Object: "7"}))
	g.reads("otto")
}

func (g *rig) accountsGo() {
	for _, uid := range []string{"otto", "oda"} {
		g.must(g.room.Tell(g.Context(), personal(uid, "hello", "")))
	}
	_, err := g.room.Announce(g.Context(), Announcement{Subject: "all", All: true})
	g.must(err)
	g.ask("otto", "DELETE", "v2/notifications")
	g.must(g.dir.Remove(g.Context(), "oda"))
	left := func() int {
		n, err := db.One(g.Context(), g.db, db.Scan1[int], "SELECT (SELECT COUNT(*) FROM notice) + (SELECT COUNT(*) FROM notice_gone)")
		g.must(err)
		return n
	}
	if left() != 2 { // the announcement, and that otto has seen it
		g.Errorf("%d rows are left", left())
	}
	g.now = g.now.Add(keptFor + time.Hour)
	g.must(g.room.Clear(g.Context()))
	if left() != 0 {
		g.Errorf("%d old rows are left", left())
	}
}

// People are told of a storage that fills up once for each level, also when they
// have dismissed it, and no more when there is room again.
func TestStorageNearlyFull(t *testing.T) {
	each(t, func(g *rig) {
		write := func(used int64) {
			g.Helper()
			g.homes.used, g.homes.total = used, 1000
			g.now = g.now.Add(lookAgain)
			g.must(g.room.written(g.Context(), []event.FileWritten{{Space: 1}, {Space: 1}, {Space: 2}}))
		}
		write(899)
		g.reads("olga")
		write(900)
		g.reads("olga", "Your storage is nearly full")
		g.ask("olga", "DELETE", "v2/notifications")
		write(901)
		g.reads("olga")
		write(995)
		g.reads("olga", "Your storage is full, files can no longer be uploaded")
		write(10)
		g.reads("olga")
		write(950)
		g.reads("olga", "Your storage is nearly full")
	})
}

func TestAccountEvents(t *testing.T) {
	g := lite(t)
	for _, ev := range []event.AccountChanged{
		{UID: "otto", What: event.PasswordSet, Actor: "otto"},
		{UID: "otto", What: event.AccountRemoved, Actor: "admin"},
		{UID: "otto", What: event.AddressChanged, Actor: "admin"},
	} {
		g.must(g.room.accountChanged(g.Context(), ev))
	}
	g.reads("otto")
	g.must(g.room.accountChanged(g.Context(), event.AccountChanged{UID: "otto", What: event.AppPasswordMade, Actor: "admin", Detail: "robot"}))
	g.reads("otto", "An administrator made the app password robot for your account")
}

// Mail comes to those who asked for it, when it is due, with what is new.
func TestMailForThoseWhoAskForIt(t *testing.T) {
	each(t, func(g *rig) {
		mailed := func() (out []string) {
			g.must(g.room.Mail(g.Context()))
			g.must(g.jobs.Drain(g.Context()))
			for _, l := range g.post.Letters() {
				out = append(out, l.To+": "+l.Subject)
			}
			return out
		}
		g.must(g.room.Tell(g.Context(), personal("otto", "before", "")))
		g.now = g.now.Add(time.Minute)
		for uid, batch := range map[string]string{"otto": "1", "oda": "3600"} { // oda has no address
			if code, _ := g.ask(uid, "POST", "v2/settings", "batchSetting", batch, "soundNotification", "yes", "soundTalk", "no"); code != 200 {
				t.Errorf("settings of %s: %d", uid, code)
			}
			g.must(g.room.Tell(g.Context(), personal(uid, "one", "")))
			g.must(g.room.Tell(g.Context(), personal(uid, "two", "")))
		}
		g.now = g.now.Add(59 * time.Minute)
		if got := mailed(); len(got) != 0 {
			t.Errorf("too early: %q", got)
		}
		g.now = g.now.Add(time.Minute)
		if diff := cmp.Diff([]string{"otto@example.com: Atrium: 2 notifications for you"}, mailed()); diff != "" {
			t.Error(diff)
		}
		if text := g.post.Letters()[0].Text; !strings.Contains(text, "one") || !strings.Contains(text, "two") || strings.Contains(text, "before") {
			t.Errorf("the letter says %s", text)
		}
		g.now = g.now.Add(2 * time.Hour)
		if got := mailed(); len(got) != 1 {
			t.Errorf("nothing is new, yet: %q", got)
		}
		if _, p := g.ask("otto", "GET", "v2/settings"); fmt.Sprint(p) != "map[batchSetting:3600 soundNotification:true soundTalk:false]" {
			t.Errorf("settings: %v", p)
		}
	})
}

func TestSettings(t *testing.T) {
	g := lite(t)
	form := func(batch string) []string {
		return []string{"batchSetting", batch, "soundNotification", "no", "soundTalk", "no"}
	}
	for _, c := range []struct {
		as, path, batch string
		want            int
	}{
		{"otto", "v2/settings", "299", 400}, {"otto", "v2/settings", "-1", 400}, {"otto", "v2/settings", "soon", 400}, {"otto", "v2/settings", "99999999", 400},
		{"otto", "v2/settings/admin", "0", 403}, {"admin", "v2/settings/admin", "3600", 400}, {"admin", "v2/settings/admin", "0", 200},
	} {
		if code, _ := g.ask(c.as, "POST", c.path, form(c.batch)...); code != c.want {
			t.Errorf("%+v: %d", c, code)
		}
	}
	if _, p := g.ask("oda", "GET", "v2/settings"); fmt.Sprint(p) != "map[batchSetting:0 soundNotification:false soundTalk:false]" {
		t.Errorf("settings: %v", p)
	}
}

func TestOnlyTheNewestAreListed(t *testing.T) {
	g := lite(t)
	for i := range maxList + 5 {
		g.must(g.room.Tell(g.Context(), personal("otto", fmt.Sprint("notice ", i), "")))
	}
	if got, _ := g.list("otto"); len(got) != maxList || got[0] != fmt.Sprint("notice ", maxList+4) {
		t.Errorf("%d, the first is %q", len(got), got[0])
	}
	g.ask("otto", "DELETE", "v2/notifications")
	g.reads("otto")
}

func TestPictures(t *testing.T) {
	g := lite(t)
	for name, want := range map[string]int{"notifications-dark.svg": 200, "none.svg": 404, "..%2Fnotify.go": 404} {
		if w := g.serve(httptest.NewRequest("GET", imgPath+name, nil)); w.Code != want {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

func FuzzObjectParams(f *testing.F) {
	f.Add(`{"user1":{"type":"user","id":"olga","name":"Olga"}}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, s string) {
		params, err := objectParams(s)
		if err != nil {
			return
		}
		for name, o := range params {
			if name == "" || o["id"] == "" {
				t.Errorf("%q passes", s)
			}
		}
		_ = event.Plain("{user1} {x}", params)
	})
}

func FuzzDeviceKey(f *testing.F) {
	f.Add("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
	f.Fuzz(func(_ *testing.T, s string) { isDeviceKey(s) })
}

// Recipients are told of shares, and asked where they must accept; what is answered
// or over is taken back. The rows of a group's share do not grow with its members.
func (g *rig) sharesComeAndGo() {
	g.must(g.dir.CreateGroup(g.Context(), "team", "The team"))
	g.must(g.dir.Change(g.Context(), "oda", func(u *identity.User) error { u.Language = "en"; return nil }))
	for _, uid := range []string{"olga", "otto", "oda"} {
		g.must(g.dir.AddMember(g.Context(), "team", uid))
	}
	one := event.Shared{Share: 41, Kind: kindUser, Node: 7, Owner: "olga", Sharer: "olga", Recipient: "otto"}
	many := event.Shared{Share: 42, Kind: kindGroup, Node: 7, Owner: "olga", Sharer: "olga", Recipient: "team"}
	g.must(g.room.shared(g.Context(), event.ShareMade{Shared: one, Note: "for Monday"}))
	g.reads("otto", "@Olga Ö. Capture shared plan.txt with you")
	g.must(g.room.shareRemoved(g.Context(), event.ShareRemoved{Shared: one, Why: event.ShareUnshared}))
	g.must(g.room.shared(g.Context(), event.ShareMade{Shared: many, Pending: true}))
	const asked = "@Olga Ö. Capture shared plan.txt with the group The team"
	g.reads("otto", asked)
	g.reads("oda", asked)
	g.reads("olga")
	_, list := g.ask("otto", "GET", "v2/notifications")
	actions := list.([]any)[0].(map[string]any)["actions"].([]any)
	want := map[string]any{"label": "Accept", "link": "http://example.com/ocs/v2.php/apps/files_sharing/api/v1/shares/pending/42", "type": "POST", "primary": true}
	if diff := cmp.Diff(want, actions[0]); diff != "" || len(actions) != 2 {
		g.Errorf("actions: %v %s", actions, diff)
	}
	many.Actor = "otto"
	g.must(g.room.shareChanged(g.Context(), event.ShareChanged{Shared: many, What: []string{event.ShareAccepted}}))
	g.reads("otto")
	g.reads("oda", asked)
	many.Actor = "oda"
	g.must(g.room.shareRemoved(g.Context(), event.ShareRemoved{Shared: many, Why: event.ShareLeft}))
	g.reads("oda")
	g.must(g.room.shareRemoved(g.Context(), event.ShareRemoved{Shared: many, Why: event.ShareOrphaned}))
	for _, s := range []event.Shared{{Share: 43, Kind: 3, Node: 7, Sharer: "olga"}, {Share: 44, Kind: kindUser, Node: 8, Recipient: "otto"}} {
		g.must(g.room.shared(g.Context(), event.ShareMade{Shared: s})) // a link, and what is gone
	}
	g.reads("otto")
}
