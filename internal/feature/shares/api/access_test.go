package api

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/infra/db"
)

// access asks as somebody who can see a file, and writes each way in a line.
func (g *rig) access(as string, id int64) (int, []string) {
	g.Helper()
	r := httptest.NewRequest("GET", fmt.Sprintf("/ocs/v2.php/apps/atrium/api/v1/access/%d?format=json", id), nil)
	r.Header.Set("OCS-APIRequest", "true")
	r.SetBasicAuth(as, as)
	w := g.serve(r)
	var doc struct {
		OCS struct{ Data struct{ Access []way } }
	}
	if w.Code != 200 {
		return w.Code, nil
	}
	g.must(json.Unmarshal(w.Body.Bytes(), &doc))
	var out []string
	for _, a := range doc.OCS.Data.Access {
		since := ""
		if a.Since != nil {
			since = *a.Since
		}
		out = append(out, fmt.Sprintf("%s %s %s %d via %s by %s since %s", a.Type, a.With, strings.Join(a.People, ","), a.Perms, a.Via.Path, a.Sharer, since))
	}
	return w.Code, out
}

// One answer tells who can see a file: each person, by which share of which folder,
// and since when; also what others shared on, and links.
func TestWhoCanSeeThis(t *testing.T) {
	each(t, func(g *rig) {
		g.put("olga", map[string]int{"/docs/sub/a.txt": 3}, "/docs/", "/docs/sub/", "/docs/sub/a.txt")
		g.must(g.dir.AddMember(g.ctx, "otters", "oskar"))
		give := func(as string, form ...string) {
			t.Helper()
			if code, data := g.ask(as, "POST", "shares", form...); code != 200 {
				t.Fatalf("%v: %d %v", form, code, data)
			}
		}
		give("olga", "path", "/docs", "shareType", "0", "shareWith", "otto", "permissions", "17")
		g.now = g.now.Add(60e9)
		give("olga", "path", "/docs/sub", "shareType", "1", "shareWith", "otters", "permissions", "1")
		give("otto", "path", "/docs/sub/a.txt", "shareType", "0", "shareWith", "oda", "permissions", "1")
		give("olga", "path", "/docs/sub/a.txt", "shareType", "3")
		v, err := g.files.As(g.ctx, &who.Principal{ID: "olga"})
		g.must(err)
		e, err := v.Stat(g.ctx, "/docs/sub/a.txt")
		g.must(err)
		want := []string{
			"owner  olga 31 via /docs/sub/a.txt by  since ",
			"link   17 via /docs/sub/a.txt by olga since 2026-11-22T02:17:28Z",
			"user oda oda 1 via /docs/sub/a.txt by otto since 2026-11-22T02:17:28Z",
			"group otters oskar,otto 1 via /docs/sub by olga since 2026-11-22T02:17:28Z",
			"user otto otto 17 via /docs by olga since 2026-11-22T02:16:28Z",
		}
		for _, as := range []string{"olga", "admin"} {
			if code, got := g.access(as, e.ID); cmp.Diff(want, got) != "" {
				t.Errorf("%s is told %d\n%s", as, code, cmp.Diff(want, got))
			}
		}
		// Who may share it is told too, but not where it lies at others'.
		for i, path := range []string{"/docs/sub/a.txt", "/docs/sub/a.txt", "/docs/sub/a.txt", "/docs/sub", "/docs"} {
			if _, got := g.access("otto", e.ID); !strings.Contains(got[i], "via "+path+" ") {
				t.Errorf("otto is told %q", got[i])
			}
		}
		for _, as := range []string{"oda", "oskar"} { // who may only read is not
			if code, _ := g.access(as, e.ID); code != 403 {
				t.Errorf("%s: %d", as, code)
			}
		}
		g.must(g.dir.RemoveMember(g.ctx, "otters", "oskar"))
		if code, _ := g.access("oskar", e.ID); code != 404 {
			t.Errorf("a stranger: %d", code)
		}
		if code, _ := g.access("olga", 1<<40); code != 404 {
			t.Errorf("a number of nothing: %d", code)
		}
		ctx, n := db.Count(g.ctx)
		if _, err := g.shares.Ways(ctx, e.ID); err != nil || n.Load() > 12 {
			t.Errorf("it costs %d statements: %v", n.Load(), err)
		}
		g.must(v.Remove(g.ctx, e, nil))
		if code, _ := g.access("olga", e.ID); code != 404 {
			t.Errorf("of a file that is gone: %d", code)
		}
	})
}
