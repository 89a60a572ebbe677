package saml

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"atrium/internal/base/fault"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// newID names a message of ours. It begins with no digit (XML Schema, NCName).
func newID() string { return "_" + seal.Token(40) }

// authnRequest asks a provider who somebody is (SAML core, section 3.4.1).
func (rm *Room) authnRequest(ctx context.Context, c *Config, id string) *saml.AuthnRequest {
	create, format := true, c.get("sp-name-id-format")
	return &saml.AuthnRequest{ID: id, Version: "2.0", IssueInstant: rm.Now().UTC(), Destination: c.get("idp-singleSignOnService.url"),
		Issuer: rm.issuer(ctx, c), AssertionConsumerServiceURL: rm.at(ctx, c) + "/acs", ProtocolBinding: saml.HTTPPostBinding,
		NameIDPolicy: &saml.NameIDPolicy{AllowCreate: &create, Format: &format}}
}

func (rm *Room) issuer(ctx context.Context, c *Config) *saml.Issuer {
	return &saml.Issuer{Value: rm.entity(ctx, c)}
}

// pen signs what we say.
func (c *Config) pen() (*dsig.SigningContext, error) {
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, errors.New("there is no key to sign with")
	}
	certs, err := certificates(c.get("sp-x509cert"))
	if err != nil {
		return nil, err
	}
	if len(certs) == 0 {
		return nil, errors.New("our key has no certificate")
	}
	pen, err := dsig.NewSigningContext(key, [][]byte{certs[0].Raw})
	if err != nil {
		return nil, err
	}
	pen.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	return pen, pen.SetSignatureMethod(c.algorithm(key))
}

// signature is our signature of an element.
func (c *Config) signature(e *etree.Element) (*etree.Element, error) {
	pen, err := c.pen()
	if err != nil {
		return nil, err
	}
	return pen.ConstructSignature(e, true)
}

// sending is a message in the redirect binding.
type sending struct {
	kind  string // SAMLRequest or SAMLResponse
	to    string // address
	state string // RelayState
	sign  bool
}

// redirect is the address that brings a message to a provider (SAML bindings, section
// 3.4.4.1). What is signed is the query as it is sent.
func (c *Config) redirect(e *etree.Element, s sending) (string, error) {
	u, err := url.Parse(s.to)
	if err != nil {
		return "", err
	}
	text, err := written(e)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(text); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	q := s.kind + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(b.Bytes()))
	if s.state != "" {
		q += "&RelayState=" + url.QueryEscape(s.state)
	}
	if s.sign {
		pen, err := c.pen()
		if err != nil {
			return "", err
		}
		q += "&SigAlg=" + url.QueryEscape(pen.GetSignatureMethodIdentifier())
		sum, err := pen.SignString(q)
		if err != nil {
			return "", err
		}
		q += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(sum))
	}
	if u.RawQuery != "" {
		q = u.RawQuery + "&" + q
	}
	u.RawQuery = q
	return u.String(), nil
}

func written(e *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.SetRoot(e)
	return doc.WriteToBytes()
}

// querySigned checks the signature of a message in the redirect binding. It is over
// the parameters as they were sent, escaped as the provider escapes.
func (c *Config) querySigned(query, kind string) error {
	raw := map[string]string{}
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if _, twice := raw[name]; twice {
			return errors.New("a parameter is there twice")
		}
		raw[name] = part
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return err
	}
	text := raw[kind]
	if part, ok := raw["RelayState"]; ok {
		text += "&" + part
	}
	algorithm, ok := methods[q.Get("SigAlg")]
	if !ok {
		return errors.New("the message is not signed, or by a method that is not taken")
	}
	sum, err := base64.StdEncoding.DecodeString(q.Get("Signature"))
	if err != nil {
		return err
	}
	all, err := c.certificates()
	if err != nil {
		return err
	}
	for _, cert := range all {
		if cert.CheckSignature(algorithm, []byte(text+"&"+raw["SigAlg"]), sum) == nil {
			return nil
		}
	}
	return errors.New("the signature of the message is wrong")
}

