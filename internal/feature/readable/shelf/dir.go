package shelf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Dir is an open folder. Everything is done to single names in open folders, so
// that nothing that somebody renames or links in the meantime leads elsewhere.
type Dir int

// Nowhere is no folder.
const Nowhere Dir = -1

// Entry is what stands under a name.
type Entry struct {
	Name  string
	Ino   uint64
	Size  int64
	MTime int64 // ns since 1970
	CTime int64
	Mark  Mark
	Ours  bool // Mark is that of this inode
	links uint64
	mode  uint32
}

// IsDir tells whether e is a folder.
func (e *Entry) IsDir() bool { return e.mode&unix.S_IFMT == unix.S_IFDIR }

// IsFile tells whether e is a regular file.
func (e *Entry) IsFile() bool { return e.mode&unix.S_IFMT == unix.S_IFREG }

// Single tells whether a file's blob has no name but its own and this one.
func (e *Entry) Single() bool { return e.Mark.Apart || e.links <= 2 }

// Same tells whether it is the same file between two looks, and nothing was
// written to it; or the same folder.
func (e *Entry) Same(o *Entry) bool {
	return o != nil && e.Ino == o.Ino && (e.IsDir() || e.Size == o.Size && e.MTime == o.MTime)
}

// CheckName refuses what is not a single name. The tables hold none such.
func CheckName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return &fs.PathError{Op: "open", Path: name, Err: unix.EINVAL}
	}
	return nil
}

func wrong(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// again repeats a system call that a signal interrupted.
func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// OpenDir opens a folder of d; a symbolic link is none.
func (d Dir) OpenDir(name string) (Dir, error) {
	if err := CheckName(name); err != nil {
		return Nowhere, err
	}
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Openat(int(d), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return Nowhere, wrong("open", name, err)
	}
	return Dir(fd), nil
}

// OpenFile opens a regular file of d to read it.
func (d Dir) OpenFile(name string) (*os.File, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Openat(int(d), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, wrong("open", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Close closes the folder.
func (d Dir) Close() {
	if d != Nowhere {
		_ = unix.Close(int(d)) // nothing was written through it
	}
}

// Self is the folder's own mark, if it is ours.
func (d Dir) Self() (Mark, bool, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(d), &st); err != nil {
		return Mark{}, false, wrong("stat", ".", err)
	}
	var buf [64]byte
	n, err := unix.Fgetxattr(int(d), folderMark, buf[:])
	if err != nil { // none, or longer than any of ours
		return Mark{}, false, nil
	}
	m, ok := parseMark(string(buf[:n]))
	return m, ok && m.Ino == st.Ino, nil
}

// MTime is the folder's own time.
func (d Dir) MTime() (time.Time, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(d), &st); err != nil {
		return time.Time{}, wrong("stat", ".", err)
	}
	return time.Unix(0, st.Mtim.Nano()), nil
}

// Claim marks a folder as that of a node.
func (d Dir) Claim(node int64) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(d), &st); err != nil {
		return wrong("stat", ".", err)
	}
	return wrong("setxattr", ".", unix.Fsetxattr(int(d), folderMark, []byte(Mark{ID: node, Ino: st.Ino}.String()), 0))
}

// magic is a path to a name in d that follows nothing that others can change.
func (d Dir) magic(name string) string { return "/proc/self/fd/" + strconv.Itoa(int(d)) + "/" + name }

