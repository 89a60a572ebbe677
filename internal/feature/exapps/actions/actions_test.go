package actions

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"atrium/internal/feature/exapps/exappstest"
	"atrium/internal/feature/exapps/picture"
	"atrium/internal/proto/plug"
)

const choose = "/apps/app_api/api/v1/files/action"

// each runs f with the room, and an entry that the app has put into the menu by the
// version of the API that is named, whose handler is api/act.
func each(t *testing.T, version string, f func(g *exappstest.Rig)) {
	t.Helper()
	exappstest.Each(t, nil, func(g *exappstest.Rig) []plug.Room {
		return []plug.Room{New(g.Apps, g.Files, exappstest.Nodes(map[int64]bool{}))}
	}, func(g *exappstest.Rig) {
		g.ByApp(200, "", "POST", "/apps/app_api/api/"+version+"/ui/files-actions-menu",
			`{"name": "act", "displayName": "Act", "actionHandler": "/api/act", "icon": "img/act.svg", "mime": "file", "permissions": 31, "order": 0}`)
		f(g)
	})
}

func TestOneFileARequest(t *testing.T) {
	each(t, "v1", func(g *exappstest.Rig) {
		a, b := g.Put("olga", "/a.txt", "a"), g.Put("olga", "/b.txt", "bb")
		g.By(200, "olga", "POST", choose, fmt.Sprintf(`{"appId": %q, "actionName": "act", "fileIds": [%d, %d]}`, exappstest.ID, a, b))
		got := g.App.Take("/api/act")
		if len(got) != 2 || got[0].User() != "olga" || got[0].Method != "POST" || got[0].Header.Get("Content-Type") != "application/json" {
			g.Fatalf("the app got %+v", got)
		}
		for i, want := range []string{"a.txt", "b.txt"} {
			var n map[string]any
			g.Must(json.Unmarshal(got[i].Body, &n))
			if n["name"] != want || n["directory"] != "/" || n["fileType"] != "file" || n["userId"] != "olga" || n["size"] != float64(i+1) || n["permissions"] != 27. {
				g.Errorf("of %s the app got %s", want, got[i].Body)
			}
		}
	})
}

