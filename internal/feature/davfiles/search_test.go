package davfiles_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const spaces = `xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"`

// basicsearch is a SEARCH body below a path of alice's files; more stands behind
// d:where.
func basicsearch(scope, where, more string) string {
	return `<d:searchrequest ` + spaces + `><d:basicsearch><d:select><d:prop><d:displayname/><oc:fileid/></d:prop></d:select>` +
		`<d:from><d:scope><d:href>/files/alice` + scope + `</d:href><d:depth>infinity</d:depth></d:scope></d:from>` +
		`<d:where>` + where + `</d:where>` + more + `</d:basicsearch></d:searchrequest>`
}

func term(op, prop, literal string) string {
	return fmt.Sprintf("<d:%s><d:prop><%s/></d:prop><d:literal>%s</d:literal></d:%s>", op, prop, literal, op)
}

func orderBy(prop, way string) string {
	return "<d:order><d:prop><" + prop + "/></d:prop><d:" + way + "/></d:order>"
}

// names lists the last names of a multistatus' hrefs, folders with a slash.
func names(body string) (out []string) {
	for _, m := range regexp.MustCompile("<d:href>[^<]*?([^/<]*/?)</d:href>").FindAllStringSubmatch(body, -1) {
		name, _ := url.PathUnescape(m[1])
		out = append(out, name)
	}
	return out
}

func library(r *rig) {
	for _, f := range []string{"s", "s/k", "other"} {
		r.want(201, "MKCOL", home+"/"+f, "")
	}
	for name, mtime := range map[string]string{"s/alpha.txt": "1500000000", "s/Beta.TXT": "1600000000", "s/k/gamma.png": "1700000000",
		"s/k/delta.md": "1650000000", "s/per%25cent_x.txt": "1660000000", "%C3%85rsredovisning.pdf": "1400000000", "other/film.mp4": "1300000000"} {
		r.want(201, "PUT", home+"/"+name, strings.Repeat("x", len(name)), "X-OC-MTime: "+mtime)
	}
	for _, name := range []string{"s/k", "s/alpha.txt", "other"} {
		r.want(207, "PROPPATCH", home+"/"+name, `<d:propertyupdate `+spaces+`><d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set></d:propertyupdate>`)
	}
}

