package dav

import (
	"net/http"
	"slices"
	"strings"

	"atrium/internal/base/fault"
)

// call is one request on its way through a verb.
type call struct {
	*Mux
	*place
	w http.ResponseWriter
	r *http.Request
}

// verbs are the methods that the engine knows.
var verbs = map[string]func(*call) error{
	"OPTIONS":   (*call).options,
	"PROPFIND":  (*call).propfind,
	"PROPPATCH": (*call).proppatch,
	"GET":       (*call).get,
	"HEAD":      (*call).get,
	"PUT":       (*call).put,
	"MKCOL":     (*call).mkcol,
	"DELETE":    (*call).delete,
	"MOVE":      (*call).move,
	"COPY":      (*call).copy,
	"POST":      (*call).post,
	"PATCH":     (*call).post,
	"REPORT":    (*call).report,
	"SEARCH":    (*call).search,
	"LOCK":      (*call).lock,
	"UNLOCK":    (*call).unlock,
}

// Serve is the web.Handler of all DAV routes.
func (m *Mux) Serve(w http.ResponseWriter, r *http.Request) error {
	verb := verbs[r.Method]
	if verb == nil {
		return notImplemented(r.Method)
	}
	escaped := strings.TrimPrefix(r.URL.EscapedPath(), "/index.php")
	if strings.Trim(strings.TrimPrefix(escaped, m.Base), "/") == "" {
		return m.serveTop(w, r)
	}
	p, err := m.locate(r.Context(), escaped)
	if err == errBadSegment && writes(r.Method) {
		return &Error{Status: 400, Exception: InvalidPath, Text: "This is not a valid path.", Reason: true}
	}
	if err != nil {
		return err
	}
	if err := verb(&call{Mux: m, place: p, w: w, r: withTokens(r)}); err != nil {
		if e := explain(err, ""); e.Status == http.StatusMethodNotAllowed { // RFC 9110 15.5.6
			w.Header().Set("Allow", strings.Join(allowed(p.mount), ", "))
		}
		return err
	}
	return nil
}

func writes(method string) bool {
	return slices.Contains([]string{"PUT", "MKCOL", "LOCK"}, method)
}

func notImplemented(method string) error {
	return &Error{Status: http.StatusNotImplemented, Exception: "NotImplemented",
		Text: "There was no plugin in the system that was willing to handle this " + method + " method."}
}

func notAllowed(method string) error {
	return &Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed", Text: method + " is not possible here."}
}

// classes is the DAV header (10-dav-files/002), with class 2 for locks.
const classes = "1, 2, 3, extended-mkcol, access-control, calendarserver-principal-property-search, nc-paginate, nextcloud-checksum-update"

func (c *call) options() error { return c.writeOptions(c.w, c.mount) }

func (m *Mux) writeOptions(w http.ResponseWriter, of *mount) error {
	h := w.Header()
	h.Set("Allow", strings.Join(allowed(of), ", "))
	h.Set("DAV", m.Classes)
	h.Set("MS-Author-Via", "DAV")
	h.Set("Accept-Ranges", "bytes")
	if _, ok := of.c.(Searcher); ok {
		h.Set("DASL", "<DAV:basicsearch>")
	}
	return done(w, http.StatusOK)
}

// allowed lists the verbs of a mount by what its collection implements.
func allowed(mt *mount) []string {
	c := mt.c
	out := []string{"OPTIONS", "GET", "HEAD", "PROPFIND"}
	add := func(ok bool, verbs ...string) {
		if ok {
			out = append(out, verbs...)
		}
	}
	_, ok := c.(Putter)
	add(ok, "PUT")
	_, ok = c.(Deleter)
	add(ok, "DELETE")
	_, ok = c.(Patcher)
	add(ok, "PROPPATCH")
	_, ok = c.(Maker)
	add(ok, "MKCOL")
	_, ok = c.(Copier)
	add(ok, "COPY")
	_, moves := c.(Mover)
	_, sends := c.(Sender)
	add(moves || sends, "MOVE")
	_, ok = c.(Reporter)
	add(ok, "REPORT")
	_, ok = c.(Searcher)
	add(ok, "SEARCH")
	add(mt.locker() != nil, "LOCK", "UNLOCK")
	return out
}

// done ends a request that has no body.
func done(w http.ResponseWriter, status int) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=UTF-8")
	if status != http.StatusNoContent && status != http.StatusNotModified {
		h.Set("Content-Length", "0")
	}
	w.WriteHeader(status)
	return nil
}

