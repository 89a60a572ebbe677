package saml

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"atrium/internal/base/fault"
)

// skew is how far clocks may be apart.
const skew = 3 * time.Minute

// expected is what an answer has to fit.
type expected struct {
	request string // id of our request
	acs     string // where answers come in
	entity  string // what we are called
	now     time.Time
}

// lies is what people are told whose answer does not hold. The reason is for the log
// alone: whoever forges answers shall not learn from it, least of all about padding.
func lies(err error) error {
	return fault.Wrap(fault.Denied, err, "What the provider says cannot be trusted. Please try again.")
}

// open checks a response and returns its assertion after all checks. Only what a
// signature covers is read: dsig gives back the very bytes that were signed.
func (c *Config) open(root *etree.Element, want expected) (*assertion, error) {
	a, err := c.verified(root, want)
	if err != nil {
		return nil, lies(err)
	}
	if err := c.fits(a, want); err != nil {
		return nil, lies(err)
	}
	return a, nil
}

// verified finds the one assertion of a response.
func (c *Config) verified(root *etree.Element, want expected) (*assertion, error) {
	if !is(root, protocolNS, "Response") {
		return nil, errors.New("the message is no response")
	}
	if err := alone(root); err != nil {
		return nil, err
	}
	signed := len(children(root, dsigNS, "Signature")) > 0
	if signed {
		var err error
		if root, err = c.signed(root, want.now); err != nil {
			return nil, err
		}
	} else if c.on("security-wantMessagesSigned") {
		return nil, errors.New("the response is not signed")
	}
	if err := c.answers(root, signed, want); err != nil {
		return nil, err
	}
	e, err := c.assertionOf(root)
	if err != nil {
		return nil, err
	}
	inner := len(children(e, dsigNS, "Signature")) > 0
	switch {
	case inner:
		if e, err = c.signed(e, want.now); err != nil {
			return nil, err
		}
	case !signed:
		return nil, errors.New("neither the response nor the assertion is signed")
	case c.on("security-wantAssertionsSigned"):
		return nil, errors.New("the assertion is not signed")
	}
	return c.said(e)
}

// said is what an assertion says.
func (c *Config) said(e *etree.Element) (*assertion, error) {
	for _, subject := range children(e, assertionNS, "Subject") {
		if err := c.reveal(subject); err != nil {
			return nil, err
		}
	}
	var a assertion
	return &a, read(e, &a)
}

// alone refuses responses in which more than one assertion stands, or a signature at
// another place than right in the response or in the assertion. Where there is but one
// of each, nothing can be put in the place of what was signed (XML signature wrapping).
func alone(root *etree.Element) error {
	assertions, responses := 0, 0
	for e := range everything(root) {
		switch e.Tag { // in whatever name space
		case "Response":
			responses++
		case "Assertion", "EncryptedAssertion":
			if assertions++; e.Parent() != root || e.NamespaceURI() != assertionNS {
				return errors.New("an assertion stands where none belongs")
			}
		case "Signature":
			in := e.Parent()
			if in == nil || in != root && !(is(in, assertionNS, "Assertion") && in.Parent() == root) || len(children(in, dsigNS, "Signature")) != 1 {
				return errors.New("a signature stands where none belongs")
			}
		}
	}
	if assertions != 1 || responses != 1 {
		return fmt.Errorf("%d assertions in %d responses", assertions, responses)
	}
	return nil
}

