package identity

import (
	"context"
	"errors"
	"slices"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/base/who"
	"atrium/internal/core/identity/profile"
)

// sheet is what a sign-in service says of Wilma.
func sheet(change func(l *Login)) Login {
	l := Login{Source: "sso", Subject: "8c1f", ID: "wilma", Fields: map[string]string{"displayname": "Wilma W.", "email": "Wilma@corp.example"}}
	if change != nil {
		change(&l)
	}
	return l
}

func TestProvisioningAtLogin(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		var told []string
		d.OnQuota(func(_ context.Context, uid string, bytes int64) error {
			told = append(told, uid+" "+quota.Format(bytes))
			return nil
		})
		quota := int64(5 << 30)
		u, created, err := d.Provision(ctx, sheet(func(l *Login) { l.Quota = &quota; l.Fields["phone"] = "0701" }))
		if err != nil || !created || u.ID != "wilma" || u.Source != "sso" || u.Display != "Wilma W." || u.Mail != "wilma@corp.example" || u.Quota != quota {
			t.Fatalf("%+v, %v, %v", u, created, err)
		}
		if want := []string{"wilma 5 GB"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		// The same subject is the same account, whatever it is called now.
		u, created, err = d.Provision(ctx, sheet(func(l *Login) {
			l.ID = "wilma.wagner"
			l.Fields = map[string]string{"displayname": "Wilma Wagner", "phone": "+46 70 123 45 67", "no-such": "x"}
		}))
		if err != nil || created || u.ID != "wilma" || u.Display != "Wilma Wagner" || u.Mail != "wilma@corp.example" {
			t.Fatalf("%+v, %v, %v", u, created, err)
		}
		if p := must[profile.Profile](t)(d.Profile(ctx, u)); p.Get("phone").Value != "+46701234567" {
			t.Errorf("phone %+v", p.Get("phone"))
		}
		if err := d.Disable(ctx, "wilma"); err != nil {
			t.Fatal(err)
		}
		if u, _, err := d.Provision(ctx, sheet(nil)); err != nil || u.Enabled {
			t.Errorf("a locked account comes back as %+v, %v", u, err)
		}
		if err := d.SetPassword(ctx, "wilma", "pw"); !errors.Is(err, fault.NotFound) {
			t.Errorf("a password for an account of a source: %v", err)
		}
		for _, bad := range []Login{sheet(func(l *Login) { l.Subject = "" }), sheet(func(l *Login) { l.Source = "" }),
			sheet(func(l *Login) { l.Subject, l.ID = "other", "bad/id" })} {
			if _, _, err := d.Provision(ctx, bad); !errors.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if err := d.Remove(ctx, "wilma"); err != nil {
			t.Fatal(err)
		}
		if _, created, err := d.Provision(ctx, sheet(nil)); !created || err != nil {
			t.Errorf("after the account was deleted: %v, %v", created, err)
		}
	})
}

// A name is no proof: somebody who may choose theirs elsewhere gets no account
// of ours by it.
func TestNoTakeoverByName(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "Wilma", Password: "pw", Groups: []string{AdminGroup}}))
		if _, _, err := d.Provision(ctx, sheet(nil)); !errors.Is(err, fault.Conflict) {
			t.Fatalf("took over a local account: %v", err)
		}
		if _, _, err := d.Provision(ctx, sheet(func(l *Login) { l.Source = "other"; l.ID = "WILMA" })); !errors.Is(err, fault.Conflict) {
			t.Fatalf("in capitals: %v", err)
		}
		if err := d.Link(ctx, "sso", "8c1f", "ghost"); !errors.Is(err, fault.NotFound) {
			t.Errorf("linked to nobody: %v", err)
		}
		if err := d.Link(ctx, "sso", "8c1f", "Wilma"); err != nil {
			t.Fatal(err)
		}
		if err := d.Link(ctx, "sso", "8c1f", "Wilma"); !errors.Is(err, fault.Exists) {
			t.Errorf("linked twice: %v", err)
		}
		u, created, err := d.Provision(ctx, sheet(nil))
		if err != nil || created || u.ID != "Wilma" || u.Source != "" || u.Display != "Wilma W." {
			t.Errorf("linked: %+v, %v, %v", u, created, err)
		}
		must[*who.Principal](t)(d.SignIn(ctx, "wilma", "pw", home)) // the password stays good
		if err := d.Release(ctx, "Wilma"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Provision(ctx, sheet(nil)); !errors.Is(err, fault.Conflict) {
			t.Errorf("after the link was cut: %v", err)
		}
	})
}

