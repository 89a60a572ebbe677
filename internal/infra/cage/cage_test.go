package cage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
)

// The test binary is a cage when it is called as one.
func TestMain(m *testing.M) {
	Main(os.Args[1:], map[string]Worker{
		"echo": func(in *os.File, order string, out io.Writer) error {
			b, err := io.ReadAll(in)
			fmt.Fprintf(out, "%s: %s", order, b)
			return err
		},
		"hog": func(_ *os.File, _ string, out io.Writer) error {
			var all [][]byte
			for range 100 {
				b := make([]byte, 16<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				all = append(all, b)
			}
			fmt.Fprintln(out, len(all))
			return nil
		},
		"spin": func(*os.File, string, io.Writer) error { <-time.After(time.Hour); return nil },
		"burn": func(*os.File, string, io.Writer) error {
			for i := 0; ; i++ {
				_ = i
			}
		},
		"flood": func(_ *os.File, _ string, out io.Writer) error {
			for {
				if _, err := out.Write(make([]byte, 4096)); err != nil {
					return err
				}
			}
		},
		"escape": func(_ *os.File, order string, out io.Writer) error {
			_, err := os.ReadFile(order)
			_, err2 := net.Listen("tcp", "127.0.0.1:0")
			_, err3 := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
			fmt.Fprintln(out, err != nil, err2 != nil, err3 != nil)
			return nil
		},
	})
	os.Exit(m.Run())
}

func rig(t *testing.T) *Cage {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return New(self, t.TempDir())
}

func input(t *testing.T, text string) *os.File {
	name := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestAWorkerReadsItsInputAndNothingElse(t *testing.T) {
	c := rig(t)
	var out bytes.Buffer
	if err := c.Run(t.Context(), Job{Worker: "echo", Order: "said", In: input(t, "hello"), Out: &out}); err != nil || out.String() != "said: hello" {
		t.Errorf("got %q, %v", out.String(), err)
	}
	out.Reset()
	if err := c.Run(t.Context(), Job{Worker: "escape", Order: input(t, "secret").Name(), Out: &out}); err != nil || out.String() != "true true true\n" {
		t.Errorf("refused file, network, program: got %q, %v", out.String(), err)
	}
}

func TestBoundsHold(t *testing.T) {
	c := rig(t)
	for name, l := range map[string]Limits{
		"hog":   {Memory: 128 << 20},
		"spin":  {Wall: 300 * time.Millisecond},
		"burn":  {CPU: time.Second, Wall: time.Minute},
		"flood": {},
	} {
		if err := c.Run(t.Context(), Job{Worker: name, Limits: l}); !errors.Is(err, ErrBounds) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Run(t.Context(), Job{Worker: "nobody"}); fault.Of(err) != fault.Unavailable {
		t.Errorf("no such worker: %v", err)
	}
	if err := New("", t.TempDir()).Run(t.Context(), Job{Worker: "echo"}); fault.Of(err) != fault.Unavailable {
		t.Errorf("no binary: %v", err)
	}
}

// A program of the system has its folder and its input, and neither our files nor
// the network.
func TestAProgramIsEnclosed(t *testing.T) {
	c := rig(t)
	dir, remove, err := c.Folder()
	if err != nil {
		t.Fatal(err)
	}
	in, secret := input(t, "hello"), input(t, "secret")
	sh := func(script string) (string, error) {
		var out bytes.Buffer
		err := c.Run(t.Context(), Job{Args: []string{"sh", "-c", script, "sh", secret.Name()}, In: in, Dir: dir, Out: &out})
		return strings.TrimSpace(out.String()), err
	}
	if got, err := sh("cat " + In + " > copy && cat copy && pwd && nice"); err != nil || got != "hello"+dir+"\n19" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := sh("cat \"$1\""); !errors.Is(err, ErrFailed) || got != "" {
		t.Errorf("another's file: got %q, %v", got, err)
	}
	if got, err := sh("cat /proc/$PPID/environ"); !errors.Is(err, ErrFailed) {
		t.Errorf("our environment: got %q, %v", got, err)
	}
	if _, err := sh("echo no > " + In); !errors.Is(err, ErrFailed) {
		t.Errorf("writing its input: %v", err)
	}
	if err := c.Run(t.Context(), Job{Args: []string{"no-such-program"}}); !errors.Is(err, ErrMissing) {
		t.Errorf("missing: %v", err)
	}
	remove()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}
