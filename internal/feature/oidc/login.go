package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

const (
	flowLife   = 5 * time.Minute // sso.md 1.3
	flowCookie = "atrium_oidc_"  // and the beginning of the state, so that several logins may go on at once
	flowSealed = "oidc login"
)

// flow is a login that a browser has begun. It is sealed in a cookie of that
// browser.
type flow struct {
	Provider int64
	State    string
	Nonce    string
	Verifier string // of the code challenge; "": none was sent
	To       string // where to go afterwards
	Began    int64  // Unix seconds
}

// begin answers GET /apps/user_oidc/login/{id}?redirectUrl= and sends the browser to
// the provider.
func (rm *Room) begin(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if open, err := rm.insecure(ctx); err != nil {
		return err
	} else if !open && !web.VisitOf(ctx).HTTPS() {
		return rm.refuse(w, r, fault.New(fault.NotFound, "This way in works over https only."))
	}
	id, err := strconv.ParseInt(web.Param(r, "id"), 10, 64)
	if err != nil {
		return rm.refuse(w, r, fault.NotFound)
	}
	p, err := rm.Provider(ctx, id)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	one, err := rm.meet(ctx, p)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	f := flow{Provider: p.ID, State: seal.Token(32), Nonce: seal.Token(32), To: r.URL.Query().Get("redirectUrl"), Began: rm.Now().Unix()}
	q := url.Values{"client_id": {p.Client}, "response_type": {"code"}, "scope": {strings.Join(p.scopes(), " ")},
		"redirect_uri": {callback(r)}, "state": {f.State}, "nonce": {f.Nonce}, "claims": {p.wanted()}}
	if one.challenges() {
		f.Verifier = oauth2.GenerateVerifier()
		q.Set("code_challenge", oauth2.S256ChallengeFromVerifier(f.Verifier))
		q.Set("code_challenge_method", "S256")
	}
	to, err := one.authorizationEndpoint(q)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	said, err := json.Marshal(f)
	if err != nil {
		return err
	}
	rm.setCookie(w, r, f.State, rm.box.Seal(said, flowSealed), int(flowLife/time.Second))
	web.Redirect(w, r, to)
	return nil
}

// callback is the address that a provider sends browsers back to.
func callback(r *http.Request) string { return web.VisitOf(r.Context()).Base() + base + "/code" }

// wanted is the parameter "claims" (OpenID Connect Core, section 5.5): what we would
// like to hear, in the ID token or from the userinfo endpoint.
func (p *Provider) wanted() string {
	asked := map[string]any{}
	add := func(claim string) {
		first, _, _ := strings.Cut(claim, "|")
		if first = strings.TrimSpace(first); p.Nested {
			first, _, _ = strings.Cut(first, ".")
		}
		asked[first] = nil
	}
	for _, field := range always {
		add(p.claim(field))
	}
	for _, claim := range p.Mapping {
		add(claim)
	}
	for _, claim := range strings.Fields(p.ExtraClaims) {
		add(claim)
	}
	if uid := p.claim("uid"); uid != "sub" {
		asked[uid] = map[string]bool{"essential": true}
	}
	delete(asked, "sub")
	said, err := json.Marshal(map[string]any{"id_token": asked, "userinfo": asked})
	if err != nil { // strings and truths only
		return "{}"
	}
	return string(said)
}

// setCookie keeps a login in the browser; a negative age removes it. The provider
// sends the browser back by a link, so that Lax is enough.
func (rm *Room) setCookie(w http.ResponseWriter, r *http.Request, state, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: flowCookie + state[:8], Value: value, Path: base, HttpOnly: true, MaxAge: age,
		Secure: web.VisitOf(r.Context()).HTTPS(), SameSite: http.SameSiteLaxMode})
}

// begun finds the login that a state belongs to, in the browser that began it.
func (rm *Room) begun(r *http.Request, state string) (*flow, error) {
	lost := fault.New(fault.Denied, "This login was not begun in this browser, or it took too long. Please try again.")
	if len(state) != 32 || strings.Trim(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return nil, lost
	}
	c, err := r.Cookie(flowCookie + state[:8])
	if err != nil {
		return nil, lost
	}
	said, err := rm.box.Open(c.Value, flowSealed)
	if err != nil {
		return nil, lost
	}
	var f flow
	if err := json.Unmarshal(said, &f); err != nil || !seal.Equal(f.State, state) || rm.Now().Sub(time.Unix(f.Began, 0)) > flowLife {
		return nil, lost
	}
	return &f, nil
}