func TestAllFilesAtOnce(t *testing.T) {
	each(t, "v2", func(g *exappstest.Rig) {
		g.App.Answer = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"redirect_handler": "first/second"}`)
		}
		a, b := g.Put("olga", "/a.txt", "a"), g.Put("olga", "/b.txt", "bb")
		out := g.By(200, "olga", "POST", choose, fmt.Sprintf(`{"appId": %q, "actionName": "act", "fileIds": [%d, %d]}`, exappstest.ID, a, b))
		if fmt.Sprint(out) != "map[redirect_handler:first/second success:true]" {
			g.Errorf("the answer is %v", out)
		}
		got := g.App.Take("/api/act")
		if len(got) != 1 {
			g.Fatalf("the app got %+v", got)
		}
		var all struct{ Files []struct{ FileID int64 } }
		g.Must(json.Unmarshal(got[0].Body, &all))
		if len(all.Files) != 2 || all.Files[0].FileID != a || all.Files[1].FileID != b {
			g.Errorf("the app got %s", got[0].Body)
		}
	})
}

// Apps of the first protocol name their parts otherwise.
func TestTheFirstProtocol(t *testing.T) {
	each(t, "v1", func(g *exappstest.Rig) {
		g.ByApp(200, "", "POST", "/apps/app_ecosystem_v2/api/v1/files/actions/menu",
			`{"fileActionMenuParams": {"name": "old", "display_name": "Old", "mime": "file", "permissions": 31, "order": 0, "icon": "", "action_handler": "api/old"}}`)
		id := g.Put("olga", "/a.txt", "a")
		g.By(200, "olga", "POST", "/apps/app_ecosystem_v2/api/v1/files/action",
			fmt.Sprintf(`{"appId": %q, "actionName": "old", "actionFile": {"fileId": %d, "name": "lies.txt", "dir": "/"}, "actionHandler": "elsewhere"}`, exappstest.ID, id))
		got := g.App.Take("/api/old")
		want := fmt.Sprintf(`{"actionName":"old","actionHandler":"api/old","actionFile":{"fileId":%d,"name":"a.txt","dir":"/"}}`, id)
		if len(got) != 1 || string(got[0].Body) != want {
			g.Errorf("the app got %+v, want %s", got, want)
		}
	})
}

func TestWhatCannotBeChosen(t *testing.T) {
	each(t, "v2", func(g *exappstest.Rig) {
		id := g.Put("olga", "/a.txt", "a")
		ask := func(want int, uid, app, name string, id int64) {
			g.Helper()
			g.By(want, uid, "POST", choose, fmt.Sprintf(`{"appId": %q, "actionName": %q, "fileIds": [%d]}`, app, name, id))
		}
		ask(404, "otto", exappstest.ID, "act", id) // olga's file
		ask(404, "olga", exappstest.ID, "nosuch", id)
		ask(404, "olga", "nosuch", "act", id)
		ask(400, "olga", exappstest.ID, "act", -1)
		g.By(400, "olga", "POST", choose, `{"appId": "capture_app", "actionName": "act"}`)
		if got := g.App.Take("/api/act"); len(got) != 0 {
			g.Errorf("the app got %+v", got)
		}
		g.Must(g.Apps.Disable(g.Context(), exappstest.ID))
		ask(404, "olga", exappstest.ID, "act", id)
	})
}

// Of an app that fails, is gone or disabled people hear why nothing happened.
func TestAnAppThatFails(t *testing.T) {
	each(t, "v2", func(g *exappstest.Rig) {
		id := g.Put("olga", "/a.txt", "a")
		body := fmt.Sprintf(`{"appId": %q, "actionName": "act", "fileIds": [%d]}`, exappstest.ID, id)
		said := func(want string) {
			g.Helper()
			r := exappstest.Request("POST", choose, body)
			r.SetBasicAuth("olga", exappstest.Password)
			if w := g.Serve(r); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), want) {
				g.Errorf("the answer is %d %s, want %q", w.Code, w.Body, want)
			}
		}
		g.App.Answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
		said("The external app could not do this: it answers 418.")
		g.App.Quiet(true)
		said("The external app does not answer.")
	})
}

func TestPicturesOfEntries(t *testing.T) {
	each(t, "v2", func(g *exappstest.Rig) {
		kind, text := "image/svg+xml; charset=utf-8", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
		g.App.Answer = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Set-Cookie", "evil=1")
			_, _ = io.WriteString(w, text)
		}
		get := func(name string) (int, http.Header, string) {
			r := exappstest.Request("GET", choose+"/icon?appId="+exappstest.ID+"&exFileActionName="+name, "")
			r.SetBasicAuth("olga", exappstest.Password)
			w := g.Serve(r)
			return w.Code, w.Header(), w.Body.String()
		}
		status, h, got := get("act")
		if status != 200 || got != text || h.Get("Content-Type") != "image/svg+xml" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Set-Cookie") != "" {
			g.Errorf("the picture is %d %v %s", status, h, got)
		}
		if r := g.App.Take("/img/act.svg"); len(r) != 1 || r[0].User() != "olga" {
			g.Errorf("the app was asked %+v", r)
		}
		if status, _, _ := get("nosuch"); status != 404 {
			g.Errorf("of no entry: %d", status)
		}
		kind = "text/html"
		if status, _, _ := get("act"); status != 404 {
			g.Errorf("a page instead: %d", status)
		}
		kind, text = "image/png", strings.Repeat("x", picture.Max+1)
		if status, _, _ := get("act"); status != 503 {
			g.Errorf("without end: %d", status)
		}
	})
}
