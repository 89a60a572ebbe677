// Package sign makes and checks the signatures of the AE protocol, by which external
// apps and the server prove who they are without sending their secret
// (reference exapp-auth, section 2). It knows HTTP headers and bytes, and no apps.
package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// The headers of a signed request. RequestID is not signed.
const (
	Version    = "AE-VERSION"
	AppID      = "EX-APP-ID"
	AppVersion = "EX-APP-VERSION"
	UserID     = "NC-USER-ID"
	DataHash   = "AE-DATA-HASH"
	SignTime   = "AE-SIGN-TIME"
	Signature  = "AE-SIGNATURE"
	RequestID  = "AE-REQUEST-ID"
)

// Window is how old a signature may be.
const Window = 300 * time.Second

// Empty is the hash of no body.
const Empty = "ef46db3751d8e999"

// Claim is what the headers of a request say.
type Claim struct {
	Version, App, AppVersion string
	User                     string // "": nobody, for the app itself
	Hash                     string // of the body, 16 hexadecimal digits
	Time                     int64  // Unix seconds
	Signature                string // 64 hexadecimal digits; set by Sign
}

// ErrHeaders is for requests whose headers are no claim.
var ErrHeaders = errors.New("the headers of the signature are missing or cannot be read")

// Read takes the claim from the headers of a request. A header that comes twice, or
// is no UTF-8, is ErrHeaders.
func Read(h http.Header) (c Claim, err error) {
	seconds := ""
	for name, to := range map[string]*string{Version: &c.Version, AppID: &c.App, AppVersion: &c.AppVersion, UserID: &c.User,
		DataHash: &c.Hash, SignTime: &seconds, Signature: &c.Signature} {
		values := h.Values(name)
		if len(values) > 1 || len(values) == 1 && !utf8.ValidString(values[0]) {
			return Claim{}, fmt.Errorf("%w: %s", ErrHeaders, name)
		}
		if len(values) == 1 {
			*to = values[0]
		}
		if *to == "" && name != UserID {
			return Claim{}, fmt.Errorf("%w: %s", ErrHeaders, name)
		}
	}
	if c.Time, err = strconv.ParseInt(seconds, 10, 64); err != nil || strconv.FormatInt(c.Time, 10) != seconds {
		return Claim{}, fmt.Errorf("%w: %s", ErrHeaders, SignTime)
	}
	return c, nil
}

// Write puts the claim and its signature into headers.
func (c Claim) Write(h http.Header) {
	for _, p := range c.pairs() {
		h.Set(p[0], p[1])
	}
	h.Set(Signature, c.Signature)
}

// Fresh tells whether the claim was signed within Window before now. One from the
// future is not.
func (c Claim) Fresh(now time.Time) bool {
	age := now.Unix() - c.Time
	return age >= 0 && age <= int64(Window/time.Second)
}

// Sign returns the claim with its signature. target is the path and the query as
// they are sent.
func (c Claim) Sign(secret, method, target string) Claim {
	c.Signature = hex.EncodeToString(c.sum(secret, method, target))
	return c
}

// Verify tells whether the signature is right for one of the ways to write the
// target. It takes as long whichever byte is wrong.
func (c Claim) Verify(secret, method string, targets ...string) bool {
	sent, err := hex.DecodeString(c.Signature)
	if err != nil || strings.ToLower(c.Signature) != c.Signature {
		return false
	}
	right := false
	for _, t := range targets {
		right = hmac.Equal(sent, c.sum(secret, method, t)) || right
	}
	return right
}

func (c Claim) sum(secret, method, target string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(c.message(method, target)))
	return m.Sum(nil)
}

// message is what is signed: method, target and headers, with nothing between.
func (c Claim) message(method, target string) string {
	b := append([]byte(method), target...)
	sep := byte('{')
	for _, p := range c.pairs() {
		b = append(b, sep)
		b = append(quote(b, p[0]), ':')
		b = quote(b, p[1])
		sep = ','
	}
	return string(append(b, '}'))
}

// pairs are the signed headers in their order.
func (c Claim) pairs() [][2]string {
	all := [][2]string{{Version, c.Version}, {AppID, c.App}, {AppVersion, c.AppVersion}, {UserID, c.User}, {DataHash, c.Hash},
		{SignTime, strconv.FormatInt(c.Time, 10)}}
	if c.User == "" {
		return append(all[:3], all[4:]...)
	}
	return all
}

const hexDigits = "0123456789abcdef"

// quote appends a JSON string as both sides write it: all that is not ASCII as \u with
// lower-case digits, and neither slashes nor what HTML would have escaped.
func quote(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r <= 0x7f:
			b = append(b, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = escape(escape(b, high), low)
		default:
			b = control(b, r)
		}
	}
	return append(b, '"')
}

// control appends a control character in its short form if it has one.
func control(b []byte, r rune) []byte {
	if i := strings.IndexRune("\b\f\n\r\t", r); i >= 0 {
		return append(b, '\\', "bfnrt"[i])
	}
	return escape(b, r)
}

func escape(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// Hash is the hash of a body: XXH64 as 16 hexadecimal digits.
func Hash(body []byte) string { return hashText(xxhash.Sum64(body)) }

func hashText(sum uint64) string { return fmt.Sprintf("%016x", sum) }
