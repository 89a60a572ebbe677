package versions

import (
	"context"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/settings"
	"atrium/internal/feature/davfiles/desktest"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

var schemas = desktest.Schemas(Schema)

var visitor = who.Principal{Link: 7, Display: "Visitor"}

// bin is a keeper that takes all that is removed, as the trash does.
type bin struct{}

func (bin) Overwritten(context.Context, *db.DB, *files.Entry) (bool, error) { return false, nil }
func (bin) Removed(ctx context.Context, tx *db.DB, r *files.Removal) (bool, error) {
	_, err := r.Trash(ctx, tx)
	return true, err
}

// rig is the room behind a real door, with a clock of its own.
type rig struct {
	*desktest.Rig
	room *Room
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas...)) }

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	g := &rig{Rig: desktest.New(t, d, "versions")}
	g.room = New(d, g.Tree, g.Files, g.Content, g.People, settings.New(d))
	g.room.Now, g.Files.Now = g.Now, g.Now
	g.Counters = []content.Counter{g.room.Contents}
	g.room.Plug(g.Board)
	return g
}
