package shelf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"atrium/internal/base/names"
)

func TestMark(t *testing.T) {
	for text, want := range map[string]Mark{
		"a b":     {ID: 10, Ino: 11},
		"1 1 -5":  {ID: 1, Ino: 1, MTime: -5},
		"1 1 5 c": {ID: 1, Ino: 1, MTime: 5, Apart: true},
	} {
		got, ok := parseMark(text)
		if !ok || got != want || got.String() != text {
			t.Errorf("%q: %+v, %v; want %+v", text, got, ok, want)
		}
	}
	longest := Mark{ID: 1<<53 - 1, Ino: 1<<64 - 1, MTime: -1 << 63, Apart: true}
	if got, ok := parseMark(longest.String()); !ok || got != longest || len(longest.String()) > 45 {
		t.Errorf("%q, %d bytes: %+v, %v", longest, len(longest.String()), got, ok)
	}
	for _, text := range []string{"", "1", "1 ", " 1", "0 1", "-1 1", "1 -1", "1 1 1 1", "x y ä", "1  1", "99999999999999999999 1"} {
		if m, ok := parseMark(text); ok {
			t.Errorf("%q passed as %+v", text, m)
		}
	}
}

func FuzzMark(f *testing.F) {
	for _, s := range []string{"a b", "1 1 -5", "1 1 5 c", "", " c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := parseMark(s)
		if !ok {
			return
		}
		if again, ok := parseMark(m.String()); !ok || again != m {
			t.Errorf("%q: %+v, then %+v", s, m, again)
		}
	})
}

func FuzzNotices(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00name\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for ev := range rawNotices(b) {
			n += unix.SizeofInotifyEvent + len(ev.name)
		}
		if n > len(b) {
			t.Errorf("%d bytes of %d", n, len(b))
		}
	})
}

