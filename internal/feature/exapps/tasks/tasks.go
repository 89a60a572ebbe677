// Package tasks keeps what people ask machines to do with texts and recordings: free
// prompts, summaries, headlines, topics, translations, transcripts. It does none of that
// itself: external apps register as providers, take tasks when they have time and report
// what came of them (the TaskProcessing API, 30-core/106 to 112, and its side for apps as
// nc_py_api uses it). A task that nobody does fails with a reason.
//
// Providers of the three APIs before that (text processing, translation, speech to text)
// are kept and listed, and get no tasks.
package tasks

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"time"

	"atrium/internal/base/tongue"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table exapps_task.
var Schema = db.Schema{Room: "exapps_tasks", Files: schema}

// Room is the tasks. The fields may be set before Plug.
type Room struct {
	Now func() time.Time
	Log *slog.Logger

	db    *db.DB
	apps  *exapps.Room
	dir   *identity.Directory
	files *files.Service

	triggering *jobs.Kind[trigger]
}

// New returns the room. The tasks of an account go with it.
func New(d *db.DB, apps *exapps.Room, dir *identity.Directory, f *files.Service) *Room {
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM exapps_task WHERE uid = ?", uid)
		return err
	})
	return &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), db: d, apps: apps, dir: dir, files: f}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.triggering = jobs.Define(b.Jobs, "exapps.trigger", rm.trigger)
	b.Jobs.Every("@every 1m", "exapps.tasks", rm.sweep)

	const root = "/taskprocessing"
	ocs.Handle(b.OCS, "GET "+root+"/tasktypes", web.User, rm.listTypes)
	ocs.Handle(b.OCS, "POST "+root+"/schedule", web.User, rm.schedule)
	ocs.Handle(b.OCS, "GET "+root+"/task/{id}", web.User, rm.get)
	ocs.Handle(b.OCS, "DELETE "+root+"/task/{id}", web.User, rm.remove)
	ocs.Handle(b.OCS, "GET "+root+"/tasks", web.User, rm.list)
	ocs.Handle(b.OCS, "GET "+root+"/tasks/app/{app}", web.User, rm.list)
	ocs.Handle(b.OCS, "POST "+root+"/tasks/{id}/cancel", web.User, rm.cancel)

	app := func(method, path string, f func(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error)) {
		ocs.Handle(b.OCS, method+" "+path, web.Anyone|web.NoCSRF, rm.apps.ForApps(f))
	}
	app("GET", root+"/tasks_provider/next", rm.next)
	app("GET", root+"/tasks_provider/next_batch", rm.nextBatch)
	app("POST", root+"/tasks_provider/{id}/progress", rm.setProgress)
	app("POST", root+"/tasks_provider/{id}/result", rm.setResult)
	b.Web.Handle("GET", "/ocs/v2.php"+root+"/tasks_provider/{id}/file/{file}", web.Anyone|web.NoCSRF, rm.file)

	const providers = scope.API + "/api/v1/ai_provider/"
	app("POST", providers+"task_processing", rm.register)
	for _, k := range formerKinds() {
		app("POST", providers+k.path, rm.registerFormer(k))
	}
	for _, path := range []string{"task_processing", "text_processing", "translation", "speech_to_text"} {
		app("DELETE", providers+path, rm.unregister(path))
		app("GET", providers+path, rm.show(path))
	}
}

// in is the language of somebody.
func (rm *Room) in(ctx context.Context, uid string) (*tongue.Tongue, error) {
	u, err := rm.dir.User(ctx, uid)
	if err != nil {
		return nil, err
	}
	return tongue.All().For(u.Language), nil
}

// failure is an error as clients of this API read it: the text stands in the data
// (30-core/108, 109).
func failure(status int, text string) error {
	return &ocs.Failure{Code: status, Data: map[string]string{"message": text}}
}

func notFound() error { return failure(http.StatusNotFound, "Not found") }
