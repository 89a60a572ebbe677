package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
)

const (
	bufSize = 1 << 20 // what a big body is streamed through
	small   = 64 << 10
	window  = 8 << 20 // how much is written before the disk is asked to begin
)

var buffers = sync.Pool{New: func() any { return new([bufSize]byte) }}

// Put implements blob.Driver.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64) (int64, error) {
	if err := s.roomFor(size); err != nil {
		return 0, err
	}
	return s.write(ctx, key, func(f *os.File) (int64, error) {
		return stream(ctx, s.steady(f), r, size)
	})
}

// Join implements blob.Joiner. The kernel copies, by reference where the file
// system can.
func (s *Store) Join(ctx context.Context, key string, parts []string) (int64, error) {
	return s.write(ctx, key, func(f *os.File) (int64, error) {
		w := s.steady(f)
		var total int64
		for _, p := range parts {
			n, err := s.appendBlob(ctx, w, p)
			if err != nil {
				return 0, err
			}
			total += n
		}
		return total, nil
	})
}

// Copy implements blob.Copier.
func (s *Store) Copy(ctx context.Context, dst, src string) error {
	_, err := s.Join(ctx, dst, []string{src})
	return err
}

func (s *Store) appendBlob(ctx context.Context, w *steady, key string) (int64, error) {
	r, err := s.Open(ctx, key, 0, -1)
	if err != nil {
		return 0, err
	}
	src := r.(*File)
	defer src.Close()
	total := src.Len()
	for src.left > 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := io.CopyN(w.f, src.f, min(src.left, window))
		src.left -= n
		if err == io.EOF {
			return 0, src.short()
		}
		if err != nil {
			return 0, broken(err)
		}
		w.wrote(n)
	}
	return total, nil
}

// write makes a file without a name, lets fill write it, makes it durable and
// gives it its name.
func (s *Store) write(ctx context.Context, key string, fill func(*os.File) (int64, error)) (int64, error) {
	if err := blob.CheckKey(key); err != nil {
		return 0, err
	}
	dirname := folder(key)
	g, err := s.folderGroup(dirname)
	if err != nil {
		return 0, err
	}
	dir, err := s.root.Open(dirname)
	if err != nil {
		return 0, broken(err)
	}
	defer dir.Close()
	f, temp, err := s.temp(dir)
	if err != nil {
		return 0, broken(err)
	}
	defer f.Close()
	n, err := fill(f)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = s.settle(&unnamed{s, f, temp, dir, key, g}, n)
	}
	if err != nil {
		s.discard(temp)
		return 0, err
	}
	return n, nil
}

// unnamed is a file whose bytes are written, on its way to its key.
type unnamed struct {
	s    *Store
	f    *os.File
	temp string // "" if it has no name at all
	dir  *os.File
	key  string
	g    *group // fsync of dir
}

// settle makes n written bytes durable under their key.
func (s *Store) settle(u *unnamed, n int64) error {
	if s.NoSync {
		return u.link()
	}
	if n > intakeMax {
		return u.alone()
	}
	return s.intake.settle(&pending{link: u.link, alone: u.alone, undo: u.undo})
}

func (u *unnamed) alone() error {
	// fdatasync includes the length, and spares the times.
	if err := unix.Fdatasync(int(u.f.Fd())); err != nil {
		return broken(&os.PathError{Op: "fdatasync", Path: u.f.Name(), Err: err})
	}
	if err := u.link(); err != nil {
		return err
	}
	if err := u.g.do(); err != nil {
		// The name may or may not be durable; nobody is to rely on it.
		u.undo()
		return err
	}
	return nil
}

func (u *unnamed) undo() { u.s.discard(u.s.Path(u.key)) }

// link gives the file its key.
func (u *unnamed) link() error {
	var err error
	if u.temp == "" {
		err = linkFD(int(u.f.Fd()), int(u.dir.Fd()), u.key)
	} else {
		err = u.s.rename(u.temp, u.dir, u.key)
	}
	if errors.Is(err, unix.EEXIST) {
		return fault.Wrap(fault.Exists, fmt.Errorf("blob %s: %w", u.key, err), "The blob exists already.")
	}
	if err != nil {
		return broken(&os.LinkError{Op: "link", Old: u.temp, New: u.key, Err: err})
	}
	return nil
}

// temp opens a new file: without a name, or under the returned one.
func (s *Store) temp(dir *os.File) (*os.File, string, error) {
	if s.named {
		name := scratch + "/" + newID()
		f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return f, name, err
	}
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, "", &os.PathError{Op: "tmpfile", Path: dir.Name(), Err: err}
	}
	return os.NewFile(uintptr(fd), "blob"), "", nil
}

// rename moves a scratch file to its key without replacing anything.
func (s *Store) rename(temp string, dir *os.File, key string) error {
	from, err := s.root.Open(scratch)
	if err != nil {
		return err
	}
	defer from.Close()
	base := temp[len(scratch)+1:]
	err = unix.Renameat2(int(from.Fd()), base, int(dir.Fd()), key, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	// A file system that cannot refuse to replace: look first. Keys are drawn
	// once, so nobody else writes this one in between.
	if _, err := s.root.Lstat(s.Path(key)); err == nil {
		return unix.EEXIST
	}
	return unix.Renameat(int(from.Fd()), base, int(dir.Fd()), key)
}

// discard takes away what must not stay. Its error is not told, since the one
// that led here is; the sweeper finds what is left.
func (s *Store) discard(path string) {
	if path != "" {
		_ = s.root.Remove(path)
	}
}

func linkFD(fd, dir int, name string) error {
	return unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), dir, name, unix.AT_SYMLINK_FOLLOW)
}

// roomFor refuses a big body before it is read when the disk cannot hold it.
func (s *Store) roomFor(size int64) error {
	if size < window {
		return nil
	}
	free, _, err := s.Room()
	if err != nil {
		return err
	}
	if size > free {
		return broken(fmt.Errorf("%d bytes for %d free: %w", size, free, unix.ENOSPC))
	}
	return nil
}

// Room tells how many bytes the disk can still take, and how many it has.
func (s *Store) Room() (free, total int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return 0, 0, broken(err)
	}
	most := uint64(math.MaxInt64 / st.Bsize) // some network file systems claim no end of blocks
	return int64(min(st.Bavail, most)) * st.Bsize, int64(min(st.Blocks, most)) * st.Bsize, nil
}
