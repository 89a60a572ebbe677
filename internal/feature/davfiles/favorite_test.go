package davfiles_test

import (
	"testing"

	"atrium/internal/core/event"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

// A favourite is told of when it becomes one and when it is none any more, and not
// when a client says once more what is so.
func TestFavoritesAreToldOnce(t *testing.T) {
	dbtest.Each(t, davtest.All(), func(t *testing.T, d *db.DB) {
		r := davtest.New(t, d, mem.New(), func(*davtest.Rig) []plug.Room { return nil })
		r.Put("/f")
		id := r.ID("/f")
		for i, c := range []struct {
			value string
			told  int
		}{{"0", 0}, {"1", 1}, {"1", 0}, {"0", 1}, {"0", 0}} {
			r.Want(207, "PROPPATCH", r.Home()+"/f", davtest.Propset("oc:favorite", c.value))
			told := davtest.Told[event.FavoriteChanged](r)
			if len(told) != c.told {
				t.Fatalf("step %d: %+v", i, told)
			}
			if c.told == 1 && told[0] != (event.FavoriteChanged{Node: id, On: c.value == "1", By: event.By{Actor: "alice"}}) {
				t.Errorf("step %d: %+v", i, told)
			}
		}
		r.Want(200, "POST", "/apps/files/api/v1/files/f", `{"tags": ["_$!<Favorite>!$_"]}`)
		if told := davtest.Told[event.FavoriteChanged](r); len(told) != 1 || !told[0].On {
			t.Errorf("%+v", told)
		}
	})
}
