package webui

import (
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