// Stat looks at a name: nil for nothing.
func (d Dir) Stat(name string) (*Entry, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	var st unix.Stat_t
	err := unix.Fstatat(int(d), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.ENOENT {
		return nil, nil
	}
	if err != nil {
		return nil, wrong("stat", name, err)
	}
	e := &Entry{Name: name, Ino: st.Ino, Size: st.Size, MTime: st.Mtim.Nano(), CTime: st.Ctim.Nano(), links: uint64(st.Nlink), mode: st.Mode}
	attr := fileMark
	switch {
	case e.IsDir():
		attr = folderMark
	case !e.IsFile():
		return e, nil
	}
	var buf [64]byte
	n, err := unix.Lgetxattr(d.magic(name), attr, buf[:])
	if err != nil { // none, or gone again
		return e, nil
	}
	e.Mark, e.Ours = parseMark(string(buf[:n]))
	e.Ours = e.Ours && e.Mark.Ino == e.Ino
	return e, nil
}

// Names reads the names in d.
func (d Dir) Names() ([]string, error) { return d.list(func(fs.DirEntry) bool { return true }) }

// Folders reads the names of the folders in d.
func (d Dir) Folders() ([]string, error) { return d.list(fs.DirEntry.IsDir) }

func (d Dir) list(want func(fs.DirEntry) bool) ([]string, error) {
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Openat(int(d), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, wrong("open", ".", err)
	}
	f := os.NewFile(uintptr(fd), ".")
	defer f.Close()
	var out []string
	for {
		some, err := f.ReadDir(1024)
		for _, e := range some {
			if want(e) {
				out = append(out, e.Name())
			}
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Plain makes a folder that belongs to no node, or opens it.
func (d Dir) Plain(name string) (Dir, error) {
	if err := unix.Mkdirat(int(d), name, 0o700); err != nil && err != unix.EEXIST {
		return Nowhere, wrong("mkdir", name, err)
	}
	return d.OpenDir(name)
}

// Rename moves a name to another folder, where it must be free.
func (d Dir) Rename(name string, to Dir, as string) error {
	err := unix.Renameat2(int(d), name, int(to), as, unix.RENAME_NOREPLACE)
	if err != unix.EINVAL && err != unix.ENOSYS {
		return wrong("rename", name, err)
	}
	// A file system that cannot refuse to replace: look first.
	if e, err := to.Stat(as); err != nil || e != nil {
		return wrong("rename", name, errors.Join(unix.EEXIST, err))
	}
	return d.replace(name, to, as)
}

// replace is Rename over what is there.
func (d Dir) replace(name string, to Dir, as string) error {
	return wrong("rename", name, unix.Renameat(int(d), name, int(to), as))
}

// Unlink removes a file's name; one that is gone is no error.
func (d Dir) Unlink(name string) error {
	if err := unix.Unlinkat(int(d), name, 0); err != nil && err != unix.ENOENT {
		return wrong("remove", name, err)
	}
	return nil
}

// Stamp sets a file's time and marks it as ours, with the time as the disk keeps
// it.
func (d Dir) Stamp(name string, m Mark, mtime int64) error {
	ts := unix.NsecToTimespec(mtime)
	if err := unix.UtimesNanoAt(int(d), name, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return wrong("utimes", name, err)
	}
	var st unix.Stat_t
	if err := unix.Fstatat(int(d), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return wrong("stat", name, err)
	}
	m.Ino, m.MTime = st.Ino, st.Mtim.Nano()
	return wrong("setxattr", name, unix.Lsetxattr(d.magic(name), fileMark, []byte(m.String()), 0))
}

// Prune removes a name and what is below it, but for what others put there. It
// tells whether something had to stay.
func (d Dir) Prune(name string) (kept bool, err error) {
	e, err := d.Stat(name)
	if err != nil || e == nil {
		return false, err
	}
	if !e.IsDir() {
		if !e.Ours || e.MTime != e.Mark.MTime {
			return true, nil
		}
		return false, d.Unlink(name)
	}
	sub, err := d.OpenDir(name)
	if err != nil {
		return true, err
	}
	defer sub.Close()
	names, err := sub.Names()
	if err != nil {
		return true, err
	}
	for _, n := range names {
		k, err := sub.Prune(n)
		if err != nil {
			return true, err
		}
		kept = kept || k
	}
	if kept {
		return true, nil
	}
	err = unix.Unlinkat(int(d), name, unix.AT_REMOVEDIR)
	if err == unix.ENOTEMPTY || err == unix.EEXIST {
		return true, nil
	}
	if err == unix.ENOENT {
		err = nil
	}
	return false, wrong("rmdir", name, err)
}

// Unmark makes a file one that is not ours.
func (d Dir) Unmark(name string) error {
	if err := unix.Lremovexattr(d.magic(name), fileMark); err != nil && err != unix.ENODATA {
		return wrong("removexattr", name, err)
	}
	return nil
}

// Missing tells that there is no folder of a name.
func Missing(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// Taken tells that there is something of a name already.
func Taken(err error) bool { return errors.Is(err, unix.EEXIST) }

// Hopeless tells errors that say something of a name or a file and not of the
// disk: trying again changes nothing.
func Hopeless(err error) bool {
	for _, e := range []error{unix.ENAMETOOLONG, unix.EINVAL, unix.EILSEQ, unix.ENOTDIR, unix.EISDIR, unix.ELOOP, unix.EMLINK} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Lease asks whether nobody has a file open to write to it: nil, or ErrBusy.
func Lease(f *os.File) error {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == unix.EAGAIN {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	return err
}

// ErrBusy says that somebody is writing to the file.
var ErrBusy = errors.New("somebody is writing to this file")
