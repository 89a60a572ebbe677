// Package upkeep has the commands that look after a store: verify looks for
// damage, files:cleanup clears up, and rebuild makes a new database of the
// readable tree alone, for the day when the database is lost.
package upkeep

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/infra/db"
	"atrium/internal/proto/cli"
)

// Ground is what the commands stand on.
type Ground struct {
	DB       *db.DB
	Tree     *tree.Tree
	Content  *content.Store
	Files    *files.Service
	People   *identity.Directory
	Counters []content.Counter // of references to contents in other rooms
	// Store makes the store that another database began that of this one.
	Store func(ctx context.Context) error
	// Shelf opens the readable tree.
	Shelf func(ctx context.Context) (*shelf.Shelf, error)
	// Check compares the readable tree with the tables.
	Check func(ctx context.Context, report func(finding string)) (behind int, err error)
	// Adopt takes over what is in a home and no link of ours, and tells how many
	// files and folders that were.
	Adopt func(ctx context.Context, root int64, problem func(path string, err error)) (int, error)
	// Done is called at the end of a rebuild.
	Done func(ctx context.Context) error
	// Admin is the account that administers the instance.
	Admin string
}

// Commands are the commands. ground is asked when one of them runs.
func Commands(ground func() Ground) []*cobra.Command {
	check := &cobra.Command{Use: "verify", Short: "Look for damage in the tables, the store and the readable tree; changes nothing",
		RunE: func(cmd *cobra.Command, _ []string) error { return verify(cmd, ground()) }}
	check.Flags().Bool("read", false, "Read all bytes and compare them with their checksums")
	check.Flags().Bool("no-tree", false, "Leave the readable tree out")
	clear := &cobra.Command{Use: "files:cleanup", Short: "Remove for good what was deleted, and what broken uploads left behind",
		RunE: func(cmd *cobra.Command, _ []string) error { return cleanup(cmd, ground()) }}
	return []*cobra.Command{check, clear, rebuildCommand(ground)}
}

func flagged(cmd *cobra.Command, name string) bool {
	on, err := cmd.Flags().GetBool(name)
	return err == nil && on
}

// most is how many findings are shown.
const most = 10_000

// Report prints findings, and ends with a failure if there are some.
func Report(cmd *cobra.Command, look func(report func(finding string)) (behind int, err error)) error {
	var findings []string
	more := 0
	behind, err := look(func(f string) {
		if len(findings) == most {
			more++
			return
		}
		findings = append(findings, f)
	})
	if err != nil {
		return err
	}
	slices.Sort(findings)
	if more > 0 {
		cli.Warn(cmd, "There are %d more findings than are shown.", more)
	}
	if behind > 0 {
		cli.Warn(cmd, "The readable tree is behind, or the server does not run: %d entries that differ were not judged.", behind)
	}
	if !cli.Plain(cmd) {
		err = cli.Print(cmd, cli.Map{{Key: "findings", Value: cli.Strings(findings)}, {Key: "not_judged", Value: behind}})
	} else if len(findings) > 0 {
		err = cli.PrintBare(cmd, cli.Strings(findings))
	} else {
		cli.Say(cmd, "Nothing was found.")
	}
	if err == nil && len(findings) > 0 {
		return cli.ErrSaid
	}
	return err
}

func verify(cmd *cobra.Command, g Ground) error {
	ctx := cmd.Context()
	depth := content.Rows
	if flagged(cmd, "read") {
		depth = content.Bytes
	}
	return Report(cmd, func(report func(string)) (int, error) {
		if err := g.Files.Verify(ctx, depth, g.Counters, report); err != nil {
			return 0, err
		}
		if flagged(cmd, "no-tree") {
			return 0, nil
		}
		return g.Check(ctx, report)
	})
}

func cleanup(cmd *cobra.Command, g Ground) error {
	ctx := cmd.Context()
	if err := g.Files.Alive(ctx); err != nil {
		return err
	}
	if err := g.Files.Purge(ctx); err != nil {
		return err
	}
	swept, err := g.Content.Sweep(ctx)
	if err != nil {
		return err
	}
	left, err := g.Content.Orphans(ctx)
	if err != nil {
		return err
	}
	if !cli.Plain(cmd) {
		return cli.Print(cmd, cli.Map{{Key: "contents", Value: swept}, {Key: "orphans", Value: left}})
	}
	cli.Say(cmd, "%d contents of deleted files removed", swept)
	cli.Say(cmd, "%d left-overs of broken uploads removed", left)
	return nil
}
