package activity

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
)

// What happens in a shared folder reaches whoever has it, from the share on and
// until it is taken back, at two small rows for each fact.
func TestWhoReadsWhat(t *testing.T) {
	each(t, func(g *rig) {
		g.mkdir("olga", "/Docs")
		g.put("olga", "/Docs/secret before")
		g.heard()
		user := g.share(1, "/Docs", "otto", shareUser)
		many := g.share(2, "/Docs", "otters", shareGroup)
		g.put("otto", "/Docs/from otto")
		g.heard()
		var rows int
		var err error
		if rows, err = db.One(g.Context(), g.db, db.Scan1[int], "SELECT COUNT(*) FROM activity_for WHERE id = (SELECT MAX(id) FROM activity)"); rows != 2 || err != nil {
			g.Errorf("a PUT in a folder that a group sees costs %d rows, %v", rows, err)
		}
		g.reads("olga", "?limit=3", "@Otto created Docs/from otto", "You shared Docs with group otters", "You shared Docs with @Otto")
		g.reads("otto", "", "You created Docs/from otto", "@Olga Ö. Capture shared Docs with you")
		g.reads("oda", "", "@Otto created Docs/from otto", "@Olga Ö. Capture shared Docs with group otters")
		g.remove("olga", "/Docs/from otto")
		g.put("olga", "/private")
		g.heard()
		g.reads("otto", "?limit=1", "@Olga Ö. Capture deleted Docs/from otto")
		g.unshare(user)
		g.reads("otto", "", "@Olga Ö. Capture removed you from the share named Docs", "@Olga Ö. Capture shared Docs with you")
		g.put("olga", "/Docs/after")
		g.heard()
		g.reads("otto", "?limit=1", "@Olga Ö. Capture removed you from the share named Docs")
		g.reads("oda", "?limit=1", "@Olga Ö. Capture created Docs/after")
		g.unshare(many)
		g.put("olga", "/Docs/at last")
		g.heard()
		g.reads("oda", "?limit=1", "@Olga Ö. Capture removed group otters from Docs")
		if left, err := db.One(g.Context(), g.db, db.Scan1[int], "SELECT COUNT(*) FROM activity_root"); left != 0 || err != nil {
			g.Errorf("%d shares are remembered, %v", left, err)
		}
	})
}

// Whoever is given a share later does not read what happened before.
func TestAShareShowsNoPast(t *testing.T) {
	g := lite(t)
	file := g.put("olga", "/plan")
	g.heard()
	g.share(1, "/plan", "otto", shareUser)
	g.put("olga", "/plan")
	g.heard()
	g.share(2, "/plan", "oda", shareUser)
	g.reads("oda", "", "@Olga Ö. Capture shared plan with you")
	g.put("olga", "/plan")
	g.heard()
	g.reads("oda", "", "@Olga Ö. Capture changed plan", "@Olga Ö. Capture shared plan with you")
	object := fmt.Sprintf("/filter?object_type=files&object_id=%d", file)
	g.reads("oda", object, "@Olga Ö. Capture changed plan", "Shared by @Olga Ö. Capture")
	g.reads("otto", object, "@Olga Ö. Capture changed plan", "@Olga Ö. Capture changed plan", "Shared by @Olga Ö. Capture")
	g.reads("olga", object, "You changed plan", "Shared with @Oda Two", "You changed plan", "Shared with @Otto", "You created plan")
}

