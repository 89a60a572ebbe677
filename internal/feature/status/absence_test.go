package status

import (
	"strings"
	"testing"
	"time"

	"atrium/internal/core/identity"
)

func (g *rig) leave(want int, first, last string, more ...string) {
	g.t.Helper()
	form := append([]string{"firstDay", first, "lastDay", last, "status", "At sea", "message", "Back soon."}, more...)
	g.do(want, "POST", "dav/api/v1/outOfOffice/olga", form...)
}

// An absence is shown from the first midnight of the account's own zone to the
// last, and hides the status, which comes back unchanged.
func TestAbsenceIsShownWhileItLasts(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		err := g.dir.Change(t.Context(), "olga", func(u *identity.User) error { u.Timezone = "Pacific/Auckland"; return nil })
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation("Pacific/Auckland")
		if err != nil {
			t.Fatal(err)
		}
		g.do(200, "PUT", api+"user_status/status", "statusType", Busy)
		g.leave(200, "2026-12-01", "2026-12-02")
		first, end := time.Date(2026, 12, 1, 0, 0, 0, 0, zone), time.Date(2026, 12, 3, 0, 0, 0, 0, zone)
		for _, c := range []struct {
			at   time.Time
			want string
		}{
			{first.Add(-time.Second), "busy"}, {first, "dnd: 🛑 At sea"}, {end.Add(-time.Second), "dnd: 🛑 At sea"}, {end, "busy"},
		} {
			g.now = c.at
			g.shows("olga", c.want)
			code, now := g.ask("otto", "GET", "dav/api/v1/outOfOffice/olga/now")
			if away := c.want != "busy"; away != (code == 200) {
				t.Errorf("%v: now %d", c.at, code)
			} else if away && (now["startDate"] != float64(first.Unix()) || now["endDate"] != float64(end.Unix()-1) || now["shortMessage"] != "At sea") {
				t.Errorf("now: %v", now)
			}
		}
		g.now = first.Add(time.Hour)
		if _, own := g.ask("olga", "GET", api+"user_status"); own["messageId"] != OutOfOffice || own["clearAt"] != float64(end.Unix()-1) {
			t.Errorf("own: %v", own)
		}
		g.do(204, "PUT", api+"heartbeat", "status", "online")
		g.shows("olga", "dnd: 🛑 At sea")
		if _, back := g.ask("olga", "DELETE", api+"user_status/revert/"+OutOfOffice); back["status"] != Busy {
			t.Errorf("reverted: %v", back)
		}
		g.shows("olga", "busy")
		g.leave(200, "2026-12-01", "2026-12-02") // said anew, shown anew
		g.shows("olga", "dnd: 🛑 At sea")
		g.do(200, "DELETE", "dav/api/v1/outOfOffice/olga")
		g.shows("olga", "busy")
	})
}

// What somebody says while they are away is what they want to show, but saying it
// the evening before does not hide the absence.
func TestSayingSomethingDuringAnAbsence(t *testing.T) {
	g := lite(t)
	g.leave(200, "2026-11-23", "2026-11-30")
	g.now = time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)
	g.do(200, "PUT", api+"user_status/status", "statusType", Away)
	g.now = g.now.Add(2 * time.Hour)
	g.shows("olga", "dnd: 🛑 At sea")
	g.do(200, "PUT", api+"user_status/status", "statusType", Online)
	g.shows("olga", "online")
	if code, _ := g.ask("otto", "GET", "dav/api/v1/outOfOffice/olga/now"); code != 200 {
		t.Errorf("the absence itself is gone: %d", code)
	}
}

func TestAbsencesThatCannotBe(t *testing.T) {
	g := lite(t)
	g.leave(400, "2026-12-02", "2026-12-01")
	g.leave(400, "tomorrow", "2026-12-01")
	g.leave(400, "2026-12-01", "2026-13-01")
	g.leave(400, "0001-12-01", "2026-12-01")
	g.leave(400, "2026-12-01", "2026-12-02", "replacementUserId", "olga")
	g.leave(404, "2026-12-01", "2026-12-02", "replacementUserId", "nobody\x00")
	g.do(400, "POST", "dav/api/v1/outOfOffice/olga", "firstDay", "2026-12-01", "lastDay", "2026-12-01", "status", strings.Repeat("x", 101), "message", "")
	g.do(400, "POST", "dav/api/v1/outOfOffice/olga", "firstDay", "2026-12-01", "lastDay", "2026-12-01", "status", "x", "message", strings.Repeat("x", 4001))
	g.do(400, "POST", "dav/api/v1/outOfOffice/olga", "firstDay", "2026-12-01", "lastDay", "2026-12-01", "status", "x")
	g.do(404, "GET", "dav/api/v1/outOfOffice/olga")
}
