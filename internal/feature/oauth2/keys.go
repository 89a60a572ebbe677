package oauth2

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// signingAlgs are the ways we can sign.
var signingAlgs = []jose.SignatureAlgorithm{jose.ES256, jose.RS256}

// keyOverlap is for how long an old key is told after another has taken its place:
// until the last token it signed has ended.
const keyOverlap = accessLife + skew

// key is one of our own. expires is 0 for one that signs.
type key struct {
	jose.JSONWebKey
	id, expires int64
}

func keySeal(id int64) string { return "oauth2 key " + strconv.FormatInt(id, 10) }

// keys are those whose signatures are good, the one that signs first. Ids do not tell which
// is newer, as each node draws them from a block of its own.
func (rm *Room) keys(ctx context.Context) ([]*key, error) {
	return db.List(ctx, rm.db, func(r db.Row) (*key, error) {
		var k key
		var sealed string
		if err := r.Scan(&k.id, &sealed, &k.expires); err != nil {
			return nil, err
		}
		text, err := rm.box.Open(sealed, keySeal(k.id))
		if err != nil {
			return nil, err
		}
		return &k, k.UnmarshalJSON(text)
	}, `SELECT id, sealed, expires FROM oauth2_key WHERE expires = 0 OR expires > ?
		ORDER BY CASE WHEN expires = 0 THEN 0 ELSE 1 END, created DESC, id DESC`, rm.Now().Unix())
}

// current are the keys, of which the first signs. The first use makes one.
func (rm *Room) current(ctx context.Context) ([]*key, error) {
	all, err := rm.keys(ctx)
	if err != nil || len(all) > 0 && all[0].expires == 0 {
		return all, err
	}
	if err := rm.RotateKey(ctx, jose.ES256); err != nil {
		return nil, err
	}
	return rm.keys(ctx)
}

// RotateKey makes a new key, which signs from now on. The others are told until the
// last token that they signed has ended.
func (rm *Room) RotateKey(ctx context.Context, alg jose.SignatureAlgorithm) error {
	var private crypto.Signer
	var err error
	switch alg {
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		return fault.New(fault.Invalid, "Keys are of ES256 or RS256.")
	}
	if err != nil {
		return err
	}
	id, err := rm.db.ID(ctx)
	if err != nil {
		return err
	}
	text, err := jose.JSONWebKey{Key: private, KeyID: seal.Token(22), Algorithm: string(alg), Use: "sig"}.MarshalJSON()
	if err != nil {
		return err
	}
	now := rm.Now()
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		return errors.Join(
			drop(ctx, tx, "UPDATE oauth2_key SET expires = ? WHERE expires = 0", now.Add(keyOverlap).Unix()),
			drop(ctx, tx, "INSERT INTO oauth2_key (id, sealed, created, expires) VALUES (?, ?, ?, 0)", id, rm.box.Seal(text, keySeal(id)), now.Unix()))
	})
}

// sign makes a JWT of a type.
func (rm *Room) sign(ctx context.Context, kind string, claims map[string]any) (string, error) {
	all, err := rm.current(ctx)
	if err != nil {
		return "", err
	}
	k := all[0]
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: k.JSONWebKey}, (&jose.SignerOptions{}).WithType(jose.ContentType(kind)))
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := s.Sign(text)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
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
	signed, err := jose.ParseSignedCompact(token, signingAlgs)
	if err != nil {
		return claims, err
	}
	all, err := rm.keys(ctx)
	if err != nil {
		return claims, err
	}
	for _, k := range all {
		if text, err := signed.Verify(k.Public()); err == nil {
			return claims, json.Unmarshal(text, &claims)
		}
	}
	return claims, errors.New("no key of ours fits")
}

// accessFor is an access token for another server, which checks it by our keys
// (RFC 9068).
func (rm *Room) accessFor(ctx context.Context, c *Client, g *given, issuer string) (string, error) {
	now := rm.Now()
	return rm.sign(ctx, "at+jwt", map[string]any{"iss": issuer, "sub": g.uid, "aud": g.agreed.Resource, "client_id": c.Ident, "scope": g.agreed.Words,
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
	return rm.sign(ctx, "JWT", claims)
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
	all, err := rm.current(r.Context())
	if err != nil {
		return err
	}
	set := jose.JSONWebKeySet{}
	for _, k := range all {
		set.Keys = append(set.Keys, k.Public())
	}
	cross(w)
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int((5*time.Minute).Seconds())))
	web.WriteJSON(w, http.StatusOK, set)
	return nil
}
