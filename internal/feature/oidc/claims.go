package oidc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/core/identity/vouch"
)

// Claims are what a provider says of somebody: the payload of a JSON Web Token, or
// the answer of the userinfo endpoint.
type Claims map[string]any

// parseClaims reads a JSON object. Numbers stay as they are written.
func parseClaims(data []byte) (Claims, error) {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var c Claims
	if err := d.Decode(&c); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The claims are no JSON object.")
	}
	return c, nil
}

// get finds a claim by its name. Where nested is set, "a.b | c" means b in a, or
// else c; a claim of the literal name comes before parts of it, the longest first
// (sso.md 1.6).
func (c Claims) get(name string, nested bool) (any, bool) {
	if v, ok := c[name]; ok && v != nil {
		return v, true
	}
	if !nested {
		return nil, false
	}
	for alternative := range strings.SplitSeq(name, "|") {
		if v, ok := within(c, strings.TrimSpace(alternative)); ok {
			return v, true
		}
	}
	return nil, false
}

func within(c map[string]any, path string) (any, bool) {
	if v, ok := c[path]; ok && v != nil {
		return v, true
	}
	for at := strings.LastIndexByte(path, '.'); at > 0; at = strings.LastIndexByte(path[:at], '.') {
		if inner, ok := c[path[:at]].(map[string]any); ok {
			if v, ok := within(inner, path[at+1:]); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// text is a claim that is one value; numbers and truths are written out.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// address puts the parts of the address claim into lines (OpenID Connect Core,
// section 5.1.1).
func address(v any) (string, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return text(v)
	}
	if s, ok := text(m["formatted"]); ok {
		return s, true
	}
	line := func(names ...string) string {
		var parts []string
		for _, n := range names {
			if s, _ := text(m[n]); s != "" {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, " ")
	}
	lines := []string{line("street_address"), line("postal_code", "locality"), line("region"), line("country")}
	lines = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
	return strings.Join(lines, ", "), len(lines) > 0
}

// groupName is one group as a provider names it.
type groupName struct{ id, display string }

// groups reads the claim of groups: an array of names or of {gid, displayName}, or
// names with commas between them. Anything else is no list, which is an error:
// people must not lose their groups by a mistake in a claim.
func groups(v any) ([]groupName, error) {
	var all []groupName
	add := func(id, display string) {
		if id = strings.TrimSpace(id); id != "" && !slices.ContainsFunc(all, func(g groupName) bool { return g.id == id }) {
			all = append(all, groupName{id, display})
		}
	}
	bad := fault.New(fault.Invalid, "The claim of groups is no list.")
	switch v := v.(type) {
	case string:
		for id := range strings.SplitSeq(v, ",") {
			add(id, strings.TrimSpace(id))
		}
	case []any:
		for _, one := range v {
			switch one := one.(type) {
			case map[string]any:
				id, ok := text(one["gid"])
				if !ok {
					return nil, bad
				}
				display, _ := text(one["displayName"])
				add(id, display)
			default:
				id, ok := text(one)
				if !ok {
					return nil, bad
				}
				add(id, id)
			}
		}
	default:
		return nil, bad
	}
	return all, nil
}

// accountID makes the id of an account or a group of what a provider calls it
// (sso.md 1.5).
func (p *Provider) accountID(claim string) string {
	id := claim
	switch {
	case p.UniqueID:
		return vouch.Digest(fmt.Sprintf("%d_0_%s", p.ID, claim))
	case p.PrefixID:
		id = p.Name + "-" + claim
	}
	if len(id) > vouch.MaxID {
		return vouch.Digest(id)
	}
	return id
}

// room is a quota as a claim says it; nil when it says nothing, or nothing that
// can be read, which leaves the account's as it is.
func room(v any) *int64 {
	s, ok := text(v)
	if !ok || strings.TrimSpace(s) == "" {
		return nil
	}
	n, err := quota.Parse(s)
	if err != nil {
		return nil
	}
	return &n
}
