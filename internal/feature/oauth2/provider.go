package oauth2

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// discovery answers both documents below /.well-known (OpenID Connect Discovery;
// RFC 8414).
func (rm *Room) discovery(w http.ResponseWriter, r *http.Request) error {
	signs, _, err := rm.ring().Current(r.Context())
	if err != nil {
		return err
	}
	at := web.VisitOf(r.Context()).Base()
	words := slices.Concat(claims, []string{all, all + ":read"})
	for _, room := range rm.Rooms {
		words = append(words, room, room+":read")
	}
	shown := []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}
	assertions := make([]string, len(assertionAlgs))
	for i, a := range assertionAlgs {
		assertions[i] = string(a)
	}
	cross(w)
	web.WriteJSON(w, http.StatusOK, map[string]any{
		"issuer": at, "authorization_endpoint": at + base + "/authorize", "token_endpoint": at + api + "/token", "jwks_uri": at + base + "/jwks",
		"userinfo_endpoint": at + api + "/userinfo", "revocation_endpoint": at + api + "/revoke", "introspection_endpoint": at + api + "/introspect",
		"device_authorization_endpoint": at + api + "/device", "end_session_endpoint": at + base + "/logout",
		"response_types_supported": []string{"code"}, "response_modes_supported": []string{"query"},
		"grant_types_supported": []string{"authorization_code", "refresh_token", deviceGrant}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{signs.Algorithm}, "scopes_supported": words,
		"token_endpoint_auth_methods_supported": shown, "token_endpoint_auth_signing_alg_values_supported": assertions,
		"revocation_endpoint_auth_methods_supported": shown, "introspection_endpoint_auth_methods_supported": shown[:3],
		"code_challenge_methods_supported": []string{"S256"}, "authorization_response_iss_parameter_supported": true,
		"claims_supported":            []string{"sub", "name", "preferred_username", "locale", "zoneinfo", "email", "groups", "auth_time", "nonce"},
		"claims_parameter_supported":  false,
		"request_parameter_supported": false, "request_uri_parameter_supported": false,
	})
	return nil
}

// userinfo answers GET and POST …/userinfo with an access token that was given with
// the scope openid.
func (rm *Room) userinfo(w http.ResponseWriter, r *http.Request) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return &refusal{code: "invalid_token", text: "There is no access token.", status: http.StatusUnauthorized}
	}
	ctx := r.Context()
	p, err := rm.dir.Bearer(ctx, strings.TrimSpace(token))
	var g *given
	if err == nil {
		g, err = rm.grant(ctx, "token = ?", p.TokenID)
	}
	if errors.Is(err, fault.Anonymous) || errors.Is(err, fault.NotFound) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		return &refusal{code: "invalid_token", text: "The access token opens nothing.", status: http.StatusUnauthorized}
	}
	if err != nil {
		return err
	}
	d, err := read(g.agreed.Words, rm.Rooms, rm.wordsOf(g.agreed))
	if err != nil {
		return err
	}
	if !d.has(openid) {
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="openid"`)
		return &refusal{code: "insufficient_scope", text: "The access token was not given with the scope openid.", status: http.StatusForbidden}
	}
	said, err := rm.about(ctx, g.uid, d)
	if err != nil {
		return err
	}
	cross(w)
	web.WriteJSON(w, http.StatusOK, said)
	return nil
}

// logout answers GET and POST /apps/oauth2/logout (OpenID Connect RP-Initiated Logout).
// A client that shows an ID token of the very person logs them out; for all others the
// person is asked.
func (rm *Room) logout(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	ctx, p := r.Context(), who.From(r.Context())
	ident := r.Form.Get("client_id")
	hint, err := rm.ours(ctx, r.Form.Get("id_token_hint"))
	proven := err == nil && len(hint.Audience) == 1 && (ident == "" || ident == hint.Audience[0])
	if proven {
		ident = hint.Audience[0]
	}
	to, err := rm.afterLogout(r, ident)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	signedIn := p != nil && p.Via == who.ViaSession
	if signedIn && !(proven && hint.Subject == p.ID) && r.Method != http.MethodPost {
		web.Unframed(r, originOf(to))
		return rm.pages["logout"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Log out"), map[string]any{"Token": rm.Token(p.TokenID),
			"Carried": hidden(r.Form, "client_id", "id_token_hint", "post_logout_redirect_uri", "state")})
	}
	next := "/login?clear=1"
	if signedIn {
		if next, err = rm.Leave(w, r); err != nil {
			return err
		}
	}
	if to != "" {
		next = with(to, "state", r.Form.Get("state"))
	}
	web.Redirect(w, r, next)
	return nil
}

func originOf(to string) string {
	if to == "" {
		return ""
	}
	return origin(to)
}

// afterLogout is where a client wants people to go, which must be registered for that;
// "": nowhere.
func (rm *Room) afterLogout(r *http.Request, ident string) (string, error) {
	to := r.Form.Get("post_logout_redirect_uri")
	if to == "" {
		return "", nil
	}
	c, err := rm.client(r.Context(), ident)
	if err != nil {
		return "", err
	}
	if !slices.Contains(c.Logouts, to) {
		return "", fault.New(fault.Invalid, "The program wants to send you to an address that is not registered for it.")
	}
	return to, nil
}
