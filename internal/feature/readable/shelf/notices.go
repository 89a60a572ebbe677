package shelf

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Notices is the kernel's word of what happens in folders (inotify). It is used
// directly, since we need to choose what we are told: every link that we make
// would else be told of three times, as a change of a file's attributes.
type Notices struct {
	f  *os.File
	fd int

	mu      sync.Mutex
	folders map[int32]int64 // watch descriptor → node
	full    bool            // the kernel watches no more folders for us
}

// wanted is what we are told of.
const wanted = unix.IN_CREATE | unix.IN_CLOSE_WRITE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_DELETE |
	unix.IN_ONLYDIR | unix.IN_EXCL_UNLINK

// OpenNotices begins to listen; Add says to what.
func OpenNotices() (*Notices, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	return &Notices{f: os.NewFile(uintptr(fd), "inotify"), fd: fd, folders: map[int32]int64{}}, nil
}

// Add watches a node's folder. known tells that it was watched already; ErrFull
// that the kernel watches no more.
func (w *Notices) Add(d Dir, node int64) (known bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wd, err := unix.InotifyAddWatch(w.fd, d.magic("."), wanted)
	if errors.Is(err, unix.ENOSPC) {
		w.full = true
		return false, ErrFull
	}
	if err != nil {
		return false, os.NewSyscallError("inotify_add_watch", err)
	}
	known = w.folders[int32(wd)] == node
	w.folders[int32(wd)] = node
	return known, nil
}

// ErrFull says that the kernel's limit of watches is reached.
var ErrFull = errors.New("the kernel watches no more folders; raise it: sysctl fs.inotify.max_user_watches=1048576")

// Watch calls add for every folder of ours that there is.
func (s *Shelf) Watch(add func(d Dir, node int64) (known bool)) error {
	users, err := s.Users.Folders()
	if err != nil {
		return err
	}
	for _, uid := range users {
		if uid == OwnName {
			continue
		}
		user, err := s.Users.OpenDir(uid)
		if Missing(err) {
			continue
		}
		if err != nil {
			return err
		}
		err = below(user, FilesName, add)
		user.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func below(parent Dir, name string, add func(d Dir, node int64) (known bool)) error {
	d, err := parent.OpenDir(name)
	if Missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	m, ours, err := d.Self()
	if err != nil || !ours {
		return err
	}
	add(d, m.ID)
	subs, err := d.Folders()
	if err != nil {
		return err
	}
	for _, sub := range subs {
		if err := below(d, sub, add); err != nil {
			return err
		}
	}
	return nil
}

// Notice is one word of the kernel: something happened to a name in the folder
// of a node.
type Notice struct {
	Node  int64
	Name  string
	IsDir bool
	Made  bool // a name that was not there before, or a file that was written: nothing else
	Lost  bool // notices were lost: look everywhere
}

// Read waits for notices. It ends with os.ErrClosed after close.
func (w *Notices) Read(buf []byte) ([]Notice, error) {
	n, err := w.f.Read(buf)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Notice
	for ev := range rawNotices(buf[:n]) {
		switch {
		case ev.mask&unix.IN_Q_OVERFLOW != 0:
			out = append(out, Notice{Lost: true})
		case ev.mask&unix.IN_IGNORED != 0:
			delete(w.folders, ev.wd)
		case ev.name != "" && w.folders[ev.wd] != 0:
			out = append(out, Notice{Node: w.folders[ev.wd], Name: ev.name, IsDir: ev.mask&unix.IN_ISDIR != 0,
				Made: ev.mask&(unix.IN_CREATE|unix.IN_CLOSE_WRITE) != 0})
		}
	}
	return out, nil
}

// Full tells whether the kernel has refused to watch a folder.
func (w *Notices) Full() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.full
}

// Close ends Read.
func (w *Notices) Close() error { return w.f.Close() }

// rawNotice is an inotify_event.
type rawNotice struct {
	wd   int32
	mask uint32
	name string
}

// rawNotices takes apart what the kernel wrote (inotify(7)): wd, mask, cookie and
// the length of the name in 4 bytes each, then the name, filled up with zeros.
func rawNotices(b []byte) func(yield func(rawNotice) bool) {
	return func(yield func(rawNotice) bool) {
		for len(b) >= unix.SizeofInotifyEvent {
			wd, mask := int32(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:])
			size := uint64(binary.NativeEndian.Uint32(b[12:]))
			b = b[unix.SizeofInotifyEvent:]
			if size > uint64(len(b)) {
				return
			}
			name := strings.TrimRight(string(b[:size]), "\x00")
			b = b[size:]
			if !yield(rawNotice{wd, mask, name}) {
				return
			}
		}
	}
}
