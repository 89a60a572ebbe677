package saml

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/beevik/etree"
	xrv "github.com/mattermost/xml-roundtrip-validator"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	dsigNS      = "http://www.w3.org/2000/09/xmldsig#"

	maxMessage = 1 << 20 // bytes of XML; a response with thousands of groups has some 200 kB
	maxDepth   = 100     // of elements in each other; real ones have a dozen
)

// response is a samlp:Response (SAML core, section 3.3.3), as far as we read it.
type response struct {
	XMLName      xml.Name  `xml:"urn:oasis:names:tc:SAML:2.0:protocol Response"`
	InResponseTo string    `xml:",attr"`
	Destination  string    `xml:",attr"`
	Version      string    `xml:",attr"`
	IssueInstant time.Time `xml:",attr"`
	Issuer       *string   `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	Status       status    `xml:"urn:oasis:names:tc:SAML:2.0:protocol Status"`
}

type status struct {
	Code struct {
		Value string `xml:",attr"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:protocol StatusCode"`
}

// assertion is a saml:Assertion (SAML core, section 2.3.3), as far as we read it.
type assertion struct {
	XMLName      xml.Name  `xml:"urn:oasis:names:tc:SAML:2.0:assertion Assertion"`
	ID           string    `xml:",attr"`
	Version      string    `xml:",attr"`
	IssueInstant time.Time `xml:",attr"`
	Issuer       string    `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	Subject      struct {
		NameID        *nameID        `xml:"urn:oasis:names:tc:SAML:2.0:assertion NameID"`
		Confirmations []confirmation `xml:"urn:oasis:names:tc:SAML:2.0:assertion SubjectConfirmation"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion Subject"`
	Conditions *conditions `xml:"urn:oasis:names:tc:SAML:2.0:assertion Conditions"`
	Authn      []struct {
		SessionIndex        string    `xml:",attr"`
		SessionNotOnOrAfter time.Time `xml:",attr"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion AuthnStatement"`
	Attributes []attribute `xml:"urn:oasis:names:tc:SAML:2.0:assertion AttributeStatement>Attribute"`
}

// nameID is who somebody is at a provider (SAML core, section 2.2.3). It travels back
// at logout as it came.
type nameID struct {
	Value           string `xml:",chardata"`
	Format          string `xml:",attr"`
	NameQualifier   string `xml:",attr"`
	SPNameQualifier string `xml:",attr"`
}

type confirmation struct {
	Method string `xml:",attr"`
	Data   *struct {
		Recipient    string    `xml:",attr"`
		InResponseTo string    `xml:",attr"`
		NotBefore    time.Time `xml:",attr"`
		NotOnOrAfter time.Time `xml:",attr"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion SubjectConfirmationData"`
}

type conditions struct {
	NotBefore    time.Time `xml:",attr"`
	NotOnOrAfter time.Time `xml:",attr"`
	Audiences    []struct {
		Names []string `xml:"urn:oasis:names:tc:SAML:2.0:assertion Audience"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion AudienceRestriction"`
}

type attribute struct {
	Name         string   `xml:",attr"`
	FriendlyName string   `xml:",attr"`
	Values       []string `xml:"urn:oasis:names:tc:SAML:2.0:assertion AttributeValue"`
}

// logoutRequest is a samlp:LogoutRequest (SAML core, section 3.7.1).
type logoutRequest struct {
	XMLName      xml.Name  `xml:"urn:oasis:names:tc:SAML:2.0:protocol LogoutRequest"`
	ID           string    `xml:",attr"`
	Version      string    `xml:",attr"`
	Destination  string    `xml:",attr"`
	IssueInstant time.Time `xml:",attr"`
	NotOnOrAfter time.Time `xml:",attr"`
	Issuer       string    `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	NameID       *nameID   `xml:"urn:oasis:names:tc:SAML:2.0:assertion NameID"`
	SessionIndex []string  `xml:"urn:oasis:names:tc:SAML:2.0:protocol SessionIndex"`
}

// parse reads a document that somebody else has written. It takes plain elements,
// attributes and text only: no document type, whose entities could name files or grow
// without end; no comments and instructions, at which readers of XML disagree on where
// a text ends; no two elements of one ID. What different readers would read
// differently is refused.
func parse(text []byte) (*etree.Element, error) {
	if len(text) > maxMessage {
		return nil, errors.New("the message is too large")
	}
	if err := plain(text); err != nil {
		return nil, err
	}
	if err := xrv.Validate(bytes.NewReader(text)); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, err
	}
	root := doc.Root()
	if root == nil {
		return nil, errors.New("the message is empty")
	}
	seen := map[string]bool{}
	for e := range everything(root) {
		id := e.SelectAttrValue("ID", "")
		if id != "" && seen[id] {
			return nil, fmt.Errorf("two elements have the ID %q", id)
		}
		seen[id] = true
	}
	return root, nil
}

// plain refuses all but elements and text.
func plain(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for depth, n, roots := 0, 0, 0; ; n++ {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth++; depth > maxDepth || roots > 1 {
				return errors.New("the message is too deep, or two")
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.New("a document type is not allowed")
		case xml.Comment:
			return errors.New("comments are not allowed")
		case xml.ProcInst:
			if n > 0 || t.Target != "xml" {
				return errors.New("instructions are not allowed")
			}
		}
	}
}

// everything yields an element and all in it.
func everything(e *etree.Element) func(yield func(*etree.Element) bool) {
	return func(yield func(*etree.Element) bool) {
		for todo := []*etree.Element{e}; len(todo) > 0; {
			e, todo = todo[0], todo[1:]
			if !yield(e) {
				return
			}
			todo = append(todo, e.ChildElements()...)
		}
	}
}

// is tells whether an element has a name.
func is(e *etree.Element, space, tag string) bool { return e.Tag == tag && e.NamespaceURI() == space }

// children are the direct children of a name.
func children(e *etree.Element, space, tag string) (all []*etree.Element) {
	for _, c := range e.ChildElements() {
		if is(c, space, tag) {
			all = append(all, c)
		}
	}
	return all
}

// read fills a struct from an element.
func read(e *etree.Element, into any) error {
	alone, err := detached(e)
	if err != nil {
		return err
	}
	doc := etree.NewDocument()
	doc.SetRoot(alone)
	text, err := doc.WriteToBytes()
	if err != nil {
		return err
	}
	return xml.Unmarshal(text, into)
}

// detached copies an element with the name spaces that those around it declare.
func detached(e *etree.Element) (*etree.Element, error) {
	ctx, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil, err
	}
	return etreeutils.NSDetatch(ctx, e)
}

// posted decodes a message of the POST binding (SAML bindings, section 3.5.4).
func posted(text string) ([]byte, error) {
	if len(text) > maxMessage/3*4+1024 {
		return nil, errors.New("the message is too large")
	}
	text = strings.NewReplacer("\r", "", "\n", "", " ", "").Replace(text)
	return base64.StdEncoding.DecodeString(text)
}

// inflated decodes a message of the redirect binding (SAML bindings, section
// 3.4.4.1), of which a few bytes could grow to gigabytes.
func inflated(text string) ([]byte, error) {
	packed, err := posted(text)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxMessage+1))
	if err == nil && len(out) > maxMessage {
		err = errors.New("the message is too large")
	}
	return out, err
}
