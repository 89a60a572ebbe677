package kerberos

import (
	"encoding/base64"
	"net/netip"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"atrium/internal/base/fault"
)

// Whatever comes in the header is refused in words, and never takes the server down: up
// to where a key opens it, and what a holder of a ticket writes after that.
func FuzzToken(f *testing.F) {
	keys := keytab.New()
	if err := keys.AddEntry("HTTP/localhost", "A", "pw", time.Unix(1, 0), 1, etypeID.AES256_CTS_HMAC_SHA1_96); err != nil {
		f.Fatal(err)
	}
	all := serviceKeys(keys, "")
	for _, b := range [][]byte{append(ntlm, 1), begin(framed(kerberos, []byte{1, 0, 0x6e, 0x80})), begin(nil, kerberos), framed(kerberos, []byte{1, 0}), {0xa1, 0}} {
		f.Add(b)
	}
	f.Add(expired(f, keys))
	rm := &Room{Now: time.Now}
	f.Fuzz(func(t *testing.T, b []byte) {
		tok, err := parseToken(base64.StdEncoding.EncodeToString(b))
		if err == nil {
			_, err = rm.open(t.Context(), tok.request, all, netip.IPv4Unspecified())
		}
		if err == nil || fault.Of(err) != fault.Anonymous || fault.Text(err) == "" {
			t.Errorf("%v", err)
		}
		if _, err := readAuthenticator(b); err != nil && fault.Of(err) != fault.Anonymous {
			t.Errorf("%v", err)
		}
	})
}

// expired is a token as it should be, but for its ticket's time.
func expired(f *testing.F, keys *keytab.Keytab) []byte {
	f.Helper()
	service, _ := types.ParseSPNString("HTTP/localhost")
	alice, at := types.NewPrincipalName(1, "alice"), time.Unix(1, 0).UTC()
	ticket, k, err := messages.NewTicket(alice, "A", service, "A", types.NewKrbFlags(), keys, etypeID.AES256_CTS_HMAC_SHA1_96, 1, at, at, at, at)
	if err != nil {
		f.Fatal(err)
	}
	a := must[types.Authenticator](f)(types.NewAuthenticator("A", alice))
	q := must[messages.APReq](f)(messages.NewAPReq(ticket, k, a))
	return begin(framed(kerberos, append([]byte{1, 0}, must[[]byte](f)(q.Marshal())...)), kerberos)
}

func FuzzKeytab(f *testing.F) {
	keys := keytab.New()
	if err := keys.AddEntry("HTTP/localhost", "A", "pw", time.Unix(1, 0), 1, etypeID.AES128_CTS_HMAC_SHA1_96); err != nil {
		f.Fatal(err)
	}
	text, err := keys.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := parseKeytab(b)
		if err != nil && fault.Of(err) != fault.Invalid {
			t.Error(err)
		}
		if err == nil {
			serviceKeys(keys, "HTTP/localhost")
		}
	})
}

// A KDC is somebody else's program.
func FuzzTime(f *testing.F) {
	e := messages.NewKRBError(types.PrincipalName{NameType: 2, NameString: []string{"krbtgt", "A"}}, "A", 6, "")
	text, err := e.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, b []byte) {
		if at, err := readTime(b); err == nil && at.IsZero() {
			t.Error("no time, and no word of it")
		}
	})
}
