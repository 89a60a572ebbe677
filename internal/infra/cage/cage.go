// Package cage runs programs that read what strangers sent: decoders of pictures,
// films and documents. A caged program has a bounded memory, processor time and
// life, the lowest priority, no network, no way to gain rights, and sees of the
// file system the installed software, its own input and a private folder; what
// the kernel cannot do of that (an old one has no Landlock) is left out, but never
// the bounds.
//
// The cage is closed from inside: our own binary is started under the name Entry,
// closes the cage around itself and then becomes the program, so that there is no
// instant at which it runs without. A Worker is a function of our own binary that
// runs in such a process; it loses the file system altogether.
package cage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"atrium/internal/base/fault"
)

// Entry is the first argument that makes our binary a cage; see Main.
const Entry = "cage-enter"

// Limits bound one program. Zero values mean the defaults.
type Limits struct {
	Memory int64         // bytes of data, 256 MiB
	CPU    time.Duration // processor time, 30 s
	Wall   time.Duration // life, twice CPU
	File   int64         // bytes of the greatest file it may write, 256 MiB
}

func (l Limits) orDefaults() Limits {
	if l.Memory <= 0 {
		l.Memory = 256 << 20
	}
	if l.CPU <= 0 {
		l.CPU = 30 * time.Second
	}
	if l.Wall <= 0 {
		l.Wall = 2 * l.CPU
	}
	if l.File <= 0 {
		l.File = 256 << 20
	}
	return l
}

// Cage starts programs.
type Cage struct {
	self string // our binary, or another that calls Main
	tmp  string // where private folders are made
}

// New returns a cage. self is a binary that calls Main first thing; "" makes all
// runs fail with fault.Unavailable. Private folders are made in tmp.
func New(self, tmp string) *Cage { return &Cage{self: self, tmp: tmp} }

// Job is one run.
type Job struct {
	Worker string   // a function of our own binary, or
	Args   []string // a program, looked up in PATH, and its arguments
	Order  string   // the one argument of a worker
	In     *os.File // standard input, and the file In; may be nil
	Dir    string   // the private folder of a program, see Folder
	Out    io.Writer
	Most   int64 // bytes of output; more is an error. 0: 64 KiB
	Limits Limits
}

// In is the name under which a program opens its input, file descriptor 3.
const In = "/proc/self/fd/3"

// The ways to end badly.
var (
	// ErrFailed means that the program did not like its input.
	ErrFailed = errors.New("the caged program failed")
	// ErrBounds means that it was ended because it took too much of something.
	ErrBounds = errors.New("the caged program took too much")
	// ErrMissing means that it is not installed.
	ErrMissing = errors.New("the program is not installed")
)

// Find returns where a program is, "" if it is not installed.
func Find(name string) string {
	p, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return p
}

