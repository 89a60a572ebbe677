package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
	"atrium/internal/proto/cli/clitest"
)

func TestSecretsAreAskedForUnseen(t *testing.T) {
	keys, tty := clitest.Terminal(t)
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
	_, tty := clitest.Terminal(t)
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
	_, tty := clitest.Terminal(t)
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
