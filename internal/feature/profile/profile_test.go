package profile

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/identity"
	fields "atrium/internal/core/identity/profile"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web/webtest"
)

func TestRecordedExchanges(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		for _, e := range webtest.Load(t, "testdata") {
			r := webtest.Rules{Headers: []string{"Content-Type"}, Present: []string{"X-User-Id"}}
			if len(e.As) > 0 {
				e.Request.SetBasicAuth(e.As[0], e.As[0])
			}
			e.Compare(t, g.serve(e.Request), r)
		}
	})
}

// profileOf reads a profile as somebody sees it; ways are the ids of actions.
func (g *rig) profileOf(as, of string) (p record, ways string) {
	g.t.Helper()
	var doc struct{ OCS struct{ Data record } }
	w := g.get(as, "/ocs/v2.php/profile/"+of+"?format=json")
	g.must(json.Unmarshal(w.Body.Bytes(), &doc))
	for _, a := range doc.OCS.Data.Actions {
		ways += a.ID + "=" + a.Target + " "
	}
	return doc.OCS.Data, strings.TrimSpace(ways)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// A field is seen when its scope lets the viewer know it and its owner has not
// left it off the page.
func TestWhoSeesWhat(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		g.set("otto", "phone", "+46701234567", "website", "https://otto.example/", "twitter", "otto", "fediverse", "otto@social.example",
			"bluesky", "otto.example", "role", "Captain", "biography", "Born at sea.\nStill there.", "address", "Quay 1", "pronouns", "he/him",
			"roleScope", fields.Private, "phoneScope", fields.Federated)
		p, ways := g.profileOf("olga", "otto")
		if got, want := []string{text(p.Role), text(p.Biography), text(p.Address), text(p.Pronouns)}, []string{"", "Born at sea.\nStill there.", "Quay 1", "he/him"}; !cmp.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		want := "email=mailto:otto@oracle.example phone=tel:+46701234567 website=https://otto.example/ twitter=https://x.com/otto " +
			"bluesky=https://bsky.app/profile/otto.example fediverse=https://social.example/@otto"
		if ways != want {
			t.Errorf("ways %q\nwant %q", ways, want)
		}
		for _, name := range []string{"email", "phone", "biography", "avatar"} {
			g.must(g.room.setVisible(t.Context(), "otto", name, hide))
		}
		g.must(g.room.setVisible(t.Context(), "otto", "email", hide)) // again
		p, ways = g.profileOf("olga", "otto")
		if p.Biography != nil || p.Avatar || strings.Contains(ways, "email") || strings.Contains(ways, "phone") || !strings.Contains(ways, "website") {
			t.Errorf("hidden: %+v", p)
		}
		if w := g.get("olga", "/ocs/v2.php/hovercard/v1/otto?format=json"); strings.Contains(w.Body.String(), "mailto") {
			t.Errorf("the card tells the address: %s", w.Body)
		}
		if mine, _ := g.profileOf("otto", "otto"); mine.Role != nil {
			t.Errorf("owners see what others see, not %q", *mine.Role)
		}
	})
}

func TestVisibilityIsChecked(t *testing.T) {
	g := lite(t)
	put := func(body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("PUT", "/ocs/v2.php/profile/olga?format=json", strings.NewReader(body))
		r.Header.Set("OCS-APIRequest", "true")
		r.Header.Set("Content-Type", "application/json")
		r.SetBasicAuth("olga", "olga")
		return g.serve(r)
	}
	for body, want := range map[string]int{`{"paramId":"avatar","visibility":"hide"}`: 200, `{"paramId":"avatar","visibility":"x"}`: 400,
		`{"paramId":"profile_enabled","visibility":"hide"}`: 400, `{"visibility":"hide"}`: 400} {
		if w := put(body); w.Code != want {
			t.Errorf("%s: %d, want %d", body, w.Code, want)
		}
	}
}

