package tongue

import (
	"strings"
	"testing"
	"testing/fstest"
)

func rig(t *testing.T) *Tongues {
	t.Helper()
	all, err := load(fstest.MapFS{
		"languages/names.json":     {Data: []byte(`{"de": "Deutsch", "ar": "العربية", "en": "English"}`)},
		"languages/de/web.json":    {Data: []byte(`{"Delete": "Löschen", "{n, number} left": "noch {n, number}"}`)},
		"languages/de/server.json": {Data: []byte(`{"Hello {name}": "Hallo {name}"}`)},
		"languages/ar/web.json":    {Data: []byte(`{"{n, plural, one {# file} other {# files}}": "{n, plural, zero {z} one {o} two {t} few {f} many {m} other {x}}"}`)},
		"languages/ar/server.json": {Data: []byte(`{}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTextsAreSaid(t *testing.T) {
	all := rig(t)
	en, de, ar := all.For("en"), all.For("de"), all.For("ar")
	files := "{n, plural, =0 {nothing} one {# file} other {# files}}"
	for got, want := range map[string]string{
		en.Say("Hello {name}", "name", "{n}"):                            "Hello {n}",
		de.Say("Hello {name}", "name", "'<b>'"):                          "Hallo '<b>'",
		de.Say("Delete"):                                                 "Löschen",
		de.Say("Not translated, it's"):                                   "Not translated, it's",
		de.Say("{n, number} left", "n", 12345):                           "noch 12.345",
		en.Say(files+" of {all, number}", "n", 1234, "all", int64(5000)): "1,234 files of 5,000",
		en.Say(files, "n", 0) + en.Say(files, "n", 1):                    "nothing1 file",
		en.Say("'{' and '#' and it's {x}"):                               "{ and # and it's ",
		en.Say("{who, select, me {You} other {{who}}} left.", "who", "Ada") + en.Say("{who, select, me {You} other {{who}}} left.", "who", "me"): "Ada left.You left.",
		en.Say("{not a message"): "{not a message",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := ar.Say("{name} of {n}, {address}", "name", "a.txt", "n", 3, "address", "https://host/x"); got != "\u2068a.txt\u2069 of 3, https://host/x" {
		t.Errorf("got %q, want the name in its own direction", got)
	}
	var got strings.Builder
	for _, n := range []any{0, 1, 2, 3, 11, 100, uint64(1e18 + 3), -1, "3"} {
		got.WriteString(ar.Say("{n, plural, one {# file} other {# files}}", "n", n))
	}
	if want := "zotfmxfof"; got.String() != want {
		t.Errorf("Arabic plurals: got %s, want %s", got.String(), want)
	}
}

func TestLanguagesAreFound(t *testing.T) {
	all := rig(t)
	for _, c := range []struct{ want, wishes string }{
		{"de", "de_AT"}, {"de", "|de-CH, en;q=0.8"}, {"en", "|fr, nl;q=0.5"}, {"ar", "|fr, ar-EG;q=0.5, en;q=0.1"}, {"en", "fr|"}, {"de", "xx|de"}, {"en", "en_GB|de"}, {"en", "|;;;=q,*"},
	} {
		if got := all.For(strings.Split(c.wishes, "|")...); got.Code != c.want {
			t.Errorf("%s: got %s, want %s", c.wishes, got.Code, c.want)
		}
	}
	if all.Each()[0].Code != "en" || all.For("ar").Dir() != "rtl" || all.For("de").Dir() != "ltr" {
		t.Errorf("got %v, want English first and Arabic from the right", all.Each())
	}
}

func TestWhatIsNoMessageSaysWhere(t *testing.T) {
	for _, wrong := range []string{"{", "{n", "a } b", "{n, plural}", "{n, plural, one {x}}", "{n, date}", "{n, plural, other {x}", "{}", "a '{n}"} {
		if _, err := parse(wrong); err == nil || !strings.Contains(err.Error(), " at ") {
			t.Errorf("%s: got %v, want where it is wrong", wrong, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("{n, plural, =0 {none} one {# of {all, number}} other {it's '{#}'}}")
	f.Add("{a, select, x {{n, plural, other {#}}} other {}}")
	f.Fuzz(func(t *testing.T, text string) {
		pieces, err := parse(text)
		if err == nil && !strings.ContainsAny(text, "{}#'") && text != "" && (len(pieces) != 1 || pieces[0].plain != text) {
			t.Errorf("%q: plain text became %v", text, pieces)
		}
		English().Say(text, "n", 2, "a", "x")
	})
}
