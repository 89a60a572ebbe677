package oauth2

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"atrium/internal/proto/web/webtest"
)

// What the recorded exchanges contain by chance.
const (
	recordedID      = "JKPGvpRVUjAyYx7NDk7MQWAALGavmHluOY1uAtMa1ZG1SkmrQa2JVRBQoaI5YCOW"
	recordedSecret  = "qsIWGTMUEshCX945WQaemOVIYjCVhorVbUvfTug02wgNQtIxzIQQHh1BS0UO4RcU"
	recordedCode    = "0tXV7o81UkQcqjpigq5lUc2rtrCXXR8a1nYjSkLqRCfxB8HmEYneSwp4dvPwSR5SffRbSJafJJF6clfVW3gAbckfkIlL49cJlQF0WxLWrpPW6UsY9VeHgPQQF7eHMMDy"
	recordedRefresh = "cL11ClVULX79O64kMXOsGv95R6HHY1mPHHUxP6rDX03MAtZyneCIiOwephNo1NmP9CDl5gABChQS2UJADiK4tUAFPlrN0tUmBS7rkGIpF4npGxYlt8XVRHNGkKax0akX"
)

// TestRecordedExchanges goes through 34-apps/319 to 340 as a classic client does, in
// their order. What differs on purpose: the page that asks is ours, one step in place of
// the three of the login flow (so that 324 to 326 have no equal), and a refresh token
// that is used twice within half a minute is a repeated request (337 comes later here).
func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		olga, ours := g.browser("olga"), map[string]string{}
		rules := webtest.Rules{Headers: []string{"Location"}, Loose: []string{"id", "clientId", "clientSecret", "access_token", "refresh_token"}}
		for _, e := range webtest.Load(g, "testdata") {
			w := g.replay(e, olga, ours)
			switch e.Name[:3] {
			case "322":
				if w.Code != e.Status || w.Header().Get("Location") != "" {
					g.Errorf("%s: %d %s", e.Name, w.Code, w.Body)
				}
				continue
			case "327":
				ours[recordedCode] = g.landed(w).Get("code")
			}
			e.Header.Set("Location", replaced(e.Header.Get("Location"), ours))
			e.Compare(g, w, rules)
			switch e.Name[:3] {
			case "319":
				made := decoded[shown](g.T, w)
				ours[recordedID], ours[recordedSecret] = made.Ident, made.Secret
			case "332":
				c, err := g.room.client(g.Context(), ours[recordedID])
				if err != nil {
					g.Fatal(err)
				}
				ours[recordedRefresh] = g.redeem(c, ours[recordedSecret], olga.code(asks(c))).Refresh
			case "331", "336":
				a := decoded[answer](g.T, w)
				if len(a.Access) != 72 || len(a.Refresh) != 128 {
					g.Errorf("%s: %d and %d letters", e.Name, len(a.Access), len(a.Refresh))
				}
				if scope, ok := g.opens(a.Access); !ok || scope != nil {
					g.Errorf("%s: the token opens %v %v", e.Name, ok, scope)
				}
				g.now = g.now.Add(grace + time.Second)
			}
		}
	})
}

// replay sends a recorded request with what is ours in place of what is recorded.
func (g *rig) replay(e webtest.Exchange, olga *browser, ours map[string]string) *httptest.ResponseRecorder {
	if e.Name[:3] == "327" { // the page's form stands in for that of the login flow
		return olga.post(base+"/authorize", fields(olga.get(base+"/authorize?client_id="+ours[recordedID]+"&response_type=code&state=s1").Body.String()))
	}
	body, err := io.ReadAll(e.Request.Body)
	if err != nil {
		g.Fatal(err)
	}
	target := replaced(e.Request.URL.RequestURI(), ours)
	if e.Name[:3] == "340" {
		all, err := g.room.Clients(g.Context())
		if err != nil || len(all) != 1 {
			g.Fatal(all, err)
		}
		target = base + "/clients/" + strconv.FormatInt(all[0].ID, 10)
	}
	r := httptest.NewRequest(e.Request.Method, target, strings.NewReader(replaced(string(body), ours)))
	r.Header = e.Request.Header
	switch {
	case len(e.As) == 2:
		r.AddCookie(&http.Cookie{Name: "session", Value: olga.secret})
	case len(e.As) == 1:
		r.SetBasicAuth(e.As[0], password)
	case r.Header.Get("Authorization") != "":
		r.SetBasicAuth(ours[recordedID], ours[recordedSecret])
	}
	return g.serve(r)
}

func replaced(text string, ours map[string]string) string {
	for recorded, is := range ours {
		text = strings.ReplaceAll(text, recorded, is)
	}
	return text
}
