package links

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// shownFor is how long a browser that has shown a link's password need not show
// it again.
const shownFor = 12 * time.Hour

func cookieName(l *Link) string { return "atrium_link_" + strconv.FormatInt(l.ID, 10) }

// proof is what a browser keeps that has shown the password: it opens the link as
// long as the password is the same.
func (rm *Room) proof(l *Link, until int64) string {
	at := strconv.FormatInt(until, 10)
	return at + "." + rm.box.HashText("link "+strconv.FormatInt(l.ID, 10)+" "+at+" "+l.Password)
}

// cookieOpens tells whether the browser has shown the password.
func (rm *Room) cookieOpens(r *http.Request, l *Link) bool {
	c, err := r.Cookie(cookieName(l))
	if err != nil {
		return false
	}
	at, _, _ := strings.Cut(c.Value, ".")
	until, err := strconv.ParseInt(at, 10, 64)
	return err == nil && rm.Now().Unix() < until && seal.Equal(c.Value, rm.proof(l, until))
}

// giveCookie lets the browser keep the proof.
func (rm *Room) giveCookie(w http.ResponseWriter, r *http.Request, l *Link) {
	until := rm.Now().Add(shownFor)
	http.SetCookie(w, &http.Cookie{Name: cookieName(l), Value: rm.proof(l, until.Unix()), Path: "/", Expires: until,
		HttpOnly: true, Secure: web.VisitOf(r.Context()).HTTPS(), SameSite: http.SameSiteLaxMode})
}
