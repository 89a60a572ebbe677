package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

func escape(s string) string { return url.QueryEscape(s) }

// The user of RFC 7644, section 3.3, with the extension of RFC 7643, section 8.3.
const bjensen = `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
	"userName": "bjensen@example.com", "externalId": "701984", "name": {"formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara"},
	"displayName": "Babs Jensen", "title": "Tour Guide", "preferredLanguage": "en-US", "password": "t1meMa$heen", "unheardOf": {"a": 1},
	"emails": [{"value": "babs@jensen.org", "type": "home"}, {"value": "bjensen@example.com", "type": "work", "primary": true}],
	"phoneNumbers": [{"value": "+44 20 7946 0958", "type": "work"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "701984", "organization": "Universal Studios", "manager": {"value": "26118915"}}}`

func TestAUserIsMade(t *testing.T) {
	each(t, func(g *rig) {
		w := g.send("POST", "/Users", bjensen)
		var made map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 201 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		id, meta := made["id"].(string), made["meta"].(map[string]any)
		at := "https://cloud.example.com/scim/v2/Users/" + id
		if w.Header().Get("Location") != at || meta["location"] != at || w.Header().Get("ETag") != meta["version"] || meta["resourceType"] != "User" || made["active"] != true {
			t.Errorf("%v %v", w.Header(), made)
		}
		if made["password"] != nil || made["unheardOf"] != nil || made["name"].(map[string]any)["familyName"] != "Jensen" ||
			made[enterpriseURN].(map[string]any)["employeeNumber"] != "701984" {
			t.Errorf("%v", made)
		}
		u := g.account("bjensen@example.com")
		if u.Display != "Babs Jensen" || u.Mail != "bjensen@example.com" || u.Source != source || !u.Enabled {
			t.Errorf("%+v", u)
		}
		p, err := g.dir.Profile(t.Context(), u)
		if err != nil || p.Get("phone").Value != "+442079460958" || p.Get("role").Value != "Tour Guide" || p.Get("organisation").Value != "Universal Studios" {
			t.Errorf("%+v, %v", p, err)
		}
		if diff := cmp.Diff(made, g.ask(200, "GET", "/Users/"+id, "")); diff != "" {
			t.Error(diff)
		}
		g.refused(409, "uniqueness", "POST", "/Users", bjensen)
		g.refused(409, "uniqueness", "POST", "/Users", `{"userName": "OLGA"}`) // not the provider's
		if !slices.Contains(g.events, "scim:okta bjensen@example.com account-made scim") {
			t.Errorf("%q", g.events)
		}
	})
}

// Whatever is renamed, the account stays the same, and who comes after under the old
// name gets another one.
func TestNamesChangeAndAccountsStay(t *testing.T) {
	each(t, func(g *rig) {
		id := g.user("ann")
		g.patch("/Users/"+id, `{"op": "Replace", "path": "userName", "value": "ann.smith"}, {"op": "Replace", "path": "externalId", "value": "x9"},
			{"op": "Add", "path": "displayName", "value": "Ann Smith"}`)
		if u := g.account("ann"); u.Display != "Ann Smith" {
			t.Errorf("%+v", u)
		}
		next := g.user("ann")
		if next == id || g.account("ann-2").Source != source {
			t.Error("two people have one account")
		}
		if got := g.finds("Users", `userName eq "Ann.Smith"`, "id"); got != id {
			t.Errorf("%s is not %s", got, id)
		}
		g.refused(409, "uniqueness", "PATCH", "/Users/"+next, `{"Operations": [{"op": "replace", "value": {"userName": "ANN.SMITH"}}]}`)

		staff := g.group("Staff", id)
		g.patch("/Groups/"+staff, `{"op": "replace", "value": {"id": "`+staff+`", "displayName": "Crew"}}`) // as Okta renames
		if in, err := g.dir.Group(t.Context(), "Staff"); err != nil || in.Display != "Crew" || g.members("Staff") != "ann" {
			t.Errorf("%+v %v %s", in, err, g.members("Staff"))
		}
		g.group("Staff", next)
		if g.members("Staff (2)") != "ann-2" || g.members("Staff") != "ann" {
			t.Error("two groups are one")
		}
		g.refused(409, "uniqueness", "POST", "/Groups", `{"displayName": "CREW"}`)
		if !slices.Contains(g.events, "scim:okta ann provisioned userName: ann → ann.smith") ||
			!slices.Contains(g.events, "scim:okta  provisioned group renamed: Staff → Crew") {
			t.Errorf("%q", g.events)
		}
	})
}

