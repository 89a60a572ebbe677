package extract

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// stream reads a document from its beginning, so much of it as one may inflate.
func stream(r io.ReaderAt, size int64) io.Reader {
	return io.NewSectionReader(r, 0, min(size, inflated))
}

// decoded turns text into UTF-8: by its byte order mark, else as it says, else as
// UTF-8 if it is that, else as Windows-1252.
func decoded(r io.Reader, charset string) io.Reader {
	head := make([]byte, 4096)
	n, _ := io.ReadFull(r, head)
	head = head[:n]
	all := io.MultiReader(bytes.NewReader(head), r)
	var enc encoding.Encoding
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		enc = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case utf8.Valid(wholeRunes(head)):
		return all
	default:
		if e, err := htmlindex.Get(charset); err == nil {
			enc = e
		} else {
			enc = charmap.Windows1252
		}
	}
	return enc.NewDecoder().Reader(all)
}

// wholeRunes cuts a character that is not complete at the end.
func wholeRunes(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}

func readPlain(r io.ReaderAt, size int64, out *text) error {
	return copyText(decoded(stream(r, size), ""), out)
}

// copyText writes a stream piece by piece, each ending between two words.
func copyText(r io.Reader, out *text) error {
	buf, kept := make([]byte, 32<<10), 0
	for {
		n, err := r.Read(buf[kept:])
		n += kept
		piece := buf[:n]
		if err == nil {
			piece = buf[:wordEnd(buf[:n])]
		}
		if bytes.IndexByte(piece, 0) >= 0 { // no text, whatever its name says
			return ErrFormat
		}
		if werr := out.write(string(piece)); werr != nil {
			return werr
		}
		kept = copy(buf, buf[len(piece):n])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// wordEnd is where the last blank of b ends; if there is none it is the end of the
// last character.
func wordEnd(b []byte) int {
	if i := bytes.LastIndexAny(b, " \n\t"); i >= 0 {
		return i + 1
	}
	if len(b) < 16<<10 {
		return 0
	}
	return len(wholeRunes(b))
}

func readHTML(r io.ReaderAt, size int64, out *text) error {
	return htmlText(decoded(stream(r, size), ""), out)
}

// htmlText writes what is between the tags, without scripts and styles.
func htmlText(r io.Reader, out *text) error {
	z := html.NewTokenizer(r)
	z.SetMaxBuf(1 << 20)
	skip := atom.Atom(0)
	for {
		switch z.Next() {
		case html.ErrorToken:
			if errors.Is(z.Err(), io.EOF) {
				return nil
			}
			return errors.Join(ErrFormat, z.Err())
		case html.TextToken:
			if skip == 0 {
				if err := out.write(string(z.Text())); err != nil {
					return err
				}
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			if a := atom.Lookup(name); a == atom.Script || a == atom.Style || a == atom.Template {
				skip = a
			} else if !inline(a) {
				out.space("\n")
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if a := atom.Lookup(name); a == skip {
				skip = 0
			} else if !inline(a) {
				out.space("\n")
			}
		}
	}
}

// inline tells whether a tag can stand inside a word.
func inline(a atom.Atom) bool {
	switch a {
	case atom.A, atom.B, atom.I, atom.U, atom.S, atom.Em, atom.Strong, atom.Span, atom.Font, atom.Small, atom.Sub, atom.Sup, atom.Code, atom.Mark, atom.Abbr:
		return true
	}
	return false
}

// mailDeep is how many mails in mails are looked into.
const mailDeep = 8

func readMail(r io.ReaderAt, size int64, out *text) error {
	return mailText(stream(r, size), out, mailDeep)
}

func mailText(r io.Reader, out *text, deep int) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return errors.Join(ErrFormat, err)
	}
	words := &mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) { return decoded(in, charset), nil }}
	for _, name := range []string{"Subject", "From", "To", "Cc", "Date"} {
		v := m.Header.Get(name)
		if d, err := words.DecodeHeader(v); err == nil {
			v = d
		}
		if err := out.write(v + "\n"); err != nil {
			return err
		}
	}
	return partText(textproto.MIMEHeader(m.Header), m.Body, out, deep)
}

// partText writes a part of a mail: its text, or the name of what is attached.
func partText(h textproto.MIMEHeader, body io.Reader, out *text, deep int) error {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	if _, p, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && p["filename"] != "" {
		if err := out.write(p["filename"] + "\n"); err != nil {
			return err
		}
	}
	switch {
	case deep == 0:
		return nil
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		return partsText(multipart.NewReader(body, params["boundary"]), out, deep-1)
	case kind == "message/rfc822":
		err = mailText(body, out, deep-1)
	case kind == "text/html":
		err = htmlText(decoded(body, params["charset"]), out)
	case strings.HasPrefix(kind, "text/"):
		err = copyText(decoded(body, params["charset"]), out)
	}
	out.space("\n")
	if errors.Is(err, errFull) {
		return err
	}
	return nil // a broken part leaves the others
}

func partsText(r *multipart.Reader, out *text, deep int) error {
	for range partsMax {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(ErrFormat, err)
		}
		if err := partText(p.Header, p, out, deep); err != nil {
			return err
		}
	}
	return nil
}
