package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"atrium/tools/drive"
)

// names that programs stumble over; all of them are allowed.
var names = [...]string{
	"plain.txt", "two words.txt", "Übergröße.txt", "日本語の名前.txt", "emoji 😀.txt", "a+b&c=d.txt", "100%.txt", "%41.txt", "#hash.txt",
	"it's.txt", "semi;colon.txt", "comma,.txt", "[brackets].txt", "(paren).txt", "at@sign.txt", "dollar$.txt", "~tilde.txt", "caret^.txt",
	"ünïcödé " + "long " + "name that goes on and on and on and on and on and on and on and on and on and on and on.txt", "e\u0301.txt", "UPPER.TXT",
}

// write makes a file of noise with a modification time in the past.
func write(path string, size int, seed uint64) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var key [32]byte
	copy(key[:], fmt.Sprint(seed))
	b := make([]byte, size)
	rand.NewChaCha8(key).Read(b)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		return err
	}
	when := time.Unix(1_600_000_000+int64(seed%1_000_000), 0)
	return os.Chtimes(path, when, when)
}

// plant makes a tree of files of all sizes below a few megabytes, with odd names.
func plant(root string, files int, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 0))
	for n := range files {
		folder := filepath.Join(root, fmt.Sprintf("d%d", n%7), fmt.Sprintf("e%d", n%3))
		size := r.IntN(20_000)
		if n%20 == 19 {
			size = r.IntN(3_000_000)
		}
		name := fmt.Sprintf("f%03d.bin", n)
		if n < len(names) {
			name = names[n]
		}
		if err := write(filepath.Join(folder, name), size+1, seed*1000+uint64(n)); err != nil {
			return err
		}
	}
	return nil
}

// pair is two computers that sync with one remote folder.
type pair struct {
	h      *house
	name   string
	remote string
	a, b   string
}

func (h *house) pair(name string) (*pair, error) {
	p := &pair{h: h, name: name, remote: "/sync-" + name}
	var err error
	if p.a, err = h.folder(name + "-a"); err != nil {
		return nil, err
	}
	if p.b, err = h.folder(name + "-b"); err != nil {
		return nil, err
	}
	a, err := h.c.Do(h.ctx, "MKCOL", h.c.File(strings.TrimPrefix(p.remote, "/")), nil)
	if err == nil && a.Status != http.StatusCreated {
		err = fmt.Errorf("MKCOL: status %d", a.Status)
	}
	return p, err
}

// sync runs the client on the folders given, one after the other.
func (p *pair) sync(folders ...string) error {
	for _, f := range folders {
		if _, err := p.h.s.NextcloudCmd(p.h.base, drive.User, p.h.pass, f, p.remote); err != nil {
			return fmt.Errorf("sync of %s: %w", filepath.Base(f), err)
		}
	}
	return nil
}

// planted is a pair whose two sides hold the same tree.
func (h *house) planted(name string, files int) (*pair, error) {
	p, err := h.pair(name)
	if err != nil {
		return nil, err
	}
	if err := plant(p.a, files, uint64(len(name))); err != nil {
		return nil, err
	}
	if err := p.sync(p.a, p.b); err != nil {
		return nil, err
	}
	return p, drive.SameTrees(p.a, p.b)
}

func (h *house) desktopRoundTrip() error {
	p, err := h.planted("roundtrip", 300)
	if err != nil {
		return err
	}
	if err := p.sync(p.a, p.b); err != nil { // nothing to do
		return err
	}
	return drive.SameTrees(p.a, p.b)
}

func (h *house) desktopBothSides() error {
	p, err := h.planted("both", 60)
	if err != nil {
		return err
	}
	err = errors.Join(
		write(filepath.Join(p.a, "d0/e0", names[0]), 501, 1),
		write(filepath.Join(p.a, "d9/new-in-a.bin"), 502, 2),
		write(filepath.Join(p.b, "d1/e1", names[1]), 503, 3),
		write(filepath.Join(p.b, "d9/new-in-b.bin"), 504, 4),
		p.sync(p.a, p.b, p.a))
	return errors.Join(err, drive.SameTrees(p.a, p.b))
}

func (h *house) desktopConflict() error {
	p, err := h.planted("conflict", 30)
	if err != nil {
		return err
	}
	file := filepath.Join("d0/e0", names[0])
	if err := errors.Join(write(filepath.Join(p.a, file), 700, 5), write(filepath.Join(p.b, file), 800, 6)); err != nil {
		return err
	}
	mine, err := os.ReadFile(filepath.Join(p.b, file))
	if err != nil {
		return err
	}
	if err := p.sync(p.a, p.b); err != nil {
		return err
	}
	theirs, err := os.ReadFile(filepath.Join(p.b, file))
	if err != nil || len(theirs) != 700 {
		return fmt.Errorf("the file has %d bytes, want the other side's 700: %w", len(theirs), err)
	}
	copies, err := filepath.Glob(filepath.Join(p.b, "d0/e0/*conflicted copy*"))
	if err != nil || len(copies) != 1 {
		return fmt.Errorf("got conflict files %v, want one: %w", copies, err)
	}
	kept, err := os.ReadFile(copies[0])
	if err == nil && string(kept) != string(mine) {
		err = errors.New("the conflict file does not hold what was written here")
	}
	return err
}

// ids are the oc:id of everything below the remote folder, by path.
func (p *pair) ids() (map[string]string, error) {
	list, _, err := p.h.c.List(p.h.ctx, p.h.c.File(strings.TrimPrefix(p.remote, "/")), "infinity")
	m := map[string]string{}
	for _, e := range list {
		m[e.Path] = e.ID
	}
	return m, err
}

