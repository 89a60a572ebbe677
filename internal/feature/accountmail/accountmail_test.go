package accountmail

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	lock "atrium/internal/infra/lock/mem"
	"atrium/internal/infra/mail"
	"atrium/internal/infra/mail/mailtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

type rig struct {
	*testing.T
	*Room
	post  *mailtest.Server
	jobs  *jobs.Queue
	bus   *bus.Bus
	door  *web.Door
	clock time.Time
	read  int // letters that were looked at
}

const base = "https://cloud.example.org"

func each(t *testing.T, f func(r *rig)) {
	dbtest.Each(t, []db.Schema{jobs.Schema, bus.Schema, identity.Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{T: t, post: mailtest.Serve(t), jobs: jobs.New(d), bus: bus.New(d, lock.New()), clock: time.Unix(1_800_000_000, 0)}
		dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
		now := func() time.Time { return r.clock }
		dir.Now = now
		s := mail.New(mail.Config{Host: r.post.Host, Port: r.post.Port, TLS: r.post.TLS, Name: "Atrium", From: "cloud@example.org"}, box)
		if r.Room, err = New(d, dir, s, box, base); err != nil {
			t.Fatal(err)
		}
		r.Now = now
		m := web.NewMux()
		r.Plug(&plug.Board{Web: m, OCS: ocs.NewMux(m), Jobs: r.jobs, Bus: r.bus})
		r.door = web.NewDoor(web.Config{Now: now}, m)
		f(r)
	})
}

func (r *rig) account(n identity.NewUser) *identity.User {
	r.Helper()
	u, err := r.dir.Create(r.Context(), n)
	if err != nil {
		r.Fatal(err)
	}
	return u
}

// letter is the next one that arrives; none: an empty one.
func (r *rig) letter() mailtest.Letter {
	r.Helper()
	if err := errors.Join(r.bus.Drain(r.Context()), r.jobs.Drain(r.Context())); err != nil {
		r.Fatal(err)
	}
	all := r.post.Letters()
	if len(all) == r.read {
		return mailtest.Letter{}
	}
	r.read++
	return all[r.read-1]
}

var link = regexp.MustCompile(regexp.QuoteMeta(base) + `\S+`)

// path is where the link of a letter leads.
func (r *rig) path(l mailtest.Letter) string {
	r.Helper()
	found := link.FindString(l.Text)
	if found == "" || !strings.Contains(l.HTML, found) {
		r.Fatalf("no link in %q", l.Text)
	}
	return strings.TrimPrefix(found, base)
}

