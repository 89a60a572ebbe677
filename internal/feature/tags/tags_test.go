package tags_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/tags"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

// rig is a server with files and tags.
type rig struct {
	*davtest.Rig
	room *tags.Room
}

func newRig(t testing.TB, d *db.DB) *rig {
	g := &rig{}
	g.Rig = davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room {
		g.room = tags.New(d, r.Files, r.People, r.Settings, r.Publish)
		return []plug.Room{g.room}
	})
	return g
}

func each(t *testing.T, f func(g *rig)) {
	dbtest.Each(t, davtest.All(tags.Schema), func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

// lite runs f over SQLite alone, for what no database makes different.
func lite(t *testing.T, f func(g *rig)) { f(newRig(t, dbtest.SQLite(t, davtest.All(tags.Schema)...))) }

// make makes a tag as the present user and returns its id.
func (g *rig) make(status int, body string) string {
	g.Helper()
	return davtest.Last(g.Want(status, "POST", "/remote.php/dav/systemtags/", body).Header.Get("Content-Location"))
}

const (
	public     = `{"name": %q, "userVisible": true, "userAssignable": true}`
	restricted = `{"name": %q, "userVisible": true, "userAssignable": false, "groups": "staff"}`
	invisible  = `{"name": %q, "userVisible": false, "userAssignable": false}`
)

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		g.Replay("testdata/16", davtest.Golden{
			Loose: []string{"d:getetag"},
			Before: map[string]func(p *davtest.Replay){
				"001-list-empty": func(p *davtest.Replay) {
					p.Learn("9", g.Rig.As("admin").Want(201, "POST", "/remote.php/dav/systemtags/", fmt.Sprintf(public, "capture-tag")).Header.Get("Content-Location")[len("/remote.php/dav/systemtags/"):])
					p.As("dave1").Put("/tg/", "/tg/f.txt")
					p.Learn("7286", fmt.Sprint(p.ID("/tg")))
					p.Learn("7287", fmt.Sprint(p.ID("/tg/f.txt")))
				},
				"045-file-tags": func(p *davtest.Replay) {
					g.as("dave1").tag(201, "/tg", g.idOf("dav-uno"))
				},
				"058-unassign": func(p *davtest.Replay) {
					g.as("dave1").tag(201, "/tg/f.txt", g.idOf("dav-uno"))
				},
			},
			Deliberate: map[string]davtest.Deviation{
				"001-list-empty":              groupsAreHidden,
				"013-list-user-asking-groups": groupsAreHidden,
				"009-create-empty-name":       davtest.Because("a tag needs a name", "status 400"),
				"014-list-user":               davtest.Because(noName+"; "+idsAreReal, "/remote.php/dav/systemtags/6/ is missing", "/remote.php/dav/systemtags/9/ nc:object-ids"),
				"015-list-admin":              davtest.Because(noName+"; "+idsAreReal, "/remote.php/dav/systemtags/6/ is missing", "/remote.php/dav/systemtags/9/ nc:object-ids"),
				"016-list-nobody":             davtest.Because(noName, "/remote.php/dav/systemtags/6/ is missing"),
				"047-tag-with-files":          davtest.Because(idsAreReal, "/remote.php/dav/systemtags/10/ nc:object-ids"),
				"055-systemtags-assigned":     davtest.Because("the tags in use are listed, as the Photos app wants", "/remote.php/dav/systemtags-assigned/files/"),
				"063-get-tag":                 davtest.Because("our words", "Content-Type", "body"),
				"064-mkcol-tag":               davtest.Because("no collections are made here, of whatever name", "status 405"),
				"066-move-tag":                davtest.Because("what cannot be moved is forbidden to move", "status 4"),
				"068-last-used-web":           davtest.Because("of what was used here, without what was deleted", "$"),
			},
		})
	})
}