// assertionOf is the assertion of a response, decrypted if need be.
func (c *Config) assertionOf(root *etree.Element) (*etree.Element, error) {
	if open := children(root, assertionNS, "Assertion"); len(open) == 1 {
		if c.on("security-wantAssertionsEncrypted") {
			return nil, errors.New("the assertion is not encrypted")
		}
		return detached(open[0])
	}
	hidden := children(root, assertionNS, "EncryptedAssertion")
	if len(hidden) != 1 {
		return nil, errors.New("there is no assertion")
	}
	e, err := c.decrypt(hidden[0])
	if err != nil {
		return nil, err
	}
	if !is(e, assertionNS, "Assertion") {
		return nil, errors.New("what was encrypted is no assertion")
	}
	for inner := range everything(e) {
		if inner != e && (inner.Tag == "Assertion" || inner.Tag == "Signature" && inner.Parent() != e) || len(children(inner, dsigNS, "Signature")) > 1 {
			return nil, errors.New("something stands in the encrypted assertion where it does not belong")
		}
	}
	return e, nil
}

// reveal decrypts the name of whom an element is about: the subject of an assertion, or
// a request to log out.
func (c *Config) reveal(e *etree.Element) error {
	hidden := children(e, assertionNS, "EncryptedID")
	if len(hidden) == 0 && c.on("security-wantNameIdEncrypted") {
		return errors.New("the name is not encrypted")
	}
	for _, h := range hidden {
		name, err := c.decrypt(h)
		if err != nil {
			return err
		}
		if !is(name, assertionNS, "NameID") {
			return errors.New("what was encrypted is no name")
		}
		e.RemoveChild(h)
		e.AddChild(name)
	}
	return nil
}

// methods are the ways to sign that we take. SHA-1 is none of them.
var methods = map[string]x509.SignatureAlgorithm{
	dsig.RSASHA256SignatureMethod: x509.SHA256WithRSA, dsig.RSASHA384SignatureMethod: x509.SHA384WithRSA, dsig.RSASHA512SignatureMethod: x509.SHA512WithRSA,
	dsig.ECDSASHA256SignatureMethod: x509.ECDSAWithSHA256, dsig.ECDSASHA384SignatureMethod: x509.ECDSAWithSHA384, dsig.ECDSASHA512SignatureMethod: x509.ECDSAWithSHA512,
}

// digests are the ways to hash that we take.
var digests = []string{"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512"}

// signed checks the signature that stands right in an element, and returns the element
// as it was signed. Any of the provider's certificates may have made it; the one that
// the signature names itself counts for nothing.
func (c *Config) signed(e *etree.Element, now time.Time) (*etree.Element, error) {
	e, err := detached(e)
	if err != nil {
		return nil, err
	}
	signature := children(e, dsigNS, "Signature")[0]
	if err := whole(e, signature); err != nil {
		return nil, err
	}
	for _, info := range children(signature, dsigNS, "KeyInfo") {
		signature.RemoveChild(info)
	}
	all, err := c.certificates()
	if err != nil {
		return nil, err
	}
	why := errors.New("the provider has no certificate")
	for _, cert := range all {
		v := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
		v.IdAttribute, v.Clock = "ID", dsig.NewFakeClockAt(now)
		out, err := v.Validate(e)
		if err == nil {
			return out, nil
		}
		why = errors.Join(why, err)
	}
	return nil, why
}

// whole tells whether a signature covers the whole of the element it stands in, and
// nothing else, by means that we take.
func whole(e, signature *etree.Element) error {
	info := children(signature, dsigNS, "SignedInfo")
	if len(info) != 1 {
		return errors.New("the signature has no description")
	}
	method, references := children(info[0], dsigNS, "SignatureMethod"), children(info[0], dsigNS, "Reference")
	id := e.SelectAttrValue("ID", "")
	if len(references) != 1 || id == "" || references[0].SelectAttrValue("URI", "") != "#"+id {
		return errors.New("the signature is of something else")
	}
	digest := children(references[0], dsigNS, "DigestMethod")
	if len(method) != 1 || len(digest) != 1 {
		return errors.New("the signature has no method")
	}
	if _, ok := methods[method[0].SelectAttrValue("Algorithm", "")]; !ok || !slices.Contains(digests, digest[0].SelectAttrValue("Algorithm", "")) {
		return errors.New("the signature is made by a method that is not taken")
	}
	return nil
}

