package previews

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/feature/previews/raster"
)

// store keeps previews as files: <dir>/<two digits>/<content>/<variant>. A file is
// a header of 16 bytes and the picture; one without a picture says that there is
// none, and why it would be the same again. The time of a file is when it was
// looked at last, give or take an hour.
type store struct {
	dir   string
	mu    sync.RWMutex // held for writing by whoever empties the store
	added atomic.Int64 // bytes since the last sweep
	total atomic.Int64 // bytes that the last sweep left
	swept atomic.Int64 // Unix time of the last sweep
}

func newStore(dir string) *store { return &store{dir: dir} }

const (
	storeMagic = "APV1"
	headerSize = 16
	// touchAfter is how inexact the time of the last look is.
	touchAfter = time.Hour
)

// kept is a preview from the store. A nil file means that there is none to be had.
type kept struct {
	raster.Made
	file *os.File
	size int64  // bytes of the picture
	why  string // of a missing one: what it was tried with
	at   time.Time
}

func (k *kept) Close() {
	if k.file != nil {
		_ = k.file.Close()
	}
}

// picture reads the picture without its header.
func (k *kept) picture() io.ReadSeeker { return io.NewSectionReader(k.file, headerSize, k.size) }

// shelf is the folder of a content.
func (s *store) shelf(content int64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%02x", content&0xff), strconv.FormatInt(content, 36))
}

// get opens a preview; fault.NotFound when it was not made yet, or is damaged.
func (s *store) get(content int64, variant string, now time.Time) (*kept, error) {
	f, err := os.Open(filepath.Join(s.shelf(content), variant))
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, err, "")
	}
	k, err := read(f)
	if err != nil {
		_ = f.Close()
		return nil, fault.Wrap(fault.NotFound, err, "")
	}
	if now.Sub(k.at) > touchAfter {
		_ = os.Chtimes(f.Name(), now, now) // at worst it goes earlier than it might
	}
	if k.Type == "" {
		_ = f.Close()
		k.file = nil
	}
	return k, nil
}

func read(f *os.File) (*kept, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var h [headerSize]byte
	if _, err := io.ReadFull(f, h[:]); err != nil || string(h[:4]) != storeMagic {
		return nil, errors.New("damaged")
	}
	k := &kept{file: f, size: fi.Size() - headerSize, at: fi.ModTime()}
	switch h[4] {
	case 1:
		k.Type = "image/jpeg"
	case 2:
		k.Type = "image/png"
	default:
		why := make([]byte, min(k.size, 1000))
		if _, err := io.ReadFull(f, why); err != nil {
			return nil, err
		}
		k.why = string(why)
		return k, nil
	}
	k.Full = h[5] == 1
	k.W, k.H = int(binary.BigEndian.Uint16(h[6:])), int(binary.BigEndian.Uint16(h[8:]))
	if k.size != int64(binary.BigEndian.Uint32(h[12:])) { // cut short by a power cut
		return nil, errors.New("damaged")
	}
	return k, nil
}

// put keeps a preview, or for the zero Made the reason why there is none.
func (s *store) put(content int64, variant string, m raster.Made, data []byte) (err error) {
	h := make([]byte, headerSize, headerSize+len(data))
	copy(h, storeMagic)
	switch m.Type {
	case "image/jpeg":
		h[4] = 1
	case "image/png":
		h[4] = 2
	}
	if m.Full {
		h[5] = 1
	}
	binary.BigEndian.PutUint16(h[6:], uint16(m.W))
	binary.BigEndian.PutUint16(h[8:], uint16(m.H))
	binary.BigEndian.PutUint32(h[12:], uint32(len(data)))
	s.mu.RLock()
	defer s.mu.RUnlock()
	shelf := s.shelf(content)
	for range 3 { // the sweep may take an empty folder away in between
		if err = os.MkdirAll(shelf, 0o700); err != nil {
			return err
		}
		if err = writeFile(shelf, variant, append(h, data...)); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err == nil {
		s.added.Add(int64(headerSize + len(data)))
	}
	return err
}

// writeFile makes a file appear with all its bytes. It is not synced: after a
// power cut a preview is made again.
func writeFile(dir, name string, data []byte) (err error) {
	f, err := os.CreateTemp(dir, "tmp-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}

// empty removes everything.
func (s *store) empty() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.added.Store(0)
	s.total.Store(0)
	return os.RemoveAll(s.dir)
}
