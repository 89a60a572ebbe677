// Package parts reads multipart bodies (RFC 2046 5.1) whose parts all tell their
// length, as bulk uploads are made of. It knows nothing of what the parts mean.
package parts

import (
	"bufio"
	"bytes"
	"io"
	"net/textproto"
	"strings"

	"atrium/internal/base/fault"
)

// ErrMalformed is every fault of a body's form; a fault.Invalid.
var ErrMalformed = fault.New(fault.Invalid, "A part of the upload is not as it must be.")

// Reader reads one body. Since the contents' lengths are known, no byte of them is
// looked at and any may hold the boundary.
type Reader struct {
	r        *bufio.Reader
	boundary []byte // with its two dashes
}

// Bounds of what stands between contents.
const (
	partLine  = 16 << 10 // bytes of a line
	partLines = 64       // lines of a header, or before the first boundary
)

// New returns a reader of parts that are separated by a boundary.
func New(r io.Reader, boundary string) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 4*partLine), boundary: []byte("--" + boundary)}
}

// Next reads up to the next part's content and returns its header by canonical
// names; io.EOF after the last part. The content is the caller's to read from the
// Reader, and then End is to be called.
func (p *Reader) Next() (map[string]string, error) {
	for n := 0; ; n++ {
		line, err := p.line()
		if err != nil || n == partLines {
			return nil, ErrMalformed
		}
		rest, found := bytes.CutPrefix(line, p.boundary)
		if !found {
			continue // before the first part anything may stand
		}
		switch string(bytes.TrimRight(rest, " \t")) {
		case "":
			return p.header()
		case "--":
			return nil, io.EOF
		}
	}
}

func (p *Reader) header() (map[string]string, error) {
	h := map[string]string{}
	for range partLines {
		line, err := p.line()
		if err != nil {
			return nil, ErrMalformed
		}
		if len(line) == 0 {
			return h, nil
		}
		name, value, colon := strings.Cut(string(line), ":")
		if !colon {
			return nil, ErrMalformed
		}
		h[textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return nil, ErrMalformed
}

// Read implements io.Reader for the contents.
func (p *Reader) Read(b []byte) (int, error) { return p.r.Read(b) }

// End checks that a content ends where its length said: at a line end before a
// boundary.
func (p *Reader) End() error {
	for _, nl := range []string{"\r\n", "\n"} {
		want := nl + string(p.boundary)
		if got, _ := p.r.Peek(len(want)); string(got) == want {
			_, err := p.r.Discard(len(nl))
			return err
		}
	}
	return ErrMalformed
}

// line reads a line without its end. It is valid until the next read.
func (p *Reader) line() ([]byte, error) {
	line, err := p.r.ReadSlice('\n')
	if err != nil && (err != io.EOF || len(line) == 0) {
		return nil, err
	}
	if len(line) > partLine {
		return nil, ErrMalformed
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
}