func TestFiltersAndPages(t *testing.T) {
	each(t, func(g *rig) {
		for i, name := range []string{"ada", "bob", "cyd"} {
			g.ask(201, "POST", "/Users", fmt.Sprintf(`{"userName": %q, "externalId": "X%d", "displayName": "D %s", "active": %v,
				"emails": [{"type": "work", "value": "%s@x.org"}, {"type": "home", "value": "%s@home.org"}], %q: {"department": "d%d"}}`, name, i, name, i != 1, name, name, enterpriseURN, i))
		}
		for filter, want := range map[string]string{
			`userName eq "BOB"`: "bob", `externalId eq "X1"`: "bob", `externalId eq "x1"`: "", `userName eq "eve"`: "",
			`userName co "d"`: "ada cyd", `userName sw "A"`: "ada", `userName ew "b"`: "bob", `userName ne "bob"`: "ada cyd", `userName gt "b"`: "bob cyd", `userName le "ada"`: "ada",
			`displayName pr and active eq true`: "ada cyd", `active eq false`: "bob", `active eq "False"`: "bob", `title pr`: "", `not (title pr)`: "ada bob cyd", `title eq null`: "ada bob cyd",
			`emails eq "ada@x.org"`: "ada", `emails.value co "HOME"`: "ada bob cyd", `emails[type eq "work" and value sw "cyd"]`: "cyd", `emails[type eq "home" and value eq "ada@x.org"]`: "",
			`userName eq "ada" or userName eq "cyd"`: "ada cyd", `(userName eq "ada" or userName eq "cyd") and not (externalId eq "X0")`: "cyd",
			enterpriseURN + `:department eq "d2"`: "cyd", userURN + `:userName eq "ada"`: "ada", `meta.resourceType eq "User" and username EQ "ada"`: "ada", `groups.display eq "G"`: "",
		} {
			got := strings.Split(g.finds("Users", filter, "userName"), " ")
			slices.Sort(got)
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s", filter, got, want)
			}
		}
		for _, bad := range []string{`userName`, `userName eq`, `userName is "a"`, `userName eq bob`, `(userName eq "a"`, `userName eq "a`, `eq "a"`, `emails[type eq "work"`, `a pr b`,
			strings.Repeat("(", 30) + "a pr" + strings.Repeat(")", 30), strings.Repeat("x", maxFilter+1)} {
			g.refused(400, "invalidFilter", "GET", "/Users?filter="+escape(bad), "")
		}
		seen := map[string]bool{}
		for start := 1; start <= 3; start++ {
			for _, path := range []string{"/Users?", "/Users?filter=userName+pr&"} {
				l := g.ask(200, "GET", fmt.Sprintf("%sstartIndex=%d&count=1", path, start), "")
				if l["totalResults"] != 3.0 || l["itemsPerPage"] != 1.0 || l["startIndex"] != float64(start) {
					t.Errorf("%v", l)
				}
				seen[l["Resources"].([]any)[0].(map[string]any)["userName"].(string)] = true
			}
		}
		if len(seen) != 3 {
			t.Errorf("pages show %v", seen)
		}
		if l := g.ask(200, "GET", "/Users?startIndex=0&count=0", ""); l["totalResults"] != 3.0 || len(l["Resources"].([]any)) != 0 {
			t.Errorf("%v", l)
		}
		g.refused(400, "invalidValue", "GET", "/Users?count=x", "")
		one := g.ask(200, "GET", "/Users?count=1&attributes=userName,name.givenName", "")["Resources"].([]any)[0].(map[string]any)
		if one["id"] == nil || one["schemas"] == nil || one["userName"] == nil || len(one) != 3 {
			t.Errorf("%v", one)
		}
	})
}

// The number of statements does not grow with the page.
func TestAListCostsTheSameWhateverItsLength(t *testing.T) {
	g := lite(t)
	var ids []string
	cost := func() (n int64) {
		for _, path := range []string{"/Users", "/Groups"} {
			ctx, c := db.Count(t.Context())
			req := httpRequest(g, path).WithContext(ctx)
			serve(g, req)
			n += c.Load()
		}
		return n
	}
	for i := range 40 {
		ids = append(ids, g.user(fmt.Sprint("u", i)))
		if i == 2 {
			g.group("G", ids...)
		}
	}
	few := cost()
	for i := range 5 {
		g.group(fmt.Sprint("g", i), ids...)
	}
	if many := cost(); many > few+1 { // the groups of the users are read when there are some
		t.Errorf("%d statements, and %d for more", few, many)
	}
}

