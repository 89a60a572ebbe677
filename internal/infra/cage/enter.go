package cage

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

// Worker is work that our own binary does in a cage: it reads in (nil if there is
// none), follows the order and writes to out.
type Worker func(in *os.File, order string, out io.Writer) error

// exitNotClosed is the exit code of a cage that could not be closed.
const exitNotClosed = 97

// Main does the work of a cage if the arguments, without the program's name, say
// that this process is one, and ends it. Otherwise it returns at once. It is to
// be called before anything else is built.
func Main(args []string, workers map[string]Worker) {
	if len(args) != 2 || args[0] != Entry {
		return
	}
	var o orders
	if err := json.Unmarshal([]byte(args[1]), &o); err != nil {
		leave(exitNotClosed, err)
	}
	runtime.LockOSThread() // rights are dropped by thread, and the program inherits those of this one
	if err := bound(o); err != nil {
		leave(exitNotClosed, err)
	}
	if o.Worker == "" {
		become(o)
	}
	work, ok := workers[o.Worker]
	if !ok {
		leave(exitNotClosed, fmt.Errorf("there is no worker %q", o.Worker))
	}
	debug.SetMemoryLimit(o.Memory * 3 / 4)
	if err := filter(workerDenied); err != nil {
		leave(exitNotClosed, err)
	}
	var in *os.File
	if o.In {
		in = os.NewFile(3, "in")
	}
	if err := work(in, o.Order, os.Stdout); err != nil {
		leave(1, err)
	}
	os.Exit(0)
}

func leave(code int, err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(code)
}

// bound sets the limits that hold for workers and programs.
func bound(o orders) error {
	set := func(what int, n int64) error {
		lim := unix.Rlimit{Cur: uint64(n), Max: uint64(n)}
		if err := unix.Setrlimit(what, &lim); err != nil {
			return fmt.Errorf("limit %d: %w", what, err)
		}
		return nil
	}
	for _, l := range []struct {
		what int
		n    int64
	}{{unix.RLIMIT_CORE, 0}, {unix.RLIMIT_CPU, o.CPU}, {unix.RLIMIT_FSIZE, o.File}, {unix.RLIMIT_NOFILE, 256}, {unix.RLIMIT_DATA, o.Memory}} {
		if err := set(l.what, l.n); err != nil {
			return err
		}
	}
	if o.Worker == "" { // shared mappings are no data; our own runtime reserves addresses by the gigabyte and uses none
		if err := set(unix.RLIMIT_AS, o.Memory+2<<30); err != nil {
			return err
		}
	}
	// The rest is good manners, and may be refused.
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 19)
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, 1, 0, 3<<13) // the idle class of disk access, for this process
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	return nil
}

// become turns this process into the program.
func become(o orders) {
	if err := enclose(o); err != nil {
		leave(exitNotClosed, err)
	}
	if err := filter(programDenied); err != nil {
		leave(exitNotClosed, err)
	}
	leave(exitNotClosed, syscall.Exec(o.Args[0], o.Args, os.Environ()))
}
