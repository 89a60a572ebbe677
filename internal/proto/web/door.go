package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// Config is what the door needs to know. The zero value serves.
type Config struct {
	URL     string   // public address without a slash at the end; "": what the client asked for
	Proxies Proxies  // networks whose X-Forwarded headers count
	Hosts   []string // names we answer to; none: any
	Auth    []Authenticator
	Tokens  RequestTokens

	// Rate and Burst bound the requests a second of one address without an
	// account, UserRate and UserBurst those of one account; 0: no bound.
	Rate, UserRate   float64
	Burst, UserBurst int
	// Routes is a factor on the limits that routes have of their own; 0: 1,
	// negative: they have none.
	Routes float64

	// Still tells whether a credential that was good at the start of a request
	// still is; fault.Anonymous ends a transfer. May be nil.
	Still func(ctx context.Context, p *who.Principal) error

	// Language is what the caller's account reads; nil: what the browser asks for.
	Language Speaker

	// Origins are the other sites whose pages' scripts may call the interfaces, such as
	// "https://photos.example.com"; nil: none.
	Origins func(ctx context.Context) ([]string, error)

	// Face is how the instance presents itself; nil: as Product.
	Face func(ctx context.Context) Face

	Stall time.Duration // how long a client may make no progress; 0: 30 s
	Log   *slog.Logger  // access log; nil: none
	// Done is called at the end of each request, for metrics; may be nil.
	Done func(ctx context.Context, s Summary)
	// Trace starts a span and returns how to end it; may be nil.
	Trace func(r *http.Request) (ctx context.Context, end func(Summary))
	Now   func() time.Time
}

// Summary is what is known at the end of a request.
type Summary struct {
	Method, Route string
	Status        int
	In, Out       int64 // bytes of the bodies
	Took          time.Duration
	Err           error
}

// Door is the http.Handler of the whole server.
type Door struct {
	cfg    Config
	mux    *Mux
	cross  *http.CrossOriginProtection
	limits *limits
	fixed  map[string][]string // headers of every answer, shared and never changed
	hsts   []string
	errors func() (*Template, error)
}

// NewDoor puts the chain in front of a Mux.
func NewDoor(cfg Config, m *Mux) *Door {
	if cfg.Stall == 0 {
		cfg.Stall = 30 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Routes == 0 {
		cfg.Routes = 1
	}
	return &Door{cfg: cfg, mux: m, cross: http.NewCrossOriginProtection(), limits: newLimits(),
		fixed: fixedHeaders(), hsts: []string{"max-age=15552000; includeSubDomains"},
		errors: sync.OnceValues(errorPage)}
}

// ServeHTTP runs the chain.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{door: d, w: w, ctl: http.NewResponseController(w), stall: d.cfg.Stall}
	x.Start, x.Agent = d.cfg.Now(), r.UserAgent()
	x.ID = requestID(r.Header.Get("X-Request-Id"))
	x.base = d.cfg.URL
	x.locate(r, d.cfg.Proxies)
	x.headers(d, r)
	ctx := r.Context()
	end := func(Summary) {}
	if d.cfg.Trace != nil {
		ctx, end = d.cfg.Trace(r)
	}
	r = r.WithContext(context.WithValue(ctx, visitKey{}, x))
	r.Host = x.Host // what CrossOriginProtection compares Origin with
	p, err := d.serve(x, r)
	sum := Summary{Method: r.Method, Route: x.Route, Status: x.status, In: x.received, Out: x.sent,
		Took: d.cfg.Now().Sub(x.Start), Err: err}
	end(sum)
	d.log(r, x, p, sum)
	if d.cfg.Done != nil {
		d.cfg.Done(r.Context(), sum)
	}
	if errors.Is(err, errAborted) {
		panic(http.ErrAbortHandler)
	}
}

// errAborted marks an answer that was begun and could not be finished.
var errAborted = errors.New("the answer was cut off")

// serve runs the handler and sees to it that exactly one answer is sent.
func (d *Door) serve(x *exchange, r *http.Request) (p *who.Principal, err error) {
	var req *http.Request
	func() {
		defer func() {
			if v := recover(); v != nil {
				err = recovered(v)
			}
		}()
		p, req, err = d.pass(x, r)
		if err == nil {
			err = x.handler.handler(x, req)
		}
	}()
	defer x.leave()
	if x.watch.gone() != nil {
		x.wrote = time.Time{} // the deadline that ended it must not keep the answer back
	}
	if err == nil {
		if x.status == 0 {
			x.WriteHeader(http.StatusOK)
		}
		return p, nil
	}
	if x.status != 0 || gone(r.Context(), err) {
		if x.status == 0 {
			x.status = 499 // nobody reads it; the log shows who hung up
		}
		return p, fmt.Errorf("%w: %w", errAborted, err)
	}
	if req == nil {
		req = r
	}
	d.answer(x, req, err)
	return p, err
}

