package comments_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/comments"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

// rig is a server with files and comments.
type rig struct {
	*davtest.Rig
	room *comments.Room
}

func newRig(t testing.TB, d *db.DB, people ...string) *rig {
	g := &rig{}
	g.Rig = davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room {
		g.room = comments.New(d, r.Files, r.People, r.Publish)
		return []plug.Room{g.room}
	})
	for i := 0; i < len(people); i += 2 {
		if _, err := g.People.Create(t.Context(), identity.NewUser{ID: people[i], Display: people[i+1]}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func each(t *testing.T, f func(g *rig), people ...string) {
	dbtest.Each(t, davtest.All(comments.Schema), func(t *testing.T, d *db.DB) { f(newRig(t, d, people...)) })
}

// lite runs f over SQLite alone, for what no database makes different.
func lite(t *testing.T, f func(g *rig), people ...string) {
	f(newRig(t, dbtest.SQLite(t, davtest.All(comments.Schema)...), people...))
}

func (g *rig) as(user string) *rig {
	g.User = user
	return g
}

func thread(id int64) string { return fmt.Sprintf("/remote.php/dav/comments/files/%d", id) }

// say writes a comment as the present user and returns its address.
func (g *rig) say(status int, node int64, message string) string {
	g.Helper()
	body, err := json.Marshal(map[string]string{"actorType": "users", "verb": "comment", "message": message})
	if err != nil {
		g.Fatal(err)
	}
	res := g.Want(status, "POST", thread(node), string(body))
	return res.Header.Get("Content-Location")
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		g.Display = func(uid string) string { return strings.ToUpper(uid[:1]) + uid[1:] + " Dav" }
		g.Replay("testdata/15", davtest.Golden{
			Loose: []string{"oc:creationDateTime", "oc:readMarker"},
			Before: map[string]func(p *davtest.Replay){
				"003-empty": func(p *davtest.Replay) {
					p.As("dave1").Put("/com.txt")
					p.Learn("7285", fmt.Sprint(p.ID("/com.txt")))
				},
				"036-recipient-counts": func(p *davtest.Replay) { p.As("dave1").Share("/com.txt", "dave2", files.Read) },
			},
			Deliberate: map[string]davtest.Deviation{
				"012-create-bad-json": davtest.Because("what is wrong with the request is 400, not our fault", "status 400"),
				"030-edit-actor":      davtest.Because("who wrote a comment cannot be changed, and is not told as changed", "/remote.php/dav/comments/files/7285/2 oc:actorId: 403"),
				"042-get-comment":     davtest.Because("our words", "Content-Type", "body"),
				"044-move-comment":    davtest.Because("what cannot be moved is forbidden to move", "status 4"),
				"045-mkcol":           davtest.Because("no collections are made here", "status 405"),
			},
		})
	}, "dave1", "Dave1 Dav", "dave2", "Dave2 Dav", "admin", "admin")
}

// Only who sees the file reads and writes; only the author changes.
func TestWhoMayDoWhat(t *testing.T) {
	lite(t, func(g *rig) {
		g.as("alice").Put("/d/", "/d/f")
		g.Share("/d", "bob", files.Read)
		id := g.ID("/d/f")
		hers := g.say(201, id, "mine")
		for _, c := range []struct {
			user                            string
			list, report, write, edit, drop int
		}{{"bob", 207, 207, 201, 403, 403}, {"carol", 404, 404, 404, 404, 404}, {"", 401, 401, 401, 401, 401}, {"alice", 207, 207, 201, 207, 204}} {
			g.as(c.user)
			g.Want(c.list, "PROPFIND", thread(id), "", "Depth: 1")
			g.Want(c.report, "REPORT", thread(id), `<oc:filter-comments xmlns:oc="http://owncloud.org/ns"/>`)
			g.say(c.write, id, "by "+c.user)
			g.Want(c.edit, "PROPPATCH", hers, davtest.Propset("oc:message", "changed"))
			g.Want(c.drop, "DELETE", hers, "")
		}
		g.say(404, id+1000, "nowhere")
	})
}

// What people write comes back as what they wrote, and is never markup.
func TestTextStaysText(t *testing.T) {
	each(t, func(g *rig) {
		g.Put("/f")
		id := g.ID("/f")
		for _, evil := range []string{`<script>alert(1)</script>`, `</oc:message><oc:actorId>admin</oc:actorId>`, `"><img src=x onerror=alert(1)>`, `]]><!--`,
			`javascript:alert(1)`, `&lt;b&gt; &amp;amp; %3Cscript%3E`, "\u202egnp.exe \u0007 \U0001F600 \uFFFE", `{user} {{7*7}} ${x} <?xml version="1.0"?>`, `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;`} {
			at := g.say(201, id, evil)
			got := g.Props(at, "oc:message", "oc:actorId")
			text := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#13;", "\r", "&amp;", "&").Replace(got["oc:message"])
			want := strings.NewReplacer("\u0007", "\uFFFD", "\uFFFE", "\uFFFD").Replace(evil)
			if text != want || strings.ContainsAny(got["oc:message"], "<>") || got["oc:actorId"] != "alice" {
				t.Errorf("%q came back as %q by %s", evil, got["oc:message"], got["oc:actorId"])
			}
		}
	})
}

