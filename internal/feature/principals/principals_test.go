package principals_test

import (
	"fmt"
	"strings"
	"testing"

	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/principals"
	"atrium/internal/feature/shares"
	"atrium/internal/feature/shares/sharees"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

const (
	root  = "/remote.php/dav/principals"
	users = root + "/users"
)

// each runs f over all databases, with the accounts of the recorded exchanges and a
// group that dave1 is in.
func each(t *testing.T, f func(r *davtest.Rig)) {
	dbtest.Each(t, davtest.All(shares.Schema), func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func newRig(t *testing.T, d *db.DB) *davtest.Rig {
	t.Helper()
	r := davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room {
		s := shares.New(d, tree.New(d), r.Files, r.People, r.Settings, nil, r.Publish)
		return []plug.Room{principals.New(sharees.New(s, r.People))}
	})
	for _, n := range []identity.NewUser{{ID: "dave1", Display: "Dave1 Dav", Mail: "dave1@example.org"}, {ID: "dave2", Display: "Dave2 Dav", Mail: "dave2@example.org"},
		{ID: "zoe", Display: "Zoë <Z>", Mail: "zoe@example.org"}} {
		if _, err := r.People.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	for _, gid := range []string{"staff", "divers"} {
		if err := r.People.CreateGroup(t.Context(), gid, ""); err != nil {
			t.Fatal(err)
		}
	}
	return r.As("dave1")
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(r *davtest.Rig) {
		const self = "/remote.php/dav/principals/users/dave1/ "
		elsewhere := []string{}
		for _, name := range []string{"addressbooks", "avatars", "calendars", "comments", "photos", "provisioning", "public-calendars", "remote-calendars",
			"system-calendars", "systemtags", "systemtags-assigned", "systemtags-relations", "trashbin", "versions", "groupfolders", "photospublic"} {
			elsewhere = append(elsewhere, "/remote.php/dav/"+name+"/ is missing")
		}
		later := func(at string) []string {
			return []string{at + "urn:ietf:params:xml:ns:caldav calendar-home-set", at + "urn:ietf:params:xml:ns:caldav schedule-", at + "urn:ietf:params:xml:ns:carddav addressbook-home-set",
				at + "http://calendarserver.org/ns/ notification-URL"}
		}
		r.Replay("testdata/17", davtest.Golden{Deliberate: map[string]davtest.Deviation{
			"043-principal-self": davtest.Because("homes are told by the rooms that keep them; no rights can be set here; what other rooms report is theirs to tell",
				append(later(self), self+"d:acl", self+"d:supported-report-set")...),
			"045-principal-other": davtest.Because("the recorded server stumbles over a calendar that was not made yet", "status 207"),
			"047-principal-group": davtest.Because("the recorded server fails", "status 207"),
			"057-principal-search-calendar-user": davtest.Because("what the server says can be searched is found",
				"/remote.php/dav/principals/users/dave2/ is not recorded"),
			"059-principal-match": davtest.Because("an answer is a d:response (RFC 4918 14.16)", "/remote.php/dav/principals/users/dave1/ is not recorded", " is missing"),
			"061-expand-proxies":  davtest.Because("no properties are expanded", "status 415"),
			"062-dav-root":        davtest.Because("other rooms are not in this test", elsewhere...),
		}})
	})
}

// search is a principal-property-search for a text in properties.
func search(text string, in ...string) string {
	return `<d:principal-property-search xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><d:property-search><d:prop><` + strings.Join(in, "/><") +
		`/></d:prop><d:match>` + text + `</d:match></d:property-search><d:prop><d:displayname/><s:email-address/></d:prop></d:principal-property-search>`
}

// Who may know of whom is as in share dialogues, by name and by report.
func TestWhoKnowsWhom(t *testing.T) {
	each(t, func(r *davtest.Rig) {
		set := func(name, value string) {
			t.Helper()
			if err := r.Settings.Set(t.Context(), "core", "shareapi_"+name, value); err != nil {
				t.Fatal(err)
			}
		}
		finds := func(text string, parts ...string) {
			t.Helper()
			r.Has(r.Want(207, "REPORT", root, search(text, "d:displayname")), parts...)
		}
		r.Want(207, "PROPFIND", users+"/zoe", "", "Depth: 0")
		r.Want(207, "PROPFIND", root+"/groups/staff", "", "Depth: 0")
		finds("z", "/zoe/", "Zoë &lt;Z&gt;", "zoe@example.org", "-dave")
		finds("staff", "/groups/staff/")
		finds("DAVE", "/dave1/", "/dave2/", "-zoe")

		set("allow_share_dialog_user_enumeration", "no")
		finds("z", "-zoe")
		finds("Zoë &lt;Z&gt;", "/zoe/")
		r.Want(207, "PROPFIND", users+"/zoe", "", "Depth: 0")
		set("restrict_user_enumeration_full_match", "no")
		finds("Zoë &lt;Z&gt;", "-zoe")
		r.Want(404, "PROPFIND", users+"/zoe", "", "Depth: 0")
		r.Want(404, "PROPFIND", root+"/groups/staff", "", "Depth: 0")
		r.Want(207, "PROPFIND", users+"/dave1", "", "Depth: 0")
		finds("dave", "/dave1/", "-dave2")

		set("allow_share_dialog_user_enumeration", "yes")
		set("only_share_with_group_members", "yes")
		r.Want(404, "PROPFIND", users+"/dave2", "", "Depth: 0")
		for _, uid := range []string{"dave1", "dave2"} {
			if err := r.People.AddMember(t.Context(), "divers", uid); err != nil {
				t.Fatal(err)
			}
		}
		r.Want(207, "PROPFIND", users+"/dave2", "", "Depth: 0")
		r.Want(207, "PROPFIND", root+"/groups/divers", "", "Depth: 0")
		r.Want(404, "PROPFIND", root+"/groups/staff", "", "Depth: 0")
		set("enabled", "no")
		r.Want(404, "PROPFIND", users+"/dave2", "", "Depth: 0")
		if err := r.People.Disable(t.Context(), "zoe"); err != nil {
			t.Fatal(err)
		}
		set("enabled", "yes")
		set("only_share_with_group_members", "no")
		r.Want(404, "PROPFIND", users+"/zoe", "", "Depth: 0")
	})
}

func TestSearchesOfPrincipals(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t, davtest.All(shares.Schema)...))
	all := `<d:principal-property-search xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">%<d:prop><d:displayname/></d:prop></d:principal-property-search>`
	both := `<d:property-search><d:prop><d:displayname/></d:prop><d:match>dave</d:match></d:property-search>` +
		`<d:property-search><d:prop><s:email-address/></d:prop><d:match>2@</d:match></d:property-search>`
	r.Has(r.Want(207, "REPORT", users, strings.Replace(all, "%", both, 1)), "/dave2/", "-dave1")
	r.Has(r.Want(207, "REPORT", root+"/groups", search("dave", "d:displayname")), "-dave")
	r.Has(r.Want(207, "REPORT", users, search("zoe", "d:getetag")), "-zoe")
	r.Want(400, "REPORT", users, strings.Replace(all, "%", `<d:property-search><d:prop><d:displayname/></d:prop></d:property-search>`, 1))
	r.Want(413, "REPORT", users, strings.Replace(all, "%", strings.Repeat(both, 6), 1))
	r.Want(415, "REPORT", users, `<d:acl-principal-prop-set xmlns:d="DAV:"/>`)
	r.Want(400, "REPORT", users, `<d:principal-search-property-set xmlns:d="DAV:"/>`, "Depth: 1")
	r.As("").Want(401, "PROPFIND", users+"/dave1", "")
}

// A search that finds more than is answered says so, and only then (RFC 5323 2.4).
func TestASearchThatIsCut(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t, davtest.All(shares.Schema)...))
	for i := range 126 {
		if _, err := r.People.Create(t.Context(), identity.NewUser{ID: fmt.Sprintf("many%03d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 26 {
		if err := r.People.CreateGroup(t.Context(), fmt.Sprintf("team%02d", i), ""); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(at, text string, found int, cut bool) {
		t.Helper()
		res := r.Want(207, "REPORT", at, search(text, "d:displayname"))
		if n := strings.Count(res.Body, "<d:displayname>"); n != found {
			t.Errorf("%s finds %d, want %d", text, n, found)
		}
		end := "<d:response><d:href>" + at + "/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status><d:error><d:number-of-matches-within-limits/></d:error></d:response></d:multistatus>\n"
		if strings.HasSuffix(res.Body, end) != cut {
			t.Errorf("%s: the end is %s", text, res.Body[max(0, len(res.Body)-300):])
		}
	}
	ask(users, "many", 100, true)
	ask(users, "many00", 10, false)
	ask(users, "nobody at all", 0, false)
	ask(root+"/groups", "team", 25, true)
	ask(root+"/groups", "team0", 10, false)
}