func TestWhatHappensToFiles(t *testing.T) {
	g := lite(t)
	g.mkdir("olga", "/A")
	g.mkdir("olga", "/A/B")
	g.put("olga", "/A/f")
	g.heard()
	g.share(1, "/A/B", "otto", shareUser)
	g.move("olga", "/A/f", "/A/g")
	g.move("olga", "/A/g", "/A/B/g")
	g.move("olga", "/A/B/g", "/A/B/h")
	g.heard()
	g.reads("olga", "?limit=3", "You renamed A/B/g to A/B/h", "You moved A/g to A/B/g", "You renamed A/f to A/g")
	g.reads("otto", "?limit=2", "@Olga Ö. Capture renamed B/g to B/h", "@Olga Ö. Capture moved g to B/g")
	h := g.stat("olga", "/A/B/h")
	space, parent := h.Mount.Space, h.Parent
	g.heard(event.NodeRemoved{Space: space, Node: h.ID, Parent: parent, Name: "h", By: event.By{Actor: "otto"}},
		event.NodeMoved{Space: space, Node: h.ID, Parent: parent, Name: "h", OldSpace: 1, OldParent: 1, OldName: "x", Returned: true, By: event.By{Actor: "olga"}},
		event.FileWritten{Space: space, Node: 77, Parent: parent, Name: "dropped", Made: true, By: event.By{Link: 9, Guest: "Gus"}},
		event.FileWritten{Space: space, Node: h.ID, Parent: parent, Name: "h"},
		event.LinkRead{Node: h.ID, Sharer: "otto", By: event.By{Link: 9}})
	g.reads("olga", "?limit=5", "A/B/h downloaded via public link", "A/B/h was changed", "A/B/dropped was created in a public folder",
		"You restored A/B/h", "@Otto deleted A/B/h")
	g.reads("otto", "?limit=2", "h downloaded via public link", "B/h was changed")
	_, got := g.ask("olga", "?limit=5")
	var types []string
	for _, x := range got {
		types = append(types, x["app"].(string)+" "+x["type"].(string))
	}
	want := []string{"files_sharing public_links", "files file_changed", "files public_links_upload", "files file_restored", "files file_deleted"}
	if diff := cmp.Diff(want, types); diff != "" {
		g.Error(diff)
	}
}

func TestFilters(t *testing.T) {
	each(t, func(g *rig) {
		g.mkdir("olga", "/Docs")
		g.heard()
		g.share(1, "/Docs", "otto", shareUser)
		g.put("otto", "/Docs/x")
		g.heard(event.AccountChanged{UID: "olga", What: event.AppPasswordMade, Detail: "phone", Actor: "olga"},
			event.Activity{App: "dav", Type: "calendar_event", Actor: "otto", To: []string{"olga", "otto"}, ObjectType: "calendar", ObjectID: 8,
				Self: event.Written("You created event {event}"), Others: event.Written("{actor} created event {event}"),
				Params: map[string]event.RichObject{"event": {"type": "calendar-event", "id": "1", "name": "Lunch"}}},
			event.Activity{App: "comments", Type: "comments", Actor: "otto", ObjectType: "files", ObjectID: g.stat("olga", "/Docs/x").ID,
				Self: event.Written("You commented on {file}"), Others: event.Written("{actor} commented"), Message: event.Written("nice")})
		const docs, x, token = "You shared Docs with @Otto", "@Otto created Docs/x", `You created an app password for a session named "phone"`
		const lunch, comment = "@Otto created event Lunch", "@Otto commented"
		g.reads("olga", "", comment, lunch, token, x, docs, "You created Docs")
		g.reads("olga", "/all?limit=2", comment, lunch)
		g.reads("olga", "/self", token, docs, "You created Docs")
		g.reads("olga", "/by", comment, lunch, x)
		g.reads("otto", "/self", "You commented on {file}", "You created event Lunch", "You created Docs/x")
		g.reads("otto", "/by", "@Olga Ö. Capture shared Docs with you")
		g.reads("olga", "/files", x, "You created Docs")
		g.reads("olga", "/files_sharing", docs)
		g.reads("olga", "/security", token)
		g.reads("olga", "/comments", comment)
		g.reads("olga", "/filter?object_type=calendar&object_id=8")
		if w, _ := g.ask("olga", "/nosuch"); w.Code != http.StatusNotFound {
			g.Errorf("no such filter: %d", w.Code)
		}
		if w, got := g.ask("olga", "/filters"); w.Code != 200 || len(got) != len(filters) || got[0]["id"] != "all" {
			g.Errorf("filters: %d %v", w.Code, got)
		}
		if code, _ := g.form("olga", "/apps/activity/settings", "security_stream", "0", "file_created_stream", "0"); code != 200 {
			g.Errorf("settings: %d", code)
		}
		g.reads("olga", "", comment, lunch, docs)
		want := []event.ActivityGrew{{UIDs: []string{"olga", "otto"}, Nodes: g.grew[len(g.grew)-1].Nodes}}
		if diff := cmp.Diff(want, g.grew[len(g.grew)-1:]); diff != "" || len(want[0].Nodes) != 2 {
			g.Error(diff)
		}
	})
}

