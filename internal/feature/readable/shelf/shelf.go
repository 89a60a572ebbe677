// Package shelf has the folders on a local disk in which the readable tree
// stands: hard links to blobs, by the names in open folders, with marks in
// extended attributes that tell what is ours, and the kernel's notices of what
// others do there. It knows no tables.
package shelf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
)

// The folders below the data folder.
const (
	UsersName  = "users"
	FilesName  = "files"   // in users/<user>
	OwnName    = "~atrium" // in users; no user id can be that
	parkedName = "parked"  // in OwnName
	spareName  = "link"    // in OwnName: a link on its way to its name
	folderName = "folder"  // in OwnName: a folder on its way to its name
	lockName   = "lock"    // in OwnName
)

// Place says where the bytes lie.
type Place struct {
	Data  string                  // the data folder
	Blobs string                  // the folder of the blobs below it, such as "blobs"
	Path  func(key string) string // a blob's path below Blobs
}

// Shelf is the opened data folder.
type Shelf struct {
	root   *os.Root
	path   func(key string) string
	Users  Dir // data/users
	Parked Dir // folders between two places, by node
	Blobs  Dir
	own    Dir
	lock   *os.File
	mu     sync.Mutex
	opened []*os.File // the folders above, to close them
}

// ErrCannot says that the readable tree is impossible here.
var ErrCannot = errors.New("there is no readable tree")

// Open opens the folders and finds out whether the disk can do what we need.
func Open(p Place) (*Shelf, error) {
	root, err := os.OpenRoot(p.Data)
	if err != nil {
		return nil, err
	}
	s := &Shelf{root: root, path: p.Path}
	if err := s.root.MkdirAll(UsersName+"/"+OwnName+"/"+parkedName, 0o700); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.open(p.Blobs, os.O_RDWR|os.O_CREATE); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.probe(); err != nil {
		s.Close()
		return nil, fmt.Errorf("%w: %w", ErrCannot, err)
	}
	return s, nil
}

// Peek opens the folders to look at them only.
func Peek(p Place) (*Shelf, error) {
	root, err := os.OpenRoot(p.Data)
	if err != nil {
		return nil, err
	}
	s := &Shelf{root: root, path: p.Path}
	if err := s.open(p.Blobs, os.O_RDONLY); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Shelf) open(blobs string, how int) (err error) {
	for _, f := range []struct {
		to   *Dir
		path string
	}{
		{&s.Blobs, blobs},
		{&s.Users, UsersName},
		{&s.own, UsersName + "/" + OwnName},
		{&s.Parked, UsersName + "/" + OwnName + "/" + parkedName},
	} {
		d, err := s.root.Open(f.path)
		if err != nil {
			return err
		}
		s.opened = append(s.opened, d)
		*f.to = Dir(d.Fd())
	}
	s.lock, err = s.root.OpenFile(UsersName+"/"+OwnName+"/"+lockName, how, 0o600)
	return err
}

// probe links and marks a file as the readable tree does, the way from the
// blobs to the users.
func (s *Shelf) probe() error {
	pid := strconv.Itoa(os.Getpid())
	name := "probe-" + pid
	f, err := unix.Openat(int(s.Blobs), ".probe-"+pid, unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return wrong("create", name, err)
	}
	_ = unix.Close(f)
	defer func() { _ = s.Blobs.Unlink(".probe-" + pid) }()
	if err := unix.Linkat(int(s.Blobs), ".probe-"+pid, int(s.own), name, 0); err != nil && err != unix.EEXIST {
		return fmt.Errorf("this disk has no hard links from %s to %s: %w", "the blobs", UsersName, err)
	}
	defer func() { _ = s.own.Unlink(name) }()
	if err := s.own.Stamp(name, Mark{ID: 1}, 1); err != nil {
		return fmt.Errorf("this disk keeps no extended attributes: %w", err)
	}
	if e, err := s.own.Stat(name); err != nil || e == nil || !e.Ours {
		return errors.Join(errors.New("this disk loses extended attributes"), err)
	}
	return nil
}

// Close closes the folders.
func (s *Shelf) Close() {
	for _, f := range s.opened {
		_ = f.Close()
	}
	if s.lock != nil {
		_ = s.lock.Close()
	}
	_ = s.root.Close()
}

// Hold keeps everybody else from the tree, in this process and in others:
// what was read from the tables is then still true when it is written to the
// disk, or somebody else will come who has read something newer.
func (s *Shelf) Hold() (release func(), err error) {
	s.mu.Lock()
	if err := again(func() error { return unix.Flock(int(s.lock.Fd()), unix.LOCK_EX) }); err != nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("lock: %w", err)
	}
	return func() {
		_ = unix.Flock(int(s.lock.Fd()), unix.LOCK_UN)
		s.mu.Unlock()
	}, nil
}

