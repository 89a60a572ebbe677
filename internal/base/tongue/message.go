package tongue

import (
	"fmt"
	"strings"
)

// piece is a part of a message: plain text, or what kind says.
type piece struct {
	plain string
	kind  string // "": plain; "count", "value", "number", "plural", "select"
	name  string
	cases map[string][]piece
}

// reading is where the parser of a message stands.
type reading struct {
	text string
	at   int
}

// The places a run of pieces can be in: what ends it and whether # is a number.
const (
	whole = iota
	inCase
	inPlural
)

// deepest is how many cases may lie in one another.
const deepest = 8

// parse reads a message as ICU writes them, the part of it that the web client
// reads too (web/src/kit/message.ts): {name}, {n, number}, {x, select, a {…}
// other {…}}, {n, plural, =0 {…} one {…} other {…}} with # for the number. An
// apostrophe before a brace or # makes plain text of all up to the next one.
func parse(text string) ([]piece, error) {
	return (&reading{text: text}).pieces(whole, 0)
}

func (r *reading) wrong(what string) error { return fmt.Errorf("%s at %d of %q", what, r.at, r.text) }

func (r *reading) pieces(in, depth int) (out []piece, err error) {
	if depth > deepest {
		return nil, r.wrong("cases too deep")
	}
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			out = append(out, piece{plain: plain.String()})
			plain.Reset()
		}
	}
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == '}' && in != whole:
			flush()
			return out, nil
		case c == '}':
			return nil, r.wrong("a brace too many")
		case c == '\'' && r.at+1 < len(r.text) && strings.IndexByte("{}#", r.text[r.at+1]) >= 0:
			end := strings.IndexByte(r.text[r.at+1:], '\'')
			if end < 0 {
				return nil, r.wrong("an apostrophe that is not closed")
			}
			plain.WriteString(r.text[r.at+1 : r.at+1+end])
			r.at += end + 2
		case c == '{':
			flush()
			r.at++
			p, err := r.argument(in, depth)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		case c == '#' && in == inPlural:
			flush()
			r.at++
			out = append(out, piece{kind: "count"})
		default:
			plain.WriteByte(c)
			r.at++
		}
	}
	flush()
	return out, nil
}

func (r *reading) argument(in, depth int) (p piece, err error) {
	if p.name, err = r.word(); err != nil {
		return p, err
	}
	if p.kind = "value"; r.took('}') {
		return p, nil
	}
	if !r.took(',') {
		return p, r.wrong("no ,")
	}
	if p.kind, err = r.word(); err != nil {
		return p, err
	}
	switch p.kind {
	case "number":
		if !r.took('}') {
			return p, r.wrong("no }")
		}
		return p, nil
	case "plural":
		in = inPlural
	case "select":
		in = max(in, inCase)
	default:
		return p, r.wrong("no such thing as " + p.kind)
	}
	if !r.took(',') {
		return p, r.wrong("no ,")
	}
	p.cases = map[string][]piece{}
	for !r.took('}') {
		which, err := r.word()
		if err != nil {
			return p, err
		}
		if !r.took('{') {
			return p, r.wrong("no {")
		}
		if p.cases[which], err = r.pieces(in, depth+1); err != nil {
			return p, err
		}
		if !r.took('}') {
			return p, r.wrong("no }")
		}
	}
	if _, ok := p.cases["other"]; !ok {
		return p, r.wrong("no case for what is other of " + p.name)
	}
	return p, nil
}

func (r *reading) blank() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

func (r *reading) word() (string, error) {
	r.blank()
	from := r.at
	for r.at < len(r.text) {
		c := r.text[r.at]
		if c != '=' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			break
		}
		r.at++
	}
	if r.at == from {
		return "", r.wrong("a name is missing")
	}
	return r.text[from:r.at], nil
}

func (r *reading) took(c byte) bool {
	r.blank()
	if r.at >= len(r.text) || r.text[r.at] != c {
		return false
	}
	r.at++
	return true
}
