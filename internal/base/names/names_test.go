package names

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plan.txt":               "plan.txt",
		"e\u0301te\u0301":        "\u00e9t\u00e9",
		"a:b?c|d\"e":             "a:b?c|d\"e",
		"trailing ":              "trailing ",
		"trailing.":              "trailing.",
		"\xe5ngstr\xf6m":         "ångström",
		"🎉":                      "🎉",
		strings.Repeat("x", Max): strings.Repeat("x", Max),
		".htaccess.txt":          ".htaccess.txt",
		"part":                   "part",
		"a.part.txt":             "a.part.txt",
		"...":                    "...",
		"CON":                    "CON",
	} {
		if got, err := Clean(in); err != nil || got != want {
			t.Errorf("Clean(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", ".", "..", "a/b", `a\b`, "a\x00b", "a\nb", "\x7f", ".htaccess", ".HTaccess",
		"x.part", "x.FILEPART", strings.Repeat("x", Max+1), strings.Repeat("é", Max/2+1)} {
		if got, err := Clean(in); err == nil {
			t.Errorf("Clean(%q) = %q, want an error", in, got)
		}
	}
}

func TestSplit(t *testing.T) {
	got, err := Split("//a/./b c//d/")
	if want := []string{"a", "b c", "d"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Split = %q, %v; want %q", got, err, want)
	}
	if _, err := Split("a/../b"); err == nil {
		t.Error(`Split("a/../b") passed`)
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"a/b", "../x", "a/\xff", "e\u0301", "%2e%2e/", "a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		segs, err := Split(path)
		if err != nil {
			return
		}
		for _, s := range segs {
			if s == "" || s == "." || s == ".." || len(s) > Max || strings.ContainsAny(s, "/\\\x00") ||
				!utf8.ValidString(s) || !norm.NFC.IsNormalString(s) {
				t.Errorf("Split(%q) let %q through", path, s)
			}
		}
		again, err := Split(strings.Join(segs, "/"))
		if err != nil || !slices.Equal(again, segs) {
			t.Errorf("Split is not idempotent on %q: %q, %v", path, again, err)
		}
	})
}
