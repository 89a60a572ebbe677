// Package cli is the engine of the admin commands: a root with the options that
// all of them share, one way to print values as text or JSON, passwords typed on
// a terminal, and exit codes. Names and plain output are those that scripts for
// Nextcloud's occ rely on. It knows no command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
)

// The exit codes.
const (
	OK     = 0
	Failed = 1 // it was tried and did not work
	Misuse = 2 // nothing was tried: no such command, wrong arguments
)

// ErrSaid ends a command with Failed after it has said why.
var ErrSaid = errors.New("")

// usage is an error in how a command was called.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

// Usage makes an error that ends a command with Misuse.
func Usage(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

const (
	flagOutput      = "output"
	flagNoQuestions = "no-interaction"
	flagQuiet       = "quiet"
	flagVerbose     = "verbose"
	flagNoWarnings  = "no-warnings"
)

// Root makes the command above all others, with the options that all share.
func Root(name, short, version string) *cobra.Command {
	root := &cobra.Command{Use: name, Short: short, Version: version, SilenceUsage: true, SilenceErrors: true,
		Args: cobra.ArbitraryArgs, RunE: noCommand, SuggestionsMinimumDistance: 2}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.Flags().BoolP("version", "V", false, "Print the version")
	f := root.PersistentFlags()
	f.Var(&format{text: asText}, flagOutput, "Format of the output: plain, json or json_pretty")
	f.BoolP(flagNoQuestions, "n", false, "Ask nothing")
	f.BoolP(flagQuiet, "q", false, "Print errors only")
	f.CountP(flagVerbose, "v", "Say more")
	f.Bool(flagNoWarnings, false, "Leave out warnings")
	f.Bool("ansi", false, "Accepted; the output has no colours")
	f.Bool("no-ansi", false, "Accepted; the output has no colours")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		if set(cmd, flagQuiet) {
			cmd.Root().SetOut(io.Discard)
		}
	}
	return root
}

// noCommand is what the root does: show the help, or complain about a word that
// is no command.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	err := Usage("there is no command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = Usage("there is no command %q; did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return err
}

// Add puts commands below root and makes wrong arguments a Misuse.
func Add(root *cobra.Command, commands ...*cobra.Command) {
	for _, c := range commands {
		check := c.Args
		if check == nil {
			check = cobra.NoArgs
		}
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usage{err}
			}
			return nil
		}
		c.DisableFlagsInUseLine = true
		root.AddCommand(c)
	}
}

// Run executes a command line and returns the exit code. What went wrong goes
// to root's error output.
func Run(ctx context.Context, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return OK
	}
	if text := explain(cmd, err); text != "" {
		fmt.Fprintln(root.ErrOrStderr(), text)
	}
	if _, misuse := errors.AsType[usage](err); !misuse {
		return Failed
	}
	fmt.Fprintf(root.ErrOrStderr(), "Usage: %s\n", cmd.UseLine())
	return Misuse
}

// explain is what to print of an error. The cause of a fault that lies in what
// was asked for is of no use to who asked, and comes with --verbose only.
func explain(cmd *cobra.Command, err error) string {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || Verbose(cmd) || slices.Contains([]fault.Kind{fault.Internal, fault.Unavailable, fault.Full}, f.Kind) {
		return err.Error()
	}
	return strings.Replace(err.Error(), f.Error(), f.Says.String(), 1)
}

// anywhere is the annotation of commands that work before anything is opened.
const anywhere = "anywhere"

// Anywhere marks a command that opens what it needs itself, because it must also
// work where there is no database.
func Anywhere(c *cobra.Command) *cobra.Command {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[anywhere] = "true"
	return c
}

// begins is the annotation of commands that begin an instance.
const begins = "begins"

// Begins marks a command that also works where no instance was begun yet.
func Begins(c *cobra.Command) *cobra.Command {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[begins] = "true"
	return c
}

// DoesBegin tells whether a command was marked by Begins.
func DoesBegin(c *cobra.Command) bool { return c.Annotations[begins] != "" }

// Indoors replaces what the commands below root do by run, but for those that
// work Anywhere: arguments are checked, help and completion are there, and run
// opens what is needed.
func Indoors(root *cobra.Command, run func(cmd *cobra.Command, args []string) error) {
	for _, c := range root.Commands() {
		if c.RunE != nil && c.Annotations[anywhere] == "" {
			c.RunE = run
		}
	}
}

// Say prints a line, such as what a command has done.
func Say(cmd *cobra.Command, line string, args ...any) {
	fmt.Fprintf(cmd.OutOrStdout(), line+"\n", args...)
}

// Warn prints a line to the error output, unless warnings are not wanted.
func Warn(cmd *cobra.Command, line string, args ...any) {
	if !set(cmd, flagQuiet) && !set(cmd, flagNoWarnings) {
		fmt.Fprintf(cmd.ErrOrStderr(), line+"\n", args...)
	}
}

// Verbose tells whether more is wanted than usual.
func Verbose(cmd *cobra.Command) bool {
	n, err := cmd.Flags().GetCount(flagVerbose)
	return err == nil && n > 0
}

func set(cmd *cobra.Command, name string) bool {
	on, err := cmd.Flags().GetBool(name)
	return err == nil && on
}

// format is the value of --output.
type format struct{ text string }

const (
	asText   = "plain"
	asJSON   = "json"
	asPretty = "json_pretty"
)

// String implements pflag.Value.
func (f *format) String() string { return f.text }

// Set implements pflag.Value.
func (f *format) Set(text string) error {
	if !slices.Contains([]string{asText, asJSON, asPretty}, text) {
		return errors.New("want plain, json or json_pretty")
	}
	f.text = text
	return nil
}

// Type implements pflag.Value.
func (f *format) Type() string { return "format" }
