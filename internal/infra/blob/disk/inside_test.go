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

func TestThoseWhoComeTogetherAreSyncedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, err := os.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer dir.Close()
		q := &intake{fs: dir, now: time.Now}
		gate := make(chan struct{})
		var alone, linked, undone atomic.Int32
		one := func(linkErr error) *pending {
			return &pending{
				link:  func() error { linked.Add(1); return linkErr },
				alone: func() error { alone.Add(1); <-gate; return nil },
				undo:  func() { undone.Add(1) },
			}
		}
		var done sync.WaitGroup
		done.Go(func() { _ = q.settle(one(nil)) })
		synctest.Wait()
		errs := make([]error, 5)
		for i := range errs {
			done.Go(func() {
				var linkErr error
				if i == 3 {
					linkErr = fault.Exists
				}
				errs[i] = q.settle(one(linkErr))
			})
		}
		synctest.Wait()
		close(gate)
		done.Wait()
		if alone.Load() != 1 || linked.Load() != 5 || undone.Load() != 0 {
			t.Errorf("%d alone, %d linked, %d undone; want 1, 5, 0", alone.Load(), linked.Load(), undone.Load())
		}
		for i, err := range errs {
			if got, want := errors.Is(err, fault.Exists), i == 3; got != want {
				t.Errorf("caller %d got %v", i, err)
			}
		}
		if q.busy || len(q.waiting) > 0 {
			t.Error("the intake is not at rest")
		}
	})
}

func TestBatchThatCannotBeSyncedIsUndone(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir.Close() // so that syncfs gives EBADF
	q := &intake{fs: dir, now: time.Now}
	undone := 0
	one := func(linkErr error) *pending {
		return &pending{link: func() error { return linkErr }, undo: func() { undone++ }}
	}
	batch := []*pending{one(nil), one(fault.Exists), one(nil)}
	q.together(batch)
	if undone != 2 || !errors.Is(batch[0].err, fault.Unavailable) || batch[1].err != fault.Exists || !errors.Is(batch[2].err, fault.Unavailable) {
		t.Errorf("%d undone; errors %v, %v, %v", undone, batch[0].err, batch[1].err, batch[2].err)
	}
}

func TestSlowSyncSendsEverybodyAlone(t *testing.T) {
	s := make1(t)
	if s.intake.fs == nil {
		s.intake.fs = make1Dir(t)
	}
	clock := time.Unix(0, 0)
	s.intake.now = func() time.Time { clock = clock.Add(slow + 1); return clock }
	s.intake.together([]*pending{{link: func() error { return nil }}, {link: func() error { return nil }}})
	if got, want := s.intake.alone, clock.Add(slowRest); !got.Equal(want) {
		t.Errorf("alone until %v, want %v", got, want)
	}
}

func make1Dir(t *testing.T) *os.File {
	d, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
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
// writers. "alone" has every writer sync their own file and folder, "intake"
// is what Put does, "nosync" leaves durability out.
func BenchmarkPut4K(b *testing.B) {
	body := blobtest.Pattern(4096)
	// One folder for all, removed at the end: ext4 is slow to make files soon
	// after many were removed.
	top := b.TempDir()
	for _, writers := range []int{1, 8, 32} {
		for _, how := range []string{"alone", "intake", "nosync"} {
			b.Run(fmt.Sprintf("%s/writers=%d", how, writers), func(b *testing.B) {
				s, _, err := Create(filepath.Join(top, newID()))
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				s.NoSync = how == "nosync"
				if how == "alone" {
					s.intake = &intake{now: time.Now}
				}
				for i := range 256 { // make the folders
					if _, err := s.Put(b.Context(), fmt.Sprintf("x%02x", i), bytes.NewReader(nil), 0); err != nil {
						b.Fatal(err)
					}
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
