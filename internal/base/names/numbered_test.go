package names_test

import (
	"strings"
	"testing"

	"atrium/internal/base/names"
)

func TestNumbered(t *testing.T) {
	long := strings.Repeat("ä", 125)
	for name, want := range map[string]string{"a.txt": "a (2).txt", "a": "a (2)", ".profile": ".profile (2)", ".a.txt": ".a (2).txt",
		long + ".txt": strings.Repeat("ä", 123) + " (2).txt"} {
		if got := names.Numbered(name, 2); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzNumbered(f *testing.F) {
	f.Add("a.txt", 2)
	f.Add(".hidden", 3)
	f.Fuzz(func(t *testing.T, name string, n int) {
		if strings.Contains(name, "/") || name == "" {
			return
		}
		if got := names.Numbered(name, n); got == name || strings.Contains(got, "/") {
			t.Errorf("%q became %q", name, got)
		}
	})
}
