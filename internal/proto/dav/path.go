package dav

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"atrium/internal/base/fault"
)

// place is where a request goes: a mount and a path in it.
type place struct {
	mount *mount
	path  string // decoded, without a trailing slash; "/" is the mount itself
	base  string // what stands before path in URLs, escaped: "/remote.php/dav/files"
	// strip is the part of path that the URL does not show, for aliases.
	strip string
	slash bool // the URL ended in a slash
}

// locate finds where an escaped URL path leads.
func (m *Mux) locate(ctx context.Context, escaped string) (*place, error) {
	for at, a := range m.aliases {
		if rest, ok := below(escaped, at); ok {
			inner, err := a.inner(ctx)
			if err != nil {
				return nil, err
			}
			p, err := m.place(a.mount, rest)
			if err != nil {
				return nil, err
			}
			p.base, p.strip = at, inner
			p.path = strings.TrimSuffix(inner+p.path, "/")
			return p, nil
		}
	}
	rest, ok := below(escaped, m.Base)
	if !ok {
		return nil, fault.New(fault.Denied, "The destination lies outside of this server's files.")
	}
	name, rest, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	p, err := m.place(name, "/"+rest)
	if err != nil {
		return nil, err
	}
	p.base = m.Base + "/" + name
	if rest == "" {
		p.slash = strings.HasSuffix(escaped, "/")
	}
	return p, nil
}

func below(path, at string) (string, bool) {
	rest, ok := strings.CutPrefix(path, at)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// place decodes a path. Segments are split before they are decoded, so that
// %2F cannot make two of one; "." and ".." lead nowhere.
func (m *Mux) place(name, rest string) (*place, error) {
	mt := m.mounts[name]
	if !mt.there() {
		return nil, fault.New(fault.NotFound, "File not found: "+name)
	}
	p := &place{mount: mt, slash: strings.HasSuffix(rest, "/")}
	var b strings.Builder
	for seg := range strings.SplitSeq(rest, "/") {
		if seg == "" {
			continue
		}
		dec, err := url.PathUnescape(seg)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The address is not encoded correctly.")
		}
		if dec == "." || dec == ".." || strings.ContainsAny(dec, "/\x00") {
			return nil, errBadSegment
		}
		b.WriteByte('/')
		b.WriteString(dec)
	}
	p.path = b.String()
	if p.path == "" {
		p.path = "/"
	}
	return p, nil
}

// errBadSegment marks a path that can name nothing: NotFound when it is asked
// for, Invalid when it is to be written.
var errBadSegment = fault.New(fault.NotFound, "File not found")

// href appends the URL of a resource's path.
func (p *place) href(b []byte, path string, dir bool) []byte {
	b = append(b, p.base...)
	path = strings.TrimPrefix(path, p.strip)
	if path != "/" {
		b = appendEscaped(b, path)
	}
	if (dir || path == "") && (len(b) == 0 || b[len(b)-1] != '/') {
		b = append(b, '/')
	}
	return b
}

const hexDigits = "0123456789abcdef"

// AppendHref percent-encodes a path of a resource, from the root of the server,
// as multistatus bodies show it.
func AppendHref(b []byte, path string) []byte { return appendEscaped(b, path) }

// appendEscaped percent-encodes a path as the recorded server does: lower-case
// hex, and ( ) : ! ' * as they are (10-dav-files/110-after-name-tests).
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~/():!'*", c) >= 0 {
			b = append(b, c)
		} else {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}

// destination reads the Destination header: an absolute URL or a path. Which
// host it names does not matter.
func (m *Mux) destination(r *http.Request) (*place, error) {
	d := r.Header.Get("Destination")
	if d == "" {
		return nil, fault.New(fault.Invalid, "The destination header was not supplied")
	}
	if i := strings.Index(d, "://"); i > 0 {
		rest := d[i+3:]
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			return nil, fault.New(fault.Invalid, "The destination header names no path.")
		}
		d = rest[slash:]
	}
	d, _, _ = strings.Cut(d, "?")
	d, _, _ = strings.Cut(d, "#")
	d = strings.TrimPrefix(d, "/index.php")
	p, err := m.locate(r.Context(), d)
	if err == errBadSegment {
		return nil, fault.New(fault.Invalid, "The destination is not a valid path.")
	}
	return p, err
}
