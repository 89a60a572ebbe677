package disk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
)

func newID() string { return strings.ToLower(rand.Text()) }

func writeMarker(dir, id string) error {
	f, err := os.OpenFile(filepath.Join(dir, Marker), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString(id + "\n"); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := syncDir(os.Open(d)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) readMarker() (string, error) {
	b, err := s.root.ReadFile(Marker)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(fault.Unavailable,
			fmt.Errorf("%s holds no %s: it was never made a store, or its disk is not mounted", s.dir, Marker), unavailable)
	}
	if err != nil {
		return "", broken(err)
	}
	id := strings.TrimSpace(string(b))
	if id == "" {
		return "", fault.Wrap(fault.Unavailable, fmt.Errorf("%s in %s is empty", Marker, s.dir), unavailable)
	}
	return id, nil
}

// probe finds out whether files without a name can be made and linked here.
func (s *Store) probe() error {
	dir, err := s.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	name := ".probe-" + newID()
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err == nil {
		err = linkFD(fd, int(dir.Fd()), name)
		unix.Close(fd)
	}
	if err == nil {
		return s.root.Remove(name)
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EROFS) {
		return nil // reading still works; writers get their own error
	}
	s.named = true
	return s.clearScratch()
}

// clearScratch makes the scratch folder and takes away what a crash left there.
func (s *Store) clearScratch() error {
	if err := s.root.MkdirAll(scratch, 0o700); err != nil {
		return err
	}
	for e, err := range s.readDir(scratch) {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil || time.Since(fi.ModTime()) < sweepAge {
			continue // gone, or perhaps another process is writing it
		}
		if err := s.root.Remove(scratch + "/" + e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// adopt learns which folders exist and makes their names durable, since a
// crash may have come between their making and their fsync.
func (s *Store) adopt() error {
	synced := map[string]bool{}
	for dir, err := range s.fan() {
		if err != nil {
			return err
		}
		if a := dir[:1]; !synced[a] {
			if err := s.syncFolder(a); err != nil {
				return err
			}
			synced[a] = true
		}
		s.folders.Store(dir, &group{f: func() error { return s.syncFolder(dir) }})
	}
	if len(synced) == 0 {
		return nil
	}
	return s.syncFolder(".")
}

// folderGroup gives the fsync group of a blob folder, and makes the folder on
// first use.
func (s *Store) folderGroup(dir string) (*group, error) {
	if g, ok := s.folders.Load(dir); ok {
		return g.(*group), nil
	}
	s.making.Lock()
	defer s.making.Unlock()
	if g, ok := s.folders.Load(dir); ok {
		return g.(*group), nil
	}
	if err := s.root.MkdirAll(dir, 0o700); err != nil {
		return nil, broken(err)
	}
	for _, d := range []string{dir[:1], "."} {
		if err := s.syncFolder(d); err != nil {
			return nil, err
		}
	}
	g := &group{f: func() error { return s.syncFolder(dir) }}
	s.folders.Store(dir, g)
	return g, nil
}

func (s *Store) syncFolder(dir string) error {
	if s.NoSync {
		return nil
	}
	if err := syncDir(s.root.Open(dir)); err != nil {
		return broken(err)
	}
	return nil
}

// syncDir makes the names in a folder durable, given what opening it gave.
func syncDir(d *os.File, err error) error {
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
