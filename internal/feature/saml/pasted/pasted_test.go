package pasted

import (
	"net/http"
	"testing"
)

func FuzzHeaders(f *testing.F) {
	f.Add("X-Remote-User: ada\nX-Remote-Groups: a, b")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Headers(text)
		for name := range h {
			if err != nil || name == "" || http.CanonicalHeaderKey(name) != name {
				t.Errorf("%q: %q %v", text, name, err)
			}
		}
	})
}
