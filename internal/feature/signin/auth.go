package signin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/web"
)

// Header authenticates by the header Authorization: Basic with a password or an
// app password, Bearer with an app password.
type Header struct{ Directory *identity.Directory }

// Authenticate implements web.Authenticator.
func (h Header) Authenticate(r *http.Request) (*who.Principal, error) {
	sent := r.Header.Get("Authorization")
	if sent == "" {
		return nil, nil
	}
	from := web.Network(web.VisitOf(r.Context()).Addr)
	if secret, ok := bearer(sent); ok {
		p, err := h.Directory.Bearer(r.Context(), secret)
		h.Directory.Seen(p, from)
		return p, err
	}
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	p, err := h.Directory.SignIn(r.Context(), login, secret, from)
	h.Directory.Seen(p, from)
	return p, err
}

// bearer reads "Bearer SECRET" (RFC 6750, section 2.1).
func bearer(header string) (string, bool) {
	scheme, secret, ok := strings.Cut(header, " ")
	return strings.TrimSpace(secret), ok && strings.EqualFold(scheme, "Bearer")
}

// Cookie authenticates browsers by the cookie of their session.
type Cookie struct{ Directory *identity.Directory }

// Authenticate implements web.Authenticator. A session that has ended is
// nobody's, no error: the browser shall see the login page.
func (c Cookie) Authenticate(r *http.Request) (*who.Principal, error) {
	secret := cookie(r, sessionCookie)
	if secret == "" {
		return nil, nil
	}
	p, err := c.Directory.Session(r.Context(), secret)
	if errors.Is(err, fault.Anonymous) {
		return nil, nil
	}
	c.Directory.Seen(p, web.Network(web.VisitOf(r.Context()).Addr))
	return p, err
}

// whole is Cookie for sessions that were opened with all factors that their
// accounts need by now. Another is nobody's, so that the browser sees the login
// page and begins anew.
type whole struct {
	Cookie
	passed func(ctx context.Context, p *who.Principal) (bool, error)
}

// Authenticate implements web.Authenticator.
func (c whole) Authenticate(r *http.Request) (*who.Principal, error) {
	p, err := c.Cookie.Authenticate(r)
	if p == nil || err != nil || c.passed == nil {
		return p, err
	}
	if ok, err := c.passed(r.Context(), p); !ok || err != nil {
		return nil, err
	}
	return p, nil
}

// Our cookies. Over https their names begin with __Host-, which binds them to
// this very host (RFC 6265bis, section 4.1.3).
const (
	sessionCookie = "atrium_session"
	halfCookie    = "atrium_half"
	flowCookie    = "atrium_flow"
	hostPrefix    = "__Host-"

	maxSecret = 200
)

func cookieName(r *http.Request, name string) string {
	if web.VisitOf(r.Context()).HTTPS() {
		return hostPrefix + name
	}
	return name
}

// cookie returns the value of one of our cookies, "" when there is none that we
// could have set.
func cookie(r *http.Request, name string) string {
	if r.Header["Cookie"] == nil {
		return ""
	}
	c, err := r.Cookie(cookieName(r, name))
	if err != nil || len(c.Value) > maxSecret {
		return ""
	}
	for i := range len(c.Value) {
		switch b := c.Value[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '.':
		default:
			return ""
		}
	}
	return c.Value
}

// setCookie sets a cookie for so long; 0: until the browser closes; negative:
// removes it.
func setCookie(w http.ResponseWriter, r *http.Request, name, value string, age time.Duration) {
	c := &http.Cookie{Name: cookieName(r, name), Value: value, Path: "/", HttpOnly: true,
		Secure: web.VisitOf(r.Context()).HTTPS(), SameSite: http.SameSiteLaxMode, MaxAge: int(age / time.Second)}
	if age < 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func signedIn(r *http.Request) bool { return who.From(r.Context()) != nil }

// sessionOf is what request tokens are bound to: the session, or 0.
func sessionOf(p *who.Principal) int64 {
	if p == nil || p.Via != who.ViaSession {
		return 0
	}
	return p.TokenID
}
