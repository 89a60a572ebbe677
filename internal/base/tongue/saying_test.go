package tongue

import (
	"encoding/json"
	"testing"
)

func TestTextsAreSaidLater(t *testing.T) {
	de, ar := All().For("de"), All().For("ar")
	range1 := Of("This must be a whole number from {min} to {max}.", "min", int64(1), "max", 30)
	missing := Of("Not everything has a preview. Missing: {programs}.", "programs", []Saying{Of("films"), Plain("<x>")})
	for got, want := range map[string]string{
		range1.String():  "This must be a whole number from 1 to 30.",
		range1.In(de):    "Das muss eine ganze Zahl von 1 bis 30 sein.",
		missing.In(de):   "Nicht alles hat eine Vorschau. Es fehlen: Filme, <x>.",
		missing.In(ar):   "ليس لكل شيء معاينة. الناقص: أفلام، <x>.",
		missing.String(): "Not everything has a preview. Missing: films, <x>.",
		Together(Of("films"), Plain("{x}")).In(de):  "Filme {x}",
		Plain("films").In(de):                       "films",
		Of("it's {a brace").In(de):                  "it's {a brace",
		range1.Said(de).In(ar):                      "Das muss eine ganze Zahl von 1 bis 30 sein.",
		Each([]Saying{Of("films")}, de)[0].String(): "Filme",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	b, err := json.Marshal(struct{ A, B Saying }{A: range1})
	if want := `{"A":"This must be a whole number from 1 to 30.","B":""}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
	if !range1.Translated() || !Together(Of("nobody says this"), range1).Translated() || !Of("nobody says {this}", "this", []Saying{range1}).Translated() ||
		Plain("films").Translated() || Of("nobody says this").Translated() || !(Saying{}).IsZero() {
		t.Error("what has a translation is not known")
	}
}
