package davfiles

import (
	"context"
	"encoding/xml"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/proto/dav"
)

// searchable are the properties that can be compared and sorted by. A picture that
// does not say when it was taken has the time of the file, as the recorded server
// tells (11-dav-report-search/072).
var searchable = map[xml.Name]tree.Field{
	dv("displayname"):                        tree.ByName,
	dv("getcontenttype"):                     tree.ByType,
	dv("getlastmodified"):                    tree.ByMTime,
	nc("metadata-photos-original_date_time"): tree.ByTaken,
	oc("size"):                               tree.BySize,
	oc("fileid"):                             tree.ByID,
	nc("creation_time"):                      tree.ByCreated,
	nc("upload_time"):                        tree.ByUploaded,
}

// Search implements dav.Searcher. It looks at everything below the scope,
// whatever its depth says, as recorded (11-dav-report-search/049, 050); what it
// costs stands at tree.Search.
func (c collection) Search(ctx context.Context, q dav.Search) (iter.Seq2[dav.Resource, error], error) {
	top, err := c.Stat(ctx, q.Scope)
	if err != nil {
		return nil, err
	}
	folder, ok := top.Value.(*files.Entry)
	if !ok || !folder.IsDir() {
		return nil, fault.New(fault.Invalid, "Search is only supported on directories")
	}
	v, err := c.view(ctx)
	if err != nil {
		return nil, err
	}
	favs, err := c.Favorites(ctx, v.Who().ID)
	if err != nil {
		return nil, err
	}
	query := tree.Query{Limit: q.Limit, Offset: q.Offset}
	if query.Order, err = sortKeys(q.Order); err != nil {
		return nil, err
	}
	if q.Where == nil {
		return nil, fault.New(fault.Invalid, "The search has no condition.")
	}
	sets := map[[2]string]map[int64]bool{}
	if err := c.foreign(ctx, q.Where, sets); err != nil {
		return nil, err
	}
	if _, err := (&condition{favorites: favs, sets: sets, mount: folder.Mount}).pred(q.Where); err != nil {
		return nil, err
	}
	where := func(m *files.Mount) tree.Pred {
		p, _ := (&condition{favorites: favs, sets: sets, mount: m}).pred(q.Where) // tried above, and the mount makes no difference
		return p
	}
	found, err := v.Search(ctx, folder, where, query)
	if err != nil {
		return nil, err
	}
	return shown(v.Who().ID, found), nil
}

func sortKeys(order []dav.Order) (out []tree.Key, err error) {
	for _, o := range order {
		f, ok := searchable[o.Name]
		if !ok {
			return nil, fault.New(fault.Invalid, "requested order by property is not sortable")
		}
		out = append(out, tree.Key{Field: f, Desc: o.Descending})
	}
	if len(out) > 3 {
		return nil, fault.New(fault.Invalid, "A search sorts by three properties at most.")
	}
	return out, nil
}

// Bounds of a condition, which is tried on every file of a home.
const (
	maxTerms   = 50
	maxLiteral = 1000 // bytes
)

// foreign asks other rooms for the nodes that meet those comparisons in a d:where
// which they know: into goes by the property's name and the literal.
func (c collection) foreign(ctx context.Context, n *dav.Node, into map[[2]string]map[int64]bool) error {
	if len(into) > maxTerms {
		return errOperator
	}
	if names := dav.Names(n.Child(dav.NSDAV, "prop")); len(names) == 1 && names[0].Space == dav.NSNC {
		for name, f := range c.filters.All() {
			key := [2]string{name, n.ChildText(dav.NSDAV, "literal")}
			if name != names[0].Local || into[key] != nil || len(key[1]) > maxLiteral {
				continue
			}
			ids, err := f(ctx, key[1])
			if err != nil {
				return err
			}
			into[key] = ids
		}
	}
	for _, child := range n.Children {
		if err := c.foreign(ctx, child, into); err != nil {
			return err
		}
	}
	return nil
}

// condition turns a d:where into one on nodes, as seen through a mount.
type condition struct {
	favorites map[int64]bool
	sets      map[[2]string]map[int64]bool // what other rooms know, see foreign
	mount     *files.Mount
	terms     int
}

var errOperator = fault.New(fault.Invalid, "The search has an operator that is not known, or one without what it needs.")