const statusPrefix = "urn:oasis:names:tc:SAML:2.0:status:"

// answers tells whether a response answers our request.
func (c *Config) answers(root *etree.Element, signed bool, want expected) error {
	var r response
	if err := read(root, &r); err != nil {
		return err
	}
	switch {
	case r.Version != "2.0":
		return errors.New("the response has another version")
	case r.InResponseTo == "" || r.InResponseTo != want.request:
		return errors.New("the response answers another request")
	case (signed || r.Destination != "") && r.Destination != want.acs:
		return fmt.Errorf("the response is meant for %q", r.Destination)
	case r.Issuer != nil && strings.TrimSpace(*r.Issuer) != c.get("idp-entityId"):
		return fmt.Errorf("the response comes from %q", *r.Issuer)
	case r.Status.Code.Value != statusPrefix+"Success":
		return fmt.Errorf("the provider says %q", r.Status.Code.Value)
	}
	return current(want.now, r.IssueInstant.Add(-skew), r.IssueInstant.Add(maxAge))
}

// maxAge is how long an answer is good after it was written.
const maxAge = 10 * time.Minute

// current tells whether now lies in a time; times that are not set say nothing.
func current(now, from, until time.Time) error {
	if !from.IsZero() && now.Before(from) {
		return fmt.Errorf("it is not valid before %s", from)
	}
	if !until.IsZero() && !now.Before(until) {
		return fmt.Errorf("it was valid until %s", until)
	}
	return nil
}

// fits tells whether an assertion is meant for us, now (SAML profiles, section
// 4.1.4.3).
func (c *Config) fits(a *assertion, want expected) error {
	switch {
	case a.Version != "2.0" || a.ID == "":
		return errors.New("the assertion has another version, or no ID")
	case strings.TrimSpace(a.Issuer) != c.get("idp-entityId"):
		return fmt.Errorf("the assertion comes from %q", a.Issuer)
	case len(a.Authn) == 0:
		return errors.New("the assertion tells of no login")
	case a.Conditions == nil || len(a.Conditions.Audiences) == 0:
		return errors.New("the assertion is meant for anybody")
	case c.on("security-wantNameId") && (a.Subject.NameID == nil || a.Subject.NameID.Value == ""):
		return errors.New("the assertion names nobody")
	}
	for _, who := range a.Conditions.Audiences {
		if !slices.ContainsFunc(who.Names, func(s string) bool { return strings.TrimSpace(s) == want.entity }) {
			return fmt.Errorf("the assertion is meant for %q", who.Names)
		}
	}
	if err := current(want.now, a.IssueInstant.Add(-skew), a.IssueInstant.Add(maxAge)); err != nil {
		return err
	}
	if err := current(want.now, early(a.Conditions.NotBefore), late(a.Conditions.NotOnOrAfter)); err != nil {
		return err
	}
	for _, s := range a.Authn {
		if err := current(want.now, time.Time{}, late(s.SessionNotOnOrAfter)); err != nil {
			return err
		}
	}
	return borne(a, want)
}

// borne tells whether whoever brings an assertion may do so.
func borne(a *assertion, want expected) error {
	why := errors.New("the assertion is not for whoever brings it")
	for _, s := range a.Subject.Confirmations {
		switch d := s.Data; {
		case s.Method != "urn:oasis:names:tc:SAML:2.0:cm:bearer" || d == nil || d.NotOnOrAfter.IsZero():
		case d.Recipient != want.acs:
			why = fmt.Errorf("the assertion is to be brought to %q", d.Recipient)
		case d.InResponseTo == "" || d.InResponseTo != want.request:
			why = errors.New("the assertion answers another request")
		default:
			if why = current(want.now, early(d.NotBefore), late(d.NotOnOrAfter)); why == nil {
				return nil
			}
		}
	}
	return why
}

// early and late widen a time by what clocks may be apart.
func early(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-skew)
}

func late(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(skew)
}
