package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/sync/errgroup"

	"atrium/internal/feature/setup"
	"atrium/internal/proto/web"
)

// drain is how long requests under way may take to end after SIGTERM.
const drain = 25 * time.Second

// serve runs the server until ctx ends, and lets requests under way end.
func (e *env) serve(ctx context.Context) (err error) {
	h, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	name, err := h.firstAccount(ctx)
	if err != nil {
		return fmt.Errorf("the first account: %w", err)
	}
	door, err := h.front(ctx)
	if err != nil {
		return err
	}
	code, err := h.setup.Open(ctx)
	if err != nil {
		return fmt.Errorf("the set-up: %w", err)
	}
	ln, err := net.Listen("tcp", h.conf.HTTP.Listen)
	if err != nil {
		return err
	}
	ln = promptListener{ln}
	srv := web.Server(h.conf.HTTP.Listen, door, h.log)
	srv.MaxHeaderBytes = int(h.conf.Limits.HeaderBytes)
	ln, err = h.secure(ln, srv)
	if err != nil {
		return err
	}
	giveBack()
	fmt.Fprintf(e.out, "Atrium %s is at %s\n", e.version, h.conf.BaseURL())
	if name != "" {
		fmt.Fprintf(e.out, "Sign in as %s\n", name)
	}
	if code != "" {
		fmt.Fprintf(e.out, "Set this server up at %s\n", setup.Link(h.conf.BaseURL(), code))
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return srv.Shutdown(stop)
	})
	h.schedule()
	h.run(gctx, g)
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// giveBack returns the memory that migrations and word lists took to be read: the
// first collection empties the pools, the second frees what was in them.
func giveBack() {
	runtime.GC()
	debug.FreeOSMemory()
}

// health mounts what load balancers and monitors ask.
func (h *house) health(m *web.Mux) {
	m.Handle("GET", "/healthz", web.Anyone, func(w http.ResponseWriter, _ *http.Request) error {
		_, err := w.Write([]byte("ok\n"))
		return err
	})
	m.Handle("GET", "/readyz", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		if err := h.ready(r.Context()); err != nil {
			return err
		}
		_, err := w.Write([]byte("ready\n"))
		return err
	})
}

// profiles lets administrators see where time and memory go.
func profiles(m *web.Mux) {
	plain := func(f http.HandlerFunc) web.Handler {
		return func(w http.ResponseWriter, r *http.Request) error { f(w, r); return nil }
	}
	m.Handle("GET", "/debug/pprof/profile", web.Admin|web.Basic, plain(pprof.Profile))
	m.Handle("GET", "/debug/pprof/trace", web.Admin|web.Basic, plain(pprof.Trace))
	m.Handle("GET", "/debug/pprof/{name}", web.Admin|web.Basic, func(w http.ResponseWriter, r *http.Request) error {
		pprof.Handler(web.Param(r, "name")).ServeHTTP(w, r)
		return nil
	})
}

// secure puts TLS on a listener if the configuration asks for it.
func (h *house) secure(ln net.Listener, srv *http.Server) (net.Listener, error) {
	switch t := h.conf.TLS; {
	case t.Domain != "":
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(t.Domain),
			Cache: autocert.DirCache(filepath.Join(h.conf.Data, "acme"))}
		srv.TLSConfig = m.TLSConfig()
	case t.Cert != "":
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("TLS certificate: %w", err)
		}
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
			NextProtos: []string{"h2", "http/1.1"}}
	default:
		return ln, nil
	}
	return tls.NewListener(ln, srv.TLSConfig), nil
}
