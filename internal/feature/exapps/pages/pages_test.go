package pages

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/feature/exapps/exappstest"
	"atrium/internal/proto/plug"
)

const ui = "/apps/app_api/api/v1/ui/"

// each runs f with the room.
func each(t *testing.T, f func(g *exappstest.Rig, rm *Room)) {
	t.Helper()
	var rm *Room
	exappstest.Each(t, nil, func(g *exappstest.Rig) []plug.Room {
		rm = New(g.Apps)
		return []plug.Room{rm}
	}, func(g *exappstest.Rig) { f(g, rm) })
}

// told is the section of the capabilities for somebody, as text.
func told(g *exappstest.Rig, rm *Room, p *who.Principal) string {
	g.Helper()
	b, err := json.Marshal(rm.caps(who.With(g.Context(), p), nil))
	g.Must(err)
	return string(b)
}

func TestTheClientLearnsWhatAppsAdd(t *testing.T) {
	each(t, func(g *exappstest.Rig, rm *Room) {
		olga, admin := &who.Principal{ID: "olga"}, &who.Principal{ID: "admin", Role: who.Admin}
		if got := told(g, rm, olga); got != `{"menu":[],"actions":[],"forms":{"personal":false,"admin":false}}` {
			t.Errorf("of an app that adds nothing: %s", got)
		}
		g.ByApp(200, "", "POST", ui+"top-menu", `{"name": "first", "displayName": "First", "icon": "img/a.svg", "adminRequired": 0}`)
		g.ByApp(200, "", "POST", ui+"top-menu", `{"name": "boss", "displayName": "`+strings.Repeat("ö", 200)+`", "adminRequired": 1}`)
		g.ByApp(200, "", "POST", ui+"files-actions-menu", `{"name": "b", "displayName": "B", "actionHandler": "b", "order": 2}`)
		g.ByApp(200, "", "POST", ui+"files-actions-menu", `{"name": "a", "displayName": "", "actionHandler": "a", "order": 3, "mime": "image", "permissions": 8, "icon": "x"}`)
		g.ByApp(200, "", "POST", ui+"settings", `{"formScheme": {"id": "f", "title": "F", "section_type": "admin", "fields": [{"id": "x", "type": "text", "title": "X"}]}}`)
		want := `{"menu":[{"app":"capture_app","name":"first","label":"First","icon":"img/a.svg"}],"actions":[` +
			`{"app":"capture_app","name":"b","label":"B","icon":"","mime":"file","permissions":31,"order":2},` +
			`{"app":"capture_app","name":"a","label":"a","icon":"x","mime":"image","permissions":8,"order":3}],"forms":{"personal":false,"admin":false}}`
		if got := told(g, rm, olga); got != want {
			t.Errorf("olga is told %s, want %s", got, want)
		}
		if got := told(g, rm, admin); !strings.Contains(got, `"label":"`+strings.Repeat("ö", 99)+`…"`) || !strings.Contains(got, `"admin":true`) {
			t.Errorf("the administrator is told %s", got)
		}
		g.Must(g.Apps.Disable(g.Context(), exappstest.ID))
		if got := told(g, rm, admin); got != "null" {
			t.Errorf("without apps: %s", got)
		}
	})
}

// page asks for the page of an app as somebody.
func page(g *exappstest.Rig, uid, path string) (int, http.Header, string) {
	r := exappstest.Request("GET", "", "")
	r.URL.Path = "/apps/app_api/frame/" + exappstest.ID + "/" + path
	r.SetBasicAuth(uid, exappstest.Password)
	w := g.Serve(r)
	return w.Code, w.Header(), w.Body.String()
}

