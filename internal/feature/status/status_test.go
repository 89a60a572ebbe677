package status

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/infra/db"
	"atrium/internal/proto/web/webtest"
)

func TestRecordedExchanges(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		for _, e := range webtest.Load(t, "testdata") {
			e.Request.SetBasicAuth(e.As[0], e.As[0])
			r := webtest.Rules{Loose: []string{"id"}, Headers: []string{"Content-Type"}, Present: []string{"X-User-Id"}}
			if strings.HasSuffix(e.Name, "predefined") {
				r.Loose = nil
			}
			w := g.serve(e.Request)
			if e.Status == http.StatusNoContent {
				if w.Code != e.Status || w.Body.Len() > 0 {
					t.Errorf("%s: %d %s", e.Name, w.Code, w.Body)
				}
				continue
			}
			e.Compare(t, w, r)
		}
	})
}

func TestClientsTellWhoIsThere(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		g.do(200, "PUT", api+"heartbeat", "status", "online")
		g.shows("olga", "online")
		g.do(200, "PUT", api+"heartbeat", "status", "away") // another device
		g.shows("olga", "online")
		g.now = g.now.Add(15*time.Minute + time.Second)
		g.shows("olga", "offline")
		g.do(200, "PUT", api+"heartbeat", "status", "away")
		g.shows("olga", "away")
		g.do(200, "PUT", api+"heartbeat", "status", "online")
		g.shows("olga", "online")
	})
}

// What was said by hand wins over clients, and comes to its end by being said
// otherwise, or for online by silence.
func TestByHandWins(t *testing.T) {
	g := lite(t)
	for _, state := range []string{Away, Busy, DND} {
		g.do(200, "PUT", api+"user_status/status", "statusType", state)
		g.do(204, "PUT", api+"heartbeat", "status", "online")
		g.now = g.now.Add(24 * time.Hour)
		g.shows("olga", state)
	}
	g.do(200, "PUT", api+"user_status/status", "statusType", Invisible)
	g.do(204, "PUT", api+"heartbeat", "status", "online")
	g.shows("olga", "offline")

	g.do(200, "PUT", api+"user_status/status", "statusType", Offline)
	g.shows("olga", "offline")
	g.do(200, "PUT", api+"heartbeat", "status", "online")
	g.shows("olga", "online")

	g.now = g.now.Add(time.Hour)
	g.do(200, "PUT", api+"user_status/status", "statusType", Online)
	g.shows("olga", "online")
	g.now = g.now.Add(20 * time.Minute)
	g.shows("olga", "offline")
	g.do(200, "PUT", api+"heartbeat", "status", "away")
	g.shows("olga", "away")
}

// The message goes at its second, with nothing having run, and the state that was
// said with it; the job only sweeps up.
func TestMessagesEnd(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		until := g.now.Add(time.Hour)
		g.do(200, "PUT", api+"user_status/status", "statusType", DND)
		g.do(200, "PUT", api+"user_status/message/custom", "statusIcon", "🍕", "message", "lunch", "clearAt", fmt.Sprint(until.Unix()))
		g.do(204, "PUT", api+"heartbeat", "status", "online")
		g.now = until.Add(-time.Second)
		g.shows("olga", "dnd: 🍕 lunch")
		if err := g.room.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.shows("olga", "dnd: 🍕 lunch")
		g.now = until
		g.shows("olga", "offline")
		g.do(200, "PUT", api+"heartbeat", "status", "online")
		g.shows("olga", "online")

		g.do(200, "PUT", api+"user_status/status", "statusType", Invisible)
		g.do(200, "PUT", api+"user_status/message/predefined", "messageId", "meeting", "clearAt", fmt.Sprint(g.now.Unix()+60))
		g.shows("olga", "offline: 📅 In a meeting")
		g.now = g.now.Add(time.Minute)
		if err := g.room.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.shows("olga", "offline") // nobody is exposed by the clock
		if s, _, err := g.room.Of(t.Context(), "olga"); s.Status != Invisible || err != nil {
			t.Errorf("%+v %v", s, err)
		}
		n, err := db.One(t.Context(), g.room.db, db.Scan1[int], "SELECT COUNT(*) FROM user_status WHERE clearat > 0")
		if n != 0 || err != nil {
			t.Errorf("%d messages kept, %v", n, err)
		}
	})
}

// A new message after one that is over must not bring back what was said with it.
func TestNewMessageAfterAnEndedOne(t *testing.T) {
	g := lite(t)
	g.do(200, "PUT", api+"user_status/status", "statusType", DND)
	g.do(200, "PUT", api+"user_status/message/custom", "message", "talk", "clearAt", fmt.Sprint(g.now.Unix()+60))
	g.now = g.now.Add(time.Hour)
	g.do(200, "PUT", api+"user_status/message/custom", "message", "free", "clearAt", "")
	g.shows("olga", "offline: free")
}

func TestMessages(t *testing.T) {
	g := lite(t)
	g.do(200, "PUT", api+"user_status/message/custom", "statusIcon", "👩‍🔬", "message", "")
	g.shows("olga", "offline: 👩‍🔬")
	g.do(200, "PUT", api+"user_status/message/custom", "message", strings.Repeat("ö", 80))
	g.do(400, "PUT", api+"user_status/message/custom", "message", "two\nlines")
	g.do(400, "PUT", api+"user_status/message/custom", "message", "x", "clearAt", "soon")
	g.do(400, "PUT", api+"user_status/message/predefined", "messageId", OutOfOffice)
	g.do(200, "PUT", api+"user_status/message/custom", "message", " ")
	g.shows("olga", "offline")
	g.do(200, "PUT", api+"user_status/message/predefined", "messageId", "commuting")
	if _, own := g.ask("olga", "GET", api+"user_status"); own["message"] != "Commuting" || own["icon"] != "🚌" || own["messageIsPredefined"] != true {
		t.Errorf("own: %v", own)
	}
	g.do(200, "DELETE", api+"user_status/message")
	g.shows("olga", "offline")
}

