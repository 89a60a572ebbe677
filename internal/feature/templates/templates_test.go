package templates_test

import (
	"context"
	"fmt"
	"testing"

	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/templates"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

type pictures struct{}

func (pictures) HasPreview(_ context.Context, e *files.Entry) (bool, error) { return e.Size > 0, nil }

func each(t *testing.T, f func(r *davtest.Rig)) {
	dbtest.Each(t, davtest.All(templates.Schema), func(t *testing.T, d *db.DB) {
		f(davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room {
			return []plug.Room{templates.New(d, r.Files, r.People, pictures{})}
		}))
	})
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(r *davtest.Rig) {
		r.Replay("testdata/34", davtest.Golden{
			Loose: []string{"iconSvgInline", "etag", "fileid", "lastmod"},
			Before: map[string]func(p *davtest.Replay){"057-templates": func(p *davtest.Replay) {
				p.As("olga").Put("/Templates/")
				for name, size := range map[string]int{"Product plan.md": 573, "Meeting notes.md": 326, "Readme.md": 554, "Diagram.ods": 5} {
					p.Want(201, "PUT", p.Home()+"/Templates/"+davtest.Escape(name), fmt.Sprintf("%*d", size, 1))
				}
			}},
			Deliberate: map[string]davtest.Deviation{
				"057-templates": davtest.Because("templates come by name",
					"$.ocs.data[0].templates[0]", "$.ocs.data[0].templates[1]"),
			},
		})
	})
}

const api = "/ocs/v2.php/apps/files/api/v1/templates"

func TestFilesBeginAsTemplates(t *testing.T) {
	each(t, func(r *davtest.Rig) {
		r.Put("/mine/", "/mine/letter.md", "/mine/sheet.ods", "/d/")
		type kind struct{ Templates []struct{ TemplateID string } }
		if got := davtest.Data[[]kind](r, r.Want(200, "GET", api, "")); len(got[0].Templates) != 0 {
			t.Errorf("got %+v", got)
		}
		r.Want(200, "POST", api+"/path", `{"templatePath": "/mine"}`)
		if got := davtest.Data[[]kind](r, r.Want(200, "GET", api, "")); fmt.Sprint(got) != "[{[{/mine/letter.md}]}]" {
			t.Errorf("got %+v", got)
		}
		r.Want(200, "POST", api+"/create", `{"filePath": "/d/dear.md", "templatePath": "/mine/letter.md", "templateType": "user"}`)
		if got := r.Want(200, "GET", r.Home()+"/d/dear.md", "").Body; got != "/mine/letter.md" {
			t.Errorf("it begins as %q", got)
		}
		r.Want(404, "POST", api+"/create", `{"filePath": "/d/x.md", "templatePath": "/mine/gone.md"}`)
		r.Want(409, "POST", api+"/create", `{"filePath": "/nowhere/x.md"}`)
		r.Want(400, "POST", api+"/create", `{"filePath": "/d/.htaccess"}`)
		r.Want(400, "POST", api+"/path", `{"templatePath": "/"}`)
		r.Want(200, "POST", api+"/path", `{}`)
		r.Want(405, "MKCOL", r.Home()+"/Templates", "") // it was made

		r.As("bob").Want(404, "POST", api+"/create", `{"filePath": "/x.md", "templatePath": "/mine/letter.md"}`)
		if _, err := r.People.Create(t.Context(), identity.NewUser{ID: "alice"}); err != nil {
			t.Fatal(err)
		}
		if err := r.People.Remove(t.Context(), "alice"); err != nil || r.Count("template_folder") != 0 {
			t.Errorf("%d folders, %v", r.Count("template_folder"), err)
		}
	})
}
