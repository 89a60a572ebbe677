package theming

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/settings"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/web"
	"atrium/internal/proto/web/webtest"
)

func TestRecordedExchanges(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, Schema))
	r := webtest.Rules{
		Replace: []string{"Nextcloud", "Atrium", "http://127.0.0.1:8081", "http://127.0.0.1", "a safe home for all your data", ourSlogan, "#00679e", ourColour, "?v=2", ""},
		Headers: []string{"Content-Type", "Cache-Control"},
	}
	for _, e := range webtest.Load(t, "testdata") {
		if len(e.As) > 0 {
			e.Request.SetBasicAuth(e.As[0], e.As[0])
		}
		if e.Status != 200 { // the page that tells of it is ours
			r.Headers = nil
		}
		w := g.serve(e.Request)
		if e.Status == 404 { // a page; ours says it in other words
			if w.Code != 404 {
				t.Errorf("%s: %d", e.Name, w.Code)
			}
			continue
		}
		e.Compare(t, w, r)
	}
}

func TestWithoutAChoiceEverythingIsOurs(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, Schema))
	if diff := cmp.Diff(web.Face{Name: "Atrium", Color: ourColour}, g.face()); diff != "" {
		t.Errorf("face (-want +got)\n%s", diff)
	}
	c := g.caps()
	mark := c.URL + "/core/img/logo/logo.svg"
	want := section{Name: "Atrium", ProductName: "Atrium", Slogan: ourSlogan, Color: ourColour, ColorText: "#ffffff", ColorElement: ourColour, ElementBright: ourColour,
		ElementDark: c.ElementDark, Logo: mark, LogoHeader: mark, Favicon: mark,
		Background: ourColour, BackgroundText: "#ffffff", BackgroundPlain: true, BackgroundDefault: true}
	want.URL = c.URL
	// Recorded clients got the same colour for bright and for dark ground, on which ours could not be read.
	if diff := cmp.Diff(want, c); diff != "" || contrast(shade(c.ElementDark), darkPapers[0]) < 4.5 {
		t.Errorf("capabilities (-want +got)\n%s", diff)
	}
	if w := g.get("/core/img/logo/logo.svg"); w.Body.String() != string(web.Icon()) || w.Header().Get("Content-Type") != "image/svg+xml" {
		t.Errorf("logo %d %s", w.Code, w.Body)
	}
	if page := g.get("/broken", "Accept", "text/html").Body.String(); strings.Contains(page, "/apps/theming") || !strings.Contains(page, "<span>Atrium</span>") {
		t.Error(page)
	}
}

func TestWhatIsChosenShowsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		for name, value := range map[string]string{"name": "Reed & <b>Otter</b>", "slogan": "Down by the water", "url": "https://otter.example/", "primary_color": "#fc0",
			"imprintUrl": "https://otter.example/imprint", "privacyUrl": "https://otter.example/privacy", "background_color": "#102030"} {
			if w := g.set(name, value); w.Code != 200 {
				t.Fatalf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		c := g.caps()
		if c.Name != "Reed & <b>Otter</b>" || c.Color != "#ffcc00" || c.ColorText != "#000000" || c.Background != "#102030" || c.BackgroundDefault || c.URL != "https://otter.example/" {
			t.Errorf("%+v", c)
		}
		w := g.get("/broken", "Accept", "text/html")
		page := w.Body.String()
		f := g.face()
		for _, want := range []string{"Reed &amp; &lt;b&gt;Otter&lt;/b&gt;", `href="` + f.Sheet + `"`, `href="https://otter.example/imprint"`, `href="https://otter.example/privacy"`, "/core/img/logo/logo.svg?v="} {
			if !strings.Contains(page, want) {
				t.Errorf("no %s in %s", want, page)
			}
		}
		w = g.get(f.Sheet)
		if !strings.Contains(w.Body.String(), "--backdrop-color:#102030") || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") != "text/css;charset=UTF-8" {
			t.Errorf("%v %s", w.Header(), w.Body)
		}
		if w := g.get(f.Sheet, "If-None-Match", w.Header().Get("Etag")); w.Code != 304 {
			t.Errorf("unchanged: %d", w.Code)
		}
		if w := g.get("/apps/theming/theme/atrium.css?v=older"); strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Error("another version is kept for good")
		}
		if mark := g.get("/core/img/logo/logo.svg").Body.String(); strings.Contains(mark, ourColour) {
			t.Errorf("the mark has kept its colour: %s", mark)
		}
		if w := g.post("admin", "/apps/theming/ajax/undoChanges", url.Values{"setting": {"name"}}); w.Code != 200 || !strings.Contains(w.Body.String(), `"value":"Atrium"`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if g.face().Name != "Atrium" || g.face().Sheet == f.Sheet {
			t.Errorf("%+v", g.face())
		}
		if w := g.post("admin", "/apps/theming/ajax/undoAllChanges", nil); w.Code != 200 || g.face() != (web.Face{Name: "Atrium", Color: ourColour}) {
			t.Errorf("%d %+v", w.Code, g.face())
		}
	})
}

