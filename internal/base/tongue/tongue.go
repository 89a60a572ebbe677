// Package tongue says texts in people's languages. A text is written in English
// where it is used and is its own key; catalogues hold what it is in others, one
// folder for each language, shared with the web client. It does not know who
// reads, nor where a text is shown.
package tongue

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// catalogues: names.json has the languages by their own names; web.json of a
// language what the web client says, server.json what pages and mails say.
//
//go:embed languages
var catalogues embed.FS

// Tongue is a language that there is a catalogue for.
type Tongue struct {
	Code string // as BCP 47 writes it: "en", "de"
	Name string // in itself: "Deutsch"

	tag   language.Tag
	texts map[string]string
}

// Tongues are all languages, English first.
type Tongues struct {
	all   []*Tongue
	match language.Matcher
}

var loaded = sync.OnceValue(func() *Tongues {
	all, err := load(catalogues)
	if err != nil {
		panic(err) // the files are part of the binary, and a test reads them
	}
	return all
})

// All are the languages that are built in.
func All() *Tongues { return loaded() }

// English is what everything is written in.
func English() *Tongue { return loaded().all[0] }

func load(files fs.FS) (*Tongues, error) {
	var names map[string]string
	if err := read(files, "languages/names.json", &names); err != nil {
		return nil, err
	}
	out := &Tongues{}
	var tags []language.Tag
	for code, name := range names {
		tag, err := language.Parse(code)
		if err != nil {
			return nil, err
		}
		t := &Tongue{Code: code, Name: name, tag: tag, texts: map[string]string{}}
		for _, file := range []string{"web", "server"} {
			if code == "en" {
				break
			}
			if err := read(files, "languages/"+code+"/"+file+".json", &t.texts); err != nil {
				return nil, err
			}
		}
		out.all = append(out.all, t)
	}
	slices.SortFunc(out.all, func(a, b *Tongue) int { return strings.Compare(first(a.Code), first(b.Code)) })
	for _, t := range out.all {
		tags = append(tags, t.tag)
	}
	out.match = language.NewMatcher(tags)
	return out, nil
}

// first sorts English before all others.
func first(code string) string {
	if code == "en" {
		return ""
	}
	return code
}

func read(files fs.FS, name string, into *map[string]string) error {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Each returns the languages, English first.
func (ts *Tongues) Each() []*Tongue { return slices.Clone(ts.all) }

// For returns the first language wished for that there is, else English. A wish is
// a language ("de", "de_AT") or a list as browsers send it ("fr-CH, fr;q=0.9").
func (ts *Tongues) For(wishes ...string) *Tongue {
	for _, wish := range wishes {
		tags, _, err := language.ParseAcceptLanguage(strings.ReplaceAll(wish, "_", "-"))
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, sure := ts.match.Match(tags...); sure >= language.High {
			return ts.all[i]
		}
	}
	return ts.all[0]
}

// Dir is which way the language is written: "ltr" or "rtl".
func (t *Tongue) Dir() string {
	script, _ := t.tag.Script()
	if slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm"}, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// Say returns a text in the language. What stands in it follows in pairs of a name
// and a value: Say("Deleted {name}.", "name", name).
func (t *Tongue) Say(english string, pairs ...any) string {
	text, ok := t.texts[english]
	if !ok {
		text = english
	}
	if !strings.ContainsAny(text, "{}#'") {
		return text
	}
	pieces, err := parse(text)
	if err != nil {
		return text // it is shown as it stands, and a test reads all catalogues
	}
	values := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	var b strings.Builder
	t.say(&b, pieces, values, "")
	return b.String()
}

// Known returns a text that was written elsewhere, such as that of an error, in the
// language if its catalogue has it. Nothing is filled in.
func (t *Tongue) Known(english string) string {
	if text, ok := t.texts[english]; ok {
		return text
	}
	return english
}

// Has tells whether the language has a text of its own for an English one.
func (t *Tongue) Has(english string) bool {
	_, ok := t.texts[english]
	return ok || t.Code == "en"
}

func (t *Tongue) say(b *strings.Builder, pieces []piece, values map[string]any, counted string) {
	for _, p := range pieces {
		value, ok := values[p.name]
		if !ok {
			value = ""
		}
		switch p.kind {
		case "":
			b.WriteString(p.plain)
		case "count":
			b.WriteString(counted)
		case "value":
			b.WriteString(t.isolated(fmt.Sprint(value), value))
		case "number":
			b.WriteString(t.Number(whatNumber(value)))
		case "select":
			t.say(b, chosen(p, fmt.Sprint(value)), values, counted)
		case "plural":
			n := whatNumber(value)
			which := "=" + strconv.FormatInt(n, 10)
			if _, ok := p.cases[which]; !ok {
				which = t.plural(n)
			}
			t.say(b, chosen(p, which), values, t.Number(n))
		}
	}
}

// isolated keeps a name in its own direction within a text that runs the other
// way, by Unicode's FSI and PDI. Numbers and addresses need it not.
func (t *Tongue) isolated(text string, value any) string {
	if _, name := value.(string); !name || text == "" || t.Dir() == "ltr" || strings.Contains(text, "://") {
		return text
	}
	return "\u2068" + text + "\u2069"
}

func chosen(p piece, which string) []piece {
	if found, ok := p.cases[which]; ok {
		return found
	}
	return p.cases["other"]
}

// plural is the case of a number: "one", "few" ….
func (t *Tongue) plural(n int64) string {
	// The rules look at the last six digits at most, and at whether there are more.
	of := n
	if of < 0 {
		of = -max(of, -math.MaxInt64)
	}
	if of >= 10_000_000 {
		of = of%1_000_000 + 10_000_000
	}
	switch plural.Cardinal.MatchPlural(t.tag, int(of), 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	}
	return "other"
}

// Number writes a number as the language does: 12,345 or 12.345.
func (t *Tongue) Number(n int64) string { return message.NewPrinter(t.tag).Sprint(number.Decimal(n)) }

func whatNumber(value any) int64 {
	switch n := value.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	case uint64:
		return int64(min(n, math.MaxInt64))
	}
	n, _ := strconv.ParseInt(fmt.Sprint(value), 10, 64)
	return n
}
