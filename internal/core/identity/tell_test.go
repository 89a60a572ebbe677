package identity

import (
	"context"
	"slices"
	"strings"
	"testing"

	"atrium/internal/core/event"
	"atrium/internal/infra/db"
)

// What happens to accounts is told, once each, in the transaction.
func TestWhatHappensIsTold(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, _ *clock) {
		ctx := t.Context()
		var told []string
		d.Tell = func(_ context.Context, _ *db.DB, ev event.AccountChanged) error {
			told = append(told, strings.TrimSpace(ev.UID+" "+ev.What+" "+ev.Detail))
			return nil
		}
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := d.Create(ctx, NewUser{ID: "olga", Mail: "a@example.org", Groups: []string{AdminGroup}})
		ok(err)
		ok(d.SetPassword(ctx, "olga", "x"))
		_, err = d.AddToken(ctx, Token{UID: "olga", Kind: KindApp, Name: "phone"}, "s1")
		ok(err)
		_, err = d.AddToken(ctx, Token{UID: "olga", Kind: KindSession, Name: "browser"}, "s2")
		ok(err)
		ok(d.Change(ctx, "olga", func(u *User) error { u.Mail, u.Display = "b@example.org", "Olga"; return nil }))
		ok(d.Disable(ctx, "olga"))
		ok(d.Enable(ctx, "olga"))
		ok(d.RemoveMember(ctx, AdminGroup, "olga"))
		ok(d.Remove(ctx, "olga"))
		want := []string{"olga made-admin", "olga account-made", "olga password-set", "olga app-password-made phone", "olga address-changed a@example.org",
			"olga account-disabled", "olga account-enabled", "olga admin-no-more", "olga account-removed"}
		if !slices.Equal(told, want) {
			t.Errorf("%q", told)
		}
	})
}
