package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"atrium/internal/feature/fulltext"
	"atrium/internal/feature/media"
	"atrium/internal/feature/previews"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/logs"
	"atrium/internal/proto/cli"
)

// Main runs the program and returns its exit code.
func Main(args []string, version string) int {
	Caged(args)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	src, rest, err := conf.ParseArgs(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return cli.Misuse
	}
	e := &env{src: src, version: version, self: self(), in: os.Stdin, out: os.Stdout, errOut: os.Stderr}
	return e.execute(ctx, rest)
}

// Caged does the work of a cage and ends the process if the arguments, without the
// program's name, say that it is one.
func Caged(args []string) {
	workers := previews.Workers()
	maps.Copy(workers, media.Workers())
	maps.Copy(workers, fulltext.Workers())
	cage.Main(args, workers)
}

// self is our binary, "" if that cannot be told.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}

// env is what commands get from the process.
type env struct {
	src         conf.Source
	version     string
	self        string // our binary, which makes cages of itself; "" for none
	in          io.Reader
	out, errOut io.Writer
	now         func() time.Time // by which shares and links end; nil for the real time
}

// clock is the time by which shares and links end.
func (e *env) clock() func() time.Time {
	if e.now == nil {
		return time.Now
	}
	return e.now
}

// open builds the house for a command.
func (e *env) open(ctx context.Context) (*house, error) {
	c, err := conf.Load(e.src)
	if err != nil {
		return nil, err
	}
	log, recent, err := logs.New(e.errOut, c.Log.Format, c.Log.Level)
	if err != nil {
		return nil, err
	}
	h, err := open(ctx, c, log, e.version)
	if err != nil {
		return nil, err
	}
	h.env, h.recent = e, recent
	return h, nil
}

// Run executes a command with the settings of environ alone, such as "serve" until
// ctx ends, and returns its exit code: the server as those who test it from outside
// start it. Their own binary calls Caged first thing.
func Run(ctx context.Context, environ []string, out, errOut io.Writer, args ...string) int {
	return RunAt(ctx, nil, environ, out, errOut, args...)
}

// RunAt is Run at a time that now tells to those who ask whether a share or a link
// has ended, so that tests need not wait for days.
func RunAt(ctx context.Context, now func() time.Time, environ []string, out, errOut io.Writer, args ...string) int {
	e := &env{src: conf.Source{Environ: environ}, version: "test", self: self(), in: strings.NewReader(""), out: out, errOut: errOut, now: now}
	return e.execute(ctx, args)
}
