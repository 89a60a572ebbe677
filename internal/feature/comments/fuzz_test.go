package comments

import (
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzMentions(f *testing.F) {
	for _, s := range []string{"@bob", `@"Ann Lee" @bob.`, "a@b @@ @", "@ü'x-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, m := range choose(mentionsIn(s), map[string]string{"bob": "Bob"}) {
			if m.id == "" || utf8.ValidString(s) && !strings.Contains(s, m.raw) {
				t.Errorf("%q mentions %+v", s, m)
			}
		}
	})
}

func FuzzWishes(f *testing.F) {
	f.Add(`{"actorType": "users", "verb": "comment", "message": "x"}`)
	f.Fuzz(func(t *testing.T, s string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(s))
		r.Header.Set("Content-Type", "application/json")
		in, err := wishOf(httptest.NewRecorder(), r)
		if err == nil && check(in.Message) == nil && utf8.RuneCountInString(in.Message) > maxMessage {
			t.Errorf("%d characters pass", utf8.RuneCountInString(in.Message))
		}
	})
}
