package kerberos

import (
	"encoding/asn1"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/client"
	krb "github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// kdc is the configuration of the KDC that TEST_KRB5 names (scripts/services up krb5),
// with keytabs beside it. Tests that ask one run where there is one; the build machine
// must have it.
func kdc(t testing.TB) string {
	t.Helper()
	at := os.Getenv("TEST_KRB5")
	if at == "" && os.Getenv("CI") != "" {
		t.Fatal("no KDC to test with: scripts/services up krb5, and TEST_KRB5 as scripts/services env prints it")
	}
	return at
}

// rig is the room behind a real door, on a real database.
type rig struct {
	*testing.T
	dir      *identity.Directory
	settings *settings.Store
	room     *Room
	door     *web.Door
	kdc      string
	password string        // of everybody
	late     time.Duration // how much later it is than the clock says
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	at := kdc(t)
	if at == "" {
		return
	}
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) { f(newRig(t, d, at)) })
}

// once is each on SQLite only, for what concerns the tickets alone.
func once(t *testing.T, f func(g *rig)) {
	t.Helper()
	if at := kdc(t); at != "" {
		f(newRig(t, dbtest.SQLite(t, schemas()...), at))
	}
}

func schemas() []db.Schema {
	return []db.Schema{bus.Schema, jobs.Schema, settings.Schema, identity.Schema, Schema}
}

func newRig(t *testing.T, d *db.DB, at string) *rig {
	t.Helper()
	box := must[*seal.Box](t)(seal.New(make([]byte, seal.KeySize)))
	g := &rig{T: t, settings: settings.New(d), kdc: at, password: "pw"}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return time.Now().Add(g.late) }
	g.room = must[*Room](t)(New(d, g.dir, g.settings, box, g))
	g.room.Now, g.settings.Now = g.dir.Now, g.dir.Now
	var auth []web.Authenticator
	m := web.NewMux()
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), Jobs: jobs.New(d), Bus: bus.New(d, mem.New()), Auth: &auth}
	g.room.Plug(b)
	b.Web.Handle("GET", "/who", web.User|web.Basic, func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, who.From(r.Context()).ID)
		return err
	})
	g.door = web.NewDoor(web.Config{Auth: auth, Now: g.dir.Now}, b.Web)
	g.set("enabled", "1", "keytab", g.keytab("HTTP-localhost"))
	return g
}

func (g *rig) keytab(name string) string {
	return filepath.Join(filepath.Dir(g.kdc), name+".keytab")
}

// set changes settings: name, value, name, value ….
func (g *rig) set(pairs ...string) {
	g.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := g.settings.Set(g.Context(), app, pairs[i], pairs[i+1]); err != nil {
			g.Fatal(err)
		}
	}
}

// Enter implements Entry: the session is the account's name in a cookie.
func (g *rig) Enter(w http.ResponseWriter, _ *http.Request, u *identity.User, to string) (int64, string, error) {
	http.SetCookie(w, &http.Cookie{Name: "entered", Value: u.ID})
	return 1, "/home" + to, nil
}

// ask sends a token, if it is not "", and returns the answer.
func (g *rig) ask(target, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "https://cloud.example.com"+target, http.NoBody)
	r.Header.Set("Accept", "text/html")
	if token != "" {
		r.Header.Set("Authorization", "Negotiate "+token)
	}
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// enters tells as whom a token comes in by the login, "" when it does not.
func (g *rig) enters(token string) string {
	for _, c := range g.ask(enter, token).Result().Cookies() {
		if c.Name == "entered" {
			return c.Value
		}
	}
	return ""
}

