package kerberos

import (
	"encoding/base64"
	"net/netip"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"

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
