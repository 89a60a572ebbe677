// Package pair makes a key and the certificate for it by which a SAML provider knows this
// server. It keeps neither.
package pair

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"time"
)

const (
	bits  = 3072
	lasts = 10 * 365 * 24 * time.Hour
	skew  = time.Hour // by which the provider's clock may be behind ours
)

// Make returns an RSA key and a certificate of its own for a name, both in PEM. RSA, as what
// is encrypted for us can be opened by nothing else.
func Make(name string, now time.Time) (key, certificate string, err error) {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return "", "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return "", "", err
	}
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-skew), NotAfter: now.Add(lasts),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, private.Public(), private)
	if err != nil {
		return "", "", err
	}
	sealed, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	text := func(kind string, b []byte) string {
		return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})))
	}
	return text("PRIVATE KEY", sealed), text("CERTIFICATE", raw), nil
}