// metadata answers GET /metadata?idp=1: what a provider has to know of us.
func (rm *Room) metadata(w http.ResponseWriter, r *http.Request) error {
	c, err := rm.asked(r)
	if err != nil {
		return err
	}
	text, err := rm.describe(r.Context(), c)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/xml; charset=UTF-8")
	h.Set("Content-Disposition", `attachment; filename="metadata.xml"`)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_, err = w.Write(text)
	return err
}

// asked is the provider that a request names; the first, if it names none.
func (rm *Room) asked(r *http.Request) (*Config, error) {
	id := int64(1)
	if said := r.URL.Query().Get("idp"); said != "" {
		var err error
		if id, err = strconv.ParseInt(said, 10, 64); err != nil {
			return nil, fault.Wrap(fault.NotFound, err, "There is no such provider.")
		}
	}
	return rm.Config(r.Context(), id)
}

// describe writes our metadata (SAML metadata, section 2.4.4).
func (rm *Room) describe(ctx context.Context, c *Config) ([]byte, error) {
	at := rm.at(ctx, c)
	signs, wants := c.on("security-authnRequestsSigned"), c.on("security-wantAssertionsSigned")
	sp := saml.SPSSODescriptor{AuthnRequestsSigned: &signs, WantAssertionsSigned: &wants,
		AssertionConsumerServices: []saml.IndexedEndpoint{{Binding: saml.HTTPPostBinding, Location: at + "/acs", Index: 1}}}
	sp.ProtocolSupportEnumeration = protocolNS
	sp.NameIDFormats = []saml.NameIDFormat{saml.NameIDFormat(c.get("sp-name-id-format"))}
	if c.get("idp-singleLogoutService.url") != "" {
		sp.SingleLogoutServices = []saml.Endpoint{{Binding: saml.HTTPRedirectBinding, Location: at + "/sls"}, {Binding: saml.HTTPPostBinding, Location: at + "/sls"}}
	}
	own, err := certificates(c.get("sp-x509cert"))
	if err != nil {
		return nil, err
	}
	for _, cert := range own {
		sp.KeyDescriptors = append(sp.KeyDescriptors, keyFor("signing", cert))
		if cert.PublicKeyAlgorithm == x509.RSA {
			sp.KeyDescriptors = append(sp.KeyDescriptors, keyFor("encryption", cert))
		}
	}
	text, err := xml.MarshalIndent(saml.EntityDescriptor{ID: newID(), EntityID: rm.entity(ctx, c), ValidUntil: rm.Now().UTC().Add(metadataLife),
		SPSSODescriptors: []saml.SPSSODescriptor{sp}}, "", "  ")
	if err != nil || !c.on("security-signMetadata") {
		return append([]byte(xml.Header), text...), err
	}
	return c.signMetadata(text)
}

// metadataLife is how long a provider may believe our metadata.
const metadataLife = 48 * time.Hour

func keyFor(use string, cert *x509.Certificate) saml.KeyDescriptor {
	return saml.KeyDescriptor{Use: use, KeyInfo: saml.KeyInfo{X509Data: saml.X509Data{X509Certificates: []saml.X509Certificate{
		{Data: base64.StdEncoding.EncodeToString(cert.Raw)}}}}}
}

// signMetadata signs a document, with the signature as its first element.
func (c *Config) signMetadata(text []byte) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, err
	}
	s, err := c.signature(doc.Root())
	if err != nil {
		return nil, err
	}
	doc.Root().InsertChildAt(0, s)
	text, err = doc.WriteToBytes()
	return append([]byte(xml.Header), text...), err
}

// posting shows the page with a form that brings a message to a provider by the POST
// binding, at a button: it works without a script.
func (rm *Room) posting(w http.ResponseWriter, r *http.Request, c *Config, e *etree.Element, to string) error {
	text, err := written(e)
	if err != nil {
		return err
	}
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	web.Unframed(r, u.Scheme+"://"+u.Host)
	return rm.post.Render(w, r, http.StatusOK, web.Tongue(r).Say("Login"), map[string]string{"Name": c.Name(), "To": to,
		"Request": base64.StdEncoding.EncodeToString(text)})
}
