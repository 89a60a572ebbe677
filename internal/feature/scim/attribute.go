package scim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The URNs of RFC 7643 and 7644.
const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	listURN       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	errorURN      = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// attribute is one of a schema, as RFC 7643, section 7, describes it.
type attribute struct {
	name     string
	kind     string // "string" when empty, "boolean", "complex"
	multi    bool
	exact    bool // upper and lower case differ
	readOnly bool
	required bool
	unique   bool // on the server
	subs     []attribute
}

func (a attribute) describe() map[string]any {
	kind := a.kind
	if kind == "" {
		kind = "string"
	}
	mutability, uniqueness := "readWrite", "none"
	if a.readOnly {
		mutability = "readOnly"
	}
	if a.unique {
		uniqueness = "server"
	}
	out := map[string]any{"name": a.name, "type": kind, "multiValued": a.multi, "required": a.required, "caseExact": a.exact,
		"mutability": mutability, "returned": "default", "uniqueness": uniqueness}
	if len(a.subs) > 0 {
		out["subAttributes"] = describeAll(a.subs)
	}
	return out
}

func describeAll(as []attribute) []any {
	out := []any{}
	for _, a := range as {
		out = append(out, a.describe())
	}
	return out
}

func texts(names ...string) (out []attribute) {
	for _, n := range names {
		out = append(out, attribute{name: n})
	}
	return out
}

// plural is an attribute of many values, of which one may be the primary one.
func plural(name string, more ...string) attribute {
	subs := append(texts("value", "display", "type"), attribute{name: "primary", kind: "boolean"})
	return attribute{name: name, kind: "complex", multi: true, subs: append(subs, texts(more...)...)}
}

// userAttributes are those of a user that are kept, in RFC 7643, section 4.1, but for
// the password, which is nobody's but the person's.
func userAttributes() []attribute {
	return []attribute{
		{name: "userName", required: true, unique: true}, {name: "externalId", exact: true},
		{name: "name", kind: "complex", subs: texts("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")},
		{name: "displayName"}, {name: "nickName"}, {name: "profileUrl"}, {name: "title"}, {name: "userType"}, {name: "preferredLanguage"}, {name: "locale"},
		{name: "timezone"}, {name: "active", kind: "boolean"},
		plural("emails"), plural("phoneNumbers"), plural("ims"), plural("photos"), plural("entitlements"), plural("roles"), plural("x509Certificates"),
		plural("addresses", "formatted", "streetAddress", "locality", "region", "postalCode", "country"),
		{name: "groups", kind: "complex", multi: true, readOnly: true, subs: texts("value", "display", "$ref")},
	}
}

// enterpriseAttributes are those of the extension (RFC 7643, section 4.3).
func enterpriseAttributes() []attribute {
	return append(texts("employeeNumber", "costCenter", "organization", "division", "department"),
		attribute{name: "manager", kind: "complex", subs: texts("value", "displayName", "$ref")})
}

func groupAttributes() []attribute {
	return []attribute{{name: "displayName", required: true, unique: true}, {name: "externalId", exact: true},
		{name: "members", kind: "complex", multi: true, subs: texts("value", "display", "type", "$ref")}}
}

// known finds an attribute by its name in any spelling.
func known(as []attribute, name string) (attribute, bool) {
	i := slices.IndexFunc(as, func(a attribute) bool { return strings.EqualFold(a.name, name) })
	if i < 0 {
		return attribute{}, false
	}
	return as[i], true
}

// accept takes of an object what a schema knows, under its names, and leaves out the
// rest: providers send what nobody asked for. Values that cannot be are an error.
func accept(as []attribute, in map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(in)) {
		a, ok := known(as, key)
		if !ok || a.readOnly || in[key] == nil {
			continue
		}
		v, err := a.accept(in[key])
		if err != nil {
			return nil, err
		}
		out[a.name] = v
	}
	return out, nil
}

func (a attribute) accept(v any) (any, error) {
	if !a.multi {
		return a.one(v)
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := []any{}
	for _, e := range list {
		one, err := a.one(e)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// one takes a single value, also as some providers write it: truths as text ("True"),
// and the value alone of what is an object with a value.
func (a attribute) one(v any) (any, error) {
	switch v := v.(type) {
	case string:
		switch {
		case a.kind == "":
			return v, nil
		case a.kind == "boolean" && strings.EqualFold(v, "true"):
			return true, nil
		case a.kind == "boolean" && strings.EqualFold(v, "false"):
			return false, nil
		case a.kind == "complex":
			if _, ok := known(a.subs, "value"); ok {
				return map[string]any{"value": v}, nil
			}
		}
	case bool:
		if a.kind == "boolean" {
			return v, nil
		}
	case float64:
		if a.kind == "" {
			return written(v), nil
		}
	case map[string]any:
		if a.kind == "complex" {
			return accept(a.subs, v)
		}
	}
	return nil, invalid("invalidValue", fmt.Sprintf("The value of %s is of the wrong type.", a.name))
}

// acceptUser takes a user as a client sends it.
func acceptUser(in map[string]any) (map[string]any, error) {
	out, err := accept(userAttributes(), in)
	if err != nil {
		return nil, err
	}
	for key, v := range in {
		if !strings.EqualFold(key, enterpriseURN) {
			continue
		}
		o, ok := v.(map[string]any)
		if !ok {
			return nil, invalid("invalidValue", "An extension is an object.")
		}
		if o, err = accept(enterpriseAttributes(), o); err != nil {
			return nil, err
		}
		if len(o) > 0 {
			out[enterpriseURN] = o
		}
	}
	return out, nil
}
