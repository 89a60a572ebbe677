package cloud

import (
	"context"
	"errors"
	"math"
	"net/http"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// record is an account as its owner sees it (30-core/024). The fields of the
// profile are empty until there are profiles; clients need them to be there.
type record struct {
	Enabled             bool         `json:"enabled"`
	ID                  string       `json:"id"`
	FirstLoginTimestamp int64        `json:"firstLoginTimestamp"` // seconds
	LastLoginTimestamp  int64        `json:"lastLoginTimestamp"`  // seconds
	LastLogin           int64        `json:"lastLogin"`           // milliseconds
	Backend             string       `json:"backend"`
	Subadmin            []string     `json:"subadmin"`
	Quota               quotaBlock   `json:"quota"`
	Manager             string       `json:"manager"`
	AvatarScope         string       `json:"avatarScope,omitempty"`
	Email               *string      `json:"email"`
	EmailScope          string       `json:"emailScope,omitempty"`
	AdditionalMail      []string     `json:"additional_mail"`
	AdditionalMailScope *[]string    `json:"additional_mailScope,omitempty"`
	DisplayName         string       `json:"displayname"`
	Display             string       `json:"display-name"`
	DisplayNameScope    string       `json:"displaynameScope,omitempty"`
	Phone               string       `json:"phone"`
	PhoneScope          string       `json:"phoneScope,omitempty"`
	Address             string       `json:"address"`
	AddressScope        string       `json:"addressScope,omitempty"`
	Website             string       `json:"website"`
	WebsiteScope        string       `json:"websiteScope,omitempty"`
	Twitter             string       `json:"twitter"`
	TwitterScope        string       `json:"twitterScope,omitempty"`
	Bluesky             string       `json:"bluesky"`
	BlueskyScope        string       `json:"blueskyScope,omitempty"`
	Fediverse           string       `json:"fediverse"`
	FediverseScope      string       `json:"fediverseScope,omitempty"`
	Organisation        string       `json:"organisation"`
	OrganisationScope   string       `json:"organisationScope,omitempty"`
	Role                string       `json:"role"`
	RoleScope           string       `json:"roleScope,omitempty"`
	Headline            string       `json:"headline"`
	HeadlineScope       string       `json:"headlineScope,omitempty"`
	Biography           string       `json:"biography"`
	BiographyScope      string       `json:"biographyScope,omitempty"`
	ProfileEnabled      string       `json:"profile_enabled"`
	ProfileEnabledScope string       `json:"profile_enabledScope,omitempty"`
	Pronouns            string       `json:"pronouns"`
	PronounsScope       string       `json:"pronounsScope,omitempty"`
	Groups              []string     `json:"groups"`
	Language            string       `json:"language"`
	Locale              string       `json:"locale"`
	Timezone            string       `json:"timezone"`
	NotifyEmail         *string      `json:"notify_email"`
	Backends            backendBlock `json:"backendCapabilities"`
}

// quotaBlock counts bytes; what has no bound is identity.NoQuota.
type quotaBlock struct {
	Free     int64   `json:"free"`
	Used     int64   `json:"used"`
	Total    int64   `json:"total"`
	Relative float64 `json:"relative"` // percent
	Quota    int64   `json:"quota"`
}

type backendBlock struct {
	SetDisplayName bool `json:"setDisplayName"`
	SetPassword    bool `json:"setPassword"`
}

// self answers /cloud/user. Its id is the one that DAV paths need, whatever was
// typed at login.
func (rm *Room) self(ctx context.Context, r *ocs.Request) (any, error) {
	rec, err := rm.record(ctx, r.Caller().ID)
	if err != nil {
		return nil, err
	}
	rec.scopes()
	return rec, nil
}

// user answers /cloud/users/{id}: one's own record, or anybody's for
// administrators. Others are not told whether an account exists.
func (rm *Room) user(ctx context.Context, r *ocs.Request) (any, error) {
	p, id := r.Caller(), r.Path("id")
	if id == p.ID {
		return rm.self(ctx, r)
	}
	if p.Role != who.Admin {
		return nil, ocs.Fail(998, "")
	}
	rec, err := rm.record(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Wrap(fault.NotFound, err, "User does not exist")
	}
	return rec, err
}

func (rm *Room) record(ctx context.Context, uid string) (*record, error) {
	u, err := rm.dir.User(ctx, uid)
	if err != nil {
		return nil, err
	}
	groups, err := rm.dir.GroupsOf(ctx, uid)
	if err != nil {
		return nil, err
	}
	sub, err := rm.dir.Administers(ctx, uid)
	if err != nil {
		return nil, err
	}
	used, total, err := rm.quota.Quota(ctx, uid)
	if err != nil {
		return nil, err
	}
	rec := &record{Enabled: u.Enabled, ID: u.ID, Backend: "Database", Subadmin: list(sub), Quota: quotaOf(used, total),
		AdditionalMail: []string{}, DisplayName: u.Display, Display: u.Display, ProfileEnabled: "1", Groups: list(groups),
		Language: u.Language, Locale: u.Locale, Timezone: u.Timezone, Backends: backendBlock{u.Source == "", u.Source == ""}}
	if u.Source != "" {
		rec.Backend = u.Source
	}
	if u.Mail != "" {
		rec.Email = &u.Mail
	}
	if rec.Language == "" {
		rec.Language = "en"
	}
	if !u.LastLogin.IsZero() {
		rec.FirstLoginTimestamp, rec.LastLoginTimestamp = u.FirstLogin.Unix(), u.LastLogin.Unix()
		rec.LastLogin = u.LastLogin.Unix() * 1000
	}
	return rec, nil
}

// scopes adds who may see which field, which only the owner is told.
func (r *record) scopes() {
	const local, federated = "v2-local", "v2-federated"
	r.AvatarScope, r.EmailScope, r.DisplayNameScope, r.PronounsScope = federated, federated, federated, federated
	r.AdditionalMailScope = &[]string{}
	for _, s := range []*string{&r.PhoneScope, &r.AddressScope, &r.WebsiteScope, &r.TwitterScope, &r.BlueskyScope, &r.FediverseScope,
		&r.OrganisationScope, &r.RoleScope, &r.HeadlineScope, &r.BiographyScope, &r.ProfileEnabledScope} {
		*s = local
	}
}

func quotaOf(used, total int64) quotaBlock {
	if total < 0 {
		return quotaBlock{Free: identity.NoQuota, Used: used, Total: identity.NoQuota, Quota: identity.NoQuota}
	}
	q := quotaBlock{Free: max(0, total-used), Used: used, Total: total, Quota: total}
	if total > 0 {
		q.Relative = math.Round(float64(used)/float64(total)*10000) / 100
	}
	return q
}

// list makes an absent list an empty one: clients cannot read null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// hovercard is the little card over a name (30-core/094).
func (rm *Room) hovercard(ctx context.Context, r *ocs.Request) (any, error) {
	u, err := rm.dir.User(ctx, r.Path("id"))
	if errors.Is(err, fault.NotFound) {
		return nil, fault.NotFound
	}
	if err != nil {
		return nil, err
	}
	return struct {
		UserID      string   `json:"userId"`
		DisplayName string   `json:"displayName"`
		Actions     []string `json:"actions"`
	}{u.ID, u.Display, []string{}}, nil
}

// config is the oldest page of OCS (30-core/011).
func config(ctx context.Context, _ *ocs.Request) (any, error) {
	v, ssl := web.VisitOf(ctx), "false"
	if v.HTTPS() {
		ssl = "true"
	}
	return struct {
		Version string `json:"version"`
		Website string `json:"website"`
		Host    string `json:"host"`
		Contact string `json:"contact"`
		SSL     string `json:"ssl"`
	}{"1.7", web.Product, v.Host, "", ssl}, nil
}

type navEntry struct {
	ID      string `json:"id"`
	Order   int    `json:"order"`
	Href    string `json:"href"`
	Icon    string `json:"icon"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	App     string `json:"app"`
	Active  bool   `json:"active"`
	Unread  int    `json:"unread"`
	Classes string `json:"classes"`
	Default bool   `json:"default"`
}

// navigation lists the apps for the menus of clients (30-core/075).
func navigation(ctx context.Context, r *ocs.Request) (any, error) {
	absolute, err := r.Bool("absolute")
	if err != nil {
		return nil, err
	}
	base := ""
	if absolute {
		base = web.VisitOf(ctx).Base()
	}
	return ocs.Answer{ETag: true, Data: []navEntry{
		{ID: "files", Href: base + "/apps/files/", Icon: base + "/core/img/logo/logo.svg", Type: "link", Name: "Files", App: "files", Default: true},
	}}, nil
}

func none(context.Context, *ocs.Request) (any, error) {
	return ocs.Answer{Data: []int{}, ETag: true}, nil
}

func empty(context.Context, *ocs.Request) (any, error) { return []int{}, nil }

// noNotifications is the list while nothing notifies (33-notify-activity/002).
func noNotifications(context.Context, *ocs.Request) (any, error) {
	return ocs.Answer{Data: []int{}, ETag: true, Header: http.Header{"X-Nextcloud-User-Status": {"online"}}}, nil
}