func TestRecordedReports(t *testing.T) {
	lite(t, func(g *rig) {
		g.Replay("testdata/11", davtest.Golden{
			Loose: []string{"d:getetag"},
			Before: map[string]func(p *davtest.Replay){"004-report-tag": func(p *davtest.Replay) {
				g.as("dave1").Put("/s/", "/s/alpha.txt", "/s/beta.txt")
				tag := g.make(201, fmt.Sprintf(public, "dav-search-tag"))
				g.tag(201, "/s/alpha.txt", tag)
				g.Want(207, "PROPPATCH", g.Home()+"/s/alpha.txt", davtest.Propset("oc:favorite", "1"))
				p.Learn("101", tag)
				p.Learn("4864", fmt.Sprint(g.ID("/s/alpha.txt")))
			}},
		})
	})
}

var groupsAreHidden = davtest.Because("who may not know the groups does not see them, and sees the rest", "status 207")

const (
	noName     = "tags without a name do not come to be"
	idsAreReal = "the ids in a list are those of files, and of those alone that the caller sees"
)

// idOf finds a tag by its name.
func (g *rig) idOf(name string) string {
	g.Helper()
	all, err := g.room.All(g.Context())
	if err != nil {
		g.Fatal(err)
	}
	for _, t := range all {
		if t.Name == name {
			return fmt.Sprint(t.ID)
		}
	}
	g.Fatalf("no tag %s", name)
	return ""
}

// tag puts a tag on what lies at a path of the present user.
func (g *rig) tag(status int, path, tag string) {
	g.Helper()
	g.Want(status, "PUT", fmt.Sprintf("/remote.php/dav/systemtags-relations/files/%d/%s", g.ID(path), tag), "")
}

func (g *rig) as(user string) *rig {
	g.User = user
	return g
}

// Whom each kind of tag lets see, put, change and delete it.
func TestWhoMayDoWhat(t *testing.T) {
	lite(t, func(g *rig) {
		g.Groups["sue"] = []string{"staff"}
		g.as("admin")
		id := map[string]string{"public": g.make(201, fmt.Sprintf(public, "p")), "restricted": g.make(201, fmt.Sprintf(restricted, "r")), "invisible": g.make(201, fmt.Sprintf(invisible, "i"))}
		for _, c := range []struct {
			user, kind                         string
			see, put, rename, hide, drop, put2 int
		}{
			{"alice", "public", 207, 201, 207, 403, 403, 204},
			{"alice", "restricted", 207, 403, 403, 403, 403, 404},
			{"alice", "invisible", 404, 412, 404, 404, 404, 404},
			{"sue", "restricted", 207, 201, 403, 403, 403, 204},
			{"sue", "invisible", 404, 412, 404, 404, 404, 404},
			{"admin", "restricted", 207, 201, 207, 207, 204, 404},
			{"admin", "invisible", 207, 201, 207, 207, 204, 404},
		} {
			name, url := "/"+c.user+c.kind, "/remote.php/dav/systemtags/"+id[c.kind]
			g.as(c.user).Put(name)
			relation := fmt.Sprintf("/remote.php/dav/systemtags-relations/files/%d/%s", g.ID(name), id[c.kind])
			g.Want(c.see, "PROPFIND", url, "", "Depth: 0")
			g.Want(c.put, "PUT", relation, "")
			g.Want(c.rename, "PROPPATCH", url, davtest.Propset("oc:display-name", c.user+c.kind))
			g.Want(c.hide, "PROPPATCH", url, davtest.Propset("oc:user-visible", "false"))
			g.Want(c.drop, "DELETE", url, "")
			g.Want(c.put2, "DELETE", relation, "")
		}
	})
}

