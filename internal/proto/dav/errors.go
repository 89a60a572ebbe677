package dav

import (
	"errors"
	"net/http"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/proto/web"
)

// Error is a failure that a verb wants to be told in a way of its own.
type Error struct {
	Status    int
	Exception string // after Sabre\DAV\Exception\, or whole if it has a backslash
	Text      string
	Why       error  // whose words are told in place of Text, in the language of who asks
	Header    string // s:header, the precondition that failed
	Extra     string // further elements of d:error, as XML
	Reason    bool   // repeat the text as o:reason with o:retry false
}

func (e *Error) Error() string {
	return strconv.Itoa(e.Status) + " " + e.Exception + ": " + e.words().String()
}

func (e *Error) words() tongue.Saying {
	if e.Why != nil {
		return fault.Said(e.Why)
	}
	return tongue.Plain(e.Text)
}

// Class of exceptions that clients know by name.
const (
	InvalidPath = `OCA\DAV\Connector\Sabre\Exception\InvalidPath`
)

// kinds is DESIGN §4's table for DAV.
var kinds = map[fault.Kind]Error{
	fault.Invalid:     {Status: 400, Exception: "BadRequest"},
	fault.Anonymous:   {Status: 401, Exception: "NotAuthenticated"},
	fault.Denied:      {Status: 403, Exception: "Forbidden"},
	fault.NotFound:    {Status: 404, Exception: "NotFound"},
	fault.Exists:      {Status: 405, Exception: "MethodNotAllowed"},
	fault.Conflict:    {Status: 409, Exception: "Conflict"},
	fault.Stale:       {Status: 412, Exception: "PreconditionFailed"},
	fault.TooLarge:    {Status: 413, Exception: `OCA\DAV\Connector\Sabre\Exception\EntityTooLarge`},
	fault.Locked:      {Status: 423, Exception: "Locked"},
	fault.Busy:        {Status: 429, Exception: "TooManyRequests"},
	fault.Full:        {Status: 507, Exception: "InsufficientStorage"},
	fault.Unsupported: {Status: 501, Exception: "NotImplemented"},
	fault.Unavailable: {Status: 503, Exception: "ServiceUnavailable"},
	fault.Internal:    {Status: 500, Exception: `Exception`},
}

// WriteError answers with err as d:error. An internal fault shows only the id of
// the request.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	web.ErrorHeaders(w, r, err)
	e := explain(err, web.VisitOf(r.Context()).ID)
	e.Text = web.Say(r, e.words())
	h := w.Header()
	h.Set("Content-Type", xmlType)
	h.Del("Content-Disposition")
	b := e.append(nil)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(e.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b) // the client may have gone
	}
}

// explain finds how err is told.
func explain(err error, requestID string) Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return *e
	}
	kind := fault.Of(err)
	e := kinds[kind]
	e.Why = err
	if kind == fault.Internal {
		e.Why, e.Text = nil, "Internal Server Error; request "+requestID
	}
	return e
}

func (e *Error) append(b []byte) []byte {
	name := e.Exception
	if !containsByte(name, '\\') && name != "Exception" {
		name = `Sabre\DAV\Exception\` + name
	}
	b = append(b, `<?xml version="1.0" encoding="utf-8"?>`+"\n"+`<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"`...)
	if e.Reason {
		b = append(b, ` xmlns:o="http://owncloud.org/ns"`...)
	}
	b = append(b, ">\n  <s:exception>"...)
	b = AppendText(b, name)
	b = append(b, "</s:exception>\n  <s:message>"...)
	b = AppendText(b, e.Text)
	b = append(b, "</s:message>\n"...)
	if e.Header != "" {
		b = append(b, "  <s:header>"...)
		b = AppendText(b, e.Header)
		b = append(b, "</s:header>\n"...)
	}
	b = append(b, e.Extra...)
	if e.Reason {
		b = append(b, `  <o:retry xmlns:o="o:">false</o:retry>`+"\n"+`  <o:reason xmlns:o="o:">`...)
		b = AppendText(b, e.Text)
		b = append(b, "</o:reason>\n"...)
	}
	return append(b, "</d:error>\n"...)
}

func containsByte(s string, c byte) bool {
	for i := range len(s) {
		if s[i] == c {
			return true
		}
	}
	return false
}
