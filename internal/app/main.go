package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"atrium/internal/infra/conf"
	"atrium/internal/infra/logs"
)

// Main runs the program and returns its exit code.
func Main(args []string, version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	src, rest, err := conf.ParseArgs(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	root := rootCommand(&env{src: src, version: version, out: os.Stdout, errOut: os.Stderr})
	root.SetArgs(rest)
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, errSilent) {
			fmt.Fprintln(os.Stderr, err)
		}
		return 1
	}
	return 0
}

// errSilent ends a command with exit code 1 after it has said why.
var errSilent = errors.New("")

// env is what commands get from the process.
type env struct {
	src         conf.Source
	version     string
	out, errOut io.Writer
}

// open builds the house for a command.
func (e *env) open(ctx context.Context) (*house, error) {
	c, err := conf.Load(e.src)
	if err != nil {
		return nil, err
	}
	log, err := logs.New(e.errOut, c.Log.Format, c.Log.Level)
	if err != nil {
		return nil, err
	}
	return open(ctx, c, log, e.version)
}

func rootCommand(e *env) *cobra.Command {
	root := &cobra.Command{Use: "atrium", Short: "Files and collaboration on your own server",
		SilenceUsage: true, SilenceErrors: true, Version: e.version}
	root.AddCommand(&cobra.Command{Use: "serve", Short: "Run the server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.serve(cmd.Context()) }})
	return root
}
