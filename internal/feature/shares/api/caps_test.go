package api

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/feature/shares"
)

// The section of the capabilities, as recorded (30-core/005, 32-sharing/202, 218),
// but that there are no other servers to share with.
func TestCapabilities(t *testing.T) {
	g := lite(t)
	g.room.Send = func(context.Context, shares.Share, string) error { return nil }
	const rest = `"federation":{"outgoing":false,"incoming":false,"expire_date":{"enabled":false},"expire_date_supported":{"enabled":false}},
		"sharee":{"query_lookup_default":false,"always_show_unique":true}`
	mail := func(enforced string) string {
		return `,"sharebymail":{"enabled":true,"send_password_by_mail":true,"upload_files_drop":{"enabled":true},"password":{"enabled":true,"enforced":` + enforced +
			`},"expire_date":{"enabled":true,"enforced":` + enforced + `}}}`
	}
	section := func(password, expiry string) string {
		return `{"api_enabled":true,"public":{"enabled":true,"password":{"enforced":` + password + `,"askForOptionalPassword":false},"expire_date":` + expiry +
			`,"multiple_links":true,"expire_date_internal":{"enabled":false},"expire_date_remote":{"enabled":false},"send_mail":false,"upload":true,
			"upload_files_drop":true,"custom_tokens":false},"resharing":true,"user":{"send_mail":false,"expire_date":{"enabled":true}},"group_sharing":true,
			"group":{"enabled":true,"expire_date":{"enabled":true}},"default_permissions":31,` + rest + mail(password)
	}
	for _, c := range []struct {
		settings []string
		want     string
	}{
		{nil, section("false", `{"enabled":false}`)},
		{[]string{"shareapi_enforce_links_password", "shareapi_default_expire_date", "shareapi_enforce_expire_date"},
			section("true", `{"enabled":true,"days":7,"enforced":true}`)},
		{[]string{"-shareapi_enabled"}, `{"api_enabled":false,"public":{"enabled":false},"user":{"send_mail":false},"resharing":false,` + rest + mail("false")},
	} {
		for _, s := range []string{"shareapi_enforce_links_password", "shareapi_default_expire_date", "shareapi_enforce_expire_date", "shareapi_enabled"} {
			_ = g.settings.Delete(g.ctx, "core", s)
		}
		for _, s := range c.settings {
			if s[0] == '-' {
				g.must(g.settings.Set(g.ctx, "core", s[1:], "no"))
				continue
			}
			g.must(g.settings.Set(g.ctx, "core", s, "yes"))
		}
		b, err := json.Marshal(g.room.caps(who.With(g.ctx, &who.Principal{ID: "olga"}), nil))
		g.must(err)
		var got, want any
		g.must(json.Unmarshal(b, &got))
		g.must(json.Unmarshal([]byte(c.want), &want))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: -want +got\n%s", c.settings, diff)
		}
	}
}