// What Entra's validator and its documentation send: capitals, truths as text, values
// that are not there yet, dotted names without a path, members removed by value.
func TestEntraSpells(t *testing.T) {
	each(t, func(g *rig) {
		id := g.user("Test_User_1")
		g.patch("/Users/"+id, `{"op": "Replace", "path": "active", "value": "False"}`)
		if g.account("Test_User_1").Enabled {
			t.Error("still enabled")
		}
		got := g.patch("/Users/"+id, `{"op": "Replace", "path": "active", "value": "True"},
			{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "new@x.org"},
			{"op": "Add", "path": "emails[type eq \"work\"].primary", "value": "True"},
			{"op": "Add", "path": "addresses[type eq \"work\"].locality", "value": "Wien"},
			{"op": "Replace", "path": "name.familyName", "value": "Lang"},
			{"op": "Add", "path": "`+enterpriseURN+`:manager", "value": "m1"},
			{"op": "Add", "path": "`+enterpriseURN+`:department", "value": "Ops"},
			{"op": "Replace", "value": {"name.givenName": "Uwe", "displayName": "Uwe L", "`+enterpriseURN+`:costCenter": "7", "unheardOf": 1}}`)
		want := map[string]any{"emails": []any{map[string]any{"type": "work", "value": "new@x.org", "primary": true}},
			"addresses": []any{map[string]any{"type": "work", "locality": "Wien"}}, "name": map[string]any{"familyName": "Lang", "givenName": "Uwe"},
			"displayName": "Uwe L", enterpriseURN: map[string]any{"manager": map[string]any{"value": "m1"}, "department": "Ops", "costCenter": "7"}, "active": true}
		for k, v := range want {
			if diff := cmp.Diff(v, got[k]); diff != "" {
				t.Errorf("%s: %s", k, diff)
			}
		}
		if u := g.account("Test_User_1"); u.Mail != "new@x.org" || u.Display != "Uwe L" || !u.Enabled {
			t.Errorf("%+v", u)
		}
		got = g.patch("/Users/"+id, `{"op": "Remove", "path": "emails[type eq \"work\"]"}, {"op": "remove", "path": "name.givenName"}, {"op": "Remove", "path": "`+enterpriseURN+`:manager"},
			{"op": "remove", "path": "title"}`)
		if got["emails"] != nil || len(got["name"].(map[string]any)) != 1 || got[enterpriseURN].(map[string]any)["manager"] != nil || g.account("Test_User_1").Mail != "" {
			t.Errorf("%v", got)
		}
		a, b := g.user("a"), g.user("b")
		staff := g.group("staff")
		g.patch("/Groups/"+staff, `{"op": "Add", "path": "members", "value": [{"$ref": null, "value": "`+a+`"}, {"value": "`+b+`"}, {"value": "`+id+`"}]}`)
		if got := g.members("staff"); got != "Test_User_1 a b" {
			t.Errorf("%s", got)
		}
		if got := g.finds("Groups", `id eq "`+staff+`" and members eq "`+a+`"`, "displayName"); got != "staff" {
			t.Errorf("%q", got)
		}
		g.patch("/Groups/"+staff, `{"op": "Remove", "path": "members", "value": [{"value": "`+a+`"}]}`)
		g.patch("/Groups/"+staff, `{"op": "remove", "path": "members[value eq \"`+b+`\"]"}`)
		if got := g.members("staff"); got != "Test_User_1" {
			t.Errorf("%s", got)
		}
		if res := g.ask(200, "GET", "/Groups?excludedAttributes=members&filter="+escape(`displayName eq "STAFF"`), "")["Resources"].([]any); len(res) != 1 || res[0].(map[string]any)["members"] != nil {
			t.Errorf("%v", res)
		}
		g.patch("/Groups/"+staff, `{"op": "Remove", "path": "members"}`)
		if got := g.members("staff"); got != "" {
			t.Errorf("%s", got)
		}
	})
}