func TestTagsAndTheirNames(t *testing.T) {
	each(t, func(g *rig) {
		g.as("alice")
		g.make(201, `{"name": "  Café <b>&amp;</b>  "}`)
		g.make(409, `{"name": "CAFÉ <B>&AMP;</B>"}`)
		g.make(400, `{"name": " \u0007 "}`)
		g.make(400, `{"name": 5}`)
		g.make(400, `{"name": "x"`)
		long := g.make(201, fmt.Sprintf(public, strings.Repeat("ä", 100)))
		if got := g.Props("/remote.php/dav/systemtags/"+long, "oc:display-name")["oc:display-name"]; got != strings.Repeat("ä", 64) {
			t.Errorf("got %q", got)
		}
		g.Has(g.Want(207, "PROPFIND", "/remote.php/dav/systemtags", davtest.Propfind("oc:display-name")), "Café &lt;b&gt;&amp;amp;&lt;/b&gt;")
		if err := g.Settings.Set(t.Context(), "systemtags", "restrict_creation_to_admin", "1"); err != nil {
			t.Fatal(err)
		}
		g.make(403, fmt.Sprintf(public, "mine"))
		g.as("admin").make(201, fmt.Sprintf(public, "mine"))
	})
}

// What a listing tells of tags costs one statement, and one more with restricted
// ones; nothing where nobody asks.
func TestTagsOfListings(t *testing.T) {
	lite(t, func(g *rig) {
		g.Groups["alice"] = []string{"staff"}
		hot := g.as("alice").make(201, fmt.Sprintf(public, "hot"))
		secret := g.as("admin").make(201, fmt.Sprintf(invisible, "secret"))
		legal := g.make(201, fmt.Sprintf(restricted, "legal"))
		g.as("alice").Put("/d/", "/d/a", "/d/b")
		cost := func(props ...string) int64 {
			g.Want(207, "PROPFIND", g.Home()+"/d", davtest.Propfind(props...))
			g.Want(207, "PROPFIND", g.Home()+"/d", davtest.Propfind(props...))
			return g.Asked()
		}
		base := cost("d:getetag")
		g.tag(201, "/d/a", hot)
		if n := cost("nc:system-tags"); n != base+1 {
			t.Errorf("%d statements for public tags, %d without", n, base)
		}
		g.tag(201, "/d/a", legal)
		g.tag(201, "/d/b", legal)
		g.Share("/d", "bob", files.Read)
		g.Share("/d", "admin", files.All)
		g.as("admin").Want(201, "PUT", fmt.Sprintf("/remote.php/dav/systemtags-relations/files/%d/%s", g.ID("/d/a"), secret), "")
		g.as("alice")
		if n := cost("nc:system-tags"); n != base+2 {
			t.Errorf("%d statements for restricted tags, %d without", n, base)
		}
		g.Has(g.Want(207, "PROPFIND", g.Home()+"/d/a", davtest.Propfind("nc:system-tags")), `oc:can-assign="true" oc:id="`+legal+`" oc:user-assignable="false"`, ">hot<", "-secret")
		g.as("bob").Has(g.Want(207, "PROPFIND", g.Home()+"/d/a", davtest.Propfind("nc:system-tags")), `oc:can-assign="false" oc:id="`+legal+`"`, "-secret")
		g.tag(403, "/d/b", hot) // he may only read
		g.as("admin").Has(g.Want(207, "PROPFIND", g.Home()+"/d/a", davtest.Propfind("nc:system-tags")), ">secret<")
		hers := fmt.Sprintf("/remote.php/dav/systemtags-relations/files/%d", g.as("alice").ID("/d/a"))
		g.as("carol").Want(404, "PROPFIND", hers, "")
	})
}

