package exapps

import (
	"strings"
	"testing"

	"atrium/internal/proto/web/webtest"
)

// TestRecordedExchanges goes through 34-apps/342 to 381 in their order. What differs on
// purpose: pages of 404 are ours, so that only the status is compared; 357 lists the
// accounts of the recorded server; notifications show when they are, not what was typed.
func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		rules := webtest.Rules{Loose: []string{"id", "deploy_start_time", "init_start_time", "datetime"}}
		for _, e := range webtest.Load(g, "testdata") {
			switch e.Name[:3] {
			case "346":
				g.registered(func(a *App) { a.Daemon = "other" })
			case "347":
				g.must(g.jobs.Drain(g.Context()))
			case "381":
				g.must(g.room.Unregister(g.Context(), appID, Nothing))
			}
			if len(e.As) > 0 {
				e.Request.SetBasicAuth(e.As[0], password)
			}
			w := g.serve(e.Request)
			if strings.Contains(e.Header.Get("Content-Type"), "html") {
				if w.Code != e.Status {
					g.Errorf("%s: %d %s", e.Name, w.Code, w.Body)
				}
				continue
			}
			if e.Name[:3] == "349" { // the account's own answer is another room's
				if got := data[map[string]any](g, w); got["id"] != "olga" || got["app"] != appID {
					g.Errorf("%s: %v", e.Name, got)
				}
				continue
			}
			e.Compare(g, w, rules)
		}
		if r, _ := g.app.last("/api/x"); r == nil || r.Header.Get("Authorization") != "" || r.Header.Get(sharedHeader) != "b2xnYTpjYXB0dXJlLXNlY3JldC0x" ||
			r.URL.RawQuery != "y=1" || r.Header.Get("X-Origin-Ip") == "" {
			g.Errorf("380: the app got %+v", r)
		}
	})
}
