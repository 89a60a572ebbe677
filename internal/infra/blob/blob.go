// Package blob keeps immutable runs of bytes under opaque keys. It knows no
// names, owners or files: those are rows elsewhere that refer to a key.
//
// Driver is what a place for bytes must do; what only some places can do
// (copy or join without moving bytes through us, hand out the open file) are
// small optional interfaces that callers ask for by type assertion.
package blob

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"time"

	"atrium/internal/base/fault"
)

// Driver keeps blobs. Keys match [a-z0-9]{1,64} and are never written twice.
// Every driver passes blobtest.Run.
//
// Errors are faults: Invalid for a malformed key, a body whose length is not
// the announced one, or a range outside the blob; NotFound; Exists; Full when
// the place has no room; Unavailable when it does not answer as it should.
// An error of the body's reader comes back wrapped, with its own kind.
type Driver interface {
	// Put stores what r gives until EOF and returns its length in bytes. A size
	// ≥ 0 is a promise that is checked; -1 is unknown. Nothing is to be seen
	// under key before the body is complete, nothing is left after an error,
	// and after nil the bytes survive a power cut.
	Put(ctx context.Context, key string, r io.Reader, size int64) (int64, error)
	// Open reads n bytes from off; n < 0 reads to the end. Reading ends with
	// io.EOF exactly after the last byte asked for, never earlier.
	Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error)
	// Stat tells a blob's length and age.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes keys; a missing one is no error. A crash soon after may
	// bring a deleted blob back.
	Delete(ctx context.Context, keys ...string) error
	// List yields all blobs whose key starts with prefix, in any order. It ends
	// with an error or is complete.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Info describes one blob.
type Info struct {
	Key     string
	Size    int64 // bytes
	ModTime time.Time
}

// Copier copies a blob inside the place.
type Copier interface {
	Copy(ctx context.Context, dst, src string) error
}

// Joiner makes one blob of others, in order, and leaves the parts alone.
type Joiner interface {
	Join(ctx context.Context, key string, parts []string) (int64, error)
}

// Signer makes a URL from which anybody can read the blob for a while.
type Signer interface {
	URL(ctx context.Context, key string, ttl time.Duration) (*url.URL, error)
}

// Aliver tells whether the place is the one that was opened and answers.
type Aliver interface {
	Alive(ctx context.Context) error // nil or fault.Unavailable
}

// Filer is met by readers that Open returns when the bytes lie in a local
// file: it stands at the range's first byte and Len bytes remain to be read
// of it, so that io.CopyN(w, f.File(), f.Len()) can use sendfile. Who reads
// from the file does not read from the reader as well, but closes the reader.
type Filer interface {
	File() *os.File
	Len() int64
}

// Alive asks the driver whether it is well; one that cannot tell is.
func Alive(ctx context.Context, d Driver) error {
	if a, ok := d.(Aliver); ok {
		return a.Alive(ctx)
	}
	return nil
}

// Join makes one blob of parts, by the driver's own means when it has some,
// else by reading and writing them.
func Join(ctx context.Context, d Driver, key string, parts []string) (int64, error) {
	if j, ok := d.(Joiner); ok {
		return j.Join(ctx, key, parts)
	}
	r := &partsReader{ctx: ctx, d: d, parts: parts}
	defer r.Close()
	return d.Put(ctx, key, r, -1)
}

// partsReader reads blobs one after another and holds one open at a time.
type partsReader struct {
	ctx   context.Context
	d     Driver
	parts []string
	cur   io.ReadCloser
}

func (p *partsReader) Read(b []byte) (int, error) {
	for {
		if p.cur == nil {
			if len(p.parts) == 0 {
				return 0, io.EOF
			}
			r, err := p.d.Open(p.ctx, p.parts[0], 0, -1)
			if err != nil {
				return 0, err
			}
			p.cur, p.parts = r, p.parts[1:]
		}
		n, err := p.cur.Read(b)
		if err == io.EOF {
			err = p.Close()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (p *partsReader) Close() error {
	if p.cur == nil {
		return nil
	}
	err := p.cur.Close()
	p.cur = nil
	return err
}

// CheckKey refuses keys that are not [a-z0-9]{1,64}.
func CheckKey(key string) error {
	if key == "" || len(key) > 64 {
		return fault.Wrap(fault.Invalid, fmt.Errorf("blob key of %d bytes", len(key)), "This is no key of a blob.")
	}
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return fault.Wrap(fault.Invalid, fmt.Errorf("blob key %q", key), "This is no key of a blob.")
		}
	}
	return nil
}

// Range resolves off and n (as given to Driver.Open) in a blob of size bytes
// to the number of bytes to read; outside the blob it is fault.Invalid.
func Range(size, off, n int64) (int64, error) {
	if off < 0 || off > size || n > size-off {
		return 0, fault.Wrap(fault.Invalid, fmt.Errorf("%d bytes at %d of %d", n, off, size), "The range lies outside the file.")
	}
	if n < 0 {
		return size - off, nil
	}
	return n, nil
}

// WrongLength is the fault of a body whose length is not the announced one.
func WrongLength(want, got int64) error {
	return fault.Wrap(fault.Invalid, fmt.Errorf("body of %d bytes, announced %d", got, want),
		"The file did not arrive with the length that was announced.")
}
