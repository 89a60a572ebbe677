package extract

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

const (
	docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	odt  = "application/vnd.oasis.opendocument.text"
)

// archiveOf makes a zip of names and contents in turn.
func archiveOf(t testing.TB, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// page is a PDF with one line on it.
func page(line string) string {
	var b strings.Builder
	var at []int
	obj := func(s string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), s)
	}
	b.WriteString("%PDF-1.4\n")
	obj("<</Type/Catalog/Pages 2 0 R>>")
	obj("<</Type/Pages/Kids[3 0 R]/Count 1>>")
	obj("<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Resources<</Font<</F1 4 0 R>>>>/Contents 5 0 R>>")
	obj("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	ops := "BT /F1 12 Tf 20 200 Td (" + line + ") Tj ET"
	obj(fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(ops), ops))
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.String()
}

func read(s, mediaType string, most int) (string, error) {
	return Text(strings.NewReader(s), int64(len(s)), mediaType, most)
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ kind, in, want string }{
		"plain":    {"text/plain", "one  two\r\nthree\n\n", "one two\nthree"},
		"utf-16":   {"text/plain", "\xff\xfeh\x00\xe4\x00", "hä"},
		"latin":    {"text/plain", "caf\xe9 au lait", "café au lait"},
		"empty":    {"text/markdown", "", ""},
		"json":     {"application/json", `{"a": "b"}`, `{"a": "b"}`},
		"html":     {"text/html", "<title>T</title><style>p{}</style><p>He<b>llo</b><br>w&ouml;rld<script>x()</script>", "T\nHello\nwörld"},
		"docx":     {docx, archiveOf(t, "word/document.xml", `<w:document xmlns:w="w"><w:p><w:r><w:t>Hel</w:t></w:r><w:r><w:t>lo</w:t><w:tab/><w:t>you</w:t><w:instrText>PAGE</w:instrText></w:r></w:p><w:p><w:t>Two</w:t></w:p></w:document>`, "word/media/x.bin", "no"), "Hello you\nTwo"},
		"pptx":     {pptx, archiveOf(t, "ppt/slides/slide10.xml", `<a:p><a:t>ten</a:t></a:p>`, "ppt/slides/slide2.xml", `<a:p><a:t>two</a:t></a:p>`, "ppt/notesSlides/notesSlide1.xml", "<a:t>said</a:t>"), "two\nten\nsaid"},
		"xlsx":     {xlsx, archiveOf(t, "xl/sharedStrings.xml", `<sst><si><t>Name</t></si><si><t>Sum</t></si></sst>`, "xl/worksheets/sheet1.xml", `<c t="s"><v>0</v></c><c><f>A1+1</f><v>4711</v></c><c t="inlineStr"><is><t>here</t></is></c>`), "Name\nSum\n4711\nhere"},
		"odt":      {odt, archiveOf(t, "content.xml", `<office:body><text:h>Title</text:h><text:p>a<text:s/>b<text:tab/>c<text:line-break/>d</text:p></office:body>`), "Title\na b c\nd"},
		"epub":     {"application/epub+zip", archiveOf(t, "OEBPS/1.xhtml", "<p>Once</p>", "OEBPS/2.xhtml", "<p>upon</p>", "x.css", "p{}"), "Once\nupon"},
		"pdf":      {PDF, page("Hello from a page"), "Hello from a page"},
		"mail":     {"message/rfc822", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nsch=F6n\r\n--x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+Ym9sZDwvYj4=\r\n--x\r\nContent-Disposition: attachment; filename=plan.pdf\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--x--\r\n", "Grüße\na@b.example\nschön\nbold\nplan.pdf"},
		"half xml": {odt, archiveOf(t, "content.xml", `<text:p>what there is<`), "what there is"},
	} {
		if got, err := read(c.in, c.kind, 1<<20); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
	if got, err := read("one two three", "text/plain", 8); err != nil || got != "one two" {
		t.Errorf("cut: %q, %v", got, err)
	}
	for _, c := range [][2]string{{PDF, "no pdf"}, {docx, "no zip"}, {"image/png", "x"}, {"text/plain", "a\x00b"}, {"message/rfc822", "no mail"}, {PDF, ""}} {
		if _, err := read(c[1], c[0], 100); !errors.Is(err, ErrFormat) {
			t.Errorf("%s of %q: %v", c[0], c[1], err)
		}
	}
}

// Documents made to explode cost bounded time and memory.
func TestBombs(t *testing.T) {
	zeros := func(n int) string { // a zip whose only part is n MB of blanks
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("content.xml")
		if err != nil {
			t.Fatal(err)
		}
		mb := bytes.Repeat([]byte(" "), 1<<20)
		for range n {
			if _, err := w.Write(mb); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	many := make([]string, 0, 20000)
	for i := range 10000 {
		many = append(many, fmt.Sprintf("word/header%d.xml", i), "<w:p>x")
	}
	loop := "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Count 9999999>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size 2/Root 1 0 R/Prev 9>>\nstartxref\n84\n%%EOF\n"
	for name, c := range map[string][2]string{
		"a zip of blanks": {odt, zeros(300)},
		"deep XML":        {odt, archiveOf(t, "content.xml", strings.Repeat("<a>", 3_000_000))},
		"one long tag":    {odt, archiveOf(t, "content.xml", "<a "+strings.Repeat("b='c' ", 1_000_000))},
		"entities":        {odt, archiveOf(t, "content.xml", `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><x>&b;&b;</x>`)},
		"many parts":      {docx, archiveOf(t, many...)},
		"a loop of pages": {PDF, loop},
		"deep mail":       {"message/rfc822", strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 100000)},
		"deep HTML":       {"text/html", strings.Repeat("<div>", 1_000_000)},
		"one long word":   {"text/plain", strings.Repeat("x", 40<<20)},
	} {
		if got, err := read(c[1], c[0], 1<<20); len(got) > 1<<20 {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func fuzz(f *testing.F, kind string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := Text(bytes.NewReader(b), int64(len(b)), kind, 1000); len(s) > 1000 || err != nil && s != "" {
			t.Errorf("%d bytes, %v", len(s), err)
		}
	})
}

func FuzzPlain(f *testing.F) { fuzz(f, "text/plain", "a b", "\xff\xfea\x00", "\xe9") }

func FuzzHTML(f *testing.F) { fuzz(f, "text/html", "<p>a<!-- b --><script>c</script>&amp;") }

func FuzzMail(f *testing.F) {
	fuzz(f, "message/rfc822", "Subject: a\n\nb", "Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--")
}

func FuzzPDF(f *testing.F) { fuzz(f, PDF, page("a")) }

func FuzzWord(f *testing.F) { fuzz(f, docx, archiveOf(f, "word/document.xml", "<w:p>a</w:p>")) }

func FuzzSheet(f *testing.F) {
	fuzz(f, xlsx, archiveOf(f, "xl/sharedStrings.xml", "<t>a</t>", "xl/worksheets/sheet1.xml", "<c><v>1</v></c>"))
}

// FuzzXML goes past the zip, which a fuzzer seldom does.
func FuzzXML(f *testing.F) {
	f.Add("<a>b<c/>d</a>")
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []struct{ name, part string }{{odt, "content.xml"}, {xlsx, "xl/worksheets/sheet1.xml"}} {
			z := archiveOf(t, kind.part, s)
			if got, err := read(z, kind.name, 1000); len(got) > 1000 || err != nil && got != "" {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}
	})
}
