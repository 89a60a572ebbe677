package web

import (
	"net/http"
	"strconv"
	"strings"
)

// DesktopVersion reads the version of Nextcloud's desktop client from a
// User-Agent such as "Mozilla/5.0 (Linux) mirall/3.7.3git (Nextcloud, …)".
func DesktopVersion(agent string) (major, minor int, ok bool) {
	_, v, ok := strings.Cut(agent, "mirall/")
	if !ok {
		return 0, 0, false
	}
	v, _, _ = strings.Cut(v, " ")
	a, rest, ok := strings.Cut(v, ".")
	if !ok {
		return 0, 0, false
	}
	b, _, _ := strings.Cut(rest, ".")
	major, err := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	return major, minor, err == nil && err2 == nil && major >= 0 && minor >= 0
}

// BulkSafe tells whether a client may be told of bulk upload. Desktop clients
// before 3.10 fail inside themselves when one of the files is empty: they send
// no checksum for it and read the whole batch as failed (nextcloud/desktop pull
// request 5871). Such a client uploads every file on its own when the
// capabilities do not name bulk upload.
func BulkSafe(r *http.Request) bool {
	major, minor, ok := DesktopVersion(r.UserAgent())
	return !ok || major > 3 || major == 3 && minor >= 10
}
