package identity

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/infra/db"
)

// crowd makes so many accounts that searches read the book, half of them in a
// group.
func crowd(t *testing.T, d *Directory) {
	t.Helper()
	d.names.few = 200
	ctx := t.Context()
	if err := d.CreateGroup(ctx, "half", ""); err != nil {
		t.Fatal(err)
	}
	err := d.tx(ctx, func(tx *db.DB) error {
		for i := range 300 {
			u := &User{ID: fmt.Sprintf("U%04d", i), Display: fmt.Sprintf("Person %d of 100%%", i*7), Enabled: i%10 > 0, Quota: DefaultQuota, Created: d.Now()}
			if err := d.insert(ctx, tx, u); err != nil {
				return err
			}
			if i%2 == 0 {
				if err := d.addMember(ctx, tx, "half", u.ID, member); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSearchInManyAccounts(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		crowd(t, d)
		ctx := t.Context()
		for _, q := range []Query{{Search: "nobody"}, {Search: "u0277"}, {Search: "07"}, {Search: "on 77 OF"}, {Search: "77", Limit: 3, Offset: 2},
			{Search: "1", Limit: 25, Offset: 40}, {Search: "77", Group: "half"}, {Search: "77", Groups: []string{"half", "no"}}, {Search: "77", Groups: []string{}},
			{Search: "0", Disabled: true, Limit: 7}, {Search: "%"}, {Search: "_"}, {Search: "!"}, {Search: "u0\x00277"}, {Search: "person", Offset: 290}} {
			var want []string // what the database finds without the book
			for u, err := range db.All(ctx, d.db, scanUser, q.sql(), q.args()...) {
				want = append(want, must[*User](t)(u, err).ID)
			}
			if got := ids(t, d.Users(ctx, q)); !slices.Equal(got, want) {
				t.Errorf("%+v: %v, want %v", q, got, want)
			}
		}
		if d.names.book == nil {
			t.Fatal("the book was not read")
		}
		there, _ := directory(t, d.db) // another node
		there.Now = d.Now
		must[*User](t)(d.Create(ctx, NewUser{ID: "Zoe", Display: "Zoë"}))
		if got := ids(t, d.Users(ctx, Query{Search: "zoë"})); !slices.Equal(got, []string{"Zoe"}) {
			t.Errorf("new here: %v", got)
		}
		must[*User](t)(there.Create(ctx, NewUser{ID: "Yve"}))
		if err := there.Change(ctx, "U0001", func(u *User) error { u.Display = "Yvette"; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := there.Remove(ctx, "Zoe"); err != nil {
			t.Fatal(err)
		}
		c.add(time.Second)
		for part, want := range map[string][]string{"zo": nil, "yv": {"U0001", "Yve"}} {
			if got := ids(t, d.Users(ctx, Query{Search: part})); !slices.Equal(got, want) {
				t.Errorf("%s, changed elsewhere: %v, want %v", part, got, want)
			}
		}
		c.add(bookFor + time.Second)
		d.sweep()
		if d.names.book != nil {
			t.Error("a book that nobody uses is kept")
		}
	})
}

func TestPagesOfAGroup(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		crowd(t, d)
		if got := ids(t, d.Users(t.Context(), Query{Group: "half", Limit: 2, Offset: 100})); !slices.Equal(got, []string{"U0200", "U0202"}) {
			t.Errorf("%v", got)
		}
		if got := ids(t, d.Users(t.Context(), Query{Group: "half", Disabled: true, Limit: 2, Offset: 1})); !slices.Equal(got, []string{"U0010", "U0020"}) {
			t.Errorf("%v", got)
		}
		if got := ids(t, d.Users(t.Context(), Query{Limit: 1, Offset: 299})); !strings.HasPrefix(got[0], "U0299") {
			t.Errorf("%v", got)
		}
	})
}
