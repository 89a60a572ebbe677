package dav

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
)

func TestBodiesThatAreRefused(t *testing.T) {
	laughs := `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]><d:propfind xmlns:d="DAV:">&lol2;</d:propfind>`
	for name, body := range map[string]string{
		"billion laughs":     laughs,
		"external entity":    `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>`,
		"external subset":    `<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>`,
		"parameter entity":   `<!DOCTYPE x [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]><x/>`,
		"unknown entity":     `<x>&e;</x>`,
		"too deep":           strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000),
		"too many elements":  "<a>" + strings.Repeat("<b/>", 50_000) + "</a>",
		"too many props":     `<d:propfind xmlns:d="DAV:"><d:prop>` + strings.Repeat("<d:x/>", 1000) + `</d:prop></d:propfind>`,
		"two roots":          "<a/><b/>",
		"no root":            "<?xml version='1.0'?>",
		"text only":          "hello",
		"not closed":         "<a><b></a>",
		"prefix of a prefix": `<a:b:c xmlns:a="urn:a"/>`,
		"empty prefix":       `<a:b xmlns:a=""/>`,
		"not UTF-8":          "<a>\xff</a>",
		"NUL":                "<a>\x00</a>",
		"other encoding":     `<?xml version="1.0" encoding="UTF-16"?><a/>`,
	} {
		if n, err := ParseXML([]byte(body)); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
}

// A text that comes in many pieces costs no more than one that comes whole.
func TestTextInPieces(t *testing.T) {
	n, err := ParseXML([]byte("<a>" + strings.Repeat("x<!---->", 120_000) + "</a>"))
	if err != nil || len(n.Text) != 120_000 {
		t.Fatalf("%v", err)
	}
}

func FuzzParseXML(f *testing.F) {
	for _, s := range []string{
		`<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:getetag/><oc:id/></d:prop></d:propfind>`,
		`<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x" a="1">t &amp; <b/>u</x></prop></set></propertyupdate>`,
		"<a><![CDATA[<b>]]></a>", "<!DOCTYPE a><a/>", "<a xmlns:b='urn:b' b:c='d'/>", "<a>&#13;&#10;</a>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := ParseXML(body)
		if err != nil {
			if !errors.Is(err, fault.Invalid) {
				t.Fatalf("%v", err)
			}
			return
		}
		shallow(t, n, 0)
		// What a dead property keeps can be read again and stays what it is.
		inner := append(append([]byte("<x>"), n.Inner()...), "</x>"...)
		again, err := ParseXML(inner)
		if err != nil {
			if len(inner) < 1<<16 && !strings.Contains(err.Error(), errXMLLimit.Error()) {
				t.Fatalf("%q does not parse again: %v", inner, err)
			}
			return
		}
		if string(again.Inner()) != string(n.Inner()) {
			t.Errorf("%q became %q", n.Inner(), again.Inner())
		}
	})
}

func FuzzAppendText(f *testing.F) {
	f.Add("plain")
	f.Add("a<b>&\"'\r\n\t\x00\x1f\xff\ufffe😀")
	f.Fuzz(func(t *testing.T, s string) {
		escaped := AppendText(nil, s)
		var got string
		if err := xml.Unmarshal([]byte("<a>"+string(escaped)+"</a>"), &got); err != nil {
			t.Fatalf("%q: %v", escaped, err)
		}
		if want := xmlable(s); got != want {
			t.Errorf("%q came back as %q, want %q", s, got, want)
		}
	})
}

