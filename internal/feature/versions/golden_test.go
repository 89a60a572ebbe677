package versions

import (
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/proto/web/webtest"
)

// The exchanges of 14-dav-versions, in order, with what happened between them. Left
// out are the previews (041, 042), which have a room of their own, and what was
// asked of the files (018, 020), which is looked at here directly. Where we differ:
//   - has-preview is false as long as nothing makes previews;
//   - the author of what a file holds now is known, whatever becomes of its label
//     (036, 040);
//   - versions are listed by their names (036);
//   - 014, 015: a property that is not kept is refused, not taken and forgotten.
func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		p := newPlay(g)
		for _, e := range webtest.Load(g, "testdata/golden") {
			p.before(e.Name)
			p.exchange(e)
		}
		p.Sound()
	})
}

type play struct {
	*rig
	ids map[string]int64 // recorded id → ours
}

func newPlay(g *rig) *play {
	p := &play{g, map[string]int64{}}
	d := g.As("dave1")
	for i, body := range []string{"one", "two two", "three three three"} {
		p.ids["7077"] = d.Put("/ver.txt", body, 1500000000+100000*int64(i)).ID
	}
	p.ids["7281"] = d.Folder("/vdir").ID
	for _, at := range []int64{1795312962, 1795312963, 1795313716, 1795313718} {
		g.Time = time.Unix(at, 0)
		p.ids["7282"] = d.Put("/same.txt", "same", at).ID
	}
	d.Put("/zero.txt", "abc", 1795312966)
	d.Put("/zero.txt", "", 1795312967)
	p.ids["7284"] = d.Put("/zero.txt", "abc", 1795313727).ID
	return p
}

func (p *play) before(name string) {
	p.Helper()
	switch name[:3] {
	case "019":
		e := p.As("dave1").At("/ver.txt")
		if got := p.As("dave1").Text("/ver.txt"); got != "one" || e.ID != p.ids["7077"] || e.MTime.Unix() != 1500000000 {
			p.Errorf("it holds %q of %v", got, e.MTime)
		}
	case "040":
		p.Share("/ver.txt", files.Read|files.Update)
	}
}

func (p *play) exchange(e webtest.Exchange) {
	p.Helper()
	if user := e.As[0]; user != "nobody" {
		e.Request.SetBasicAuth(user, "x")
	}
	rules := webtest.Rules{
		Replace: []string{"<nc:has-preview>true<", "<nc:has-preview>false<"},
		Loose:   []string{"s:message"},
		Headers: []string{"ETag", "Oc-Etag", "Last-Modified", "Content-Range", "Content-Disposition"},
	}
	if e.Name[:3] == "028" {
		rules.Loose = append(rules.Loose, "s:exception")
	}
	for recorded, ours := range p.ids {
		id := strconv.FormatInt(ours, 10)
		rules.Replace = append(rules.Replace, "/"+recorded+"/", "/"+id+"/")
		e.Request.URL.Path = strings.Replace(e.Request.URL.Path, "/"+recorded, "/"+id, 1)
	}
	switch e.Name[:3] {
	case "014", "015":
		rules.Replace = append(rules.Replace, "HTTP/1.1 200 OK", "HTTP/1.1 403 Forbidden")
	case "036", "040":
		rules.Replace = append(rules.Replace, "<nc:version-label/>\n<nc:version-author/>\n<oc:size/>", "<nc:version-label/>\n<oc:size/>",
			"<d:resourcetype/>\n<nc:has-preview>true<", "<d:resourcetype/>\n<nc:version-author>dave1</nc:version-author>\n<nc:has-preview>false<")
	}
	w := httptest.NewRecorder()
	p.Door.ServeHTTP(w, e.Request)
	e.Body = webtest.Apart(inOrder(e.Body))
	out := webtest.Apart(w.Body.String())
	w.Body.Reset()
	w.Body.WriteString(out)
	e.Compare(p, w, rules)
}

// inOrder sorts the versions of a listing by their names.
func inOrder(body string) string {
	head, rest, ok := strings.Cut(body, "</d:response>")
	if !ok || !strings.Contains(rest, "</d:response>") || strings.Contains(rest, "/restore/") {
		return body
	}
	all := strings.SplitAfter(strings.TrimSuffix(strings.TrimSpace(rest), "</d:multistatus>"), "</d:response>")
	slices.Sort(all)
	return head + "</d:response>" + strings.Join(all, "") + "</d:multistatus>"
}
