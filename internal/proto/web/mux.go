package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/switches"
	"atrium/internal/base/who"
)

// Route is one row of the route table.
type Route struct {
	Method  string // "*" for a prefix, whose handler looks at the method itself
	Pattern string
	Policy  Policy

	handler Handler
	errors  ErrorWriter
	params  []string
	room    string // the part of the server, for the scopes of tokens
	shares  bool   // writing here gives others access
	right   string // who holds it may call whatever the audience; "": none
	maxBody int64
	limit   float64 // calls a minute for one principal or address, 0: no limit
	prefix  bool
	part    switches.Part
	secret  bool // the path holds a secret, and must not stand in the log
}

// Option changes how a route is served.
type Option func(*Route)

// Errors makes the route answer errors in a protocol's own way.
func Errors(f ErrorWriter) Option { return func(r *Route) { r.errors = f } }

// In says which part of the server the route belongs to, such as "calendar":
// tokens that are limited to other parts do not reach it. The default is
// who.AdminRoom for administrators' routes, and who.AccountRoom.
func In(room string) Option { return func(r *Route) { r.room = room } }

// Shares says that writing here gives others access to something, which a token
// must be allowed to.
func Shares() Option { return func(r *Route) { r.shares = true } }

// Right lets those call too who hold a right of this name without being of the
// route's audience.
func Right(name string) Option { return func(r *Route) { r.right = name } }

// MaxBody lets a request to the route carry n bytes; negative: any number. The
// default is 1 MiB, and any number for prefixes.
func MaxBody(n int64) Option { return func(r *Route) { r.maxBody = n } }

// PerMinute lets one principal, or one address when nobody is signed in, call
// the route n times a minute.
func PerMinute(n int) Option { return func(r *Route) { r.limit = float64(n) } }

// Limit is how many calls a minute one principal, or one address when nobody is
// signed in, may make; 0: as many as all routes together allow.
func (r *Route) Limit() float64 { return r.limit }

const defaultMaxBody = 1 << 20

// Mux finds the route of a request. It matches the escaped path segment by
// segment and decodes each segment on its own, so that %2F stays inside one; it
// never redirects and never cleans. Empty segments, and thus a slash at the
// end, mean nothing.
type Mux struct {
	// Switches tells which part registers a route, and which parts are off: their
	// routes are unknown then. It is set before the first route; nil: all are on.
	Switches *switches.Set

	root   node
	routes []*Route
}

type node struct {
	lit    map[string]*node
	param  *node
	here   map[string]*Route // method → route that ends here
	rest   map[string]*Route // method → route that takes all that follows
	prefix *Route
}

// NewMux returns a Mux without routes.
func NewMux() *Mux { return &Mux{} }

// Handle registers a route. A pattern consists of literal segments, {name} for
// one segment and {name...} for the rest, of which there must be something:
// "/index.php/avatar/{user}/{size}". A segment called {token} is a secret, and so is
// the path of a Link route: the log shows the pattern in place of it. With and without the /index.php in front is
// the same route. GET also serves HEAD. A route that cannot be, such as one
// registered twice, panics: it is a mistake in the program.
func (m *Mux) Handle(method, pattern string, p Policy, h Handler, opts ...Option) {
	m.add(&Route{Method: method, Pattern: pattern, Policy: p, handler: h, maxBody: defaultMaxBody}, opts)
}

// Prefix registers a handler for a path and all below it that no other route
// matches, with every method. It reads r.URL.EscapedPath itself.
func (m *Mux) Prefix(prefix string, p Policy, h Handler, opts ...Option) {
	m.add(&Route{Method: "*", Pattern: prefix, Policy: p, handler: h, maxBody: -1, prefix: true}, opts)
}

// Routes returns the route table in the order of registration.
func (m *Mux) Routes() []Route {
	out := make([]Route, len(m.routes))
	for i, r := range m.routes {
		out[i] = *r
	}
	return out
}

// With returns a Mux with the same routes and policies whose handlers are all
// h. The authorisation matrix walks one, so that no real handler runs.
func (m *Mux) With(h Handler) *Mux {
	out := NewMux()
	for _, r := range m.routes {
		c := *r
		c.handler = h
		out.add(&c, nil)
	}
	return out
}

func (m *Mux) add(r *Route, opts []Option) {
	for _, f := range opts {
		f(r)
	}
	r.part = m.Switches.Part()
	if !r.Policy.valid() || r.handler == nil || !strings.HasPrefix(r.Pattern, "/") {
		panic(fmt.Sprintf("web: route %s %s needs a policy, a handler and a pattern that starts with a slash", r.Method, r.Pattern))
	}
	if r.room == "" {
		r.room = who.AccountRoom
		if r.Policy&audience >= GroupAdmin {
			r.room = who.AdminRoom
		}
	}
	r.params = nil
	n := &m.root
	path := stripFront(r.Pattern)
	for {
		var seg string
		seg, path = cut(path)
		if seg == "" {
			break
		}
		if name, ok := strings.CutSuffix(seg, "...}"); ok {
			r.params = append(r.params, name[1:])
			n.set(&n.rest, r)
			r.hide()
			m.routes = append(m.routes, r)
			return
		}
		n = n.child(seg, r)
	}
	r.hide()
	if r.prefix {
		if n.prefix != nil {
			panic("web: prefix registered twice: " + r.Pattern)
		}
		n.prefix = r
	} else {
		n.set(&n.here, r)
	}
	m.routes = append(m.routes, r)
}

