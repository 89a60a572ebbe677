// Package extract reads the text of documents: plain text, HTML, mail, PDF, and
// the formats of office suites and e-books that are XML in a zip. It wants words,
// not looks. What is broken or hostile costs bounded memory and time and gives an
// error, never a panic; formats that can explode are still best read in a process
// of their own (Risky).
package extract

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of one document.
const (
	inflated = 64 << 20 // bytes that come out of all its archives
	partsMax = 2000     // files in an archive that are read
)

// ErrFormat means that a document is not what its name says, or is broken.
var ErrFormat = errors.New("the document cannot be read")

// errFull ends reading when there is enough text.
var errFull = errors.New("enough text")

type reader struct {
	read  func(r io.ReaderAt, size int64, out *text) error
	risky bool
}

func readerOf(mediaType string) (reader, bool) {
	switch mediaType {
	case "text/html", "application/xhtml+xml":
		return reader{readHTML, false}, true
	case "message/rfc822":
		return reader{readMail, false}, true
	case "application/json", "application/xml", "application/yaml", "application/toml", "application/javascript", "application/sql",
		"application/x-tex", "application/x-php", "application/gpx+xml", "image/svg+xml":
		return reader{readPlain, false}, true
	case PDF:
		return reader{readPDF, true}, true
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return reader{readParts(wordParts), true}, true
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return reader{readSheets, true}, true
	case "application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return reader{readParts(slideParts), true}, true
	case "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
		"application/vnd.oasis.opendocument.presentation", "application/vnd.oasis.opendocument.graphics":
		return reader{readParts(odfParts), true}, true
	case "application/epub+zip":
		return reader{readBook, true}, true
	case "text/rtf", "text/calendar", "text/vcard":
		return reader{}, false
	}
	if strings.HasPrefix(mediaType, "text/") {
		return reader{readPlain, false}, true
	}
	return reader{}, false
}

// PDF is the media type of PDF.
const PDF = "application/pdf"

// Reads tells whether the text of a type of document can be read.
func Reads(mediaType string) bool {
	_, ok := readerOf(mediaType)
	return ok
}

// Risky tells whether a type is an archive or a language in which a small document
// can make a lot of work, so that it is read in a cage.
func Risky(mediaType string) bool {
	r, _ := readerOf(mediaType)
	return r.risky
}

// Text reads the text of a document, at most so many bytes of it. A document
// without text is "".
func Text(r io.ReaderAt, size int64, mediaType string, most int) (s string, err error) {
	rd, ok := readerOf(mediaType)
	if !ok {
		return "", fmt.Errorf("%w: %s", ErrFormat, mediaType)
	}
	defer func() {
		if p := recover(); p != nil { // of a library that met what it did not expect
			s, err = "", fmt.Errorf("%w: %v", ErrFormat, p)
		}
	}()
	out := &text{left: most}
	err = rd.read(r, size, out)
	if err != nil && !errors.Is(err, errFull) && (out.b.Len() == 0 || !errors.Is(err, ErrFormat)) {
		return "", err
	}
	return out.String(), nil // of a document that breaks off, what there is
}

// text gathers what was read.
type text struct {
	b    strings.Builder
	left int
	gap  string // what stands before the next word
}

// write adds text and returns errFull when there is enough. Blanks at its ends and
// runs of them count as one.
func (t *text) write(s string) error {
	for s != "" {
		i := strings.IndexFunc(s, visible)
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			t.space(s[:i])
			s = s[i:]
			continue
		}
		end := strings.IndexFunc(s, invisible)
		if end < 0 {
			end = len(s)
		}
		if t.left < end+len(t.gap) {
			t.left = 0
			return errFull
		}
		t.left -= end + len(t.gap)
		t.b.WriteString(t.gap)
		t.b.WriteString(s[:end])
		t.gap, s = "", s[end:]
	}
	return nil
}

func visible(r rune) bool   { return !invisible(r) }
func invisible(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xa0 || r == 0xfffd || r == 0xfeff }

func (t *text) space(s string) {
	switch {
	case t.b.Len() == 0:
	case strings.ContainsAny(s, "\n\r"):
		t.gap = "\n"
	case t.gap == "":
		t.gap = " "
	}
}

func (t *text) String() string { return strings.ToValidUTF8(t.b.String(), "") }
