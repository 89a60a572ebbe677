package tags

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
)

// set makes a set of nodes.
func set(nodes []int64) map[int64]bool {
	out := make(map[int64]bool, len(nodes))
	for _, n := range nodes {
		out[n] = true
	}
	return out
}

// carrying is the rule oc:systemtag of reports: the nodes with the tag of an id.
// One that the caller does not see is 412 (11-dav-report-search/006).
func (rm *Room) carrying(ctx context.Context, value string) (map[int64]bool, error) {
	id, err := strconv.ParseInt(value, 10, 64)
	if err == nil {
		_, _, err = rm.shown(ctx, id)
	}
	if err != nil && (fault.Of(err) == fault.NotFound || errors.Is(err, strconv.ErrSyntax) || errors.Is(err, strconv.ErrRange)) {
		return nil, &dav.Error{Status: http.StatusPreconditionFailed, Exception: "PreconditionFailed", Text: "Cannot filter by non-existing tag"}
	}
	if err != nil {
		return nil, err
	}
	nodes, err := rm.carriers(ctx, id)
	return set(nodes), err
}

// matching lists the tags whose name is like a pattern, in which % is anything, as
// somebody sees them.
func (rm *Room) matching(ctx context.Context, p *who.Principal, pattern string) (out []Tag, err error) {
	all, err := rm.All(ctx)
	v := viewer{who: p}
	for _, t := range all {
		if v.sees(t) && like(low(t.Name), strings.Split(low(pattern), "%")) {
			out = append(out, t)
		}
	}
	return out, err
}

// like tells whether a text consists of parts with anything between them.
func like(s string, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return s == first
	}
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, ok := strings.Cut(s, part)
		if !ok {
			return false
		}
		s = rest
	}
	return true
}

// carryingNamed is the condition nc:system-tags of searches: the nodes with a tag
// whose name is like a pattern.
func (rm *Room) carryingNamed(ctx context.Context, pattern string) (map[int64]bool, error) {
	ts, err := rm.matching(ctx, who.From(ctx), pattern)
	if err != nil {
		return nil, err
	}
	nodes, err := rm.carriers(ctx, ids(ts)...)
	return set(nodes), err
}

func ids(ts []Tag) []int64 {
	out := make([]int64, len(ts))
	for i, t := range ts {
		out[i] = t.ID
	}
	return out
}

// finder is the provider "systemtags" of the unified search: files whose tags are
// like the term (34-apps/145).
type finder struct{ *Room }

// About implements plug.Searcher.
func (finder) About(context.Context, *who.Principal) (plug.Provider, bool) {
	return plug.Provider{App: "systemtags", Name: "Tags", Icon: "icon-tag", Order: 10}, true
}

// Search implements plug.Searcher.
func (f finder) Search(ctx context.Context, q plug.Wanted) (plug.Found, error) {
	out := plug.Found{Paginated: true, Next: q.Cursor + int64(q.Limit)}
	term := strings.ReplaceAll(q.Term, "%", "")
	if term == "" || !q.Who.MaySeeFiles() {
		return out, nil
	}
	ts, err := f.matching(ctx, q.Who, "%"+term+"%")
	if err != nil || len(ts) == 0 {
		return out, err
	}
	nodes, err := f.carriers(ctx, ids(ts)...)
	if err != nil {
		return out, err
	}
	view, err := f.files.As(ctx, q.Who)
	if err != nil {
		return out, err
	}
	there, err := seen(ctx, view, nodes)
	if err != nil {
		return out, err
	}
	var found []*files.Entry
	for _, e := range there {
		found = append(found, e)
	}
	slices.SortFunc(found, func(a, b *files.Entry) int { return b.MTime.Compare(a.MTime) })
	found = found[min(int(q.Cursor), len(found)):]
	page := found[:min(q.Limit, len(found))]
	if out.Hits, err = f.hits(ctx, page, ts); err == nil && len(page) > 0 && len(page) < q.Limit {
		for _, t := range ts {
			out.Hits = append(out.Hits, plug.Hit{Title: "All tagged " + t.Name + " …", URL: fmt.Sprintf("/apps/files/tags?dir=%d", t.ID), Icon: "icon-tag"})
		}
	}
	return out, err
}

func (f finder) hits(ctx context.Context, page []*files.Entry, ts []Tag) (out []plug.Hit, err error) {
	nodes := make([]int64, len(page))
	for i, e := range page {
		nodes[i] = e.ID
	}
	on, err := f.on(ctx, nodes)
	if err != nil {
		return nil, err
	}
	for _, e := range page {
		h := plug.Hit{Title: e.Base(), URL: fmt.Sprintf("/f/%d", e.ID), Icon: "icon-file",
			Attributes: map[string]string{"fileId": strconv.FormatInt(e.ID, 10), "path": e.Path}}
		for _, t := range on[e.ID] {
			if slices.ContainsFunc(ts, func(o Tag) bool { return o.ID == t.ID }) {
				h.Subline = "tagged " + t.Name
				break
			}
		}
		out = append(out, h)
	}
	return out, nil
}

var _ plug.Searcher = finder{}
