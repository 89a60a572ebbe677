package direct_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/direct"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
)

const api = "/ocs/v2.php/apps/dav/api/v1/direct"

type rig struct {
	*davtest.Rig
	now time.Time
}

func each(t *testing.T, f func(g *rig)) {
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, davtest.All(), func(t *testing.T, d *db.DB) {
		g := &rig{now: time.Date(2026, 11, 22, 2, 26, 44, 0, time.UTC)}
		g.Rig = davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room {
			rm := direct.New(r.Files, r.People, box)
			rm.Now = func() time.Time { return g.now }
			return []plug.Room{rm}
		})
		for _, id := range []string{"dave1", "alice", "bob"} {
			if _, err := g.People.Create(t.Context(), identity.NewUser{ID: id, Unjudged: true}); err != nil {
				t.Fatal(err)
			}
		}
		f(g)
	})
}

// address asks for the address of a file of the present user.
func (g *rig) address(path string, more string) string {
	g.Helper()
	got := davtest.Data[struct{ URL string }](g.Rig, g.Want(200, "POST", api, fmt.Sprintf(`{"fileId": %d%s}`, g.ID(path), more)))
	at, ok := strings.CutPrefix(got.URL, g.Srv.URL)
	if !ok {
		g.Fatalf("got %q", got.URL)
	}
	return at
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		g.Replay("testdata/17", davtest.Golden{
			Loose: []string{"url"},
			Before: map[string]func(p *davtest.Replay){
				"094-direct-link": func(p *davtest.Replay) {
					p.As("dave1").Put("/z/")
					p.Want(201, "PUT", p.Home()+"/z/a.txt", "a")
					p.Learn("7313", fmt.Sprint(p.ID("/z/a.txt")))
					p.Learn("7309", fmt.Sprint(p.ID("/z")))
				},
				"095-direct-get": func(p *davtest.Replay) {
					at := g.address("/z/a.txt", "")
					p.Learn("17094", at[strings.LastIndexByte(at, '/')+1:])
				},
			},
		})
	})
}

// An address is for reading one file: nothing can be changed by it, and nothing else
// be seen.
func TestAnAddressOnlyReads(t *testing.T) {
	each(t, func(g *rig) {
		g.As("alice").Put("/a.html", "/b.txt")
		at := g.address("/a.html", "")
		g.As("")
		res := g.Want(200, "GET", at, "")
		if res.Body != "/a.html" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("got %q as %s", res.Body, res.Header.Get("Content-Type"))
		}
		if res := g.Want(206, "GET", at, "", "Range: bytes=1-3"); res.Body != "a.h" {
			t.Errorf("got %q", res.Body)
		}
		g.Want(304, "GET", at, "", "If-None-Match: "+res.Header.Get("Etag"))
		if res := g.Want(207, "PROPFIND", at, "", "Depth: 1"); strings.Count(res.Body, "<d:response>") != 1 || !strings.Contains(res.Body, "<d:getcontentlength>7<") {
			t.Errorf("got %s", res.Body)
		}
		for _, method := range []string{"PUT", "DELETE", "MKCOL", "MOVE", "COPY", "LOCK", "PROPPATCH"} {
			if code := g.Try(method, at, "x", "Destination: /remote.php/direct/x").StatusCode; code < 400 || code >= 500 && code != 501 {
				t.Errorf("%s: %d", method, code)
			}
		}
		g.Want(404, "GET", at+"/b.txt", "")
		g.Want(404, "GET", "/remote.php/direct/", "")
		g.Want(404, "GET", at[:len(at)-2], "")
		g.Want(401, "POST", api, `{"fileId": 1}`)
	})
}

// It ends at its time, with the account, and with the right to read, whichever comes
// first.
func TestAnAddressEnds(t *testing.T) {
	each(t, func(g *rig) {
		g.As("alice").Put("/a", "/s/", "/s/b")
		at, long := g.address("/a", ""), g.address("/a", `, "expirationTime": 86400`)
		g.Share("/s", "bob", files.Read)
		g.As("bob")
		his := g.address("/s/b", "")
		g.Want(404, "POST", api, fmt.Sprintf(`{"fileId": %d}`, g.As("alice").ID("/a")+1000))
		for _, bad := range []string{"0", "-1", "86401"} {
			g.Want(400, "POST", api, fmt.Sprintf(`{"fileId": %d, "expirationTime": %s}`, g.ID("/a"), bad))
		}
		g.Want(204, "DELETE", g.Home()+"/s/b", "")
		g.As("").Want(404, "GET", his, "")
		g.now = g.now.Add(8*time.Hour - time.Second)
		g.Want(200, "GET", at, "")
		g.now = g.now.Add(2 * time.Second)
		g.Want(404, "GET", at, "")
		g.Want(200, "GET", long, "")
		if err := g.People.Disable(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
		g.Want(404, "GET", long, "")
	})
}
