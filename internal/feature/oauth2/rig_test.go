package oauth2

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const (
	here     = "https://example.com"
	password = "Olga-Capture-77!"
	callback = "https://client.example/cb"
)

// rig is the room behind a real door, on a real database.
type rig struct {
	*testing.T
	dir  *identity.Directory
	room *Room
	door *web.Door
	now  time.Time
	left int // how often a session was ended
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{bus.Schema, jobs.Schema, identity.Schema, Schema}, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

// session finds people by the secret of their session in a cookie.
type session struct{ dir *identity.Directory }

func (s session) Authenticate(r *http.Request) (*who.Principal, error) {
	c, err := r.Cookie("session")
	if err != nil {
		return nil, nil
	}
	p, err := s.dir.Session(r.Context(), c.Value)
	if errors.Is(err, fault.Anonymous) {
		return nil, nil
	}
	return p, err
}

// bearer finds programs by their access token, and administrators by their password.
type bearer struct{ dir *identity.Directory }

func (b bearer) Authenticate(r *http.Request) (*who.Principal, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return b.dir.Bearer(r.Context(), token)
	}
	if login, secret, ok := r.BasicAuth(); ok {
		return b.dir.SignIn(r.Context(), login, secret, web.Network(web.VisitOf(r.Context()).Addr))
	}
	return nil, nil
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0)}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return g.now }
	for _, n := range []identity.NewUser{{ID: "olga", Password: password, Display: "Olga Ö.", Mail: "olga@oracle.example"}, {ID: "otto", Password: password},
		{ID: "admin", Password: password, Groups: []string{identity.AdminGroup}}} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if g.room, err = New(d, g.dir, box); err != nil {
		t.Fatal(err)
	}
	tokens := web.RequestTokens{Key: box.Hash("request tokens")}
	g.room.Now, g.room.Rooms, g.room.Token = g.dir.Now, []string{who.FilesRoom, who.AccountRoom}, tokens.Make
	g.room.Folder = func(_ context.Context, _, path string) (int64, error) {
		if path != "/Photos" {
			return 0, fault.NotFound
		}
		return 77, nil
	}
	g.room.Leave = func(_ http.ResponseWriter, r *http.Request) (string, error) {
		g.left++
		p := who.From(r.Context())
		return "/login?clear=1", g.dir.RemoveToken(r.Context(), p.ID, p.TokenID)
	}
	auth := []web.Authenticator{session{g.dir}, bearer{g.dir}}
	b := &plug.Board{Web: web.NewMux(), Jobs: jobs.New(d), Bus: bus.New(d, mem.New()), Auth: &auth}
	g.room.Plug(b)
	b.Web.Handle("GET", "/whoami", web.User, func(w http.ResponseWriter, r *http.Request) error {
		p := who.From(r.Context())
		web.WriteJSON(w, http.StatusOK, map[string]any{"id": p.ID, "scope": p.Scope})
		return nil
	})
	g.door = web.NewDoor(web.Config{Auth: auth, Tokens: tokens, Now: g.dir.Now, Routes: -1}, b.Web)
	return g
}

// client registers one.
func (g *rig) client(c Client) (*Client, string) {
	g.Helper()
	if c.Name == "" {
		c.Name = "Photo Printer"
	}
	if c.Redirects == nil && c.Audience == "" {
		c.Redirects = []string{callback}
	}
	secret, err := g.room.Register(g.Context(), &c)
	if err != nil {
		g.Fatal(err)
	}
	return &c, secret
}

// browser is a person's, with a session.
type browser struct {
	*rig
	secret string
}

func (g *rig) browser(uid string) *browser {
	g.Helper()
	secret := seal.Token(64)
	if _, err := g.dir.AddToken(g.Context(), identity.Token{UID: uid, Login: uid, Kind: identity.KindSession, Confirmed: g.now}, secret); err != nil {
		g.Fatal(err)
	}
	return &browser{g, secret}
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	r.AddCookie(&http.Cookie{Name: "session", Value: b.secret})
	r.Header.Set("Accept", "text/html")
	return b.serve(r)
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	return b.do(httptest.NewRequest("GET", here+path, http.NoBody))
}

