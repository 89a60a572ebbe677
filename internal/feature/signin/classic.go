package signin

import (
	"net/http"
	"net/url"
	"strings"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// The first login flow, which old phone apps run in a web view of their own: at
// its end the page leads to an address that the app catches,
// nc://login/server:URL&user:NAME&password:SECRET.

// pickClassic answers GET /login/flow. Only an app sends OCS-APIRequest here.
func (rm *Room) pickClassic(w http.ResponseWriter, r *http.Request) error {
	if r.Header.Get("OCS-APIRequest") == "" {
		return rm.message(w, r, http.StatusOK, "Access forbidden", "Please start the login in the app on your device.")
	}
	door := "classic." + seal.Token(64)
	setCookie(w, r, flowCookie, door, flowLife)
	q := r.URL.Query()
	grant := "/login/flow/grant?stateToken=" + rm.state(door)
	if q.Get("direct") == "1" {
		web.Redirect(w, r, grant)
		return nil
	}
	return rm.pages["pick"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Connect a device"), pickView{
		Device: plain(r.UserAgent()), Grant: grant, AppToken: "/login/flow/apptoken", State: rm.state(door), User: q.Get("user")})
}

// classic tells whether this browser came from pickClassic with this state.
func (rm *Room) classic(r *http.Request, state string) bool {
	door := cookie(r, flowCookie)
	return strings.HasPrefix(door, "classic.") && seal.Equal(state, rm.state(door))
}

const notThisBrowser = "The login is not that of this browser. Please start again on your device."

func (rm *Room) grantPageClassic(w http.ResponseWriter, r *http.Request) error {
	state := r.URL.Query().Get("stateToken")
	if !rm.classic(r, state) {
		return rm.message(w, r, http.StatusForbidden, "Access forbidden", notThisBrowser)
	}
	return rm.showGrant(w, r, http.StatusOK, plain(r.UserAgent()), "/login/flow", state, false)
}

func (rm *Room) grantClassic(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	state, device := r.PostForm.Get("stateToken"), plain(r.UserAgent())
	if !rm.classic(r, state) {
		return rm.message(w, r, http.StatusForbidden, "Access forbidden", notThisBrowser)
	}
	if ok, err := rm.mayGrant(w, r, device, "/login/flow", state); !ok {
		return err
	}
	p, secret := who.From(r.Context()), identity.AppPassword()
	_, err := rm.dir.AddToken(r.Context(), identity.Token{UID: p.ID, Login: p.Login, Name: device, Kind: identity.KindApp}, secret)
	if err != nil {
		return err
	}
	toApp(w, r, p.Login, secret)
	return nil
}

func (rm *Room) grantByTokenClassic(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	if !rm.classic(r, r.PostForm.Get("stateToken")) {
		return rm.message(w, r, http.StatusForbidden, "Access forbidden", notThisBrowser)
	}
	p, secret, err := rm.typedToken(r)
	if err != nil {
		return rm.lost(w, r, err)
	}
	toApp(w, r, p.Login, secret)
	return nil
}

func toApp(w http.ResponseWriter, r *http.Request, login, secret string) {
	setCookie(w, r, flowCookie, "", -1)
	web.Redirect(w, r, "nc://login/server:"+web.VisitOf(r.Context()).Base()+
		"&user:"+url.QueryEscape(login)+"&password:"+url.QueryEscape(secret))
}

// plain makes a User-Agent fit for a page and a table.
func plain(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")), " ")
	if len(s) > 128 {
		s = strings.ToValidUTF8(s[:128], "")
	}
	if s == "" {
		return "Unknown device"
	}
	return s
}
