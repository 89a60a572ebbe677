package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/transfer"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

const offers = "/ocs/v2.php/apps/files/api/v1/transferownership"

type rig struct {
	*davtest.Rig
	room *transfer.Room
}

// each runs f with olga and otto, who know each other, and zoe, whom nobody knows.
func each(t *testing.T, f func(g *rig)) {
	dbtest.Each(t, davtest.All(transfer.Schema), func(t *testing.T, d *db.DB) {
		g := &rig{}
		g.Rig = davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room {
			known := func(ctx context.Context, _ *who.Principal, uid string) (*identity.User, error) {
				if uid == "zoe" {
					return nil, fault.New(fault.NotFound, "")
				}
				return r.People.User(ctx, uid)
			}
			g.room = transfer.New(d, r.People, r.Files, r.Publish, known)
			g.room.Now = func() time.Time { return time.Date(2026, 5, 4, 23, 0, 0, 0, time.UTC) }
			return []plug.Room{g.room}
		})
		for _, uid := range []string{"olga", "otto", "zoe"} {
			if _, err := g.People.Create(t.Context(), identity.NewUser{ID: uid}); err != nil {
				t.Fatal(err)
			}
		}
		g.As("olga")
		f(g)
	})
}

// offer offers a path to otto and returns where the offer is answered.
func (g *rig) offer(path string) string {
	g.Helper()
	davtest.Told[event.Notice](g.Rig)
	g.As("olga").Want(200, "POST", offers, `{"recipient": "otto", "path": "`+path+`"}`)
	return offers + "/" + g.notice("otto", "transfer").Object
}

func (g *rig) notice(to, kind string) event.Notice {
	g.Helper()
	ns := davtest.Told[event.Notice](g.Rig)
	if len(ns) != 1 || len(ns[0].To) != 1 || ns[0].To[0] != to || ns[0].Type != kind || ns[0].App != "files" {
		g.Fatalf("got %+v", ns)
	}
	return ns[0]
}

const into = "/Transferred from olga on 2026-05-04"

func (g *rig) has(uid, path string) bool {
	g.Helper()
	_, err := g.View(uid).Stat(g.Context(), path)
	if err != nil && !errors.Is(err, fault.NotFound) {
		g.Error(err)
	}
	return err == nil
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		g.Replay("testdata/34", davtest.Golden{
			Loose: []string{"message"},
			Before: map[string]func(p *davtest.Replay){
				"080-transfer-bad-recipient": func(p *davtest.Replay) { p.As("olga").Put("/ActDir/", "/ToTransfer/", "/ToTransfer/f") },
				"084-transfer-accept": func(p *davtest.Replay) {
					n := g.notice("otto", "transfer")
					p.Learn("2", n.Object)
					at := offers + "/" + n.Object
					if len(n.Actions) != 2 || n.Actions[0].Link != at || n.Actions[0].Method != "POST" || n.Actions[1].Link != at || n.Actions[1].Method != "DELETE" {
						p.Errorf("actions %+v", n.Actions)
					}
					if got := fmt.Sprint(n.Params["user"]["id"], n.Params["path"]); got != "olga"+fmt.Sprint(event.RichObject{"type": "highlight", "id": "otto::ToTransfer", "name": "ToTransfer"}) {
						p.Errorf("got %s", got)
					}
				},
			},
		})
		if !g.has("otto", into+"/ToTransfer/f") || g.has("olga", "/ToTransfer") {
			t.Error("what was accepted was not handed over")
		}
		if n := g.notice("olga", "transfer-answer"); n.Subject.Text != "{user} accepted {path}" {
			t.Errorf("got %+v", n)
		}
	})
}

