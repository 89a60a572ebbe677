package workspace_test

import (
	"strings"
	"testing"

	"atrium/internal/core/files"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/workspace"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

func TestReadmes(t *testing.T) {
	dbtest.Each(t, davtest.All(), func(t *testing.T, d *db.DB) {
		r := davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room { return []plug.Room{workspace.New(r.Files)} })
		r.Put("/d/", "/d/sub/", "/none/", "/d/f")
		r.Want(201, "PUT", r.Home()+"/d/README.md", "# Hi <b>& all</b>")
		r.Want(201, "PUT", r.Home()+"/d/sub/Readme.md", strings.Repeat("ä", 50_000))
		ask := davtest.Propfind("nc:rich-workspace", "nc:rich-workspace-file")
		id := r.ID("/d/README.md")
		for url, want := range map[string]string{
			"/d":    "# Hi &lt;b&gt;&amp; all&lt;/b&gt;",
			"/none": "",
		} {
			if got := r.Props(r.Home()+url, "nc:rich-workspace")["nc:rich-workspace"]; got != want {
				t.Errorf("%s has %q", url, got)
			}
		}
		if got := r.Props(r.Home()+"/d/sub", "nc:rich-workspace")["nc:rich-workspace"]; got != strings.Repeat("ä", 32<<10) {
			t.Errorf("%d bytes of a long one", len(got))
		}
		list := r.Want(207, "PROPFIND", r.Home()+"/d", ask, "Depth: 1")
		r.Has(list, "<nc:rich-workspace># Hi")
		if n := strings.Count(list.Body, "# Hi"); n != 1 || strings.Contains(list.Body, "ää") {
			t.Errorf("%d texts in %s", n, list.Body)
		}
		if got := r.Props(r.Home()+"/d", "nc:rich-workspace-file")["nc:rich-workspace-file"]; got == "" || id == 0 {
			t.Errorf("file %q", got)
		}
		r.Share("/d", "bob", files.Read)
		r.As("bob").Has(r.Want(207, "PROPFIND", r.Home()+"/d", ask, "Depth: 0"), "# Hi")

		r.As("alice")
		cost := func(prop, depth string) int64 {
			r.Want(207, "PROPFIND", r.Home()+"/d", davtest.Propfind(prop), "Depth: "+depth)
			r.Want(207, "PROPFIND", r.Home()+"/d", davtest.Propfind(prop), "Depth: "+depth)
			return r.Asked()
		}
		plain := cost("d:getetag", "1")
		if with := cost("nc:rich-workspace", "1"); with > plain+4 {
			t.Errorf("%d statements without, %d with the readme", plain, with)
		}
	})
}