func (b *browser) post(path string, f url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", here+path, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", here)
	return b.do(r)
}

var field = regexp.MustCompile(`<input type="(hidden|checkbox)" name="([a-z_]+)" value="([^"]*)"( checked)?( disabled)?>`)

// fields are what a page's form would send with the yes button.
func fields(page string) url.Values {
	v := url.Values{"answer": {"yes"}}
	for _, m := range field.FindAllStringSubmatch(page, -1) {
		if m[1] == "hidden" || m[4] != "" && m[5] == "" {
			v.Add(m[2], html.UnescapeString(m[3]))
		}
	}
	return v
}

// asks is where a client sends a browser.
func asks(c *Client, pairs ...string) string {
	q := url.Values{"client_id": {c.Ident}, "response_type": {"code"}, "state": {"s1"}}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return base + "/authorize?" + q.Encode()
}

// agree says yes to all that a client asks for, and returns what the client's address
// was called with.
func (b *browser) agree(address string) url.Values {
	b.Helper()
	w := b.get(address)
	if w.Code == http.StatusOK {
		w = b.post(base+"/authorize", fields(w.Body.String()))
	}
	return b.landed(w)
}

func (g *rig) landed(w *httptest.ResponseRecorder) url.Values {
	g.Helper()
	u, err := url.Parse(w.Header().Get("Location"))
	if w.Code != http.StatusSeeOther || err != nil {
		g.Fatalf("%d %s %v", w.Code, w.Body, err)
	}
	return u.Query()
}

func (b *browser) code(address string) string {
	b.Helper()
	q := b.agree(address)
	if q.Get("code") == "" {
		b.Fatalf("no code: %v", q)
	}
	return q.Get("code")
}

// post sends a program's form.
func (g *rig) post(path string, pairs ...string) *httptest.ResponseRecorder {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest("POST", here+path, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return g.serve(r)
}

// tokens posts to the token endpoint, which must answer well.
func (g *rig) tokens(pairs ...string) answer {
	g.Helper()
	w := g.post(api+"/token", pairs...)
	if w.Code != http.StatusOK {
		g.Fatalf("%d %s", w.Code, w.Body)
	}
	return decoded[answer](g.T, w)
}

// refused posts to the token endpoint, which must not, and returns the error's code.
func (g *rig) refused(pairs ...string) string {
	g.Helper()
	w := g.post(api+"/token", pairs...)
	if w.Code < 400 {
		g.Errorf("%d %s", w.Code, w.Body)
	}
	return decoded[map[string]string](g.T, w)["error"]
}

// redeem trades a code of a confidential client.
func (g *rig) redeem(c *Client, secret, code string) answer {
	g.Helper()
	return g.tokens("grant_type", "authorization_code", "code", code, "client_id", c.Ident, "client_secret", secret)
}

func decoded[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

// call asks an address with an access token.
func (g *rig) call(path, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", here+path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	return g.serve(r)
}

// opens tells whether an access token opens the account, and to what.
func (g *rig) opens(token string) (*who.Scope, bool) {
	g.Helper()
	w := g.call("/whoami", token)
	if w.Code != http.StatusOK {
		return nil, false
	}
	return decoded[struct{ Scope *who.Scope }](g.T, w).Scope, true
}

// pkce makes a verifier and its challenge.
func pkce() (verifier, challenge string) {
	verifier = seal.Token(50)
	sum := sha256.Sum256([]byte(verifier))
	return verifier, base64.RawURLEncoding.EncodeToString(sum[:])
}

// transport lets foreign code call the room.
type transport struct{ *rig }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	in := httptest.NewRequest(r.Method, r.URL.String(), r.Body)
	if r.Body == nil {
		in.Body = io.NopCloser(strings.NewReader(""))
	}
	in.Header = r.Header
	return t.serve(in).Result(), nil
}

func unmarshalled(text []byte) (map[string]any, error) {
	var claims map[string]any
	err := json.Unmarshal(text, &claims)
	return claims, err
}