// A script that writes settings itself must not be able to break pages.
func TestNonsenseIsAsIfItWereNotThere(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, Schema))
	for name, value := range map[string]string{"primary_color": "red}body{display:none", "imprintUrl": "javascript:alert(1)", "privacyUrl": "//evil.example", "name": "\n",
		"background_color": "#12345", "logoMime": "text/html"} {
		if err := g.store.Set(t.Context(), app, name, value); err != nil {
			t.Fatal(err)
		}
		if w := g.set(name, value); w.Code != 400 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if diff := cmp.Diff(web.Face{Name: "Atrium", Color: ourColour}, g.face()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if w := g.set("nosuch", "x"); w.Code != 400 { // the recorded server says "Saved" (34-apps/156)
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestOnlyAdministratorsChoose(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, Schema))
	if w := g.post("olga", "/index.php/apps/theming/ajax/updateStylesheet", url.Values{"setting": {"name"}, "value": {"x"}}); w.Code != 403 { // 34-apps/158
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := g.upload("olga", "logo", pngOf(2, 2)); w.Code != 403 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAppsGetTheirNamesOfColours(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, Schema))
	g.set("primary_color", "#7a1fa2")
	for path, at := range map[string]string{"default.css": "[data-theme-default]{", "dark.css?plain=1": ":root{", "light-highcontrast.css": "[data-theme-light-highcontrast]{"} {
		css := g.get("/index.php/apps/theming/theme/" + path).Body.String()
		if !strings.HasPrefix(css, at) || !strings.Contains(css, "--color-primary:#7a1fa2;--color-primary-text:#ffffff") {
			t.Errorf("%s: %s", path, css)
		}
	}
}

func TestAColourIsShownBeforeItIsChosen(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, Schema))
	ask := func(as, color string) (int, string) {
		r := httptest.NewRequest("GET", "/ocs/v2.php/apps/theming/api/v1/shades?format=json&color="+url.QueryEscape(color), nil)
		r.Header.Set("OCS-APIRequest", "true")
		r.SetBasicAuth(as, as)
		w := g.serve(r)
		return w.Code, w.Body.String()
	}
	if code, body := ask("admin", "#7a1fa2"); code != 200 || !strings.Contains(body, `"light":{"accent":"#7a1fa2","ink":"#ffffff"`) || !strings.Contains(body, `"dark":{"accent":"#`) {
		t.Errorf("%d %s", code, body)
	}
	if code, body := ask("admin", "purple"); code != 400 {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := ask("olga", "#7a1fa2"); code != 403 {
		t.Errorf("%d", code)
	}
	if g.face().Color != ourColour {
		t.Error("looking has chosen it")
	}
}
