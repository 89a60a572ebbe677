package sharees

import (
	"context"
	"net/url"

	"atrium/internal/base/who"
	"atrium/internal/proto/plug"
)

// finder is the provider of people of the unified search: whom a share dialogue
// shows to somebody, it shows too.
type finder struct{ *Room }

// About implements plug.Searcher.
func (finder) About(context.Context, *who.Principal) (plug.Provider, bool) {
	return plug.Provider{App: "profile", Name: "People", Icon: "icon-user", Order: 9}, true
}

// Search implements plug.Searcher. The cursor is the page before.
func (f finder) Search(ctx context.Context, w plug.Wanted) (out plug.Found, err error) {
	if w.Term == "" || w.Cursor < 0 || w.Cursor > maxPages {
		return out, nil
	}
	us, more, err := f.People(ctx, w.Who, w.Term, int(w.Cursor)+1, w.Limit)
	if err != nil {
		return out, err
	}
	for _, u := range us {
		id := url.PathEscape(u.ID)
		out.Hits = append(out.Hits, plug.Hit{Title: u.Display, Subline: unique(u), URL: "/u/" + id, Thumbnail: "/avatar/" + id + "/64", Icon: "icon-user", Rounded: true,
			Attributes: map[string]string{"userId": u.ID}})
	}
	if out.Paginated = more; more {
		out.Next = w.Cursor + 1
	}
	return out, nil
}

// maxPages bounds how far one pages through people.
const maxPages = 1000
