package davfiles_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
)

// A download is what is sent from its first byte on: a file or an archive, by
// whichever address, but no page and nothing that was only looked at.
func TestDownloadsAreTold(t *testing.T) {
	r := davtest.New(t, dbtest.SQLite(t, davtest.All()...), mem.New(), func(*davtest.Rig) []plug.Room { return nil })
	told := []string{}
	r.Board.DAV.OnDownload(func(_ context.Context, res dav.Resource) { told = append(told, res.Path) })
	r.Put("/d/", "/d/f")
	r.Want(200, "GET", r.Home()+"/d/f", "")
	r.Want(206, "GET", r.Home()+"/d/f", "", "Range: bytes=0-1")
	r.Want(200, "GET", r.Home()+"/d", "", "Accept: application/zip")

	r.Want(206, "GET", r.Home()+"/d/f", "", "Range: bytes=1-")
	r.Want(200, "HEAD", r.Home()+"/d/f", "")
	r.Want(200, "HEAD", r.Home()+"/d", "", "Accept: application/zip")
	r.Want(200, "GET", r.Home()+"/d", "")
	r.Want(404, "GET", r.Home()+"/none", "")
	r.Want(207, "PROPFIND", r.Home()+"/d/f", "")
	if diff := cmp.Diff([]string{"/alice/d/f", "/alice/d/f", "/alice/d"}, told); diff != "" {
		t.Error(diff)
	}
}
