package app

import (
	"context"

	"atrium/internal/feature/signin"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// signedIn is how much more an account may ask than an address without one: a
// sync client with many small files is fast, and known.
const signedIn = 100

// doorConfig is the chain before all routes.
func (h *house) doorConfig(ctx context.Context, b *plug.Board) (web.Config, error) {
	trace, err := h.tracing(ctx)
	l := h.conf.Limits
	return web.Config{URL: h.conf.URL, Trace: trace, Done: count(h.metrics(b.Web)), Proxies: h.conf.TrustedProxies, Auth: *b.Auth, Tokens: signin.Tokens(h.box), Log: h.log,
		UserRate: signedIn * l.RequestsPerSecond, UserBurst: signedIn * l.RequestsBurst, Rate: l.RequestsPerSecond, Burst: l.RequestsBurst}, err
}
