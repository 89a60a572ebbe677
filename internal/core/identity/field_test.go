package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/profile"
)

func TestFields(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		d.Region = func(context.Context) (string, error) { return "SE", nil }
		must[*User](t)(d.Create(ctx, NewUser{ID: "oda", Mail: "oda@oracle.example", Manager: ""}))
		must[*User](t)(d.Create(ctx, NewUser{ID: "otto"}))
		for _, f := range []struct{ name, value, want string }{
			{"displayname", "Oda Ödman", "Oda Ödman"}, {"email", "ODA2@oracle.example", "oda2@oracle.example"},
			{"phone", "0701234568", "+46701234568"}, {"address", "1 Street", "1 Street"}, {"website", "https://oda.example", "https://oda.example"},
			{"twitter", "@oda", "oda"}, {"fediverse", "@oda@social.example", "oda@social.example"}, {"bluesky", "oda.bsky.social", "oda.bsky.social"},
			{"biography", strings.Repeat("ö", 1000), strings.Repeat("ö", 1000)}, {"birthdate", "1990-01-02", "1990-01-02"},
			{"profile_enabled", "false", "0"}, {"language", "de", "de"}, {"locale", "de_DE", "de_DE"}, {"timezone", "Europe/Berlin", "Europe/Berlin"},
			{"first_day_of_week", "1", "1"}, {"manager", "otto", "otto"}, {"notify_email", "oda2@oracle.example", "oda2@oracle.example"},
			{"role", "Role", "Role"}, {"role", "", ""},
		} {
			if err := d.SetField(ctx, "oda", f.name, f.value); err != nil {
				t.Errorf("%s: %v", f.name, err)
			}
			p := must[profile.Profile](t)(d.Profile(ctx, must[*User](t)(d.User(ctx, "oda"))))
			if got := p.Get(f.name).Value; got != f.want {
				t.Errorf("%s is %q, want %q", f.name, got, f.want)
			}
		}
		for name, value := range map[string]string{"email": "nomail", "phone": "abc", "language": "xx_NO", "locale": "zz_ZZ", "timezone": "Mars/Base",
			"website": "not a url", "twitter": "a b", "bluesky": "x", "fediverse": "oda", "first_day_of_week": "9", "manager": "ghost",
			"additional_mail": "", "notify_email": "strange@oracle.example", "profile_enabled": "maybe", "role": "a\x00b", "headline": strings.Repeat("x", 9000)} {
			if err := d.SetField(ctx, "oda", name, value); !errors.Is(err, fault.Invalid) {
				t.Errorf("%s %.20q: %v", name, value, err)
			}
		}
		if err := d.SetField(ctx, "oda", "quota", "1"); !errors.Is(err, fault.Unsupported) {
			t.Errorf("no field: %v", err)
		}
		if got := must[map[string][]string](t)(d.ByPhone(ctx, []string{"+46701234568", "+1"})); !slices.Equal(got["+46701234568"], []string{"oda"}) || len(got) != 1 {
			t.Errorf("by phone: %v", got)
		}
		if err := d.Remove(ctx, "otto"); err != nil {
			t.Fatal(err)
		}
		if p := must[profile.Profile](t)(d.Profile(ctx, must[*User](t)(d.User(ctx, "oda")))); p.Get("manager").Value != "" {
			t.Errorf("a manager who is gone: %+v", p.Get("manager"))
		}
	})
}

func TestFieldsWithManyValuesAndScopes(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "oda", Mail: "oda@oracle.example"}))
		for _, err := range []error{
			d.SetField(ctx, "oda", "additional_mail", "One@oracle.example"), d.SetField(ctx, "oda", "additional_mail", "two@oracle.example"),
			d.SetField(ctx, "oda", "additional_mail", "one@oracle.example"), d.SetScope(ctx, "oda", "additional_mail", "two@oracle.example", profile.Federated),
			d.ChangeItem(ctx, "oda", "additional_mail", "one@oracle.example", "uno@oracle.example"),
			d.SetVerified(ctx, "oda", "additional_mail", "two@oracle.example"), d.SetField(ctx, "oda", "notify_email", "two@oracle.example"),
			d.SetVerified(ctx, "oda", "email", "oda@oracle.example"), d.SetScope(ctx, "oda", "email", "", profile.Local),
			d.SetScope(ctx, "oda", "avatar", "", profile.Private), d.SetScope(ctx, "oda", "phone", "", profile.Private), d.SetScope(ctx, "oda", "phone", "", profile.Private),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		p := must[profile.Profile](t)(d.Profile(ctx, must[*User](t)(d.User(ctx, "oda"))))
		want := []profile.Property{{Name: "additional_mail", Value: "uno@oracle.example", Scope: profile.Local, Verified: false}, {Name: "additional_mail", Value: "two@oracle.example", Scope: profile.Federated, Verified: true}}
		if diff := cmp.Diff(want, p.All("additional_mail")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if got, want := p.Get("email"), (profile.Property{Name: "email", Value: "oda@oracle.example", Scope: profile.Local, Verified: true}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if p.Get("avatar").Scope != profile.Private || p.Get("phone").Scope != profile.Private || p.Get("pronouns").Scope != profile.Federated {
			t.Errorf("%+v", p)
		}
		// What was verified is the value, not the field.
		if err := d.SetField(ctx, "oda", "email", "new@oracle.example"); err != nil {
			t.Fatal(err)
		}
		p = must[profile.Profile](t)(d.Profile(ctx, must[*User](t)(d.User(ctx, "oda"))))
		if got, want := p.Get("email"), (profile.Property{Name: "email", Value: "new@oracle.example", Scope: profile.Local, Verified: false}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		for what, err := range map[string]error{
			"bogus": d.SetScope(ctx, "oda", "phone", "", "bogus"), "private mail": d.SetScope(ctx, "oda", "email", "", profile.Private),
			"of a setting": d.SetScope(ctx, "oda", "language", "", profile.Local), "items of a single": d.ChangeItem(ctx, "oda", "phone", "a", "b"),
		} {
			if !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := d.ChangeItem(ctx, "oda", "additional_mail", "gone@oracle.example", ""); !errors.Is(err, fault.NotFound) {
			t.Errorf("an item that is not there: %v", err)
		}
		if err := d.ChangeItem(ctx, "oda", "additional_mail", "UNO@oracle.example", ""); err != nil {
			t.Error(err)
		}
	})
}
