package sharemail_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/feature/sharemail"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	lock "atrium/internal/infra/lock/mem"
	"atrium/internal/infra/mail"
	"atrium/internal/infra/mail/mailtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
)

// fakeShares stands for the room that keeps the shares.
type fakeShares map[int64]sharemail.Share

func (f fakeShares) ByLink(_ context.Context, id int64) (sharemail.Share, error) {
	s, ok := f[id]
	if !ok {
		return s, fault.NotFound
	}
	return s, nil
}

// Ending implements sharemail.Shares.
func (f fakeShares) Ending(_ context.Context, after, until time.Time) (ids []int64, err error) {
	for id, s := range f {
		if s.To != "" && s.Expires.After(after) && !s.Expires.After(until) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

type rig struct {
	*testing.T
	*sharemail.Room
	settings *settings.Store
	db       *db.DB
	shares   fakeShares
	post     *mailtest.Server
	jobs     *jobs.Queue
	bus      *bus.Bus
	clock    time.Time
	read     int
}

func each(t *testing.T, f func(r *rig)) {
	dbtest.Each(t, []db.Schema{jobs.Schema, bus.Schema, identity.Schema, settings.Schema, sharemail.Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{T: t, settings: settings.New(d), db: d, shares: fakeShares{}, post: mailtest.Serve(t), jobs: jobs.New(d), bus: bus.New(d, lock.New()), clock: time.Unix(1_800_000_000, 0)}
		dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
		for _, n := range []identity.NewUser{{ID: "ada", Display: "Ada L.", Mail: "ada@example.org", Language: "de_AT"}, {ID: "bob"}} {
			n.Password, n.Unjudged = "x", true
			if _, err := dir.Create(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		s := mail.New(mail.Config{Host: r.post.Host, Port: r.post.Port, TLS: r.post.TLS, Name: "Atrium", From: "cloud@example.org"}, box)
		s.Plug(r.jobs)
		if r.Room, err = sharemail.New(d, dir, r.settings, s, r.shares, "https://cloud.example.org"); err != nil {
			t.Fatal(err)
		}
		r.Now = func() time.Time { return r.clock }
		r.Plug(&plug.Board{Bus: r.bus, Jobs: r.jobs})
		f(r)
	})
}

// letters are those that arrived since they were looked at last.
func (r *rig) letters() []mailtest.Letter {
	r.Helper()
	if err := errors.Join(r.bus.Drain(r.Context()), r.jobs.Drain(r.Context())); err != nil {
		r.Fatal(err)
	}
	all := r.post.Letters()
	defer func() { r.read = len(all) }()
	return all[r.read:]
}

func (r *rig) says(l mailtest.Letter, parts ...string) {
	r.Helper()
	for _, p := range parts {
		if not, ok := strings.CutPrefix(p, "!"); strings.Contains(l.Subject+"\n"+l.Text, not) == ok {
			r.Errorf("%q in %s\n%s", p, l.Subject, l.Text)
		}
	}
}

func TestLinkByMail(t *testing.T) {
	each(t, func(r *rig) {
		s := sharemail.Share{Sharer: "bob", To: "friend@example.org", Name: "Plan <b>", Token: "tok", Note: "Have a look", Locked: true,
			Expires: time.Date(2030, 2, 1, 0, 0, 0, 0, time.UTC)}
		if err := r.Send(t.Context(), s, ""); err != nil {
			t.Fatal(err)
		}
		ls := r.letters()
		if len(ls) != 1 || ls[0].To != "friend@example.org" {
			t.Fatalf("%+v", ls)
		}
		r.says(ls[0], "bob has shared “Plan <b>” with you", "https://cloud.example.org/s/tok", "“Have a look”", "until 2030-01-31", "bob will tell you")
		if strings.Contains(ls[0].HTML, "<b>") {
			t.Error("a name makes markup")
		}
		s.Sharer, s.Drop = "ada", true
		if err := r.Send(t.Context(), s, "secret-word"); err != nil {
			t.Fatal(err)
		}
		ls = r.letters()
		if len(ls) != 2 {
			t.Fatalf("%+v", ls)
		}
		for _, l := range ls {
			if strings.Contains(l.Text, "secret-word") == strings.Contains(l.Text, "/s/tok") {
				t.Errorf("link and password are not apart: %s", l.Text)
			}
		}
		if ls[0].Header.Get("Reply-To") == "" {
			t.Error("nobody can answer Ada")
		}
		for _, bad := range []struct {
			to, password string
			want         fault.Kind
		}{{"nobody", "", fault.Invalid}, {"a@example.org", "two  blanks", fault.Invalid}} {
			s.To = bad.to
			if err := r.Send(t.Context(), s, bad.password); !errors.Is(err, bad.want) {
				t.Errorf("%v: %v", bad, err)
			}
		}
		if ls := r.letters(); len(ls) != 0 {
			t.Errorf("letters all the same: %+v", ls)
		}
	})
}

func TestNoMailServer(t *testing.T) {
	d := dbtest.SQLite(t, identity.Schema)
	rm, err := sharemail.New(d, nil, nil, mail.New(mail.Config{}, nil), fakeShares{}, "https://cloud.example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := rm.Send(t.Context(), sharemail.Share{To: "a@example.org"}, ""); !errors.Is(err, fault.Unsupported) {
		t.Errorf("got %v", err)
	}
}

// Who wants to know of downloads is told once an hour.
func TestToldOfDownloads(t *testing.T) {
	each(t, func(r *rig) {
		r.shares[1] = sharemail.Share{Sharer: "ada", To: "friend@example.org", Token: "tok", Told: true}
		r.shares[2] = sharemail.Share{Sharer: "ada", Token: "quiet"}
		r.shares[3] = sharemail.Share{Sharer: "bob", Token: "no address", Told: true}
		read := func(link int64, sharer string) int {
			err := r.db.Tx(t.Context(), func(tx *db.DB) error {
				return r.bus.Publish(t.Context(), tx, event.LinkRead{Name: "Plan", Sharer: sharer, By: event.By{Link: link, Guest: "Zoë"}})
			})
			if err != nil {
				t.Fatal(err)
			}
			ls := r.letters()
			for _, l := range ls {
				r.says(l, "„Plan“ wurde heruntergeladen", "Ada L.", "friend@example.org", "Zoë")
			}
			return len(ls)
		}
		for i, want := range []int{1, 0, 0} {
			if got := read(1, "ada"); got != want {
				t.Errorf("download %d: %d letters", i, got)
			}
		}
		r.clock = r.clock.Add(sharemail.Quiet)
		if got := read(1, "ada"); got != 1 {
			t.Errorf("after an hour: %d letters", got)
		}
		for _, link := range []int64{2, 3, 4} {
			if got := read(link, map[int64]string{3: "bob"}[link]); got != 0 {
				t.Errorf("link %d: %d letters", link, got)
			}
		}
	})
}

// Whoever got a link by mail is reminded of its end: once, when an administrator
// wants it, and not of a link that was made for a few days.
func TestRemindedOfTheEnd(t *testing.T) {
	each(t, func(r *rig) {
		const day = 24 * time.Hour
		in := func(days int) time.Time { return r.clock.Add(time.Duration(days) * day) }
		link := func(to string, made, ends int) sharemail.Share {
			return sharemail.Share{Sharer: "bob", To: to, Name: "Plan", Token: "tok", Created: in(made), Expires: in(ends)}
		}
		r.shares[1] = link("soon@example.org", -9, 2)
		r.shares[2] = link("next@example.org", -9, 9)
		r.shares[3] = link("short@example.org", -1, 1)
		r.shares[4] = sharemail.Share{Sharer: "ada", Token: "public", Created: in(-9), Expires: in(2)}
		to := func() (out []string) {
			t.Helper()
			if err := r.Remind(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, l := range r.letters() {
				r.says(l, "The link to “Plan” ends soon", "until "+in(0).UTC().Format("2006-")[:4], "https://cloud.example.org/s/tok", "bob shared")
				out = append(out, l.To)
			}
			return out
		}
		if got := to(); len(got) > 0 {
			t.Errorf("reminded %q though it is off", got)
		}
		if err := r.settings.Set(t.Context(), "sharebymail", "remind_days", "3"); err != nil {
			t.Fatal(err)
		}
		if got := to(); len(got) != 1 || got[0] != "soon@example.org" {
			t.Errorf("reminded %q", got)
		}
		r.shares[1] = link("soon@example.org", -9, 5) // it lasts longer now
		r.clock = in(4)
		if got := to(); len(got) > 0 {
			t.Errorf("reminded %q again", got)
		}
		r.clock = in(3)
		if got := to(); len(got) != 1 || got[0] != "next@example.org" {
			t.Errorf("reminded %q", got)
		}
	})
}
