package reminders_test

import (
	"fmt"
	"testing"
	"time"

	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/reminders"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

type rig struct {
	*davtest.Rig
	room *reminders.Room
	now  time.Time
}

func each(t *testing.T, f func(g *rig)) {
	dbtest.Each(t, davtest.All(reminders.Schema), func(t *testing.T, d *db.DB) {
		g := &rig{now: time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)}
		g.Rig = davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room {
			g.room = reminders.New(d, r.Files, r.People, r.Publish)
			g.room.Now = func() time.Time { return g.now }
			return []plug.Room{g.room}
		})
		f(g)
	})
}

const api = "/ocs/v2.php/apps/files_reminders/api/v1/"

// remind sets a reminder of what lies at a path.
func (g *rig) remind(status int, path string, in time.Duration) {
	g.Helper()
	g.Want(status, "PUT", fmt.Sprint(api, g.ID(path)), fmt.Sprintf(`{"dueDate": %q}`, g.now.Add(in).Format(time.RFC3339)))
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		g.Replay("testdata/34", davtest.Golden{
			Loose: []string{"message"},
			Before: map[string]func(p *davtest.Replay){"105-reminder-none": func(p *davtest.Replay) {
				p.As("olga").Put("/report.txt")
				p.Learn("26919", fmt.Sprint(p.ID("/report.txt")))
			}},
			Deliberate: map[string]davtest.Deviation{
				"108-reminder-get": davtest.Because("the date is the one that was set last", "$.ocs.data.dueDate"),
			},
		})
	})
}

func TestRemindersAreToldOnce(t *testing.T) {
	each(t, func(g *rig) {
		g.As("alice").Put("/d/", "/d/f", "/d/g", "/own")
		g.Share("/d", "bob", files.Read)
		g.Files.Hooks.Mounters = append(g.Files.Hooks.Mounters, davtest.Shown(g.ID("/d"), "bob"))
		g.remind(201, "/d/f", time.Hour)
		g.remind(200, "/d/f", 2*time.Hour)
		g.remind(201, "/own", 2*time.Hour)
		g.As("bob")
		g.remind(201, "/d/f", time.Hour)
		g.Want(404, "PUT", fmt.Sprint(api, g.As("alice").ID("/own")+1000), `{"dueDate": "2030-01-01T10:00:00Z"}`)

		if got := g.Props(g.Home()+"/d/f", "nc:reminder-due-date")["nc:reminder-due-date"]; got != "2026-11-22T13:00:00+00:00" {
			t.Errorf("got %s", got)
		}
		due := func() (out string) {
			t.Helper()
			if err := g.room.Remind(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, ev := range davtest.Told[event.ReminderDue](g.Rig) {
				out += ev.UID + " "
			}
			for _, n := range davtest.Told[event.Notice](g.Rig) {
				out += fmt.Sprint(n.To, n.Params["name"]["name"], " ")
			}
			return out
		}
		if got := due(); got != "" {
			t.Errorf("too early: %s", got)
		}
		g.now = g.now.Add(time.Hour)
		if got := due(); got != "bob [bob]f " {
			t.Errorf("after one hour: %s", got)
		}
		g.Want(204, "DELETE", g.Home()+"/own", "")
		if err := g.Files.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.now = g.now.Add(time.Hour)
		if got := due(); got != "alice [alice]f " {
			t.Errorf("after two hours: %s", got)
		}
		if got := due(); got != "" || g.Count("reminder") != 0 {
			t.Errorf("told again: %s", got)
		}
	})
}

func TestCostAndWhatIsGone(t *testing.T) {
	each(t, func(g *rig) {
		g.Put("/d/", "/d/a", "/d/b")
		g.remind(201, "/d/a", time.Hour)
		g.remind(201, "/d/b", time.Hour)
		cost := func(prop string) int64 {
			g.Want(207, "PROPFIND", g.Home()+"/d", davtest.Propfind(prop))
			g.Want(207, "PROPFIND", g.Home()+"/d", davtest.Propfind(prop))
			return g.Asked()
		}
		if a, b := cost("d:getetag"), cost("nc:reminder-due-date"); b != a+1 {
			t.Errorf("%d statements without, %d with", a, b)
		}
		g.Want(204, "DELETE", g.Home()+"/d/a", "")
		if err := g.Files.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.room.Tidy(t.Context()); err != nil || g.Count("reminder") != 1 {
			t.Errorf("%d reminders, %v", g.Count("reminder"), err)
		}
		if _, err := g.People.Create(t.Context(), identity.NewUser{ID: "alice"}); err != nil {
			t.Fatal(err)
		}
		if err := g.People.Remove(t.Context(), "alice"); err != nil || g.Count("reminder") != 0 {
			t.Errorf("%d reminders, %v", g.Count("reminder"), err)
		}
	})
}
