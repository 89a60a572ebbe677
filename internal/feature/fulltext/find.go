package fulltext

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/base/words"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

// contents is the provider of files by their text.
type contents struct{ *Room }

// About implements plug.Searcher.
func (contents) About(_ context.Context, p *who.Principal) (plug.Provider, bool) {
	return plug.Provider{App: App, Name: "In files", Icon: "/apps/files/img/app.svg", Order: 7}, p.MaySeeFiles()
}

// Search implements plug.Searcher: files that have all words of the term, the last
// of which may be the beginning of a word, the latest files first. What stands in
// quotation marks must stand so in the file. The subline is where they stand.
func (r contents) Search(ctx context.Context, w plug.Wanted) (plug.Found, error) {
	v, err := r.files.As(ctx, w.Who)
	if err != nil {
		return plug.Found{}, err
	}
	before := w.Cursor
	if before == 0 {
		before = math.MaxInt64
	}
	hits, last, err := r.find(ctx, v, w.Term, before, w.Limit)
	if err != nil {
		return plug.Found{}, err
	}
	out := plug.Found{Paginated: true, Next: last}
	for _, h := range hits {
		out.Hits = append(out.Hits, h.show())
	}
	return out, nil
}

// hit is a file and a piece of its text.
type hit struct {
	*files.Entry
	Snippet string
}

func (h *hit) show() plug.Hit {
	id := strconv.FormatInt(h.ID, 10)
	return plug.Hit{Title: h.Base(), Subline: h.Snippet, URL: "/f/" + id, Icon: "/core/img/filetypes/text.svg",
		Thumbnail: "/core/preview?x=32&y=32&fileId=" + id, Attributes: map[string]string{"fileId": id, "path": h.Path}}
}

// Bounds of one search.
const (
	askAtOnce = 60
	asksMost  = 8      // then the page ends, and the cursor leads on
	walkMost  = 20_000 // nodes in what others share
)

// find returns the first finds from before a file on, and the id of the last file
// that was looked at.
func (rm *Room) find(ctx context.Context, v *files.View, query string, before int64, limit int) ([]hit, int64, error) {
	l := &look{rm: rm, view: v, terms: words.Terms(query), phrases: phrases(query), limit: limit, last: before}
	if len(l.terms) == 0 {
		return nil, 0, nil
	}
	for _, r := range v.Reaches() {
		if !slices.Contains(l.spaces, r.Space) {
			l.spaces = append(l.spaces, r.Space)
		}
		if r.Root != r.Space {
			l.parts = append(l.parts, r)
		}
	}
	for range asksMost {
		if done, err := l.ask(ctx, nil); err != nil || done {
			return l.hits, l.last, err
		}
	}
	// Most of what the index has in these spaces is not for this view: look into
	// what is shared by itself, if that is little.
	if len(l.hits) == 0 && len(l.parts) > 0 {
		err := l.below(ctx)
		return l.hits, l.last, err
	}
	return l.hits, l.last, nil
}

// look is one search on its way.
type look struct {
	rm      *Room
	view    *files.View
	terms   []string
	phrases []string // folded
	spaces  []int64
	parts   []files.Reach
	limit   int
	hits    []hit
	last    int64
}

// ask looks at some candidates; done when there are enough finds or no more.
func (l *look) ask(ctx context.Context, only []int64) (done bool, err error) {
	docs, err := l.rm.index.find(ctx, l.spaces, l.terms, l.last, askAtOnce, only)
	if err != nil {
		return false, err
	}
	ids := make([]int64, len(docs))
	for i, d := range docs {
		ids[i] = d.node
	}
	seen, err := l.view.Seen(ctx, ids)
	if err != nil {
		return false, err
	}
	var texts map[int64]string
	for i, d := range docs {
		e := seen[d.node]
		if !d.is(e) {
			l.last = d.node
			continue
		}
		if len(l.hits) == l.limit {
			return true, nil
		}
		if texts[d.content] == "" { // this one's and those of the next
			if texts, err = l.rm.bodies(ctx, next(docs[i:], seen, l.limit-len(l.hits))); err != nil {
				return false, err
			}
		}
		l.last = d.node
		may, err := l.mayRead(ctx, e)
		if err != nil {
			return false, err
		}
		if text := texts[d.content]; may && holds(text, l.phrases) {
			l.hits = append(l.hits, hit{e, snippet(text, l.terms)})
		}
	}
	return len(docs) < askAtOnce, nil
}

// mayRead tells whether a piece of a file may be shown. Guards say so too.
func (l *look) mayRead(ctx context.Context, e *files.Entry) (bool, error) {
	err := l.view.MayRead(ctx, e)
	if k := fault.Of(err); err != nil && (k == fault.Internal || k == fault.Unavailable) {
		return false, err
	}
	return err == nil, nil
}