func TestAnOfferIsForOne(t *testing.T) {
	each(t, func(g *rig) {
		g.Put("/d/", "/d/f")
		at := g.offer("/d")
		g.As("zoe").Want(404, "POST", at, "")
		g.As("zoe").Want(404, "DELETE", at, "")
		g.As("olga").Want(404, "POST", at, "")
		g.As("").Want(401, "POST", at, "")
		g.As("otto").Want(200, "DELETE", at, "")
		if n := g.notice("olga", "transfer-answer"); n.Subject.Text != "{user} declined {path}" || !g.has("olga", "/d/f") {
			t.Errorf("got %+v", n)
		}
		g.As("otto").Want(404, "POST", at, "")

		at = g.offer("/d")
		g.As("olga").Want(200, "DELETE", at, "") // taken back
		if ns := davtest.Told[event.Notice](g.Rig); len(ns) > 0 {
			t.Errorf("got %+v", ns)
		}
		g.As("otto").Want(404, "POST", at, "")

		at = g.offer("/d")
		again := g.offer("/d") // takes the place of the first
		g.As("otto").Want(404, "POST", at, "")
		g.As("otto").Want(200, "POST", again, "")
		g.As("otto").Want(404, "DELETE", again, "")
		if over := davtest.Told[event.NoticeOver](g.Rig); len(over) != 4 {
			t.Errorf("%d questions were taken back: %+v", len(over), over)
		}
		g.room.Now = func() time.Time { return time.Date(2026, 5, 6, 23, 0, 0, 0, time.UTC) }
		if err := g.room.Tidy(t.Context()); err != nil || g.Count("handover") != 0 {
			t.Errorf("%d rows are left, %v", g.Count("handover"), err)
		}
	})
}

// Both see an offer where they look for it, until it is answered or what was offered
// is gone.
func TestOffersAreListed(t *testing.T) {
	each(t, func(g *rig) {
		const none = `{"made":[],"received":[]}`
		lists := func(uid, want string) {
			t.Helper()
			if res := g.As(uid).Want(200, "GET", "/ocs/v2.php/apps/transfer/api/v1/offers?format=json", ""); !strings.Contains(res.Body, want) {
				t.Errorf("%s sees %s, want %s", uid, res.Body, want)
			}
		}
		g.Put("/d/", "/d/f")
		lists("olga", none)
		at := g.offer("/d")
		id := strings.TrimPrefix(at, offers+"/")
		one := func(person string) string {
			return fmt.Sprintf(`[{"id":%q,"person":%q,"display":%q,"name":"d","folder":true,"mime":"","size":4}]`, id, person, person)
		}
		lists("olga", `{"made":`+one("otto")+`,"received":[]}`)
		lists("otto", `{"made":[],"received":`+one("olga")+`}`)
		lists("zoe", none)
		g.As("").Want(401, "GET", "/ocs/v2.php/apps/transfer/api/v1/offers", "")
		g.As("olga").Want(204, "DELETE", g.Home()+"/d", "")
		lists("olga", none)
		lists("otto", none)

		g.As("olga").Put("/e/")
		at = g.offer("/e")
		g.As("otto").Want(200, "POST", at, "")
		lists("otto", none)
		lists("olga", none)
	})
}

func TestWhatCanBeOffered(t *testing.T) {
	each(t, func(g *rig) {
		g.As("otto").Put("/theirs/")
		g.As("otto").Share("/theirs", "olga", files.All)
		g.As("olga").Put("/d/")
		for body, status := range map[string]int{
			`{"recipient": "otto", "path": "/theirs"}`: 403,
			`{"recipient": "otto", "path": "/"}`:       400,
			`{"recipient": "olga", "path": "/d"}`:      400,
			`{"recipient": "zoe", "path": "/d"}`:       400,
			`{"path": "/d"}`:                           400,
		} {
			if res := g.Try("POST", offers, body); res.StatusCode != status {
				t.Errorf("%s: %d, want %d", body, res.StatusCode, status)
			}
		}
	})
}

// What is accepted counts against the storage of who accepts, and is found wherever
// it has moved to; what is gone cannot be accepted.
func TestAcceptingLater(t *testing.T) {
	each(t, func(g *rig) {
		g.Put("/d/", "/big/")
		g.Want(201, "PUT", g.Home()+"/big/f", strings.Repeat("x", 2000))
		big, d := g.offer("/big"), g.offer("/d")
		if err := g.Files.SetQuota(t.Context(), "otto", 1000); err != nil {
			t.Fatal(err)
		}
		if res := g.As("otto").Try("POST", big, ""); res.StatusCode < 400 || !g.has("olga", "/big/f") {
			t.Errorf("too much was accepted: %d", res.StatusCode)
		}
		g.As("olga").Want(201, "MOVE", g.Home()+"/d", "", "Destination: "+g.Home()+"/e")
		g.As("otto").Want(200, "POST", d, "")
		if !g.has("otto", into+"/e") {
			t.Error("what moved was not found")
		}
		g.As("olga").Want(204, "DELETE", g.Home()+"/big", "")
		g.As("otto").Want(404, "POST", big, "")
		if err := g.People.Remove(t.Context(), "olga"); err != nil || g.Count("handover") != 0 {
			t.Errorf("%d offers are left of an account that is gone, %v", g.Count("handover"), err)
		}
	})
}
