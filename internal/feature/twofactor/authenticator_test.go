package twofactor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"atrium/internal/base/fault"
)

// authenticator is a security key in software: one credential, ES256 (COSE -7),
// attestation "none". Its fields say how it misbehaves.
type authenticator struct {
	*testing.T
	origin  string
	key     *ecdsa.PrivateKey
	id      []byte
	handle  []byte // of the account, as it was told at registration
	counter uint32
	flags   byte
	rk      bool
}

// The flags of authenticator data (WebAuthn, section 6.1).
const (
	flagUP = 0x01
	flagUV = 0x04
	flagBE = 0x08
	flagBS = 0x10
	flagAT = 0x40
)

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &authenticator{T: t, origin: "https://cloud.example", key: key, id: id, counter: 1, flags: flagUP | flagUV, rk: true}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// head writes the first bytes of a CBOR item (RFC 8949, section 3).
func head(major byte, n int) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 256:
		return []byte{major<<5 | 24, byte(n)}
	}
	return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
}

func cborText(s string) []byte  { return append(head(3, len(s)), s...) }
func cborBytes(b []byte) []byte { return append(head(2, len(b)), b...) }

// data is authenticator data (WebAuthn, section 6.1).
func (a *authenticator) data(rpID string, flags byte) []byte {
	sum := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), a.counter)
}

func (a *authenticator) client(kind, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.Fatal(err)
	}
	return b
}

type creation struct {
	Challenge string
	RP        struct{ ID string }
	User      struct{ ID string }
	RPID      string                                         `json:"rpId"`
	Allow     []struct{ ID string }                          `json:"allowCredentials"`
	Selection struct{ UserVerification, ResidentKey string } `json:"authenticatorSelection"`
	UV        string                                         `json:"userVerification"`
}

func (a *authenticator) read(q Question) (o creation) {
	a.Helper()
	if err := json.Unmarshal(q.Options, &o); err != nil {
		a.Fatal(err)
	}
	return o
}

func (a *authenticator) reply(q Question, response map[string]any, extensions any) string {
	a.Helper()
	b, err := json.Marshal(map[string]any{"ticket": q.Ticket, "credential": map[string]any{"id": b64(a.id), "rawId": b64(a.id),
		"type": "public-key", "response": response, "clientExtensionResults": extensions}})
	if err != nil {
		a.Fatal(err)
	}
	return string(b)
}

// create answers navigator.credentials.create.
func (a *authenticator) create(q Question) string {
	a.Helper()
	o := a.read(q)
	if o.Selection.UserVerification != "required" {
		a.Errorf("user verification is %q", o.Selection.UserVerification)
	}
	var err error
	if a.handle, err = base64.RawURLEncoding.DecodeString(o.User.ID); err != nil {
		a.Fatal(err)
	}
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		a.Fatal(err)
	}
	x, y := point[1:33], point[33:]
	cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, cborBytes(x)...)
	cose = append(append(cose, 0x22), cborBytes(y)...)
	data := append(a.data(o.RP.ID, a.flags|flagAT), make([]byte, 16)...) // no AAGUID
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(a.id))), a.id...)
	data = append(data, cose...)
	object := append([]byte{0xa3}, cborText("fmt")...)
	object = append(object, cborText("none")...)
	object = append(append(object, cborText("attStmt")...), 0xa0)
	object = append(append(object, cborText("authData")...), cborBytes(data)...)
	return a.reply(q, map[string]any{"clientDataJSON": b64(a.client("webauthn.create", o.Challenge)), "attestationObject": b64(object),
		"transports": []string{"usb"}}, map[string]any{"credProps": map[string]bool{"rk": a.rk}})
}

// get answers navigator.credentials.get, and counts.
func (a *authenticator) get(q Question) string {
	a.Helper()
	o := a.read(q)
	if o.UV != "required" {
		a.Errorf("user verification is %q", o.UV)
	}
	a.counter++
	data, client := a.data(o.RPID, a.flags), a.client("webauthn.get", o.Challenge)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.Fatal(err)
	}
	return a.reply(q, map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig),
		"userHandle": b64(a.handle)}, map[string]any{})
}

// registered is a key of otto's.
func (g *rig) registered() *authenticator {
	g.Helper()
	a, k := newAuthenticator(g.T), keys{g.room}
	q, err := k.Offer(g.Context(), ottoAtHome)
	if err != nil {
		g.Fatal(err)
	}
	if err := k.Learn(g.Context(), ottoAtHome, a.create(q)); err != nil {
		g.Fatal(err)
	}
	return a
}

var ottoAtHome = Caller{UID: "otto", Base: "https://cloud.example"}

// challenge asks otto for the key.
func (g *rig) challenge() Question {
	g.Helper()
	q, err := keys{g.room}.Ask(g.Context(), ottoAtHome)
	if err != nil {
		g.Fatal(err)
	}
	return q
}

func FuzzReply(f *testing.F) {
	f.Add(`{"ticket":"1AAAA","credential":{"id":"x"}}`)
	f.Add(`{}`)
	f.Add(`[1,2`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := readReply(text); err != nil && fault.Of(err) != fault.Denied {
			t.Error(err)
		}
		if n := keyName(text); len(n) > maxKeyName || keyName(n) != n {
			t.Errorf("name %q", n)
		}
	})
}
