package dav

import (
	"encoding/xml"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"atrium/internal/base/fault"
)

// forever is Depth: infinity.
const forever = 1 << 30

// depth reads the Depth header; missing is def.
func depth(r *http.Request, def int) (int, error) {
	switch d := strings.ToLower(strings.TrimSpace(r.Header.Get("Depth"))); d {
	case "":
		return def, nil
	case "infinity":
		return forever, nil
	default:
		n, err := strconv.Atoi(d)
		if err != nil || n < 0 || n > 1000 {
			return 0, fault.New(fault.Invalid, "The Depth header must be 0, 1 or infinity.")
		}
		return n, nil
	}
}

// ask is what a PROPFIND wants to know. Clients send the same body again and
// again, so it is parsed once and kept.
type ask struct {
	names []xml.Name
	tags  []tag
	// implied names were not asked for one by one, so that nobody wants to know
	// which of them a resource has not.
	implied bool
}

// asks keeps parsed bodies by their text.
type asks struct {
	mu   sync.RWMutex
	seen map[string]*ask
}

// Bounds of what asks keeps.
const (
	asksMax    = 200
	asksLength = 8 << 10 // bytes of one body
)

func (a *asks) get(body []byte) *ask {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.seen[string(body)]
}

func (a *asks) put(body []byte, q *ask) {
	if len(body) > asksLength {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen == nil || len(a.seen) >= asksMax {
		a.seen = map[string]*ask{}
	}
	a.seen[string(body)] = q
}

// wanted reads a PROPFIND body.
func wanted(r *http.Request, mt *mount) (*ask, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if q := mt.asks.get(body); q != nil {
		return q, nil
	}
	names, implied, err := wantedNames(body, mt)
	if err != nil {
		return nil, err
	}
	q := &ask{names: names, tags: tags(names), implied: implied}
	mt.asks.put(body, q)
	return q, nil
}

// wantedNames parses a PROPFIND body. An empty one, allprop, propname and an
// empty prop element all mean the default set, as recorded
// (10-dav-files/011…013, 043).
func wantedNames(body []byte, mt *mount) (names []xml.Name, implied bool, err error) {
	if len(body) == 0 {
		return mt.defaults(), true, nil
	}
	root, err := ParseXML(body)
	if err != nil {
		return nil, false, err
	}
	if err := rootIs(root, "propfind"); err != nil {
		return nil, false, err
	}
	if names = Names(root.Child(NSDAV, "prop")); len(names) > 0 {
		return unique(names), false, nil
	}
	return unique(append(mt.defaults(), Names(root.Child(NSDAV, "include"))...)), true, nil
}

func unique(names []xml.Name) []xml.Name {
	out := names[:0:0]
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func wantsMinimal(h http.Header) bool {
	return strings.EqualFold(h.Get("Brief"), "t") || strings.Contains(strings.ReplaceAll(h.Get("Prefer"), " ", ""), "return=minimal")
}

func (c *call) propfind() error {
	levels, err := depth(c.r, 1)
	if err != nil {
		return err
	}
	want, err := wanted(c.r, c.mount)
	if err != nil {
		return err
	}
	res, err := c.stat()
	if err != nil {
		return err
	}
	s, err := newShape(c.r.Context(), c.mount, res, want)
	if err != nil {
		return err
	}
	s.minimal = wantsMinimal(c.r.Header) || want.implied
	c.w.Header().Set("DAV", c.Classes)
	rs := c.walk(res, levels)
	if page := paginated(c.r, res); page != nil && levels == 1 {
		if rs, err = page.cut(c.w.Header(), rs); err != nil {
			return err
		}
	}
	return s.stream(c.r.Context(), c.w, c.place, rs)
}

// walk yields a resource and what is below it, so many levels deep.
func (c *call) walk(top Resource, levels int) iter.Seq2[Resource, error] {
	return func(yield func(Resource, error) bool) {
		if !yield(top, nil) || levels == 0 || !top.Dir {
			return
		}
		type level struct {
			r    Resource
			left int
		}
		queue := []level{{top, levels}}
		for len(queue) > 0 {
			next := queue[0]
			queue = queue[1:]
			for r, err := range c.mount.c.List(c.r.Context(), next.r) {
				if !yield(r, err) || err != nil {
					return
				}
				if r.Dir && next.left > 1 {
					queue = append(queue, level{r, next.left - 1})
				}
			}
		}
	}
}

// page is a piece of a listing (10-dav-files/044, 045). The token is the etag
// of the folder: a client that pages through a folder while it changes is told
// to start again.
type page struct {
	token  string
	known  string
	offset int
	count  int
}

// pageMax is how many entries a page has at most.
const pageMax = 100000

func paginated(r *http.Request, top Resource) *page {
	h := r.Header
	if !strings.EqualFold(h.Get("X-NC-Paginate"), "true") || !top.Dir {
		return nil
	}
	p := &page{token: strings.Trim(top.ETag, `"`), known: h.Get("X-NC-Paginate-Token"), count: 100}
	if n, err := strconv.Atoi(h.Get("X-NC-Paginate-Count")); err == nil && n > 0 {
		p.count = min(n, pageMax)
	}
	if n, err := strconv.Atoi(h.Get("X-NC-Paginate-Offset")); err == nil && n > 0 {
		p.offset = n
	}
	return p
}

// cut reads the listing to its end, to know its length, and keeps the page.
func (p *page) cut(h http.Header, rs iter.Seq2[Resource, error]) (iter.Seq2[Resource, error], error) {
	if p.known != "" && p.known != p.token {
		return nil, fault.New(fault.Invalid, "The folder has changed; read it again from the start.")
	}
	var keep []Resource
	total := 0
	for r, err := range rs {
		if err != nil {
			return nil, err
		}
		if total >= p.offset && len(keep) < p.count {
			keep = append(keep, r)
		}
		total++
	}
	h.Set("X-NC-Paginate", "true")
	h.Set("X-NC-Paginate-Token", p.token)
	if p.known == "" {
		h.Set("X-NC-Paginate-Total", strconv.Itoa(total))
	}
	return Each(keep), nil
}

// Each yields resources that are already there.
func Each(rs []Resource) iter.Seq2[Resource, error] {
	return func(yield func(Resource, error) bool) {
		for _, r := range rs {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// serveTop serves the root above all mounts.
func (m *Mux) serveTop(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case "OPTIONS":
		return m.writeOptions(w, m.searcher())
	case "PROPFIND":
		return m.propfindTop(w, r)
	case "SEARCH":
		return m.searchTop(w, r)
	case "REPORT":
		return m.reportTop(w, r)
	case "GET", "HEAD":
		return sayWhere(w)
	}
	return errNotHere
}

var errNotHere = fault.New(fault.Denied, "This is not possible at the root.")

func (m *Mux) searcher() *mount {
	for _, mt := range m.mounts {
		if _, ok := mt.c.(Searcher); ok {
			return mt
		}
	}
	return &mount{}
}

func topMount() *mount { return &mount{props: []known{{Props: topProps{}}}} }

// propfindTop lists the mounts (10-dav-files/036).
func (m *Mux) propfindTop(w http.ResponseWriter, r *http.Request) error {
	levels, err := depth(r, 1)
	if err != nil {
		return err
	}
	want, err := wanted(r, topMount())
	if err != nil {
		return err
	}
	mt := topMount()
	s, err := newShape(r.Context(), mt, Resource{}, want)
	if err != nil {
		return err
	}
	s.minimal = wantsMinimal(r.Header) || want.implied
	rs := []Resource{{Path: "/", Dir: true}}
	if levels > 0 {
		for name, mt := range m.mounts {
			if mt.there() {
				rs = append(rs, Resource{Path: "/" + name, Dir: true})
			}
		}
		slices.SortFunc(rs, func(a, b Resource) int { return strings.Compare(a.Path, b.Path) })
	}
	w.Header().Set("DAV", m.Classes)
	return s.stream(r.Context(), w, &place{mount: mt, base: m.Base}, Each(rs))
}
