package words

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"Report.TXT": "report.txt", "Ärger": "arger", "A\u0308RGER": "arger", "ｆｕｌｌ": "full", "Straße": "straße", "日本": "日本", "": ""} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestIndexAndTerms(t *testing.T) {
	for text, want := range map[string]string{
		"The Year-end report, 2025!": "2025 end report the year", "Été": "ete", "日本語 x": "x 日 日本 本 本語 語", "a1b2": "a1b2", "…": "",
		"naïve naive": "naive",
	} {
		set := map[string]struct{}{}
		Index(text, set, 100)
		if got := strings.Join(slices.Sorted(maps.Keys(set)), " "); got != want {
			t.Errorf("%q is found by %q, want %q", text, got, want)
		}
	}
	for query, want := range map[string]string{"Year REPORT year": "year report", "日本語": "日本 本語", "本": "本", "a-b": "a b"} {
		if got := strings.Join(Terms(query), " "); got != want {
			t.Errorf("%q asks for %q, want %q", query, got, want)
		}
	}
}

func FuzzTerms(f *testing.F) {
	f.Add("Année 日本 ﬁ")
	f.Fuzz(func(t *testing.T, s string) {
		set := map[string]struct{}{}
		Index(s, set, 1<<20)
		for _, w := range Terms(s) {
			if _, ok := set[w]; !ok {
				t.Errorf("%q does not find itself: %q", s, w)
			}
		}
	})
}
