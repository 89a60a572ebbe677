// Package web is the front door: every request, of whatever protocol, passes
// one chain here, once. In order: request id and trace, limits, trusted proxies
// and host, the route, authentication, scope of the token, CSRF, rate limit, the
// handler, the error table, the access log.
//
// Routes are data. None can be registered without a Policy that says who may
// call it, and Mux.Routes lists them all for the authorisation matrix (package
// webtest). Handlers return errors; the table in errors.go, or that of a
// protocol, turns a fault.Kind into a status. The package knows no accounts: it
// asks Authenticators, which rooms bring along.
package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"atrium/internal/base/switches"
	"atrium/internal/base/who"
)

// Handler answers a request or returns why it cannot. An error returned after
// the first byte was sent ends the connection, so that the client cannot take
// half an answer for a whole one.
type Handler func(w http.ResponseWriter, r *http.Request) error

// ErrorWriter is a protocol's error table: it writes status, headers and body.
type ErrorWriter func(w http.ResponseWriter, r *http.Request, err error)

// Authenticator finds out who sent a request. It returns nil, nil when the
// request carries no credential of its kind, so that the next one is asked, and
// an error when it carries a wrong one.
type Authenticator interface {
	Authenticate(r *http.Request) (*who.Principal, error)
}

// While is an authenticator that is asked while its part is switched on.
func While(a Authenticator, p switches.Part) Authenticator { return while{a, p} }

type while struct {
	Authenticator
	part switches.Part
}

// Authenticate implements Authenticator.
func (w while) Authenticate(r *http.Request) (*who.Principal, error) {
	if w.part.Off() {
		return nil, nil
	}
	return w.Authenticator.Authenticate(r)
}

// Policy says who may call a route: one audience, and any of the flags.
type Policy uint16

// The audiences. From User on, each includes those below it.
const (
	// Anyone may call, and nobody is asked who they are: no credential, however
	// dead, makes the call fail or counts as a failed login. For what clients
	// poll before and after they are signed in.
	Anyone Policy = iota + 1
	// Link means that the handler checks the secret in the URL itself. Basic
	// credentials belong to the link, so no Authenticator is asked.
	Link
	// Public may be called by all, and is told who does; a wrong credential is
	// still refused.
	Public
	User       // everybody who is signed in
	GroupAdmin // administrators of a group, and administrators
	Admin      // administrators
	audience   = 0xff
)

// The flags.
const (
	// NoCSRF lifts the check on unsafe methods, for what other sites and apps
	// may post to because it acts on nobody's session.
	NoCSRF Policy = 1 << (8 + iota)
	// Strict checks CSRF on safe methods too, and for Basic credentials, which a
	// browser remembers and attaches like a cookie.
	Strict
	// Page sends browsers that are not signed in to the login page.
	Page
	// Basic challenges with WWW-Authenticate even when no credential was sent.
	Basic
	// Confirmed asks browsers for the password again when it was typed too long ago
	// (ConfirmedFor). An app password was given for what it may do.
	Confirmed
)

var audienceNames = [...]string{"?", "anyone", "link", "public", "user", "group-admin", "admin"}

var flagNames = [...]string{"no-csrf", "strict", "page", "basic", "confirmed"}

// String shows a policy as the authorisation matrix writes it: "user page".
func (p Policy) String() string {
	a := int(p & audience)
	if a >= len(audienceNames) {
		a = 0
	}
	words := []string{audienceNames[a]}
	for i, name := range flagNames {
		if p&(NoCSRF<<i) != 0 {
			words = append(words, name)
		}
	}
	return strings.Join(words, " ")
}

func (p Policy) valid() bool { a := p & audience; return a >= Anyone && a <= Admin }

// asks tells whether authenticators are asked at all.
func (p Policy) asks() bool { return p&audience >= Public }

// Visit is what the door found out about a request before its handler ran. It
// travels in the context.
type Visit struct {
	ID     string     // request id, as logged and as sent in X-Request-Id
	Addr   netip.Addr // the client's address, behind trusted proxies
	Scheme string     // http or https, as the client sees it
	Host   string     // host[:port], as the client sees it
	Agent  string     // User-Agent, as sent
	Route  string     // the pattern that matched, for metrics
	Start  time.Time

	base  string
	nonce string
}

// Base is the address clients reach us at, without a slash at the end: the
// configured one, else the one this request was sent to.
func (v *Visit) Base() string {
	if v.base == "" {
		v.base = v.Scheme + "://" + v.Host
	}
	return v.base
}

// HTTPS tells whether the client speaks TLS to us or to our proxy.
func (v *Visit) HTTPS() bool { return v.Scheme == "https" }

type visitKey struct{}

// VisitOf returns what the door knows of the request; an empty Visit outside a
// request.
func VisitOf(ctx context.Context) *Visit {
	if v, ok := ctx.Value(visitKey{}).(*exchange); ok {
		return &v.Visit
	}
	return &Visit{}
}

// Answer returns the headers of the answer to a request, for an Authenticator whose
// scheme answers in one (RFC 4559, section 4.1); nobody's outside a request.
func Answer(r *http.Request) http.Header {
	if x, ok := r.Context().Value(visitKey{}).(*exchange); ok {
		return x.Header()
	}
	return http.Header{}
}

// Param returns a named segment of the route's pattern, decoded.
func Param(r *http.Request, name string) string { return r.PathValue(name) }
