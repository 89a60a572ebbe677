package provisioning

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/url"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/profile"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// maxDetails bounds how many whole records one answer holds. A page that would
// be longer is refused, since one that was cut short would look whole.
const maxDetails = 2000

// page reads search, limit and offset.
func page(r *ocs.Request) (q identity.Query, err error) {
	if q.Search, err = r.Param("search"); err != nil {
		return q, err
	}
	limit, err := r.Int("limit", 0)
	if err != nil {
		return q, err
	}
	offset, err := r.Int("offset", 0)
	if err != nil {
		return q, err
	}
	const most = 1 << 31
	q.Limit, q.Offset = int(min(max(limit, 0), most)), int(min(max(offset, 0), most))
	return q, nil
}

// query is a page of the accounts that the caller is in charge of.
func (rm *Room) query(ctx context.Context, r *ocs.Request) (identity.Query, error) {
	q, err := page(r)
	if err != nil || runsAll(r.Caller()) {
		return q, err
	}
	leads, err := rm.leads(ctx, r.Caller())
	q.Groups = list(leads)
	return q, err
}

// list answers /cloud/users with ids.
func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	q, err := rm.query(ctx, r)
	if err != nil {
		return nil, err
	}
	return ids(rm.dir.Users(ctx, q))
}

type userIDs struct {
	Users []string `json:"users"`
}

func ids(us iter.Seq2[*identity.User, error]) (any, error) {
	out := userIDs{[]string{}}
	for u, err := range us {
		if err != nil {
			return nil, err
		}
		out.Users = append(out.Users, u.ID)
	}
	return out, nil
}

func (rm *Room) details(ctx context.Context, r *ocs.Request) (any, error) {
	q, err := rm.query(ctx, r)
	if err != nil {
		return nil, err
	}
	return rm.detailsOf(ctx, q)
}

func (rm *Room) disabled(ctx context.Context, r *ocs.Request) (any, error) {
	q, err := rm.query(ctx, r)
	if err != nil {
		return nil, err
	}
	q.Disabled = true
	return rm.detailsOf(ctx, q)
}

func (rm *Room) recent(ctx context.Context, r *ocs.Request) (any, error) {
	q, err := page(r)
	if err != nil {
		return nil, err
	}
	q.Recent = true
	return rm.detailsOf(ctx, q)
}

type userRecords struct {
	Users records `json:"users"`
}

func (rm *Room) detailsOf(ctx context.Context, q identity.Query) (any, error) {
	asked := q.Limit
	if asked == 0 || asked > rm.most {
		q.Limit = rm.most + 1
	}
	var us []*identity.User
	for u, err := range rm.dir.Users(ctx, q) {
		if err != nil {
			return nil, err
		}
		us = append(us, u)
	}
	if len(us) > rm.most {
		return nil, fault.New(fault.Invalid, "These are too many accounts for one answer. Please ask with limit and offset.")
	}
	recs, err := rm.records(ctx, us)
	return userRecords{recs}, err
}

// self answers /cloud/user. Its id is the one that DAV paths need, whatever was
// typed at login.
func (rm *Room) self(ctx context.Context, r *ocs.Request) (any, error) {
	u, err := rm.dir.User(ctx, r.Caller().ID)
	if err != nil {
		return nil, err
	}
	recs, err := rm.records(ctx, []*identity.User{u})
	if err != nil {
		return nil, err
	}
	p, err := rm.dir.Profile(ctx, u)
	if err != nil {
		return nil, err
	}
	recs[0].scopes(p)
	return recs[0], nil
}

// user answers /cloud/users/{id}: one's own record, or that of somebody in one's
// charge. Others are not told whether an account exists.
func (rm *Room) user(ctx context.Context, r *ocs.Request) (any, error) {
	p := r.Caller()
	if r.Path("id") == p.ID {
		return rm.self(ctx, r)
	}
	u, err := rm.target(ctx, r, who.Read)
	if errors.Is(err, errUnknown) && runsAll(p) && p.Scope.Allows(who.AdminRoom, who.Read) {
		return nil, fault.New(fault.NotFound, "User does not exist")
	}
	if err != nil {
		return nil, err
	}
	recs, err := rm.records(ctx, []*identity.User{u})
	if err != nil {
		return nil, err
	}
	return recs[0], nil
}

func (rm *Room) ownFields(ctx context.Context, r *ocs.Request) (any, error) {
	u, err := rm.dir.User(ctx, r.Caller().ID)
	if err != nil {
		return nil, err
	}
	return rm.editable(ctx, u)
}

func (rm *Room) fields(ctx context.Context, r *ocs.Request) (any, error) {
	if r.Path("id") == r.Caller().ID {
		return rm.ownFields(ctx, r)
	}
	u, err := rm.target(ctx, r, who.Read)
	if err != nil {
		return nil, err
	}
	return rm.editable(ctx, u)
}

// editable are the fields of a profile that are kept here.
func (rm *Room) editable(ctx context.Context, u *identity.User) (any, error) {
	managed, err := rm.dir.Managed(ctx, u)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, f := range profile.Fields() {
		if !managed(f) {
			out = append(out, f)
		}
	}
	return out, nil
}

// maxNumbers bounds how many phone numbers one question may hold.
const maxNumbers = 5000

// byPhone finds accounts for the address book of a phone: {location: "SE",
// search: {"k1": ["0701234567"]}} is answered by {"k1": "oda@cloud.example"}
// (31-provisioning/084).
func (rm *Room) byPhone(ctx context.Context, r *ocs.Request) (any, error) {
	location, err := r.Param("location")
	if err != nil {
		return nil, err
	}
	if !profile.KnownRegion(location) {
		return nil, ocs.Fail(400, "")
	}
	asked, err := numbers(r)
	if err != nil {
		return nil, err
	}
	var all []string
	for k, list := range asked {
		for i, n := range list {
			clean, ok := profile.E164(n, location)
			if !ok {
				clean = ""
			}
			asked[k][i] = clean
			all = append(all, clean)
		}
	}
	if len(all) == 0 {
		return nothing, nil
	}
	if len(all) > maxNumbers {
		return nil, ocs.Fail(400, "")
	}
	found, err := rm.dir.ByPhone(ctx, all)
	if err != nil {
		return nil, err
	}
	host := r.Host
	if u, err := url.Parse(web.VisitOf(ctx).Base()); err == nil && u.Host != "" {
		host = u.Host
	}
	out := map[string]string{}
	for k, list := range asked {
		for _, n := range list {
			if uids := found[n]; n != "" && len(uids) > 0 {
				out[k] = uids[0] + "@" + host
			}
		}
	}
	return out, nil
}

// numbers reads the parameter search: an object of lists in JSON, or
// search[k1][]=… in a form.
func numbers(r *ocs.Request) (map[string][]string, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	if text := p.Get("search"); text != "" && text != "[]" {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The parameter search must be an object of lists.")
		}
		return out, nil
	}
	for name, list := range p {
		key, ok := strings.CutPrefix(name, "search[")
		if !ok {
			continue
		}
		key, _, _ = strings.Cut(key, "]")
		out[key] = append(out[key], list...)
	}
	return out, nil
}