func TestMentions(t *testing.T) {
	lite(t, func(g *rig) {
		g.as("alice").Put("/f")
		id := g.ID("/f")
		g.Files.Hooks.Mounters = append(g.Files.Hooks.Mounters, davtest.Shown(id, "bob"))
		at := g.say(201, id, `@bob, look. @carol @bob @nobody @"Ann Lee". mail me@bob or @bob.`)
		got := g.Props(at, "oc:mentions")["oc:mentions"]
		var ids []string
		for _, m := range regexp.MustCompile(`<oc:mentionId>([^<]*)</oc:mentionId><oc:mentionDisplayName>([^<]*)`).FindAllStringSubmatch(got, -1) {
			ids = append(ids, m[1]+"="+m[2])
		}
		if want := "Ann Lee=Ann nobody=Unknown account carol=Carol bob=Bob"; strings.Join(ids, " ") != want {
			t.Errorf("got %v", ids)
		}
		made := davtest.Told[event.CommentMade](g.Rig)
		if len(made) != 1 || strings.Join(made[0].Mentions, " ") != "Ann Lee carol bob" || made[0].Actor != "alice" {
			t.Errorf("told %+v", made)
		}
		notices := davtest.Told[event.Notice](g.Rig)
		if len(notices) != 1 || fmt.Sprint(notices[0].To) != "[bob]" || !strings.Contains(notices[0].Message.Text, "{mention-user4}, look") {
			t.Errorf("told %+v", notices)
		}

		g.Want(207, "PROPPATCH", at, davtest.Propset("oc:message", "@bob @alice"))
		changed := davtest.Told[event.CommentChanged](g.Rig)
		if len(changed) != 1 || fmt.Sprint(changed[0].Mentions) != "[alice]" {
			t.Errorf("told %+v", changed)
		}
		if again := davtest.Told[event.Notice](g.Rig); len(again) != 0 {
			t.Errorf("told again %+v", again)
		}

		comment := davtest.Last(at)
		g.as("carol").Want(404, "GET", "/index.php/apps/comments/notifications/view/"+comment, "")
		res := g.as("alice").Want(303, "GET", "/apps/comments/notifications/view/"+comment, "")
		if over := davtest.Told[event.NoticeOver](g.Rig); res.Header.Get("Location") != fmt.Sprintf("/f/%d", id) || len(over) != 1 || fmt.Sprint(over[0].To) != "[alice]" {
			t.Errorf("to %s, told %+v", res.Header.Get("Location"), over)
		}
		g.Want(204, "DELETE", at, "")
		if gone, over := davtest.Told[event.CommentRemoved](g.Rig), davtest.Told[event.NoticeOver](g.Rig); len(gone) != 1 || len(over) != 1 || over[0].To != nil {
			t.Errorf("told %+v, %+v", gone, over)
		}
	}, "alice", "Alice", "bob", "Bob", "carol", "Carol", "Ann Lee", "Ann")
}

// What is unread is what others wrote since one last read or wrote.
func TestUnread(t *testing.T) {
	each(t, func(g *rig) {
		now := time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
		g.room.Now = func() time.Time { now = now.Add(time.Millisecond); return now }
		g.as("alice").Put("/f", "/g")
		id := g.ID("/f")
		g.Share("/f", "bob", files.Read)
		numbers := func(user string) string {
			p := g.as(user).Props(g.Home()+"/f", "oc:comments-count", "oc:comments-unread")
			return p["oc:comments-count"] + "/" + p["oc:comments-unread"]
		}
		for _, step := range []struct {
			do         func()
			alice, bob string
		}{
			{func() {}, "0/0", "0/0"},
			{func() { g.as("alice").say(201, id, "1"); g.say(201, id, "2") }, "2/0", "2/2"},
			{func() { g.as("bob").say(201, id, "3") }, "3/1", "3/0"},
			{func() { g.as("alice").Want(207, "PROPPATCH", thread(id), davtest.Propset("oc:readMarker", "")) }, "3/0", "3/0"},
			{func() { g.as("bob").say(201, id, "4") }, "4/1", "4/0"},
			{func() {
				g.as("alice").Want(207, "PROPPATCH", thread(id), davtest.Propset("oc:readMarker", "1999-01-01T00:00:00Z"))
			}, "4/2", "4/0"},
			{func() { g.as("alice").Want(400, "PROPPATCH", thread(id), davtest.Propset("oc:readMarker", "soon")) }, "4/2", "4/0"},
		} {
			step.do()
			if a, b := numbers("alice"), numbers("bob"); a != step.alice || b != step.bob {
				t.Errorf("alice %s, bob %s; want %s, %s", a, b, step.alice, step.bob)
			}
		}
	})
}

