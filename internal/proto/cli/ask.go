package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
)

// Interactive tells whether questions can be asked: the input is a terminal, and
// --no-interaction was not given.
func Interactive(cmd *cobra.Command) bool {
	_, err := terminal(cmd)
	return err == nil
}

func terminal(cmd *cobra.Command) (*os.File, error) {
	f, ok := cmd.InOrStdin().(*os.File)
	if !ok || set(cmd, flagNoQuestions) {
		return nil, errMute
	}
	if _, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err != nil {
		return nil, errMute
	}
	return f, nil
}

var errMute = fault.New(fault.Unsupported, "There is no terminal to ask on.")

// AskSecret asks for a line on the terminal that is not shown while it is typed.
// Without a terminal it is fault.Unsupported.
func AskSecret(cmd *cobra.Command, question string) (answer string, err error) {
	f, err := terminal(cmd)
	if err != nil {
		return "", err
	}
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return "", err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, unix.IoctlSetTermios(fd, unix.TCSETS, before))
		fmt.Fprintln(cmd.ErrOrStderr())
	}()
	fmt.Fprint(cmd.ErrOrStderr(), question)
	return readLine(cmd.Context(), f)
}

// patience is how soon a question notices that the command was interrupted.
const patience = 100 * time.Millisecond

// readLine reads up to the end of the line and nothing beyond it.
func readLine(ctx context.Context, f *os.File) (string, error) {
	var line []byte
	for {
		wait := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
		n, err := unix.Poll(wait, int(patience/time.Millisecond))
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if err == unix.EINTR || err == nil && n == 0 {
			continue
		}
		if err != nil {
			return "", err
		}
		var b [1]byte
		if _, err := f.Read(b[:]); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return string(line), nil
		}
		line = append(line, b[0])
	}
}
