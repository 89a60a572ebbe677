package accountmail

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/infra/mail"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// letterPath is where the HTML of a letter is seen, in a frame of the page for
// administration.
const letterPath = "/apps/administration/letters/{letter}/{language}"

// plugLetters lets administrators look at the letters of all rooms.
func (rm *Room) plugLetters(b *plug.Board) {
	rm.offered = &b.Letters
	rm.offerSamples(b)
	const root = " /apps/administration/api/v1/letters"
	ocs.Handle(b.OCS, "GET"+root, web.Admin, rm.listLetters)
	ocs.Handle(b.OCS, "GET"+root+"/{letter}/{language}", web.Admin, rm.showLetter)
	ocs.Handle(b.OCS, "POST"+root+"/{letter}/{language}", web.Admin, rm.sendLetter, web.PerMinute(6))
	b.Web.Handle("GET", letterPath, web.Admin, rm.frameLetter)
}

// offerSamples adds our own letters.
func (rm *Room) offerSamples(b *plug.Board) {
	for _, l := range []struct {
		name, letter, link string
		data               map[string]any
	}{
		{"welcome", "welcome", "/lostpassword/reset/form/…", map[string]any{"Choose": true}},
		{"reset", "reset", "/lostpassword/reset/form/…", nil},
		{"verify", "verify", "/settings/verifymail/…", nil},
		{event.PasswordSet, "changed", "/settings", map[string]any{"What": event.PasswordSet, "Detail": ""}},
		{event.AppPasswordMade, "changed", "/settings", map[string]any{"What": event.AppPasswordMade, "Detail": "Firefox 140"}},
		{event.SecondFactorOn, "changed", "/settings", map[string]any{"What": event.SecondFactorOn, "Detail": "TOTP"}},
		{event.SecondFactorOff, "changed", "/settings", map[string]any{"What": event.SecondFactorOff, "Detail": "TOTP"}},
		{event.AddressChanged, "changed", "/settings", map[string]any{"What": event.AddressChanged, "Detail": ""}},
	} {
		b.Letters.Add("account."+l.name, func(s plug.Sample) (mail.Message, error) {
			data := map[string]any{"Site": s.Site, "Name": s.Name, "Login": s.Login, "Link": rm.base + l.link, "Actor": s.Login, "Addr": "192.0.2.1"}
			maps.Copy(data, l.data)
			return rm.letters.Write(l.letter, s.Language, data)
		})
	}
}

type language struct {
	Code string `json:"code"`
	Name string `json:"name"` // in itself
}

type letterList struct {
	Letters   []string   `json:"letters"`
	Languages []language `json:"languages"`
}

func (rm *Room) listLetters(context.Context, *ocs.Request) (any, error) {
	out := letterList{[]string{}, []language{}}
	for name := range rm.offered.All() {
		out.Letters = append(out.Letters, name)
	}
	for _, t := range tongue.All().Each() {
		out.Languages = append(out.Languages, language{t.Code, t.Name})
	}
	return out, nil
}

// sampleOf writes the letter of a request, to who asks.
func (rm *Room) sampleOf(r *http.Request) (mail.Message, error) {
	p, code := who.From(r.Context()), web.Param(r, "language")
	if !slices.ContainsFunc(tongue.All().Each(), func(t *tongue.Tongue) bool { return t.Code == code }) {
		return mail.Message{}, fault.New(fault.NotFound, "There are no letters in this language.")
	}
	for name, write := range rm.offered.All() {
		if name == web.Param(r, "letter") {
			return write(plug.Sample{Site: rm.mail.Site(r.Context()), Language: code, Name: p.Display, Login: p.ID})
		}
	}
	return mail.Message{}, fault.New(fault.NotFound, "There is no such letter.")
}

type letterText struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	Page    string `json:"page"` // where its HTML is seen
}

func (rm *Room) showLetter(_ context.Context, r *ocs.Request) (any, error) {
	m, err := rm.sampleOf(r.Request)
	if err != nil {
		return nil, err
	}
	return letterText{m.Subject, m.Text, "/apps/administration/letters/" + r.Path("letter") + "/" + r.Path("language")}, nil
}

// sendLetter sends the letter to who asks, at once, so that they see what the mail
// server says.
func (rm *Room) sendLetter(ctx context.Context, r *ocs.Request) (any, error) {
	m, err := rm.sampleOf(r.Request)
	if err != nil {
		return nil, err
	}
	u, err := rm.dir.User(ctx, r.Caller().ID)
	if err != nil {
		return nil, err
	}
	if u.Mail == "" {
		return nil, fault.New(fault.Invalid, "Your account has no mail address. Enter one in your profile.")
	}
	m.To, m.Name = u.Mail, u.Display
	return map[string]string{"to": u.Mail}, rm.mail.Send(ctx, m)
}

// frameLetter answers with the HTML of a letter, which may load and run nothing.
func (rm *Room) frameLetter(w http.ResponseWriter, r *http.Request) error {
	m, err := rm.sampleOf(r)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none';style-src 'unsafe-inline';base-uri 'none';form-action 'none';frame-ancestors 'self';sandbox")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, err = w.Write([]byte(m.HTML))
	return err
}