// The numbers of a listing cost one statement, those of a thread the same however
// long it is.
func TestCost(t *testing.T) {
	lite(t, func(g *rig) {
		g.as("alice").Put("/d/")
		for i := range 20 {
			g.Put(fmt.Sprintf("/d/%d", i))
		}
		cost := func(url string, props ...string) int64 {
			g.Want(207, "PROPFIND", url, davtest.Propfind(props...))
			g.Want(207, "PROPFIND", url, davtest.Propfind(props...))
			return g.Asked()
		}
		if a, b := cost(g.Home()+"/d", "d:getetag"), cost(g.Home()+"/d", "oc:comments-count", "oc:comments-unread", "oc:comments-href"); b != a+1 {
			t.Errorf("%d statements without, %d with the numbers", a, b)
		}
		id := g.ID("/d/1")
		g.say(201, id, "one")
		few := cost(thread(id), "oc:message", "oc:actorDisplayName", "oc:mentions", "oc:isUnread")
		for i := range 30 {
			g.say(201, id, fmt.Sprint("@bob @carol number ", i))
		}
		if many := cost(thread(id), "oc:message", "oc:actorDisplayName", "oc:mentions", "oc:isUnread"); many != few {
			t.Errorf("%d statements for one comment, %d for 31", few, many)
		}
		page := g.Want(207, "REPORT", thread(id), `<oc:filter-comments xmlns:oc="http://owncloud.org/ns"><oc:limit>3</oc:limit><oc:offset>28</oc:offset></oc:filter-comments>`)
		if n := strings.Count(page.Body, "<d:response>"); n != 3 || !strings.Contains(page.Body, ">one<") {
			t.Errorf("%d comments in %s", n, page.Body)
		}
	}, "alice", "Alice")
}

func TestCommentsAreFound(t *testing.T) {
	each(t, func(g *rig) {
		g.as("bob").Put("/his")
		his := g.ID("/his")
		g.as("alice").Put("/f")
		hers := g.ID("/f")
		for i := range 5 {
			g.as("alice").say(201, hers, fmt.Sprintf("Größe %d: 100%% sicher", i))
			g.as("bob").say(201, his, "größe, secret")
		}
		find := func(user, term string, cursor int64) plug.Found {
			t.Helper()
			for _, s := range g.Board.Search.All() {
				found, err := s.Search(t.Context(), plug.Wanted{Who: g.Principal(user), Term: term, Limit: 3, Cursor: cursor})
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			return plug.Found{}
		}
		first := find("alice", "größe", 0)
		rest := find("alice", "größe", first.Next)
		if len(first.Hits) != 3 || len(rest.Hits) != 2 || !first.Paginated || first.Hits[0].Title != "Größe 4: 100% sicher" || first.Hits[0].Subline != "Alice on f" {
			t.Errorf("%+v %+v", first, rest)
		}
		if n := len(find("alice", "secret", 0).Hits); n != 0 {
			t.Errorf("alice finds %d of bob's", n)
		}
		if n := len(find("alice", "0% s", 0).Hits); n != 3 {
			t.Errorf("%d hits for a percent sign", n)
		}
	}, "alice", "Alice", "bob", "Bob")
}

// Comments outlive their authors without a name, and go with the file.
func TestWhatIsGone(t *testing.T) {
	each(t, func(g *rig) {
		g.as("alice").Put("/f")
		id := g.ID("/f")
		g.Share("/f", "bob", files.All)
		at := g.as("bob").say(201, id, "so long")
		if err := g.People.Remove(t.Context(), "bob"); err != nil {
			t.Fatal(err)
		}
		p := g.as("alice").Props(at, "oc:actorType", "oc:actorId", "oc:actorDisplayName", "oc:message")
		if got := p["oc:actorType"] + " " + p["oc:actorId"] + " " + p["oc:actorDisplayName"] + " " + p["oc:message"]; got != "deleted_users deleted_users Deleted user so long" {
			t.Errorf("got %q", got)
		}
		g.Want(403, "DELETE", at, "")
		g.Want(204, "DELETE", g.Home()+"/f", "")
		if err := g.Files.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.room.Tidy(t.Context()); err != nil || g.Count("comment")+g.Count("comment_read") != 0 {
			t.Errorf("%d and %d left, %v", g.Count("comment"), g.Count("comment_read"), err)
		}
	}, "alice", "Alice", "bob", "Bob")
}