// xmlable is s with U+FFFD in place of what XML cannot hold (XML 1.0, 2.2).
func xmlable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if r == utf8.RuneError || r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestParseIf(t *testing.T) {
	got, err := ParseIf(`<http://h/a> (<opaquelocktoken:1> ["e)1"]) (Not <DAV:no-lock>) </b> ([W/"x"])`)
	want := []IfList{
		{Resource: "http://h/a", Alternatives: [][]Condition{{{Token: "opaquelocktoken:1"}, {ETag: `"e)1"`}}, {{Not: true, Token: "DAV:no-lock"}}}},
		{Resource: "/b", Alternatives: [][]Condition{{{ETag: `W/"x"`}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, bad := range []string{"x", "(", "()", "<a", "<a>", "(<a)", "([a)", "(Not)", "(a)", "<a> <b> (<c>)", strings.Repeat("(<a>)", maxTerms+1)} {
		if l, err := ParseIf(bad); !errors.Is(err, fault.Invalid) {
			t.Errorf("%.20q: %v, %v", bad, l, err)
		}
	}
}

func FuzzParseIf(f *testing.F) {
	f.Add(`<http://h/a> (<opaquelocktoken:1> ["e1"]) (Not <DAV:no-lock>)`)
	f.Add(`(["a)b"])`)
	f.Add(`(Not["x"]<y>)`)
	f.Fuzz(func(t *testing.T, s string) {
		lists, err := ParseIf(s)
		if err != nil {
			if !errors.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		for _, l := range lists {
			for _, alt := range l.Alternatives {
				for _, c := range alt {
					if c.Token != "" && c.ETag != "" {
						t.Errorf("%q: a condition with a token and an etag", s)
					}
				}
			}
		}
	})
}

func TestParseRange(t *testing.T) {
	for _, c := range []struct {
		spec    string
		size    int64
		off, n  int64
		ok, bad bool
	}{
		{"bytes=0-9", 100, 0, 10, true, false}, {"bytes=90-", 100, 90, 10, true, false}, {"bytes=-5", 100, 95, 5, true, false},
		{"bytes=-500", 100, 0, 100, true, false}, {"bytes=95-500", 100, 95, 5, true, false}, {"bytes=100-", 100, 0, 0, false, true},
		{"bytes=-0", 100, 0, 0, false, true}, {"bytes=0-0", 0, 0, 0, false, true}, {"bytes=9-0", 100, 0, 0, false, false},
		{"bytes=0-1,5-6", 100, 0, 0, false, false}, {"lines=1-2", 100, 0, 0, false, false}, {"bytes=a-b", 100, 0, 0, false, false},
		{"bytes=+1-2", 100, 0, 0, false, false}, {"bytes=--1", 100, 0, 0, false, false}, {"bytes=99999999999999999999-", 100, 0, 0, false, false},
	} {
		off, n, ok, err := ParseRange(c.spec, c.size)
		if off != c.off || n != c.n || ok != c.ok || (err != nil) != c.bad {
			t.Errorf("%s of %d: %d+%d %v %v", c.spec, c.size, off, n, ok, err)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	f.Add("bytes=0-9", int64(100))
	f.Add("bytes=-1", int64(0))
	f.Fuzz(func(t *testing.T, spec string, size int64) {
		if size < 0 {
			return
		}
		off, n, ok, err := ParseRange(spec, size)
		if ok && err != nil || ok && (off < 0 || n <= 0 || off+n > size) {
			t.Errorf("%q of %d: %d+%d, %v", spec, size, off, n, err)
		}
	})
}

func FuzzTimeout(f *testing.F) {
	f.Add("Second-600, Infinite")
	f.Add("Infinite")
	f.Add("Second--1, second-99999999999999999999")
	f.Fuzz(func(t *testing.T, s string) {
		if d := ParseTimeout(s); d < time.Second || d > lockMax {
			t.Errorf("%q: %v", s, d)
		}
	})
}

func FuzzDepth(f *testing.F) {
	f.Add("infinity")
	f.Add(" 1 ")
	f.Add("-1")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := depth(&http.Request{Header: http.Header{"Depth": {s}}}, 1)
		if err == nil && n != forever && (n < 0 || n > 1000) {
			t.Errorf("%q: %d", s, n)
		}
	})
}

type nowhere struct{ Collection }

func FuzzDestination(f *testing.F) {
	f.Add("http://h/remote.php/dav/files/alice/a%2Fb")
	f.Add("/remote.php/dav/files/alice/../bob/%2e%2e/x?y#z")
	f.Add("//h/remote.php/webdav/%00")
	f.Add("/index.php/remote.php/webdav/a//b/")
	f.Fuzz(func(t *testing.T, s string) {
		m := NewMux("/remote.php/dav")
		m.Mount("files", nowhere{})
		m.Alias("/remote.php/webdav", "files", func(context.Context) (string, error) { return "/alice", nil })
		p, err := m.destination(&http.Request{Header: http.Header{"Destination": {s}}})
		if err != nil {
			if fault.Of(err) == fault.Internal {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if !strings.HasPrefix(p.path, "/") {
			t.Errorf("%q leads to %q", s, p.path)
		}
		for seg := range strings.SplitSeq(p.path, "/") {
			if seg == "." || seg == ".." || strings.Contains(seg, "\x00") {
				t.Errorf("%q leads to %q", s, p.path)
			}
		}
	})
}

// shallow checks the bounds of a tree.
func shallow(t *testing.T, n *Node, level int) {
	if level > maxDepth {
		t.Fatal("too deep")
	}
	for _, c := range n.Children {
		shallow(t, c, level+1)
	}
}