func TestAPageStandsAloneAndHasNoRights(t *testing.T) {
	each(t, func(g *exappstest.Rig, _ *Room) {
		g.ByApp(200, "", "POST", ui+"top-menu", `{"name": "first", "displayName": "First <b>", "adminRequired": 0}`)
		g.ByApp(200, "", "POST", ui+"top-menu", `{"name": "boss", "displayName": "Boss", "adminRequired": 1}`)
		g.ByApp(200, "", "POST", ui+"script", `{"type": "top_menu", "name": "first", "path": "js/main"}`)
		g.ByApp(200, "", "POST", ui+"style", `{"type": "top_menu", "name": "first", "path": "css/main"}`)
		g.ByApp(200, "", "POST", ui+"initial-state", `{"type": "top_menu", "name": "first", "key": "k", "value": {"n": 1}}`)
		g.App.Answer = func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, map[string]string{"/js/main.js": `run("</script><script>", 1 < 2)`, "/css/main.css": `p { content: "</style><script>" }`}[r.URL.Path])
		}
		status, h, got := page(g, "olga", "first/second?fileIds=1")
		for _, want := range []string{`run("<\/script>\x3cscript>", 1 < 2)`, `content: "<\/style><script>"`, `id="initial-state-capture_app-k" value="eyJuIjoxfQ=="`, "First &lt;b&gt;", `user = "olga"`} {
			if !strings.Contains(got, want) {
				t.Errorf("the page lacks %s:\n%s", want, got)
			}
		}
		csp := h.Get("Content-Security-Policy")
		if status != 200 || !strings.HasPrefix(csp, "sandbox allow-scripts") || strings.Contains(csp, "same-origin") || strings.Contains(csp, "'self';") || strings.Contains(csp, "connect-src") {
			t.Errorf("the page is %d with %q", status, csp)
		}
		if r := g.App.Take("/js/main.js"); len(r) != 1 || r[0].User() != "olga" {
			t.Errorf("the app was asked %+v", r)
		}
		for _, c := range []struct {
			uid, name string
			want      int
		}{{"olga", "boss", 404}, {"admin", "boss", 200}, {"olga", "nosuch", 404}} {
			if status, _, _ := page(g, c.uid, c.name); status != c.want {
				t.Errorf("%s gets %d of %s, want %d", c.uid, status, c.name, c.want)
			}
		}
		g.App.Answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }
		if status, _, _ := page(g, "olga", "first"); status != 503 {
			t.Errorf("without its script: %d", status)
		}
	})
}

// A picture in a list is no use of an app: it does not let it act for anybody.
func TestPicturesOfEntriesAreNobodys(t *testing.T) {
	each(t, func(g *exappstest.Rig, _ *Room) {
		g.ByApp(200, "", "POST", ui+"top-menu", `{"name": "first", "icon": "img/a.svg"}`)
		g.App.Answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/svg+xml")
			_, _ = io.WriteString(w, "<svg/>")
		}
		get := func(name string) (int, string) {
			r := exappstest.Request("GET", "", "")
			r.URL.Path = "/apps/app_api/icon/" + exappstest.ID + "/" + name
			r.SetBasicAuth("olga", exappstest.Password)
			w := g.Serve(r)
			return w.Code, w.Body.String()
		}
		if status, got := get("first"); status != 200 || got != "<svg/>" {
			t.Errorf("the picture is %d %s", status, got)
		}
		if r := g.App.Take("/img/a.svg"); len(r) != 1 || r[0].User() != "" {
			t.Errorf("the app was asked %+v", r)
		}
		if status, _ := get("nosuch"); status != 404 {
			t.Errorf("of no entry: %d", status)
		}
		if got := fmt.Sprint(g.By(200, "olga", "GET", "/apps/app_api/api/v1/consents", "")); !strings.Contains(got, "agreed:false") {
			t.Errorf("having seen it olga reads %s", got)
		}
	})
}

const formScheme = `{"formScheme": {"id": %q, "title": "Tally", "section_type": %q, "priority": 1, "doc_url": "javascript:alert(1)", "fields": [
	{"id": "name", "type": "text", "title": "Name", "default": "Tom"}, {"id": "key", "type": "text", "title": "Key", "sensitive": true, "default": "leaked"}, {"id": "n", "type": "number", "title": "N", "default": 3},
	{"id": "on", "type": "checkbox", "title": "On", "default": true}, {"id": "one", "type": "radio", "title": "One", "options": ["a", "b"]},
	{"id": "many", "type": "multi-checkbox", "title": "Many", "options": [{"name": "A", "value": "a"}, {"name": "B", "value": 2}]},
	{"id": "mail", "type": "email", "title": "Mail"}, {"id": "url", "type": "url", "title": "URL"}, {"id": "tint", "type": "color", "title": "Tint"}, {"id": "odd", "type": "script", "title": "?"}]}}`

