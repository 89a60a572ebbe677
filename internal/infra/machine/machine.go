// Package machine tells how busy this machine and this process are, from what
// Linux shows below /proc, and how much room a disk has.
package machine

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Reading is how things stand at one moment. Times count from the start of the
// machine and of the process; shares come from two readings (Since).
type Reading struct {
	At       time.Time
	CPUs     int
	Load     [3]float64 // of 1, 5 and 15 minutes
	Busy     int64      // ticks that all processors were at work
	Ticks    int64      // ticks that they could have been
	Own      time.Duration
	Memory   int64 // bytes, as all that follow
	Free     int64 // of the memory, what programs can have
	Swap     int64
	SwapFree int64
	Resident int64 // memory of this process
}

// Read takes a reading.
func Read() (Reading, error) {
	r := Reading{At: time.Now(), CPUs: runtime.NumCPU()}
	if err := r.read(os.DirFS("/proc")); err != nil {
		return r, fmt.Errorf("how busy the machine is: %w", err)
	}
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return r, fmt.Errorf("processor time: %w", err)
	}
	r.Own = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	return r, nil
}

// read takes what stands below /proc.
func (r *Reading) read(proc fs.FS) error {
	for name, parse := range map[string]func([]byte) error{
		"stat": r.stat, "meminfo": r.meminfo, "loadavg": r.loadavg, "self/statm": r.statm,
	} {
		text, err := fs.ReadFile(proc, name)
		if err != nil {
			return err
		}
		if err := parse(text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// The columns of the line "cpu" of stat, see proc_stat(5). What guests take is
// counted among user already.
const (
	idle     = 3
	iowait   = 4
	lastTick = 7 // steal
)

func (r *Reading) stat(text []byte) error {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	f := strings.Fields(string(first))
	if len(f) < lastTick+2 || f[0] != "cpu" {
		return fmt.Errorf("no line of all processors: %q", first)
	}
	for i, s := range f[1 : lastTick+2] {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return err
		}
		r.Ticks += n
		if i != idle && i != iowait {
			r.Busy += n
		}
	}
	return nil
}

func (r *Reading) meminfo(text []byte) error {
	want := map[string]*int64{"MemTotal:": &r.Memory, "MemAvailable:": &r.Free, "SwapTotal:": &r.Swap, "SwapFree:": &r.SwapFree}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 2 || want[f[0]] == nil {
			continue
		}
		kB, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return err
		}
		*want[f[0]] = kB << 10
	}
	return lines.Err()
}

func (r *Reading) loadavg(text []byte) error {
	_, err := fmt.Sscan(string(text), &r.Load[0], &r.Load[1], &r.Load[2])
	return err
}

func (r *Reading) statm(text []byte) error {
	var whole, resident int64
	_, err := fmt.Sscan(string(text), &whole, &resident)
	r.Resident = resident * int64(os.Getpagesize())
	return err
}

// Since tells which shares of all processors were at work since an earlier
// reading, and which of them for this process: 0 to 1.
func (r Reading) Since(before Reading) (busy, own float64) {
	if d := r.Ticks - before.Ticks; d > 0 {
		busy = float64(r.Busy-before.Busy) / float64(d)
	}
	if d := r.At.Sub(before.At); d > 0 {
		own = float64(r.Own-before.Own) / float64(d) / float64(r.CPUs)
	}
	return within(busy), within(own)
}

// within keeps clocks of different kinds from telling of more than there is.
func within(share float64) float64 { return min(max(share, 0), 1) }

// Disk is what a file system says of itself.
type Disk struct {
	Free, Total   int64 // bytes
	Names, Unused int64 // files that it can hold and still can; 0: without a bound
}

// DiskOf tells of the file system that a folder lies in.
func DiskOf(folder string) (Disk, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return Disk{}, fmt.Errorf("disk of %s: %w", folder, err)
	}
	return Disk{Free: int64(s.Bavail) * s.Bsize, Total: int64(s.Blocks) * s.Bsize, Names: int64(s.Files), Unused: int64(s.Ffree)}, nil
}