// Park takes a folder out of its place, until its node's new place is made.
func (s *Shelf) Park(d Dir, name string, node int64) error {
	return d.Rename(name, s.Parked, ParkedAs(node))
}

// ParkedAs is the name of a parked folder.
func ParkedAs(node int64) string { return strconv.FormatInt(node, 10) }

// DropParked removes a parked folder with all that is in it.
func (s *Shelf) DropParked(node int64) error {
	return s.root.RemoveAll(UsersName + "/" + OwnName + "/" + parkedName + "/" + ParkedAs(node))
}

// DropUser removes all that a user had.
func (s *Shelf) DropUser(uid string) error {
	if err := CheckName(uid); err != nil || uid == OwnName {
		return err
	}
	return s.root.RemoveAll(UsersName + "/" + uid)
}

// Unpark puts a parked folder to its place; ok is false if there is none.
func (s *Shelf) Unpark(node int64, d Dir, name string) (ok bool, err error) {
	err = s.Parked.Rename(ParkedAs(node), d, name)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return err == nil, err
}

// Mkdir makes a folder for a node and opens it, or takes the one that is there.
// It gets its name when it is marked: what a kill leaves under the name must not
// look like somebody else's.
func (s *Shelf) Mkdir(d Dir, name string, node int64) (Dir, error) {
	if err := CheckName(name); err != nil {
		return Nowhere, err
	}
	sub, err := s.own.Plain(folderName)
	if err != nil {
		return Nowhere, err
	}
	if err = sub.Claim(node); err == nil {
		err = s.own.Rename(folderName, d, name)
	}
	if err == nil {
		return sub, nil
	}
	sub.Close()
	if !Taken(err) {
		return Nowhere, err
	}
	if sub, err = d.OpenDir(name); err != nil {
		return Nowhere, err
	}
	if err = sub.Claim(node); err != nil {
		sub.Close()
		return Nowhere, err
	}
	return sub, nil
}

// Link gives a blob one more name, in place of what may be there: the caller
// has looked. A blob that is not there is ErrNoBlob. It is marked first: what a
// kill leaves under the name must not look like somebody else's.
func (s *Shelf) Link(key string, d Dir, name string, m Mark, mtime int64) error {
	if err := s.Blobs.Stamp(s.path(key), m, mtime); err != nil {
		return s.noLink(key, name, err)
	}
	err := unix.Linkat(int(s.Blobs), s.path(key), int(d), name, 0)
	if err == nil {
		return nil
	}
	if err != unix.EEXIST && err != unix.EMLINK {
		return s.noLink(key, name, err)
	}
	if err := s.own.Unlink(spareName); err != nil {
		return err
	}
	err = unix.Linkat(int(s.Blobs), s.path(key), int(s.own), spareName, 0)
	if err == unix.EMLINK {
		m.Apart = true
		err = s.copyBlob(key)
	}
	if err != nil {
		return s.noLink(key, name, err)
	}
	if m.Apart {
		if err := s.own.Stamp(spareName, m, mtime); err != nil {
			return err
		}
	}
	if err := s.own.replace(spareName, d, name); err != nil {
		return err
	}
	return s.own.Unlink(spareName) // it stays where both names led to the same file already
}

// ErrNoBlob says that a content has no blob of its own.
var ErrNoBlob = errors.New("no such blob")

func (s *Shelf) noLink(key, name string, err error) error {
	if !errors.Is(err, unix.ENOENT) {
		return wrong("link", name, err)
	}
	if e := unix.Faccessat(int(s.Blobs), s.path(key), unix.F_OK, 0); e == unix.ENOENT {
		return fmt.Errorf("%s: %w", key, ErrNoBlob)
	}
	return wrong("link", name, err)
}

// copyBlob makes the spare file of a blob that has as many links as the disk
// allows.
func (s *Shelf) copyBlob(key string) error {
	from, err := s.OpenBlob(key)
	if err != nil {
		return err
	}
	defer from.Close()
	fd, err := unix.Openat(int(s.own), spareName, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	to := os.NewFile(uintptr(fd), spareName)
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

func (s *Shelf) OpenBlob(key string) (*os.File, error) {
	fd, err := unix.Openat(int(s.Blobs), s.path(key), unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), key), nil
}

// Inode is that of a blob, 0 if there is none.
func (s *Shelf) Inode(key string) (uint64, error) {
	var st unix.Stat_t
	err := unix.Fstatat(int(s.Blobs), s.path(key), &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.ENOENT {
		return 0, nil
	}
	return st.Ino, wrong("stat", key, err)
}

// Broken gives an error of the operating system its kind, as the store does.
func Broken(err error) error {
	if err == nil || fault.Of(err) != fault.Internal {
		return err
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fault.Wrap(fault.Full, err, "There is no room left on the disk.")
	}
	var no unix.Errno
	if errors.As(err, &no) {
		return fault.Wrap(fault.Unavailable, err, "The readable tree cannot be written to right now.")
	}
	return err
}
