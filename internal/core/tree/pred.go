package tree

import (
	"strings"
	"unicode"
)

// Op is what a predicate does.
type Op uint8

// The operators. The zero value holds for every node.
const (
	Any Op = iota
	And
	Or
	Not
	Eq
	Lt
	Lte
	Gt
	Gte
	Like // Text with % and _, \ before a literal one; without regard to case
	In   // IDs
)

// Field is what a predicate looks at or a search sorts by.
type Field uint8

// The fields. Numbers compare with Pred.Num, the others with Pred.Text.
const (
	ByName     Field = iota + 1
	ByType           // media type; that of folders is FolderType
	ByMTime          // Unix seconds
	BySize           // bytes
	ByID             // also of In
	ByCreated        // Unix seconds
	ByUploaded       // Unix seconds
	ByTaken          // Unix seconds: when a picture was taken, ByMTime where that is not known
)

// FolderType is what searches take for the media type of folders.
const FolderType = "httpd/unix-directory"

// Pred is a condition on nodes.
type Pred struct {
	Op    Op
	Of    []Pred // And, Or: any number; Not: one
	Field Field
	Num   int64
	Text  string
	IDs   map[int64]bool
}

// None holds for no node.
func None() Pred { return Pred{Op: Or} }

// number returns the field's number of a node; false for fields that are texts.
func (f Field) number(n *Node) (int64, bool) {
	switch f {
	case ByMTime:
		return floorSeconds(n.MTime.UnixNano()), true
	case BySize:
		return n.Size, true
	case ByID:
		return n.ID, true
	case ByCreated:
		return n.Created, true
	case ByUploaded:
		return n.Uploaded, true
	case ByTaken:
		return floorSeconds(n.takenNano()), true
	}
	return 0, false
}

func floorSeconds(ns int64) int64 {
	sec := ns / 1e9
	if ns%1e9 < 0 {
		sec--
	}
	return sec
}

// text returns the field's text of a node whose media type is known.
func (f Field) text(n *Node, mediaType string) string {
	if f == ByName {
		return n.Name
	}
	return mediaType
}

// Holds tells whether a node of a media type meets the condition.
func (p *Pred) Holds(n *Node, mediaType string) bool {
	switch p.Op {
	case Any:
		return true
	case And:
		for i := range p.Of {
			if !p.Of[i].Holds(n, mediaType) {
				return false
			}
		}
		return true
	case Or:
		for i := range p.Of {
			if p.Of[i].Holds(n, mediaType) {
				return true
			}
		}
		return false
	case Not:
		return !p.Of[0].Holds(n, mediaType)
	case In:
		return p.IDs[n.ID]
	case Like:
		return like(p.Text, p.Field.text(n, mediaType))
	}
	if num, ok := p.Field.number(n); ok {
		return compare(p.Op, num, p.Num)
	}
	return compare(p.Op, strings.Compare(p.Field.text(n, mediaType), p.Text), 0)
}

func compare[N int | int64](op Op, a, b N) bool {
	switch op {
	case Eq:
		return a == b
	case Lt:
		return a < b
	case Lte:
		return a <= b
	case Gt:
		return a > b
	default:
		return a >= b
	}
}

// onlyType tells whether the condition looks at nothing but the media type.
func (p *Pred) onlyType() bool {
	switch p.Op {
	case Any:
		return true
	case And, Or, Not:
		for i := range p.Of {
			if !p.Of[i].onlyType() {
				return false
			}
		}
		return true
	case In:
		return false
	}
	return p.Field == ByType
}

// conjuncts lists the conditions that all must hold.
func (p *Pred) conjuncts() []*Pred {
	if p.Op != And {
		return []*Pred{p}
	}
	var out []*Pred
	for i := range p.Of {
		out = append(out, p.Of[i].conjuncts()...)
	}
	return out
}

// likeTokens takes a pattern apart: literal runes, folded, and the wildcards.
func likeTokens(pattern string) (out []likeToken) {
	escaped := false
	for _, r := range pattern {
		switch {
		case r == '\\' && !escaped:
			escaped = true
			continue
		case escaped || r != '%' && r != '_':
			out = append(out, likeToken{lit: fold(r)})
		default:
			out = append(out, likeToken{wild: r})
		}
		escaped = false
	}
	return out
}

type likeToken struct{ lit, wild rune }

// fold maps all cases of a letter to one. ASCII and the rest stay apart, so that
// the Kelvin sign is no k: engines that know case only of ASCII must agree.
func fold(r rune) rune {
	if r < 0x80 {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if f := unicode.ToLower(unicode.ToUpper(r)); f >= 0x80 {
		return f
	}
	return r
}

// like matches s with a pattern, in time proportional to the product of their
// lengths at worst.
func like(pattern, s string) bool {
	toks, text := likeTokens(pattern), []rune(s)
	t, i, star, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case t < len(toks) && toks[t].wild == '%':
			star, mark = t, i
			t++
		case t < len(toks) && (toks[t].wild == '_' || toks[t].wild == 0 && toks[t].lit == fold(text[i])):
			t, i = t+1, i+1
		case star >= 0:
			mark++
			t, i = star+1, mark
		default:
			return false
		}
	}
	for t < len(toks) && toks[t].wild == '%' {
		t++
	}
	return t == len(toks)
}
