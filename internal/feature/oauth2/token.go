package oauth2

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// refusal is an error as clients read it (RFC 6749, section 5.2).
type refusal struct {
	code, text string
	classic    string // what Nextcloud says in its place; "": the same
	status     int    // 0: 400
}

// Error implements error.
func (e *refusal) Error() string { return e.code + ": " + e.text }

var (
	errGrantType = &refusal{code: "unsupported_grant_type", text: "The grant type is not supported.", classic: "invalid_grant"}
	errCode      = &refusal{code: "invalid_grant", text: "The code is not valid, or was used already.", classic: "invalid_request"}
	errRefresh   = &refusal{code: "invalid_grant", text: "The refresh token is not valid, or was used already.", classic: "invalid_request"}
	errVerifier  = &refusal{code: "invalid_grant", text: "The code verifier is not the right one."}
	errClient    = &refusal{code: "invalid_client", text: "The client is not known, or has not shown that it is the one."}
	errTwice     = &refusal{code: "invalid_request", text: "A parameter is there twice."}
)

func invalid(text string) *refusal { return &refusal{code: "invalid_request", text: text} }

// writeError is the error table of the endpoints that programs call.
func writeError(w http.ResponseWriter, r *http.Request, err error) {
	cross(w)
	var e *refusal
	switch {
	case errors.As(err, &e):
	case errors.Is(err, fault.Busy):
		web.ErrorHeaders(w, r, err)
		e = &refusal{code: "slow_down", text: web.Said(r, err).String(), status: http.StatusTooManyRequests}
	case errors.Is(err, fault.Unavailable):
		web.ErrorHeaders(w, r, err)
		e = &refusal{code: "temporarily_unavailable", text: web.Said(r, err).String(), status: http.StatusServiceUnavailable}
	case web.Status(err) < 500:
		e = invalid(web.Said(r, err).String())
	default:
		e = &refusal{code: "server_error", text: web.Said(r, err).String(), status: http.StatusInternalServerError}
	}
	said := map[string]string{"error": e.code}
	if e.text != "" {
		said["error_description"] = e.text
	}
	web.WriteJSON(w, max(e.status, http.StatusBadRequest), said)
}

// speaking puts errors into the words of classic clients.
func (c *Client) speaking(err error) error {
	e, ok := errors.AsType[*refusal](err)
	if !ok || !c.Classic {
		return err
	}
	code := e.code
	if e.classic != "" {
		code = e.classic
	}
	return &refusal{code: code, status: e.status}
}

// answer is what a client gets (34-apps/331). What stands after user_id is there when
// scopes were asked for.
type answer struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Seconds int64  `json:"expires_in"`
	Refresh string `json:"refresh_token,omitempty"`
	User    string `json:"user_id"`
	Scope   string `json:"scope,omitempty"`
	ID      string `json:"id_token,omitempty"`
}

// form reads the parameters of a program's request. None may be there twice (RFC 6749,
// section 3.2), and none counts in the query, which logs keep.
func form(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, invalid("The request cannot be read.")
	}
	if twice(r.PostForm) {
		return nil, errTwice
	}
	return r.PostForm, nil
}

func twice(v url.Values) bool {
	for _, values := range v {
		if len(values) > 1 {
			return true
		}
	}
	return false
}

// token answers POST /apps/oauth2/api/v1/token.
func (rm *Room) token(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	c, err := rm.caller(r, f)
	if err != nil {
		return err
	}
	a, err := rm.exchange(r.Context(), c, f)
	if err != nil {
		return c.speaking(err)
	}
	cross(w)
	web.WriteJSON(w, http.StatusOK, a)
	return nil
}

func (rm *Room) exchange(ctx context.Context, c *Client, f url.Values) (*answer, error) {
	issuer := web.VisitOf(ctx).Base()
	var g *given
	var err error
	switch f.Get("grant_type") {
	case "authorization_code":
		g, err = rm.redeem(ctx, c, f.Get("code"), f.Get("redirect_uri"), f.Get("code_verifier"))
	case deviceGrant:
		g, err = rm.redeemDevice(ctx, c, f.Get("device_code"))
	case "refresh_token":
		if f.Get("scope") != "" {
			return nil, &refusal{code: "invalid_scope", text: "A refresh token renews what was granted, no other scope."}
		}
		return rm.renew(ctx, c, f.Get("refresh_token"), issuer)
	default:
		err = errGrantType
	}
	if err != nil {
		return nil, err
	}
	if res := f.Get("resource"); res != "" && res != g.agreed.Resource && !(res == issuer && g.agreed.Resource == "") {
		return nil, cmp.Or[error](rm.endGrants(ctx, "id = ?", g.id), &refusal{code: "invalid_target", text: "The resource is not the one that was agreed to."})
	}
	return rm.first(ctx, c, g, issuer)
}

