package activity

import (
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// What an account downloads of what somebody shared with it, the owner reads, where an
// administrator wants that; never what is one's own, and what a visitor of a link reads
// is told by the links.
func TestDownloads(t *testing.T) {
	each(t, func(g *rig) {
		g.mkdir("olga", "/Docs")
		g.put("olga", "/Docs/x")
		g.heard()
		g.share(1, "/Docs", "otto", shareUser)
		download := func(p *who.Principal, e *files.Entry) {
			t.Helper()
			g.room.downloaded(who.With(g.Context(), p), dav.Resource{Value: e})
			g.heard()
		}
		otto := &who.Principal{ID: "otto"}
		download(otto, g.stat("otto", "/Docs/x"))
		g.reads("olga", "?limit=1", "You shared Docs with @Otto")
		g.must(g.room.settings.Set(g.Context(), settingsApp, downloadSetting, "yes"))
		download(otto, g.stat("otto", "/Docs/x"))
		download(otto, g.stat("otto", "/Docs"))
		download(&who.Principal{ID: "olga"}, g.stat("olga", "/Docs/x"))
		download(&who.Principal{ID: "x", Link: 9}, g.stat("otto", "/Docs/x"))
		g.reads("olga", "?limit=3", "@Otto downloaded Docs", "@Otto downloaded Docs/x", "You shared Docs with @Otto")
		g.reads("otto", "?limit=1", "@Olga Ö. Capture shared Docs with you")
		if _, got := g.ask("olga", "?limit=1"); got[0]["type"] != "file_downloaded" || got[0]["app"] != "files_sharing" {
			t.Errorf("%v", got[0])
		}
	})
}
