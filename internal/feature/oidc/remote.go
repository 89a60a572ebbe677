package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
)

const (
	fresh      = time.Hour        // how long what a provider says of itself is believed
	patience   = 10 * time.Second // for an answer
	maxAnswer  = 1 << 20          // bytes
	keysAgain  = 30 * time.Second // between two looks for a key that is not known
	skew       = time.Minute      // by which clocks may differ
	minRSABits = 2048
)

// document is what discovery says, as far as we read it (OpenID Connect Discovery,
// section 3).
type document struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Keys          string   `json:"jwks_uri"`
	EndSession    string   `json:"end_session_endpoint"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	ProofAlgs     []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	NamesItself   bool     `json:"authorization_response_iss_parameter_supported"`
}

// remote is a provider as it answers at the moment.
type remote struct {
	*Provider
	document
	client *http.Client
	keys   *keySet
	told   string // the token endpoint as discovery has it
	at     time.Time
}

// remotes keeps what providers say of themselves.
type remotes struct {
	mu sync.Mutex
	of map[int64]*remote
}

func (r *remotes) forget(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of, id)
}

func (r *remotes) known(id int64, now time.Time) *remote {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.of[id]; one != nil && now.Sub(one.at) < fresh {
		return one
	}
	return nil
}

func (r *remotes) keep(one *remote) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[int64]*remote{}
	}
	r.of[one.ID] = one
}

// meet asks a provider what it is, or knows it from before. Other settings make
// another of it.
func (rm *Room) meet(ctx context.Context, p *Provider) (*remote, error) {
	if one := rm.remotes.known(p.ID, rm.Now()); one != nil && one.same(p) {
		return one, nil
	}
	one, err := rm.ask(ctx, p)
	if err == nil {
		rm.remotes.keep(one)
	}
	return one, err
}

// ask asks a provider what it is.
func (rm *Room) ask(ctx context.Context, p *Provider) (*remote, error) {
	insecure, err := rm.insecure(ctx)
	if err != nil {
		return nil, err
	}
	client, err := p.client(insecure)
	if err != nil {
		return nil, err
	}
	one := &remote{Provider: p, client: client, at: rm.Now()}
	if err := one.get(ctx, p.Discovery, "", &one.document); err != nil {
		return nil, err
	}
	one.told = one.document.Token
	for to, instead := range map[*string]string{&one.Authorization: p.Settings.Authorization, &one.document.Token: p.Settings.Token,
		&one.document.UserInfo: p.Settings.UserInfo, &one.document.Keys: p.Settings.Keys, &one.document.EndSession: p.Settings.EndSession} {
		if instead != "" {
			*to = instead
		}
	}
	if one.Issuer == "" || one.document.Authorization == "" || one.document.Token == "" || one.document.Keys == "" {
		return nil, fault.New(fault.Unavailable, "The provider does not say where its endpoints are.")
	}
	one.keys = &keySet{remote: one, now: rm.Now}
	return one, nil
}

func (one *remote) same(p *Provider) bool {
	a, errA := json.Marshal(one.Provider)
	b, errB := json.Marshal(p)
	return errA == nil && errB == nil && string(a) == string(b)
}

// client is how we speak to a provider: with the authorities that the
// administrator named, and over TLS unless plain HTTP is allowed.
func (p *Provider) client(insecure bool) (*http.Client, error) {
	trusted, err := p.tls()
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = trusted
	return &http.Client{Transport: careful{t, insecure}, Timeout: patience, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) >= 3 {
			return errors.New("too many redirects")
		}
		return nil
	}}, nil
}

// tls is whom we believe to be the provider: those with a certificate of the system's
// authorities, or of those that the administrator named.
func (p *Provider) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.CA == "" {
		return c, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM([]byte(p.CA)) {
		return nil, fault.New(fault.Invalid, "The certificate of the authority is no PEM.")
	}
	c.RootCAs = pool
	return c, nil
}

// careful refuses plain HTTP and long answers.
type careful struct {
	*http.Transport
	insecure bool
}

// RoundTrip implements http.RoundTripper.
func (c careful) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !c.insecure {
		return nil, errInsecure
	}
	answer, err := c.Transport.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}

var errInsecure = fault.New(fault.Denied, "The provider is asked over https only, unless user_oidc allow_insecure_http is set.")

// get reads JSON from a provider.
func (one *remote) get(ctx context.Context, address, bearer string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer, err := one.client.Do(r)
	if err != nil {
		if _, ok := errors.AsType[*fault.Fault](err); ok {
			return err
		}
		return fault.Wrap(fault.Unavailable, err, "The provider cannot be reached.")
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "The provider broke off.")
	}
	if answer.StatusCode != http.StatusOK {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("%s: %s", address, answer.Status), "The provider answers with an error.")
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("%s: %w", address, err), "The provider answers something that is not JSON.")
	}
	return nil
}

// userInfo asks for what the userinfo endpoint says of the bearer of a token. An
// answer that is signed is not asked for.
func (one *remote) userInfo(ctx context.Context, token string) (Claims, error) {
	if one.document.UserInfo == "" {
		return nil, fault.New(fault.Unavailable, "The provider has no userinfo endpoint.")
	}
	var raw json.RawMessage
	if err := one.get(ctx, one.document.UserInfo, token, &raw); err != nil {
		return nil, err
	}
	return parseClaims(raw)
}

// algorithms are those whose signatures we believe: with a key that only the
// provider has. The shared secret is none.
var algorithms = []string{gooidc.RS256, gooidc.RS384, gooidc.RS512, gooidc.PS256, gooidc.PS384, gooidc.PS512, gooidc.ES256, gooidc.ES384, gooidc.ES512, gooidc.EdDSA}

// verify checks a token of the provider: its signature, who issued it, that it is
// for us, and that it has not run out. Which program it was given to is another
// question: see given.
func (one *remote) verify(ctx context.Context, token string, now time.Time) (Claims, *gooidc.IDToken, error) {
	v := gooidc.NewVerifier(one.Issuer, one.keys, &gooidc.Config{ClientID: one.Client, SupportedSigningAlgs: algorithms,
		Now: func() time.Time { return now.Add(-skew) }})
	id, err := v.Verify(ctx, token)
	if err != nil {
		if _, ok := errors.AsType[*fault.Fault](err); ok {
			return nil, nil, err
		}
		return nil, nil, fault.Wrap(fault.Denied, err, "What the provider says is not valid.")
	}
	var raw json.RawMessage
	if err := id.Claims(&raw); err != nil {
		return nil, nil, fault.Wrap(fault.Denied, err, "What the provider says is not valid.")
	}
	c, err := parseClaims(raw)
	if err != nil {
		return nil, nil, err
	}
	return c, id, nil
}

// given tells whether the provider gave a token to us (OpenID Connect Core, section
// 3.1.3.7), and not to another program that may call us with it.
func (one *remote) given(c Claims) bool {
	azp, ok := text(c["azp"])
	return !ok || azp == one.Client
}

// keySet is a provider's keys. It implements gooidc.KeySet.
type keySet struct {
	remote *remote
	now    func() time.Time

	mu   sync.Mutex
	keys []jose.JSONWebKey
	at   time.Time
}

// VerifySignature returns the payload of a token that one of the keys has signed.
// When none fits, the keys are asked for again: they may have been changed.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	var algs []jose.SignatureAlgorithm
	for _, a := range algorithms {
		algs = append(algs, jose.SignatureAlgorithm(a))
	}
	signed, err := jose.ParseSignedCompact(token, algs)
	if err != nil {
		return nil, err
	}
	if len(signed.Signatures) != 1 {
		return nil, errors.New("not exactly one signature")
	}
	header := signed.Signatures[0].Header
	for _, again := range []bool{false, true} {
		keys, err := k.get(ctx, again)
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			if header.KeyID != "" && key.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
				continue
			}
			if payload, err := signed.Verify(key.Key); err == nil {
				return payload, nil
			}
		}
	}
	return nil, errors.New("no key of the provider fits the signature")
}

// get returns the keys as they are known, or asks for them when that was long ago;
// again: when it was not just now.
func (k *keySet) get(ctx context.Context, again bool) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.at)
	if k.keys != nil && age < fresh && (!again || age < keysAgain) {
		return k.keys, nil
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := k.remote.get(ctx, k.remote.document.Keys, "", &set); err != nil {
		return nil, err
	}
	k.keys, k.at = []jose.JSONWebKey{}, k.now()
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err == nil && strong(key) { // one that we do not know hides no other
			k.keys = append(k.keys, key.Public())
		}
	}
	return k.keys, nil
}

// strong tells whether a key may sign: not a shared secret, and not one that can
// be broken.
func strong(key jose.JSONWebKey) bool {
	if key.Use != "" && key.Use != "sig" || !key.Valid() {
		return false
	}
	switch k := key.Public().Key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

// challenges tells whether the provider takes a code only from who asked for it
// (PKCE, RFC 7636).
func (one *remote) challenges() bool { return slices.Contains(one.Challenges, "S256") }

// authorizationEndpoint is where to send browsers, with the query that the
// address of the discovery and the endpoint have, which wins.
func (one *remote) authorizationEndpoint(q url.Values) (string, error) {
	u, err := url.Parse(one.document.Authorization)
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "The provider does not say where its endpoints are.")
	}
	if d, err := url.Parse(one.Discovery); err == nil {
		for name, values := range d.Query() {
			q[name] = values
		}
	}
	for name, values := range u.Query() {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// isForm tells whether a request carries a form.
func isForm(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "application/x-www-form-urlencoded"
}
