// Package seal keeps secrets: it hashes passwords, makes and hashes random
// tokens, and seals short values so that a copy of the database alone reveals
// none of them. It knows no accounts and stores nothing.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"atrium/internal/base/fault"
)

// KeySize is the length of an instance key in bytes.
const KeySize = 32

// Box hashes tokens and seals values under one instance key. It is safe for
// concurrent use.
type Box struct {
	mac  []byte
	aead cipher.AEAD
}

// New makes a Box of an instance key of KeySize random bytes. Each purpose
// gets a key of its own, derived by HKDF-SHA256 (RFC 5869).
func New(key []byte) (*Box, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("instance key of %d bytes, want %d", len(key), KeySize)
	}
	mac, err := hkdf.Key(sha256.New, key, nil, "atrium token hash", KeySize)
	if err != nil {
		return nil, err
	}
	enc, err := hkdf.Key(sha256.New, key, nil, "atrium sealed value", KeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(enc)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Box{mac, aead}, nil
}

// NewKey makes an instance key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails
	return key
}

// EncodeKey writes a key as text for a file: 43 characters of base64url.
func EncodeKey(key []byte) string { return base64.RawURLEncoding.EncodeToString(key) }

// DecodeKey reads what EncodeKey wrote; white space around it is ignored.
func DecodeKey(text string) ([]byte, error) {
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != KeySize {
		return nil, errors.New("this is no instance key: it must be 43 characters of base64url")
	}
	return key, nil
}

// Hash is the keyed hash (HMAC-SHA256, 32 bytes) under which a random token is
// stored and looked up. Tokens hold enough randomness to need no slow hash.
func (b *Box) Hash(token string) []byte {
	h := hmac.New(sha256.New, b.mac)
	h.Write([]byte(token))
	return h.Sum(nil)
}

// HashText is Hash as 64 hexadecimal digits.
func (b *Box) HashText(token string) string { return hex.EncodeToString(b.Hash(token)) }

// Seal encrypts a short value (AES-256-GCM) and binds it to what it belongs
// to, for example "user:alice/smtp-password": Open must be told the same. The
// result is base64url text, a third longer than value plus 28 bytes.
func (b *Box) Seal(value []byte, belongs string) string {
	return "1" + base64.RawURLEncoding.EncodeToString(b.aead.Seal(nil, nil, value, []byte(belongs)))
}

// Open decrypts what Seal made. Anything that was not sealed by this key for
// this purpose is fault.Denied.
func (b *Box) Open(sealed, belongs string) ([]byte, error) {
	text, ok := strings.CutPrefix(sealed, "1")
	if !ok {
		return nil, fault.Wrap(fault.Denied, errors.New("unknown version of sealed value"), unreadable)
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fault.Wrap(fault.Denied, err, unreadable)
	}
	value, err := b.aead.Open(nil, nil, raw, []byte(belongs))
	if err != nil {
		return nil, fault.Wrap(fault.Denied, err, unreadable)
	}
	return value, nil
}

const unreadable = "This value was sealed with another key."

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Token makes a random token of n characters A–Z, a–z, 0–9, each worth 5.95
// bits; 22 make 128 bits.
func Token(n int) string {
	out := make([]byte, 0, n)
	var buf [64]byte
	for {
		_, _ = rand.Read(buf[:]) // never fails
		for _, c := range buf {
			if len(out) == n {
				return string(out)
			}
			// 62 of 64 values are taken, so that all characters are equally likely.
			if c &= 63; int(c) < len(alphanumeric) {
				out = append(out, alphanumeric[c])
			}
		}
	}
}

// Equal compares two secrets in a time that does not depend on where they differ.
func Equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
