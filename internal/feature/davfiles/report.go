package davfiles

import (
	"context"
	"iter"
	"maps"
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

// Report implements dav.Reporter: oc:filter-files, which lists what in a folder
// and below meets all rules (11-dav-report-search/001…017).
func (c collection) Report(ctx context.Context, r dav.Resource, q dav.Report) (iter.Seq2[dav.Resource, error], error) {
	folder, ok := r.Value.(*files.Entry)
	if !ok || !folder.IsDir() || q.Name != oc("filter-files") {
		return nil, dav.UnknownReport(q.Name)
	}
	rules := q.Body.Child(dav.NSOC, "filter-rules")
	if rules == nil || len(rules.Children) == 0 {
		return nil, fault.New(fault.Invalid, "Missing filter-rule block in request")
	}
	limit, err := number32(q.Body.ChildText(dav.NSOC, "limit"))
	if err != nil {
		return nil, err
	}
	offset, err := number32(q.Body.ChildText(dav.NSOC, "offset"))
	if err != nil {
		return nil, err
	}
	v, err := c.view(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := c.ruled(ctx, rules.Children)
	if err != nil {
		return nil, err
	}
	return cut(shown(v.Who().ID, v.Among(ctx, folder, ids)), offset, limit), nil
}

// filters are the conditions on files that other rooms know.
type filters = plug.Sockets[func(ctx context.Context, value string) (map[int64]bool, error)]

// errNoTag is what a tag is that nobody knows (11-dav-report-search/006).
var errNoTag = &dav.Error{Status: http.StatusPreconditionFailed, Exception: "PreconditionFailed", Text: "Cannot filter by non-existing tag"}

// ruled lists the ids that meet all rules. A rule nobody knows is met by nothing.
func (c collection) ruled(ctx context.Context, rules []*dav.Node) ([]int64, error) {
	var met map[int64]bool
	for i, rule := range rules {
		ids, err := c.rule(ctx, rule)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			met = ids
		}
		maps.DeleteFunc(met, func(id int64, _ bool) bool { return !ids[id] })
	}
	return slices.Collect(maps.Keys(met)), nil
}

// rule lists the ids that meet one rule.
func (c collection) rule(ctx context.Context, rule *dav.Node) (map[int64]bool, error) {
	if rule.Name == oc("favorite") { // its value does not matter (008)
		return c.Favorites(ctx, who.From(ctx).ID)
	}
	for name, f := range c.filters.All() {
		if rule.Name == oc(name) {
			return f(ctx, strings.TrimSpace(rule.Text))
		}
	}
	if rule.Name == oc("systemtag") {
		return nil, errNoTag
	}
	return nil, nil
}

func number32(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "A limit of the report is not a number.")
	}
	return int(n), nil
}

// shown makes resources of entries.
func shown(uid string, es iter.Seq2[*files.Entry, error]) iter.Seq2[dav.Resource, error] {
	return func(yield func(dav.Resource, error) bool) {
		for e, err := range es {
			if err != nil {
				yield(dav.Resource{}, err)
				return
			}
			if !yield(resource(uid, e), nil) {
				return
			}
		}
	}
}

// cut leaves out the first offset resources and what comes after limit more; a
// limit of 0 is none.
func cut(rs iter.Seq2[dav.Resource, error], offset, limit int) iter.Seq2[dav.Resource, error] {
	return func(yield func(dav.Resource, error) bool) {
		n := 0
		for r, err := range rs {
			if n++; err == nil && n <= offset {
				continue
			}
			if !yield(r, err) || limit > 0 && n == offset+limit {
				return
			}
		}
	}
}

var _ dav.Reporter = collection{}
