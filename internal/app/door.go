package app

import (
	"context"

	"atrium/internal/base/who"
	"atrium/internal/feature/signin"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/stats"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// signedIn is how much more an account may ask than an address without one: a
// sync client with many small files is fast, and known.
const signedIn = 100

// doorConfig is the chain before all routes.
func (h *house) doorConfig(ctx context.Context, b *plug.Board, figures *stats.Stats) (web.Config, error) {
	trace, err := h.tracing(ctx)
	l := h.conf.Limits
	return web.Config{
		URL: h.conf.URL, Proxies: h.conf.TrustedProxies, Hosts: h.conf.TrustedHosts,
		Auth: *b.Auth, Still: h.still, Language: h.speaks, Face: h.theming.Face, Origins: h.origins.Allowed, Tokens: signin.Tokens(h.box),
		UserRate: signedIn * l.RequestsPerSecond, UserBurst: signedIn * l.RequestsBurst,
		Rate: l.RequestsPerSecond, Burst: l.RequestsBurst, Routes: routeFactor(l),
		Log: h.log, Trace: counted(figures, trace),
	}, err
}

// speaks is the language of the caller's account.
func (h *house) speaks(ctx context.Context, p *who.Principal) string {
	u, err := h.people.User(ctx, p.ID)
	if err != nil {
		return "" // visitors of links have no account; what the browser asks for will do
	}
	return u.Language
}

// front is the door with all rooms behind it, those that are on.
func (h *house) front(ctx context.Context) (*web.Door, error) {
	board, err := h.plugIn()
	if err != nil {
		return nil, err
	}
	if _, err := h.turn(ctx); err != nil {
		return nil, err
	}
	figures := h.mountOwn(board.Web)
	h.monitor.Requests = figures.Answered
	c, err := h.doorConfig(ctx, board, figures)
	if err != nil {
		return nil, err
	}
	return web.NewDoor(c, board.Web), nil
}

// routeFactor is what the door understands: there 0 is the default.
func routeFactor(l conf.Limits) float64 {
	if l.RouteFactor == 0 {
		return -1
	}
	return l.RouteFactor
}

// mountOwn mounts what belongs to the process and to no room.
func (h *house) mountOwn(m *web.Mux) *stats.Stats {
	h.health(m)
	profiles(m)
	return h.metrics(m)
}
