package webui

import (
	"net/http"
	"net/url"
	"strings"
)

// pretty is the address of a page without the /index.php that some clients put
// in front; not ok if there is none.
func pretty(u *url.URL) (to string, ok bool) {
	rest, found := strings.CutPrefix(u.EscapedPath(), "/index.php/")
	if !found {
		return "", false
	}
	to = "/" + strings.TrimLeft(rest, "/")
	if u.RawQuery != "" {
		to += "?" + u.RawQuery
	}
	return to, true
}

// themeCookie is where the page keeps the look that was chosen.
const themeCookie = "atrium_theme"

// theme is "light", "dark", or "auto" for whatever the device prefers.
func theme(r *http.Request) string {
	c, err := r.Cookie(themeCookie)
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return "auto"
	}
	return c.Value
}
