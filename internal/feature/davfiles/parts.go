package davfiles

import (
	"bufio"
	"bytes"
	"io"
	"net/textproto"
	"strings"
)

// parts reads a multipart body (RFC 2046 5.1) whose parts all tell their length,
// so that no byte of their contents is looked at and any may hold the boundary.
type parts struct {
	r        *bufio.Reader
	boundary []byte // with its two dashes
}

// Bounds of what stands between contents.
const (
	partLine  = 16 << 10 // bytes of a line
	partLines = 64       // lines of a header, or before the first boundary
)

func newParts(r io.Reader, boundary string) *parts {
	return &parts{r: bufio.NewReaderSize(r, 4*partLine), boundary: []byte("--" + boundary)}
}

// next reads up to the next part's content and returns its header by canonical
// names; io.EOF after the last part. The content is the caller's to read, and
// then ends is to be called.
func (p *parts) next() (map[string]string, error) {
	for n := 0; ; n++ {
		line, err := p.line()
		if err != nil || n == partLines {
			return nil, errPart
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

func (p *parts) header() (map[string]string, error) {
	h := map[string]string{}
	for range partLines {
		line, err := p.line()
		if err != nil {
			return nil, errPart
		}
		if len(line) == 0 {
			return h, nil
		}
		name, value, colon := strings.Cut(string(line), ":")
		if !colon {
			return nil, errPart
		}
		h[textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return nil, errPart
}

// ends checks that a content ends where its length said: at a line end before a
// boundary.
func (p *parts) ends() error {
	for _, nl := range []string{"\r\n", "\n"} {
		want := nl + string(p.boundary)
		if got, _ := p.r.Peek(len(want)); string(got) == want {
			_, err := p.r.Discard(len(nl))
			return err
		}
	}
	return errPart
}

// line reads a line without its end. It is valid until the next read.
func (p *parts) line() ([]byte, error) {
	line, err := p.r.ReadSlice('\n')
	if err != nil && (err != io.EOF || len(line) == 0) {
		return nil, err
	}
	if len(line) > partLine {
		return nil, errPart
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
}
