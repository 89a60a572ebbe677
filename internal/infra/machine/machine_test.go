package machine

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func proc(stat string) fstest.MapFS {
	return fstest.MapFS{
		"stat":       {Data: []byte(stat + "\ncpu0 1 2 3\n")},
		"meminfo":    {Data: []byte("MemTotal:       16 kB\nMemFree: 1 kB\nMemAvailable:    8 kB\nHugePages_Total: 0\nSwapTotal: 4 kB\nSwapFree: 2 kB\n")},
		"loadavg":    {Data: []byte("0.50 1.25 2.00 1/200 4711\n")},
		"self/statm": {Data: []byte("9000 0 10 1 0 1 0\n")},
	}
}

func TestWhatLinuxShows(t *testing.T) {
	var r Reading
	if err := r.read(proc("cpu  10 20 30 400 500 6 7 8 9 9")); err != nil {
		t.Fatal(err)
	}
	want := Reading{Load: [3]float64{.5, 1.25, 2}, Busy: 81, Ticks: 981, Memory: 16 << 10, Free: 8 << 10, Swap: 4 << 10, SwapFree: 2 << 10}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "cpu 1 2", "cpu a 2 3 4 5 6 7 8", "intr 1 2 3 4 5 6 7 8"} {
		if err := new(Reading).read(proc(bad)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
	if err := new(Reading).read(fstest.MapFS{}); err == nil {
		t.Error("without /proc there is no error")
	}
}

func TestSharesSinceAnEarlierReading(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	before := Reading{At: at, CPUs: 2, Busy: 100, Ticks: 1000, Own: time.Second}
	now := Reading{At: at.Add(10 * time.Second), CPUs: 2, Busy: 150, Ticks: 1200, Own: 6 * time.Second}
	if busy, own := now.Since(before); busy != .25 || own != .25 {
		t.Errorf("%g, %g", busy, own)
	}
	if busy, own := now.Since(now); busy != 0 || own != 0 {
		t.Errorf("at once: %g, %g", busy, own)
	}
	now.Own = time.Hour
	if _, own := now.Since(before); own != 1 {
		t.Errorf("more than there is: %g", own)
	}
}

func TestThisMachine(t *testing.T) {
	r, err := Read()
	if err != nil || r.CPUs < 1 || r.Memory <= 0 || r.Resident <= 0 || r.Own <= 0 || r.Ticks < r.Busy {
		t.Errorf("%+v, %v", r, err)
	}
	if d, err := DiskOf(t.TempDir()); err != nil || d.Total <= 0 || d.Free < 0 || d.Free > d.Total || d.Unused > d.Names {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := DiskOf("/nowhere/at/all"); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
