package e2e

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write testdata/rights.txt anew instead of comparing with it; then read it")

// role is somebody with a way to alice's folder /box, or without one.
type role struct {
	name   string
	p      *person
	folder string // where the folder is for them
}

// cell is one deed of one role, on a file of its own.
type cell struct {
	s    *story
	r    role
	name string // of the file in the folder
	id   int64  // of the file
	key  string // under what the trash keeps it, if it is there
	tag  string // number of a tag that all may assign
}

func (c *cell) path() string { return c.r.folder + "/" + c.name }
func (c *cell) at() string   { return c.r.p.at(c.path()) }
func (c *cell) num() string  { return strconv.FormatInt(c.id, 10) }

// own is the id under which the role has a trash and versions: a visitor tries
// those of the owner.
func (c *cell) own() string {
	if c.r.p.id == "" {
		return "alice"
	}
	return c.r.p.id
}

// deed is something that somebody may try with a file. It returns what came of it:
// a status, or what was seen.
type deed struct {
	name    string
	do      func(c *cell) string
	trashed bool // the file is deleted by its owner before
}

func code(a answer) string { return strconv.Itoa(a.code) }

// found tells whether an answer that succeeded shows something.
func found(a answer, what string) string {
	if a.code >= 300 {
		return code(a)
	}
	if strings.Contains(a.body, what) {
		return "shown"
	}
	return "none"
}

const (
	secret  = "a secret"
	version = "1700000000" // of the file as it was before
)