func TestFormsAreFilledIn(t *testing.T) {
	each(t, func(g *exappstest.Rig, _ *Room) {
		g.ByApp(200, "", "POST", ui+"settings", fmt.Sprintf(formScheme, "mine", "personal"))
		g.ByApp(200, "", "POST", ui+"settings", fmt.Sprintf(formScheme, "all", "admin"))
		set := func(want int, uid, form, id, value string) {
			g.Helper()
			body, err := json.Marshal(map[string]string{"app": exappstest.ID, "formId": form, "fieldId": id, "value": value})
			g.Must(err)
			g.By(want, uid, "POST", "/settings/api/declarative/value", string(body))
		}
		for _, c := range []struct{ id, good, bad string }{{"name", "Olga Ö.", "a\x00b"}, {"n", "4.5", "four"}, {"on", "0", "yes"}, {"one", "b", "c"}, {"many", `["a",2]`, `["c"]`},
			{"mail", "olga@example.org", "Olga <olga@example.org>"}, {"url", "https://example.org/x", "javascript:alert(1)"}, {"tint", "#00ff7f", "red"}} {
			set(200, "olga", "mine", c.id, c.good)
			set(400, "olga", "mine", c.id, c.bad)
		}
		set(404, "olga", "all", "name", "x") // for administrators
		set(404, "olga", "mine", "odd", "x")
		set(400, "olga", "mine", "key", "x") // in the open
		set(200, "admin", "all", "name", "everybody")

		b, err := json.Marshal(g.By(200, "olga", "GET", "/settings/api/declarative/forms", ""))
		g.Must(err)
		var got []form
		g.Must(json.Unmarshal(b, &got))
		if len(got) != 1 || got[0].ID != "mine" || got[0].DocURL != "" || len(got[0].Fields) != 9 || strings.Contains(string(b), "leaked") {
			t.Fatalf("olga gets %s", b)
		}
		if f := got[0].Fields; f[0].Value != "Olga Ö." || f[2].Value != "4.5" || f[3].Value != "0" || f[5].Value != `["a",2]` {
			t.Errorf("olga's form is %s", b)
		}
		if got := g.ByApp(200, "olga", "POST", "/apps/app_api/api/v1/ex-app/preference/get-values", `{"configKeys": ["n"]}`); fmt.Sprint(got) != "[map[configkey:n configvalue:4.5]]" {
			t.Errorf("the app reads %v", got)
		}
		if got := g.ByApp(200, "", "POST", "/apps/app_api/api/v1/ex-app/config/get-values", `{"configKeys": ["name"]}`); fmt.Sprint(got) != "[map[configkey:name configvalue:everybody]]" {
			t.Errorf("the app reads %v", got)
		}
		if all := g.By(200, "admin", "GET", "/settings/api/declarative/forms", "").([]any); len(all) != 2 {
			t.Errorf("the administrator gets %v", all)
		}
		g.ByApp(403, "olga", "GET", "/settings/api/declarative/forms", "")
	})
}

func TestWhoActsForMe(t *testing.T) {
	each(t, func(g *exappstest.Rig, _ *Room) {
		mine := func() string { return fmt.Sprint(g.By(200, "olga", "GET", "/apps/app_api/api/v1/consents", "")) }
		if got := mine(); !strings.Contains(got, "acted:0 agreed:false asks:false id:capture_app name:Capture App") {
			t.Errorf("olga reads %s", got)
		}
		g.By(200, "olga", "PUT", "/apps/app_api/api/v1/ex-app/"+exappstest.ID+"/consent", "")
		if got := mine(); !strings.Contains(got, "agreed:true") {
			t.Errorf("having agreed olga reads %s", got)
		}
		g.By(200, "olga", "DELETE", "/apps/app_api/api/v1/ex-app/"+exappstest.ID+"/consent", "")
		if got := mine(); !strings.Contains(got, "agreed:false") {
			t.Errorf("having withdrawn olga reads %s", got)
		}
		g.ByApp(403, "olga", "GET", "/apps/app_api/api/v1/consents", "")
	})
}

func FuzzContained(f *testing.F) {
	for _, s := range []string{"a < b", "</script>", "</SCRIPT", "<!--<script>", "<", "</style>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := strings.ToLower(contained(s, "script"))
		for _, bad := range []string{"</script", "<script", "<!--"} {
			if strings.Contains(got, bad) {
				t.Errorf("%q became %q", s, got)
			}
		}
		if strings.Contains(strings.ToLower(contained(s, "style")), "</style") {
			t.Errorf("%q ends a style", s)
		}
	})
}
