package sharees

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// value is what a client sends to share with a find.
type value struct {
	Kind shares.Kind `json:"shareType"`
	With string      `json:"shareWith"`
}

// user is an account that was found.
type user struct {
	Label   string `json:"label"`
	Subline string `json:"subline"`
	Icon    string `json:"icon"`
	Value   value  `json:"value"`
	Unique  string `json:"shareWithDisplayNameUnique"`
	Status  any    `json:"status"`
}

// group is a group that was found.
type group struct {
	Label string `json:"label"`
	Value value  `json:"value"`
}

// address is a mail address that can be shared with.
type address struct {
	Label string `json:"label"`
	UUID  string `json:"uuid"`
	Value value  `json:"value"`
}

// exact are the finds whose whole name was given. What needs other servers, teams or
// conversations is empty.
type exact struct {
	Users        []user    `json:"users"`
	Groups       []group   `json:"groups"`
	Remotes      []any     `json:"remotes"`
	RemoteGroups []any     `json:"remote_groups"`
	Emails       []address `json:"emails"`
	Circles      []any     `json:"circles"`
	Rooms        []any     `json:"rooms"`
}

// result is the answer of a search. All lists are always there (client-api §7).
type result struct {
	Exact        exact   `json:"exact"`
	Users        []user  `json:"users"`
	Groups       []group `json:"groups"`
	Remotes      []any   `json:"remotes"`
	RemoteGroups []any   `json:"remote_groups"`
	Emails       []any   `json:"emails"`
	Lookup       []any   `json:"lookup"`
	Circles      []any   `json:"circles"`
	Rooms        []any   `json:"rooms"`
	LookupOn     bool    `json:"lookupEnabled"`
}

func (f *found) answer() result {
	none := []any{}
	r := result{Exact: exact{Users: f.people(f.exactUsers), Groups: groups(f.exactGroups), Remotes: none, RemoteGroups: none, Emails: []address{},
		Circles: none, Rooms: none}, Users: f.people(f.users), Groups: groups(f.groups), Remotes: none, RemoteGroups: none, Emails: none,
		Lookup: none, Circles: none, Rooms: none}
	if f.mail != "" {
		r.Exact.Emails = []address{{f.mail, f.mail, value{shares.Mail, f.mail}}}
	}
	return r
}

func (f *found) people(us []*identity.User) []user {
	out := []user{}
	for _, u := range us {
		status := any([]any{})
		if s, ok := f.presence[u.ID]; ok {
			status = s
		}
		out = append(out, user{Label: u.Display, Icon: "icon-user", Value: value{shares.User, u.ID}, Unique: unique(u), Status: status})
	}
	return out
}

// unique tells people of the same name apart.
func unique(u *identity.User) string {
	if u.Mail != "" {
		return u.Mail
	}
	return u.ID
}

func groups(gs []identity.Group) []group {
	out := []group{}
	for _, g := range gs {
		out = append(out, group{g.Display, value{shares.Group, g.ID}})
	}
	return out
}

// kindsOf reads which kinds of recipients are asked for; none given are all.
func kindsOf(r *ocs.Request, name string) ([]shares.Kind, error) {
	given, err := r.List(name)
	if err != nil {
		return nil, err
	}
	if len(given) == 0 {
		return []shares.Kind{shares.User, shares.Group, shares.Mail}, nil
	}
	var out []shares.Kind
	for _, s := range given {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, fault.New(fault.Invalid, "Invalid share type")
		}
		out = append(out, shares.Kind(n))
	}
	return out, nil
}

// search answers share dialogues (32-sharing/140 to 149, 153, 215). There is a Link
// to the next page when there is one; the recorded server gave it when there was none.
func (rm *Room) search(ctx context.Context, r *ocs.Request) (any, error) {
	q := query{p: r.Caller()}
	var err error
	if q.text, err = r.Param("search"); err != nil {
		return nil, err
	}
	page, err := r.Int("page", 1)
	if err != nil {
		return nil, err
	}
	perPage, err := r.Int("perPage", maxPage)
	if err != nil {
		return nil, err
	}
	itemType, err := r.Param("itemType")
	switch {
	case err != nil:
		return nil, err
	case perPage < 1:
		return nil, fault.New(fault.Invalid, "Invalid perPage argument")
	case page < 1 || page > 1000:
		return nil, fault.New(fault.Invalid, "Invalid page")
	case itemType == "":
		return nil, fault.New(fault.Invalid, "Missing itemType")
	}
	q.page, q.perPage = int(page), int(min(perPage, maxPage))
	if q.kinds, err = kindsOf(r, "shareType"); err != nil {
		return nil, err
	}
	f, err := rm.find(ctx, q)
	if err != nil || !f.more {
		return f.answer(), err
	}
	next := url.Values{"search": {q.text}, "itemType": {itemType}, "perPage": {strconv.Itoa(q.perPage)}, "page": {strconv.Itoa(q.page + 1)}}
	for _, k := range q.kinds {
		next.Add("shareType[]", strconv.Itoa(int(k)))
	}
	link := "<" + web.VisitOf(ctx).Base() + r.URL.Path + "?" + next.Encode() + `>; rel="next"`
	return ocs.Answer{Data: f.answer(), Header: http.Header{"Link": {link}}}, nil
}