// deeds are every verb and side path by which a file can be reached.
var deeds = []deed{
	{name: "list its folder", do: func(c *cell) string {
		return found(c.r.p.do("PROPFIND", c.r.p.at(c.r.folder), asked, header{"Depth", "1"}), c.name)
	}},
	{name: "look at it", do: func(c *cell) string { return code(c.r.p.do("PROPFIND", c.at(), asked, header{"Depth", "0"})) }},
	{name: "read it", do: func(c *cell) string { return found(c.r.p.get(c.path()), secret) }},
	{name: "read a part", do: func(c *cell) string { return code(c.r.p.do("GET", c.at(), "", header{"Range", "bytes=0-1"})) }},
	{name: "fetch the folder as zip", do: func(c *cell) string {
		return found(c.r.p.do("GET", c.r.p.at(c.r.folder)+"?accept=zip", ""), c.name)
	}},
	{name: "overwrite it", do: func(c *cell) string { return code(c.r.p.put(c.path(), "other")) }},
	{name: "make a file beside", do: func(c *cell) string { return code(c.r.p.put(c.path()+".new", "new")) }},
	{name: "make a folder beside", do: func(c *cell) string { return code(c.r.p.mkdir(c.path() + ".dir")) }},
	{name: "upload in chunks beside", do: func(c *cell) string {
		base := "/remote.php/dav/uploads/" + c.r.p.id
		if c.r.p.link != "" {
			base = "/public.php/dav/uploads/" + c.r.p.link
		}
		up := base + "/up" + c.num()
		c.r.p.do("MKCOL", up, "")
		c.r.p.do("PUT", up+"/1", "chunk")
		return code(c.r.p.do("MOVE", up+"/.file", "", header{"Destination", c.at() + ".up"}))
	}},
	{name: "rename it", do: func(c *cell) string { return code(c.r.p.move(c.path(), c.path()+".moved")) }},
	{name: "take it away", do: func(c *cell) string { return code(c.r.p.move(c.path(), "/away-"+c.name)) }},
	{name: "copy it beside", do: func(c *cell) string { return code(c.r.p.copy(c.path(), c.path()+".copy")) }},
	{name: "copy it away", do: func(c *cell) string { return code(c.r.p.copy(c.path(), "/copy-"+c.name)) }},
	{name: "read it in an album", do: func(c *cell) string {
		album := "/remote.php/dav/photos/" + c.own() + "/albums/" + c.num()
		c.r.p.do("MKCOL", album, "")
		c.r.p.do("COPY", c.at(), "", header{"Destination", album + "/x"})
		return found(c.r.p.do("GET", album+"/"+c.num()+"-"+c.name, ""), secret)
	}},
	{name: "change its time", do: func(c *cell) string {
		return found(c.r.p.do("PROPPATCH", c.at(), `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:lastmodified>1600000000</d:lastmodified></d:prop></d:set></d:propertyupdate>`), "200 OK")
	}},
	{name: "mark it as favourite", do: func(c *cell) string {
		return found(c.r.p.do("PROPPATCH", c.at(), `<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set></d:propertyupdate>`), "200 OK")
	}},
	{name: "lock it", do: func(c *cell) string {
		return code(c.r.p.do("LOCK", c.at(), `<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>`))
	}},
	{name: "delete it", do: func(c *cell) string { return code(c.r.p.remove(c.path())) }},
	{name: "find it by SEARCH", do: func(c *cell) string {
		return found(c.r.p.do("SEARCH", "/remote.php/dav", fmt.Sprintf(`<d:searchrequest xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:basicsearch><d:select><d:prop><oc:fileid/></d:prop></d:select>
<d:from><d:scope><d:href>/files/%s</d:href><d:depth>infinity</d:depth></d:scope></d:from><d:where><d:eq><d:prop><oc:fileid/></d:prop><d:literal>%d</d:literal></d:eq></d:where></d:basicsearch></d:searchrequest>`, c.own(), c.id),
			header{"Content-Type", "text/xml"}), c.name)
	}},
	{name: "find its name", do: func(c *cell) string {
		c.s.soon("the index of names", func() bool {
			return found(c.s.as("alice").ocs("GET", "/search/providers/files/search", "term", c.name), c.name) == "shown"
		})
		return found(c.r.p.ocs("GET", "/search/providers/files/search", "term", strings.TrimSuffix(c.name, ".txt")), c.name)
	}},
	{name: "see a preview", do: func(c *cell) string {
		return code(c.r.p.do("GET", "/index.php/core/preview?x=32&y=32&forceIcon=0&fileId="+c.num(), ""))
	}},
	{name: "see a preview by the link", do: func(c *cell) string {
		token := c.r.p.link
		if token == "" {
			token = "nobody"
		}
		return code(c.r.p.do("GET", "/index.php/apps/files_sharing/publicpreview/"+token+"?x=32&y=32&file="+c.path(), ""))
	}},
	{name: "list its versions", do: func(c *cell) string {
		return found(c.r.p.do("PROPFIND", "/remote.php/dav/versions/"+c.own()+"/versions/"+c.num(), "", header{"Depth", "1"}), version)
	}},
	{name: "read a version", do: func(c *cell) string {
		return code(c.r.p.do("GET", "/remote.php/dav/versions/"+c.own()+"/versions/"+c.num()+"/"+version, ""))
	}},
	{name: "restore a version", do: func(c *cell) string {
		own := "/remote.php/dav/versions/" + c.own()
		return code(c.r.p.do("MOVE", own+"/versions/"+c.num()+"/"+version, "", header{"Destination", own + "/restore/target"}))
	}},
	{name: "see it in the trash", trashed: true, do: func(c *cell) string {
		return found(c.r.p.do("PROPFIND", "/remote.php/dav/trashbin/"+c.own()+"/trash", "", header{"Depth", "1"}), c.name)
	}},
	{name: "read it in the trash", trashed: true, do: func(c *cell) string {
		return code(c.r.p.do("GET", "/remote.php/dav/trashbin/alice/trash/"+c.key, ""))
	}},
	{name: "restore it", trashed: true, do: func(c *cell) string {
		return code(c.r.p.do("MOVE", "/remote.php/dav/trashbin/alice/trash/"+c.key, "", header{"Destination", "/remote.php/dav/trashbin/alice/restore/" + c.key}))
	}},
	{name: "read it after it was deleted", trashed: true, do: func(c *cell) string { return code(c.r.p.get(c.path())) }},
	{name: "preview it after it was deleted", trashed: true, do: func(c *cell) string {
		return code(c.r.p.do("GET", "/index.php/core/preview?x=32&y=32&forceIcon=0&fileId="+c.num(), ""))
	}},
	{name: "read its comments", do: func(c *cell) string {
		return found(c.r.p.do("PROPFIND", "/remote.php/dav/comments/files/"+c.num(), "", header{"Depth", "1"}), "/comments/files/")
	}},
	{name: "comment it", do: func(c *cell) string {
		return code(c.r.p.do("POST", "/remote.php/dav/comments/files/"+c.num(), `{"actorType":"users","verb":"comment","message":"hello"}`, header{"Content-Type", "application/json"}))
	}},
	{name: "tag it", do: func(c *cell) string {
		return code(c.r.p.do("PUT", "/remote.php/dav/systemtags-relations/files/"+c.num()+"/"+c.tag, ""))
	}},
	{name: "read its tags", do: func(c *cell) string {
		return code(c.r.p.do("PROPFIND", "/remote.php/dav/systemtags-relations/files/"+c.num(), "", header{"Depth", "1"}))
	}},
	{name: "see its shares", do: func(c *cell) string {
		return code(c.r.p.ocs("GET", "/apps/files_sharing/api/v1/shares", "path", c.path()))
	}},
	{name: "share it", do: func(c *cell) string { return code(c.r.p.tryShare(c.path(), toUser, "zoe", mayRead)) }},
	{name: "make a link to it", do: func(c *cell) string { return code(c.r.p.tryShare(c.path(), byLink, "", mayRead)) }},
	{name: "see who has access", do: func(c *cell) string {
		return code(c.r.p.ocs("GET", "/apps/atrium/api/v1/access/"+c.num()))
	}},
	{name: "see what happened to it", do: func(c *cell) string {
		look := func(p *person) answer {
			return p.ocs("GET", "/apps/activity/api/v2/activity/filter", "object_type", "files", "object_id", c.num())
		}
		c.s.soon("the stream of the owner", func() bool { return look(c.s.as("alice")).code == 200 })
		return code(look(c.r.p)) // 304: nothing
	}},
	{name: "hear of a change at the socket", do: func(c *cell) string {
		e, in := c.r.p.listens()
		defer e.close()
		if !in {
			return "refused"
		}
		e.hearsOf(0) // from here on the server tells them names
		c.s.as("alice").put("/box/"+c.name, "changed").want(204)
		if e.hearsOf(c.id) {
			return "heard"
		}
		return "none"
	}},
	{name: "get a token for the socket", do: func(c *cell) string {
		return code(c.r.p.do("POST", "/index.php/apps/notify_push/pre_auth", ""))
	}},
	{name: "find a comment on it", do: func(c *cell) string {
		word := "word" + c.num()
		c.s.as("alice").do("POST", "/remote.php/dav/comments/files/"+c.num(), `{"actorType":"users","verb":"comment","message":"`+word+`"}`, header{"Content-Type", "application/json"}).want(201)
		return found(c.r.p.ocs("GET", "/search/providers/comments/search", "term", word), c.name)
	}},
	{name: "get an address to stream it", do: func(c *cell) string {
		a := c.r.p.ocs("POST", "/apps/dav/api/v1/direct", "fileId", c.num())
		if a.code != 200 {
			return code(a)
		}
		var at struct{ URL string }
		a.into(&at)
		return found(c.s.visitor(share{Token: "nobody"}, "").do("GET", strings.TrimPrefix(at.URL, c.s.url), ""), secret)
	}},
	{name: "be reminded of it", do: func(c *cell) string {
		return code(c.r.p.ocs("PUT", "/apps/files_reminders/api/v1/"+c.num(), "dueDate", "2100-01-01T00:00:00Z"))
	}},
}

