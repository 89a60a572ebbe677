package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
)

// statuses is the error table of plain routes, DESIGN section 4.
var statuses = [...]int{
	fault.Internal: 500, fault.Invalid: 400, fault.Anonymous: 401, fault.Denied: 403, fault.NotFound: 404,
	fault.Exists: 409, fault.Conflict: 409, fault.Stale: 412, fault.TooLarge: 413, fault.Locked: 423,
	fault.Busy: 429, fault.Full: 507, fault.Unsupported: 405, fault.Unavailable: 503,
}

// Status is the HTTP status of an error.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	k := fault.Of(err)
	if int(k) >= len(statuses) {
		return http.StatusInternalServerError
	}
	return statuses[k]
}

// Text is what a client may read of an error, in the language of who asks: its text,
// or for our own fault a request id that an administrator finds in the log.
func Text(r *http.Request, err error) string { return Say(r, Said(r, err)) }

// Said is Text before it is known in which language.
func Said(r *http.Request, err error) tongue.Saying {
	if s := fault.Said(err); !s.IsZero() {
		return s
	}
	if fault.Of(err) == fault.Internal {
		return tongue.Of("Something went wrong on the server. The request id is {id}.", "id", VisitOf(r.Context()).ID)
	}
	return tongue.Plain(http.StatusText(Status(err)))
}

// waiter is an error that knows when to come back.
type waiter interface{ RetryAfter() time.Duration }

// ErrorHeaders sets what goes with an error whatever its body is: the challenge
// of a 401 and the Retry-After of a 429 or 503.
func ErrorHeaders(w http.ResponseWriter, r *http.Request, err error) {
	switch fault.Of(err) {
	case fault.Anonymous:
		if policyOf(r)&Basic != 0 || r.Header.Get("Authorization") != "" {
			challenge(w.Header(), r)
		}
	case fault.Busy, fault.Unavailable:
		after := time.Minute
		if wa, ok := errors.AsType[interface {
			error
			waiter
		}](err); ok {
			after = wa.RetryAfter()
		}
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(after.Round(time.Second)/time.Second))))
	}
}

// challenge asks for a password, unless an Authenticator has asked for what it knows.
// A script of our own page gets a scheme that no browser knows, or the browser would
// pop up its own dialog.
func challenge(h http.Header, r *http.Request) {
	if h.Get("WWW-Authenticate") != "" {
		return
	}
	scheme := "Basic"
	if r.Header.Get("X-Requested-With") == "XMLHttpRequest" {
		scheme = "DummyBasic"
	}
	h.Set("WWW-Authenticate", scheme+` realm="Atrium", charset="UTF-8"`)
}

func policyOf(r *http.Request) Policy {
	if x, ok := r.Context().Value(visitKey{}).(*exchange); ok && x.handler != nil {
		return x.handler.Policy
	}
	return 0
}

// WriteError is the error writer of plain routes: JSON {"message": …} for
// programs, a page for people, the login page for people who are not signed in
// (30-core/195, 196, 197).
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	ErrorHeaders(w, r, err)
	html := WantsHTML(r)
	if html && fault.Of(err) == fault.Anonymous && policyOf(r)&Page != 0 && w.Header().Get("WWW-Authenticate") == "" {
		Redirect(w, r, "/login?redirect_url="+url.QueryEscape(r.URL.RequestURI()))
		return
	}
	if x, ok := r.Context().Value(visitKey{}).(*exchange); ok && html {
		writeErrorPage(w, r, x, err)
		return
	}
	if errors.Is(err, errHost) {
		WriteJSON(w, http.StatusBadRequest, map[string]any{"error": Text(r, err), "code": 15})
		return
	}
	WriteJSON(w, Status(err), map[string]string{"message": Text(r, err)})
}

// WantsHTML tells whether a person's browser asks.
func WantsHTML(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") && r.Header.Get("OCS-APIRequest") == ""
}

// WriteJSON answers with one JSON value.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic("web: a JSON answer of ours does not encode: " + err.Error())
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json; charset=utf-8"}
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = []string{"no-cache, no-store, must-revalidate"}
	}
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone is noticed by the door
}

// Redirect answers 303: the client shall GET the other address.
func Redirect(w http.ResponseWriter, _ *http.Request, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusSeeOther)
}

// gone tells that the client hung up, which is nobody's fault.
func gone(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || fault.Of(err) == fault.Internal)
}
