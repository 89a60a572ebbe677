package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// session ties a session of ours to one at a provider.
type session struct {
	token, provider int64
	subject, sid    string
	uid, idToken    string
}

// sessionKept is how long a session can last here (signin: 15 days without use).
// What is older than this and has no session any more is swept away.
const sessionKept = 16 * 24 * time.Hour

func (rm *Room) note(ctx context.Context, s session) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "INSERT INTO oidc_session (token, provider, subject, sid, uid, sealed, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
			s.token, s.provider, rm.box.Hash(s.subject), rm.box.Hash(s.sid), s.uid, rm.box.Seal([]byte(s.idToken), sealedFor(s.token)), rm.Now().Unix())
		return err
	})
}

func sealedFor(token int64) string { return "oidc session " + strconv.FormatInt(token, 10) }

// Renewed keeps track of a session that has taken the place of another.
func (rm *Room) Renewed(ctx context.Context, was, is int64) error {
	s, err := rm.session(ctx, was)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = rm.db.Exec(ctx, "UPDATE oidc_session SET token = ?, sealed = ? WHERE token = ?", is, rm.box.Seal([]byte(s.idToken), sealedFor(is)), was)
	return err
}

func (rm *Room) session(ctx context.Context, token int64) (*session, error) {
	return db.One(ctx, rm.db, func(r db.Row) (*session, error) {
		s := session{token: token}
		var sealed string
		if err := r.Scan(&s.provider, &s.uid, &sealed); err != nil {
			return nil, err
		}
		raw, err := rm.box.Open(sealed, sealedFor(token))
		s.idToken = string(raw)
		return &s, err
	}, "SELECT provider, uid, sealed FROM oidc_session WHERE token = ?", token)
}

// sweep forgets sessions that have ended here.
func (rm *Room) sweep(ctx context.Context) error {
	type row struct {
		token int64
		uid   string
	}
	old, err := db.List(ctx, rm.db, func(r db.Row) (s row, err error) { return s, r.Scan(&s.token, &s.uid) },
		"SELECT token, uid FROM oidc_session WHERE created < ?", rm.Now().Add(-sessionKept).Unix())
	if err != nil {
		return err
	}
	for _, s := range old {
		_, err := rm.dir.Token(ctx, s.uid, s.token)
		if errors.Is(err, fault.NotFound) {
			_, err = rm.db.Exec(ctx, "DELETE FROM oidc_session WHERE token = ?", s.token)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Leaving tells where a session that its owner ends here ends too, "" for nowhere.
// A provider that cannot be reached keeps nobody from logging out.
func (rm *Room) Leaving(ctx context.Context, p *who.Principal) (string, error) {
	s, err := rm.session(ctx, p.TokenID)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if _, err := rm.db.Exec(ctx, "DELETE FROM oidc_session WHERE token = ?", s.token); err != nil {
		return "", err
	}
	to, err := rm.endAt(ctx, s)
	if err != nil {
		rm.Log.Warn("a logout does not reach the provider", "provider", s.provider, "error", err)
		return "", nil
	}
	return to, nil
}

// endAt is the address at which a session ends at its provider (OpenID Connect
// RP-Initiated Logout 1.0, section 2), "" when it has none.
func (rm *Room) endAt(ctx context.Context, s *session) (string, error) {
	if on, err := rm.on(ctx, "single_logout"); err != nil || !on {
		return "", err
	}
	p, err := rm.Provider(ctx, s.provider)
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
		q.Set("id_token_hint", s.idToken)
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
		web.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": web.Text(r, err)})
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
	claims, id, err := one.verify(ctx, r.PostForm.Get("logout_token"), true, rm.Now())
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
	return rm.end(ctx, p.ID, id.Subject, sid)
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
	if err := rm.end(ctx, p.ID, "", q.Get("sid")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// end ends the sessions here that came from one at a provider, or where sid is ""
// all those of a person there.
func (rm *Room) end(ctx context.Context, provider int64, subject, sid string) error {
	where, value := "subject", rm.box.Hash(subject)
	if sid != "" {
		where, value = "sid", rm.box.Hash(sid)
	}
	all, err := db.List(ctx, rm.db, func(r db.Row) (s session, err error) { return s, r.Scan(&s.token, &s.uid) },
		"SELECT token, uid FROM oidc_session WHERE provider = ? AND "+where+" = ?", provider, value)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := rm.dir.RemoveToken(ctx, s.uid, s.token); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if _, err := rm.db.Exec(ctx, "DELETE FROM oidc_session WHERE token = ?", s.token); err != nil {
			return err
		}
	}
	return nil
}
