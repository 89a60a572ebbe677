package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml/xmlenc"
	dsig "github.com/russellhaering/goxmldsig"
)

// standIn stands for a Keycloak: it signs whatever a test has it say.
type standIn struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

// keys are made once: the provider's, its next one, ours, and a stranger's.
var keys = sync.OnceValue(func() (all [4]standIn) {
	for i := range all {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		plan := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(4e9, 0)}
		der, err := x509.CreateCertificate(rand.Reader, plan, plan, key.Public(), key)
		if err != nil {
			panic(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			panic(err)
		}
		all[i] = standIn{key, cert}
	}
	return all
})

func (s standIn) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Raw}))
}

func (s standIn) privatePEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(s.key)}))
}

// sign puts a signature of an element right behind its issuer.
func (s standIn) sign(t *testing.T, e *etree.Element, algorithm string) {
	t.Helper()
	pen, err := dsig.NewSigningContext(s.key, [][]byte{s.cert.Raw})
	if err != nil {
		t.Fatal(err)
	}
	pen.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := pen.SetSignatureMethod(algorithm); err != nil {
		t.Fatal(err)
	}
	signature, err := pen.ConstructSignature(e, true)
	if err != nil {
		t.Fatal(err)
	}
	e.InsertChildAt(1, signature)
}

// answer is a response as it is to be. What is "" or zero is as it should be.
type answer struct {
	request                                                string // whose id it answers
	id, name, index                                        string
	issuer, audience, recipient, destination, confirmation string
	issued, from, until                                    time.Time
	attributes                                             map[string][]string
	signer                                                 standIn
	algorithm                                              string
	whole                                                  bool // the response is signed
	bare                                                   bool // the assertion is not
	encrypt                                                bool
	status                                                 string
}

const (
	idpEntity = "https://id.example.org/realm"
	ourACS    = "https://example.com/apps/user_saml/saml/acs"
	ourName   = "https://example.com/apps/user_saml/saml/metadata"
)

func or[T comparable](v, usual T) T {
	var zero T
	if v == zero {
		return usual
	}
	return v
}

func (a answer) assertion(now time.Time) *etree.Element {
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	name := `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">` + or(a.name, "ada") + `</saml:NameID>`
	var attributes strings.Builder
	for k, values := range a.attributes {
		fmt.Fprintf(&attributes, `<saml:Attribute Name="%s">`, k)
		for _, v := range values {
			fmt.Fprintf(&attributes, `<saml:AttributeValue>%s</saml:AttributeValue>`, v)
		}
		attributes.WriteString(`</saml:Attribute>`)
	}
	issued := or(a.issued, now)
	return parsed(fmt.Sprintf(`<saml:Assertion xmlns:saml="%s" ID="%s" Version="2.0" IssueInstant="%s"><saml:Issuer>%s</saml:Issuer>`+
		`<saml:Subject>%s<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="%s" Recipient="%s" NotOnOrAfter="%s"/></saml:SubjectConfirmation></saml:Subject>`+
		`<saml:Conditions NotBefore="%s" NotOnOrAfter="%s"><saml:AudienceRestriction><saml:Audience>%s</saml:Audience></saml:AudienceRestriction></saml:Conditions>`+
		`<saml:AuthnStatement AuthnInstant="%s" SessionIndex="%s"/><saml:AttributeStatement>%s</saml:AttributeStatement></saml:Assertion>`,
		assertionNS, or(a.id, newID()), stamp(issued), or(a.issuer, idpEntity), name, or(a.confirmation, a.request), or(a.recipient, ourACS), stamp(or(a.until, issued.Add(time.Minute))),
		stamp(or(a.from, issued.Add(-time.Minute))), stamp(or(a.until, issued.Add(time.Minute))), or(a.audience, ourName), stamp(issued), or(a.index, "index 1"), attributes.String()))
}

// written is the response, signed.
func (a answer) written(t *testing.T, now time.Time) *etree.Element {
	t.Helper()
	signer, algorithm := or(a.signer, keys()[0]), or(a.algorithm, dsig.RSASHA256SignatureMethod)
	inner := a.assertion(now)
	if !a.bare {
		signer.sign(t, inner, algorithm)
	}
	if a.encrypt {
		inner = encrypted(t, inner)
	}
	r := parsed(fmt.Sprintf(`<samlp:Response xmlns:samlp="%s" xmlns:saml="%s" ID="%s" Version="2.0" IssueInstant="%s" Destination="%s" InResponseTo="%s">`+
		`<saml:Issuer>%s</saml:Issuer><samlp:Status><samlp:StatusCode Value="%s"/></samlp:Status></samlp:Response>`,
		protocolNS, assertionNS, newID(), or(a.issued, now).UTC().Format(time.RFC3339), or(a.destination, ourACS), a.request, or(a.issuer, idpEntity), or(a.status, statusPrefix+"Success")))
	r.AddChild(inner)
	if a.whole {
		signer.sign(t, r, algorithm)
	}
	return r
}

func encrypted(t *testing.T, e *etree.Element) *etree.Element {
	t.Helper()
	text, err := written(e)
	if err != nil {
		t.Fatal(err)
	}
	how := xmlenc.OAEP()
	how.BlockCipher, how.DigestMethod = xmlenc.AES128CBC, &xmlenc.SHA1
	data, err := how.Encrypt(keys()[2].cert, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := parsed(`<saml:EncryptedAssertion xmlns:saml="` + assertionNS + `"/>`)
	out.AddChild(data)
	return out
}

func parsed(text string) *etree.Element {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		panic(err)
	}
	return doc.Root()
}

// packed is a message as the POST binding sends it.
func packed(t *testing.T, e *etree.Element) string {
	t.Helper()
	text, err := written(e)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}
