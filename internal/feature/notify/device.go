package notify

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"atrium/internal/base/who"
)

// byDevice tells whether somebody came with the app password of a device.
func byDevice(p *who.Principal) bool { return p.Via == who.ViaAppPassword }

// isHash tells whether a text is a SHA-512 in hexadecimal.
func isHash(s string) bool {
	return len(s) == 128 && strings.Trim(s, "0123456789abcdef") == ""
}

// isDeviceKey tells whether a text is a public RSA key of 2,048 bits in PEM, which
// is all that phones send (client-api 10.1).
func isDeviceKey(s string) bool {
	block, rest := pem.Decode([]byte(s))
	if block == nil || block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "" {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return false
	}
	k, ok := key.(*rsa.PublicKey)
	return ok && k.N.BitLen() == 2048
}
