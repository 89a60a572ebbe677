package recent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"atrium/internal/core/files"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/recent"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

// pictures has previews of PNG.
type pictures struct{}

func (pictures) HasPreview(_ context.Context, e *files.Entry) (bool, error) {
	return e.Mime == "image/png", nil
}

func TestRecent(t *testing.T) {
	dbtest.Each(t, davtest.All(), func(t *testing.T, d *db.DB) {
		r := davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room { return []plug.Room{recent.New(r.Files, pictures{})} })
		r.As("bob").Put("/shared/")
		r.Want(201, "PUT", r.Home()+"/shared/theirs.txt", "x", "X-OC-MTime: 1700000500")
		r.Share("/shared", "alice", files.Read)
		r.As("alice").Put("/Docs/")
		for i, name := range []string{"/Docs/old.txt", "/Docs/mid.png", "/new"} {
			r.Want(201, "PUT", r.Home()+name, "x", fmt.Sprintf("X-OC-MTime: %d", 1700000000+i*1000))
		}
		var got struct {
			Files []struct {
				ID, ParentID, MTime, Permissions, Size int64
				Name, Path, Type, Mimetype, ETag       string
				HasPreview                             bool
			}
		}
		if err := json.Unmarshal([]byte(r.Want(200, "GET", "/index.php/apps/files/api/v1/recent/", "").Body), &got); err != nil {
			t.Fatal(err)
		}
		names := ""
		for _, f := range got.Files {
			names += fmt.Sprint(f.Path, " ", f.Name, " ", f.Permissions, " ", f.HasPreview, "; ")
		}
		if want := "/ new 27 false; /Docs mid.png 27 true; /shared theirs.txt 1 false; /Docs old.txt 27 false; "; names != want {
			t.Errorf("got %s", names)
		}
		if f := got.Files[1]; f.ID != r.ID("/Docs/mid.png") || f.ParentID != r.ID("/Docs") || f.MTime != 1700001000000 || f.Type != "file" || len(f.ETag) != 16 {
			t.Errorf("got %+v", f)
		}
		type recommended struct {
			Enabled         bool
			Recommendations []struct{ ID, Name, Directory, Extension, MimeType, Reason string }
		}
		for _, path := range []string{"recommendations", "recommendations/always"} {
			list := davtest.Data[recommended](r, r.Want(200, "GET", "/ocs/v2.php/apps/recommendations/api/v1/"+path, ""))
			if len(list.Recommendations) != 4 || !list.Enabled || fmt.Sprint(list.Recommendations[1]) != fmt.Sprintf("{%d mid.png /Docs png image/png recently-edited}", r.ID("/Docs/mid.png")) {
				t.Errorf("got %+v", list)
			}
		}
	})
}
