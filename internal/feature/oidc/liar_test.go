package oidc

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// liar is a provider that can be made to lie, which no real one can. Real ones are
// signed in at by the browser stories.
type liar struct {
	*httptest.Server
	key     *rsa.PrivateKey
	claims  map[string]any             // of the next ID token, over what is right
	sign    func(claims []byte) string // nil: as it should
	info    map[string]any             // of the userinfo endpoint
	asked   map[string]url.Values      // authorization requests, by code
	methods []string
	algs    []string                  // of assertions
	read    func() jose.JSONWebKeySet // the client's keys, for private_key_jwt
	proofs  map[string]bool           // assertions that were shown, by jti
	now     func() time.Time
	picture []byte // at /face.png
	looks   int    // for it, that were answered with it
	etag    string
	renewed int    // tokens, so many times
	refuses string // to renew them, with this error
	names   bool   // itself in its answers, it says
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{key: key, claims: map[string]any{}, asked: map[string]url.Values{}, methods: []string{"client_secret_basic"}, proofs: map[string]bool{}}
	m := http.NewServeMux()
	m.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		l.json(w, map[string]any{"issuer": l.URL, "authorization_endpoint": l.URL + "/auth?tenant=1", "token_endpoint": l.URL + "/token", "jwks_uri": l.URL + "/keys",
			"userinfo_endpoint": l.URL + "/me", "end_session_endpoint": l.URL + "/end", "code_challenge_methods_supported": []string{"S256"},
			"token_endpoint_auth_methods_supported": l.methods, "token_endpoint_auth_signing_alg_values_supported": l.algs,
			"authorization_response_iss_parameter_supported": l.names})
	})
	m.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		weak, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Error(err)
			return
		}
		l.json(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: weak.Public(), KeyID: "weak", Use: "sig"}, {Key: []byte("a secret that all know"), KeyID: "shared", Use: "sig"},
			{Key: l.key.Public(), KeyID: "good", Use: "sig", Algorithm: "RS256"}}})
	})
	m.HandleFunc("/face.png", l.face)
	m.HandleFunc("POST /token", l.token)
	m.HandleFunc("/me", func(w http.ResponseWriter, _ *http.Request) { l.json(w, l.info) })
	l.Server = httptest.NewTLSServer(m)
	t.Cleanup(l.Close)
	return l
}

func (l *liar) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

// authority is the PEM of the certificate that the liar has.
func (l *liar) authority() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: l.Certificate().Raw}))
}

// agree is a person who says yes at the address that a browser was sent to. It
// returns where the browser is sent then.
func (l *liar) agree(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	l.asked["code"] = q
	return q.Get("redirect_uri") + "?" + url.Values{"code": {"code"}, "state": {q.Get("state")}}.Encode()
}

func (l *liar) token(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("grant_type") == "refresh_token" {
		l.renew(w, r)
		return
	}
	id, secret, ok := r.BasicAuth()
	if plain, err := url.QueryUnescape(secret); err == nil { // RFC 6749, section 2.3.1
		secret = plain
	}
	q := l.asked[r.PostFormValue("code")]
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if proof := r.PostFormValue("client_assertion"); proof != "" {
		ok, id, secret = !ok && l.proved(proof, r), r.PostFormValue("client_id"), "client secret"
	}
	if !ok || id != "atrium" || secret != "client secret" || q == nil || base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge") ||
		r.PostFormValue("redirect_uri") != q.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		l.json(w, map[string]string{"error": "invalid_grant"})
		return
	}
	delete(l.asked, r.PostFormValue("code"))
	l.json(w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300, "refresh_token": "refresh 1", "id_token": l.made(map[string]any{"nonce": q.Get("nonce")})})
}

// proved checks an assertion as RFC 7523, section 3, has it: by the keys that the client
// tells, once, and for this very endpoint.
func (l *liar) proved(proof string, r *http.Request) bool {
	if r.PostFormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || r.PostForm.Has("client_secret") {
		return false
	}
	signed, err := jose.ParseSignedCompact(proof, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		return false
	}
	set := l.read()
	keys := set.Key(signed.Signatures[0].Header.KeyID)
	if len(keys) != 1 || !keys[0].IsPublic() {
		return false
	}
	text, err := signed.Verify(keys[0])
	if err != nil {
		return false
	}
	var c struct {
		Iss, Sub, Aud, Jti string
		Exp, Iat           int64
	}
	if json.Unmarshal(text, &c) != nil || c.Jti == "" || l.proofs[c.Jti] {
		return false
	}
	l.proofs[c.Jti] = true
	now := l.now().Unix()
	return c.Iss == "atrium" && c.Sub == "atrium" && c.Aud == l.URL+"/token" && c.Exp > now && c.Exp <= now+300 && c.Iat <= now
}

// renew takes each refresh token once.
func (l *liar) renew(w http.ResponseWriter, r *http.Request) {
	id, _, ok := r.BasicAuth()
	if !ok || id != "atrium" || l.refuses != "" || r.PostFormValue("refresh_token") != fmt.Sprint("refresh ", l.renewed+1) {
		w.WriteHeader(http.StatusBadRequest)
		l.json(w, map[string]string{"error": cmp.Or(l.refuses, "invalid_grant")})
		return
	}
	l.renewed++
	l.json(w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300, "refresh_token": fmt.Sprint("refresh ", l.renewed+1), "id_token": l.made(nil)})
}

// face answers with a picture that everybody may see.
func (l *liar) face(w http.ResponseWriter, r *http.Request) {
	if l.etag != "" && r.Header.Get("If-None-Match") == l.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	l.looks++
	w.Header().Set("ETag", l.etag)
	_, _ = w.Write(l.picture) // who hangs up is no fault
}

// base is what a right token says.
func (l *liar) base() map[string]any {
	return map[string]any{"iss": l.URL, "aud": "atrium", "sub": "ada", "iat": 1_800_000_000, "exp": 1_800_000_300}
}

// made is a token with these claims, and with what the liar wants it to say.
func (l *liar) made(claims map[string]any) string {
	all := l.base()
	maps.Copy(all, claims)
	maps.Copy(all, l.claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	said, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	if l.sign != nil {
		return l.sign(said)
	}
	return l.signed(`{"alg":"RS256","kid":"good"}`, said, l.key)
}

func (l *liar) signed(header string, claims []byte, key *rsa.PrivateKey) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}
