package tree

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// Query is a search for nodes below a folder.
type Query struct {
	Where  Pred
	Order  []Key // ids decide what is equal
	Limit  int   // 0: no limit
	Offset int
}

// Key is one field to sort by.
type Key struct {
	Field Field
	Desc  bool
}

// maxKeys is how many keys a search sorts by.
const maxKeys = 3

// Hit is what a search found, with what it is sorted by.
type Hit struct {
	ID    int64
	nums  [maxKeys]int64
	texts [maxKeys]string
}

// Search finds nodes below a folder, the folder itself not included, sorted by at
// most three keys.
//
// It costs one statement that walks all folders below and looks at each node in
// the engine, as there is no index that knows subtrees: 1 to 3 µs a node in SQLite. Ranges of time and size, media types and up to four patterns of names
// are tested there. If that is all of Where and there is one key to sort by, the
// engine sorts and cuts as well and only what is wanted comes out; else the rest
// is tested and sorted here, at some 6 µs for each node that comes out. Conditions
// that only certain ids can meet (favourites, one file) look at those ids alone,
// whatever the folder's size. Memory grows with Limit; without one, more than
// maxHits are refused with fault.Invalid.
func (t *Tree) Search(ctx context.Context, folder int64, q Query) ([]Hit, error) {
	types, err := t.Types(ctx)
	if err != nil {
		return nil, err
	}
	q.Order = q.Order[:min(len(q.Order), maxKeys)]
	s := &search{q: q, types: types}
	s.plan()
	switch {
	case s.ids != nil:
		err = s.amongIDs(ctx, t, folder)
	case s.exact && (len(q.Order) == 0 || len(q.Order) == 1 && columns[q.Order[0].Field] != ""):
		order, args := s.order()
		err = s.below(ctx, t, folder, order, args)
		return s.hits, err
	default:
		err = s.below(ctx, t, folder, "", nil)
	}
	if err != nil {
		return nil, err
	}
	s.sort()
	return s.hits[min(q.Offset, len(s.hits)):], nil
}

// HitOf is the hit that a node would be, for finds from elsewhere.
func (q *Query) HitOf(n *Node, mediaType string) Hit {
	h := Hit{ID: n.ID}
	for i, k := range q.Order[:min(len(q.Order), maxKeys)] {
		var isNumber bool
		if h.nums[i], isNumber = k.Field.number(n); !isNumber {
			h.texts[i] = k.Field.text(n, mediaType)
		}
		switch k.Field {
		case ByMTime:
			h.nums[i] = n.MTime.UnixNano()
		case ByTaken:
			h.nums[i] = n.takenNano()
		}
	}
	return h
}

// Compare orders two hits as the query asks.
func (q *Query) Compare(a, b Hit) int {
	for i, k := range q.Order[:min(len(q.Order), maxKeys)] {
		c := cmp.Or(cmp.Compare(a.nums[i], b.nums[i]), strings.Compare(a.texts[i], b.texts[i]))
		if k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(a.ID, b.ID)
}

// Types reads all media types by their number; there are few. That of folders is
// FolderType.
func (t *Tree) Types(ctx context.Context) (map[int32]string, error) {
	type row struct {
		id   int32
		text string
	}
	rows, err := db.List(ctx, t.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.id, &v.text) }, "SELECT id, type FROM mime")
	out := map[int32]string{0: FolderType}
	for _, r := range rows {
		out[r.id] = r.text
	}
	return out, err
}

// search is one Search on its way.
type search struct {
	q     Query
	types map[int32]string
	// What every node that Where holds for has; exact says that the reverse is
	// true as well, but for ids.
	mtime, size [2]int64 // nanoseconds, bytes
	mimes       []int32
	names       []string // patterns of which one matches, as SQL has them; none: any name
	ids         map[int64]bool
	exact       bool
	hits        []Hit
}

// maxPatterns is how many patterns of names the statement has room for; maxIDs
// how many ids are looked at one by one.
const (
	maxPatterns = 4
	maxIDs      = 10_000
)