// roles are all who may try.
func (s *story) roles() []role {
	alice := s.as("alice")
	alice.mkdir("/box").want(201)
	reader, writer, passer, removed := s.as("reader"), s.as("writer"), s.as("passer"), s.as("removed")
	alice.shares("/box", toUser, "reader", mayRead)
	alice.shares("/box", toUser, "writer", mayRead|mayUpdate|mayCreate|mayDelete)
	alice.shares("/box", toUser, "passer", mayAll)
	ended := alice.shares("/box", toUser, "removed", mayAll)
	removed.sees("/", "box/")
	alice.unshare(ended).want(200)
	link := alice.shares("/box", byLink, "", mayRead)
	drop := alice.shares("/box", byLink, "", mayCreate)
	return []role{
		{"owner", alice, "/box"}, {"reader", reader, "/box"}, {"writer", writer, "/box"}, {"re-sharer", passer, "/box"}, {"link", s.visitor(link, ""), ""},
		{"upload-only link", s.visitor(drop, ""), ""}, {"removed", removed, "/box"}, {"stranger", s.as("stranger"), "/box"}, {"administrator", s.admin, "/box"},
	}
}

// Who may do what with a file of somebody else's, by every way there is, is what
// testdata/rights.txt says, which people have read.
func TestRights(t *testing.T) {
	tell(t, func(s *story) {
		alice := s.as("alice")
		roles := s.roles()
		s.as("zoe")
		tag := s.admin.do("POST", "/remote.php/dav/systemtags", `{"name":"seen","userVisible":true,"userAssignable":true}`, header{"Content-Type", "application/json"}).want(201)
		location := tag.header.Get("Content-Location")
		tagID := location[strings.LastIndexByte(location, '/')+1:]
		var b strings.Builder
		fmt.Fprintf(&b, "%-32s", "")
		for _, r := range roles {
			fmt.Fprintf(&b, " %-16s", r.name)
		}
		b.WriteByte('\n')
		for i, d := range deeds {
			fmt.Fprintf(&b, "%-32s", d.name)
			for k, r := range roles {
				c := &cell{s: s, r: r, name: fmt.Sprintf("f%02d%c.txt", i, 'a'+k), tag: tagID}
				at := "/box/" + c.name
				alice.put(at, "as it was", header{"X-OC-MTime", version}).want(201)
				alice.put(at, secret).want(204)
				c.id = alice.fileID(at)
				if d.trashed {
					alice.remove(at).want(204)
					c.key = s.trashed(alice, c.name)
				}
				fmt.Fprintf(&b, " %-16s", d.do(c))
			}
			b.WriteByte('\n')
		}
		got := trimLines(b.String())
		if *write {
			if err := os.WriteFile("testdata/rights.txt", []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		want, err := os.ReadFile("testdata/rights.txt")
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("rights are not what testdata/rights.txt says. Got:\n%s", got)
		}
	})
}

func trimLines(s string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}

// trashed is under what the trash keeps a file.
func (s *story) trashed(p *person, name string) string {
	s.Helper()
	body := p.do("PROPFIND", "/remote.php/dav/trashbin/"+p.id+"/trash", "", header{"Depth", "1"}).want(207).body
	at := strings.Index(body, "/trash/"+name+".d")
	if at < 0 {
		s.Fatalf("%s is not in the trash of %s", name, p.id)
	}
	key, _, _ := strings.Cut(body[at+len("/trash/"):], "<")
	return strings.TrimSuffix(key, "/")
}
