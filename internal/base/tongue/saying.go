package tongue

import (
	"slices"
	"strings"
)

// Saying is a text that is said later, when it is known in which language: one of
// ours, in English, with what stands in it; or words of somebody else, which stay as
// they are. As JSON and as a string it is English.
type Saying struct {
	text  string
	pairs []any
	plain bool
}

// Of makes a saying of a text of ours, written out in double quotes where this is
// called. What stands in it follows in pairs, as for Say; a value may be a saying, or
// several.
func Of(english string, pairs ...any) Saying { return Saying{text: english, pairs: pairs} }

// Together makes one saying of several sentences.
func Together(sentences ...Saying) Saying {
	return Saying{text: "{all}", pairs: []any{"all", together(sentences)}}
}

// together are sentences that stand one after the other.
type together []Saying

// Plain makes a saying of words that are in no catalogue.
func Plain(text string) Saying { return Saying{text: text, plain: true} }

// In is the text in a language.
func (s Saying) In(t *Tongue) string {
	if s.plain {
		return s.text
	}
	if len(s.pairs) == 0 {
		return t.Known(s.text)
	}
	pairs := make([]any, len(s.pairs))
	for i, v := range s.pairs {
		switch v := v.(type) {
		case Saying:
			pairs[i] = spoken(v.In(t))
		case together:
			pairs[i] = spoken(join(v, t, " "))
		case []Saying:
			pairs[i] = spoken(t.list(v))
		default:
			pairs[i] = v
		}
	}
	return t.Say(s.text, pairs...)
}

// spoken is a value that is in the language already, so that nothing keeps it apart.
type spoken string

// list are several texts, with the commas of the language between them.
func (t *Tongue) list(of []Saying) string {
	if t.Dir() == "rtl" {
		return join(of, t, "، ")
	}
	return join(of, t, ", ")
}

func join(of []Saying, t *Tongue, with string) string {
	var all []string
	for _, s := range of {
		all = append(all, s.In(t))
	}
	return strings.Join(all, with)
}

// Said is the saying as it is in a language, once and for all.
func (s Saying) Said(t *Tongue) Saying { return Plain(s.In(t)) }

// Each says several texts in a language.
func Each(all []Saying, t *Tongue) []Saying {
	out := make([]Saying, len(all))
	for i, s := range all {
		out[i] = s.Said(t)
	}
	return out
}

// Translated tells whether any catalogue has the text.
func (s Saying) Translated() bool {
	if s.plain || s.IsZero() {
		return false
	}
	for _, v := range s.pairs {
		switch v := v.(type) {
		case Saying:
			if v.Translated() {
				return true
			}
		case together:
			if slices.ContainsFunc(v, Saying.Translated) {
				return true
			}
		case []Saying:
			if slices.ContainsFunc(v, Saying.Translated) {
				return true
			}
		}
	}
	return slices.ContainsFunc(loaded().all[1:], func(t *Tongue) bool { return t.Has(s.text) })
}

// String is the text in English.
func (s Saying) String() string {
	if s.plain || len(s.pairs) == 0 {
		return s.text
	}
	return s.In(English())
}

// IsZero tells whether nothing is said.
func (s Saying) IsZero() bool { return s.text == "" }

// MarshalText is the text in English.
func (s Saying) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a text that was said already.
func (s *Saying) UnmarshalText(text []byte) error {
	*s = Plain(string(text))
	return nil
}
