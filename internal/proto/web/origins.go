package web

import (
	"net/http"
	"slices"
)

// What scripts of other sites' pages may send to the interfaces, and read of the
// answers (Fetch standard, section 3.2): the verbs and headers of WebDAV and OCS.
const (
	crossMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, PROPFIND, PROPPATCH, REPORT, SEARCH, MKCOL, COPY, MOVE, LOCK, UNLOCK"
	crossHeaders = "Authorization, Content-Type, Depth, Destination, If, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Lock-Token, " +
		"OC-Checksum, OC-Total-Length, OCS-APIRequest, Overwrite, Range, Timeout, X-OC-CTime, X-OC-MTime, X-Requested-With"
	crossExposed = "Allow, Content-Disposition, Content-Range, DAV, ETag, Last-Modified, Location, Lock-Token, OC-Checksum, OC-ETag, OC-FileId, " +
		"Retry-After, X-OC-MTime, X-Request-Id"
	crossAge = "3600" // seconds that a browser may remember it
)

// interfaces are the first segments of the paths that scripts of other sites may call.
var interfaces = [...]string{"ocs", "remote.php"}

// welcome sees to a request that a script of another site's page makes a browser send:
// it lets the page read the answer if its origin is an allowed one, and takes the
// cookies away, since such pages come with tokens or not at all. It tells whether the
// browser only asks if it may send a request; the answer is the handler's then.
func (d *Door) welcome(x *exchange, r *http.Request) (asks bool, err error) {
	origin := r.Header.Get("Origin")
	if origin == "" || d.cfg.Origins == nil || !isInterface(r.URL.EscapedPath()) {
		return false, nil
	}
	x.Header().Add("Vary", "Origin")
	allowed, err := d.cfg.Origins(r.Context())
	if err != nil || !slices.Contains(allowed, origin) {
		return false, err
	}
	r.Header.Del("Cookie")
	h := x.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		h.Set("Access-Control-Expose-Headers", crossExposed)
		return false, nil
	}
	x.handler = &Route{Policy: Anyone, handler: preflight}
	return true, d.limit(x, nil)
}

func isInterface(path string) bool {
	first, _ := cut(stripFront(path))
	return slices.Contains(interfaces[:], first)
}

// preflight tells a browser what a script may send.
func preflight(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", crossMethods)
	h.Set("Access-Control-Allow-Headers", crossHeaders)
	h.Set("Access-Control-Max-Age", crossAge)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