// answer writes an error with the table of the route's protocol.
func (d *Door) answer(x *exchange, r *http.Request, err error) {
	if errors.Is(err, errMethod) { // 30-core/019: no body, whatever the protocol
		x.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	write := ErrorWriter(WriteError)
	if x.handler != nil && x.handler.errors != nil {
		write = x.handler.errors
	}
	write(x, r, err)
}

func recovered(v any) error {
	if v == http.ErrAbortHandler {
		return errAborted
	}
	return fmt.Errorf("panic: %v\n%s", v, debug.Stack())
}

var errMethod = fault.New(fault.Unsupported, "The method is not allowed here.")

// pass takes a request through all checks and returns it with its principal.
func (d *Door) pass(x *exchange, r *http.Request) (*who.Principal, *http.Request, error) {
	if err := checkHost(x.Host, d.cfg.Hosts); err != nil {
		return nil, r, err
	}
	if asks, err := d.welcome(x, r); asks || err != nil {
		return nil, r, err
	}
	f := d.mux.find(r.Method, r.URL.EscapedPath())
	if f.route == nil {
		if f.wrongs == nil {
			x.handler = &Route{Policy: Anyone, handler: notFound}
			return nil, r, nil
		}
		x.Header().Set("Allow", allow(f.wrongs))
		return nil, r, errMethod
	}
	x.handler, x.Route = f.route, f.route.Pattern
	if r.Body != nil && r.Body != http.NoBody {
		if max := f.route.maxBody; max >= 0 && r.ContentLength > max {
			return nil, r, errTooLarge()
		}
		x.body, x.room = r.Body, f.route.maxBody
		r.Body = bodyReader{x}
	}
	p, err := d.authenticate(r, f.route.Policy)
	if err != nil {
		return nil, r, err
	}
	if p != nil {
		r = r.WithContext(who.With(r.Context(), p))
		x.begin(r.Context(), p)
		x.Header()["X-User-Id"] = []string{p.ID}
	}
	for i, name := range f.route.params {
		r.SetPathValue(name, f.vals[i])
	}
	if err := f.route.check(p, r.Method, x.Start); err != nil {
		return p, r, err
	}
	if err := d.checkCSRF(r, p, f.route.Policy); err != nil {
		return p, r, err
	}
	return p, r, d.limit(x, p)
}

func (d *Door) authenticate(r *http.Request, policy Policy) (*who.Principal, error) {
	if !policy.asks() {
		return nil, nil
	}
	for _, a := range d.cfg.Auth {
		p, err := a.Authenticate(r)
		if p != nil || err != nil {
			return p, err
		}
	}
	return nil, nil
}

// limit applies the bounds of the route and of the caller.
func (d *Door) limit(x *exchange, p *who.Principal) error {
	per, burst := d.cfg.Rate, d.cfg.Burst
	if p != nil {
		per, burst = d.cfg.UserRate, d.cfg.UserBurst
	}
	route := x.handler.limit * d.cfg.Routes
	if per <= 0 && route <= 0 {
		return nil
	}
	key := "u " + Network(x.Addr).String()
	if p != nil {
		key = "p " + p.ID
	}
	if route > 0 {
		if err := d.limits.take(key+" "+x.handler.Pattern, route/60, max(1, int(route)), x.Start); err != nil {
			return err
		}
	}
	if per <= 0 {
		return nil
	}
	return d.limits.take(key, per, max(1, burst), x.Start)
}

// requestID accepts a client's id when it is short and harmless in a log.
func requestID(sent string) string {
	if len(sent) >= 8 && len(sent) <= 64 {
		ok := true
		for i := range len(sent) {
			c := sent[i]
			ok = ok && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_')
		}
		if ok {
			return sent
		}
	}
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return base32.StdEncoding.EncodeToString(b[:])
}

func (d *Door) log(r *http.Request, x *exchange, p *who.Principal, s Summary) {
	if d.cfg.Log == nil {
		return
	}
	level, user := slog.LevelInfo, ""
	if s.Status >= 500 {
		level = slog.LevelError
	}
	h := d.cfg.Log.Handler() // not through Log, which would look for the calling line each time
	if !h.Enabled(r.Context(), level) {
		return
	}
	if p != nil {
		user = p.ID
	}
	path := r.URL.Path
	if x.handler != nil && x.handler.secret {
		path = x.Route
	}
	attrs := [...]slog.Attr{slog.String("id", x.ID), slog.String("method", r.Method), slog.String("path", path),
		slog.Int("status", s.Status), slog.Duration("took", s.Took), slog.Int64("in", s.In), slog.Int64("out", s.Out),
		slog.String("user", user), slog.String("addr", x.Addr.String()), slog.String("agent", r.UserAgent()),
		slog.Any("err", s.Err)}
	n := len(attrs)
	if s.Err == nil {
		n--
	}
	rec := slog.NewRecord(x.Start.Add(s.Took), level, "request", 0)
	rec.AddAttrs(attrs[:n]...)
	_ = h.Handle(r.Context(), rec) // a log that cannot be written has nowhere to complain
}
