package web

import (
	"log/slog"
	"net/http"
	"time"
)

// Server returns an http.Server with the limits of a server on the open
// network: a client gets 10 s for its headers, of at most 128 KiB, and an idle
// connection lives for two minutes. There is no limit on a whole request, since
// an upload may take days; the door cuts off clients that make no progress.
func Server(addr string, h http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    128 << 10,
	}
	if log != nil {
		s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	}
	return s
}
