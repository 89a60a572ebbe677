package dav

import (
	"context"
	"encoding/xml"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
)

// Searcher serves SEARCH of scopes in its mount (RFC 5323 basicsearch).
type Searcher interface {
	Search(ctx context.Context, q Search) (iter.Seq2[Resource, error], error)
}

// Search is a basicsearch.
type Search struct {
	Scope  string // path below the mount
	Where  *Node  // the one operator in d:where, nil for everything
	Order  []Order
	Limit  int // 0: none
	Offset int
}

// Order is one key to sort by.
type Order struct {
	Name       xml.Name
	Descending bool
}

func (c *call) report() error {
	rep, ok := c.mount.c.(Reporter)
	if !ok {
		return notImplemented("REPORT")
	}
	levels, err := depth(c.r, 0)
	if err != nil {
		return err
	}
	root, err := readXML(c.r)
	if err != nil {
		return err
	}
	if root == nil {
		return fault.New(fault.Invalid, "The body of a REPORT must not be empty.")
	}
	res, err := c.stat()
	if err != nil {
		return err
	}
	q := Report{Name: root.Name, Body: root, Depth: levels}
	if done, err := c.reply(res, q); done || err != nil {
		return err
	}
	rs, err := rep.Report(c.r.Context(), res, q)
	if err != nil {
		return err
	}
	want := Names(root.Child(NSDAV, "prop"))
	implied := len(want) == 0
	if implied {
		want = c.mount.defaults()
	}
	s, err := newShape(c.r.Context(), c.mount, res, asking(want))
	if err != nil {
		return err
	}
	s.bare, s.minimal = root.Name.Space == NSOC, implied || wantsMinimal(c.r.Header)
	return s.stream(c.r.Context(), c.w, c.place, rs)
}

// reply answers a report with a document, if the collection has one for it.
func (c *call) reply(res Resource, q Report) (done bool, err error) {
	re, ok := c.mount.c.(Replier)
	if !ok {
		return false, nil
	}
	doc, err := re.Reply(c.r.Context(), res, q)
	if doc == nil || err != nil {
		return false, err
	}
	doc = append([]byte(`<?xml version="1.0"?>`+"\n"), doc...)
	c.w.Header().Set("Content-Type", xmlType)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(doc)))
	_, err = c.w.Write(doc)
	return true, err
}

// reportTop serves a report at the root above all mounts: it is about all
// principals (RFC 3744 9.4, 17-dav-misc/055 to 057).
func (m *Mux) reportTop(w http.ResponseWriter, r *http.Request) error {
	p, err := m.place(Principals, "/")
	if err != nil {
		return errNotHere
	}
	p.base = m.Base + "/" + Principals
	return (&call{Mux: m, place: p, w: w, r: r}).report()
}

func asking(names []xml.Name) *ask {
	names = unique(names)
	return &ask{names: names, tags: tags(names)}
}

// UnknownReport is what Reporters say of a report that they do not know.
func UnknownReport(name xml.Name) error {
	return &Error{Status: http.StatusUnsupportedMediaType, Exception: "ReportNotSupported",
		Text:  "The {" + name.Space + "}" + name.Local + " REPORT is not supported on this address.",
		Extra: "  <d:supported-report/>\n"}
}

func (c *call) search() error { return c.searchTop(c.w, c.r) }

// searchTop serves SEARCH. The scope's href is a path below the root of all
// mounts, "/files/alice", or a whole URL (11-dav-report-search).
func (m *Mux) searchTop(w http.ResponseWriter, r *http.Request) error {
	if !strings.Contains(r.Header.Get("Content-Type"), "xml") {
		return notImplemented("SEARCH")
	}
	root, err := readXML(r)
	if err != nil {
		return err
	}
	basic := root.Child(NSDAV, "basicsearch")
	if basic == nil || rootIs(root, "searchrequest") != nil {
		return fault.New(fault.Invalid, "Only a searchrequest with basicsearch is understood.")
	}
	at, err := m.scope(r.Context(), basic.Child(NSDAV, "from").Child(NSDAV, "scope").ChildText(NSDAV, "href"))
	if err != nil {
		return err
	}
	searcher, ok := at.mount.c.(Searcher)
	if !ok {
		return fault.New(fault.Invalid, "This tree cannot be searched.")
	}
	q, err := searchOf(basic)
	if err != nil {
		return err
	}
	q.Scope = at.path
	rs, err := searcher.Search(r.Context(), q)
	if err != nil {
		return err
	}
	want := Names(basic.Child(NSDAV, "select").Child(NSDAV, "prop"))
	if len(want) == 0 {
		want = at.mount.defaults()
	}
	s, err := newShape(r.Context(), at.mount, Resource{Path: at.path, Dir: true}, asking(want))
	if err != nil {
		return err
	}
	return s.stream(r.Context(), w, at, rs)
}

func (m *Mux) scope(ctx context.Context, href string) (*place, error) {
	if href == "" {
		return nil, fault.New(fault.Invalid, "The search has no scope.")
	}
	u, err := url.Parse(href)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The scope of the search is not a valid address.")
	}
	p := u.EscapedPath()
	if !strings.HasPrefix(p, m.Base+"/") {
		p = m.Base + "/" + strings.TrimLeft(p, "/")
	}
	return m.locate(ctx, p)
}

func searchOf(basic *Node) (q Search, err error) {
	if w := basic.Child(NSDAV, "where"); w != nil && len(w.Children) > 0 {
		q.Where = w.Children[0]
	}
	if ob := basic.Child(NSDAV, "orderby"); ob != nil {
		for _, o := range ob.Children {
			for _, name := range Names(o.Child(NSDAV, "prop")) {
				q.Order = append(q.Order, Order{Name: name, Descending: o.Child(NSDAV, "descending") != nil})
			}
		}
	}
	limit := basic.Child(NSDAV, "limit")
	if q.Limit, err = count(limit.ChildText(NSDAV, "nresults")); err != nil {
		return q, err
	}
	offset := ""
	for _, ns := range []string{nsSearch, NSNC, NSDAV} {
		if offset == "" {
			offset = limit.ChildText(ns, "firstresult")
		}
	}
	q.Offset, err = count(offset)
	return q, err
}

// nsSearch is the namespace of d:limit's firstresult (11-dav-report-search/043).
const nsSearch = "https://github.com/icewind1991/SearchDAV/ns"

func count(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "A limit of the search is not a number.")
	}
	return n, nil
}
