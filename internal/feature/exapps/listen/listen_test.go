package listen

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/feature/exapps/exappstest"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

const address = "/apps/app_api/api/v1/events_listener"

// each runs f with the room, and the app listening at api/event to these kinds of events;
// "": it does not listen.
func each(t *testing.T, subtypes string, f func(g *exappstest.Rig)) {
	t.Helper()
	exappstest.Each(t, []db.Schema{Schema}, func(g *exappstest.Rig) []plug.Room {
		rm := New(g.DB, g.Apps, g.Dir, g.Files, exappstest.Nodes(nil))
		rm.Now = func() time.Time { return g.Now }
		return []plug.Room{rm}
	}, func(g *exappstest.Rig) {
		if subtypes != "" {
			g.ByApp(200, "", "POST", address, `{"eventType": "node_event", "actionHandler": "/api/event", "eventSubtypes": `+subtypes+`}`)
		}
		f(g)
	})
}

// heard is what the app was told since the last call, as "Kind directory/name" or
// "Kind from → to", with who did it.
func heard(g *exappstest.Rig) (out []string) {
	g.Helper()
	g.Drain()
	for _, r := range g.App.Take("/api/event") {
		var t told
		g.Must(json.Unmarshal(r.Body, &t))
		at := func(dir, name string) string { return strings.TrimSuffix(dir, "/") + "/" + name }
		line := t.Subtype + " " + at(t.Data.Target.Directory, t.Data.Target.Name)
		if s := t.Data.Source; s != nil {
			line = t.Subtype + " " + at(s.Directory, s.Name) + " → " + at(t.Data.Target.Directory, t.Data.Target.Name)
		}
		out = append(out, line+" by "+r.User())
	}
	return out
}

func want(g *exappstest.Rig, lines ...string) {
	g.Helper()
	if got := heard(g); !slices.Equal(got, lines) {
		g.Errorf("the app heard %q, want %q", got, lines)
	}
}

func TestAnAppHearsOfFiles(t *testing.T) {
	each(t, "[]", func(g *exappstest.Rig) {
		v, ctx := g.View("olga"), g.Context()
		id := g.Put("olga", "/a.txt", "one")
		want(g, "NodeCreatedEvent /a.txt by olga", "NodeWrittenEvent /a.txt by olga")
		g.Put("olga", "/a.txt", "two")
		_, err := v.Mkdir(ctx, "/sub")
		g.Must(err)
		want(g, "NodeWrittenEvent /a.txt by olga", "NodeCreatedEvent /sub by olga", "NodeWrittenEvent /sub by olga")
		e, err := v.ByID(ctx, id)
		g.Must(err)
		_, e, err = v.Move(ctx, e, "/sub/b.txt", files.Clash(0), nil)
		g.Must(err)
		want(g, "NodeRenamedEvent /a.txt → /sub/b.txt by olga")
		folder, err := v.Stat(ctx, "/sub")
		g.Must(err)
		_, _, err = v.Copy(ctx, folder, "/twin", files.CopyOptions{})
		g.Must(err)
		want(g, "NodeCopiedEvent /twin by olga")
		g.Must(v.Remove(ctx, e, nil))
		want(g, "NodeDeletedEvent /sub/b.txt by olga")

		// Each event tells where a file was then, however late it is heard.
		g.Put("olga", "/c.txt", "one")
		e, err = v.Stat(ctx, "/c.txt")
		g.Must(err)
		_, _, err = v.Move(ctx, e, "/d.txt", files.Clash(0), nil)
		g.Must(err)
		want(g, "NodeCreatedEvent /c.txt by olga", "NodeWrittenEvent /c.txt by olga", "NodeRenamedEvent /c.txt → /d.txt by olga")
	})
}

// The payload has all that nc_py_api's ActionFileInfo needs, as it needs it.
func TestWhatIsTold(t *testing.T) {
	each(t, `["NodeWrittenEvent"]`, func(g *exappstest.Rig) {
		_, err := g.View("olga").Mkdir(g.Context(), "/Ordner ä")
		g.Must(err)
		id := g.Put("olga", "/Ordner ä/a.txt", "x")
		g.Drain()
		got := g.App.Take("/api/event")
		if len(got) == 0 {
			g.Fatal("the app heard nothing")
		}
		var doc struct {
			Type    string                                  `json:"event_type"`
			Subtype string                                  `json:"event_subtype"`
			Data    struct{ Target, Source map[string]any } `json:"event_data"`
		}
		g.Must(json.Unmarshal(got[len(got)-1].Body, &doc))
		n := doc.Data.Target
		etag, _ := n["etag"].(string)
		mtime, _ := n["mtime"].(float64)
		delete(n, "etag")
		delete(n, "mtime")
		text, err := json.Marshal(n)
		g.Must(err)
		const shape = `{"directory":"/Ordner ä","favorite":"false","fileId":%d,"fileType":"file","instanceId":"octest1234ab","mime":"text/plain",` +
			`"name":"a.txt","permissions":27,"shareOwner":null,"shareOwnerId":null,"size":1,"userId":"olga"}`
		if doc.Type != "node_event" || doc.Subtype != "NodeWrittenEvent" || len(etag) != 16 || mtime < 1e9 || doc.Data.Source != nil || string(text) != fmt.Sprintf(shape, id) {
			g.Errorf("the app got %s, in short %s", got[len(got)-1].Body, text)
		}
	})
}

