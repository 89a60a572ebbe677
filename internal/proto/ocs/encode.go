package ocs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// envelope is what every answer is wrapped in.
type envelope struct {
	failed      bool
	code        int
	message     string
	version     int
	total, page string
	data        any
}

func (e envelope) encode(f Format) ([]byte, error) {
	data, err := marshal(e.data)
	if err != nil {
		return nil, fmt.Errorf("data of an OCS answer: %w", err)
	}
	if f == JSON {
		return e.json(data), nil
	}
	return e.xml(data)
}

func (e envelope) word() string {
	if e.failed {
		return "failure"
	}
	return "ok"
}

// json writes the envelope compactly: the desktop client looks for
// "statuscode":NNN with a pattern that allows no blank.
func (e envelope) json(data []byte) []byte {
	b := make([]byte, 0, len(data)+128)
	b = append(b, `{"ocs":{"meta":{"status":"`+e.word()+`","statuscode":`...)
	b = strconv.AppendInt(b, int64(e.code), 10)
	b = append(b, `,"message":`...)
	b = appendText(b, e.message)
	if e.version == 1 {
		b = append(b, `,"totalitems":`...)
		b = appendText(b, e.total)
		b = append(b, `,"itemsperpage":`...)
		b = appendText(b, e.page)
	}
	b = append(b, `},"data":`...)
	b = appendPHP(b, data)
	return append(b, `}}`...)
}

func appendText(b []byte, s string) []byte {
	text, _ := marshal(s) // a string always encodes
	return appendPHP(b, text)
}

// marshal encodes a value, nil as an empty list, without escaping for HTML.
func marshal(v any) ([]byte, error) {
	if v == nil {
		return []byte("[]"), nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// appendPHP writes JSON the way PHP does: slashes and everything beyond ASCII
// are escaped, and an empty object is an empty list, since PHP cannot tell.
func appendPHP(b, src []byte) []byte {
	quoted := false
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(src[i:])
			b = appendRune(b, r)
			i += n
			continue
		case !quoted:
			if c == '{' && i+1 < len(src) && src[i+1] == '}' {
				b = append(b, '[', ']')
				i += 2
				continue
			}
			quoted = c == '"'
			b = append(b, c)
		case c == '\\':
			b = append(b, c, src[i+1])
			i += 2
			continue
		case c == '/':
			b = append(b, '\\', '/')
		default:
			quoted = c != '"'
			b = append(b, c)
		}
		i++
	}
	return b
}

const hexDigits = "0123456789abcdef"

func appendRune(b []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		b = appendRune(b, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// xml writes the envelope as PHP's XMLWriter does, indented by one blank. It
// walks the JSON of the data, so that both formats always say the same.
func (e envelope) xml(data []byte) ([]byte, error) {
	x := &xmlWriter{}
	x.b.WriteString("<?xml version=\"1.0\"?>\n<ocs>\n <meta>\n")
	x.depth = 2
	x.text("status", e.word())
	x.text("statuscode", strconv.Itoa(e.code))
	x.text("message", e.message)
	if e.version == 1 {
		x.text("totalitems", e.total)
		x.text("itemsperpage", e.page)
	}
	x.b.WriteString(" </meta>\n")
	x.depth = 1
	x.dec = json.NewDecoder(bytes.NewReader(data))
	x.dec.UseNumber()
	if err := x.value("data"); err != nil && err != io.EOF {
		return nil, err
	}
	x.b.WriteString("</ocs>\n")
	return x.b.Bytes(), nil
}

type xmlWriter struct {
	b     bytes.Buffer
	dec   *json.Decoder
	depth int
}

// value writes the next JSON value as an element: true is 1, false and "" are
// empty, null is self-closing, a list has elements named element.
func (x *xmlWriter) value(name string) error {
	t, err := x.dec.Token()
	if err != nil {
		return err
	}
	switch v := t.(type) {
	case json.Delim:
		return x.nested(name, v)
	case string:
		x.text(name, v)
	case bool:
		if v {
			x.text(name, "1")
		} else {
			x.text(name, "")
		}
	case json.Number:
		x.text(name, v.String())
	default:
		x.line("<" + name + "/>")
	}
	return nil
}

func (x *xmlWriter) nested(name string, open json.Delim) error {
	if !x.dec.More() {
		x.line("<" + name + "/>")
		_, err := x.dec.Token()
		return err
	}
	x.line("<" + name + ">")
	x.depth++
	for x.dec.More() {
		key := "element"
		if open == '{' {
			t, err := x.dec.Token()
			if err != nil {
				return err
			}
			key = t.(string)
		}
		if err := x.member(key); err != nil {
			return err
		}
	}
	x.depth--
	x.line("</" + name + ">")
	_, err := x.dec.Token()
	return err
}

// member writes a value of an object. A key that is a number becomes element,
// "$comment" a comment (30-core/006).
func (x *xmlWriter) member(key string) error {
	if key == "$comment" {
		t, err := x.dec.Token()
		if s, ok := t.(string); ok && err == nil {
			x.line("<!--" + strings.ReplaceAll(s, "--", "- -") + "-->")
		}
		return err
	}
	return x.value(elementName(key))
}

// elementName makes a key a name that XML allows.
func elementName(key string) string {
	if _, err := strconv.ParseFloat(key, 64); err == nil || key == "" {
		return "element"
	}
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.', r > 0xb7 && r != 0xd7 && r != 0xf7 && r < 0x2000:
			return r
		}
		return '_'
	}, key)
	if c := clean[0]; c >= '0' && c <= '9' || c == '-' || c == '.' {
		return "_" + clean
	}
	return clean
}

func (x *xmlWriter) text(name, s string) {
	x.line("<" + name + ">" + escape(s) + "</" + name + ">")
}

func (x *xmlWriter) line(s string) {
	for range x.depth {
		x.b.WriteByte(' ')
	}
	x.b.WriteString(s)
	x.b.WriteByte('\n')
}

// escape writes character data; what XML 1.0 cannot hold becomes U+FFFD.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\r':
			b.WriteString("&#13;")
		case r < 0x20 && r != '\n' && r != '\t', r == 0xfffe, r == 0xffff:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
