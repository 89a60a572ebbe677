// Package words makes texts comparable for searching: without regard to case,
// accents and ways of writing the same letter. It knows no language.
package words

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold makes texts that readers take for the same one the same: "Ärger", "ärger"
// and "ÄRGER" all become "arger", full-width letters become common ones.
func Fold(s string) string {
	if plain(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Span is a word in a text: s[From:To].
type Span struct{ From, To int }

// Spans yields the runs of letters and digits of a text.
func Spans(s string) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		from := -1
		for i, r := range s {
			in := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r)
			if in && from < 0 {
				from = i
			}
			if !in && from >= 0 {
				if !yield(Span{from, i}) {
					return
				}
				from = -1
			}
		}
		if from >= 0 {
			yield(Span{from, len(s)})
		}
	}
}

// longest is how many characters of a word count.
const longest = 32

// Index adds to a set what a text is found by: its words, folded; of writings
// without blanks between words each character and each pair of them. It stops at
// most of them.
func Index(s string, set map[string]struct{}, most int) {
	for sp := range Spans(s) {
		for _, w := range split(Fold(s[sp.From:sp.To]), true) {
			if len(set) >= most {
				return
			}
			set[w] = struct{}{}
		}
	}
}

// Terms are what a text must be found by to match a query, in its order.
func Terms(query string) (out []string) {
	for sp := range Spans(query) {
		for _, w := range split(Fold(query[sp.From:sp.To]), false) {
			if !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}

// split takes a folded run apart where a writing has no blanks. single asks for
// the characters beside their pairs.
func split(run string, single bool) (out []string) {
	rs := []rune(run)
	for len(rs) > 0 {
		n := 1
		for n < len(rs) && dense(rs[n]) == dense(rs[0]) {
			n++
		}
		part := rs[:n]
		rs = rs[n:]
		switch {
		case !dense(part[0]):
			out = append(out, string(part[:min(n, longest)]))
		case single || n == 1:
			for i := range part {
				out = append(out, string(part[i]))
			}
			fallthrough
		default:
			for i := range n - 1 {
				out = append(out, string(part[i:i+2]))
			}
		}
	}
	return out
}

// dense tells whether a character is of a writing without blanks between words.
func dense(r rune) bool {
	return r > 0xe00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
