package oauth2

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// maxAssertion is how long a client assertion may be, in bytes, and assertionLife for
// how long one may be good.
const (
	maxAssertion  = 8 << 10
	assertionLife = 10 * time.Minute
	skew          = time.Minute // by which clocks may differ
)

// assertionAlgs are the ways to sign an assertion. None with a shared key is among
// them, and not "none".
var assertionAlgs = []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.RS256, jose.PS256, jose.EdDSA}

// caller finds out which client sent a request: by client_secret_basic,
// client_secret_post, private_key_jwt, or of public clients by its name alone.
func (rm *Room) caller(r *http.Request, f url.Values) (*Client, error) {
	ident, secret, basic := r.BasicAuth()
	if basic { // RFC 6749, section 2.3.1: as in a form
		var err, err2 error
		ident, err = url.QueryUnescape(ident)
		secret, err2 = url.QueryUnescape(secret)
		if err != nil || err2 != nil {
			return nil, invalid("The credentials cannot be read.")
		}
	} else {
		ident, secret = f.Get("client_id"), f.Get("client_secret")
	}
	proof := f.Get("client_assertion")
	switch {
	case basic && (f.Has("client_secret") || proof != "" || f.Has("client_id") && f.Get("client_id") != ident), secret != "" && proof != "":
		return nil, invalid("The client shows who it is in two ways.")
	case proof != "" && f.Get("client_assertion_type") != assertionType:
		return nil, invalid("The kind of client assertion is not supported.")
	case proof != "" && ident == "":
		ident = claimedBy(proof)
	}
	c, err := rm.client(r.Context(), ident)
	if errors.Is(err, fault.NotFound) {
		return nil, unknown(basic)
	}
	if err != nil {
		return nil, err
	}
	if err := rm.shown(r, c, secret, proof); err != nil {
		if errors.Is(err, fault.Anonymous) {
			err = unknown(basic)
		}
		return nil, c.speaking(err)
	}
	return c, nil
}

// unknown refuses a client; who came with the header is asked for another (RFC 6749,
// section 5.2).
func unknown(basic bool) *refusal {
	e := *errClient
	if basic {
		e.status = http.StatusUnauthorized
	}
	return &e
}

// shown checks what a client shows; fault.Anonymous if it is the wrong thing.
func (rm *Room) shown(r *http.Request, c *Client, secret, proof string) error {
	wrong := fault.New(fault.Anonymous, errClient.text)
	switch {
	case c.Public:
		if secret != "" || proof != "" {
			return wrong
		}
		return nil
	case c.Keys != nil:
		if proof == "" || secret != "" {
			return wrong
		}
		return rm.assertion(r.Context(), c, proof)
	case secret == "":
		return wrong
	}
	from := web.Network(web.VisitOf(r.Context()).Addr)
	return rm.dir.Try(r.Context(), "oauth2 client "+c.Ident, secret, string(c.Secret), from, func(context.Context) error {
		hash := string(rm.box.Hash(secret))
		former := rm.Now().Unix() < c.FormerUntil && seal.Equal(hash, string(c.Former))
		if !former && !seal.Equal(hash, string(c.Secret)) {
			return wrong
		}
		return nil
	})
}

// asserted is what a client says of itself (RFC 7523, section 3).
type asserted struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  float64  `json:"exp"`
	NotYet   float64  `json:"nbf"`
	ID       string   `json:"jti"`
}

// audience is one text or several (RFC 7519, section 4.1.3).
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// claimedBy reads whose assertion one claims to be, without believing it.
func claimedBy(proof string) string {
	if len(proof) > maxAssertion {
		return ""
	}
	signed, err := jose.ParseSignedCompact(proof, assertionAlgs)
	if err != nil {
		return ""
	}
	var a asserted
	if json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &a) != nil {
		return ""
	}
	return a.Subject
}

// verify holds an assertion to the keys of a client.
func (c *Client) verify(proof string) (a asserted, err error) {
	if len(proof) > maxAssertion {
		return a, errors.New("the assertion is too long")
	}
	signed, err := jose.ParseSignedCompact(proof, assertionAlgs)
	if err != nil {
		return a, err
	}
	kid := signed.Signatures[0].Header.KeyID
	for _, k := range c.Keys.Keys {
		if kid != "" && k.KeyID != kid || k.Algorithm != "" && k.Algorithm != signed.Signatures[0].Header.Algorithm {
			continue
		}
		if payload, err := signed.Verify(k); err == nil {
			return a, json.Unmarshal(payload, &a)
		}
	}
	return a, errors.New("no key of the client fits")
}

// assertion checks a client assertion, which is good once.
func (rm *Room) assertion(ctx context.Context, c *Client, proof string) error {
	a, err := c.verify(proof)
	if err != nil {
		return fault.Wrap(fault.Anonymous, err, errClient.text)
	}
	now, here := rm.Now(), web.VisitOf(ctx).Base()
	exp := time.Unix(int64(min(max(a.Expires, 0), 1<<40)), 0)
	forUs := false
	for _, to := range a.Audience {
		forUs = forUs || to == here || to == here+api+"/token"
	}
	switch {
	case a.Issuer != c.Ident || a.Subject != c.Ident || !forUs || a.ID == "",
		!now.Before(exp), exp.Sub(now) > assertionLife, a.NotYet > float64(now.Add(skew).Unix()):
		return fault.New(fault.Anonymous, errClient.text)
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO oauth2_assertion (hash, expires) VALUES (?, ?)", rm.secretHash("assertion "+c.Ident, a.ID), exp.Unix())
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Anonymous, err, errClient.text)
	}
	return err
}