func TestFilesAreFoundByTheirTags(t *testing.T) {
	each(t, func(g *rig) {
		hot, cold := g.make(201, fmt.Sprintf(public, "hot")), g.make(201, fmt.Sprintf(public, "ice cold"))
		g.Put("/d/", "/d/a.txt", "/d/b.txt", "/c.txt")
		for path, tag := range map[string]string{"/d/a.txt": hot, "/d/b.txt": cold, "/c.txt": hot, "/d": cold} {
			g.tag(201, path, tag)
		}
		g.tag(201, "/c.txt", cold)
		report := func(rules string) string {
			return hrefs(g.Want(207, "REPORT", g.Home()+"/", `<oc:filter-files xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:getetag/></d:prop><oc:filter-rules>`+rules+`</oc:filter-rules></oc:filter-files>`).Body)
		}
		search := func(where string) string {
			return hrefs(g.Want(207, "SEARCH", "/remote.php/dav/", `<d:searchrequest xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:basicsearch><d:select><d:prop><d:getetag/></d:prop></d:select>`+
				`<d:from><d:scope><d:href>/files/alice</d:href></d:scope></d:from><d:where>`+where+`</d:where></d:basicsearch></d:searchrequest>`, "Content-Type: text/xml").Body)
		}
		tagged := func(op, name string) string {
			return `<d:` + op + `><d:prop><nc:system-tags/></d:prop><d:literal>` + name + `</d:literal></d:` + op + `>`
		}
		named := `<d:like><d:prop><d:displayname/></d:prop><d:literal>%b%</d:literal></d:like>`
		for _, c := range []struct{ got, want string }{
			{report(`<oc:systemtag>` + hot + `</oc:systemtag>`), "/d/a.txt /c.txt"},
			{report(`<oc:systemtag>` + cold + `</oc:systemtag>`), "/d /d/b.txt /c.txt"},
			{report(`<oc:systemtag>` + hot + `</oc:systemtag><oc:systemtag>` + cold + `</oc:systemtag>`), "/c.txt"},
			{report(`<oc:systemtag>` + hot + `</oc:systemtag><oc:favorite>1</oc:favorite>`), ""},
			{search(tagged("eq", "HOT")), "/d/a.txt /c.txt"},
			{search(tagged("like", "%cold")), "/d /d/b.txt /c.txt"},
			{search(`<d:and>` + tagged("like", "ice%") + named + `</d:and>`), "/d/b.txt"},
			{search(`<d:and>` + tagged("eq", "hot") + `<d:not>` + tagged("eq", "ice cold") + `</d:not></d:and>`), "/d/a.txt"},
			{search(tagged("eq", "warm")), ""},
		} {
			if c.got != c.want {
				t.Errorf("got %q, want %q", c.got, c.want)
			}
		}
		for _, s := range g.Board.Search.All() {
			found, err := s.Search(t.Context(), plug.Wanted{Who: g.Principal("alice"), Term: "col", Limit: 10})
			if err != nil || len(found.Hits) != 4 || found.Hits[0].Subline != "tagged ice cold" {
				t.Errorf("%+v, %v", found, err)
			}
			if found, err = s.Search(t.Context(), plug.Wanted{Who: g.Principal("bob"), Term: "col", Limit: 10}); err != nil || len(found.Hits) != 0 {
				t.Errorf("bob finds %+v, %v", found, err)
			}
		}
	})
}

var href = regexp.MustCompile(`<d:href>/remote.php/dav/files/alice([^<]*)</d:href>`)

func hrefs(body string) string {
	var out []string
	for _, m := range href.FindAllStringSubmatch(body, -1) {
		out = append(out, strings.TrimSuffix(m[1], "/"))
	}
	return strings.Join(out, " ")
}