func TestWhatCannotBePatched(t *testing.T) {
	g := lite(t)
	id, staff := g.user("a"), g.group("staff")
	for ops, kind := range map[string]string{
		`[]`: "invalidSyntax", `[1]`: "invalidSyntax", `[{"op": "move"}]`: "invalidSyntax", `[{"op": "add", "path": 5}]`: "invalidPath", `[{"op": "add", "path": "a b"}]`: "invalidPath",
		`[{"op": "add", "path": "shoeSize", "value": "9"}]`: "invalidPath", `[{"op": "add", "path": "name.shoe", "value": "9"}]`: "invalidPath",
		`[{"op": "add", "path": "emails[type eq ", "value": "9"}]`: "invalidPath", `[{"op": "add", "path": "name[a pr].b", "value": "9"}]`: "invalidPath",
		`[{"op": "add", "path": "groups", "value": []}]`: "mutability", `[{"op": "replace", "path": "emails[value co \"x\"].type", "value": "work"}]`: "noTarget",
		`[{"op": "remove"}]`: "noTarget", `[{"op": "replace", "path": "active", "value": "perhaps"}]`: "invalidValue", `[{"op": "replace", "path": "userName", "value": {}}]`: "invalidValue",
		`[{"op": "remove", "path": "userName"}]`: "invalidValue", `[{"op": "replace", "path": "emails", "value": [true]}]`: "invalidValue",
	} {
		g.refused(400, kind, "PATCH", "/Users/"+id, `{"Operations": `+ops+`}`)
	}
	g.refused(400, "invalidSyntax", "PATCH", "/Users/"+id, `{`)
	g.refused(400, "invalidSyntax", "POST", "/Users", `[]`)
	g.refused(400, "invalidValue", "POST", "/Users", `{"displayName": "x"}`)
	g.refused(400, "invalidValue", "POST", "/Users", `{"userName": "☃"}`)
	g.refused(400, "invalidValue", "POST", "/Groups", `{}`)
	g.refused(400, "invalidValue", "PATCH", "/Groups/"+staff, `{"Operations": [{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]}`)
	g.refused(400, "invalidValue", "PATCH", "/Groups/"+staff, `{"Operations": [{"op": "add", "path": "members", "value": [{"value": "`+staff+`", "type": "Group"}]}]}`)
	g.refused(400, "invalidPath", "PATCH", "/Groups/"+staff, `{"Operations": [{"op": "add", "path": "`+enterpriseURN+`:department", "value": "x"}]}`)
	for _, path := range []string{"/Users/x", "/Groups/x", "/Schemas/x", "/ResourceTypes/x"} {
		g.refused(404, "", "GET", path, "")
	}
	g.refused(404, "", "DELETE", "/Users/x", "")
}

