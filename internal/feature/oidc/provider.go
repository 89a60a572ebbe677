package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// Provider is an OpenID provider people may sign in at.
type Provider struct {
	ID   int64  // stands in addresses and in the ids of accounts: small, and never given again
	Name string // what administrators call it, unique; on the button of the login page
	Settings
}

// Settings are what administrators say of a provider. Names in JSON are ours; the
// API and the commands translate (ocs.go, commands.go).
type Settings struct {
	Client     string `json:"client"`
	Secret     string `json:"secret,omitempty"` // sealed in the database
	Discovery  string `json:"discovery"`        // of the openid-configuration; its query goes along to the authorization endpoint
	EndSession string `json:"endSession,omitempty"`
	PostLogout string `json:"postLogout,omitempty"`
	Scope      string `json:"scope,omitempty"`
	AuthMethod string `json:"authMethod,omitempty"` // at the token endpoint; "": the best with a secret that the provider offers
	Audience   string `json:"audience,omitempty"`   // of what we sign there (private_key_jwt); "": the token endpoint
	CA         string `json:"ca,omitempty"`         // PEM of the authorities that the provider's certificate may come from; "": the system's

	// Where the endpoints are for us and for browsers, if that is not what discovery
	// says.
	Authorization string `json:"authorization,omitempty"`
	Token         string `json:"token,omitempty"`
	UserInfo      string `json:"userInfo,omitempty"`
	Keys          string `json:"keys,omitempty"`

	Mapping      map[string]string `json:"mapping,omitempty"` // claims by field: see Fields; what is missing has its usual claim
	ExtraClaims  string            `json:"extraClaims,omitempty"`
	UniqueID     bool              `json:"uniqueId"`
	PrefixID     bool              `json:"prefixId"`
	Bearer       bool              `json:"bearer"`
	BearerFields bool              `json:"bearerFields"`
	ScopedOnly   bool              `json:"scopedOnly"` // a bearer token without a scope of ours opens nothing
	TokenHint    bool              `json:"tokenHint"`
	Groups       bool              `json:"groups"`
	GroupFilter  string            `json:"groupFilter,omitempty"` // a regular expression; "": all groups
	GroupsOnly   bool              `json:"groupsOnly"`            // who is in none of these stays out
	AdminGroup   string            `json:"adminGroup,omitempty"`  // whose members administer the server; "": nobody's
	Nested       bool              `json:"nested"`
	Renew        bool              `json:"renew"`  // sessions last only while the provider renews them
	Enrich       bool              `json:"enrich"` // asks the userinfo endpoint for what the ID token leaves out
}

// usual are the claims that fields come from when nothing else is said (sso.md 1.1).
var usual = map[string]string{
	"uid": "sub", "displayName": "name", "email": "email", "quota": "quota", "groups": "groups", "language": "language", "locale": "locale",
	"address": "address", "website": "website", "avatar": "avatar", "twitter": "twitter", "fediverse": "fediverse", "organisation": "organisation",
	"role": "role", "headline": "headline", "biography": "biography", "phonenumber": "phone_number", "pronouns": "pronouns", "birthdate": "birthdate",
}

// always are the fields that are asked for although nobody mapped them.
var always = []string{"email", "displayName", "quota", "groups"}

// Fields are the fields that a claim can fill, in order.
func Fields() []string {
	var all []string
	for f := range usual {
		all = append(all, f)
	}
	slices.Sort(all)
	return all
}

// claim is the name of the claim that fills a field.
func (p *Provider) claim(field string) string { return cmp.Or(p.Mapping[field], usual[field]) }

// methods are how we show a token endpoint who we are (OpenID Connect Core, section 9).
var methods = []string{"", "client_secret_basic", withPost, withKey}

