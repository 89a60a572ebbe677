package comments

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"atrium/internal/core/identity/names"
)

// mention is an account that a text names, as @bob or @"bob miller".
type mention struct {
	raw string // as it stands in the text
	ids []string
}

// maxMentions bounds how many different ones a text can have.
const maxMentions = 100

// mentionsIn finds the mentions in a text. What could be punctuation at the end of
// a name may be part of it: then there are two ids, the longer first.
func mentionsIn(text string) (out []mention) {
	for at := 0; at < len(text) && len(out) < maxMentions; {
		i := strings.IndexByte(text[at:], '@')
		if i < 0 {
			break
		}
		start := at + i
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		at = start + 1
		if start > 0 && ofName(before) { // a mail address
			continue
		}
		m, ok := mentionAt(text[start:])
		if !ok {
			continue
		}
		at = start + len(m.raw)
		if !slices.ContainsFunc(out, func(o mention) bool { return o.raw == m.raw }) {
			out = append(out, m)
		}
	}
	return out
}

// maxName is how long a name in a mention may be, in bytes.
const maxName = 255

// mentionAt reads the mention that a text begins with.
func mentionAt(text string) (mention, bool) {
	if quoted, ok := strings.CutPrefix(text, `@"`); ok {
		name, _, closed := strings.Cut(quoted[:min(len(quoted), maxName)], `"`)
		if !closed || strings.TrimSpace(name) == "" || strings.ContainsAny(name, "\n\r") {
			return mention{}, false
		}
		return mention{raw: `@"` + name + `"`, ids: []string{name}}, true
	}
	rest := text[1:]
	end := strings.IndexFunc(rest, func(r rune) bool { return !ofName(r) })
	if end < 0 {
		end = len(rest)
	}
	name := rest[:end]
	bare := strings.TrimRight(name, ".-'@")
	if bare == "" || len(name) > maxName {
		return mention{}, false
	}
	if bare == name {
		return mention{raw: "@" + name, ids: []string{name}}, true
	}
	return mention{raw: "@" + name, ids: []string{name, bare}}, true
}

// ofName tells whether a rune may be part of a name without quotes.
func ofName(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-@.'", r)
}

// meant is a mention with the account that it names.
type meant struct {
	raw, id string
	display string // "": there is no such account
}

// choose settles which account each mention names, the longest ids first, so that
// clients that replace one after the other do right.
func choose(ms []mention, known map[string]string) (out []meant) {
	for _, m := range ms {
		v := meant{raw: m.raw, id: m.ids[len(m.ids)-1]}
		for _, id := range m.ids {
			if display, ok := known[id]; ok {
				v = meant{raw: m.raw, id: id, display: display}
				break
			}
		}
		if v.id != m.ids[0] { // what follows the name is no part of it
			v.raw = "@" + v.id
		}
		if !slices.ContainsFunc(out, func(o meant) bool { return o.id == v.id }) {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b meant) int { return cmp.Compare(len(b.id), len(a.id)) })
	return out
}

// people asks how the authors of comments and the accounts in their texts are
// called, with one statement for all.
func (rm *Room) people(ctx context.Context, cs ...comment) (map[string]string, error) {
	var ids []string
	for _, c := range cs {
		ids = append(ids, c.uid)
		for _, m := range mentionsIn(c.message) {
			ids = append(ids, m.ids...)
		}
	}
	return names.Of(ctx, rm.db, ids...)
}
