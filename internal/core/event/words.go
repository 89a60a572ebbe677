package event

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"atrium/internal/base/tongue"
)

// Words are a text in which {name} stands for a parameter: one of ours, which the
// catalogues have in other languages, or what people wrote, which stays as it is.
type Words struct {
	Text    string `json:"en"`
	Written bool   `json:"written,omitempty"`
}

// Say is a text of ours, in English, that each reader sees in their language.
func Say(english string) Words { return Words{Text: english} }

// Written is a text of people, whatever language they wrote it in.
func Written(text string) Words { return Words{text, true} }

// In is the text in a language, with its places not filled.
func (w Words) In(t *tongue.Tongue) string {
	if w.Written {
		return w.Text
	}
	return t.Known(w.Text)
}

// Plain puts the names of the parameters in their places: people with an @, files
// by their path.
func Plain(text string, params map[string]RichObject) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		o := params[name]
		value := o["name"]
		switch o["type"] {
		case "user":
			value = "@" + value
		case "file":
			value = cmp.Or(o["path"], value)
		}
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Used leaves the parameters that a text names.
func Used(text string, params map[string]RichObject) map[string]RichObject {
	out := map[string]RichObject{}
	for name, o := range params {
		if strings.Contains(text, "{"+name+"}") {
			out[name] = o
		}
	}
	return out
}
