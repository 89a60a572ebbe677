package saml

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/base/tongue"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
)

// Source is what the directory calls the accounts and groups that come from
// providers.
const Source = "user_saml"

// Name implements identity.Source.
func (*Room) Name() string { return Source }

// Manages implements identity.Keeper: what providers say comes again with each
// sign-in.
func (*Room) Manages(field string) bool { return field == "displayname" || field == identity.Password }

// attributes are what a provider says of somebody, by name; an attribute that has
// another name for people too stands under both.
type attributes map[string][]string

// attributes reads those of an assertion.
func (a *assertion) attributes() attributes {
	all := attributes{}
	for _, one := range a.Attributes {
		for _, name := range slices.Compact([]string{one.Name, one.FriendlyName}) {
			if name != "" {
				all[name] = append(all[name], one.Values...)
			}
		}
	}
	return all
}

// joined are the values of the attributes that a setting names, with blanks between
// them; false when the setting names none, or the provider says nothing of them.
func (c *Config) joined(all attributes, key string) (string, bool) {
	var parts []string
	said := false
	for _, name := range strings.Fields(c.get(key)) {
		values, ok := all[name]
		said = said || ok
		for _, v := range values {
			if v = strings.TrimSpace(v); v != "" {
				parts = append(parts, v)
			}
		}
	}
	return strings.Join(parts, " "), said
}

// outcome is what attributes come to: the account, or why there is none.
type outcome struct {
	login   identity.Login
	claim   string        // what the provider calls the account
	refused tongue.Saying // in words; zero: it may come in
	unread  []string
	home    string // what it calls the home; "": it says nothing
}

// outcome makes a login of attributes (sso.md 2.4).
func (c *Config) outcome(all attributes) (*outcome, error) {
	name := c.get("general-uid_mapping")
	values := all[name]
	if len(values) == 0 || strings.TrimSpace(values[0]) == "" {
		return nil, fault.New(fault.Invalid, "The provider does not say who this is: the attribute “{name}” is missing.", "name", name)
	}
	claim := strings.TrimSpace(values[0])
	if raw, err := base64.StdEncoding.DecodeString(claim); err == nil && vouch.GUID(raw) != "" {
		claim = vouch.GUID(raw)
	}
	id := vouch.PlainName(claim)
	if len(id) > vouch.MaxID {
		id = vouch.Digest(id)
	}
	if id == "" {
		return nil, fault.New(fault.Invalid, "What the provider calls this account cannot be the name of one here.")
	}
	o := &outcome{claim: claim, login: identity.Login{Source: Source, Subject: vouch.Subject(c.ID, claim), ID: id, Fields: map[string]string{}}}
	for field, key := range map[string]string{"displayname": "displayName", "email": "email"} {
		if v, ok := c.joined(all, "saml-attribute-mapping-"+key+"_mapping"); ok {
			o.login.Fields[field] = vouch.Clip(v)
		}
	}
	if v, ok := c.joined(all, "saml-attribute-mapping-quota_mapping"); ok {
		o.readQuota(v)
	}
	o.home, _ = c.joined(all, "saml-attribute-mapping-home_mapping")
	c.readGroups(all, o)
	return o, nil
}

// readQuota reads a quota; an empty one is the usual one.
func (o *outcome) readQuota(said string) {
	if said == "" {
		said = "default"
	}
	n, err := quota.Parse(said)
	if err != nil {
		o.unread = append(o.unread, "quota")
		return
	}
	o.login.Quota = &n
}

// readGroups applies the rules for groups. Where the setting names an attribute that
// the provider says nothing of, there are no groups, as with user_saml.
func (c *Config) readGroups(all attributes, o *outcome) {
	name := c.get("saml-attribute-mapping-group_mapping")
	if name == "" {
		return
	}
	said := all[name]
	require := c.list("saml-user-filter-require_groups")
	among := func(list []string) bool {
		return slices.ContainsFunc(said, func(g string) bool { return slices.Contains(list, g) })
	}
	if among(c.list("saml-user-filter-reject_groups")) || len(require) > 0 && !among(require) {
		o.refused = tongue.Of("Your groups may not come in here. Please ask your administrator.")
	}
	o.login.Groups, o.login.Titles = []string{}, map[string]string{}
	for _, g := range said {
		if g = strings.TrimSpace(g); g == "" {
			continue
		}
		gid := c.get("saml-attribute-mapping-group_mapping_prefix") + g
		if len(gid) > vouch.MaxID {
			gid = vouch.Digest(gid)
		}
		if !slices.Contains(o.login.Groups, gid) {
			o.login.Groups = append(o.login.Groups, gid)
			o.login.Titles[gid] = vouch.Clip(g)
		}
	}
}

// rules reads what holds for all providers. Where accounts have to be there already,
// names mean the same people everywhere, and nothing of them is changed.
func (rm *Room) rules(ctx context.Context) (r vouch.Rules, err error) {
	there, err := rm.on(ctx, "general-require_provisioned_account")
	if err != nil {
		return r, err
	}
	adopt, err := rm.on(ctx, "general-adopt_accounts")
	return vouch.Rules{Provision: !there, Create: !there, Adopt: there || adopt}, err
}

// admit finds or makes the account of somebody whom a provider vouches for.
func (rm *Room) admit(ctx context.Context, o *outcome) (*identity.User, error) {
	if !o.refused.IsZero() {
		return nil, fault.Say(fault.Denied, nil, o.refused)
	}
	rules, err := rm.rules(ctx)
	if err != nil {
		return nil, err
	}
	u, err := vouch.Admit(ctx, rm.dir, o.login, o.claim, rules)
	if err != nil || !rules.Provision || rm.SetHome == nil {
		return u, err
	}
	if err := rm.SetHome(ctx, u.ID, o.home); err != nil { // a bad name must not keep anybody out
		rm.Log.Warn("the name of a home is left out", "user", u.ID, "home", o.home, "error", err)
	}
	return u, nil
}
