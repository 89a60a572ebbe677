package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/proto/web"
)

// Renewed keeps track of a session that has taken the place of another.
func (rm *Room) Renewed(ctx context.Context, was, is int64) error {
	return errors.Join(rm.sessions.Renewed(ctx, was, is), rm.moveRenewal(ctx, was, is))
}

// Leaving tells where a session that its owner ends here ends too, "" for nowhere.
func (rm *Room) Leaving(ctx context.Context, p *who.Principal) (string, error) {
	if err := rm.forgetRenewal(ctx, p.TokenID); err != nil {
		return "", err
	}
	return rm.sessions.Leave(ctx, p.TokenID, rm.Log, rm.endAt)
}

// endAt is the address at which a session ends at its provider (OpenID Connect
// RP-Initiated Logout 1.0, section 2), "" when it has none.
func (rm *Room) endAt(ctx context.Context, s *vouch.Session) (string, error) {
	if on, err := rm.on(ctx, "single_logout"); err != nil || !on {
		return "", err
	}
	p, err := rm.Provider(ctx, s.Provider)
	if err != nil {
		return "", err
	}
	one, err := rm.meet(ctx, p)
	if err != nil || one.document.EndSession == "" {
		return "", err
	}
	u, err := url.Parse(one.document.EndSession)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("client_id", p.Client)
	q.Set("post_logout_redirect_uri", web.VisitOf(ctx).Base()+"/login?clear=1")
	if p.PostLogout != "" {
		q.Set("post_logout_redirect_uri", p.PostLogout)
	}
	if p.TokenHint {
		q.Set("id_token_hint", s.Note)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// signOut answers GET /apps/user_oidc/sls, the address that our own logout has for
// those who came by a provider.
func (rm *Room) signOut(w http.ResponseWriter, r *http.Request) error {
	to := "/login?clear=1"
	if p := who.From(r.Context()); p != nil && p.Via == who.ViaSession {
		to = "/logout"
	}
	if q := r.URL.RawQuery; to == "/logout" && q != "" {
		to += "?" + q
	}
	web.Redirect(w, r, to)
	return nil
}

// logoutEvent is what a logout token tells of (OpenID Connect Back-Channel Logout
// 1.0, section 2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// backChannel answers POST /apps/user_oidc/backchannel-logout/{name}: the provider
// tells us of a session that has ended there. One that we do not know is no error.
func (rm *Room) backChannel(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	err := rm.hearLogout(r)
	if err != nil && web.Status(err) >= http.StatusInternalServerError {
		return err
	}
	if err != nil {
		web.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": web.Said(r, err).String()})
		return nil
	}
	web.WriteJSON(w, http.StatusOK, []int{})
	return nil
}

func (rm *Room) hearLogout(r *http.Request) error {
	ctx := r.Context()
	p, err := rm.Named(ctx, web.Param(r, "name"))
	if err != nil {
		return err
	}
	if !isForm(r) {
		return fault.New(fault.Invalid, "The logout token comes in a form.")
	}
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	one, err := rm.meet(ctx, p)
	if err != nil {
		return err
	}
	claims, id, err := one.verify(ctx, r.PostForm.Get("logout_token"), rm.Now())
	if err != nil {
		return err
	}
	events, _ := claims["events"].(map[string]any)
	if _, ok := events[logoutEvent].(map[string]any); !ok {
		return fault.New(fault.Invalid, "The token tells of no logout.")
	}
	if _, ok := claims["nonce"]; ok {
		return fault.New(fault.Invalid, "The token is one for a login.")
	}
	if jti, _ := text(claims["jti"]); jti == "" || id.IssuedAt.IsZero() {
		return fault.New(fault.Invalid, "The token lacks jti or iat.")
	}
	sid, _ := text(claims["sid"])
	if sid == "" && id.Subject == "" {
		return fault.New(fault.Invalid, "The token names neither a session nor a person.")
	}
	return rm.sessions.End(ctx, p.ID, id.Subject, sid)
}

// frontChannel answers GET /apps/user_oidc/frontchannel-logout/{name}?iss=&sid=,
// which the provider's logout page shows in a frame (OpenID Connect Front-Channel
// Logout 1.0, section 2). Who knows the id of a session may end it.
func (rm *Room) frontChannel(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	w.Header().Set("Cache-Control", "no-store")
	p, err := rm.Named(ctx, web.Param(r, "name"))
	if err != nil {
		return err
	}
	one, err := rm.meet(ctx, p)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	if q.Get("iss") != one.Issuer || q.Get("sid") == "" {
		return fault.New(fault.Invalid, "The issuer or the session is missing.")
	}
	if err := rm.sessions.End(ctx, p.ID, "", q.Get("sid")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
