package activity

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"atrium/internal/proto/web/webtest"
)

// The recorded exchanges that have no file in testdata, since the recorded account
// had a longer past or other apps: 041, 046, 054, 056 to 060, 064, 066, 067, 070.
// What they show is tested by stories. 065 lists our own filters.

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		act := g.put("olga", "/act1.txt")
		g.put("olga", "/act1.txt")
		dir := g.mkdir("olga", "/ActDir")
		in := g.put("olga", "/ActDir/in.txt")
		g.move("olga", "/act1.txt", "/act2.txt")
		g.heard()
		g.now = g.now.Add(1e9)
		g.remove("olga", "/ActDir/in.txt")
		g.heard()
		g.share(1, "/act2.txt", "otto", shareUser)
		swap := []string{"5479", fmt.Sprint(act), "5482", fmt.Sprint(dir), "5483", fmt.Sprint(in), "//act2.txt", "/act2.txt"}
		for recorded := 3717; recorded <= 3723; recorded++ {
			swap = append(swap, fmt.Sprint(recorded), fmt.Sprint(recorded-3716))
		}
		fix := strings.NewReplacer(swap...)
		var tag string
		for _, e := range webtest.Load(g.T, "testdata") {
			if len(e.As) > 0 {
				e.Request.SetBasicAuth(e.As[0], e.As[0])
			}
			e.Request.URL.RawQuery = fix.Replace(e.Request.URL.RawQuery)
			if e.Request.Header.Get("If-None-Match") != "" {
				e.Request.Header.Set("If-None-Match", tag)
			}
			w := g.serve(e.Request)
			if strings.HasPrefix(e.Name, "043") {
				tag = w.Header().Get("ETag")
			}
			rules := webtest.Rules{Replace: swap, Loose: []string{"source"}, Present: []string{"ETag", "X-User-Id"},
				Headers: []string{"Content-Type", "X-Activity-First-Known", "X-Activity-Last-Given", "Link"}}
			if strings.HasPrefix(e.Name, "045") { // the recorded past is longer
				e.Status, rules.Headers = http.StatusOK, []string{"X-Activity-First-Known"}
				if w.Code == e.Status && w.Header().Get("X-Activity-First-Known") == "7" {
					continue
				}
			}
			e.Compare(g.T, w, rules)
		}
	})
}
