package dav

import (
	"encoding/xml"
	"strconv"
	"unicode/utf8"
)

// xmlType is exactly what the desktop client accepts.
const xmlType = "application/xml; charset=utf-8"

const multistatusOpen = `<?xml version="1.0"?>` + "\n" +
	`<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns">`

var prefixes = map[string]string{NSDAV: "d", NSSabre: "s", NSOC: "oc", NSNC: "nc"}

// tag is an element's name as it is written.
type tag struct{ open, close, empty string }

// tags gives each name its prefix. Namespaces other than the four become x1,
// x2 … in the order they come, declared on the element.
func tags(names []xml.Name) []tag {
	out := make([]tag, len(names))
	extra := map[string]string{}
	for i, n := range names {
		p, known := prefixes[n.Space]
		decl := ""
		if !known {
			if extra[n.Space] == "" {
				extra[n.Space] = "x" + strconv.Itoa(len(extra)+1)
			}
			p = extra[n.Space]
			decl = ` xmlns:` + p + `="` + string(AppendText(nil, n.Space)) + `"`
		}
		el := p + ":" + n.Local
		if n.Space == "" {
			el, decl = n.Local, ` xmlns=""`
		}
		out[i] = tag{open: "<" + el + decl + ">", close: "</" + el + ">", empty: "<" + el + decl + "/>"}
	}
	return out
}

// AppendText appends s as XML character data. Runes that XML cannot hold become
// U+FFFD, as does what is not UTF-8.
func AppendText(b []byte, s string) []byte {
	last := 0
	for i := 0; i < len(s); {
		c := s[i]
		var esc string
		width := 1
		switch {
		case c >= utf8.RuneSelf:
			var r rune
			r, width = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && width == 1 || r == 0xfffe || r == 0xffff {
				esc = "\uFFFD"
			}
		case c == '&':
			esc = "&amp;"
		case c == '<':
			esc = "&lt;"
		case c == '>':
			esc = "&gt;"
		case c == '"':
			esc = "&quot;"
		case c == '\r':
			esc = "&#13;"
		case c < 0x20 && c != '\t' && c != '\n':
			esc = "\uFFFD"
		}
		if esc != "" {
			b = append(append(b, s[last:i]...), esc...)
			last = i + width
		}
		i += width
	}
	return append(b, s[last:]...)
}