func (c *call) ended(created bool, h http.Header) error {
	for k, v := range h {
		c.w.Header()[k] = v
	}
	if created {
		return done(c.w, http.StatusCreated)
	}
	return done(c.w, http.StatusNoContent)
}

// stat finds the request's resource, or how its absence is told.
func (c *call) stat() (Resource, error) {
	return c.mount.c.Stat(c.r.Context(), c.path)
}

// noBody refuses bodies that a verb would ignore (RFC 4918 9.6.1 and others).
func (c *call) noBody() error {
	if c.r.ContentLength > 0 {
		return &Error{Status: http.StatusUnsupportedMediaType, Exception: "UnsupportedMediaType",
			Text: "The request body of " + c.r.Method + " must be empty."}
	}
	return nil
}

func (c *call) delete() error {
	d, ok := c.mount.c.(Deleter)
	if !ok {
		return fault.New(fault.Denied, "This cannot be deleted.")
	}
	if strings.Contains(c.r.RequestURI, "#") {
		return fault.New(fault.Invalid, "The address holds a fragment.")
	}
	res, err := c.stat()
	if err != nil {
		return err
	}
	check := c.preconditions()
	if err := check(&res); err != nil {
		return err
	}
	if err := d.Delete(c.r.Context(), res, c.r, check); err != nil {
		return err
	}
	return done(c.w, http.StatusNoContent)
}

func (c *call) put() error {
	p, ok := c.mount.c.(Putter)
	if !ok {
		return notAllowed("PUT")
	}
	if c.r.Header.Get("Content-Range") != "" {
		return fault.New(fault.Invalid, "PUT with Content-Range is not allowed.")
	}
	if c.slash && c.path != "/" {
		return fault.New(fault.Conflict, "PUT is not allowed on non-files.")
	}
	created, h, err := p.Put(c.r.Context(), c.path, c.r, c.preconditions())
	if err != nil {
		return err
	}
	return c.ended(created, h)
}

func (c *call) post() error {
	p, ok := c.mount.c.(Poster)
	if !ok {
		return notImplemented(c.r.Method)
	}
	res, err := c.stat()
	if err != nil {
		return err
	}
	return p.Post(c.r.Context(), res, c.w, c.r)
}

// mkcol serves MKCOL, also with properties (RFC 5689).
func (c *call) mkcol() error {
	mk, ok := c.mount.c.(Maker)
	if !ok {
		return notAllowed("MKCOL")
	}
	changes, err := c.mkcolBody()
	if err != nil {
		return err
	}
	h, err := mk.Make(c.r.Context(), c.path, c.r, c.preconditions())
	if err != nil {
		return err
	}
	patcher, ok := c.mount.c.(Patcher)
	if len(changes) == 0 || !ok {
		return c.ended(true, h)
	}
	res, err := c.stat()
	if err != nil {
		return err
	}
	statuses, err := patcher.PropPatch(c.r.Context(), res, changes)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(statuses, func(s int) bool { return s >= 300 }) {
		return c.ended(true, h)
	}
	return c.patched(res, changes, statuses)
}

func (c *call) mkcolBody() ([]PropChange, error) {
	root, err := readXML(c.r)
	if root == nil && err == nil {
		return nil, nil
	}
	if ct := c.r.Header.Get("Content-Type"); !strings.Contains(ct, "xml") || err != nil {
		return nil, &Error{Status: http.StatusUnsupportedMediaType, Exception: "UnsupportedMediaType",
			Text: "The request body for the MKCOL request must have an xml Content-Type"}
	}
	if err := rootIs(root, "mkcol"); err != nil {
		return nil, err
	}
	changes, err := propChanges(root)
	if err != nil {
		return nil, err
	}
	var out []PropChange
	for _, ch := range changes {
		if ch.Name.Space == NSDAV && ch.Name.Local == "resourcetype" {
			for _, kind := range root.Child(NSDAV, "set").Child(NSDAV, "prop").Child(NSDAV, "resourcetype").Children {
				if kind.Name.Space != NSDAV || kind.Name.Local != "collection" {
					return nil, &Error{Status: http.StatusForbidden, Exception: "InvalidResourceType",
						Text: "Only plain folders can be made here.", Extra: "  <d:valid-resourcetype/>\n"}
				}
			}
			continue
		}
		out = append(out, ch)
	}
	return out, nil
}
