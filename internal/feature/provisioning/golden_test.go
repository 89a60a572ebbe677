package provisioning

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/web/webtest"

	"atrium/internal/core/settings"
)

// Recorded exchanges of 31-provisioning that have no file in testdata/recorded,
// since they are about rooms that there are not or are other rooms' matter:
//
//	124            what the file tree tells a locked account
//	218 to 220     which apps the recorded server had
//	223, 224, 228  about its app files_reminders, and
//	227            a route of that
//	233, 234       settings that its apps had made
//	247, 252       a preference of its app theming
//	255 to 257     the room of passwords
//
// deliberate are those that we answer otherwise, with our code.
func deliberate() map[string]int {
	return map[string]int{
		"051": 400, "102": 400, "205": 400, "244": 400, // a parameter is missing: theirs is an internal error
		"107": 101, "108": 101, // a quota that is none: theirs becomes 0, so that nobody can write any more, or an internal error
	}
}

// rightful are answered in other words by us, as a right of its own lets in too.
func rightful() []string {
	return []string{"016", "017", "050", "054", "083", "130", "166", "183", "222", "232", "235"}
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		for _, e := range webtest.Load(t, "testdata/recorded") {
			g.before(e.Name[:3])
			if len(e.As) > 1 {
				e.Request.SetBasicAuth(e.As[0], e.As[1])
			}
			r := webtest.Rules{
				Replace: []string{"must be an administrator or have authorization to edit this setting.", "must be an admin, a sub admin or gotten special right to access this setting"},
				Loose:   []string{"firstLoginTimestamp", "lastLoginTimestamp", "lastLogin", "used"},
				Ours:    []string{"storageLocation"},
				Headers: []string{"Content-Type"},
				Present: []string{"X-User-Id"},
			}
			const special = "must be an admin, a sub admin or gotten special right to access this setting"
			if slices.Contains(rightful(), e.Name[:3]) {
				r.Replace = append(r.Replace, "must be at least a sub admin", special, "must be an admin", special)
			}
			if slices.Contains([]string{"116", "125", "126"}, e.Name[:3]) { // after 107 and 108
				r.Ours = append(r.Ours, "quota")
			}
			w := g.serve(e.Request)
			if code, ok := deliberate()[e.Name[:3]]; ok {
				if !strings.Contains(w.Body.String(), `"statuscode":`+strconv.Itoa(code)+`,`) {
					t.Errorf("%s: %s, want our own code %d", e.Name, w.Body, code)
				}
				continue
			}
			e.Compare(t, w, r)
		}
		if want := []string{"temp3", "temp2"}; !slices.Equal(g.post, want) {
			t.Errorf("welcomed %v, want %v", g.post, want)
		}
	})
}

// before does what went on between the recorded exchanges.
func (g *rig) before(name string) {
	remove := func(uids ...string) {
		for _, uid := range uids {
			g.must(g.dir.Remove(g.t.Context(), uid))
		}
	}
	switch name {
	case "014":
		g.now = g.now.Add(time.Hour)
		_, err := g.dir.SignIn(g.t.Context(), "dave1", "dave1", netip.Prefix{})
		g.must(err)
	case "044", "049", "050":
		remove("temp3")
	case "143":
		g.must(g.dir.Change(g.t.Context(), "olga", func(u *identity.User) error { u.Timezone = "Europe/Stockholm"; return nil }))
	case "184":
		remove("temp2", "temp.four@x")
	}
}

// The same of 30-core: what clients ask about themselves when they connect.
func TestRecordedExchangesOfCore(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, []db.Schema{settings.Schema, identity.Schema}...))
	g.must(g.dir.Change(t.Context(), "olga", func(u *identity.User) error { u.Timezone = "Europe/Stockholm"; return nil }))
	for _, e := range webtest.Load(t, "testdata/core") {
		if len(e.As) > 0 {
			e.Request.SetBasicAuth(e.As[0], e.As[0])
		}
		e.Compare(t, g.serve(e.Request), webtest.Rules{
			Loose:   []string{"firstLoginTimestamp", "lastLoginTimestamp", "lastLogin", "used"},
			Ours:    []string{"storageLocation", "timezone"},
			Headers: []string{"Content-Type", "Access-Control-Allow-Origin"},
			Present: []string{"ETag", "X-User-Id"},
		})
	}
}