// A room may show something for a while; what was before comes back.
func TestCallsAndBack(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		begin := func(clear int64) {
			t.Helper()
			if err := g.room.Begin(t.Context(), Status{UID: "olga", Status: DND, MessageID: InCall, ClearAt: clear}); err != nil {
				t.Fatal(err)
			}
		}
		g.do(200, "PUT", api+"user_status/status", "statusType", Away)
		g.do(200, "PUT", api+"user_status/message/custom", "message", "writing")
		g.do(404, "GET", api+"statuses/_olga")
		begin(0)
		g.shows("olga", "dnd: 💬 In a call")
		if _, before := g.ask("olga", "GET", api+"statuses/_olga"); before["message"] != "writing" || before["status"] != Away {
			t.Errorf("former: %v", before)
		}
		if code, _ := g.ask("otto", "GET", api+"statuses/_olga"); code != 404 {
			t.Errorf("otto sees what is hidden: %d", code)
		}
		g.do(200, "DELETE", api+"user_status/revert/meeting")
		g.shows("olga", "dnd: 💬 In a call")
		if _, back := g.ask("olga", "DELETE", api+"user_status/revert/"+InCall); back["message"] != "writing" {
			t.Errorf("reverted: %v", back)
		}
		g.shows("olga", "away: writing")

		begin(g.now.Unix() + 60)
		g.now = g.now.Add(time.Minute)
		g.shows("olga", "away: writing")
		begin(0)
		g.do(200, "PUT", api+"user_status/status", "statusType", Busy)
		g.shows("olga", "busy: writing")
	})
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		ctx := t.Context()
		var want []string
		for i := range page + 3 {
			want = append(want, fmt.Sprintf("u%04d", i))
		}
		err := g.room.db.Tx(ctx, func(tx *db.DB) error {
			for _, uid := range want {
				if err := put(ctx, tx, row{uid: uid, live: Online, beat: g.now.Unix()}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ids := func(limit, offset int64) (out []string) {
			for s, err := range g.room.Statuses(ctx, limit, offset) {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, s.UID)
			}
			return out
		}
		for _, c := range [][2]int64{{1 << 40, 0}, {3, 0}, {2, 501}, {9, 600}} {
			from, to := min(c[1], int64(len(want))), min(c[0]+c[1], int64(len(want)))
			if diff := cmp.Diff(append([]string{}, want[from:to]...), append([]string{}, ids(c[0], c[1])...)); diff != "" {
				t.Errorf("%v (-want +got)\n%s", c, diff)
			}
		}
	})
}

func TestRemovedAccountTakesItsStatusAlong(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		g.do(200, "PUT", api+"user_status/status", "statusType", Away)
		g.do(200, "POST", "dav/api/v1/outOfOffice/olga", "firstDay", "2026-12-01", "lastDay", "2026-12-02", "status", "a", "message", "", "replacementUserId", "otto")
		if err := g.dir.Remove(t.Context(), "otto"); err != nil {
			t.Fatal(err)
		}
		if _, a := g.ask("olga", "GET", "dav/api/v1/outOfOffice/olga"); a["replacementUserId"] != nil {
			t.Errorf("stands in though gone: %v", a)
		}
		if err := g.dir.Remove(t.Context(), "olga"); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"user_status", "user_absence"} {
			n, err := db.One(t.Context(), g.room.db, db.Scan1[int], "SELECT COUNT(*) FROM "+table)
			if n != 0 || err != nil {
				t.Errorf("%s keeps %d rows, %v", table, n, err)
			}
		}
	})
}

func TestPresenceForNotifications(t *testing.T) {
	g := lite(t)
	for _, want := range []string{Online, DND} { // at first nothing is known
		if got, err := g.room.Presence(t.Context(), "olga"); got != want || err != nil {
			t.Errorf("%q %v, want %q", got, err, want)
		}
		g.do(200, "PUT", api+"user_status/status", "statusType", DND)
	}
}

func TestOneEmoji(t *testing.T) {
	if utf8.RuneCountInString(pictures)%2 != 0 {
		t.Fatal("the pictures are not pairs")
	}
	for _, s := range []string{"🍕", "⏳", "🏡", "❤️", "☀", "👩‍🔬", "👨‍👩‍👧‍👦", "👍🏽", "🇸🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "3️⃣", "#️⃣", "🫠", "🏳️‍🌈", "©"} {
		if !oneEmoji(s) {
			t.Errorf("%q is one", s)
		}
	}
	for _, s := range []string{"", "abc", "a", "3", "ö", "🍕🍕", "🍕x", "🍕 ", "🇸", "🇸🇪🇸", "\u200d", "👩‍", "\ufe0f", "\xff", "漢", strings.Repeat("👩‍", 30) + "👩"} {
		if oneEmoji(s) {
			t.Errorf("%q is not one", s)
		}
	}
}

func FuzzOneEmoji(f *testing.F) {
	for _, s := range []string{"🍕", "👨‍👩‍👧", "🇸🇪", "3️⃣", "abc", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if oneEmoji(s) && (s == "" || len(s) > 128 || oneEmoji(s+s) || !utf8.ValidString(s)) {
			t.Errorf("%q", s)
		}
	})
}