func TestBeside(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, want := range map[string]string{
		"plan.txt":               "plan (2026-01-02 030405).txt",
		"plan":                   "plan (2026-01-02 030405)",
		".profile":               ".profile (2026-01-02 030405)",
		"a.tar.gz":               "a.tar (2026-01-02 030405).gz",
		strings.Repeat("é", 127): strings.Repeat("é", 117) + " (2026-01-02 030405)",
	} {
		got := Beside(name, now, 0)
		if got != want || len(got) > names.Max {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := Beside("a.b", now, 2); got != "a (2026-01-02 030405) 2.b" {
		t.Errorf("got %q", got)
	}
}

// open is a shelf in an empty data folder.
func open(t *testing.T) (*Shelf, string) {
	t.Helper()
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "blobs"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Place{Data: data, Blobs: "blobs", Path: func(key string) string { return key }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, data
}

func TestOnlySingleNamesAreOpened(t *testing.T) {
	s, _ := open(t)
	for _, name := range []string{"", ".", "..", "../blobs", "a/b", "/etc", "a\x00"} {
		if d, err := s.Users.OpenDir(name); err == nil {
			d.Close()
			t.Errorf("%q was opened", name)
		}
		if _, err := s.Mkdir(s.Users, name, 1); err == nil {
			t.Errorf("%q was made", name)
		}
		if err := s.DropUser(name); err == nil {
			t.Errorf("%q was removed", name)
		}
	}
}

func TestSymbolicLinksAreNotFollowed(t *testing.T) {
	s, data := open(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"dir": outside, "file": filepath.Join(outside, "secret")} {
		if err := os.Symlink(to, filepath.Join(data, "users", link)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Users.OpenDir("dir"); !Missing(err) {
		t.Errorf("folder: %v", err)
	}
	if _, err := s.Users.Plain("dir"); !Missing(err) {
		t.Errorf("plain folder: %v", err)
	}
	if _, err := s.Users.OpenFile("file"); err == nil {
		t.Error("the file was opened")
	}
	if e, err := s.Users.Stat("file"); err != nil || e.IsFile() || e.IsDir() {
		t.Errorf("stat: %+v, %v", e, err)
	}
	if err := s.Users.Stamp("file", Mark{ID: 1}, 5); err == nil {
		t.Error("the link was marked")
	}
	if fi, err := os.Stat(filepath.Join(outside, "secret")); err != nil || fi.ModTime().Unix() == 0 {
		t.Errorf("the file has another time: %v", err)
	}
}

// What was copied has our marks, and is not ours.
func TestAMarkIsOfOneInode(t *testing.T) {
	s, data := open(t)
	if err := os.WriteFile(filepath.Join(data, "blobs", "k"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Link("k", s.Users, "a", Mark{ID: 5}, 1e18); err != nil {
		t.Fatal(err)
	}
	e, err := s.Users.Stat("a")
	if err != nil || !e.Ours || e.Mark != (Mark{ID: 5, Ino: e.Ino, MTime: 1e18}) || e.MTime != 1e18 {
		t.Fatalf("%+v, %v", e, err)
	}
	b, err := os.ReadFile(filepath.Join(data, "users", "a"))
	if err == nil {
		err = os.WriteFile(filepath.Join(data, "users", "b"), b, 0o600)
	}
	if err == nil {
		err = unix.Setxattr(filepath.Join(data, "users", "b"), fileMark, []byte(e.Mark.String()), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if e, err := s.Users.Stat("b"); err != nil || e.Ours {
		t.Errorf("%+v, %v", e, err)
	}
	if err := s.Link("none", s.Users, "c", Mark{ID: 6}, 0); !errors.Is(err, ErrNoBlob) {
		t.Errorf("no blob: %v", err)
	}
}

func TestPruneLeavesWhatIsNotOurs(t *testing.T) {
	s, data := open(t)
	if err := os.WriteFile(filepath.Join(data, "blobs", "k"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	top, err := s.Mkdir(s.Users, "top", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer top.Close()
	for i, name := range []string{"ours", "mixed"} {
		d, err := s.Mkdir(top, name, int64(i+2))
		if err == nil {
			err = s.Link("k", d, "link", Mark{ID: 9}, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
	if err := os.WriteFile(filepath.Join(data, "users", "top", "mixed", "theirs"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Users.Prune("top"); !kept || err != nil {
		t.Errorf("kept %v, %v", kept, err)
	}
	var left []string
	for _, p := range []string{"top/ours", "top/mixed/link", "top/mixed/theirs"} {
		if _, err := os.Lstat(filepath.Join(data, "users", p)); err == nil {
			left = append(left, p)
		}
	}
	if diff := cmp.Diff([]string{"top/mixed/theirs"}, left); diff != "" {
		t.Error(diff)
	}
	if kept, err := s.Users.Prune("none"); kept || err != nil {
		t.Errorf("nothing: %v, %v", kept, err)
	}
}

func TestADiskThatCannotLink(t *testing.T) {
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "blobs"), 0o700); err != nil {
		t.Fatal(err)
	}
	// The kernel's own file systems take no files of ours.
	if _, err := Open(Place{Data: data, Blobs: "../../../../proc", Path: func(key string) string { return key }}); err == nil {
		t.Error("a folder outside of the data folder was opened")
	}
	if err := os.Symlink("/dev/shm", filepath.Join(data, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Place{Data: data, Blobs: "elsewhere", Path: func(key string) string { return key }}); err == nil {
		t.Error("a link out of the data folder was followed")
	}
}

// A kill between the marking and the naming must not leave what looks like
// somebody else's under the name: it would be adopted, though it may be deleted.
func TestMarkedBeforeNamed(t *testing.T) {
	s, data := open(t)
	if err := os.WriteFile(filepath.Join(data, "blobs", "k"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	impossible := strings.Repeat("x", 300)
	if err := s.Link("k", s.Users, impossible, Mark{ID: 5}, 1e18); err == nil {
		t.Error("a name of 300 bytes")
	}
	if e, err := s.Blobs.Stat("k"); err != nil || !e.Ours || e.Mark.ID != 5 {
		t.Errorf("the blob is not marked: %+v, %v", e, err)
	}
	if _, err := s.Mkdir(s.Users, impossible, 7); err == nil {
		t.Error("a name of 300 bytes")
	}
	if e, err := s.own.Stat(folderName); err != nil || !e.Ours || e.Mark.ID != 7 {
		t.Errorf("the folder is not marked: %+v, %v", e, err)
	}
	d, err := s.Mkdir(s.Users, "next", 8)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if e, err := s.Users.Stat("next"); err != nil || e.Mark.ID != 8 {
		t.Errorf("%+v, %v", e, err)
	}
}
