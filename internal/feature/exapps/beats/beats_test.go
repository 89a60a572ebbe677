package beats

import (
	"strings"
	"testing"
	"time"

	"atrium/internal/feature/exapps/exappstest"
	"atrium/internal/proto/plug"
)

// An app that does not answer is named, is not disabled, and is no longer named once it
// answers.
func TestAnAppThatIsGone(t *testing.T) {
	var rm *Room
	exappstest.Each(t, nil, func(g *exappstest.Rig) []plug.Room { rm = New(g.Apps); return []plug.Room{rm} }, func(g *exappstest.Rig) {
		look := func() (problem string, f plug.Finding) {
			g.Helper()
			g.Now = g.Now.Add(2 * time.Minute)
			g.Drain()
			all := g.By(200, "admin", "GET", "/apps/app_api/api/v1/ex-app/all", "").([]any)
			one := all[0].(map[string]any)
			if one["enabled"] != true {
				g.Errorf("the app is %v", one)
			}
			problem, _ = one["status"].(map[string]any)["error"].(string)
			return problem, rm.health(g.Context())
		}
		if problem, f := look(); problem != "" || f.State != plug.Fine {
			g.Errorf("of an app that answers: %q, %+v", problem, f)
		}
		g.App.Quiet(true)
		for i := range 3 {
			problem, f := look()
			if gone := i == 2; (problem != "") != gone || (f.State == plug.Warn) != gone || gone && !strings.Contains(f.Text.String(), "Capture App") {
				g.Errorf("after %d heartbeats: %q, %+v", i+1, problem, f)
			}
		}
		g.App.Quiet(false)
		g.Now = g.Now.Add(time.Hour)
		if problem, f := look(); problem != "" || f.State != plug.Fine {
			g.Errorf("of an app that is back: %q, %+v", problem, f)
		}
	})
}
