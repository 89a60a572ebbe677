package app

import (
	"io"
	"strings"
	"testing"

	"atrium/internal/base/tongue"
	"atrium/internal/infra/mail"
	"atrium/internal/proto/plug"
)

// Administrators can look at each letter in each language.
func TestEveryLetterHasASample(t *testing.T) {
	h, err := (&env{version: "test", out: io.Discard, errOut: io.Discard}).blank()
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.plugIn()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, write := range b.Letters.All() {
		n++
		for _, in := range tongue.All().Each() {
			m, err := write(plug.Sample{Site: mail.Brand{Name: "The Cloud"}, Language: in.Code, Name: "Olga", Login: "olga"})
			if err != nil || m.Subject == "" || m.Text == "" || !strings.Contains(m.HTML, `lang="`+in.Code+`"`) {
				t.Errorf("%s in %s: %+v, %v", name, in.Name, m, err)
			}
		}
	}
	if n < 15 {
		t.Errorf("%d letters", n)
	}
}