// finish answers GET /apps/user_oidc/code, to which the provider sends the browser
// back.
func (rm *Room) finish(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f, err := rm.begun(r, q.Get("state"))
	if err != nil {
		return rm.refuse(w, r, err)
	}
	rm.setCookie(w, r, f.State, "", -1)
	if said := q.Get("error"); said != "" {
		rm.Log.Info("a provider refused a login", "provider", f.Provider, "error", said, "description", q.Get("error_description"))
		return rm.refuse(w, r, fault.New(fault.Invalid, "The provider did not let you in."))
	}
	p, err := rm.Provider(r.Context(), f.Provider)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	said, err := rm.redeem(r.Context(), p, f, q, callback(r))
	if err != nil {
		return rm.refuse(w, r, err)
	}
	o, err := p.read(said.claims)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	u, err := rm.admit(r.Context(), o)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	token, next, err := rm.entry.Enter(w, r, u, f.To)
	if err != nil {
		return err
	}
	if err := rm.sessions.Keep(r.Context(), vouch.Session{Token: token, Provider: p.ID, Subject: said.subject, SID: said.sid, UID: u.ID, Note: said.tokens.ID}); err != nil {
		return err
	}
	if err := rm.dir.SignedIn(r.Context(), u.ID); err != nil {
		return err
	}
	if err := rm.watchOver(r.Context(), p, u.ID, token, said); err != nil {
		return err
	}
	rm.portray(r.Context(), p, u.ID, said.claims)
	web.Redirect(w, r, next)
	return nil
}

// word is what a provider vouches for.
type word struct {
	claims       Claims
	subject, sid string
	tokens       *tokens
}

// redeem exchanges a code for the ID token and checks all that it says; answer is what the browser brought.
func (rm *Room) redeem(ctx context.Context, p *Provider, f *flow, answer url.Values, callback string) (*word, error) {
	one, err := rm.meet(ctx, p)
	if err != nil {
		return nil, err
	}
	// RFC 9207: a code of another provider is not shown to this one.
	if answer.Has("iss") && answer.Get("iss") != one.Issuer || one.NamesItself && !answer.Has("iss") {
		return nil, fault.New(fault.Denied, "This answer is not from the provider that was asked.")
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {answer.Get("code")}, "redirect_uri": {callback}}
	if f.Verifier != "" {
		form.Set("code_verifier", f.Verifier)
	}
	token, err := rm.grant(ctx, one, form)
	if no, ok := errors.AsType[*refusal](err); ok {
		if no.Code == "invalid_client" {
			return nil, fault.Wrap(fault.Unavailable, err, "The provider does not know this server. Please tell your administrator.")
		}
		return nil, fault.Wrap(fault.Denied, err, "The provider does not know this login any more. Please try again.")
	}
	if err != nil {
		return nil, err
	}
	if token.ID == "" {
		return nil, fault.New(fault.Denied, "The provider does not say who this is.")
	}
	claims, id, err := one.verify(ctx, token.ID, rm.Now())
	if err != nil {
		return nil, err
	}
	if !one.given(claims) {
		return nil, fault.New(fault.Denied, "What the provider says is meant for another.")
	}
	if !seal.Equal(id.Nonce, f.Nonce) {
		return nil, fault.New(fault.Denied, "What the provider says belongs to another login.")
	}
	if p.Enrich {
		if err := one.enrich(ctx, token.Access, claims); err != nil {
			return nil, err
		}
	}
	sid, _ := text(claims["sid"])
	return &word{claims: claims, subject: id.Subject, sid: sid, tokens: token}, nil
}

// enrich adds to claims what the userinfo endpoint says besides.
func (one *remote) enrich(ctx context.Context, access string, claims Claims) error {
	more, err := one.userInfo(ctx, access)
	if err != nil {
		return err
	}
	if more["sub"] != claims["sub"] { // OpenID Connect Core, section 5.3.2
		return fault.New(fault.Denied, "What the provider says is of two people.")
	}
	for name, value := range more {
		if _, ok := claims[name]; !ok {
			claims[name] = value
		}
	}
	return nil
}

// refuse shows why somebody does not get in.
func (rm *Room) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	return rm.refusal.Show(w, r, rm.Log, err)
}
