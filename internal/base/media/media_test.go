package media

import "testing"

func TestTypeOf(t *testing.T) {
	for name, want := range map[string]string{"a.TXT": "text/plain", "b.tar.gz": "application/gzip", "c": Unknown, ".md": "text/markdown", "x.nope": Unknown} {
		if got := TypeOf(name); got != want {
			t.Errorf("TypeOf(%q) is %q, want %q", name, got, want)
		}
	}
}