// next lists the contents of the next candidates that are seen.
func next(docs []doc, seen map[int64]*files.Entry, n int) (out []int64) {
	for _, d := range docs {
		if d.is(seen[d.node]) && len(out) < n {
			out = append(out, d.content)
		}
	}
	return out
}

// below looks at each file that is shared with the viewer.
func (l *look) below(ctx context.Context) error {
	var folders, ids []int64
	for _, r := range l.parts {
		folders, ids = append(folders, r.Root), append(ids, r.Root)
	}
	for len(folders) > 0 && len(ids) < walkMost {
		batch := slices.Clone(folders[max(0, len(folders)-200):])
		folders = folders[:len(folders)-len(batch)]
		for n, err := range l.rm.tree.Below(ctx, l.rm.db, batch) {
			if err != nil {
				return err
			}
			if n.IsDir() {
				folders = append(folders, n.ID)
			} else if n.ID < l.last || len(l.hits) == 0 {
				ids = append(ids, n.ID)
			}
		}
	}
	slices.SortFunc(ids, func(a, b int64) int { return int(min(max(b-a, -1), 1)) })
	l.last = math.MaxInt64
	for batch := range slices.Chunk(ids, 500) {
		if _, err := l.ask(ctx, batch); err != nil {
			return err
		}
		if len(l.hits) >= l.limit {
			break
		}
	}
	return nil
}

// phrases are the parts of a query in quotation marks, folded.
func phrases(query string) (out []string) {
	for i, part := range strings.Split(query, `"`) {
		if p := words.Fold(strings.Join(strings.Fields(part), " ")); i%2 == 1 && p != "" {
			out = append(out, p)
		}
	}
	return out
}

func holds(text string, phrases []string) bool {
	if len(phrases) == 0 {
		return true
	}
	folded := strings.Join(strings.Fields(words.Fold(text)), " ")
	return !slices.ContainsFunc(phrases, func(p string) bool { return !strings.Contains(folded, p) })
}

// Bounds of a snippet, in bytes.
const (
	snippetBefore = 60
	snippetAfter  = 140
	placesMost    = 200
)

// snippet cuts from a text the piece in which most of the terms stand.
func snippet(text string, terms []string) string {
	type place struct{ at, term int }
	var places []place
	for sp := range words.Spans(text) {
		w := words.Fold(text[sp.From:sp.To])
		for i, t := range terms {
			if strings.HasPrefix(w, t) && (i == len(terms)-1 || w == t) || len(t) < len(w) && strings.Contains(w, t) && t[0] >= 0x80 {
				places = append(places, place{sp.From, i})
				break
			}
		}
		if len(places) == placesMost {
			break
		}
	}
	best, most := 0, 0
	for i, p := range places {
		has := map[int]bool{}
		for _, q := range places[i:] {
			if q.at > p.at+snippetAfter {
				break
			}
			has[q.term] = true
		}
		if len(has) > most {
			best, most = p.at, len(has)
		}
	}
	return cut(text, best)
}

// cut takes the words around a place.
func cut(text string, at int) string {
	from, to := max(0, at-snippetBefore), min(len(text), at+snippetAfter)
	head, tail := "", ""
	if from > 0 {
		head = "… "
		if i := strings.IndexAny(text[from:at], " \n"); i >= 0 {
			from += i + 1
		} else {
			from = at
		}
	}
	if to < len(text) {
		tail = " …"
		if i := strings.LastIndexAny(text[at:to], " \n"); i > 0 {
			to = at + i
		}
	}
	return head + strings.Join(strings.Fields(strings.ToValidUTF8(text[from:to], "")), " ") + tail
}

// counts tells how far the index is. Scans have no text that counts, and are not
// read.
type counts struct{ Files, Waiting, Texts, Unreadable, Scans int }

func (rm *Room) count(ctx context.Context) (c counts, err error) {
	for _, q := range []struct {
		to  *int
		sql string
	}{
		{&c.Files, "SELECT COUNT(*) FROM text_doc"}, {&c.Waiting, "SELECT COUNT(*) FROM text_doc WHERE due = 1"},
		{&c.Texts, "SELECT COUNT(*) FROM text_body WHERE state = 1"}, {&c.Unreadable, "SELECT COUNT(*) FROM text_body WHERE state = 2"},
		{&c.Scans, "SELECT COUNT(*) FROM text_body WHERE state = 3"},
	} {
		n, e := db.One(ctx, rm.db, db.Scan1[int], q.sql)
		*q.to, err = n, errors.Join(err, e)
	}
	return c, err
}
