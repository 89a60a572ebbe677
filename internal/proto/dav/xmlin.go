package dav

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"atrium/internal/base/fault"
)

// Limits of XML bodies. What real clients send is far below.
const (
	maxBody     = 1 << 20
	maxDepth    = 40
	maxElements = 20000
	maxProps    = 300 // in a d:prop: each is answered for each resource of a listing
)

// Node is an element of a request's body.
type Node struct {
	Name     xml.Name
	Attr     []xml.Attr
	Children []*Node
	Text     string // character data of the element itself
}

// Child returns the first child of a name, nil if there is none.
func (n *Node) Child(space, local string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name.Space == space && c.Name.Local == local {
			return c
		}
	}
	return nil
}

// ChildText is the trimmed text of a child, "" if there is none.
func (n *Node) ChildText(space, local string) string {
	if c := n.Child(space, local); c != nil {
		return strings.TrimSpace(c.Text)
	}
	return ""
}

func badXML(err error) error {
	return fault.Wrap(fault.Invalid, err, "The body of the request is not valid XML.")
}

var errXMLLimit = errors.New("too deep or too many elements")

// readBody reads a body of bounded length; empty if there is nothing but blanks.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > maxBody {
		return nil, fault.New(fault.TooLarge, "The body of the request is too large.")
	}
	var b bytes.Buffer
	b.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(r.Body, maxBody+1)); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The body of the request broke off.")
	}
	if b.Len() > maxBody {
		return nil, fault.New(fault.TooLarge, "The body of the request is too large.")
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// readXML parses a body; nil for an empty one. Document types and entities
// other than the five of XML are refused, sizes are bounded.
func readXML(r *http.Request) (*Node, error) {
	body, err := readBody(r)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	return ParseXML(body)
}

// ParseXML parses one element with all that is in it.
func ParseXML(body []byte) (*Node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = true
	var root *Node
	var stack []*Node
	var texts [][]byte // of the elements on the stack; one may come in many pieces
	for elements := 0; ; {
		t, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, badXML(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, badXML(errors.New("a document type is not allowed"))
		case xml.StartElement:
			elements++
			if elements > maxElements || len(stack) >= maxDepth || root != nil && len(stack) == 0 {
				return nil, badXML(errXMLLimit)
			}
			if !wellNamed(t.Name) {
				return nil, badXML(fmt.Errorf("%q is no name, or its prefix is not declared", t.Name.Space+":"+t.Name.Local))
			}
			for _, a := range t.Attr { // Namespaces in XML 1.0, 2.2
				if a.Name.Space == "xmlns" && a.Value == "" {
					return nil, badXML(errors.New("a prefix is declared without a namespace"))
				}
			}
			n := &Node{Name: t.Name, Attr: t.Copy().Attr}
			if len(stack) == 0 {
				root = n
			} else {
				top := stack[len(stack)-1]
				if top.Children = append(top.Children, n); len(top.Children) > maxProps && top.Name.Local == "prop" {
					return nil, badXML(errXMLLimit)
				}
			}
			stack, texts = append(stack, n), append(texts, nil)
		case xml.EndElement:
			top := len(stack) - 1
			stack[top].Text = string(texts[top])
			stack, texts = stack[:top], texts[:top]
		case xml.CharData:
			if len(stack) > 0 {
				texts[len(texts)-1] = append(texts[len(texts)-1], t...)
			}
		}
	}
	if root == nil {
		return nil, badXML(io.ErrUnexpectedEOF)
	}
	return root, nil
}

// wellNamed tells whether a name could be written again (Namespaces in XML 1.0,
// 4), which the decoder does not check: it lets names after a prefix begin with
// digits, and takes a prefix that nobody declared for the namespace itself. All
// real namespaces are URIs and have a colon.
func wellNamed(n xml.Name) bool {
	first, _ := utf8.DecodeRuneInString(n.Local)
	return (first == '_' || unicode.IsLetter(first)) && !strings.Contains(n.Local, ":") &&
		(n.Space == "" || strings.Contains(n.Space, ":"))
}

// Inner writes what is inside an element as XML that stands on its own: each
// element declares its namespace.
func (n *Node) Inner() []byte {
	b := AppendText(nil, n.Text)
	if len(n.Children) > 0 {
		b = AppendText(nil, strings.TrimSpace(n.Text))
	}
	for _, c := range n.Children {
		b = c.appendTo(b)
	}
	return b
}

func (n *Node) appendTo(b []byte) []byte {
	b = append(b, '<')
	b = append(b, n.Name.Local...)
	b = append(b, ` xmlns="`...)
	b = append(AppendText(b, n.Name.Space), '"')
	for _, a := range n.Attr {
		if a.Name.Space != "" || a.Name.Local == "xmlns" {
			continue
		}
		b = append(append(append(b, ' '), a.Name.Local...), `="`...)
		b = append(AppendText(b, a.Value), '"')
	}
	b = append(b, '>')
	b = append(b, n.Inner()...)
	return append(append(append(b, "</"...), n.Name.Local...), '>')
}

// Names lists the elements of a d:prop.
func Names(prop *Node) []xml.Name {
	if prop == nil {
		return nil
	}
	out := make([]xml.Name, len(prop.Children))
	for i, c := range prop.Children {
		out[i] = c.Name
	}
	return out
}

// rootIs complains about a body with another root element.
func rootIs(n *Node, local string) error {
	if n.Name.Space == NSDAV && n.Name.Local == local {
		return nil
	}
	return fault.New(fault.Invalid, "Expected {DAV:}"+local+" but received {"+n.Name.Space+"}"+n.Name.Local+" as the root element")
}