// refuses tells what is wrong unless a token is refused at the login and at the API,
// with such words in the log.
func (g *rig) refuses(what string, make func() string, words string) {
	g.Helper()
	t, err := parseToken(make())
	if err == nil {
		c := must[config](g)(g.room.config(g.Context()))
		_, err = g.room.open(g.Context(), t.request, serviceKeys(must[*keytabOf](g)(g.room.keys(c)), ""), here)
	}
	if err != nil && !strings.Contains(err.Error(), words) {
		g.Errorf("%s: %v", what, err)
	}
	if w := g.ask(enter, make()); w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 || w.Header().Get("WWW-Authenticate") != "" || err == nil && !strings.Contains(w.Body.String(), words) {
		g.Errorf("%s: %d %v %s", what, w.Code, w.Header(), w.Body)
	}
	g.set("api", "1")
	if w := g.ask("/who", make()); w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != "Negotiate" {
		g.Errorf("%s, API: %d %v", what, w.Code, w.Header())
	}
	g.set("api", "0")
}

// holder is somebody with a ticket from the real KDC.
type holder struct {
	*rig
	ticket messages.Ticket
	key    types.EncryptionKey
	name   types.PrincipalName
	realm  string

	flags []int // of the request
	edit  func(a *types.Authenticator)
	mech  asn1.ObjectIdentifier // as which the token asks for Kerberos
}

// holder signs somebody in at the KDC and gets a ticket for a service.
func (g *rig) holder(name, realm, service string) *holder {
	g.Helper()
	c := must[*krb.Config](g)(krb.Load(g.kdc))
	cl := client.NewWithPassword(name, realm, g.password, c, client.DisablePAFXFAST(true))
	g.Cleanup(cl.Destroy)
	if err := cl.Login(); err != nil {
		g.Fatal(err)
	}
	ticket, key, err := cl.GetServiceTicket(service)
	if err != nil {
		g.Fatal(err)
	}
	return &holder{rig: g, ticket: ticket, key: key, name: cl.Credentials.CName(), realm: realm, edit: func(*types.Authenticator) {}, mech: kerberos}
}

// request makes an AP-REQ, a new one each time.
func (h *holder) request() []byte {
	h.Helper()
	a := must[types.Authenticator](h)(types.NewAuthenticator(h.realm, h.name))
	at := h.room.Now().UTC()
	a.CTime, a.Cusec = at, at.Nanosecond()/1000
	a.Cksum = types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: append([]byte{16}, make([]byte, 23)...)}
	h.edit(&a)
	q := must[messages.APReq](h)(messages.NewAPReq(h.ticket, h.key, a))
	for _, f := range h.flags {
		types.SetFlag(&q.APOptions, f)
	}
	return must[[]byte](h)(q.Marshal())
}

// token makes what a browser sends, a new one each time.
func (h *holder) token() string {
	return base64.StdEncoding.EncodeToString(begin(framed(kerberos, append([]byte{1, 0}, h.request()...)), h.mech))
}

// framed and begin write what unframe and parseInit read.
func framed(mech asn1.ObjectIdentifier, inner []byte) []byte {
	return must1(asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, IsCompound: true, Bytes: slices.Concat(must1(asn1.Marshal(mech)), inner)}))
}

func begin(token []byte, mechs ...asn1.ObjectIdentifier) []byte {
	first := struct {
		Mechs []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
		Token []byte                  `asn1:"omitempty,explicit,tag:2"`
	}{mechs, token}
	return framed(spnego, must1(asn1.MarshalWithParams(first, "explicit,tag:0")))
}

// proves tells whether an answer proves that we could open the ticket.
func (h *holder) proves(proof []byte, a time.Time) bool {
	h.Helper()
	var rep messages.APRep
	if err := rep.Unmarshal(proof); err != nil {
		h.Fatal(err)
	}
	text := must[[]byte](h)(crypto.DecryptEncPart(rep.EncPart, h.key, 12))
	var part messages.EncAPRepPart
	if err := part.Unmarshal(text); err != nil {
		h.Fatal(err)
	}
	return part.CTime.Unix() == a.Unix() && part.Cusec == a.Nanosecond()/1000
}

func must1(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
