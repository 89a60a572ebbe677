package usage_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"atrium/internal/core/tree"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/usage"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

func TestStorageBySort(t *testing.T) {
	dbtest.Each(t, davtest.All(), func(t *testing.T, d *db.DB) {
		r := davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room {
			rm := usage.New(d, tree.New(d), r.Files)
			rm.Versions = func(_ context.Context, uid string) (int64, error) { return int64(len(uid)), nil }
			return []plug.Room{rm}
		})
		r.As("bob").Want(201, "PUT", r.Home()+"/not mine.png", "x")
		r.As("alice").Put("/deep/")
		r.Put("/deep/er/")
		for name, size := range map[string]int{"/a.png": 10, "/deep/b.jpg": 20, "/deep/er/c.mp4": 300, "/d.odt": 4, "/deep/e.txt": 5, "/f.pdf": 6, "/g.zip": 7, "/h": 8, "/i.ogg": 9} {
			r.Want(201, "PUT", r.Home()+name, strings.Repeat("x", size))
		}
		type part struct {
			Sort         string
			Files, Bytes int64
		}
		got := davtest.Data[struct {
			Used, Total, Trash, Versions int64
			Sorts                        []part
		}](r, r.Want(200, "GET", "/ocs/v2.php/apps/atrium/api/v1/usage", ""))
		if want := "[{pictures 2 30} {videos 1 300} {audio 1 9} {documents 3 15} {archives 1 7} {other 1 8}]"; fmt.Sprint(got.Sorts) != want {
			t.Errorf("got %v, want %s", got.Sorts, want)
		}
		if got.Used != 369 || got.Total >= 0 || got.Trash != 0 || got.Versions != 5 {
			t.Errorf("got %+v", got)
		}
		// Each call walks the home, so there are few of them.
		for range 9 {
			r.Want(200, "GET", "/ocs/v2.php/apps/atrium/api/v1/usage", "")
		}
		r.Want(429, "GET", "/ocs/v2.php/apps/atrium/api/v1/usage", "")
	})
}