func (r *rig) call(method, path string, form url.Values) (int, string) {
	r.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	req.Host = "evil.example.com" // links do not believe it
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	r.door.ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

func (r *rig) opens(uid, password string) bool {
	_, err := r.dir.CheckPassword(r.Context(), uid, password, web.Network(web.VisitOf(context.Background()).Addr))
	return err == nil
}

func TestForgottenPassword(t *testing.T) {
	each(t, func(r *rig) {
		r.account(identity.NewUser{ID: "olga", Display: "Olga Ö.", Mail: "olga@example.org", Password: "old", Language: "de_AT"})
		r.account(identity.NewUser{ID: "nomail", Password: "old"})
		for _, login := range []string{"ghost", "nomail", ""} { // nobody learns who has an account
			if code, body := r.call("POST", "/index.php/lostpassword/email", url.Values{"user": {login}}); code != 200 || body != `{"status":"success"}` {
				t.Errorf("%s: %d %s", login, code, body)
			}
		}
		if l := r.letter(); l.To != "" {
			t.Errorf("a letter to %s", l.To)
		}
		for range 3 { // one link is enough
			if code, body := r.call("POST", "/lostpassword/email", url.Values{"user": {"olga@example.org"}}); code != 200 || body != `{"status":"success"}` {
				t.Errorf("%d %s", code, body)
			}
		}
		l := r.letter()
		if l.To != "olga@example.org" || !strings.HasPrefix(l.Subject, "Neues Passwort") || !strings.Contains(l.Text, "Olga Ö.") {
			t.Errorf("%+v", l)
		}
		if again := r.letter(); again.To != "" {
			t.Error("more than one letter")
		}
		form := r.path(l)
		code, page := r.call("GET", form, nil)
		if code != 200 || !strings.Contains(page, "<strong>olga</strong>") {
			t.Fatalf("%d %s", code, page)
		}
		set := strings.Replace(form, "/reset/form/", "/set/", 1)
		r.dir.Policy = func(_ context.Context, _, p string) error {
			if p == "weak" {
				return fault.New(fault.Invalid, "Too weak.")
			}
			return nil
		}
		if code, page := r.call("POST", set, url.Values{"password": {"weak"}, "page": {"1"}}); code != 400 || !strings.Contains(page, "Too weak.") {
			t.Errorf("%d %s", code, page)
		}
		if code, _ := r.call("POST", strings.Replace(set, "/olga", "/nomail", 1), url.Values{"password": {"new"}}); code != 403 {
			t.Errorf("somebody else's: %d", code)
		}
		if code, body := r.call("POST", set, url.Values{"password": {"new"}}); code != 200 || body != `{"status":"success"}` {
			t.Errorf("%d %s", code, body)
		}
		if !r.opens("olga", "new") {
			t.Error("the new password does not open the account")
		}
		if code, _ := r.call("POST", set, url.Values{"password": {"again"}, "page": {"1"}}); code != 403 {
			t.Errorf("the link a second time: %d", code)
		}
		r.clock = r.clock.Add(pause)
		r.call("POST", "/lostpassword/email", url.Values{"user": {"olga"}})
		form = r.path(r.letter())
		r.clock = r.clock.Add(resetFor + time.Second)
		if code, page := r.call("GET", form, nil); code != 403 || !strings.Contains(page, "too old") {
			t.Errorf("after its time: %d %s", code, page)
		}
	})
}

func TestWelcome(t *testing.T) {
	each(t, func(r *rig) {
		u := r.account(identity.NewUser{ID: "otto", Mail: "otto@example.org"})
		if err := r.Welcome(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		l := r.letter()
		if code, _ := r.call("GET", r.path(l), nil); code != 200 || !strings.Contains(l.Text, "Choose your password") {
			t.Errorf("%d %s", code, l.Text)
		}
		if err := r.Welcome(t.Context(), r.account(identity.NewUser{ID: "oda", Mail: "oda@example.org", Password: "x"})); err != nil {
			t.Fatal(err)
		}
		if got := r.path(r.letter()); got != "/login?user=oda" {
			t.Errorf("%q", got)
		}
		if err := r.Welcome(t.Context(), r.account(identity.NewUser{ID: "none"})); !errors.Is(err, fault.Invalid) {
			t.Errorf("without an address: %v", err)
		}
	})
}

func TestAddressesAreVerified(t *testing.T) {
	each(t, func(r *rig) {
		u := r.account(identity.NewUser{ID: "olga", Mail: "olga@example.org"})
		verified := func() bool {
			t.Helper()
			p, err := r.dir.Profile(t.Context(), u)
			if err != nil {
				t.Fatal(err)
			}
			return p.Get("email").Verified
		}
		changed := func(actor string) mailtest.Letter {
			t.Helper()
			err := r.db.Tx(t.Context(), func(tx *db.DB) error {
				return r.bus.Publish(t.Context(), tx, event.AccountChanged{UID: "olga", What: event.AddressChanged, Actor: actor})
			})
			if err != nil {
				t.Fatal(err)
			}
			return r.letter()
		}
		if l := changed("admin"); l.To != "" {
			t.Errorf("an administrator's entry is asked about: %+v", l)
		}
		l := changed("olga")
		path := r.path(l)
		if code, page := r.call("GET", path, nil); l.To != "olga@example.org" || code != 200 || !strings.Contains(page, "olga@example.org") || verified() {
			t.Errorf("%s: %d %s, verified %v", l.To, code, page, verified())
		}
		if code, page := r.call("POST", path, url.Values{}); code != 200 || !verified() {
			t.Errorf("%d %s", code, page)
		}
		if err := r.dir.Change(t.Context(), "olga", func(u *identity.User) error { u.Mail = "other@example.org"; return nil }); err != nil {
			t.Fatal(err)
		}
		if code, _ := r.call("POST", path, url.Values{}); code != 403 {
			t.Errorf("for another address: %d", code)
		}
	})
}

func TestNotices(t *testing.T) {
	each(t, func(r *rig) {
		r.account(identity.NewUser{ID: "olga", Mail: "olga@example.org"})
		tell := func(ev event.AccountChanged) mailtest.Letter {
			t.Helper()
			if err := r.db.Tx(t.Context(), func(tx *db.DB) error { return r.bus.Publish(t.Context(), tx, ev) }); err != nil {
				t.Fatal(err)
			}
			return r.letter()
		}
		l := tell(event.AccountChanged{UID: "olga", What: event.AppPasswordMade, Detail: "Phone <3", Actor: "olga", Addr: "192.0.2.7"})
		if l.Subject != "Atrium: a device was given access to your account" || !strings.Contains(l.Text, "“Phone <3”") || !strings.Contains(l.Text, "192.0.2.7") {
			t.Errorf("%+v", l)
		}
		for _, what := range []string{event.PasswordSet, event.SecondFactorOn, event.SecondFactorOff} {
			if l := tell(event.AccountChanged{UID: "olga", What: what}); l.To == "" || !strings.Contains(l.Text, "on the server") {
				t.Errorf("%s: %+v", what, l)
			}
		}
		if l := tell(event.AccountChanged{UID: "olga", What: event.AddressChanged, Detail: "old@example.org"}); l.To != "old@example.org" {
			t.Errorf("to %q", l.To)
		}
		for _, ev := range []event.AccountChanged{{UID: "ghost", What: event.PasswordSet}, {UID: "olga", What: event.AccountEnabled}} {
			if l := tell(ev); l.To != "" {
				t.Errorf("%+v: %+v", ev, l)
			}
		}
	})
}
