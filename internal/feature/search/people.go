package search

import (
	"cmp"
	"context"
	"net/url"
	"strconv"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/plug"
)

// accounts is the provider of accounts, for those who administer them. Others get
// an answer without hits, as recorded (30-core/121): whom somebody may see is not
// for a search to tell.
type accounts struct{ *Room }

// About implements plug.Searcher.
func (accounts) About(_ context.Context, p *who.Principal) (plug.Provider, bool) {
	return plug.Provider{App: "settings", Name: "Users", Icon: "/apps/settings/img/users.svg", Order: 300}, mayAdminister(p)
}

func mayAdminister(p *who.Principal) bool {
	return p.Role == who.Admin && p.Scope.Allows(who.AdminRoom, who.Read)
}

// Search implements plug.Searcher.
func (a accounts) Search(ctx context.Context, w plug.Wanted) (plug.Found, error) {
	if !mayAdminister(w.Who) {
		return plug.Found{}, nil
	}
	out := plug.Found{Paginated: true, Next: w.Cursor + int64(w.Limit)}
	for u, err := range a.people.Users(ctx, identity.Query{Search: w.Term, Limit: w.Limit, Offset: int(w.Cursor)}) {
		if err != nil {
			return plug.Found{}, err
		}
		out.Hits = append(out.Hits, plug.Hit{Title: cmp.Or(u.Display, u.ID), Subline: u.ID, Rounded: true, Icon: "icon-user",
			Thumbnail: "/avatar/" + url.PathEscape(u.ID) + "/" + strconv.Itoa(64), URL: "/settings/users?search=" + url.QueryEscape(u.ID)})
	}
	return out, nil
}
