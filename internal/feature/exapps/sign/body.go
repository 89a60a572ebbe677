package sign

import (
	"crypto/subtle"
	"errors"
	"io"

	"github.com/cespare/xxhash/v2"
)

// ErrBody ends a body whose bytes are not those that were signed.
var ErrBody = errors.New("the body is not the one that was signed")

// chunk is how much of a body is read at once, and held back.
const chunk = 32 << 10

// Body reads a body and holds it to its hash. The last bytes are handed out only when
// all have been read and are right; until then a reader that is content with a part of
// the body could take a forged one for the whole. A wrong body ends with ErrBody in
// place of io.EOF, so that whoever writes it down refuses it.
func Body(r io.Reader, hash string) io.Reader {
	return &body{src: r, want: hash, sum: xxhash.New()}
}

type body struct {
	src   io.Reader
	want  string
	sum   *xxhash.Digest
	out   []byte // may be handed out
	held  []byte // was read, and waits for what follows
	spare []byte
	end   error // nil while there is more to read
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(b.out) == 0 {
		if b.end != nil {
			return 0, b.end
		}
		b.fill()
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

// fill reads on, and lets out what was held before.
func (b *body) fill() {
	if cap(b.spare) == 0 {
		b.spare = make([]byte, chunk)
	}
	next := b.spare[:cap(b.spare)]
	n, err := io.ReadFull(b.src, next)
	_, _ = b.sum.Write(next[:n]) // a hash takes everything
	switch {
	case err == nil:
		b.spare, b.out, b.held = b.held, b.held, next
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		b.end = err
	case subtle.ConstantTimeCompare([]byte(hashText(b.sum.Sum64())), []byte(b.want)) == 0:
		b.end = ErrBody
	default:
		b.out, b.end = append(b.held, next[:n]...), io.EOF
	}
}
