package provisioning

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"math"

	"atrium/internal/core/identity"
	"atrium/internal/core/identity/profile"
)

// record is an account as clients see it (31-provisioning/002 and 019). Scopes
// are told to its owner only.
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

// records are accounts by id, in an order that means something.
type records []*record

// MarshalJSON implements json.Marshaler.
func (rs records) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, r := range rs {
		if i > 0 {
			b.WriteByte(',')
		}
		id, err := json.Marshal(r.ID)
		if err != nil {
			return nil, err
		}
		rec, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		b.Write(id)
		b.WriteByte(':')
		b.Write(rec)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// records reads all about some accounts, with a number of queries that does not
// grow with theirs but for what their files hold.
func (rm *Room) records(ctx context.Context, us []*identity.User) (records, error) {
	in, leads, err := rm.dir.Memberships(ctx, us...)
	if err != nil {
		return nil, err
	}
	profiles, err := rm.dir.Profiles(ctx, us...)
	if err != nil {
		return nil, err
	}
	held, err := rm.homes.Held(ctx, us)
	if err != nil {
		return nil, err
	}
	out := make(records, len(us))
	for i, u := range us {
		managed, err := rm.dir.Managed(ctx, u)
		if err != nil {
			return nil, err
		}
		rec := newRecord(u, profiles[u.ID])
		rec.Subadmin, rec.Groups, rec.Quota = list(leads[u.ID]), list(in[u.ID]), quotaOf(held[i].Used, held[i].Total)
		rec.Backends = backendBlock{!managed("displayname"), !managed(identity.Password)}
		out[i] = rec
	}
	return out, nil
}

func newRecord(u *identity.User, p profile.Profile) *record {
	value := func(name string) string { return p.Get(name).Value }
	rec := &record{Enabled: u.Enabled, ID: u.ID, Backend: cmp.Or(u.Source, "Database"), Manager: value("manager"), AdditionalMail: []string{},
		DisplayName: u.Display, Display: u.Display, Phone: value("phone"), Address: value("address"), Website: value("website"),
		Twitter: value("twitter"), Bluesky: value("bluesky"), Fediverse: value("fediverse"), Organisation: value("organisation"),
		Role: value("role"), Headline: value("headline"), Biography: value("biography"), ProfileEnabled: cmp.Or(value("profile_enabled"), "1"),
		Pronouns: value("pronouns"), Language: cmp.Or(u.Language, "en"), Locale: u.Locale, Timezone: u.Timezone}
	for _, m := range p.All("additional_mail") {
		rec.AdditionalMail = append(rec.AdditionalMail, m.Value)
	}
	if u.Mail != "" {
		rec.Email = &u.Mail
	}
	if n := value("notify_email"); n != "" {
		rec.NotifyEmail = &n
	}
	if !u.LastLogin.IsZero() {
		rec.FirstLoginTimestamp, rec.LastLoginTimestamp = u.FirstLogin.Unix(), u.LastLogin.Unix()
		rec.LastLogin = u.LastLogin.Unix() * 1000
	}
	return rec
}

// scopes adds who may see which field.
func (r *record) scopes(p profile.Profile) {
	for name, to := range map[string]*string{"avatar": &r.AvatarScope, "email": &r.EmailScope, "displayname": &r.DisplayNameScope,
		"phone": &r.PhoneScope, "address": &r.AddressScope, "website": &r.WebsiteScope, "twitter": &r.TwitterScope, "bluesky": &r.BlueskyScope,
		"fediverse": &r.FediverseScope, "organisation": &r.OrganisationScope, "role": &r.RoleScope, "headline": &r.HeadlineScope,
		"biography": &r.BiographyScope, "profile_enabled": &r.ProfileEnabledScope, "pronouns": &r.PronounsScope} {
		*to = p.Get(name).Scope
	}
	mails := []string{}
	for _, m := range p.All("additional_mail") {
		mails = append(mails, m.Scope)
	}
	r.AdditionalMailScope = &mails
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
