package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
)

// pty opens a pair: what is written to keys is typed on the terminal tty.
func pty(t *testing.T) (keys, tty *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close(); tty.Close() })
	return keys, tty
}

func TestSecretsAreAskedForUnseen(t *testing.T) {
	keys, tty := pty(t)
	var answers []string
	root, _, errOut := zoo(func(cmd *cobra.Command, _ []string) error {
		for _, q := range []string{"Secret: ", "Again: "} {
			if _, err := io.WriteString(keys, "s3cret ö\n"); err != nil {
				return err
			}
			a, err := AskSecret(cmd, q)
			if err != nil {
				return err
			}
			answers = append(answers, a)
		}
		return nil
	})
	root.SetIn(tty)
	if code := Run(t.Context(), root, []string{"animal:feed", "x"}); code != OK {
		t.Fatalf("code %d: %s", code, errOut)
	}
	if got := strings.Join(answers, "|"); got != "s3cret ö|s3cret ö" {
		t.Errorf("got %q", got)
	}
	if got, want := errOut.String(), "Secret: \nAgain: \n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal stays without echo: %v", err)
	}
}

func TestNoTerminalNoQuestion(t *testing.T) {
	_, tty := pty(t)
	for name, c := range map[string]struct {
		in   io.Reader
		args []string
		want bool
	}{
		"terminal":       {tty, nil, true},
		"no interaction": {tty, []string{"-n"}, false},
		"pipe":           {&bytes.Buffer{}, nil, false},
	} {
		got := false
		root, _, _ := zoo(func(cmd *cobra.Command, _ []string) error {
			if got = Interactive(cmd); got {
				return nil
			}
			_, err := AskSecret(cmd, "Secret: ")
			return err
		})
		root.SetIn(c.in)
		root.SetArgs(append([]string{"animal:feed", "x"}, c.args...))
		err := root.ExecuteContext(t.Context())
		if got != c.want || !c.want && !errors.Is(err, fault.Unsupported) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestAQuestionCanBeInterrupted(t *testing.T) {
	_, tty := pty(t)
	ctx, cancel := context.WithCancel(t.Context())
	root, _, _ := zoo(func(cmd *cobra.Command, _ []string) error {
		cancel()
		_, err := AskSecret(cmd, "Secret: ")
		return err
	})
	root.SetIn(tty)
	root.SetArgs([]string{"animal:feed", "x"})
	if err := root.ExecuteContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