func (h *house) desktopRename() error {
	p, err := h.planted("rename", 80)
	if err != nil {
		return err
	}
	before, err := p.ids()
	if err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(p.a, "d0"), filepath.Join(p.a, "renamed – neu")); err != nil {
		return err
	}
	if err := p.sync(p.a, p.b); err != nil {
		return err
	}
	after, err := p.ids()
	if err != nil {
		return err
	}
	for path, id := range before {
		if rest, ok := strings.CutPrefix(path, "d0"); ok && after["renamed – neu"+rest] != id {
			return fmt.Errorf("%s has id %s after the renaming, had %s", path, after["renamed – neu"+rest], id)
		}
	}
	return drive.SameTrees(p.a, p.b)
}

func (h *house) desktopDelete() error {
	p, err := h.planted("delete", 80)
	if err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(p.a, "d2")), os.Remove(filepath.Join(p.a, "d0/e0", names[0])), p.sync(p.a, p.b)); err != nil {
		return err
	}
	left, err := p.ids()
	if err != nil {
		return err
	}
	for path := range left {
		if strings.HasPrefix(path, "d2") || path == "d0/e0/"+names[0] {
			return fmt.Errorf("%s is still on the server", path)
		}
	}
	return drive.SameTrees(p.a, p.b)
}

// desktopEmptyFiles: the engine of 3.7 trips over an empty file in a bulk
// upload of its own making; such a tree must sync in the first run all the same.
func (h *house) desktopEmptyFiles() error {
	p, err := h.pair("empty")
	if err != nil {
		return err
	}
	for n := range 60 {
		size := 0
		if n%3 == 0 {
			size = 1000 + n
		}
		if err := write(filepath.Join(p.a, fmt.Sprintf("f%02d", n)), size, uint64(n)); err != nil {
			return err
		}
	}
	if err := p.sync(p.a, p.b); err != nil {
		return err
	}
	return drive.SameTrees(p.a, p.b)
}

func (h *house) desktopChunks() error {
	p, err := h.pair("chunks")
	if err != nil {
		return err
	}
	if err := errors.Join(write(filepath.Join(p.a, "big.bin"), 150<<20+77, 1), p.sync(p.a, p.b)); err != nil {
		return err
	}
	if err := errors.Join(write(filepath.Join(p.b, "big.bin"), 120<<20+3, 2), p.sync(p.b, p.a)); err != nil {
		return err
	}
	return drive.SameTrees(p.a, p.b)
}

// desktopStoreGone: a server whose store is not there must not look like a
// server whose files were deleted.
func (h *house) desktopStoreGone() error {
	p, err := h.planted("gone", 60)
	if err != nil {
		return err
	}
	before, err := drive.Tree(p.a)
	if err != nil {
		return err
	}
	for _, hide := range []func() (func() error, error){h.hideBlobs, h.emptyBlobs} {
		if err := h.s.Stop(time.Minute); err != nil {
			return err
		}
		restore, err := hide()
		if err != nil {
			return err
		}
		if err := h.s.Start(); err != nil {
			return err
		}
		h.waitForAnswer()
		_ = p.sync(p.a) // the client may well give up; what it must not do is delete
		after, err := drive.Tree(p.a)
		if err != nil {
			return err
		}
		if !maps.Equal(before, after) {
			return fmt.Errorf("the client was led to change its files: %d before, %d after", len(before), len(after))
		}
		if list, status, err := h.c.List(h.ctx, h.c.File(strings.TrimPrefix(p.remote, "/")), "1"); err == nil {
			return fmt.Errorf("a listing without a store got status %d with %d entries", status, len(list))
		}
		h.s.Kill()
		if err := errors.Join(restore(), h.start()); err != nil {
			return err
		}
	}
	return errors.Join(p.sync(p.a, p.b), drive.SameTrees(p.a, p.b))
}

// waitForAnswer waits until the server answers anything, or has refused to start.
func (h *house) waitForAnswer() {
	for range 500 {
		if _, ended := h.s.Ended(); ended {
			return
		}
		if _, err := h.c.Do(h.ctx, http.MethodGet, "/healthz", nil); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// stores are the folders of the data folder that hold blobs: everything that is
// neither the database nor the log.
func (h *house) stores() ([]string, error) {
	all, err := os.ReadDir(h.s.Data)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, d := range all {
		if d.IsDir() {
			dirs = append(dirs, filepath.Join(h.s.Data, d.Name()))
		}
	}
	slices.Sort(dirs)
	return dirs, nil
}

// hideBlobs takes the store away, as when its disk is not mounted at all.
func (h *house) hideBlobs() (restore func() error, err error) {
	dirs, err := h.stores()
	if err != nil {
		return nil, err
	}
	for _, d := range dirs {
		if err := os.Rename(d, d+".away"); err != nil {
			return nil, err
		}
	}
	return func() error {
		var errs []error
		for _, d := range dirs {
			errs = append(errs, os.RemoveAll(d), os.Rename(d+".away", d))
		}
		return errors.Join(errs...)
	}, nil
}

// emptyBlobs leaves empty folders in its place, as a bare mount point is.
func (h *house) emptyBlobs() (restore func() error, err error) {
	restore, err = h.hideBlobs()
	if err != nil {
		return nil, err
	}
	dirs, err := filepath.Glob(filepath.Join(h.s.Data, "*.away"))
	for _, d := range dirs {
		err = errors.Join(err, os.Mkdir(strings.TrimSuffix(d, ".away"), 0o755))
	}
	return restore, err
}
