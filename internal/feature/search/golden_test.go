package search

import (
	"net/http"
	"strings"
	"testing"

	"atrium/internal/proto/web/webtest"
)

// deliberate are the exchanges that we answer in another way, with the reason.
var deliberate = map[string]string{
	"117-search-providers":      "the other providers are of rooms that plug in",
	"118-search-providers-from": "as 117",
	"126-search-nosuch":         "a provider that is not there is 404, not a failure of the server",
	"131-search-bad-filter":     "a date that is none is 400, not a failure of the server",
}

var rules = webtest.Rules{
	Headers: []string{"Content-Type"},
	Loose:   []string{"thumbnailUrl", "resourceUrl", "icon", "fileId"},
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		g.put("olga", "/Docs/Sub/new.txt", "/autotag.txt", "/pend.txt", "/hook-1795313856.txt", "/report.txt", "/Docs/pixel2.png",
			"/pixel.png", "/Nextcloud.png", "/Templates/Report.odt", "/Templates/Expense report.ods")
		g.put("otto", "/report of another.txt", "/theirs.png")
		g.settle()
		for _, e := range webtest.Load(g.TB, "testdata") {
			as := ""
			if len(e.As) > 0 {
				as = e.As[0]
			}
			w := g.serve(e.Request, as)
			if deliberate[e.Name] == "" {
				e.Compare(g.TB, w, rules)
			}
		}
	})
}

// What differs on purpose is held to what we say instead.
func TestDeliberateDifferences(t *testing.T) {
	g := lite(t)
	for _, e := range webtest.Load(t, "testdata") {
		w := g.serve(e.Request, "olga")
		switch e.Name {
		case "117-search-providers":
			want := `{"id":"files","appId":"files","name":"Files","icon":"\/apps\/files\/img\/app.svg","order":5,"isExternalProvider":false,"triggers":["files"],"filters":{`
			if !strings.Contains(w.Body.String(), want) || w.Header().Get("ETag") == "" || strings.Contains(w.Body.String(), `"users"`) {
				t.Errorf("%s: %s", e.Name, w.Body)
			}
			for _, filter := range []string{`"term":"string"`, `"since":"datetime"`, `"until":"datetime"`, `"person":"person"`, `"min-size":"int"`,
				`"max-size":"int"`, `"mime":"string"`, `"type":"string"`, `"path":"string"`, `"is-favorite":"bool"`, `"title-only":"bool"`, `"tag":"string"`} {
				if !strings.Contains(w.Body.String(), filter) {
					t.Errorf("no filter %s", filter)
				}
			}
		case "126-search-nosuch":
			if w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", e.Name, w.Code)
			}
		case "131-search-bad-filter":
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "since") {
				t.Errorf("%s: %d %s", e.Name, w.Code, w.Body)
			}
		}
	}
}
