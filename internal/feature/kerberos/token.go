package kerberos

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"atrium/internal/base/fault"
)

// maxToken is how long a token may be in a header, in characters. Tickets of Active
// Directory name all groups, and are 48 KiB by its own bound.
const maxToken = 64 << 10

// Mechanisms, as tokens name them.
var (
	spnego       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	kerberos     = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
	kerberosOfMS = asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2} // Windows says it first, and means the same
)

// ntlm is how the tokens of another mechanism begin, to which browsers of Windows fall
// back. It is never offered, and never taken.
var ntlm = []byte("NTLMSSP\x00")

var (
	errToken = fault.New(fault.Anonymous, "This is no Kerberos ticket.")
	errNTLM  = fault.New(fault.Anonymous, "Only Kerberos tickets are taken here, no NTLM. Is this computer in the domain, and is this server's name one of the intranet?")
	errSteps = fault.New(fault.Anonymous, "Only sign-ins by Kerberos in one step are taken.")
	errLarge = fault.New(fault.Anonymous, "The Kerberos ticket is too large.")
)

// token is what a client shows: an AP-REQ (RFC 4120, section 5.5.1), wrapped.
type token struct {
	request []byte
	mech    asn1.ObjectIdentifier // by which name the client asked for Kerberos; nil: it did not negotiate
}

// negotiate reads the header Authorization: Negotiate TOKEN (RFC 4559, section 4.2).
// sent is false when it is of another scheme.
func negotiate(r *http.Request) (text string, sent bool) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(text), strings.EqualFold(scheme, "Negotiate")
}

// parseToken reads a token in base64. The errors are fault.Anonymous.
func parseToken(text string) (*token, error) {
	if len(text) > maxToken {
		return nil, errLarge
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil, errToken
	}
	if bytes.HasPrefix(raw, ntlm) {
		return nil, errNTLM
	}
	if raw[0] == 0xa1 { // a NegTokenResp, which goes on with what nobody began here
		return nil, errSteps
	}
	mech, inner, err := unframe(raw)
	if err != nil {
		return nil, err
	}
	if mech.Equal(kerberos) {
		request, err := apReq(inner)
		return &token{request: request}, err
	}
	if !mech.Equal(spnego) {
		return nil, errToken
	}
	return parseInit(inner)
}

// negTokenInit is RFC 4178, section 4.2.1.
type negTokenInit struct {
	Mechs []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	Flags asn1.BitString          `asn1:"optional,explicit,tag:1"`
	Token []byte                  `asn1:"optional,explicit,tag:2"`
	MIC   []byte                  `asn1:"optional,explicit,tag:3"`
}

// parseInit reads the first token of a negotiation. Kerberos must be what the client
// likes best, with a ticket to begin with: nothing else is spoken here, so that there
// is nothing to negotiate, and nobody can talk a client into less.
func parseInit(b []byte) (*token, error) {
	var first negTokenInit
	if rest, err := asn1.UnmarshalWithParams(b, &first, "explicit,tag:0"); err != nil || len(rest) > 0 || len(first.Mechs) == 0 {
		return nil, errToken
	}
	best := first.Mechs[0]
	if bytes.HasPrefix(first.Token, ntlm) || !isKerberos(best) && !slices.ContainsFunc(first.Mechs, isKerberos) {
		return nil, errNTLM
	}
	if !isKerberos(best) || len(first.Token) == 0 {
		return nil, errSteps
	}
	mech, inner, err := unframe(first.Token)
	if err != nil {
		return nil, err
	}
	if !isKerberos(mech) {
		return nil, errToken
	}
	request, err := apReq(inner)
	return &token{request, best}, err
}

func isKerberos(mech asn1.ObjectIdentifier) bool {
	return mech.Equal(kerberos) || mech.Equal(kerberosOfMS)
}

// unframe takes off what stands before the first token of any mechanism (RFC 2743,
// section 3.1).
func unframe(b []byte) (mech asn1.ObjectIdentifier, inner []byte, err error) {
	var frame asn1.RawValue
	if rest, err := asn1.Unmarshal(b, &frame); err != nil || len(rest) > 0 || frame.Class != asn1.ClassApplication || frame.Tag != 0 || !frame.IsCompound {
		return nil, nil, errToken
	}
	if inner, err = asn1.Unmarshal(frame.Bytes, &mech); err != nil {
		return nil, nil, errToken
	}
	return mech, inner, nil
}

// apReq takes off the kind of a Kerberos token (RFC 4121, section 4.1).
func apReq(b []byte) ([]byte, error) {
	if !bytes.HasPrefix(b, []byte{1, 0}) {
		return nil, errToken
	}
	return b[2:], nil
}

// negTokenResp is RFC 4178, section 4.2.2.
type negTokenResp struct {
	State asn1.Enumerated       `asn1:"explicit,tag:0"`
	Mech  asn1.ObjectIdentifier `asn1:"explicit,tag:1"`
	Token []byte                `asn1:"optional,omitempty,explicit,tag:2"`
}

// answer is what the client gets when it is let in, in base64: who we are, if it asked
// for that (reply is an AP-REP or nil). "": it expects nothing.
func (t *token) answer(reply []byte) (string, error) {
	if reply != nil {
		mech, err := asn1.Marshal(kerberos)
		if err != nil {
			return "", err
		}
		reply, err = asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, IsCompound: true, Bytes: slices.Concat(mech, []byte{2, 0}, reply)})
		if err != nil {
			return "", err
		}
	}
	if t.mech != nil {
		const accepted = 0
		var err error
		if reply, err = asn1.MarshalWithParams(negTokenResp{accepted, t.mech, reply}, "explicit,tag:1"); err != nil {
			return "", err
		}
	}
	return base64.StdEncoding.EncodeToString(reply), nil
}
