package scim

import (
	"cmp"
	"context"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// api plugs in what administrators and their scripts call, by the names of the
// commands. The settings are among those of the server.
func (rm *Room) api(m *ocs.Mux) {
	const root = "/apps/scim/api/v1/"
	ocs.Handle(m, "GET "+root+"token", web.Admin, rm.tokens)
	ocs.Handle(m, "POST "+root+"token", web.Admin|web.Confirmed, rm.makeToken)
	ocs.Handle(m, "DELETE "+root+"token/{name}", web.Admin|web.Confirmed, rm.endToken)
	ocs.Handle(m, "GET "+root+"recent", web.Admin, rm.recent)
	ocs.Handle(m, "POST "+root+"give", web.Admin|web.Confirmed, rm.give)
}

// instant is a time as the API writes it: RFC 3339 in UTC, "" for never.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// shownToken is a token on the wire; its secret is told when it is made, and never
// again.
type shownToken struct {
	Name    string `json:"name"`
	Made    string `json:"made"`
	Used    string `json:"used"` // to the hour; "" for never
	Expires string `json:"expires"`
	Ended   bool   `json:"ended"`
	Token   string `json:"token,omitempty"`
}

// tokens answers GET …/token with {"address": …, "tokens": […]}; address is what a
// provider is told of this server.
func (rm *Room) tokens(ctx context.Context, _ *ocs.Request) (any, error) {
	out := []shownToken{}
	for t, err := range rm.Tokens(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, shownToken{Name: t.Name, Made: instant(t.Made), Used: instant(t.Used), Expires: instant(t.Expires), Ended: !t.Expires.IsZero() && !rm.Now().Before(t.Expires)})
	}
	return map[string]any{"address": web.VisitOf(ctx).Base() + base, "tokens": out}, nil
}

// makeToken answers POST …/token name= expires=, RFC 3339, a day such as 2027-01-31, or
// nothing for never.
func (rm *Room) makeToken(ctx context.Context, r *ocs.Request) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	var expires time.Time
	if said := in.Get("expires"); said != "" {
		if expires, err = time.Parse(time.DateOnly, said); err != nil {
			expires, err = time.Parse(time.RFC3339, said)
		}
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "This is no time.")
		}
	}
	secret, err := rm.AddToken(ctx, in.Get("name"), expires)
	return shownToken{Name: in.Get("name"), Made: instant(rm.Now()), Expires: instant(expires), Token: secret}, err
}

func (rm *Room) endToken(ctx context.Context, r *ocs.Request) (any, error) {
	return struct{}{}, rm.RemoveToken(ctx, r.Path("name"))
}

// Provisioned is a user or group of the providers'.
type Provisioned struct {
	Kind    string `json:"kind"`  // "user" or "group"
	ID      string `json:"id"`    // of the account or group here
	Name    string `json:"name"`  // as the provider says; of a user in small letters
	State   string `json:"state"` // "made" when nothing was changed since, "changed", or "removed"
	Changed string `json:"changed"`
	at      int64
}

const maxRecent = 100

// Recent are the users and groups that providers changed last, of each kind at most n,
// the newest first, and how many users and groups they have in all.
func (rm *Room) Recent(ctx context.Context, n int) (out []Provisioned, users, groups int64, err error) {
	scan := func(kind string) func(r db.Row) (Provisioned, error) {
		return func(r db.Row) (Provisioned, error) {
			p := Provisioned{Kind: kind, State: "changed"}
			var made, gone int64
			err := r.Scan(&p.ID, &p.Name, &made, &p.at, &gone)
			switch p.Changed = instant(time.UnixMilli(p.at)); {
			case gone != 0:
				p.State = "removed"
			case made == p.at:
				p.State = "made"
			}
			return p, err
		}
	}
	if out, err = db.List(ctx, rm.db, scan("user"), "SELECT uid, name, made, changed, gone FROM scim_user ORDER BY changed DESC, id LIMIT ?", n); err != nil {
		return nil, 0, 0, err
	}
	more, err := db.List(ctx, rm.db, scan("group"), "SELECT gid, display, made, changed, 0 FROM scim_group ORDER BY changed DESC, id LIMIT ?", n)
	if err != nil {
		return nil, 0, 0, err
	}
	if users, err = db.One(ctx, rm.db, db.Scan1[int64], "SELECT COUNT(*) FROM scim_user WHERE gone = 0"); err != nil {
		return nil, 0, 0, err
	}
	groups, err = db.One(ctx, rm.db, db.Scan1[int64], "SELECT COUNT(*) FROM scim_group")
	out = append(out, more...)
	slices.SortStableFunc(out, func(a, b Provisioned) int { return cmp.Compare(b.at, a.at) })
	return out[:min(n, len(out))], users, groups, err
}

// recent answers GET …/recent?limit=20.
func (rm *Room) recent(ctx context.Context, r *ocs.Request) (any, error) {
	n, err := r.Int("limit", 20)
	if err != nil || n < 1 || n > maxRecent {
		return nil, fault.New(fault.Invalid, "limit is from 1 to 100.")
	}
	list, users, groups, err := rm.Recent(ctx, int(n))
	if list == nil {
		list = []Provisioned{}
	}
	return map[string]any{"users": users, "groups": groups, "recent": list}, err
}

// give answers POST …/give uid= with {"id": …}, by which providers know the account.
func (rm *Room) give(ctx context.Context, r *ocs.Request) (any, error) {
	uid, err := r.Param("uid")
	if err != nil {
		return nil, err
	}
	id, err := rm.Give(ctx, uid)
	return map[string]string{"id": id}, err
}
