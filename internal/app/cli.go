package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/settings"
	"atrium/internal/feature/admin"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/cli"
)

// execute runs a command line and returns its exit code. The commands are first
// those of a house without ground: help, completion and wrong arguments need no
// more. Only for a command that is really to run the house is opened, and asked
// for its commands again.
func (e *env) execute(ctx context.Context, args []string) int {
	outside, err := e.outside()
	if err != nil {
		fmt.Fprintln(e.errOut, err)
		return cli.Failed
	}
	cli.Indoors(outside, func(cmd *cobra.Command, _ []string) error {
		if cli.DoesBegin(cmd) {
			return e.indoors(ctx, args, e.begin)
		}
		return e.indoors(ctx, args, e.enter)
	})
	return cli.Run(ctx, outside, args)
}

func (e *env) outside() (*cobra.Command, error) {
	h, err := e.blank()
	if err != nil {
		return nil, err
	}
	return e.rootOf(h)
}

func (e *env) indoors(ctx context.Context, args []string, open func(context.Context) (*house, error)) (err error) {
	h, err := open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	root, err := e.rootOf(h)
	if err != nil {
		return err
	}
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// blank is a house without ground. Nothing in it works, but its rooms can tell
// which commands they have.
func (e *env) blank() (*house, error) {
	c, err := conf.Load(e.src)
	if err != nil {
		c = conf.Default()
	}
	box, err := seal.New(seal.NewKey())
	if err != nil {
		return nil, err
	}
	h := &house{conf: c, log: slog.New(slog.DiscardHandler), env: e, version: e.version, lock: mem.New(), box: box,
		settings: settings.New(nil)}
	h.assemble()
	return h, nil
}

// enter opens the house that a command works in. One that was never begun is
// fault.NotFound: a command given in the wrong folder must not begin a new one.
func (e *env) enter(ctx context.Context) (*house, error) {
	c, err := conf.Load(e.src)
	if err != nil {
		return nil, err
	}
	if path, ok := strings.CutPrefix(c.DSN(), "sqlite:"); ok {
		path, _, _ = strings.Cut(strings.TrimPrefix(path, "//"), "?")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, fault.New(fault.NotFound, fmt.Sprintf(
				"There is no Atrium here: %s does not exist. Begin one with: atrium serve. Or say where it is: --data FOLDER, or ATRIUM_DATA.", path))
		}
	}
	return e.open(ctx)
}

// begin opens the house for a command that makes a new database of files that
// are there. That the store belongs to no database yet is no surprise then.
func (e *env) begin(ctx context.Context) (*house, error) {
	c, err := conf.Load(e.src)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"blobs", "users"} {
		if _, err := os.Stat(filepath.Join(c.Data, name)); errors.Is(err, os.ErrNotExist) {
			return nil, fault.New(fault.NotFound, fmt.Sprintf(
				"There are no files here: %s does not exist. Say where they are: --data FOLDER, or ATRIUM_DATA.", filepath.Join(c.Data, name)))
		}
	}
	h, err := open(ctx, c, slog.New(slog.DiscardHandler), e.version)
	if err == nil {
		h.env = e
	}
	return h, err
}

// rootOf is the command above all others, with those of the rooms of h.
func (e *env) rootOf(h *house) (*cobra.Command, error) {
	board, err := h.plugIn()
	if err != nil {
		return nil, err
	}
	root := cli.Root("atrium", "Files and collaboration on your own server", e.version)
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.errOut)
	cli.Add(root, cli.Anywhere(&cobra.Command{Use: "serve", Short: "Run the server",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.serve(cmd.Context()) }}))
	for _, c := range board.CLI.All() {
		cli.Add(root, c)
	}
	return root, nil
}

// site is what the room of the commands is told of the process.
func (e *env) site(h *house) admin.Site {
	return admin.Site{Version: e.version, Speaks: Version, Source: e.src, Config: h.conf, Here: admin.Ground{DB: h.db, Store: h.depot},
		Open: func(ctx context.Context) (*admin.Ground, error) {
			h, err := e.enter(ctx)
			if err != nil {
				return nil, err
			}
			return &admin.Ground{DB: h.db, Store: h.depot, People: h.people, Close: h.Close}, nil
		}}
}