func TestReplace(t *testing.T) {
	each(t, func(g *rig) {
		made := g.ask(201, "POST", "/Users", bjensen)
		path := "/Users/" + made["id"].(string)
		g.patch(path, `{"op": "replace", "value": {"active": false}}`) // as Okta locks
		got := g.ask(200, "PUT", path, `{"id": "other", "userName": "bjensen@example.com", "displayName": "B"}`)
		if got["title"] != nil || got["emails"] != nil || got["active"] != false || got["id"] != made["id"] || g.account("bjensen@example.com").Mail != "" {
			t.Errorf("%v", got)
		}
		a := g.user("a")
		staff := g.group("staff", a)
		g.ask(200, "PUT", "/Groups/"+staff, `{"displayName": "staff", "externalId": "e"}`)
		if g.members("staff") != "a" {
			t.Error("who says nothing of members empties no group")
		}
		if u := g.ask(200, "GET", "/Users/"+a, ""); u["groups"].([]any)[0].(map[string]any)["value"] != staff {
			t.Errorf("%v", u)
		}
		if _, err := g.dir.Create(t.Context(), identity.NewUser{ID: "guest"}); err != nil {
			t.Fatal(err)
		}
		if err := g.dir.AddMember(t.Context(), "staff", "guest"); err != nil {
			t.Fatal(err)
		}
		g.ask(200, "PUT", "/Groups/"+staff, `{"displayName": "staff", "members": []}`)
		if got := g.members("staff"); got != "guest" {
			t.Errorf("left are %q: who is not the provider's stays", got)
		}
		g.ask(204, "DELETE", "/Groups/"+staff, "")
		g.refused(404, "", "GET", "/Groups/"+staff, "")
		if _, err := g.dir.Group(t.Context(), "staff"); !errors.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestVersions(t *testing.T) {
	g := lite(t)
	id := g.user("a")
	path := "/Users/" + id
	tag := g.send("GET", path, "").Header().Get("ETag")
	if w := g.send("GET", path, "", "If-None-Match", tag); w.Code != 304 || w.Body.Len() > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	g.ask(200, "PUT", path, `{"userName": "a", "title": "x"}`, "If-Match", tag)
	g.refused(412, "", "PUT", path, `{"userName": "a", "title": "y"}`, "If-Match", tag)
	g.refused(412, "", "PATCH", path, `{"Operations": [{"op": "remove", "path": "title"}]}`, "If-Match", tag)
	g.refused(412, "", "DELETE", path, "", "If-Match", tag)
	staff := g.group("staff", id)
	tag = g.send("GET", "/Groups/"+staff, "").Header().Get("ETag")
	g.patch("/Groups/"+staff, `{"op": "remove", "path": "members"}`)
	g.refused(412, "", "DELETE", "/Groups/"+staff, "", "If-Match", tag)
	g.ask(204, "DELETE", "/Groups/"+staff, "", "If-Match", "*")
}

// Deleting locks, and gives the account back to who comes again; or removes, where the
// administrator wants that.
func TestDelete(t *testing.T) {
	each(t, func(g *rig) {
		id := g.user("ann")
		g.group("staff", id)
		g.ask(204, "DELETE", "/Users/"+id, "")
		g.refused(404, "", "GET", "/Users/"+id, "")
		if g.account("ann").Enabled || g.members("staff") != "" || g.finds("Users", `userName pr`, "id") != "" {
			t.Error("it is still there")
		}
		if again := g.user("Ann"); again != id || !g.account("ann").Enabled {
			t.Error("it is another one")
		}
		if err := g.room.settings.Set(t.Context(), app, onDelete.Name, "remove"); err != nil {
			t.Fatal(err)
		}
		g.ask(204, "DELETE", "/Users/"+id, "")
		if _, err := g.dir.User(t.Context(), "ann"); !errors.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if n, err := db.One(t.Context(), g.db, db.Scan1[int], "SELECT COUNT(*) FROM scim_user"); n != 0 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
		if !slices.Contains(g.events, "scim:okta ann account-removed") || !slices.Contains(g.events, "scim:okta ann account-disabled") {
			t.Errorf("%q", g.events)
		}
	})
}

// Nobody who administers the server is locked or removed by a provider, and nobody
// becomes an administrator by one.
func TestAdministratorsAreSafe(t *testing.T) {
	each(t, func(g *rig) {
		if err := g.room.settings.Set(t.Context(), app, adopt.Name, "yes"); err != nil {
			t.Fatal(err)
		}
		g.refused(409, "uniqueness", "POST", "/Users", `{"userName": "admin"}`)
		for _, name := range []string{"admin", "Admin"} {
			g.refused(409, "uniqueness", "POST", "/Groups", `{"displayName": "`+name+`"}`)
		}
		staff := g.group("staff")
		g.refused(409, "uniqueness", "PATCH", "/Groups/"+staff, `{"Operations": [{"op": "replace", "path": "displayName", "value": "ADMIN"}]}`)
		id, err := g.room.Give(t.Context(), "admin")
		if err != nil {
			t.Fatal(err)
		}
		g.refused(403, "", "DELETE", "/Users/"+id, "")
		g.refused(403, "", "PATCH", "/Users/"+id, `{"Operations": [{"op": "replace", "path": "active", "value": false}]}`)
		g.refused(403, "", "PUT", "/Users/"+id, `{"userName": "admin", "active": false}`)
		g.patch("/Users/"+id, `{"op": "replace", "path": "displayName", "value": "Chief"}`)
		if u := g.account("admin"); !u.Enabled || u.Display != "Chief" {
			t.Errorf("%+v", u)
		}
	})
}

// Accounts that were there are the provider's when an administrator says so.
func TestAccountsThatWereThere(t *testing.T) {
	g := lite(t)
	if err := g.room.settings.Set(t.Context(), app, adopt.Name, "yes"); err != nil {
		t.Fatal(err)
	}
	if err := g.dir.CreateGroup(t.Context(), "staff", "Staff"); err != nil {
		t.Fatal(err)
	}
	id := g.user("Olga")
	g.patch("/Users/"+id, `{"op": "add", "path": "displayName", "value": "Olga O"}`)
	g.group("staff", id)
	if g.account("olga").Display != "Olga O" || g.members("staff") != "olga" {
		t.Errorf("%+v", g.account("olga"))
	}
	if err := g.dir.Release(t.Context(), "olga"); err != nil {
		t.Fatal(err)
	}
	g.refused(403, "", "DELETE", "/Users/"+id, "")
	g.refused(403, "", "PATCH", "/Users/"+id, `{"Operations": [{"op": "replace", "path": "active", "value": false}]}`)
	if !g.account("olga").Enabled {
		t.Error("it was locked")
	}
	if again, err := g.room.Give(t.Context(), "olga"); again != id || err != nil {
		t.Fatalf("%s, %v", again, err)
	}
	g.patch("/Users/"+id, `{"op": "replace", "path": "displayName", "value": "Olga P"}`)
	if _, err := g.dir.Create(t.Context(), identity.NewUser{ID: "otto", Mail: "otto@example.com"}); err != nil {
		t.Fatal(err)
	}
	given, err := g.room.Give(t.Context(), "otto")
	if err != nil {
		t.Fatal(err)
	}
	if u := g.ask(200, "GET", "/Users/"+given, ""); u["userName"] != "otto" || u["emails"].([]any)[0].(map[string]any)["value"] != "otto@example.com" {
		t.Errorf("%v", u)
	}
	if err := g.dir.Remove(t.Context(), "olga"); err != nil {
		t.Fatal(err)
	}
	g.refused(404, "", "GET", "/Users/"+id, "")
}

// A token opens SCIM and nothing else, until it ends; no other credential opens SCIM.
func TestTokens(t *testing.T) {
	each(t, func(g *rig) {
		soon := g.now.Add(time.Hour)
		brief, err := g.room.AddToken(t.Context(), "brief", soon)
		if err != nil {
			t.Fatal(err)
		}
		g.ask(200, "GET", "/Users", "", "Authorization", "bearer "+brief)
		for _, auth := range []string{"", "Bearer", "Bearer x", "Basic " + brief, "Bearer " + brief + "x"} {
			g.refused(401, "", "GET", "/ServiceProviderConfig", "", "Authorization", auth)
		}
		if w := g.send("GET", "/Users", "", "Authorization", ""); w.Header().Get("WWW-Authenticate") != `Bearer realm="SCIM"` {
			t.Errorf("%v", w.Header())
		}
		g.now = soon
		g.refused(401, "", "GET", "/Users", "", "Authorization", "Bearer "+brief)
		if _, err := g.room.AddToken(t.Context(), "late", soon); !errors.Is(err, fault.Invalid) {
			t.Error(err)
		}
		if _, err := g.room.AddToken(t.Context(), "okta", time.Time{}); !errors.Is(err, fault.Exists) {
			t.Error(err)
		}
		var names []string
		for tok, err := range g.room.Tokens(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, tok.Name)
		}
		if diff := cmp.Diff([]string{"brief", "okta"}, names); diff != "" {
			t.Error(diff)
		}
		if err := g.room.RemoveToken(t.Context(), "okta"); err != nil {
			t.Fatal(err)
		}
		g.refused(401, "", "GET", "/Users", "")
		if diff := cmp.Diff([]string{"provisioned token made: brief", "provisioned token removed: okta"}, g.events); diff != "" {
			t.Error(diff)
		}
		if err := g.room.RemoveToken(t.Context(), "okta"); !errors.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestDiscovery(t *testing.T) {
	g := lite(t)
	c := g.ask(200, "GET", "/ServiceProviderConfig", "")
	if c["patch"].(map[string]any)["supported"] != true || c["bulk"].(map[string]any)["supported"] != false || c["filter"].(map[string]any)["maxResults"] != float64(maxPage) {
		t.Errorf("%v", c)
	}
	if l := g.ask(200, "GET", "/ResourceTypes", ""); l["totalResults"] != 2.0 || len(l["Resources"].([]any)) != 2 {
		t.Errorf("%v", l)
	}
	if one := g.ask(200, "GET", "/ResourceTypes/User", ""); one["schemaExtensions"].([]any)[0].(map[string]any)["schema"] != enterpriseURN {
		t.Errorf("%v", one)
	}
	if l := g.ask(200, "GET", "/Schemas", ""); l["totalResults"] != 3.0 {
		t.Errorf("%v", l)
	}
	one := g.ask(200, "GET", "/Schemas/"+userURN, "")
	first := one["attributes"].([]any)[0].(map[string]any)
	if first["name"] != "userName" || first["uniqueness"] != "server" || first["required"] != true {
		t.Errorf("%v", first)
	}
}