// often is a recipient that something is shared with, and how often.
type often struct {
	Count int    `json:"count"`
	Label string `json:"label"`
	Value value  `json:"value"`
}

// familiar is with whom one shares often.
type familiar struct {
	Users        []often `json:"users"`
	Groups       []often `json:"groups"`
	Remotes      []often `json:"remotes"`
	RemoteGroups []often `json:"remote_groups"`
	Emails       []often `json:"emails"`
}

func nobody() familiar {
	return familiar{[]often{}, []often{}, []often{}, []often{}, []often{}}
}

// maxOften is how many of them are suggested.
const maxOften = 15

// recommended answers with whom the caller shares often (32-sharing/150).
func (rm *Room) recommended(ctx context.Context, r *ocs.Request) (any, error) {
	itemType, err := r.Param("itemType")
	if err == nil && itemType == "" {
		err = fault.New(fault.Invalid, "Missing itemType")
	}
	if err != nil {
		return nil, err
	}
	kinds, err := kindsOf(r, "shareType")
	if err != nil {
		return nil, err
	}
	all, err := rm.shares.Often(ctx, r.Caller(), maxOften)
	if err != nil {
		return nil, err
	}
	names, err := rm.names(ctx, all)
	if err != nil {
		return nil, err
	}
	top := nobody()
	for _, o := range all {
		name, there := names[value{o.Kind, o.Recipient}]
		if !there || !slices.Contains(kinds, o.Kind) {
			continue
		}
		to := map[shares.Kind]*[]often{shares.User: &top.Users, shares.Group: &top.Groups, shares.Mail: &top.Emails}[o.Kind]
		*to = append(*to, often{o.Count, name, value{o.Kind, o.Recipient}})
	}
	return struct {
		Exact familiar `json:"exact"`
		familiar
	}{top, nobody()}, nil
}

// names tells what recipients are called; those that are gone are left out.
func (rm *Room) names(ctx context.Context, all []shares.Often) (map[value]string, error) {
	out := map[value]string{}
	var uids, gids []string
	for _, o := range all {
		switch o.Kind {
		case shares.User:
			uids = append(uids, o.Recipient)
		case shares.Group:
			gids = append(gids, o.Recipient)
		default:
			out[value{o.Kind, o.Recipient}] = o.Recipient
		}
	}
	people, err := rm.dir.Some(ctx, uids)
	if err != nil {
		return nil, err
	}
	for uid, u := range people {
		if u.Enabled {
			out[value{shares.User, uid}] = u.Display
		}
	}
	if len(gids) == 0 {
		return out, nil
	}
	details, err := rm.dir.GroupDetails(ctx, gids)
	for _, g := range details {
		out[value{shares.Group, g.ID}] = g.Display
	}
	return out, err
}

// completed is a find for a text that mentions people.
type completed struct {
	ID      string `json:"id"`
	Label   string `json:"label"`
	Icon    string `json:"icon"`
	Source  string `json:"source"`
	Status  any    `json:"status"`
	Subline string `json:"subline"`
	Unique  string `json:"shareWithDisplayNameUnique"`
}

// complete finishes names in texts (30-core/084, 085).
func (rm *Room) complete(ctx context.Context, r *ocs.Request) (any, error) {
	q := query{p: r.Caller(), page: 1}
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	if !p.Has("search") {
		return nil, fault.New(fault.Invalid, "Missing search")
	}
	q.text = p.Get("search")
	limit, err := r.Int("limit", 10)
	if err != nil {
		return nil, err
	}
	q.perPage = int(max(1, min(limit, maxPage)))
	if q.kinds, err = kindsOf(r, "shareTypes"); err != nil {
		return nil, err
	}
	f, err := rm.find(ctx, q)
	if err != nil {
		return nil, err
	}
	out := []completed{}
	for _, u := range append(f.exactUsers, f.users...) {
		status := any("")
		if s, ok := f.presence[u.ID]; ok {
			status = s
		}
		out = append(out, completed{ID: u.ID, Label: u.Display, Icon: "icon-user", Source: "users", Status: status, Unique: unique(u)})
	}
	for _, g := range append(f.exactGroups, f.groups...) {
		out = append(out, completed{ID: g.ID, Label: g.Display, Source: "groups", Status: ""})
	}
	if f.mail != "" {
		out = append(out, completed{ID: f.mail, Label: f.mail, Source: "emails", Status: ""})
	}
	return out, nil
}