func TestSearch(t *testing.T) {
	each(t, func(r *rig) {
		library(r)
		id := r.want(207, "PROPFIND", home+"/s/k/delta.md", `<d:propfind `+spaces+`><d:prop><oc:fileid/></d:prop></d:propfind>`, "Depth: 0").body
		id = regexp.MustCompile("<oc:fileid>([0-9]+)").FindStringSubmatch(id)[1]
		image, video := term("like", "d:getcontenttype", "image/%"), term("like", "d:getcontenttype", "video/%")
		for _, c := range []struct {
			name, scope, where, more string
			want                     []string // sorted, unless more orders
		}{
			{"name", "", term("like", "d:displayname", "%ALPH%"), "", []string{"alpha.txt"}},
			{"letters beyond ASCII", "", term("like", "d:displayname", "%årsr%"), "", []string{"Årsredovisning.pdf"}},
			{"decomposed letters", "", term("like", "d:displayname", "A\u030a%"), "", []string{"Årsredovisning.pdf"}},
			{"literal wildcards", "", term("like", "d:displayname", `%per\%cent\_x%`), "", []string{"per%cent_x.txt"}},
			{"exact name", "", term("eq", "d:displayname", "Beta.TXT"), "", []string{"Beta.TXT"}},
			{"exact name, other case", "", term("eq", "d:displayname", "beta.txt"), "", nil},
			{"not", "/s", "<d:and>" + term("like", "d:displayname", "%.txt") + "<d:not>" + term("like", "d:displayname", "%beta%") + "</d:not></d:and>", "",
				[]string{"alpha.txt", "per%cent_x.txt"}},
			{"gallery", "", "<d:and><d:or>" + image + video + "</d:or>" + term("gte", "d:getlastmodified", "2010-01-01T00:00:00Z") +
				term("eq", "oc:owner-id", "alice") + "</d:and>", "<d:orderby>" + orderBy("nc:metadata-photos-original_date_time", "descending") + "</d:orderby><d:limit><d:nresults>50</d:nresults></d:limit>",
				[]string{"gamma.png", "film.mp4"}},
			{"somebody else's", "", term("eq", "oc:owner-id", "bob"), "", nil},
			{"recent", "/s", term("lt", "d:getlastmodified", "2038-01-01T00:00:00+00:00") + "", "<d:orderby>" + orderBy("d:getlastmodified", "ascending") +
				"</d:orderby><d:limit><d:nresults>2</d:nresults></d:limit>", []string{"alpha.txt", "Beta.TXT"}},
			{"the next ones", "/s", term("lt", "d:getlastmodified", "1699999999"), "<d:orderby>" + orderBy("d:getlastmodified", "ascending") +
				`</d:orderby><d:limit><d:nresults>2</d:nresults><x:firstresult xmlns:x="https://github.com/icewind1991/SearchDAV/ns">2</x:firstresult></d:limit>`, []string{"delta.md", "per%cent_x.txt"}},
			{"seconds", "", term("lte", "d:getlastmodified", "1400000000"), "", []string{"film.mp4", "Årsredovisning.pdf"}},
			{"no time", "", term("lt", "d:getlastmodified", "last week"), "", nil},
			{"favourites", "", term("eq", "oc:favorite", "yes"), "", []string{"alpha.txt", "k/", "other/"}},
			{"favourites in a folder", "/s", term("eq", "oc:favorite", "1"), "", []string{"alpha.txt", "k/"}},
			{"no favourites", "/s/k", term("eq", "oc:favorite", "0"), "", []string{"delta.md", "gamma.png"}},
			{"folders", "", "<d:is-collection/>", "", []string{"k/", "other/", "s/"}},
			{"files", "/s/k", "<d:is-defined><d:prop><d:getcontentlength/></d:prop></d:is-defined>", "", []string{"delta.md", "gamma.png"}},
			{"nothing has it", "/s/k", "<d:is-defined><d:prop><d:nope/></d:prop></d:is-defined>", "", nil},
			{"size", "/s", term("gt", "oc:size", "15"), "", []string{"k/", "per%cent_x.txt"}},
			{"id", "", term("eq", "oc:fileid", id), "", []string{"delta.md"}},
			{"id elsewhere", "/other", term("eq", "oc:fileid", id), "", nil},
			{"uploaded", "/s/k", term("gt", "nc:upload_time", "1"), "", []string{"delta.md", "gamma.png"}},
			{"several keys", "/s", term("like", "d:displayname", "%.%"), "<d:orderby>" + orderBy("d:getcontenttype", "descending") + orderBy("d:displayname", "ascending") + "</d:orderby>",
				[]string{"Beta.TXT", "alpha.txt", "per%cent_x.txt", "delta.md", "gamma.png"}},
		} {
			res := r.want(207, "SEARCH", "/remote.php/dav/", basicsearch(c.scope, c.where, c.more), "Content-Type: text/xml")
			got := names(res.body)
			if c.more == "" {
				slices.Sort(got)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	})
}

func TestSearchThatMakesNoSense(t *testing.T) {
	r := one(t)
	library(r)
	ok := term("like", "d:displayname", "%")
	deep := strings.Repeat("<d:and>", 50) + ok + strings.Repeat("</d:and>", 50)
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"no condition":        {400, basicsearch("", "", "")},
		"unknown property":    {400, basicsearch("", term("eq", "d:foo", "1"), "")},
		"not searchable":      {400, basicsearch("", term("eq", "oc:permissions", "R"), "")},
		"not sortable":        {400, basicsearch("", ok, "<d:orderby>"+orderBy("d:getetag", "ascending")+"</d:orderby>")},
		"contains":            {400, basicsearch("", "<d:contains>a</d:contains>", "")},
		"foreign operator":    {400, basicsearch("", "<oc:eq/>", "")},
		"like of a number":    {400, basicsearch("", term("like", "oc:size", "1%"), "")},
		"greater favourite":   {400, basicsearch("", term("gt", "oc:favorite", "1"), "")},
		"empty and":           {400, basicsearch("", "<d:and/>", "")},
		"not of two":          {400, basicsearch("", "<d:not>"+ok+ok+"</d:not>", "")},
		"no literal":          {400, basicsearch("", "<d:eq><d:prop><oc:size/></d:prop></d:eq>", "")},
		"negative limit":      {400, basicsearch("", ok, "<d:limit><d:nresults>-1</d:nresults></d:limit>")},
		"too many keys":       {400, basicsearch("", ok, "<d:orderby>"+strings.Repeat(orderBy("oc:size", "ascending"), 4)+"</d:orderby>")},
		"too deep":            {400, basicsearch("", deep, "")},
		"too many terms":      {400, basicsearch("", "<d:or>"+strings.Repeat(ok, 300)+"</d:or>", "")},
		"a file as scope":     {400, basicsearch("/s/alpha.txt", ok, "")},
		"no such folder":      {404, basicsearch("/none", ok, "")},
		"somebody else":       {404, strings.ReplaceAll(basicsearch("", ok, ""), "/files/alice", "/files/bob")},
		"the root":            {404, strings.ReplaceAll(basicsearch("", ok, ""), "/files/alice", "/")},
		"all homes":           {400, strings.ReplaceAll(basicsearch("", ok, ""), "/files/alice", "/files")},
		"a whole address":     {207, strings.ReplaceAll(basicsearch("", ok, ""), "/files/alice", r.srv.URL+home)},
		"an enormous literal": {400, basicsearch("", term("like", "d:displayname", strings.Repeat("%a", 5000)), "")},
	} {
		if res := r.do("SEARCH", "/remote.php/dav/", c.body, "Content-Type: text/xml"); res.StatusCode != c.status {
			t.Errorf("%s: %d, want %d\n%s", name, res.StatusCode, c.status, res.body)
		}
	}
	r.want(501, "SEARCH", "/remote.php/dav/", basicsearch("", ok, ""), "Content-Type: application/json")
	r.want(207, "SEARCH", home+"/", basicsearch("", ok, ""), "Content-Type: text/xml")
}

func filter(rules, more string) string {
	return `<oc:filter-files ` + spaces + `><d:prop><oc:fileid/><oc:favorite/></d:prop>` + rules + more + `</oc:filter-files>`
}

func TestFilterFiles(t *testing.T) {
	each(t, func(r *rig) {
		library(r)
		fav := "<oc:filter-rules><oc:favorite>1</oc:favorite></oc:filter-rules>"
		for _, c := range []struct {
			path, body string
			want       []string
		}{
			{"/", filter(fav, ""), []string{"alpha.txt", "k", "other"}},
			{"/s/", filter(fav, ""), []string{"alpha.txt", "k"}},
			{"/s/k/", filter(fav, ""), []string{"k"}},
			{"/", filter(strings.ReplaceAll(fav, "1", "0"), ""), []string{"alpha.txt", "k", "other"}},
			{"/", filter("<oc:filter-rules><oc:favorite/><oc:foo/></oc:filter-rules>", ""), nil},
			{"/", filter(fav, "<oc:limit>1</oc:limit><oc:offset>1</oc:offset>"), []string{"other"}},
		} {
			got := names(r.want(207, "REPORT", home+c.path, c.body).body)
			if len(c.want) > 1 {
				slices.Sort(got)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s below %s: %s", c.body, c.path, diff)
			}
		}
		r.want(412, "REPORT", home+"/", filter("<oc:filter-rules><oc:systemtag>1</oc:systemtag></oc:filter-rules>", ""))
		r.want(400, "REPORT", home+"/", filter("<oc:filter-rules/>", ""))
		r.want(400, "REPORT", home+"/", filter("", ""))
		r.want(400, "REPORT", home+"/", "<oops")
		r.want(400, "REPORT", home+"/", "")
		r.want(404, "REPORT", home+"/none", filter(fav, ""))
		r.want(415, "REPORT", home+"/s/alpha.txt", filter(fav, ""))
		r.want(415, "REPORT", home+"/", `<d:sync-collection xmlns:d="DAV:"><d:sync-token/><d:prop/></d:sync-collection>`)
	})
}

// What a search asks of the database does not grow with what it looks at.
func TestSearchAsksOnce(t *testing.T) {
	r := one(t)
	asked := func() int64 {
		r.want(207, "PROPFIND", home, "", "Depth: 0") // carries the writes up
		r.want(207, "SEARCH", "/remote.php/dav/", basicsearch("", term("like", "d:displayname", "%1.txt"), ""), "Content-Type: text/xml")
		return r.asked.Load().Load()
	}
	fill := func(files, from int) {
		for i := range files {
			if i%20 == 0 {
				r.want(201, "MKCOL", fmt.Sprintf("%s/d%d", home, from+i), "")
			}
			r.want(201, "PUT", fmt.Sprintf("%s/d%d/%d.txt", home, from+i/20*20, i), "")
		}
	}
	fill(20, 0)
	few := asked()
	fill(400, 1000)
	if many := asked(); many != few {
		t.Errorf("%d statements for 20 files, %d for 420", few, many)
	}
}