// Pages fit together both ways, and cost the same however much there is.
func TestPages(t *testing.T) {
	each(t, func(g *rig) {
		root := g.stat("olga", "/")
		tell := func(n int) {
			var evs []bus.Event
			for i := range n {
				evs = append(evs, event.FileWritten{Space: root.ID, Node: int64(10_000 + i), Parent: root.ID, Name: fmt.Sprint("f", i), By: event.By{Actor: "olga"}},
					event.FileWritten{Space: root.ID, Node: int64(10_000 + i), Parent: root.ID, Name: fmt.Sprint("f", i), By: event.By{Actor: "otto"}})
			}
			g.heard(evs...)
		}
		tell(60)
		files := 0 // that the entries are about
		walk := func(path, order string) (ids []float64) {
			files = 0
			for since := ""; ; {
				w, got := g.ask("olga", path+"?limit=7&sort="+order+since)
				for _, x := range got {
					ids = append(ids, x["activity_id"].(float64))
					files += len(x["objects"].(map[string]any))
				}
				if w.Header().Get("Link") == "" {
					return ids
				}
				since = "&since=" + w.Header().Get("X-Activity-Last-Given")
			}
		}
		down, up := walk("", "desc"), walk("", "asc")
		slices.Reverse(up)
		if len(down) != 120 || !slices.Equal(down, up) || !slices.IsSortedFunc(down, func(a, b float64) int { return int(b - a) }) {
			g.Errorf("%d down, %d up", len(down), len(up))
		}
		if walk("/by", "desc"); files != 60 {
			g.Errorf("others wrote %d files", files)
		}
		count := func() int64 {
			u, err := g.dir.User(g.Context(), "olga")
			g.must(err)
			ctx, n := db.Count(g.Context())
			me, err := g.room.readerOf(ctx, u, &who.Principal{ID: "olga"})
			g.must(err)
			_, err = g.room.read(ctx, me, filter{}, newest, 0, 50)
			g.must(err)
			return n.Load()
		}
		few := count()
		tell(300)
		if many := count(); many > few+1 || many > 8 { // where a home lies is asked anew now and then
			g.Errorf("a page costs %d statements of 120 entries and %d of 720", few, many)
		}
	})
}

// A comment is told to whoever sees the file, follows its author's changes, and
// goes when it is taken back.
func TestComments(t *testing.T) {
	each(t, func(g *rig) {
		id := g.put("olga", "/plan")
		g.heard()
		g.share(1, "/plan", "otto", shareUser)
		by := event.By{Actor: "otto"}
		g.heard(event.CommentMade{Comment: 5, Node: id, Message: "Hi @olga look", Mentions: []string{"olga"}, By: by},
			event.CommentMade{Comment: 6, Node: id, Message: "nobody sees this", By: by},
			event.TagChanged{Node: id, Tag: 3, Name: "urgent", What: event.TagPut, By: by},
			event.TagChanged{Node: id, Tag: 4, Name: "watched", Hidden: true, What: event.TagPut, By: by})
		g.heard(event.CommentRemoved{Comment: 6, Node: id, By: by})
		g.reads("olga", "?limit=2", "@Otto added system tag urgent to plan", "@Otto commented on plan")
		g.reads("otto", "/comments", "You commented on plan")
		object := fmt.Sprintf("/filter?object_type=files&object_id=%d&limit=2", id)
		g.reads("olga", object, "@Otto added system tag urgent", "@Otto commented")
		_, got := g.ask("olga", "/comments")
		want := []any{"Hi {mention1} look", map[string]any{"mention1": map[string]any{"type": "user", "id": "olga", "name": "Olga Ö. Capture"}}}
		if diff := cmp.Diff(want, got[0]["message_rich"]); diff != "" || got[0]["message"] != "Hi @olga look" {
			g.Errorf("%v %s", got[0]["message"], diff)
		}
		g.heard(event.CommentChanged{Comment: 5, Node: id, Message: "never mind", By: by})
		if _, got := g.ask("olga", "/comments"); got[0]["message"] != "never mind" {
			g.Errorf("after the change: %v", got[0]["message"])
		}
	})
}

