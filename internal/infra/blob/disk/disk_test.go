package disk_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/blobtest"
	"atrium/internal/infra/blob/disk"
)

func create(t testing.TB) *disk.Store {
	t.Helper()
	s, _, err := disk.Create(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Driver { return create(t) })
}

func TestConformanceWithoutSync(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Driver {
		s := create(t)
		s.NoSync = true
		return s
	})
}

func TestReopenedStoreHasItsBlobs(t *testing.T) {
	s := create(t)
	if _, err := s.Put(t.Context(), "abc", bytes.NewReader([]byte("hi")), 2); err != nil {
		t.Fatal(err)
	}
	again, err := disk.Open(s.Dir(), s.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if info, err := again.Stat(t.Context(), "abc"); err != nil || info.Size != 2 {
		t.Errorf("Stat = %+v, %v", info, err)
	}
	if _, err := again.Put(t.Context(), "dbc", bytes.NewReader(nil), 0); err != nil {
		t.Error(err)
	}
	if got, want := again.Path("abc"), "c/b/abc"; got != want {
		t.Errorf("Path = %q, want %q", got, want)
	}
	if _, err := again.Root().Stat(again.Path("abc")); err != nil {
		t.Error(err)
	}
}

func TestOnlyAnEmptyFolderBecomesAStore(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := disk.Create(dir); !errors.Is(err, fault.Exists) {
		t.Errorf("Create = %v, want Exists", err)
	}
}

func TestFolderWithoutMarkerIsUnavailable(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "absent")} {
		if _, err := disk.Open(dir, ""); !errors.Is(err, fault.Unavailable) {
			t.Errorf("Open = %v, want Unavailable", err)
		}
	}
	if _, err := disk.Open(create(t).Dir(), "anotherid"); !errors.Is(err, fault.Unavailable) {
		t.Errorf("Open with a wrong id = %v, want Unavailable", err)
	}
}

func TestLostStoreIsUnavailableNotEmpty(t *testing.T) {
	ctx := t.Context()
	for name, lose := range map[string]func(dir string) error{
		"marker gone":    func(dir string) error { return os.Remove(filepath.Join(dir, disk.Marker)) },
		"another marker": func(dir string) error { return os.WriteFile(filepath.Join(dir, disk.Marker), []byte("x\n"), 0o600) },
		"folder moved":   func(dir string) error { return os.Rename(dir, dir+".away") },
		"folder replaced": func(dir string) error {
			if err := os.Rename(dir, dir+".away"); err != nil {
				return err
			}
			_, _, err := disk.Create(dir)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := create(t)
			if err := s.Alive(ctx); err != nil {
				t.Fatal(err)
			}
			if err := lose(s.Dir()); err != nil {
				t.Fatal(err)
			}
			_, stat := s.Stat(ctx, "k")
			_, open := s.Open(ctx, "k", 0, -1)
			var list error
			for _, err := range s.List(ctx, "") {
				list = err
			}
			for what, err := range map[string]error{"Alive": s.Alive(ctx), "Stat": stat, "Open": open, "List": list} {
				if !errors.Is(err, fault.Unavailable) {
					t.Errorf("%s = %v, want Unavailable", what, err)
				}
			}
		})
	}
}

func TestNothingButBlobsInTheStore(t *testing.T) {
	s := create(t)
	if _, err := s.Put(t.Context(), "k", bytes.NewReader([]byte("abc")), 4); !errors.Is(err, fault.Invalid) {
		t.Fatalf("Put = %v, want Invalid", err)
	}
	err := filepath.WalkDir(s.Dir(), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != disk.Marker {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHugeBodyIsRefusedBeforeItIsRead(t *testing.T) {
	s := create(t)
	r := &counting{}
	if _, err := s.Put(t.Context(), "k", r, 1<<60); !errors.Is(err, fault.Full) || r.n != 0 {
		t.Errorf("Put = %v after %d reads, want Full after none", err, r.n)
	}
}

func TestRoom(t *testing.T) {
	free, total, err := create(t).Room()
	if err != nil || free <= 0 || total < free {
		t.Errorf("Room = %d of %d, %v", free, total, err)
	}
}

type counting struct{ n int }

func (c *counting) Read(b []byte) (int, error) { c.n++; return len(b), nil }

func TestBrokenOffChunkedBodyIsNotTakenForWhole(t *testing.T) {
	s := create(t)
	r := io.MultiReader(bytes.NewReader(blobtest.Pattern(100)), broken{})
	if _, err := s.Put(t.Context(), "k", r, -1); !errors.Is(err, fault.Invalid) {
		t.Errorf("Put = %v, want Invalid", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestTruncatedFileIsAnErrorWhileReading(t *testing.T) {
	s := create(t)
	if _, err := s.Put(t.Context(), "k", bytes.NewReader(blobtest.Pattern(1000)), 1000); err != nil {
		t.Fatal(err)
	}
	for i, read := range []func(io.Reader) error{
		func(r io.Reader) error { _, err := io.ReadAll(r); return err },          // Read
		func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }, // WriteTo
	} {
		r, err := s.Open(t.Context(), "k", 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := os.Truncate(filepath.Join(s.Dir(), s.Path("k")), 900-int64(i)); err != nil {
			t.Fatal(err)
		}
		if err := read(r); !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, fault.Unavailable) {
			t.Errorf("way %d = %v, want Unavailable for an unexpected end", i, err)
		}
	}
}

func TestBlobIsServedOverHTTP(t *testing.T) {
	s := create(t)
	want := blobtest.Pattern(3 << 20)
	if _, err := s.Put(t.Context(), "k", bytes.NewReader(want), int64(len(want))); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := s.Open(r.Context(), "k", 5, int64(len(want))-10)
		if err != nil {
			t.Error(err)
			return
		}
		defer b.Close()
		if _, err := io.Copy(w, b); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(got, want[5:len(want)-5]) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}
