package readable

import (
	"os"
	"testing"

	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
)

func TestJudge(t *testing.T) {
	data := t.TempDir()
	if err := os.Mkdir(data+"/blobs", 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := shelf.Open(shelf.Place{Data: data, Blobs: "blobs", Path: func(key string) string { return key }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{"blobs/1", "users/foreign"} {
		if err := os.WriteFile(data+"/"+name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ours", "touched"} {
		if err := s.Link("1", s.Users, name, shelf.Mark{ID: 1}, 5); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := s.Mkdir(s.Users, "folder", 7)
	if err != nil {
		t.Fatal(err)
	}
	folder.Close()
	plain, err := s.Users.Plain("plain")
	if err != nil {
		t.Fatal(err)
	}
	plain.Close()
	if err := os.Symlink("x", data+"/users/link"); err != nil {
		t.Fatal(err)
	}
	file := &tree.Node{ID: 2, Kind: tree.File, Content: 1, Size: 1}
	other := &tree.Node{ID: 2, Kind: tree.File, Content: 3, Size: 1}
	dir := &tree.Node{ID: 7, Kind: tree.Folder}
	dir2 := &tree.Node{ID: 8, Kind: tree.Folder}
	for _, c := range []struct {
		name string
		node *tree.Node
		want verdict
	}{
		{"nothing", nil, right}, {"nothing", file, absent}, {"nothing", dir, absent},
		{"ours", file, right}, {"ours", other, stale}, {"ours", nil, stale}, {"ours", dir, stale},
		{"foreign", file, foreign}, {"foreign", nil, foreign}, {"foreign", dir, foreign},
		{"folder", dir, right}, {"folder", dir2, strayed}, {"folder", nil, strayed}, {"folder", file, strayed},
		{"plain", dir, strange}, {"plain", nil, strange}, {"plain", file, strange},
		{"link", file, odd}, {"link", nil, odd}, {"link", dir, odd},
	} {
		e, err := s.Users.Stat(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := judge(e, c.node); got != c.want {
			t.Errorf("%s and %+v: got %d, want %d", c.name, c.node, got, c.want)
		}
	}
	e, err := s.Users.Stat("ours")
	if err != nil {
		t.Fatal(err)
	}
	e.MTime++ // as after a write
	if got := judge(e, file); got != changed {
		t.Errorf("written to: got %d, want %d", got, changed)
	}
}