// Favourites are one's own: nobody else reads of them, nor where a file lies that
// they were shown by itself.
func TestFavorites(t *testing.T) {
	each(t, func(g *rig) {
		g.mkdir("olga", "/secret")
		id := g.put("olga", "/secret/plan")
		g.heard()
		g.heard(event.FavoriteChanged{Node: id, On: true, By: event.By{Actor: "olga"}}, event.FavoriteChanged{Node: id, On: true, By: event.By{Actor: "otto"}})
		g.heard(event.FavoriteChanged{Node: id, By: event.By{Actor: "olga"}})
		g.reads("olga", "?limit=2", "You removed secret/plan from your favourites", "You added secret/plan to your favourites")
		g.reads("otto", "", "You added plan to your favourites")
		g.reads("olga", fmt.Sprintf("/filter?object_type=files&object_id=%d&limit=2", id), "You removed this from your favourites", "You added this to your favourites")
		if _, got := g.ask("olga", "?limit=1"); got[0]["type"] != "favorite" || got[0]["app"] != "files" || got[0]["object_name"] != "/secret/plan" {
			g.Errorf("got %v", got[0])
		}
	})
}

func TestEntriesTogether(t *testing.T) {
	g := lite(t)
	for _, name := range []string{"/a", "/b", "/c", "/d", "/e", "/f"} {
		g.put("olga", name)
	}
	g.heard()
	g.reads("olga", "", "You created f, e, d, c and b", "You created a")
	w, got := g.ask("olga", "?previews=true")
	if n := len(got[0]["previews"].([]any)); n != 5 || w.Header().Get("X-Activity-Last-Given") != "1" {
		g.Errorf("%d previews, %v", n, w.Header())
	}
	g.must(g.dir.Change(g.Context(), "olga", func(u *identity.User) error { u.Language = "de"; return nil }))
	g.reads("olga", "?limit=2", "Du hast f und e erstellt")
}

// A credential that is limited reads of no files that it does not see.
func TestLimitedCredentials(t *testing.T) {
	g := lite(t)
	g.put("olga", "/a")
	g.heard(event.AccountChanged{UID: "olga", What: event.PasswordSet, Actor: "olga"})
	u, err := g.dir.User(g.Context(), "olga")
	g.must(err)
	for name, c := range map[string]struct {
		scope *who.Scope
		want  int
	}{"whole": {nil, 2}, "without files": {&who.Scope{But: []string{who.FilesRoom}}, 1}, "one folder": {&who.Scope{Folders: []int64{5}}, 0}} {
		me, err := g.room.readerOf(g.Context(), u, &who.Principal{ID: "olga", Scope: c.scope})
		g.must(err)
		p, err := g.room.read(g.Context(), me, filter{}, newest, 0, 50)
		if len(p.entries) != c.want || err != nil {
			t.Errorf("%s: %d entries, %v", name, len(p.entries), err)
		}
	}
}