// Others may carry a tag too: what they carry stays theirs.
func TestManyFilesAtOnce(t *testing.T) {
	each(t, func(g *rig) {
		hot := g.make(201, fmt.Sprintf(public, "hot"))
		url := "/remote.php/dav/systemtags/" + hot + "/files"
		ids := func(paths ...string) (out string) {
			for _, p := range paths {
				out += fmt.Sprintf("<nc:object-id><nc:id>%d</nc:id><nc:type>files</nc:type></nc:object-id>", g.ID(p))
			}
			return out
		}
		g.as("bob").Put("/x")
		g.tag(201, "/x", hot)
		foreign := ids("/x")
		g.as("alice").Put("/a", "/b", "/c")
		g.Want(207, "PROPPATCH", url, davtest.Propset("nc:object-ids", ids("/a", "/b")))
		g.Want(207, "PROPPATCH", url, davtest.Propset("nc:object-ids", ids("/b", "/c")))
		g.Has(g.Want(207, "PROPFIND", url, davtest.Propfind("nc:object-ids")), fmt.Sprint(g.ID("/b")), fmt.Sprint(g.ID("/c")), fmt.Sprint("-", g.ID("/a")))
		g.Want(403, "PROPPATCH", url, davtest.Propset("nc:object-ids", foreign))
		g.Want(400, "PROPPATCH", url, davtest.Propset("nc:object-ids", "<nc:object-id><nc:id>x</nc:id><nc:type>files</nc:type></nc:object-id>"))
		if n := g.Count("systemtag_file"); n != 3 {
			t.Errorf("%d relations", n)
		}
		told := davtest.Told[event.TagChanged](g.Rig)
		if len(told) != 5 || told[4].What != event.TagTaken && told[3].What != event.TagTaken || told[0].Actor != "bob" || told[0].Name != "hot" {
			t.Errorf("told %+v", told)
		}
		g.Has(g.Want(207, "PROPFIND", "/remote.php/dav/systemtags-assigned/files", davtest.Propfind("oc:display-name", "nc:files-assigned", "nc:reference-fileid")),
			"<nc:files-assigned>2<", fmt.Sprintf("<nc:reference-fileid>%d<", g.ID("/c")))
	})
}

// Copies carry tags too, so that rules find them; what is gone has none.
func TestCopiesAndWhatIsGone(t *testing.T) {
	each(t, func(g *rig) {
		hot := g.make(201, fmt.Sprintf(public, "hot"))
		g.Put("/d/", "/d/a")
		g.tag(201, "/d/a", hot)
		g.Want(201, "COPY", g.Home()+"/d", "", "Destination: "+g.Home()+"/e")
		if got := g.Props(g.Home()+"/e/a", "nc:system-tags")["nc:system-tags"]; !strings.Contains(got, ">hot<") {
			t.Errorf("the copy has %q", got)
		}
		g.Want(204, "DELETE", g.Home()+"/d", "")
		if err := g.Files.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.room.Tidy(t.Context()); err != nil || g.Count("systemtag_file") != 1 {
			t.Errorf("%d relations, %v", g.Count("systemtag_file"), err)
		}
		if _, err := g.People.Create(t.Context(), identity.NewUser{ID: "alice"}); err != nil {
			t.Fatal(err)
		}
		if err := g.People.Remove(t.Context(), "alice"); err != nil || g.Count("systemtag_used") != 0 {
			t.Errorf("%d used, %v", g.Count("systemtag_used"), err)
		}
		g.as("admin").Want(204, "DELETE", "/remote.php/dav/systemtags/"+hot, "")
		if n := g.Count("systemtag_file"); n != 0 {
			t.Errorf("%d relations of a deleted tag", n)
		}
	})
}

func TestCommands(t *testing.T) {
	lite(t, func(g *rig) {
		id := regexp.MustCompile(`id: ([0-9]+)`).FindStringSubmatch(g.Run("tag:add", "legal", "restricted"))[1]
		g.Run("tag:edit", id, "--name", "Legal hold", "--access", "invisible", "--color", "ff8800", "--groups", "law")
		if got := g.Run("tag:list"); !strings.Contains(got, "Legal hold") || !strings.Contains(got, "invisible") || !strings.Contains(got, "ff8800") {
			t.Errorf("got %s", got)
		}
		if _, code := g.TryRun("tag:add", "x", "secret"); code == 0 {
			t.Error("there is an access called secret")
		}
		g.Run("tag:delete", id)
		if _, code := g.TryRun("tag:delete", id); code == 0 {
			t.Error("deleted twice")
		}
		if got := g.Run("tag:list"); strings.TrimSpace(got) != "" {
			t.Errorf("got %q", got)
		}
	})
}
