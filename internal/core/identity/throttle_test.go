package identity

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/infra/db/dbtest"
)

// A device whose app password works is let in during an attack on its account
// from its own network.
func TestWorkingDeviceDuringAnAttack(t *testing.T) {
	d, c := directory(t, dbtest.SQLite(t, Schema))
	ctx := t.Context()
	hasty(d)
	must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
	must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Kind: KindApp}, "app"))
	must[*who.Principal](t)(d.SignIn(ctx, "olga", "right", home))
	for i := range throttle.MaxGuesses {
		_, _ = d.SignIn(ctx, "olga", "guess "+strconv.Itoa(i), home)
	}
	if _, err := d.SignIn(ctx, "olga", "guess", home); !errors.Is(err, fault.Busy) {
		t.Errorf("a guess: %v", err)
	}
	c.add(5 * time.Second) // nothing is believed unseen any more
	must[*who.Principal](t)(d.SignIn(ctx, "olga", "app", home))
	must[*who.Principal](t)(d.SignIn(ctx, "olga", "right", home))
}

// company is a directory of accounts that is not ours.
type company map[string]string

func (company) Name() string { return "company" }

func (c company) Lookup(_ context.Context, login string) (*Login, error) {
	if _, ok := c[login]; !ok {
		return nil, fault.NotFound
	}
	return &Login{Subject: "uid=" + login, ID: login, Fields: map[string]string{"displayname": "Ms " + login}, Groups: []string{"staff"}}, nil
}

func (c company) Search(ctx context.Context, _ Query) iter.Seq2[*Login, error] {
	return func(yield func(*Login, error) bool) {
		for id := range c {
			if !yield(c.Lookup(ctx, id)) {
				return
			}
		}
	}
}

func (c company) Verify(ctx context.Context, login, password string) (*Login, error) {
	if c[login] != password {
		return nil, fault.Anonymous
	}
	return c.Lookup(ctx, login)
}

func (company) Manages(field string) bool { return field == "displayname" }

func TestAccountsOfASource(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		staff := company{"wilma": "pw", "willi": "pw2"}
		d.AddSource(staff)
		p := must[*who.Principal](t)(d.SignIn(ctx, "wilma", "pw", home))
		if p.Display != "Ms wilma" || len(p.Groups) != 1 || p.Groups[0] != "staff" {
			t.Errorf("adopted as %+v", p)
		}
		if _, err := d.SignIn(ctx, "wilma", "nope", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("wrong password: %v", err)
		}
		if u := must[*User](t)(d.Meet(ctx, "willi")); u.Source != "company" {
			t.Errorf("met %+v", u)
		}
		if n, err := d.Import(ctx, Query{}); n != 2 || err != nil {
			t.Errorf("imported %d, %v", n, err)
		}
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Quota: NoQuota}))
		staff["olga"] = "pw3"
		if _, err := d.Import(ctx, Query{}); !errors.Is(err, fault.Conflict) {
			t.Errorf("a name taken here: %v", err)
		}
		c.add(unusedFor + time.Minute)
		staff["wilma"] = "changed"
		if _, err := d.SignIn(ctx, "wilma", "pw", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("the old password of a source: %v", err)
		}
	})
}