// hide keeps a secret path out of the log.
func (r *Route) hide() {
	r.secret = slices.Contains(r.params, "token") || r.Policy&audience == Link
}

func (n *node) child(seg string, r *Route) *node {
	if seg[0] == '{' {
		r.params = append(r.params, strings.Trim(seg, "{}"))
		if n.param == nil {
			n.param = &node{}
		}
		return n.param
	}
	if n.lit == nil {
		n.lit = map[string]*node{}
	}
	if n.lit[seg] == nil {
		n.lit[seg] = &node{}
	}
	return n.lit[seg]
}

func (n *node) set(at *map[string]*Route, r *Route) {
	if *at == nil {
		*at = map[string]*Route{}
	}
	if (*at)[r.Method] != nil {
		panic("web: route registered twice: " + r.Method + " " + r.Pattern)
	}
	(*at)[r.Method] = r
}

// maxParams bounds how many named segments a match can carry.
const maxParams = 8

type match struct {
	route  *Route
	vals   [maxParams]string
	n      int
	wrongs map[string]*Route // the path is known, but only with these methods
}

// find looks up the route of a method and an escaped path.
func (m *Mux) find(method, path string) (f match) {
	path = stripFront(path)
	if m.root.walk(method, path, &f, 0) {
		return f
	}
	f.route = nil
	if f.wrongs == nil {
		f.route = m.root.deepest(path)
	}
	return f
}

// walk prefers literal segments, then named ones, then the rest.
func (n *node) walk(method, path string, f *match, depth int) bool {
	seg, after := cut(path)
	if seg == "" {
		return f.take(n.here, method, depth)
	}
	name := unescape(seg)
	if c := n.lit[name]; c != nil && c.walk(method, after, f, depth) {
		return true
	}
	if n.param != nil && depth < maxParams {
		f.vals[depth] = name
		if n.param.walk(method, after, f, depth+1) {
			return true
		}
	}
	// A prefix says more than "the rest".
	if c := n.lit[name]; c != nil && c.deepest(after) != nil {
		return false
	}
	if n.rest != nil && depth < maxParams {
		f.vals[depth] = unescape(strings.TrimLeft(path, "/"))
		return f.take(n.rest, method, depth+1)
	}
	return false
}

func (f *match) take(routes map[string]*Route, method string, n int) bool {
	r := live(routes, method)
	if r == nil && method == http.MethodHead {
		r = live(routes, http.MethodGet)
	}
	if r == nil {
		for other := range routes {
			if live(routes, other) != nil {
				f.wrongs = routes
			}
		}
		return false
	}
	f.route, f.n = r, n
	return true
}

// live is the route of a method, nil if there is none or its part is switched off.
func live(routes map[string]*Route, method string) *Route {
	if r := routes[method]; r != nil && !r.part.Off() {
		return r
	}
	return nil
}

func (n *node) deepest(path string) *Route {
	found := n.prefix
	for {
		var seg string
		if seg, path = cut(path); seg == "" {
			return found
		}
		if n = n.lit[unescape(seg)]; n == nil {
			return found
		}
		if n.prefix != nil && !n.prefix.part.Off() {
			found = n.prefix
		}
	}
}

// allow is the Allow header for a path that has no route with the method asked.
func allow(routes map[string]*Route) string {
	var out []string
	for m := range routes {
		if live(routes, m) == nil {
			continue
		}
		out = append(out, m)
		if m == http.MethodGet {
			out = append(out, http.MethodHead)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// stripFront takes the /index.php off, which some clients write in front of
// every path.
func stripFront(path string) string {
	if seg, rest := cut(path); seg == "index.php" {
		return rest
	}
	return path
}

// cut splits off the first segment; it is "" at the end.
func cut(path string) (seg, rest string) {
	i := 0
	for i < len(path) && path[i] == '/' {
		i++
	}
	path = path[i:]
	if j := strings.IndexByte(path, '/'); j >= 0 {
		return path[:j], path[j:]
	}
	return path, ""
}

func unescape(seg string) string {
	if strings.IndexByte(seg, '%') < 0 {
		return seg
	}
	s, err := url.PathUnescape(seg)
	if err != nil {
		return seg // URL parsing let it pass, so this is the literal text
	}
	return s
}

func notFound(http.ResponseWriter, *http.Request) error {
	return fault.New(fault.NotFound, "There is nothing at this address.")
}
