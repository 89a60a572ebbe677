package archive

import (
	"fmt"
	"io"
)

// Add packs a file whose bytes open gives, through buf. Bytes that are fewer or
// more than e says are an error: an archive is never silently short.
func Add(p Packer, e Entry, open func() (io.ReadCloser, error), buf []byte) error {
	rc, err := open()
	if err != nil {
		return fmt.Errorf("archive of %q: %w", e.Name, err)
	}
	defer rc.Close()
	w, err := p.File(e)
	if err != nil {
		return err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{rc}, buf)
	if err == nil && n != e.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("archive of %q, byte %d of %d: %w", e.Name, n, e.Size, err)
	}
	return nil
}
