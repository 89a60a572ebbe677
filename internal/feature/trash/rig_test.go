package trash

import (
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/settings"
	"atrium/internal/feature/davfiles/desktest"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

var schemas = desktest.Schemas(Schema)

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
	g := &rig{Rig: desktest.New(t, d, "trashbin")}
	rules := settings.New(d)
	g.room = New(d, g.Tree, g.Files, g.People, rules)
	g.room.Now, rules.Now = g.Now, g.Now
	g.room.Plug(g.Board)
	return g
}

// item is the DAV name of the latest thing in somebody's trash.
func (g *rig) item(uid string) string {
	g.Helper()
	items, _, err := g.room.shown(g.Context(), &who.Principal{ID: uid})
	if err != nil || len(items) == 0 {
		g.Fatalf("nothing in the trash of %s: %v", uid, err)
	}
	return items[0].davName()
}

func (g *rig) restored(uid, item string) {
	g.Helper()
	g.Wants(201, uid, "MOVE", "/trash/"+item, "Destination: /remote.php/dav/trashbin/"+uid+"/restore/x")
}
