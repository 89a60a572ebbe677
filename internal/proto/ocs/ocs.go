// Package ocs serves the Open Collaboration Services API: each endpoint exists
// below /ocs/v1.php and /ocs/v2.php, answers in JSON or XML, and wraps its data
// in an envelope with a status of its own. The two versions differ in how that
// status and the HTTP status go together. What is on the wire is the recorded
// behaviour of Nextcloud 32 (30-core/003 to 060).
//
// An endpoint is a function from a Request to data; the package does the rest.
// It knows no rooms and no SQL.
package ocs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// The statuses of the envelope that have no HTTP counterpart.
const (
	codeOK       = 100 // success in v1
	codeServer   = 996
	codeNobody   = 997
	codeUnknown  = 998
	codeNotFound = 404
)

// Mux registers endpoints in the table of plain routes.
type Mux struct{ web *web.Mux }

// NewMux returns a Mux that registers with m, and lets all other paths below
// /ocs answer that there is no such endpoint.
func NewMux(m *web.Mux) *Mux {
	x := &Mux{m}
	for version, root := range roots {
		m.Prefix(root, web.Public|web.NoCSRF, unknown, web.Errors(errorWriter(version+1)))
	}
	return x
}

var roots = [...]string{"/ocs/v1.php", "/ocs/v2.php"}

// Endpoint answers a request with data that encodes to JSON, an Answer when the
// data alone does not tell all, or an error: a fault, or one made by Fail.
type Endpoint func(ctx context.Context, r *Request) (any, error)

// Handle registers an endpoint, such as "GET /cloud/user". Calls with a
// session or a password must bear OCS-APIRequest or a request token, reads too,
// unless the policy says web.NoCSRF.
func Handle(m *Mux, pattern string, p web.Policy, f Endpoint, opts ...web.Option) {
	method, path, _ := strings.Cut(pattern, " ")
	if p&web.NoCSRF == 0 {
		p |= web.Strict
	}
	for i, root := range roots {
		version := i + 1
		all := append([]web.Option{web.Errors(errorWriter(version))}, opts...)
		m.web.Handle(method, root+path, p, func(w http.ResponseWriter, r *http.Request) error {
			req := &Request{Request: r, Version: version}
			out, err := f(r.Context(), req)
			if err != nil {
				return err
			}
			return write(w, req, out)
		}, all...)
	}
}

// Answer is data with more about it.
type Answer struct {
	Data   any
	Status int         // HTTP status and v2's code of a success; 0: 200
	ETag   bool        // answer 304 when the client has this data already
	Header http.Header // further headers
	Total  string      // totalitems of v1
	Page   string      // itemsperpage of v1
}

// Failure is an error with a status of its own in the envelope.
type Failure struct {
	Code int
	Says tongue.Saying
	Data any // nil: an empty list
}

func (f *Failure) Error() string { return "ocs " + strconv.Itoa(f.Code) + ": " + f.Says.String() }

// Unwrap gives a failure the kind of its HTTP status.
func (f *Failure) Unwrap() error {
	switch status(2, f.Code) {
	case http.StatusUnauthorized:
		return fault.Anonymous
	case http.StatusForbidden:
		return fault.Denied
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusInternalServerError:
		return fault.Internal
	}
	return fault.Invalid
}

// Fail makes a Failure: one of OCS's own codes (101, 102 …) or an HTTP status.
// What is filled into the message follows in pairs.
func Fail(code int, message string, pairs ...any) error {
	return &Failure{Code: code, Says: tongue.Of(message, pairs...)}
}

func unknown(http.ResponseWriter, *http.Request) error {
	return Fail(codeUnknown, "Invalid query, please check the syntax. API specifications are here: "+
		"http://www.freedesktop.org/wiki/Specifications/open-collaboration-services.\n")
}

// codes is the error table, DESIGN section 4. It goes with the HTTP status of
// proto/web but for two kinds.
func code(err error) (int, tongue.Saying, any) {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Code, f.Says, f.Data
	}
	switch k := fault.Of(err); k {
	case fault.Internal:
		return codeServer, tongue.Saying{}, nil
	case fault.Anonymous:
		return codeNobody, fault.Said(err), nil
	default:
		return web.Status(k), fault.Said(err), nil
	}
}

// status is the HTTP status for a code. v1 answers 200 to nearly everything.
func status(version, code int) int {
	switch {
	case code == codeNobody:
		return http.StatusUnauthorized
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable, code == http.StatusPreconditionFailed:
		return code
	case version == 1:
		return http.StatusOK
	case code == codeUnknown:
		return http.StatusNotFound
	case code >= 400 && code < 600:
		return code
	case code >= codeOK && code < 200:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

func errorWriter(version int) web.ErrorWriter {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		if errors.Is(err, web.ErrCSRF) { // 30-core/023: no envelope
			web.WriteError(w, r, err)
			return
		}
		web.ErrorHeaders(w, r, err)
		c, said, data := code(err)
		message := web.Say(r, said)
		if c == codeServer && message == "" {
			message = web.Text(r, err)
		}
		req := &Request{Request: r, Version: version}
		format, ferr := req.Format()
		if ferr != nil {
			format = XML
		}
		env := envelope{failed: true, code: c, message: message, version: version, data: data}
		body, eerr := env.encode(format)
		if eerr != nil {
			panic(eerr) // a Failure's data is ours
		}
		kind := format.contentType()
		if c == codeUnknown && format == XML { // 30-core/017
			kind = "text/xml; charset=UTF-8"
		}
		send(w, status(version, c), kind, body)
	}
}

func write(w http.ResponseWriter, r *Request, out any) error {
	a, ok := out.(Answer)
	if !ok {
		a = Answer{Data: out}
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	h := w.Header()
	for k, v := range a.Header {
		h[k] = v
	}
	format, err := r.Format()
	if err != nil {
		return err
	}
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified {
		w.WriteHeader(a.Status)
		return nil
	}
	env := envelope{code: a.Status, message: "OK", version: r.Version, data: a.Data, total: a.Total, page: a.Page}
	if r.Version == 1 && a.Status < 300 {
		env.code = codeOK
	}
	body, err := env.encode(format)
	if err != nil {
		return err
	}
	if a.ETag {
		sum := sha256.Sum256(body)
		tag := `"` + hex.EncodeToString(sum[:16]) + `"`
		h.Set("Etag", tag)
		if r.Header.Get("If-None-Match") == tag {
			cacheHeader(h)
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	send(w, a.Status, format.contentType(), body)
	return nil
}

func cacheHeader(h http.Header) {
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = []string{"no-cache, no-store, must-revalidate"}
	}
}

func send(w http.ResponseWriter, status int, kind string, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{kind}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	cacheHeader(h)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is noticed by the door
}

// Caller is the principal of a request that a policy from web.User on let in.
func (r *Request) Caller() *who.Principal { return who.From(r.Context()) }
