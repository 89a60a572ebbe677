package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/blobtest"
)

func make1(t testing.TB) *Store {
	t.Helper()
	s, _, err := Create(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformanceWithNamedTempFiles(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Driver {
		s := make1(t)
		s.named = true
		if err := s.clearScratch(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			left, err := os.ReadDir(filepath.Join(s.dir, scratch))
			if err != nil || len(left) > 0 {
				t.Errorf("scratch holds %v, %v", left, err)
			}
		})
		return s
	})
}

func TestOldScratchIsSweptAndNewIsKept(t *testing.T) {
	s := make1(t)
	if err := s.clearScratch(); err != nil {
		t.Fatal(err)
	}
	old, fresh := filepath.Join(s.dir, scratch, "old"), filepath.Join(s.dir, scratch, "new")
	for _, p := range []string{old, fresh} {
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Now().Add(-2 * sweepAge)
	if err := os.Chtimes(old, before, before); err != nil {
		t.Fatal(err)
	}
	if err := s.clearScratch(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old file is still there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("the new file is gone: %v", err)
	}
}

func TestErrorsOfTheDiskHaveAKind(t *testing.T) {
	for errno, want := range map[error]fault.Kind{
		unix.ENOSPC: fault.Full, unix.EDQUOT: fault.Full,
		unix.EIO: fault.Unavailable, unix.EROFS: fault.Unavailable, unix.ESTALE: fault.Unavailable,
	} {
		err := broken(&os.PathError{Op: "write", Path: "x", Err: errno})
		if fault.Of(err) != want || !errors.Is(err, errno) {
			t.Errorf("%v is %v, want %v", errno, fault.Of(err), want)
		}
	}
}

// A run that began before a call does not count for it, and all who wait
// share one.
func TestGroupSharesRunsThatBeganAfterTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		gate := make(chan struct{})
		g := &group{f: func() error {
			runs.Add(1)
			<-gate
			return nil
		}}
		var done sync.WaitGroup
		done.Go(func() { _ = g.do() })
		synctest.Wait()
		for range 9 {
			done.Go(func() { _ = g.do() })
		}
		synctest.Wait()
		if got := runs.Load(); got != 1 {
			t.Errorf("%d runs while the first is under way, want 1", got)
		}
		gate <- struct{}{}
		synctest.Wait()
		if got := runs.Load(); got != 2 {
			t.Errorf("%d runs after the first, want 2", got)
		}
		close(gate)
		done.Wait()
		if got := runs.Load(); got != 2 {
			t.Errorf("%d runs for ten callers, want 2", got)
		}
	})
}

func TestGroupTellsItsErrorToAllOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan error)
		g := &group{f: func() error { return <-gate }}
		errs := make([]error, 5)
		var done sync.WaitGroup
		done.Go(func() { errs[0] = g.do() })
		synctest.Wait()
		for i := 1; i < len(errs); i++ {
			done.Go(func() { errs[i] = g.do() })
		}
		synctest.Wait()
		gate <- nil
		gate <- unix.EIO
		done.Wait()
		for i, err := range errs {
			if want := i > 0; errors.Is(err, unix.EIO) != want {
				t.Errorf("caller %d got %v", i, err)
			}
		}
		go func() { gate <- nil }()
		if err := g.do(); err != nil {
			t.Errorf("a later run = %v", err)
		}
	})
}

func TestUnsyncedFolderLeavesNothing(t *testing.T) {
	s := make1(t)
	s.folders.Store("k/0", &group{f: func() error { return broken(unix.EIO) }})
	if err := s.root.MkdirAll("k/0", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "k", bytes.NewReader(nil), 0); !errors.Is(err, fault.Unavailable) {
		t.Errorf("Put = %v, want Unavailable", err)
	}
	if _, err := s.Stat(t.Context(), "k"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Stat = %v, want NotFound", err)
	}
}

// BenchmarkPut4K is what a small upload costs the disk: one, eight and 32
// writers, durable. "syncfs" is the alternative that was weighed against
// fdatasync + fsync of the folder: link without a sync, and let one syncfs
// cover all who wait.
func BenchmarkPut4K(b *testing.B) {
	body := blobtest.Pattern(4096)
	for _, writers := range []int{1, 8, 32} {
		for _, how := range []string{"fdatasync", "syncfs", "nosync"} {
			b.Run(fmt.Sprintf("%s/writers=%d", how, writers), func(b *testing.B) {
				s := make1(b)
				s.NoSync = how != "fdatasync"
				after := func() error { return nil }
				if how == "syncfs" {
					d, err := os.Open(s.dir)
					if err != nil {
						b.Fatal(err)
					}
					defer d.Close()
					after = (&group{f: func() error { return unix.Syncfs(int(d.Fd())) }}).do
				}
				var id atomic.Int64
				var done sync.WaitGroup
				b.ResetTimer()
				for range writers {
					done.Go(func() {
						for i := id.Add(1); i <= int64(b.N); i = id.Add(1) {
							if _, err := s.Put(b.Context(), fmt.Sprintf("%08x", i), bytes.NewReader(body), 4096); err != nil {
								b.Error(err)
							}
							if err := after(); err != nil {
								b.Error(err)
							}
						}
					})
				}
				done.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
			})
		}
	}
}

// BenchmarkPut256M shows what is left to do for the fsync at the end.
func BenchmarkPut256M(b *testing.B) {
	const size = 256 << 20
	for _, sync := range []bool{true, false} {
		b.Run(fmt.Sprintf("sync=%t", sync), func(b *testing.B) {
			s := make1(b)
			s.NoSync = !sync
			b.SetBytes(size)
			for i := range b.N {
				key := fmt.Sprint(i)
				if _, err := s.Put(b.Context(), key, &zeros{size}, size); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := s.Delete(b.Context(), key); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

type zeros struct{ n int }

func (z *zeros) Read(b []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(len(b), z.n)
	z.n -= n
	return n, nil
}

func BenchmarkOpenStat4K(b *testing.B) {
	s := make1(b)
	if _, err := s.Put(b.Context(), "abcdef", bytes.NewReader(blobtest.Pattern(4096)), 4096); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := s.Open(b.Context(), "abcdef", 0, -1)
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