// plan finds what the engine can test.
func (s *search) plan() {
	s.mtime, s.size, s.exact = [2]int64{math.MinInt64, math.MaxInt64}, [2]int64{math.MinInt64, math.MaxInt64}, true
	var typed []*Pred
	for _, p := range s.q.Where.conjuncts() {
		switch {
		case p.onlyType():
			typed = append(typed, p)
		case p.Field == ByMTime && p.Op >= Eq && p.Op <= Gte:
			narrow(&s.mtime, p.Op, seconds(p.Num), seconds(p.Num)+999_999_999)
		case p.Field == BySize && p.Op >= Eq && p.Op <= Gte:
			n := min(max(p.Num, math.MinInt64/2), math.MaxInt64/2)
			narrow(&s.size, p.Op, n, n)
		case p.Field == ByID && p.Op == Eq:
			s.only(map[int64]bool{p.Num: true})
		case p.Op == In && len(p.IDs) <= maxIDs:
			s.only(p.IDs)
		default:
			names, same := sqlPatterns(p)
			if names != nil && s.names == nil {
				s.names = names
			} else {
				same = false
			}
			s.exact = s.exact && same
		}
	}
	for id, text := range s.types {
		n := Node{Mime: id}
		if !slices.ContainsFunc(typed, func(p *Pred) bool { return !p.Holds(&n, text) }) {
			s.mimes = append(s.mimes, id)
		}
	}
}

func (s *search) only(ids map[int64]bool) {
	if s.ids == nil || len(ids) < len(s.ids) {
		s.ids = ids
	}
}

// seconds is the first nanosecond of a second, as far as nanoseconds reach.
func seconds(sec int64) int64 {
	return min(max(sec, math.MinInt64/1_000_000_000), math.MaxInt64/1_000_000_000-1) * 1_000_000_000
}

// narrow makes a range what a comparison with first to last leaves of it.
func narrow(r *[2]int64, op Op, first, last int64) {
	switch op {
	case Eq:
		r[0], r[1] = max(r[0], first), min(r[1], last)
	case Lt:
		r[1] = min(r[1], first-1)
	case Lte:
		r[1] = min(r[1], last)
	case Gt:
		r[0] = max(r[0], last+1)
	case Gte:
		r[0] = max(r[0], first)
	}
}

// sqlPatterns turns a Like of names, or an Or of some, into patterns of SQL that
// match at least the same names; nil if p is something else. same says that they
// match no others.
func sqlPatterns(p *Pred) (out []string, same bool) {
	likes := []Pred{*p}
	if p.Op == Or && len(p.Of) > 0 {
		likes = p.Of
	}
	if len(likes) > maxPatterns {
		return nil, false
	}
	same = true
	for _, l := range likes {
		if l.Op != Like || l.Field != ByName {
			return nil, false
		}
		pat, exact := sqlPattern(l.Text)
		out, same = append(out, pat), same && exact
	}
	return out, same
}

// sqlPattern writes a pattern so that engines which know case only of ASCII, or
// count bytes, find all that match: other letters become %. The escape is |.
func sqlPattern(pattern string) (string, bool) {
	var b strings.Builder
	exact := true
	for _, tok := range likeTokens(pattern) {
		switch {
		case tok.wild == '_':
			b.WriteString("_%")
			exact = false
		case tok.wild == '%' || tok.lit >= 0x80 || tok.lit == '?':
			b.WriteByte('%')
			exact = exact && tok.wild == '%'
		case strings.ContainsRune("%_|", tok.lit):
			b.WriteString("|" + string(tok.lit))
		default:
			b.WriteRune(tok.lit)
		}
	}
	return b.String(), exact
}

const hitColumns = "n.id, n.name, n.size, n.mtime, n.mime, n.created, n.uploaded, "

func scanHit(r db.Row) (n Node, err error) {
	var mtime int64
	err = r.Scan(&n.ID, &n.Name, &n.Size, &mtime, &n.Mime, &n.Created, &n.Uploaded, &n.Taken)
	n.MTime = time.Unix(0, mtime)
	return n, err
}

// likeName is how an engine matches names without regard to the case of ASCII.
// MariaDB's names are bytes; what is not ASCII in them becomes a question mark.
func likeName(d db.Dialect) string {
	switch d {
	case db.Postgres:
		return "n.name ILIKE ? ESCAPE '|'"
	case db.MySQL:
		return "CONVERT(n.name USING ascii) COLLATE ascii_general_ci LIKE ? ESCAPE '|'"
	}
	return "n.name LIKE ? ESCAPE '|'"
}