func (c *condition) pred(n *dav.Node) (tree.Pred, error) {
	if c.terms++; c.terms > maxTerms || n.Name.Space != dav.NSDAV {
		return tree.Pred{}, errOperator
	}
	switch n.Name.Local {
	case "and":
		return c.several(tree.And, n)
	case "or":
		return c.several(tree.Or, n)
	case "not":
		if len(n.Children) != 1 {
			return tree.Pred{}, errOperator
		}
		return c.several(tree.Not, n)
	case "is-collection":
		return isFolder, nil
	case "is-defined":
		return isDefined(n)
	}
	op, ok := comparisons[n.Name.Local]
	if !ok {
		return tree.Pred{}, errOperator
	}
	return c.compare(op, n)
}

var comparisons = map[string]tree.Op{"eq": tree.Eq, "lt": tree.Lt, "lte": tree.Lte, "gt": tree.Gt, "gte": tree.Gte, "like": tree.Like}

var isFolder = tree.Pred{Op: tree.Eq, Field: tree.ByType, Text: tree.FolderType}

func (c *condition) several(op tree.Op, n *dav.Node) (tree.Pred, error) {
	p := tree.Pred{Op: op}
	if len(n.Children) == 0 {
		return p, errOperator
	}
	for _, child := range n.Children {
		sub, err := c.pred(child)
		if err != nil {
			return p, err
		}
		p.Of = append(p.Of, sub)
	}
	return p, nil
}

// isDefined tells what has a property: files have some that folders have not.
func isDefined(n *dav.Node) (tree.Pred, error) {
	names := dav.Names(n.Child(dav.NSDAV, "prop"))
	if len(names) != 1 {
		return tree.Pred{}, errOperator
	}
	switch name := names[0]; {
	case name == dv("getcontenttype") || name == dv("getcontentlength") || name == nc("upload_time"):
		return tree.Pred{Op: tree.Not, Of: []tree.Pred{isFolder}}, nil
	case !live[name]:
		return tree.None(), nil
	}
	return tree.Pred{}, nil
}

// compare makes a comparison of a property with a literal.
func (c *condition) compare(op tree.Op, n *dav.Node) (tree.Pred, error) {
	names, lit := dav.Names(n.Child(dav.NSDAV, "prop")), n.Child(dav.NSDAV, "literal")
	if len(names) != 1 || lit == nil || len(lit.Text) > maxLiteral {
		return tree.Pred{}, errOperator
	}
	switch names[0] {
	case oc("favorite"):
		p := tree.Pred{Op: tree.In, Field: tree.ByID, IDs: c.favorites}
		if !yes[strings.ToLower(strings.TrimSpace(lit.Text))] {
			p = tree.Pred{Op: tree.Not, Of: []tree.Pred{p}}
		}
		return only(tree.Eq, op, p)
	case oc("owner-id"):
		if c.mount.Owner == strings.TrimSpace(lit.Text) {
			return only(tree.Eq, op, tree.Pred{})
		}
		return only(tree.Eq, op, tree.None())
	}
	if ids, ok := c.sets[[2]string{names[0].Local, strings.TrimSpace(lit.Text)}]; ok && names[0].Space == dav.NSNC && (op == tree.Eq || op == tree.Like) {
		return tree.Pred{Op: tree.In, Field: tree.ByID, IDs: ids}, nil
	}
	f, ok := searchable[names[0]]
	switch {
	case !ok && live[names[0]]:
		return tree.Pred{}, fault.New(fault.Invalid, "requested search property is not searchable")
	case !ok:
		return tree.Pred{}, fault.New(fault.Invalid, "requested search property is not a valid property for this scope")
	case f == tree.ByName || f == tree.ByType:
		return tree.Pred{Op: op, Field: f, Text: norm.NFC.String(lit.Text)}, nil
	case op == tree.Like:
		return tree.Pred{}, errOperator
	}
	num, ok := literal(f, strings.TrimSpace(lit.Text))
	if !ok { // a literal that is no such value compares with nothing (064)
		return tree.None(), nil
	}
	return tree.Pred{Op: op, Field: f, Num: num}, nil
}

func only(want, op tree.Op, p tree.Pred) (tree.Pred, error) {
	if op != want {
		return tree.Pred{}, errOperator
	}
	return p, nil
}

var yes = map[string]bool{"1": true, "yes": true, "true": true}

// timeLayouts are how phones write times, beside Unix seconds.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02", http.TimeFormat}

// literal reads a number or a time.
func literal(f tree.Field, s string) (int64, bool) {
	whole, _, _ := strings.Cut(s, ".")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
		return n, true
	}
	if f == tree.BySize || f == tree.ByID {
		return 0, false
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), true
		}
	}
	return 0, false
}

var _ dav.Searcher = collection{}
