package mail_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/mail"
	"atrium/internal/infra/mail/mailtest"
	"atrium/internal/infra/seal"
)

func sender(t *testing.T, s *mailtest.Server, password string) *mail.Sender {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return mail.New(mail.Config{Host: s.Host, Port: s.Port, Security: "starttls", TLS: s.TLS, User: "atrium", Password: password,
		From: "cloud@example.org", Name: "Cloud\r\nBcc: all@example.org"}, box)
}

func TestSend(t *testing.T) {
	s := mailtest.Serve(t)
	m := mail.Message{To: "olga@example.org", Name: "Olga, Ö", Subject: "Grüße\nX-Evil: yes", Text: "Hallo Ömer\n\n.\n\nBye", HTML: "<p>Hallo</p>"}
	if err := sender(t, s, "right").Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := s.Letters()
	if len(got) != 1 {
		t.Fatalf("%d letters", len(got))
	}
	l := got[0]
	if l.From != "cloud@example.org" || l.To != "olga@example.org" || l.Subject != "Grüße X-Evil: yes" || l.HTML != "<p>Hallo</p>" ||
		strings.TrimSpace(l.Text) != "Hallo Ömer\n\n.\n\nBye" {
		t.Errorf("%+v", l)
	}
	for header, want := range map[string]string{"X-Evil": "", "Bcc": "", "Auto-Submitted": "auto-generated"} {
		if v := l.Header.Get(header); v != want {
			t.Errorf("%s: %q", header, v)
		}
	}
	if to, err := l.Header.AddressList("To"); err != nil || to[0].Name != "Olga, Ö" {
		t.Errorf("%v, %v", to, err)
	}
	if l := s.Logins(); len(l) != 1 || l[0] != "atrium" {
		t.Errorf("%q", l)
	}
	if err := sender(t, s, "wrong").Send(t.Context(), m); !errors.Is(err, fault.Unavailable) {
		t.Errorf("wrong password: %v", err)
	}
	m.To = "refused@example.org"
	if err := sender(t, s, "right").Send(t.Context(), m); !errors.Is(err, fault.Invalid) {
		t.Errorf("refused: %v", err)
	}
}

// What is queued is sent once its transaction is committed, again when the
// server said "later", and never when it refused. The queue does not show it.
func TestQueue(t *testing.T) {
	dbtest.Each(t, []db.Schema{jobs.Schema}, func(t *testing.T, d *db.DB) {
		s, now := mailtest.Serve(t), time.Unix(1_800_000_000, 0)
		q := jobs.New(d)
		q.Now = func() time.Time { return now }
		out := sender(t, s, "right")
		out.Plug(q)
		queue := func(to string, fails error) error {
			return d.Tx(t.Context(), func(tx *db.DB) error {
				return errors.Join(out.Queue(t.Context(), tx, mail.Message{To: to, Subject: "secret", Text: "https://secret"}), fails)
			})
		}
		for _, to := range []string{"olga@example.org", "later@example.org", "refused@example.org"} {
			if err := queue(to, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := queue("never@example.org", errors.New("rolled back")); err == nil {
			t.Error("no error")
		}
		for _, bad := range []string{"", "olga", "Olga <olga@example.org>", "a@b, c@d", "olga@example.org\r\nBcc: x@y"} {
			if err := queue(bad, nil); !errors.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		bodies, err := db.List(t.Context(), d, db.Scan1[string], "SELECT body FROM job")
		if err != nil || len(bodies) != 3 || strings.Contains(strings.Join(bodies, ""), "secret") {
			t.Errorf("%q, %v", bodies, err)
		}
		_ = q.Drain(t.Context()) // "later" is a failure
		if got := s.Letters(); len(got) != 1 || got[0].To != "olga@example.org" {
			t.Errorf("%+v", got)
		}
		s.Open()
		now = now.Add(time.Hour)
		if err := q.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if got := s.Letters(); len(got) != 2 || got[1].To != "later@example.org" {
			t.Errorf("%+v", got)
		}
		if left, err := q.Backlog(t.Context()); err != nil || left["mail.send"] != 0 {
			t.Errorf("%v, %v", left, err)
		}
	})
}

func TestLetters(t *testing.T) {
	files := fstest.MapFS{
		"mails/hello.txt": {Data: []byte("Subject: Hello {{.Name}},\n\nTwo\nlines of {{.Name}}.\n\n[Open it]({{.Link}})\n\nBye.\n")},
	}
	l, err := mail.LoadLetters(files, "mails")
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]string{"Name": "<b>\n\n[x](http://evil)", "Link": "https://cloud.example/x?a=1&b=2"}
	m, err := l.Write("hello", "cy", data)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Two lines of <b> [x](http://evil).\n\nOpen it:\nhttps://cloud.example/x?a=1&b=2\n\nBye.\n"; m.Text != want {
		t.Errorf("%q", m.Text)
	}
	if m.Subject != "Hello <b> [x](http://evil)," || strings.Contains(m.HTML, "<b>") || strings.Contains(m.HTML, `href="http://evil"`) ||
		!strings.Contains(m.HTML, `href="https://cloud.example/x?a=1&amp;b=2"`) {
		t.Errorf("%s\n%s", m.Subject, m.HTML)
	}
	if m, err := l.Write("hello", "de_AT", data); err != nil || !strings.HasPrefix(m.Subject, "Hallo <b>") || !strings.Contains(m.HTML, `lang="de"`) {
		t.Errorf("%+v, %v", m, err)
	}
	data["Link"] = "javascript:alert(1)"
	if _, err := l.Write("hello", "en", data); err == nil {
		t.Error("a link that is none")
	}
	if _, err := l.Write("hello", "en", map[string]string{"Name": "x"}); err == nil {
		t.Error("a value that is missing")
	}
	if _, err := mail.LoadLetters(fstest.MapFS{"mails/a.txt": {Data: []byte("Dear all\n")}}, "mails"); err == nil {
		t.Error("a letter without a subject")
	}
}

func FuzzCheckAddress(f *testing.F) {
	f.Add("olga@example.org")
	f.Add("\"a b\"@c\r\nd: e")
	f.Fuzz(func(t *testing.T, s string) {
		if mail.CheckAddress(s) == nil && strings.ContainsAny(s, "\r\n") {
			t.Errorf("%q", s)
		}
	})
}
