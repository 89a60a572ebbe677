package app

import (
	"net/http"
	"net/netip"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// doorConfig is the chain before all routes.
func (h *house) doorConfig(b *plug.Board) web.Config {
	l := h.conf.Limits
	auth := append([]web.Authenticator{basic{h.people}}, *b.Auth...)
	return web.Config{URL: h.conf.URL, Auth: auth, Log: h.log,
		UserRate: signedIn * l.RequestsPerSecond, UserBurst: signedIn * l.RequestsBurst, Rate: l.RequestsPerSecond, Burst: l.RequestsBurst}
}

// signedIn is how much more an account may ask than an address without one: a
// sync client with many small files is fast, and known.
const signedIn = 100

// basic is Basic authentication by app password or password.
type basic struct{ people *identity.Directory }

// Authenticate implements web.Authenticator.
func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.people.SignIn(r.Context(), login, secret, netip.Prefix{})
}