func TestFeeds(t *testing.T) {
	g := lite(t)
	g.put("olga", "/a <b>")
	g.heard()
	get := func(link string) string {
		g.Helper()
		w := g.serve(httptest.NewRequest("GET", link, nil))
		if w.Code != 200 {
			g.Fatalf("%s: %d %s", link, w.Code, w.Body)
		}
		var doc struct {
			Items []struct {
				Title string `xml:"title"`
			} `xml:"channel>item"`
			Entries []struct {
				Title string `xml:"title"`
			} `xml:"entry"`
		}
		g.must(xml.Unmarshal(w.Body.Bytes(), &doc))
		var titles []string
		for _, x := range append(doc.Items, doc.Entries...) {
			titles = append(titles, x.Title)
		}
		return strings.Join(titles, "|")
	}
	_, data := g.form("olga", "/apps/activity/settings/feed", "enable", "true")
	link := data["rsslink"].(string)
	token := link[strings.Index(link, "?"):]
	const title, wrong = "You created a <b>", "Your feed URL is invalid"
	for _, path := range []string{feedPath, atomPath} {
		if got := get(path + token); got != title {
			g.Errorf("%s shows %q", path, got)
		}
		for _, bad := range []string{"", "?token=", "?token=nope"} {
			if got := get(path + bad); got != wrong {
				g.Errorf("%s shows %q", path+bad, got)
			}
		}
	}
	g.must(g.dir.Disable(g.Context(), "olga"))
	if got := get(feedPath + token); got != wrong {
		g.Errorf("a locked account's feed shows %q", got)
	}
	g.must(g.dir.Enable(g.Context(), "olga"))
	g.form("olga", "/apps/activity/settings/feed", "enable", "true")
	if got := get(feedPath + token); got != wrong {
		g.Errorf("the former address shows %q", got)
	}
	if _, data := g.form("olga", "/apps/activity/settings/feed", "enable", "false"); data["rsslink"] != "" {
		g.Errorf("ended: %v", data)
	}
}

