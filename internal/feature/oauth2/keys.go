package oauth2

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"atrium/internal/infra/seal"
	"atrium/internal/infra/seal/keyring"
	"atrium/internal/proto/web"
)

// keyOverlap is for how long an old key is told after another has taken its place:
// until the last token it signed has ended.
const keyOverlap = accessLife + skew

// ring is our own keys, of which the first use makes one.
func (rm *Room) ring() *keyring.Ring {
	r := keyring.New(rm.db, rm.box, "oauth2_key")
	r.Now, r.Overlap = rm.Now, keyOverlap
	return r
}

// ours reads the claims of a token that we have signed.
func (rm *Room) ours(ctx context.Context, token string) (claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
}, err error) {
	if len(token) > maxAssertion {
		return claims, errors.New("the token is too long")
	}
	text, err := rm.ring().Ours(ctx, token)
	if err != nil {
		return claims, err
	}
	return claims, json.Unmarshal(text, &claims)
}

// accessFor is an access token for another server, which checks it by our keys
// (RFC 9068).
func (rm *Room) accessFor(ctx context.Context, c *Client, g *given, issuer string) (string, error) {
	now := rm.Now()
	return rm.ring().Sign(ctx, "at+jwt", map[string]any{"iss": issuer, "sub": g.uid, "aud": g.agreed.Resource, "client_id": c.Ident, "scope": g.agreed.Words,
		"iat": now.Unix(), "exp": now.Add(foreignLife).Unix(), "jti": seal.Token(22)})
}

// idToken tells a client who signed in (OpenID Connect Core, section 2).
func (rm *Room) idToken(ctx context.Context, c *Client, g *given, d demand, access, issuer string) (string, error) {
	now, sum := rm.Now(), sha256.Sum256([]byte(access))
	claims, err := rm.about(ctx, g.uid, d)
	if err != nil {
		return "", err
	}
	for k, v := range map[string]any{"iss": issuer, "aud": c.Ident, "azp": c.Ident, "iat": now.Unix(), "exp": now.Add(accessLife).Unix(),
		"auth_time": g.agreed.Signed, "at_hash": base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])} {
		claims[k] = v
	}
	if g.agreed.Nonce != "" {
		claims["nonce"] = g.agreed.Nonce
	}
	return rm.ring().Sign(ctx, "JWT", claims)
}

// about is what a client may know of somebody (OpenID Connect Core, section 5.4).
func (rm *Room) about(ctx context.Context, uid string, d demand) (map[string]any, error) {
	u, err := rm.dir.User(ctx, uid)
	if err != nil {
		return nil, err
	}
	said := map[string]any{"sub": u.ID}
	if d.has("profile") {
		said["name"], said["preferred_username"] = u.Display, u.ID
		for k, v := range map[string]string{"locale": cmp.Or(u.Locale, u.Language), "zoneinfo": u.Timezone} {
			if v != "" {
				said[k] = v
			}
		}
	}
	if d.has("email") && u.Mail != "" {
		said["email"] = u.Mail
	}
	if d.has("groups") {
		in, err := rm.dir.GroupsOf(ctx, uid)
		if err != nil {
			return nil, err
		}
		said["groups"] = append([]string{}, in...)
	}
	return said, nil
}

// jwks answers GET /apps/oauth2/jwks.
func (rm *Room) jwks(w http.ResponseWriter, r *http.Request) error {
	set, err := rm.ring().Public(r.Context())
	if err != nil {
		return err
	}
	cross(w)
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int((5*time.Minute).Seconds())))
	web.WriteJSON(w, http.StatusOK, set)
	return nil
}