// first makes the first tokens of a grant.
func (rm *Room) first(ctx context.Context, c *Client, g *given, issuer string) (*answer, error) {
	access, refresh := identity.AppPassword(), ""
	if err := rm.open(ctx, c, g, access); err != nil {
		return nil, err
	}
	if g.agreed.Lasts {
		refresh = seal.Token(128)
		if err := rm.db.Tx(ctx, func(tx *db.DB) error { return rm.keepRefresh(ctx, tx, g, refresh) }); err != nil {
			return nil, err
		}
	}
	return rm.answer(ctx, c, g, access, refresh, issuer)
}

// answer puts together what a client gets. access is the secret of the grant's token,
// which is not told if the access token is for another server.
func (rm *Room) answer(ctx context.Context, c *Client, g *given, access, refresh, issuer string) (*answer, error) {
	a := &answer{Access: access, Type: "Bearer", Seconds: int64(accessLife / time.Second), Refresh: refresh, User: g.uid, Scope: g.agreed.Words}
	if a.Scope == all { // of which clients of Nextcloud hear nothing
		a.Scope = ""
	}
	if g.agreed.Resource != "" {
		a.Seconds = int64(foreignLife / time.Second)
		signed, err := rm.accessFor(ctx, c, g, issuer)
		if err != nil {
			return nil, err
		}
		a.Access = signed
	}
	d, err := read(g.agreed.Words, rm.Rooms, rm.wordsOf(g.agreed))
	if err != nil || !d.has(openid) {
		return a, err
	}
	a.ID, err = rm.idToken(ctx, c, g, d, a.Access, issuer)
	return a, err
}

var verifier = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// proves tells whether a code verifier belongs to a challenge (RFC 7636, section 4.6).
// One without the other is an attempt to go round it (RFC 9700, section 2.1.1).
func proves(said, challenge string) bool {
	if said == "" || challenge == "" {
		return said == challenge
	}
	sum := sha256.Sum256([]byte(said))
	return verifier.MatchString(said) && seal.Equal(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}

// revoke answers POST …/revoke (RFC 7009). An access token and a refresh token both
// end the grant; what is unknown has ended.
func (rm *Room) revoke(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	c, err := rm.caller(r, f)
	if err != nil {
		return err
	}
	g, _, err := rm.find(r.Context(), f.Get("token"))
	switch {
	case errors.Is(err, fault.NotFound):
	case err != nil:
		return err
	case g.client != c.ID:
		return &refusal{code: "unauthorized_client", text: "The token is not one of yours."}
	default:
		if err := rm.endGrants(r.Context(), "id = ?", g.id); err != nil {
			return err
		}
	}
	cross(w)
	w.WriteHeader(http.StatusOK)
	return nil
}

// find is the grant of an access token or refresh token that is good, and when the
// token ends; fault.NotFound.
func (rm *Room) find(ctx context.Context, token string) (*given, int64, error) {
	f, g, err := rm.byRefresh(ctx, token)
	if err == nil {
		if f.used != 0 || rm.Now().Unix() >= f.expires {
			return nil, 0, fault.NotFound
		}
		_, err := rm.dir.Token(ctx, g.uid, g.token) // gone when its owner has ended it in the list of devices
		return g, f.expires, err
	}
	if !errors.Is(err, fault.NotFound) {
		return nil, 0, err
	}
	p, err := rm.dir.Bearer(ctx, token)
	if errors.Is(err, fault.Anonymous) {
		return nil, 0, fault.NotFound
	}
	if err != nil {
		return nil, 0, err
	}
	if g, err = rm.grant(ctx, "token = ?", p.TokenID); err != nil {
		return nil, 0, err
	}
	t, err := rm.dir.Token(ctx, p.ID, p.TokenID)
	if err != nil {
		return nil, 0, err
	}
	return g, t.Expires.Unix(), nil
}

// introspect answers POST …/introspect (RFC 7662): a client that can show who it is
// learns of its own tokens. All others are said to open nothing.
func (rm *Room) introspect(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	c, err := rm.caller(r, f)
	if err != nil {
		return err
	}
	if c.Public {
		return errClient
	}
	ctx := r.Context()
	g, expires, err := rm.find(ctx, f.Get("token"))
	if err == nil {
		err = rm.alive(ctx, g.uid)
	}
	dead := errors.Is(err, fault.NotFound) || errors.Is(err, errRefresh)
	if err != nil && !dead {
		return err
	}
	if dead || g.client != c.ID {
		web.WriteJSON(w, http.StatusOK, map[string]bool{"active": false})
		return nil
	}
	said := map[string]any{"active": true, "client_id": c.Ident, "username": g.uid, "sub": g.uid, "scope": g.agreed.Words, "exp": expires,
		"iss": web.VisitOf(ctx).Base(), "token_type": "Bearer", "aud": cmp.Or(g.agreed.Resource, web.VisitOf(ctx).Base())}
	web.WriteJSON(w, http.StatusOK, said)
	return nil
}

// maxAge reads how old a sign-in may be, in seconds; ok is false for what is no number.
func maxAge(said string) (age time.Duration, set, ok bool) {
	if said == "" {
		return 0, false, true
	}
	n, err := strconv.ParseUint(said, 10, 31)
	return time.Duration(n) * time.Second, true, err == nil
}