// Folder makes a private folder; remove takes it away with all in it.
func (c *Cage) Folder() (dir string, remove func(), err error) {
	if err := os.MkdirAll(c.tmp, 0o700); err != nil {
		return "", nil, err
	}
	dir, err = os.MkdirTemp(c.tmp, "cage-")
	if err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// Ready tells whether anything can be run at all.
func (c *Cage) Ready() bool { return c.self != "" }

// Spool copies bytes into a file for a job's input; more than most are ErrBounds.
// done closes and removes it.
func (c *Cage) Spool(r io.Reader, most int64) (f *os.File, done func(), err error) {
	dir, remove, err := c.Folder()
	if err != nil {
		return nil, nil, err
	}
	f, err = os.Create(filepath.Join(dir, "in"))
	if err != nil {
		remove()
		return nil, nil, err
	}
	done = func() { _ = f.Close(); remove() }
	n, err := io.Copy(f, io.LimitReader(r, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("%w: more than %d bytes to copy", ErrBounds, most)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return f, done, nil
}

// Sweep removes private folders that were made before an instant, which a killed
// server left behind.
func (c *Cage) Sweep(before time.Time) {
	left, _ := filepath.Glob(filepath.Join(c.tmp, "cage-*"))
	for _, dir := range left {
		if fi, err := os.Stat(dir); err == nil && fi.ModTime().Before(before) {
			_ = os.RemoveAll(dir)
		}
	}
}

// orders is what the cage is told before it closes.
type orders struct {
	Worker string   `json:"worker,omitempty"`
	Args   []string `json:"args,omitempty"`
	Order  string   `json:"order,omitempty"`
	Dir    string   `json:"dir,omitempty"`
	In     bool     `json:"in,omitempty"`
	Memory int64    `json:"memory"`
	CPU    int64    `json:"cpu"` // seconds
	File   int64    `json:"file"`
}

// Run runs a job to its end. Errors are ErrFailed, ErrBounds, ErrMissing, those
// of ctx, or ours.
func (c *Cage) Run(ctx context.Context, j Job) error {
	if c.self == "" {
		return fault.New(fault.Unavailable, "This process cannot start other programs.")
	}
	l := j.Limits.orDefaults()
	o := orders{Worker: j.Worker, Args: j.Args, Order: j.Order, Dir: j.Dir, In: j.In != nil,
		Memory: l.Memory, CPU: int64((l.CPU + time.Second - 1) / time.Second), File: l.File}
	if j.Worker == "" {
		p := Find(j.Args[0])
		if p == "" {
			return fmt.Errorf("%s: %w", j.Args[0], ErrMissing)
		}
		o.Args = append([]string{p}, j.Args[1:]...)
	}
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	life, cancel := context.WithTimeout(ctx, l.Wall)
	defer cancel()
	cmd := exec.CommandContext(life, c.self, Entry, string(line))
	var said limited
	out := &counted{w: j.Out, left: j.Most, stop: cancel}
	if out.left == 0 {
		out.left = 64 << 10
	}
	said.left = 4 << 10
	cmd.Stdout, cmd.Stderr = out, &said
	cmd.Env = environment(j.Dir)
	cmd.Dir = j.Dir
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	if j.In != nil {
		cmd.Stdin, cmd.ExtraFiles = j.In, []*os.File{j.In}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	err = cmd.Run()
	if cmd.Process != nil { // what it may have left behind
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return verdict(ctx, life, err, out, said.String())
}

// verdict turns the end of a process into an error.
func verdict(ctx, life context.Context, err error, out *counted, said string) error {
	switch {
	case err == nil && !out.over:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case out.over:
		return fmt.Errorf("%w: more output than allowed", ErrBounds)
	case life.Err() != nil:
		return fmt.Errorf("%w: time", ErrBounds)
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	if st, ok := exit.Sys().(syscall.WaitStatus); ok && st.Signaled() {
		switch st.Signal() {
		case syscall.SIGXCPU, syscall.SIGKILL:
			return fmt.Errorf("%w: processor time or memory", ErrBounds)
		case syscall.SIGXFSZ:
			return fmt.Errorf("%w: disk", ErrBounds)
		}
	}
	if strings.Contains(said, "cannot allocate memory") || strings.Contains(said, "out of memory") {
		return fmt.Errorf("%w: memory", ErrBounds)
	}
	if exit.ExitCode() == exitNotClosed {
		return fault.Wrap(fault.Unavailable, errors.New(said), "The cage for other programs does not close.")
	}
	return fmt.Errorf("%w (%w): %s", ErrFailed, exit, strings.TrimSpace(said))
}

// environment is all that a caged program is told.
func environment(dir string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TZ=UTC", "GOMAXPROCS=1", "VIPS_CONCURRENCY=1", "OMP_NUM_THREADS=1", "MALLOC_ARENA_MAX=1"}
	if dir == "" {
		dir = "/nonexistent"
	}
	return append(env, "HOME="+dir, "TMPDIR="+dir, "XDG_CACHE_HOME="+dir, "OSL_SOCKET_PATH=.") // LibreOffice puts a socket there, whose address may be 108 bytes long
}

// limited keeps the first bytes of what a program says.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.Buffer.Write(p[:n])
	return len(p), nil
}

// counted passes output on, up to a limit.
type counted struct {
	mu   sync.Mutex
	w    io.Writer
	left int64
	over bool
	stop func()
}

func (c *counted) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left -= int64(len(p)); c.left < 0 {
		c.over = true
		c.stop()
		return len(p), nil
	}
	if c.w == nil {
		return len(p), nil
	}
	return c.w.Write(p)
}
