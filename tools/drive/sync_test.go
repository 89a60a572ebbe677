package drive

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSameTreesSeesEveryDifference(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	when := time.Unix(1_700_000_000, 0)
	for _, root := range []string{a, b} {
		write(t, filepath.Join(root, "d", "f"), "x", when)
		write(t, filepath.Join(root, ".sync_1.db"), root, when)
	}
	if err := SameTrees(a, b); err != nil {
		t.Error(err)
	}
	for _, damage := range []func(){
		func() { write(t, filepath.Join(b, "d", "f"), "y", when) },
		func() { write(t, filepath.Join(b, "d", "f"), "x", when.Add(time.Second)) },
		func() { os.Remove(filepath.Join(b, "d", "f")) },
		func() { write(t, filepath.Join(b, "more"), "", when) },
	} {
		damage()
		if SameTrees(a, b) == nil {
			t.Error("a difference was missed")
		}
		os.Remove(filepath.Join(b, "more"))
		write(t, filepath.Join(b, "d", "f"), "x", when)
	}
}

func write(t *testing.T, path, text string, when time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}
