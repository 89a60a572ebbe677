package disk

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
)

// stream writes the body to w and checks its length.
func stream(ctx context.Context, w *steady, r io.Reader, size int64) (int64, error) {
	var buf []byte
	if size >= 0 && size < small {
		buf = make([]byte, size+1) // one more byte shows a body that is too long
	} else {
		b := buffers.Get().(*[bufSize]byte)
		defer buffers.Put(b)
		buf = b[:]
	}
	var total int64
	for {
		n, rerr := fill(r, buf)
		total += int64(n)
		if size >= 0 && total > size {
			return 0, blob.WrongLength(size, total)
		}
		if _, err := w.f.Write(buf[:n]); err != nil {
			return 0, broken(err)
		}
		w.wrote(int64(n))
		if rerr == io.EOF && size >= 0 && total < size {
			return 0, blob.WrongLength(size, total)
		}
		if rerr == io.EOF {
			return total, nil
		}
		if rerr == io.ErrUnexpectedEOF { // how net/http says that the sender went away
			return 0, fault.Wrap(fault.Invalid, fmt.Errorf("body: %w", rerr), "The file did not arrive whole.")
		}
		if rerr != nil {
			return 0, fmt.Errorf("body: %w", rerr)
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
}

// fill reads until b is full or r ends. Unlike io.ReadFull it gives r's error
// as it is: a body that ends and a body that breaks off must stay apart.
func fill(r io.Reader, b []byte) (int, error) {
	n, idle := 0, 0
	for n < len(b) {
		m, err := r.Read(b[n:])
		n += m
		if err != nil {
			return n, err
		}
		if m > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// steady keeps the disk busy while a big file is written, so that the fsync
// at its end is short and little of the memory is dirty: when a window is
// full its write-back begins, and the one before it is waited for.
type steady struct {
	f      *os.File
	off    int64 // written
	begun  int64 // write-back begun up to here
	ranges bool  // off: the file is not to be synced
}

func (s *Store) steady(f *os.File) *steady { return &steady{f: f, ranges: !s.NoSync} }

func (w *steady) wrote(n int64) {
	w.off += n
	if !w.ranges || w.off-w.begun < window {
		return
	}
	fd := int(w.f.Fd())
	// Only a hint: what it misses, and every error, shows in the fdatasync.
	_ = unix.SyncFileRange(fd, w.begun, w.off-w.begun, unix.SYNC_FILE_RANGE_WRITE)
	if w.begun >= window {
		_ = unix.SyncFileRange(fd, w.begun-window, window,
			unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER)
	}
	w.begun = w.off
}