// Who no longer signs in elsewhere keeps the account, and gets a password for it.
func TestReleased(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		was, _, err := d.Provision(ctx, sheet(nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Release(ctx, was.ID), d.SetPassword(ctx, was.ID, "pw")); err != nil {
			t.Fatal(err)
		}
		u := must[*User](t)(d.User(ctx, was.ID))
		if links := must[[]Link](t)(d.Links(ctx, was.ID)); u.Source != "" || len(links) > 0 {
			t.Errorf("the account is %q's, with the links %v", u.Source, links)
		}
		must[*who.Principal](t)(d.SignIn(ctx, was.ID, "pw", home))
		if _, _, err := d.Provision(ctx, sheet(nil)); !errors.Is(err, fault.Conflict) {
			t.Errorf("who was let in elsewhere: %v", err)
		}
		if err := d.Release(ctx, "ghost"); !errors.Is(err, fault.NotFound) {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestGroupsOfASource(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		for _, g := range []string{"board", "staff", "guests"} {
			if err := d.CreateGroup(ctx, g, ""); err != nil {
				t.Fatal(err)
			}
		}
		groups := func(l Login) []string {
			t.Helper()
			if _, _, err := d.Provision(ctx, l); err != nil {
				t.Fatal(err)
			}
			return must[[]string](t)(d.GroupsOf(ctx, "wilma"))
		}
		with := func(gs ...string) Login {
			return sheet(func(l *Login) { l.Groups, l.Shared = append([]string{}, gs...), []string{"staff", AdminGroup} })
		}
		for _, step := range []struct {
			what string
			l    Login
			want []string
		}{
			{"its own is made, a shared one is joined, others of ours are not, nor the administrators'",
				with("sales", "staff", "board", AdminGroup, "", "bad\nname"), []string{"sales", "staff"}},
			{"nothing said, nothing changed", sheet(nil), []string{"sales", "staff"}},
			{"left", with("west"), []string{"west"}},
			{"none", with(), nil},
		} {
			if got := groups(step.l); !slices.Equal(got, step.want) {
				t.Errorf("%s: %v, want %v", step.what, got, step.want)
			}
		}
		if err := d.AddMember(ctx, "guests", "wilma"); err != nil {
			t.Fatal(err)
		}
		if got := groups(with("sales")); !slices.Equal(got, []string{"guests", "sales"}) {
			t.Errorf("a local membership: %v", got)
		}
		if _, _, err := d.Provision(ctx, Login{Source: "other", Subject: "1", ID: "willi", Groups: []string{"sales"}}); err != nil {
			t.Fatal(err)
		}
		if got := must[[]string](t)(d.GroupsOf(ctx, "willi")); len(got) != 0 {
			t.Errorf("joined another source's group: %v", got)
		}
		yes, no := true, false
		if got := groups(sheet(func(l *Login) { l.Admin = &yes })); !slices.Contains(got, AdminGroup) {
			t.Errorf("not made an administrator: %v", got)
		}
		if got := groups(with("sales")); !slices.Contains(got, AdminGroup) {
			t.Errorf("groups took the administrator's role away: %v", got)
		}
		if got := groups(sheet(func(l *Login) { l.Admin = &no })); slices.Contains(got, AdminGroup) {
			t.Errorf("still an administrator: %v", got)
		}
	})
}

func TestFieldsKeptElsewhere(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		d.AddSource(company{"wilma": "pw"})
		must[*who.Principal](t)(d.SignIn(ctx, "wilma", "pw", home))
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga"}))
		if err := d.SetField(ctx, "wilma", "displayname", "Queen"); !errors.Is(err, fault.Denied) {
			t.Errorf("a name that the source keeps: %v", err)
		}
		if err := errors.Join(d.SetField(ctx, "wilma", "role", "Boss"), d.SetField(ctx, "olga", "displayname", "Queen")); err != nil {
			t.Error(err)
		}
		if err := d.Link(ctx, "company", "uid=olga", "olga"); err != nil {
			t.Fatal(err)
		}
		if err := d.SetField(ctx, "olga", "displayname", "Empress"); !errors.Is(err, fault.Denied) {
			t.Errorf("after linking: %v", err)
		}
	})
}
