package comments

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"atrium/internal/base/who"
	"atrium/internal/core/identity/names"
	"atrium/internal/proto/plug"
)

// finder is the provider "comments" of the unified search (30-core/122).
type finder struct{ *Room }

// About implements plug.Searcher.
func (finder) About(context.Context, *who.Principal) (plug.Provider, bool) {
	return plug.Provider{App: "comments", Name: "Comments", Icon: "icon-comment", Order: 10}, true
}

// Bounds of a search: how many comments are looked at together, and at most.
const (
	findBatch = 200
	findMost  = 5000
)

// Search implements plug.Searcher: comments that contain the term on files that
// the caller sees, the newest first. It looks at 5,000 at most, a page begins
// where the one before ended.
func (f finder) Search(ctx context.Context, q plug.Wanted) (out plug.Found, err error) {
	if q.Term == "" || !q.Who.MaySeeFiles() {
		return out, nil
	}
	view, err := f.files.As(ctx, q.Who)
	if err != nil {
		return out, err
	}
	before := q.Cursor
	if before == 0 {
		before = math.MaxInt64
	}
	for seen := 0; seen < findMost; {
		some, err := f.matching(ctx, q.Term, before, findBatch)
		if err != nil {
			return out, err
		}
		nodes := make([]int64, len(some))
		for i, c := range some {
			nodes[i] = c.node
		}
		there, err := view.Seen(ctx, nodes)
		if err != nil {
			return out, err
		}
		people, err := f.authors(ctx, some)
		if err != nil {
			return out, err
		}
		for _, c := range some {
			before = c.id
			e := there[c.node]
			if e == nil {
				continue
			}
			out.Hits = append(out.Hits, plug.Hit{Title: excerpt(c.message), Subline: people[c.uid] + " on " + e.Base(), Icon: "icon-comment",
				URL: fmt.Sprintf("/f/%d", c.node), Attributes: map[string]string{"fileId": strconv.FormatInt(c.node, 10), "path": e.Path}})
			if len(out.Hits) == q.Limit {
				out.Paginated, out.Next = true, before
				return out, nil
			}
		}
		if seen += len(some); len(some) < findBatch {
			break
		}
	}
	return out, nil
}

func (f finder) authors(ctx context.Context, cs []comment) (map[string]string, error) {
	ids := make([]string, len(cs))
	for i, c := range cs {
		ids[i] = c.uid
	}
	out, err := names.Of(ctx, f.db, ids...)
	for _, c := range cs {
		if err == nil && out[c.uid] == "" {
			out[c.uid] = goneName
		}
	}
	return out, err
}

// excerpt is the beginning of a message.
func excerpt(message string) string {
	if r := []rune(message); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return message
}

var _ plug.Searcher = finder{}
