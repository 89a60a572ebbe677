package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/infra/seal"
	"atrium/internal/infra/seal/keyring"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/web"
)

const (
	withPost = "client_secret_post"
	withKey  = "private_key_jwt"

	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLife = time.Minute
	keyLead       = 24 * time.Hour // for which a new key is told before it signs, as providers keep what they have read
)

// tokens are what a token endpoint gives (RFC 6749, section 5.1).
type tokens struct {
	Access  string          `json:"access_token"`
	ID      string          `json:"id_token"`
	Refresh string          `json:"refresh_token"`
	Life    json.RawMessage `json:"expires_in"` // seconds; some write them as text
}

// lasts is for how long the access token is good, def when the provider does not say.
func (t *tokens) lasts(def time.Duration) time.Duration {
	n, err := strconv.ParseInt(strings.Trim(string(t.Life), `"`), 10, 32)
	if err != nil || n <= 0 {
		return def
	}
	return time.Duration(n) * time.Second
}

// refusal is an error of a token endpoint (RFC 6749, section 5.2).
type refusal struct {
	Code string `json:"error"`
	Text string `json:"error_description"`
}

// Error implements error.
func (r *refusal) Error() string { return strings.TrimSuffix(r.Code+": "+r.Text, ": ") }

// method is how we show a token endpoint who we are.
func (one *remote) method() string {
	if one.AuthMethod == "" && slices.Contains(one.AuthMethods, withPost) {
		return withPost
	}
	return one.AuthMethod
}

// grant asks the token endpoint of a provider for tokens. What it does not give is a
// *refusal, one that does not answer fault.Unavailable.
func (rm *Room) grant(ctx context.Context, one *remote, form url.Values) (*tokens, error) {
	method := one.method()
	switch method {
	case withKey:
		proof, err := rm.assertion(ctx, one)
		if err != nil {
			return nil, err
		}
		form.Set("client_assertion_type", assertionType)
		form.Set("client_assertion", proof)
		form.Set("client_id", one.Client)
	case withPost:
		form.Set("client_id", one.Client)
		form.Set("client_secret", one.Secret)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, one.document.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	if method != withKey && method != withPost {
		r.SetBasicAuth(url.QueryEscape(one.Client), url.QueryEscape(one.Secret)) // RFC 6749, section 2.3.1
	}
	answer, err := one.client.Do(r)
	if err != nil {
		if _, ok := errors.AsType[*fault.Fault](err); ok {
			return nil, err
		}
		return nil, fault.Wrap(fault.Unavailable, err, "The provider cannot be reached.")
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The provider broke off.")
	}
	return readTokens(answer.StatusCode, body)
}

// readTokens reads the answer of a token endpoint.
func readTokens(status int, body []byte) (*tokens, error) {
	if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
		return nil, fault.Wrap(fault.Unavailable, fmt.Errorf("status %d", status), "The provider answers with an error.")
	}
	if status != http.StatusOK {
		no := refusal{Code: "status " + strconv.Itoa(status)}
		_ = json.Unmarshal(body, &no) // what is no JSON says no more than its status
		return nil, &no
	}
	var t tokens
	if err := json.Unmarshal(body, &t); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The provider answers something that is not JSON.")
	}
	return &t, nil
}

// ring is the pairs of keys by which we show providers who we are. RS256 is what all of
// them know (OpenID Connect Discovery, section 3).
func (rm *Room) ring() *keyring.Ring {
	r := keyring.New(rm.db, rm.box, "oidc_key")
	r.Now, r.First, r.Overlap = rm.Now, jose.RS256, time.Hour
	return r
}

// assertion proves to a provider that we are its client (RFC 7523, section 3; OpenID
// Connect Core, section 9). It is meant for the token endpoint as browsers and others
// know it, wherever we reach it.
func (rm *Room) assertion(ctx context.Context, one *remote) (string, error) {
	now := rm.Now()
	return rm.ring().Sign(ctx, "JWT", map[string]any{"iss": one.Client, "sub": one.Client, "aud": cmp.Or(one.Audience, one.told, one.document.Token),
		"jti": seal.Token(32), "iat": now.Unix(), "exp": now.Add(assertionLife).Unix()})
}

// jwks answers GET /apps/user_oidc/jwks, where providers read the public parts of our keys.
func (rm *Room) jwks(w http.ResponseWriter, r *http.Request) error {
	set, err := rm.ring().Public(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	web.WriteJSON(w, http.StatusOK, set)
	return nil
}

// keysCommand shows the public parts of our keys, and makes another pair.
func (rm *Room) keysCommand() *cobra.Command {
	c := &cobra.Command{Use: "user_oidc:keys", Short: "Show the public keys by which providers know this server (private_key_jwt), or make another pair", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := cmd.Flags()
			rotate, err := f.GetBool("rotate")
			now, err2 := f.GetBool("now")
			alg, err3 := f.GetString("alg")
			if err := errors.Join(err, err2, err3); err != nil {
				return err
			}
			if !rotate && (now || f.Changed("alg")) {
				return cli.Usage("--now and --alg go with --rotate")
			}
			if rotate {
				after := keyLead
				if now {
					after = 0
				}
				if err := rm.ring().Rotate(cmd.Context(), jose.SignatureAlgorithm(alg), after); err != nil {
					return err
				}
			}
			set, err := rm.ring().Public(cmd.Context())
			if err != nil {
				return err
			}
			return told(cmd, set)
		}}
	c.Flags().Bool("rotate", false, "Make a new pair: it is shown at once and signs after a day, so that every provider has read it by then")
	c.Flags().Bool("now", false, "With --rotate: the new pair signs at once")
	c.Flags().String("alg", string(jose.RS256), "With --rotate: RS256 or ES256")
	return c
}