// check tells what is wrong with a provider.
func (p *Provider) check() error {
	if p.Name == "" || len(p.Name) > 64 || strings.ContainsAny(p.Name, "/\\\x00") {
		return fault.New(fault.Invalid, "The identifier must have 1 to 64 characters and no slash.")
	}
	if p.Client == "" {
		return fault.New(fault.Invalid, "The client id is missing.")
	}
	for what, address := range map[string]string{"discovery": p.Discovery, "end session": p.EndSession, "post logout": p.PostLogout,
		"authorization": p.Authorization, "token": p.Token, "userinfo": p.UserInfo, "keys": p.Keys} {
		if address == "" && what != "discovery" {
			continue
		}
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
			return fault.New(fault.Invalid, "The address for {what} must be a full one, such as https://id.example.com/….", "what", what)
		}
	}
	if !slices.Contains(methods, p.AuthMethod) {
		return fault.New(fault.Invalid, "The token endpoint can be asked by {methods}.", "methods", strings.Join(methods[1:], ", "))
	}
	if _, err := regexp.Compile(p.GroupFilter); err != nil {
		return fault.Wrap(fault.Invalid, err, "The filter of groups is no regular expression.")
	}
	for f := range p.Mapping {
		if _, ok := usual[f]; !ok {
			return fault.New(fault.Invalid, "There is no field {field} to map a claim to.", "field", f)
		}
	}
	_, err := p.client(false)
	return err
}

// scopes are what a sign-in asks for; openid is always among them.
func (p *Provider) scopes() []string {
	all := strings.Fields(cmp.Or(p.Scope, "openid email profile"))
	if !slices.Contains(all, "openid") {
		all = append([]string{"openid"}, all...)
	}
	return all
}

// Providers returns all providers, in the order they were made.
func (rm *Room) Providers(ctx context.Context) ([]*Provider, error) {
	return db.List(ctx, rm.db, rm.scan, "SELECT id, name, settings FROM oidc_provider WHERE settings <> '' ORDER BY id")
}

// Provider returns one by its number, or fault.NotFound.
func (rm *Room) Provider(ctx context.Context, id int64) (*Provider, error) {
	return found(db.One(ctx, rm.db, rm.scan, "SELECT id, name, settings FROM oidc_provider WHERE id = ? AND settings <> ''", id))
}

// Named returns one by its name, or fault.NotFound.
func (rm *Room) Named(ctx context.Context, name string) (*Provider, error) {
	return found(db.One(ctx, rm.db, rm.scan, "SELECT id, name, settings FROM oidc_provider WHERE name = ? AND settings <> ''", name))
}

func found(p *Provider, err error) (*Provider, error) {
	if errors.Is(err, fault.NotFound) {
		err = fault.Wrap(fault.NotFound, err, "There is no such provider.")
	}
	return p, err
}

func (rm *Room) scan(r db.Row) (*Provider, error) {
	var p Provider
	var settings string
	if err := r.Scan(&p.ID, &p.Name, &settings); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(settings), &p.Settings); err != nil {
		return nil, fmt.Errorf("provider %s: %w", p.Name, err)
	}
	if p.Secret != "" {
		secret, err := rm.box.Open(p.Secret, secretOf)
		if err != nil {
			return nil, fmt.Errorf("secret of provider %s: %w", p.Name, err)
		}
		p.Secret = string(secret)
	}
	return &p, nil
}

// secretOf is what sealed client secrets belong to.
const secretOf = "oidc client secret"

// Save makes a provider, or changes that of the same number. What cannot be is
// fault.Invalid, a name that another has fault.Exists.
func (rm *Room) Save(ctx context.Context, p *Provider) error {
	if err := p.check(); err != nil {
		return err
	}
	sealed := p.Settings
	if sealed.Secret != "" {
		sealed.Secret = rm.box.Seal([]byte(p.Secret), secretOf)
	}
	settings, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		if p.ID != 0 {
			n, err := tx.Exec(ctx, "UPDATE oidc_provider SET name = ?, settings = ? WHERE id = ? AND settings <> ''", p.Name, string(settings), p.ID)
			if err == nil && n == 0 {
				_, err = found(nil, fault.NotFound)
			}
			return err
		}
		if p.ID, err = db.One(ctx, tx, db.Scan1[int64], "SELECT COALESCE(MAX(id), 0) + 1 FROM oidc_provider"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO oidc_provider (id, name, settings) VALUES (?, ?, ?)", p.ID, p.Name, string(settings))
		return err
	})
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Exists, err, "There is another provider of this name.")
	}
	rm.remotes.forget(p.ID)
	return err
}

// Remove forgets a provider, but for its number, which stands in the ids of
// accounts. Accounts that came by it stay, and their sessions.
func (rm *Room) Remove(ctx context.Context, id int64) error {
	n, err := rm.db.Exec(ctx, "UPDATE oidc_provider SET settings = '', name = ? WHERE id = ? AND settings <> ''", "/"+strconv.FormatInt(id, 10), id)
	if err == nil && n == 0 {
		_, err = found(nil, fault.NotFound)
	}
	rm.remotes.forget(id)
	return err
}