func TestOnlyWhatWasAskedFor(t *testing.T) {
	each(t, `["NodeDeletedEvent"]`, func(g *exappstest.Rig) {
		g.Put("olga", "/a.txt", "x")
		want(g)
		e, err := g.View("olga").Stat(g.Context(), "/a.txt")
		g.Must(err)
		g.Must(g.View("olga").Remove(g.Context(), e, nil))
		want(g, "NodeDeletedEvent /a.txt by olga")

		got := g.ByApp(200, "", "GET", address+"?eventType=node_event", "").(map[string]any)
		if got["event_type"] != "node_event" || fmt.Sprint(got["event_subtypes"]) != "[NodeDeletedEvent]" || got["action_handler"] != "/api/event" || got["appid"] != exappstest.ID {
			g.Errorf("the listener is %v", got)
		}
		g.ByApp(200, "", "DELETE", address, `{"eventType": "node_event"}`)
		g.ByApp(404, "", "DELETE", address, `{"eventType": "node_event"}`)
		g.ByApp(404, "", "GET", address+"?eventType=node_event", "")
	})
}

func TestListenersThatCannotBe(t *testing.T) {
	each(t, "", func(g *exappstest.Rig) {
		for _, body := range []string{`{"eventType": "user_event", "actionHandler": "x"}`, `{"eventType": "node_event"}`,
			`{"eventType": "node_event", "actionHandler": "x", "eventSubtypes": ["NodeEatenEvent"]}`,
			`{"eventType": "node_event", "actionHandler": "../x"}`} {
			g.ByApp(400, "", "POST", address, body)
		}
		g.By(401, "olga", "POST", address, `{"eventType": "node_event", "actionHandler": "x"}`)
	})
}

// An app that is gone or broken gets its events when it is back, and writers do not wait.
func TestAnAppThatWasGone(t *testing.T) {
	each(t, `["NodeCreatedEvent"]`, func(g *exappstest.Rig) {
		g.App.Quiet(true)
		g.Put("olga", "/a.txt", "x")
		if len(heard(g)) == 0 {
			g.Fatal("nobody asked the app")
		}
		g.App.Quiet(false)
		want(g) // it has a rest
		g.Now = g.Now.Add(time.Minute)
		want(g, "NodeCreatedEvent /a.txt by olga")
		want(g)

		broken := true
		g.App.Answer = func(w http.ResponseWriter, _ *http.Request) {
			if broken {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}
		g.Put("olga", "/b.txt", "x")
		tries := len(heard(g))
		for range 10 {
			g.Now = g.Now.Add(2 * time.Hour)
			tries += len(heard(g))
		}
		if tries != len(pauses())+1 {
			g.Errorf("the app was asked %d times", tries)
		}
		broken = false
		g.Put("olga", "/c.txt", "x")
		want(g, "NodeCreatedEvent /c.txt by olga")
	})
}

// A disabled app hears nothing, and not later either.
func TestADisabledApp(t *testing.T) {
	each(t, `[]`, func(g *exappstest.Rig) {
		g.App.Quiet(true)
		g.Put("olga", "/a.txt", "x")
		g.Drain()
		g.App.Quiet(false)
		g.Must(g.Apps.Disable(g.Context(), exappstest.ID))
		g.Now = g.Now.Add(time.Hour)
		g.App.Take("/api/event")
		want(g)
		n, err := db.One(g.Context(), g.DB, db.Scan1[int64], "SELECT COUNT(*) FROM exapps_event")
		if n != 0 || err != nil {
			g.Errorf("%d events wait for it, %v", n, err)
		}
		g.Put("olga", "/b.txt", "x")
		want(g)
	})
}

// What is written for apps is written after the writer has gone, and nobody is asked by it.
func TestWritersDoNotWait(t *testing.T) {
	each(t, `[]`, func(g *exappstest.Rig) {
		waiting := func() (n int64) {
			g.Helper()
			n, err := db.One(g.Context(), g.DB, db.Scan1[int64], "SELECT (SELECT COUNT(*) FROM exapps_event) + (SELECT COUNT(*) FROM job WHERE kind = 'exapps.tell')")
			g.Must(err)
			return n
		}
		before := waiting()
		g.Put("olga", "/a.txt", "x")
		if n := waiting(); n != before || len(g.App.Take("/api/event")) != 0 {
			g.Errorf("the writer left %d rows for apps", n-before)
		}
		g.Must(g.Bus.Drain(g.Context()))
		if n := waiting(); n != before+3 { // two letters and the job that carries them
			g.Errorf("%d rows came of the event", n-before)
		}
	})
}
