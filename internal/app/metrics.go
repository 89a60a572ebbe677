package app

import (
	"context"
	"net/http"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/stats"
	"atrium/internal/proto/web"
)

// metrics mounts /metrics, for programs on this machine, for administrators, and
// for whom may monitor.
func (h *house) metrics(m *web.Mux) *stats.Stats {
	s := stats.New()
	s.Up("db", h.db.Ping)
	s.Up("store", h.depot.Alive)
	serve := s.Handler()
	m.Handle("GET", "/metrics", web.Public|web.Basic, func(w http.ResponseWriter, r *http.Request) error {
		p := who.From(r.Context())
		if !web.VisitOf(r.Context()).Addr.IsLoopback() && !p.Holds("monitor") {
			return fault.New(fault.Anonymous, "Only an administrator may see this.")
		}
		serve.ServeHTTP(w, r)
		return nil
	}, web.In("monitor"), web.Right("monitor"))
	return s
}

// spanner is told when a request begins, and what became of it.
type spanner = func(*http.Request) (ctx context.Context, end func(web.Summary))

// counted counts requests, and lets trace, if there is one, follow them.
func counted(s *stats.Stats, trace spanner) spanner {
	return func(r *http.Request) (context.Context, func(web.Summary)) {
		done := s.Begin()
		ctx, end := r.Context(), func(web.Summary) {}
		if trace != nil {
			ctx, end = trace(r)
		}
		return ctx, func(sum web.Summary) {
			done(stats.Request{Method: sum.Method, Route: sum.Route, Status: sum.Status, Took: sum.Took, Received: sum.In, Sent: sum.Out})
			end(sum)
		}
	}
}
