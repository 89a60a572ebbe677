package scim

import (
	"context"
	"net/http"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/proto/web"
)

// features is the ServiceProviderConfig (RFC 7643, section 5).
func (rm *Room) features(_ context.Context, r *http.Request) (reply, error) {
	no := map[string]any{"supported": false}
	return reply{http.StatusOK, map[string]any{
		"schemas":        []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":          map[string]any{"supported": true},
		"bulk":           map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter":         map[string]any{"supported": true, "maxResults": maxPage},
		"changePassword": no, "sort": no, "etag": map[string]any{"supported": true},
		"authenticationSchemes": []any{map[string]any{"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token that an administrator has made with scim:token:add."}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": origin(r) + "/ServiceProviderConfig"},
	}}, nil
}

// list is a ListResponse of all there is, which is little.
func list(all []map[string]any) reply {
	return listing(page{start: 1}, len(all), all)
}

func types(r *http.Request) []map[string]any {
	one := func(name, urn string, more ...any) map[string]any {
		out := map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": name, "name": name, "endpoint": "/" + name + "s", "schema": urn,
			"meta": map[string]any{"resourceType": "ResourceType", "location": origin(r) + "/ResourceTypes/" + name}}
		if len(more) > 0 {
			out["schemaExtensions"] = more
		}
		return out
	}
	return []map[string]any{one("User", userURN, map[string]any{"schema": enterpriseURN, "required": false}), one("Group", groupURN)}
}

func schemas(r *http.Request) []map[string]any {
	one := func(urn, name string, as []attribute) map[string]any {
		return map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": urn, "name": name, "attributes": describeAll(as),
			"meta": map[string]any{"resourceType": "Schema", "location": origin(r) + "/Schemas/" + urn}}
	}
	return []map[string]any{one(userURN, "User", userAttributes()), one(enterpriseURN, "EnterpriseUser", enterpriseAttributes()), one(groupURN, "Group", groupAttributes())}
}

func named(all []map[string]any, id string) (reply, error) {
	for _, one := range all {
		if strings.EqualFold(one["id"].(string), id) {
			return reply{http.StatusOK, one}, nil
		}
	}
	return reply{}, fault.New(fault.NotFound, "There is no such thing.")
}

func listTypes(_ context.Context, r *http.Request) (reply, error) { return list(types(r)), nil }

func showType(_ context.Context, r *http.Request) (reply, error) {
	return named(types(r), web.Param(r, "name"))
}

func listSchemas(_ context.Context, r *http.Request) (reply, error) { return list(schemas(r)), nil }

func showSchema(_ context.Context, r *http.Request) (reply, error) {
	return named(schemas(r), web.Param(r, "name"))
}
