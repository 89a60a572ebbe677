package links

import (
	"strings"
	"testing"
)

// A nickname that passes is a name that a folder can have, and comes out the same
// when it is read again.
func FuzzNickname(f *testing.F) {
	for _, s := range []string{"", "Zoë", " a ", "../x", ".hidden", "a/b", `a\b`, "\x00", strings.Repeat("ä", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		nick, err := cleanNickname(sent)
		if err != nil || nick == "" {
			return
		}
		if strings.ContainsAny(nick, "/\\\x00\n") || nick[0] == '.' || len(nick) > maxNickname {
			t.Errorf("%q is let in", nick)
		}
		if again, err := cleanNickname(nick); err != nil || again != nick {
			t.Errorf("%q becomes %q, %v", nick, again, err)
		}
	})
}