func TestDigests(t *testing.T) {
	each(t, func(g *rig) {
		g.mkdir("olga", "/Docs")
		g.heard()
		g.share(1, "/Docs", "otto", shareUser)
		mailed := func() (out []string) {
			g.must(g.room.Mail(g.Context()))
			g.must(g.jobs.Drain(g.Context()))
			for _, l := range g.post.Letters() {
				out = append(out, l.To+": "+l.Subject)
			}
			return out
		}
		for uid := range map[string]bool{"otto": true, "oda": true} { // oda has no address
			if code, _ := g.form(uid, "/apps/activity/settings", "file_created_email", "1", "notify_setting_batchtime", "0"); code != 200 {
				g.Errorf("settings of %s: %d", uid, code)
			}
		}
		g.put("olga", "/Docs/new")
		g.put("olga", "/Docs/new")
		g.put("otto", "/Docs/mine")
		g.heard()
		if got := mailed(); len(got) != 0 {
			g.Errorf("too early: %q", got)
		}
		g.now = g.now.Add(time.Hour)
		if diff := cmp.Diff([]string{"otto@example.com: Atrium: one activity since the last mail"}, mailed()); diff != "" {
			g.Error(diff)
		}
		if text := g.post.Letters()[0].Text; !strings.Contains(text, "@Olga Ö. Capture created Docs/new") || strings.Contains(text, "mine") || strings.Contains(text, "changed") {
			g.Errorf("the letter says %s", text)
		}
		g.now = g.now.Add(2 * time.Hour)
		if got := mailed(); len(got) != 1 {
			g.Errorf("nothing is new: %q", got)
		}
		for _, bad := range [][]string{{"notify_setting_batchtime", "4"}, {"notify_setting_batchtime", "x"}, {"A B_email", "1"}, {"_stream", "1"}} {
			r := httptest.NewRequest("POST", "/apps/activity/settings", strings.NewReader(url.Values{bad[0]: {bad[1]}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth("otto", "otto")
			if w := g.serve(r); w.Code != http.StatusBadRequest {
				g.Errorf("%v: %d", bad, w.Code)
			}
		}
	})
}

func TestWhenMailComes(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 20, 0, 0, time.UTC) // a Sunday
	for b, want := range map[batchTime]string{soon: "22 10:25", hourly: "22 11:00", daily: "23 07:00", weekly: "23 07:00"} {
		if got := b.next(now, "Europe/Vienna").UTC().Format("02 15:04"); got != want {
			t.Errorf("%d: %s, want %s", b, got, want)
		}
	}
	if got := weekly.next(now.Add(24*time.Hour), "nowhere").UTC().Format("02 15:04"); got != "30 08:00" {
		t.Errorf("on Monday after the morning: %s", got)
	}
}

func TestTheStreamGoesBackAYear(t *testing.T) {
	each(t, func(g *rig) {
		g.put("olga", "/old")
		g.heard()
		g.share(1, "/old", "otto", shareUser)
		g.now = g.now.Add(364 * 24 * time.Hour)
		g.put("olga", "/new")
		g.heard()
		g.must(g.room.Clear(g.Context()))
		g.reads("olga", "", "You created new", "You shared old with @Otto", "You created old")
		g.now = g.now.Add(48 * time.Hour)
		g.must(g.room.Clear(g.Context()))
		g.reads("olga", "", "You created new")
		g.reads("otto", "")
		g.now = g.now.Add(5000 * 24 * time.Hour)
		g.must(g.room.Clear(g.Context()))
		g.reads("olga", "", "You created new") // from which ids go on
	})
}

func TestAccountsThatGo(t *testing.T) {
	each(t, func(g *rig) {
		g.put("otto", "/a")
		space := g.stat("otto", "/").ID
		g.heard(event.AccountChanged{UID: "otto", What: event.SecondFactorOn, Actor: "otto"})
		g.form("otto", "/apps/activity/settings", "shared_email", "1")
		g.form("otto", "/apps/activity/settings/feed", "enable", "true")
		g.must(g.dir.Remove(g.Context(), "otto"))
		g.heard(event.NodeRemoved{Space: space, Node: space, Name: "otto"})
		for _, table := range []string{"activity_for", "activity_pref", "activity_feed", "activity_root"} {
			if n, err := db.One(g.Context(), g.db, db.Scan1[int], "SELECT COUNT(*) FROM "+table); n != 0 || err != nil {
				g.Errorf("%s: %d rows are left, %v", table, n, err)
			}
		}
	})
}

// Who bears the name of an account that is gone did not do what that did.
func TestANewAccountOfAFormerName(t *testing.T) {
	g := lite(t)
	g.mkdir("olga", "/Docs")
	g.heard()
	g.share(1, "/Docs", "oda", shareUser)
	g.put("oda", "/Docs/a")
	g.heard()
	g.reads("olga", "?limit=1", "@Oda Two created Docs/a")
	g.must(g.dir.Remove(g.Context(), "oda"))
	g.now = g.now.Add(time.Hour)
	_, err := g.dir.Create(g.Context(), identity.NewUser{ID: "oda", Password: "oda", Display: "Another"})
	g.must(err)
	g.heard(event.ShareMade{Shared: event.Shared{Share: 3, Kind: shareUser, Node: g.stat("olga", "/Docs").ID, Owner: "olga", Sharer: "olga", Recipient: "oda"}})
	g.reads("olga", "?limit=2", "You shared Docs with @Another", "@oda created Docs/a")
	g.reads("oda", "", "@Olga Ö. Capture shared Docs with you")
	g.reads("oda", "/self")
}

func TestTheOldestAPI(t *testing.T) {
	g := lite(t)
	g.put("olga", "/a")
	g.put("olga", "/a")
	g.heard()
	r := httptest.NewRequest("GET", "/ocs/v2.php/cloud/activity?count=1&start=1&format=json", nil)
	r.Header.Set("OCS-APIRequest", "true")
	r.SetBasicAuth("olga", "olga")
	if w := g.serve(r); !strings.Contains(w.Body.String(), `"subject":"You created a","message":"","file":"\/a"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
