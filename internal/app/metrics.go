package app

import (
	"context"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/stats"
	"atrium/internal/proto/web"
)

// metrics mounts /metrics, for programs on this machine and for administrators.
func (h *house) metrics(m *web.Mux) *stats.Stats {
	s := stats.New()
	s.Up("db", h.db.Ping)
	s.Up("store", h.depot.Alive)
	serve := s.Handler()
	m.Handle("GET", "/metrics", web.Public|web.Basic, func(w http.ResponseWriter, r *http.Request) error {
		p := who.From(r.Context())
		if !web.VisitOf(r.Context()).Addr.IsLoopback() && (p == nil || p.Role < who.Admin) {
			return fault.New(fault.Anonymous, "Only an administrator may see this.")
		}
		serve.ServeHTTP(w, r)
		return nil
	})
	return s
}

// count tells the metrics of an answered request.
func count(s *stats.Stats) func(context.Context, web.Summary) {
	return func(_ context.Context, sum web.Summary) {
		s.Begin()(stats.Request{Method: sum.Method, Route: sum.Route, Status: sum.Status,
			Took: sum.Took.Round(time.Microsecond), Received: sum.In, Sent: sum.Out})
	}
}
