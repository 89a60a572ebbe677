package kerberos

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/web"
)

var (
	errNone   = fault.New(fault.Anonymous, "Your browser shows this server no Kerberos ticket. Is this server's name one that it trusts, and are you signed in to your domain?")
	errHTTPS  = fault.New(fault.NotFound, "This way in works over https only.")
	errSecond = fault.New(fault.Anonymous, "Your account asks for a second factor: please use an app password.")
)

// login answers GET /apps/kerberos/login?redirectUrl=: it asks for a ticket, and begins
// a session for a good one. Nowhere else is a browser ever asked for a ticket, and
// programs with passwords never are.
func (rm *Room) login(w http.ResponseWriter, r *http.Request) error {
	c, err := rm.opened(r)
	if err != nil {
		return rm.refusal.Show(w, r, rm.Log, err)
	}
	text, sent := negotiate(r)
	if !sent {
		w.Header().Set("WWW-Authenticate", "Negotiate")
		return rm.refusal.Show(w, r, slog.New(slog.DiscardHandler), errNone) // how each sign-in begins
	}
	is, err := rm.believe(r, c, text, w.Header())
	if err != nil {
		return rm.refuse(w, r, err)
	}
	u, err := rm.admit(r.Context(), c, is.login, is.name)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	_, next, err := rm.entry.Enter(w, r, u, r.URL.Query().Get("redirectUrl"))
	if err != nil {
		return err
	}
	if err := rm.dir.SignedIn(r.Context(), u.ID); err != nil {
		return err
	}
	web.Redirect(w, r, next)
	return nil
}

// refuse shows why somebody does not get in. A 401 would have the browser ask for a
// password that goes nowhere.
func (rm *Room) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	if fault.Of(err) == fault.Anonymous {
		err = fault.Say(fault.Denied, err, fault.Said(err))
	}
	return rm.refusal.Show(w, r, rm.Log, err)
}

// opened returns the settings if tickets may be shown by a request.
func (rm *Room) opened(r *http.Request) (config, error) {
	c, err := rm.config(r.Context())
	switch {
	case err != nil:
		return nil, err
	case !c.on("enabled"):
		return nil, errOff
	case !c.on("allow_insecure_http") && !web.VisitOf(r.Context()).HTTPS():
		return nil, errHTTPS
	}
	return c, nil
}

// believed is who has shown a good ticket.
type believed struct {
	*shown
	login identity.Login
	name  string
}

// believe finds out who shows a token. Our part of the exchange goes into the header of
// the answer: the proof of who we are, and that the next request needs a ticket again,
// since we know requests and no connections.
func (rm *Room) believe(r *http.Request, c config, text string, answer http.Header) (*believed, error) {
	t, err := parseToken(text)
	if err != nil {
		return nil, err
	}
	keys, err := rm.keys(c)
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	is, err := rm.open(ctx, t.request, serviceKeys(keys, c.get("service")), web.VisitOf(ctx).Addr)
	if err != nil {
		return nil, err
	}
	p, err := person(is.name.NameString, is.realm)
	if err != nil {
		return nil, err
	}
	l, name, err := c.login(p, c.realms(keys))
	if err != nil {
		return nil, err
	}
	proof, err := t.answer(is.reply)
	if err != nil {
		return nil, err
	}
	if proof != "" {
		answer.Set("WWW-Authenticate", "Negotiate "+proof)
	}
	answer.Set("Persistent-Auth", "false")
	return &believed{is, l, name}, nil
}

// ticket lets in programs that send a ticket along, where that is switched on. For each
// ticket a token is kept until it runs out, so that it stands in the list of devices
// and ends with its account.
type ticket struct{ room *Room }

// Authenticate implements web.Authenticator.
func (t ticket) Authenticate(r *http.Request) (*who.Principal, error) {
	text, sent := negotiate(r)
	if !sent {
		return nil, nil
	}
	c, err := t.room.opened(r)
	if err != nil || !c.on("api") {
		if fault.Of(err) == fault.NotFound {
			err = nil
		}
		return nil, err
	}
	answer := web.Answer(r)
	p, err := t.admit(r, c, text, answer)
	if k := fault.Of(err); k == fault.Anonymous || k == fault.Denied || k == fault.Conflict {
		answer.Set("WWW-Authenticate", "Negotiate")
		return nil, fault.Say(fault.Anonymous, err, fault.Said(err))
	}
	return p, err
}

// admit finds who a request with a ticket is from.
func (t ticket) admit(r *http.Request, c config, text string, answer http.Header) (*who.Principal, error) {
	rm, ctx := t.room, r.Context()
	is, err := rm.believe(r, c, text, answer)
	if err != nil {
		return nil, err
	}
	secret := rm.box.HashText("kerberos ticket " + hex.EncodeToString(is.ticket[:]))
	p, err := rm.dir.Bearer(ctx, secret)
	if errors.Is(err, fault.Anonymous) {
		if err := t.keep(ctx, c, is, secret); err != nil {
			return nil, err
		}
		p, err = rm.dir.Bearer(ctx, secret)
	}
	if err != nil {
		return nil, err
	}
	second, err := rm.dir.NeedsSecond(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if second {
		return nil, errSecond
	}
	return p, nil
}

// keep makes the token of a ticket that is new.
func (t ticket) keep(ctx context.Context, c config, is *believed, secret string) error {
	u, err := t.room.admit(ctx, c, is.login, is.name)
	if err != nil {
		return err
	}
	_, err = t.room.dir.AddToken(ctx, identity.Token{UID: u.ID, Login: u.ID, Name: "Kerberos", Kind: identity.KindGrant, Expires: is.ends}, secret)
	if errors.Is(err, fault.Exists) { // a request beside this one was faster
		return nil
	}
	return err
}