// statement is the search below a folder. Its text has few forms, since
// statements are kept prepared.
func (s *search) statement(d db.Dialect, folder int64, order string) (string, []any) {
	taken, join := "0", ""
	if s.q.dated() {
		taken, join = "COALESCE(k.at, 0)", " LEFT JOIN taken k ON k.content = n.content"
	}
	q := `WITH RECURSIVE below (id) AS (
		SELECT id FROM node WHERE id = ?
		UNION ALL SELECT f.id FROM below JOIN node f ON f.parent = below.id WHERE f.kind = ?)
		SELECT ` + hitColumns + taken + ` FROM below JOIN node n ON n.parent = below.id` + join + `
		WHERE n.mtime >= ? AND n.mtime <= ? AND n.size >= ? AND n.size <= ?`
	args := []any{folder, Folder, s.mtime[0], s.mtime[1], s.size[0], s.size[1]}
	if len(s.mimes) < len(s.types) {
		q += " AND n.mime IN (?)"
		args = append(args, s.mimes)
	}
	if s.names != nil {
		one := likeName(d)
		q += " AND (" + one + strings.Repeat(" OR "+one, maxPatterns-1) + ")"
		for i := range maxPatterns {
			args = append(args, s.names[min(i, len(s.names)-1)])
		}
	}
	return q + order, args
}

var columns = map[Field]string{ByName: "n.name", ByMTime: "n.mtime", BySize: "n.size", ByID: "n.id", ByCreated: "n.created", ByUploaded: "n.uploaded",
	ByTaken: "COALESCE(NULLIF(k.at, 0) * 1000000000, n.mtime)"}

// order has the engine sort and cut.
func (s *search) order() (string, []any) {
	order := " ORDER BY "
	if len(s.q.Order) == 1 {
		order += columns[s.q.Order[0].Field]
		if s.q.Order[0].Desc {
			order += " DESC"
		}
		order += ", "
	}
	limit := s.q.Limit
	if limit == 0 {
		limit = maxHits + 1
	}
	return order + "n.id LIMIT ? OFFSET ?", []any{limit, s.q.Offset}
}

// errMany refuses a search that would fill the memory.
var errMany = fault.New(fault.Invalid, "Too many files match; ask for a limited number.")

// maxHits bounds how many finds are gathered, at 80 bytes each.
const maxHits = 200_000

func (s *search) below(ctx context.Context, t *Tree, folder int64, order string, more []any) error {
	if len(s.mimes) == 0 {
		return nil
	}
	q, args := s.statement(t.db.Dialect(), folder, order)
	for n, err := range db.All(ctx, t.db, scanHit, q, append(args, more...)...) {
		if err != nil {
			return err
		}
		if !s.exact && !s.q.Where.Holds(&n, s.types[n.Mime]) {
			continue
		}
		if err := s.keep(s.q.HitOf(&n, s.types[n.Mime])); err != nil {
			return err
		}
	}
	return nil
}

// keep adds a hit, and drops what cannot be among those that are wanted.
func (s *search) keep(h Hit) error {
	s.hits = append(s.hits, h)
	want := s.q.Limit + s.q.Offset
	if s.q.Limit > 0 && len(s.hits) >= 2*want+1000 {
		s.sort()
	}
	if len(s.hits) > maxHits {
		return errMany
	}
	return nil
}

// sort orders the hits and cuts what comes after the last that is wanted.
func (s *search) sort() {
	slices.SortFunc(s.hits, s.q.Compare)
	if want := s.q.Limit + s.q.Offset; s.q.Limit > 0 && len(s.hits) > want {
		s.hits = s.hits[:want]
	}
}

// amongIDs looks at certain nodes and whether they lie below the folder.
func (s *search) amongIDs(ctx context.Context, t *Tree, folder int64) error {
	ids := make([]int64, 0, len(s.ids))
	for id := range s.ids {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for batch := range slices.Chunk(ids, 500) {
		chains, err := t.Up(ctx, batch...)
		if err != nil {
			return err
		}
		if err := s.date(ctx, t, chains); err != nil {
			return err
		}
		for _, id := range batch {
			chain := chains[id]
			at := slices.IndexFunc(chain, func(n Node) bool { return n.ID == folder })
			if at < 0 || at == len(chain)-1 {
				continue
			}
			n := chain[len(chain)-1]
			if !s.q.Where.Holds(&n, s.types[n.Mime]) {
				continue
			}
			if err := s.keep(s.q.HitOf(&n, s.types[n.Mime])); err != nil {
				return err
			}
		}
	}
	return nil
}
