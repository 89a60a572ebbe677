package kerberos

import (
	"context"
	"encoding/asn1"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/types"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db/dbtest"
)

func TestABrowserSignsInWithATicket(t *testing.T) {
	each(t, func(g *rig) {
		w := g.ask(enter, "")
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != "Negotiate" || !strings.Contains(w.Body.String(), "/login?direct=1") {
			t.Fatalf("without a ticket: %d %v %s", w.Code, w.Header(), w.Body)
		}
		alice := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost")
		alice.mech, alice.flags = kerberosOfMS, []int{mutualRequired}
		var at time.Time
		alice.edit = func(a *types.Authenticator) {
			at = a.CTime.Truncate(time.Second).Add(time.Duration(a.Cusec) * time.Microsecond)
		}
		w = g.ask(enter+"?redirectUrl=/x", alice.token())
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/home/x" || w.Header().Get("Persistent-Auth") != "false" {
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		var answer negTokenResp
		proof := must[[]byte](t)(base64.StdEncoding.DecodeString(strings.TrimPrefix(w.Header().Get("WWW-Authenticate"), "Negotiate ")))
		if _, err := asn1.UnmarshalWithParams(proof, &answer, "explicit,tag:1"); err != nil || !answer.Mech.Equal(kerberosOfMS) || answer.State != 0 {
			t.Fatalf("%+v %v", answer, err)
		}
		if _, inner, err := unframe(answer.Token); err != nil || !alice.proves(inner[2:], at) {
			t.Errorf("the answer proves nothing: %v", err)
		}
		u := must[*identity.User](t)(g.dir.User(t.Context(), "alice"))
		if u.Source != Source || u.LastLogin.IsZero() {
			t.Errorf("%+v", u)
		}
		if doors := must[[]Door](t)(g.room.Doors(t.Context(), "/a b")); len(doors) != 1 || doors[0] != (Door{"Kerberos", enter + "?redirectUrl=%2Fa+b", false}) {
			t.Errorf("%+v", doors)
		}
	})
}

// A ticket shown twice, by whoever has seen it on its way, opens nothing on any node.
func TestATicketIsShownOnce(t *testing.T) {
	each(t, func(g *rig) {
		alice := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost")
		token := alice.token()
		if got := g.enters(token); got != "alice" {
			t.Fatal(got)
		}
		g.refuses("again", func() string { return token }, "shown already")
		if got := g.enters(alice.token()); got != "alice" {
			t.Errorf("a new one for the same ticket: %q", got)
		}
		g.late = 3 * skew
		if err := g.room.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.refuses("after the sweep", func() string { return token }, "too far apart")
	})
}

func TestProgramsShowTickets(t *testing.T) {
	each(t, func(g *rig) {
		alice := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost")
		if w := g.ask("/who", alice.token()); w.Code != http.StatusUnauthorized || strings.Contains(w.Header().Get("WWW-Authenticate"), "Negotiate") {
			t.Errorf("switched off: %d %v", w.Code, w.Header())
		}
		g.set("api", "1")
		for range 2 {
			if w := g.ask("/who", alice.token()); w.Code != http.StatusOK || w.Body.String() != "alice" {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		devices := 0
		for d, err := range g.dir.Tokens(t.Context(), "alice") {
			if devices++; err != nil || d.Name != "Kerberos" || d.Expires.IsZero() {
				t.Errorf("%+v %v", d, err)
			}
		}
		if devices != 1 {
			t.Errorf("%d devices for one ticket", devices)
		}
		if w := g.ask("/who", ""); w.Code != http.StatusUnauthorized || strings.Contains(w.Header().Get("WWW-Authenticate"), "Negotiate") {
			t.Errorf("who shows no ticket is asked for a password only: %v", w.Header())
		}
		g.dir.Second = func(_ context.Context, u *identity.User, _ []string) (bool, error) { return u.ID == "alice", nil }
		g.dir.Void()
		if w := g.ask("/who", alice.token()); w.Code != http.StatusUnauthorized {
			t.Errorf("with a second factor: %d", w.Code)
		}
		if err := g.dir.Disable(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
		g.dir.Second = nil
		g.dir.Void()
		if w := g.ask("/who", alice.token()); w.Code != http.StatusUnauthorized {
			t.Errorf("locked: %d", w.Code)
		}
		if w := g.ask(enter, alice.token()); w.Code != http.StatusForbidden {
			t.Errorf("locked, at the login: %d", w.Code)
		}
	})
}

// The programs that people have: kinit of MIT, and curl, which ends the exchange only
// if our answer proves who we are.
func TestCurlNegotiates(t *testing.T) {
	once(t, func(g *rig) {
		g.set("api", "1", "allow_insecure_http", "1")
		s := httptest.NewServer(g.door)
		defer s.Close()
		at := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
		environ := append(os.Environ(), "KRB5_CONFIG="+g.kdc, "KRB5CCNAME="+filepath.Join(t.TempDir(), "tickets"))
		run := func(in, name string, args ...string) string {
			t.Helper()
			c := exec.CommandContext(t.Context(), name, args...)
			c.Env, c.Stdin = environ, strings.NewReader(in)
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("%s %v: %v\n%s", name, args, err, out)
			}
			return string(out)
		}
		run("pw\n", "kinit", "alice")
		curl := func(args ...string) string {
			return run("", "curl", append([]string{"--silent", "--show-error", "--negotiate", "--user", ":"}, args...)...)
		}
		if got := curl("--include", at+enter); !strings.Contains(got, "entered=alice") || !strings.Contains(got, " 303 ") {
			t.Errorf("login: %s", got)
		}
		if got := curl(at+"/who", at+"/who"); got != "alicealice" { // the second on the same connection
			t.Errorf("two requests: %s", got)
		}
		run("", "kdestroy")
		if got := curl("--include", at+"/who"); !strings.Contains(got, " 401 ") {
			t.Errorf("without a ticket: %s", got)
		}
	})
}

// Tickets of a domain controller carry what it says of somebody's groups, which is much
// and is not read.
func TestTicketsOfADomainController(t *testing.T) {
	at := os.Getenv("TEST_AD_DIR")
	if at == "" && os.Getenv("CI") != "" {
		t.Fatal("no domain controller to test with: scripts/services up samba-ad, and TEST_AD_DIR as scripts/services env prints it")
	}
	if at == "" {
		return
	}
	conf := filepath.Join(t.TempDir(), "krb5.conf")
	text := "[libdefaults]\n default_realm = AD.TEST\n udp_preference_limit = 1\n[realms]\n AD.TEST = {\n  kdc = 127.0.0.77:88\n }\n[domain_realm]\n localhost = AD.TEST\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g := newRig(t, dbtest.SQLite(t, schemas()...), conf)
	g.password = "Secret-1234"
	g.set("keytab", filepath.Join(at, "HTTP-localhost.keytab"), "lower_case", "1")
	boss := g.holder("Administrator", "AD.TEST", "HTTP/localhost")
	if n := len(boss.ticket.EncPart.Cipher); n < 600 {
		t.Errorf("a ticket of %d bytes says nothing of groups", n)
	}
	if got := g.enters(boss.token()); got != "administrator" {
		t.Errorf("%q", got)
	}
}
