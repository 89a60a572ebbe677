package kerberos

import (
	"encoding/asn1"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/addrtype"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

type keytabOf = keytab.Keytab

var here = netip.MustParseAddr("192.0.2.1") // of httptest's requests

func TestTicketsThatOpenNothing(t *testing.T) {
	once(t, func(g *rig) {
		fresh := func(edit func(h *holder)) func() string {
			h := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost")
			edit(h)
			return h.token
		}
		g.refuses("for another host", g.holder("alice", "ATRIUM.TEST", "HTTP/elsewhere.test").token, "another server")
		g.refuses("for another service", g.holder("alice", "ATRIUM.TEST", "host/localhost").token, "another server")
		g.refuses("for another host, said to be for this one", func() string {
			h := g.holder("alice", "ATRIUM.TEST", "HTTP/elsewhere.test")
			h.ticket.SName.NameString[1] = "localhost"
			return h.token()
		}, "another server")
		g.refuses("for a key that was replaced", fresh(func(h *holder) { h.ticket.EncPart.KVNO++ }), "out of date")
		g.refuses("the clock 6 minutes slow", fresh(func(h *holder) {
			h.edit = func(a *types.Authenticator) { a.CTime = a.CTime.Add(-skew - time.Minute) }
		}), "too far apart")
		g.refuses("the clock 6 minutes fast", fresh(func(h *holder) {
			h.edit = func(a *types.Authenticator) { a.CTime = a.CTime.Add(skew + time.Minute) }
		}), "too far apart")
		g.refuses("written for somebody else", fresh(func(h *holder) {
			h.edit = func(a *types.Authenticator) { a.CName.NameString = []string{"bob"} }
		}), "no Kerberos ticket")
		g.refuses("written for another realm", fresh(func(h *holder) {
			h.edit = func(a *types.Authenticator) { a.CRealm = "OTHER.TEST" }
		}), "no Kerberos ticket")
		g.refuses("made by another protocol", fresh(func(h *holder) {
			h.edit = func(a *types.Authenticator) { a.Cksum.CksumType = 7 }
		}), "no Kerberos ticket")
		g.refuses("by somebody who has seen the ticket only", fresh(func(h *holder) {
			h.key.KeyValue = append([]byte{h.key.KeyValue[0] ^ 1}, h.key.KeyValue[1:]...)
		}), "no Kerberos ticket")
		g.refuses("that was changed on its way", fresh(func(h *holder) { h.ticket.EncPart.Cipher[40] ^= 1 }), "another server")
		g.refuses("with nothing in it", fresh(func(h *holder) { h.ticket.EncPart.Cipher = h.ticket.EncPart.Cipher[:9] }), "another server")
		g.refuses("by RC4", fresh(func(h *holder) { h.ticket.EncPart.EType = etypeID.RC4_HMAC }), "too weak")
		g.refuses("from user to user", fresh(func(h *holder) { h.flags = []int{useSessionKey} }), "in one step")

		late := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost")
		g.late = 10*time.Hour + skew + time.Minute
		g.refuses("that has run out", late.token, "has run out")
		g.late = -time.Hour
		g.refuses("that is not valid yet", late.token, "not valid yet")
		g.late = 10*time.Hour + skew/2
		if got := g.enters(late.token()); got != "alice" {
			t.Errorf("within what clocks may be apart: %q", got)
		}
	})
}

// Tickets of a realm that trusts ours are real ones, and open nothing until the
// administrator names the realm. Its alice is not our alice.
func TestForeignRealm(t *testing.T) {
	once(t, func(g *rig) {
		alice, theirs := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost"), g.holder("alice", "OTHER.TEST", "HTTP/localhost")
		if w := g.ask(enter, theirs.token()); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "your realm") {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		g.set("realms", "ATRIUM.TEST, OTHER.TEST")
		if ours, other := g.enters(alice.token()), g.enters(theirs.token()); ours != "alice" || other != "alice@other.test" {
			t.Errorf("%q and %q", ours, other)
		}
		g.set("strip_realm", stripAll)
		mallory := g.holder("mallory", "OTHER.TEST", "HTTP/localhost")
		if got := g.enters(mallory.token()); got != "mallory" {
			t.Errorf("with all realms stripped: %q", got)
		}
	})
}

func TestWhoIsNobody(t *testing.T) {
	once(t, func(g *rig) {
		for _, name := range []string{"alice/admin", "alice$"} {
			if w := g.ask(enter, g.holder(name, "ATRIUM.TEST", "HTTP/localhost").token()); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "not one of a person") {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	})
}

func TestTicketsOfOneComputer(t *testing.T) {
	rm := &Room{Now: time.Now}
	part := messages.EncTicketPart{CRealm: "A", AuthTime: time.Now(), EndTime: time.Now().Add(time.Hour)}
	part.CAddr = types.HostAddresses{{AddrType: addrtype.IPv4, Address: []byte{192, 0, 2, 1}}}
	if err := rm.checkTicket(&part, "A", here); err != nil {
		t.Error(err)
	}
	if err := rm.checkTicket(&part, "A", netip.MustParseAddr("192.0.2.2")); err == nil {
		t.Error("from another computer")
	}
	part.CAddr, part.Transited.Contents = nil, []byte("B.EXAMPLE")
	if err := rm.checkTicket(&part, "A", here); err != nil {
		t.Errorf("its own realm: %v", err)
	}
	if err := rm.checkTicket(&part, "C", here); err == nil {
		t.Error("by way of a realm that nobody has checked")
	}
}

// What browsers send that have no ticket, and what nobody sends.
func TestTokensThatAreNoTickets(t *testing.T) {
	once(t, func(g *rig) {
		alice := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost")
		krb := framed(kerberos, append([]byte{1, 0}, alice.request()...))
		ntlmOID := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
		text := base64.StdEncoding.EncodeToString
		for _, c := range []struct{ what, token, words string }{
			{"NTLM", text(append(ntlm, 1, 0, 0, 0)), "no NTLM"},
			{"NTLM, negotiated", text(begin(append(ntlm, 1, 0, 0, 0), ntlmOID)), "no NTLM"},
			{"NTLM, with Kerberos said first", text(begin(append(ntlm, 1, 0, 0, 0), kerberosOfMS, kerberos, ntlmOID)), "no NTLM"},
			{"another mechanism first", text(begin(krb, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 30}, kerberos)), "in one step"},
			{"a mechanism without a ticket", text(begin(nil, kerberos)), "in one step"},
			{"a second step", text(must1(asn1.MarshalWithParams(negTokenResp{1, kerberos, krb}, "explicit,tag:1"))), "in one step"},
			{"no mechanism", text(begin(krb)), "no Kerberos ticket"},
			{"another mechanism's frame", text(framed(ntlmOID, krb)), "no Kerberos ticket"},
			{"a Kerberos error", text(begin(framed(kerberos, []byte{3, 0, 1, 2}), kerberos)), "no Kerberos ticket"},
			{"a ticket cut short", text(krb[:len(krb)/2]), "no Kerberos ticket"},
			{"a ticket and more", text(append(krb, 0)), "no Kerberos ticket"},
			{"no base64", "%%%", "no Kerberos ticket"},
			{"too much", strings.Repeat("A", maxToken+4), "too large"},
		} {
			g.refuses(c.what, func() string { return c.token }, c.words)
		}
		if got := g.enters(text(framed(kerberos, append([]byte{1, 0}, alice.request()...)))); got != "alice" {
			t.Errorf("Kerberos without a negotiation: %q", got)
		}
		if w := g.ask(enter, ""); w.Code != http.StatusUnauthorized {
			t.Errorf("no token: %d", w.Code)
		}
	})
}

func TestTheWayInIsShut(t *testing.T) {
	once(t, func(g *rig) {
		alice := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost")
		r := httptest.NewRequest(http.MethodGet, "http://cloud.example.com"+enter, http.NoBody)
		r.Header.Set("Authorization", "Negotiate "+alice.token())
		w := httptest.NewRecorder()
		g.door.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("without TLS: %d", w.Code)
		}
		g.set("keytab", g.keytab("none"))
		if w := g.ask(enter, alice.token()); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "none.keytab") {
			t.Errorf("no keytab: %d %s", w.Code, w.Body)
		}
		g.set("keytab", g.kdc)
		if w := g.ask(enter, alice.token()); w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "libdefaults") {
			t.Errorf("a file that is none: %d %s", w.Code, w.Body)
		}
		if err := g.room.Import(t.Context(), must[[]byte](t)(os.ReadFile(g.keytab("host-localhost")))); err == nil {
			t.Error("a keytab of another service is kept")
		}
		if err := g.room.Import(t.Context(), must[[]byte](t)(os.ReadFile(g.keytab("HTTP-localhost")))); err != nil {
			t.Fatal(err)
		}
		if got := g.enters(alice.token()); got != "alice" {
			t.Errorf("by the keytab that was imported: %q", got)
		}
		if v := must[string](t)(g.settings.Get(t.Context(), app, sealedKeytab)); strings.Contains(v, "localhost") {
			t.Error("the keytab is not sealed")
		}
		g.set("enabled", "0")
		if w := g.ask(enter, alice.token()); w.Code != http.StatusNotFound {
			t.Errorf("off: %d", w.Code)
		}
		if doors := must[[]Door](t)(g.room.Doors(t.Context(), "")); doors != nil {
			t.Errorf("off: %+v", doors)
		}
	})
}