func TestProfilesThatAreNotShown(t *testing.T) {
	g := lite(t)
	g.set("otto", "profile_enabled", "0")
	if w := g.get("olga", "/ocs/v2.php/profile/otto?format=json"); w.Code != 404 {
		t.Errorf("profile: %d", w.Code)
	}
	if w := g.get("olga", "/u/otto"); w.Code != 404 {
		t.Errorf("page: %d", w.Code)
	}
	if w := g.get("olga", "/ocs/v2.php/hovercard/v1/otto?format=json"); w.Code != 200 || strings.Contains(w.Body.String(), "View profile") {
		t.Errorf("card: %d %s", w.Code, w.Body)
	}
	g.set("otto", "profile_enabled", "1")
	if w := g.get("olga", "/u/otto"); w.Code != 200 {
		t.Errorf("page: %d", w.Code)
	}
	g.must(g.dir.Disable(t.Context(), "otto"))
	if w := g.get("olga", "/u/otto"); w.Code != 404 {
		t.Errorf("page of a disabled account: %d", w.Code)
	}
	if w := g.get("olga", "/u/ghost"); w.Code != 404 {
		t.Errorf("page of nobody: %d", w.Code)
	}
}

func TestPage(t *testing.T) {
	g := lite(t)
	g.room.Statuses = there{}
	g.set("otto", "role", "Captain", "organisation", "<b>Sea & Co</b>", "website", "https://otto.example/", "phone", "+46701234567")
	w := g.get("olga", "/index.php/u/otto")
	page := w.Body.String()
	for _, want := range []string{"<h1>Otto</h1>", "Captain, &lt;b&gt;Sea &amp; Co&lt;/b&gt;", `href="mailto:otto@oracle.example"`, `href="tel:&#43;46701234567"`,
		`src="/avatar/otto/512"`, "🍕", "lunch", "Away", "2:30\u202fAM • 1h behind", "<title>Otto – Atrium</title>"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	if strings.Contains(page, "Edit profile") || !strings.Contains(g.get("otto", "/u/otto").Body.String(), "Edit profile") {
		t.Error("only the owner is led to the settings")
	}
	for _, file := range append([]string{"/core/page/" + styleName}, "/core/img/actions/profile.svg", "/core/img/actions/mail.svg") {
		if w := g.get("", file); w.Code != 200 || w.Body.Len() == 0 {
			t.Errorf("%s: %d", file, w.Code)
		}
	}
}

// Who is not signed in learns nothing, not even who has an account, unless
// somebody shows themselves to everybody; and then only what is for everybody.
func TestVisitors(t *testing.T) {
	g := lite(t)
	g.room.Statuses = there{}
	g.set("otto", "role", "Captain", "roleScope", fields.Published, "organisation", "Sea & Co")
	for _, name := range []string{"otto", "ghost"} {
		if w := g.get("", "/u/"+name); w.Code != 303 || w.Header().Get("Location") != "/login?redirect_url=%2Fu%2F"+name {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	g.set("otto", "displaynameScope", fields.Published)
	page := g.get("", "/u/otto").Body.String()
	if !strings.Contains(page, "<h1>Otto</h1>") || !strings.Contains(page, "Captain") {
		t.Errorf("shown to everybody: %s", page)
	}
	for _, secret := range []string{"otto@", "Sea", "/avatar/", "lunch", "AM"} {
		if strings.Contains(page, secret) {
			t.Errorf("%s is told to everybody", secret)
		}
	}
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ of, viewer, locale, want string }{
		{"Asia/Kolkata", "", "en", "5:30\u202fPM • 5h30m ahead"}, {"Europe/Stockholm", "Europe/Vienna", "de_AT", "14:00 • same time"},
		{"", "Australia/Lord_Howe", "en_GB", "12:00 • 10h30m behind"}, {"Asia/Kolkata", "Asia/Kathmandu", "", "5:30\u202fPM • 15m behind"},
		{"Local", "UTC", "", "12:00\u202fPM • same time"},
	} {
		got := clock(now, &identity.User{Timezone: c.of}, &identity.User{Timezone: c.viewer, Language: c.locale})
		if got != c.want {
			t.Errorf("%v: %q", c, got)
		}
	}
}

func TestRemovedAccountTakesItsChoicesAlong(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		g.must(g.room.setVisible(t.Context(), "otto", "email", hide))
		g.must(g.dir.Remove(t.Context(), "otto"))
		n, err := db.One(t.Context(), g.room.db, db.Scan1[int], "SELECT COUNT(*) FROM profile_visibility")
		if n != 0 || err != nil {
			t.Error(fmt.Sprint(n, err))
		}
	})
}
