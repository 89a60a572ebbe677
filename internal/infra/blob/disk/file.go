package disk

import (
	"fmt"
	"io"
	"os"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
)

// File reads a range of one blob. It is a blob.Filer, and an io.WriterTo, so
// that io.Copy to a network connection is a sendfile.
type File struct {
	f    *os.File // stands at the next byte
	left int64
}

func newFile(f *os.File, off, n int64) (*File, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, broken(err)
	}
	if n, err = blob.Range(fi.Size(), off, n); err != nil {
		return nil, err
	}
	if off > 0 {
		if _, err := f.Seek(off, io.SeekStart); err != nil {
			return nil, broken(err)
		}
	}
	return &File{f, n}, nil
}

// File implements blob.Filer.
func (r *File) File() *os.File { return r.f }

// Len implements blob.Filer.
func (r *File) Len() int64 { return r.left }

// Read implements io.Reader.
func (r *File) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if int64(len(b)) > r.left {
		b = b[:r.left]
	}
	n, err := r.f.Read(b)
	r.left -= int64(n)
	if err == io.EOF {
		return n, r.short()
	}
	if err != nil {
		return n, broken(err)
	}
	return n, nil
}

// WriteTo implements io.WriterTo. An error of w is returned as it is.
func (r *File) WriteTo(w io.Writer) (int64, error) {
	n, err := io.CopyN(w, r.f, r.left)
	r.left -= n
	if err == io.EOF {
		err = r.short()
	}
	return n, err
}

// Close implements io.Closer.
func (r *File) Close() error { return r.f.Close() }

// short is the error of a file that lost bytes since it was opened.
func (r *File) short() error {
	return fault.Wrap(fault.Unavailable, fmt.Errorf("%s: %d bytes missing: %w", r.f.Name(), r.left, io.ErrUnexpectedEOF), unavailable)
}
