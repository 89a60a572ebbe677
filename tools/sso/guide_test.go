package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the realm is made of is what the guide has people type at Keycloak.
func TestTheRealmIsAsTheGuideSays(t *testing.T) {
	guide := read(t, "../../docs/admin/oidc-keycloak.md")
	var realm struct {
		Clients []struct {
			ID         string            `json:"clientId"`
			Redirects  []string          `json:"redirectUris"`
			Origins    []string          `json:"webOrigins"`
			Attributes map[string]string `json:"attributes"`
		} `json:"clients"`
	}
	if err := json.Unmarshal([]byte(read(t, "testdata/realm.json")), &realm); err != nil {
		t.Fatal(err)
	}
	var typed []string
	for _, c := range realm.Clients {
		if c.ID == "elsewhere" { // the stranger among them
			continue
		}
		typed = append(append(append(typed, c.ID), c.Redirects...), c.Origins...)
		for _, name := range []string{"backchannel.logout.url", "post.logout.redirect.uris"} {
			typed = append(typed, c.Attributes[name])
		}
	}
	if len(typed) < 8 {
		t.Fatalf("the realm has only %q", typed)
	}
	for _, value := range append(typed, "files:read:/Photos", "for-atrium") {
		if value != "" && !strings.Contains(guide, "`"+value+"`") {
			t.Errorf("the guide does not say %q", value)
		}
	}
}

func TestTheMappersAreThoseOfTheGuide(t *testing.T) {
	guide := read(t, "../../docs/admin/saml-keycloak.md")
	var mappers []struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal([]byte(read(t, "testdata/mappers.json")), &mappers); err != nil || len(mappers) == 0 {
		t.Fatal(mappers, err)
	}
	for _, m := range mappers {
		if !strings.Contains(guide, "`"+m.Name+"`") {
			t.Errorf("the guide does not say %q", m.Name)
		}
	}
}

// What the provider is configured with is what the guide has people write.
func TestTheProviderIsAsTheGuideSays(t *testing.T) {
	guide, provider := read(t, "../../docs/admin/oidc-provider.md"), read(t, "oidc-provider/provider.mjs")
	said := scripts.FindStringSubmatch(guide)
	if said == nil || !strings.Contains(provider, said[1]) {
		t.Errorf("the provider is not configured with %q", said)
	}
	client := jsons.FindStringSubmatch(guide)
	if client == nil || !json.Valid([]byte(client[1])) {
		t.Errorf("the client is no JSON: %q", client)
	}
}

func TestBlocksOfAGuide(t *testing.T) {
	const text = "Say:\n\n```sh\natrium a \\\n  --b\n```\n\n```\nno command\n```\n\n```php\n$m = 1;\n```\n\n```sh\natrium c\n```\n"
	var got []string
	for _, m := range commands.FindAllStringSubmatch(text, -1) {
		got = append(got, m[1])
	}
	if want := "atrium a \\\n  --b\n|atrium c\n"; strings.Join(got, "|") != want {
		t.Errorf("commands: %q", got)
	}
	if m := php.FindStringSubmatch(text); m == nil || m[1] != "$m = 1;\n" {
		t.Errorf("PHP: %q", m)
	}
}
