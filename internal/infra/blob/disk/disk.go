// Package disk keeps blobs as files of a local disk (Linux). A blob is whole
// or absent: it is written without a name and linked under its key when it is
// complete. When Put returns, the bytes and the name are durable; small blobs
// that come together become so together.
//
// A store is a folder with a marker file that holds the store's id. A folder
// without it is refused, so that a disk that was not mounted never looks like
// an empty store.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
)

// Marker is the name of the file that makes a folder a store.
const Marker = ".atrium-store"

// scratch is the folder for files that must have a name before they are
// complete, where the file system knows no O_TMPFILE.
const scratch = ".scratch"

// Store is a blob.Driver, Copier, Joiner and Aliver over one folder. Blobs lie
// two folders deep, by the last two characters of their keys, so that keys
// drawn in sequence spread.
type Store struct {
	// NoSync leaves out every fsync: faster, and a power cut may lose or
	// truncate what was acknowledged. Set before use, never after.
	NoSync bool

	dir    string
	id     string
	root   *os.Root
	named  bool // no O_TMPFILE here: write under scratch and rename
	intake *intake

	making  sync.Mutex // held while folders are made
	folders sync.Map   // relative path → *group; only folders whose own names are durable
}

// Create makes a store in dir, which must be empty or absent, and returns it
// with its new id.
func Create(dir string) (*Store, string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", broken(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, "", broken(err)
	}
	if len(entries) > 0 {
		return nil, "", fault.Wrap(fault.Exists, fmt.Errorf("%s holds %s", dir, entries[0].Name()),
			"The folder for the store is not empty.")
	}
	id := newID()
	if err := writeMarker(dir, id); err != nil {
		return nil, "", broken(err)
	}
	s, err := Open(dir, id)
	return s, id, err
}

// Open opens the store in dir. It is fault.Unavailable when dir is no store,
// or is not the one called wantID ("" takes any).
func Open(dir, wantID string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, broken(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, broken(err)
	}
	s := &Store{dir: dir, id: wantID, root: root}
	if err := s.open(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open() error {
	var err error
	if s.intake, err = openIntake(s.root); err != nil {
		return broken(err)
	}
	id, err := s.readMarker()
	if err != nil {
		return err
	}
	if s.id == "" {
		s.id = id
	}
	if err := s.Alive(context.Background()); err != nil {
		return err
	}
	if err := s.probe(); err != nil {
		return broken(err)
	}
	return s.adopt()
}

// ID is the id in the marker.
func (s *Store) ID() string { return s.id }

// Dir is the absolute path of the store's folder.
func (s *Store) Dir() string { return s.dir }

// Root is the open folder, in which Path is to be resolved. It is the
// store's: do not close it, and write nothing there.
func (s *Store) Root() *os.Root { return s.root }

// Path is where the blob's file lies below Root, whether or not it exists:
// "<last character>/<last but one>/<key>".
func (s *Store) Path(key string) string { return folder(key) + "/" + key }

// Close lets go of the folder. Readers that are open stay usable.
func (s *Store) Close() error {
	var err error
	if s.intake != nil {
		err = s.intake.close()
	}
	return errors.Join(err, s.root.Close())
}

// Alive checks that the store's path still leads to the folder that was
// opened and that its marker holds the id: about five system calls.
func (s *Store) Alive(context.Context) error {
	id, err := s.readMarker()
	if err != nil {
		return err
	}
	if id != s.id {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("store %s in %s, want %s", id, s.dir, s.id), unavailable)
	}
	at, err := os.Stat(s.dir)
	if err != nil {
		return broken(err)
	}
	here, err := s.root.Stat(".")
	if err != nil {
		return broken(err)
	}
	if !os.SameFile(at, here) {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("%s is another folder than the one opened", s.dir), unavailable)
	}
	return nil
}

// Open implements blob.Driver; its readers are blob.Filers.
func (s *Store) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := blob.CheckKey(key); err != nil {
		return nil, err
	}
	f, err := s.root.Open(s.Path(key))
	if err != nil {
		return nil, s.absent(ctx, err)
	}
	r, err := newFile(f, off, n)
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// Stat implements blob.Driver.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	fi, err := s.root.Stat(s.Path(key))
	if err != nil {
		return blob.Info{}, s.absent(ctx, err)
	}
	return info(fi), nil
}

// Delete implements blob.Driver.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, k := range keys {
		if err := blob.CheckKey(k); err != nil {
			return err
		}
	}
	for _, k := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.root.Remove(s.Path(k)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return broken(err)
		}
	}
	return nil
}

// List implements blob.Driver.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		if err := s.Alive(ctx); err != nil {
			yield(blob.Info{}, err)
			return
		}
		for dir, err := range s.fan() {
			if err != nil {
				yield(blob.Info{}, err)
				return
			}
			if !s.listFolder(ctx, dir, prefix, yield) {
				return
			}
		}
	}
}

func (s *Store) listFolder(ctx context.Context, dir, prefix string, yield func(blob.Info, error) bool) bool {
	for e, err := range s.readDir(dir) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(blob.Info{}, err)
			return false
		}
		if !e.Type().IsRegular() || blob.CheckKey(e.Name()) != nil || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		fi, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since the folder was read
		}
		if err != nil {
			yield(blob.Info{}, broken(err))
			return false
		}
		if !yield(info(fi), nil) {
			return false
		}
	}
	return true
}

// fan yields the folders that hold blobs, such as "7/c".
func (s *Store) fan() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for a, err := range s.folderNames(".") {
			if err != nil {
				yield("", err)
				return
			}
			for b, err := range s.folderNames(a) {
				if !yield(a+"/"+b, err) || err != nil {
					return
				}
			}
		}
	}
}

func (s *Store) folderNames(dir string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for e, err := range s.readDir(dir) {
			if err == nil && (!e.IsDir() || len(e.Name()) != 1 || blob.CheckKey(e.Name()) != nil) {
				continue
			}
			name := ""
			if err == nil {
				name = e.Name()
			}
			if !yield(name, err) || err != nil {
				return
			}
		}
	}
}

// readDir streams a folder's entries, so that memory does not grow with it.
func (s *Store) readDir(dir string) iter.Seq2[fs.DirEntry, error] {
	return func(yield func(fs.DirEntry, error) bool) {
		f, err := s.root.Open(dir)
		if err != nil {
			yield(nil, broken(err))
			return
		}
		defer f.Close()
		for {
			entries, err := f.ReadDir(1024)
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, broken(err))
				return
			}
		}
	}
}

// absent tells a missing blob from a missing store.
func (s *Store) absent(ctx context.Context, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return broken(err)
	}
	if err := s.Alive(ctx); err != nil {
		return err
	}
	return fault.Wrap(fault.NotFound, err, "The file's content is missing.")
}

const unavailable = "The storage is not available right now."

// broken gives an error of the operating system its kind: Full for a disk or
// disk quota without room, else Unavailable.
func broken(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fault.Wrap(fault.Full, err, "There is no room left on the disk.")
	}
	return fault.Wrap(fault.Unavailable, err, unavailable)
}

func folder(key string) string {
	last, before := key[len(key)-1:], "0"
	if len(key) > 1 {
		before = key[len(key)-2 : len(key)-1]
	}
	return last + "/" + before
}

func info(fi fs.FileInfo) blob.Info {
	return blob.Info{Key: fi.Name(), Size: fi.Size(), ModTime: fi.ModTime()}
}

// sweepAge is how old a named scratch file must be to be no writer's any more.
const sweepAge = 24 * time.Hour
