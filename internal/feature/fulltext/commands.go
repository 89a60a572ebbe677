package fulltext

import (
	"context"
	"math"

	"github.com/spf13/cobra"

	"atrium/internal/base/who"
	"atrium/internal/core/tree"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/db"
	"atrium/internal/proto/cli"
)

// commands have the names of those of Nextcloud's full-text search.
func (rm *Room) commands() []*cobra.Command {
	index := &cobra.Command{Use: "fulltextsearch:index [USER…]", Short: "Read all files that are not in the full-text index yet, of all users or some",
		Args: cobra.ArbitraryArgs, RunE: rm.indexCommand}
	index.Flags().Bool("errors", false, "Try again what could not be read")
	return []*cobra.Command{index,
		{Use: "fulltextsearch:check", Short: "Tell how far the full-text index is, and what it can read", Args: cobra.NoArgs, RunE: rm.checkCommand},
		{Use: "fulltextsearch:search UID TERM", Short: "Search in files as a user does", Args: cobra.ExactArgs(2), RunE: rm.searchCommand},
		{Use: "fulltextsearch:reset", Short: "Forget the full-text index and all texts, and read everything anew", Args: cobra.NoArgs, RunE: rm.resetCommand},
	}
}

func (rm *Room) indexCommand(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	c, err := rm.config(ctx)
	if err != nil {
		return err
	}
	var states []int
	if c.sees {
		states = append(states, unseen)
	}
	if cmd.Flags().Changed("errors") {
		states = append(states, begun, none)
	}
	if err := rm.again(ctx, states); err != nil {
		return err
	}
	var homes []tree.Space
	for _, uid := range args {
		s, err := rm.tree.SpaceOf(ctx, rm.db, tree.Home, uid)
		if err != nil {
			return err
		}
		homes = append(homes, s)
	}
	if len(args) == 0 {
		for s, err := range rm.tree.Spaces(ctx, tree.Home) {
			if err != nil {
				return err
			}
			homes = append(homes, s)
		}
	}
	for _, s := range homes {
		if err := rm.gatherBelow(ctx, place{s.Root, s.Root}); err != nil {
			return err
		}
	}
	if err := rm.readSoon(ctx, rm.db); err != nil { // there may be another index than before
		return err
	}
	n, err := rm.count(ctx)
	if err == nil {
		cli.Say(cmd, "%d files wait to be read; the server reads them in the background.", n.Waiting)
	}
	return err
}

// again has all tried once more whose texts are in some states.
func (rm *Room) again(ctx context.Context, states []int) error {
	if len(states) == 0 {
		return nil
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "UPDATE text_doc SET due = 1 WHERE content IN (SELECT content FROM text_body WHERE state IN (?))", states)
		if err == nil {
			_, err = tx.Exec(ctx, "DELETE FROM text_body WHERE state IN (?)", states)
		}
		if err == nil {
			err = rm.readSoon(ctx, tx)
		}
		return err
	})
}

func (rm *Room) checkCommand(cmd *cobra.Command, _ []string) error {
	ctx := cmd.Context()
	c, err := rm.config(ctx)
	if err != nil {
		return err
	}
	n, err := rm.count(ctx)
	if err != nil {
		return err
	}
	return cli.Print(cmd, cli.Map{
		{Key: "database", Value: rm.db.Dialect().String()}, {Key: "index", Value: rm.index.name()},
		{Key: "files", Value: n.Files}, {Key: "waiting", Value: n.Waiting}, {Key: "texts", Value: n.Texts}, {Key: "unreadable", Value: n.Unreadable}, {Key: "scans", Value: n.Scans},
		{Key: setMaxSize, Value: c.maxSize}, {Key: setBudget, Value: c.budget}, {Key: setOCR, Value: c.ocr}, {Key: setLang, Value: c.lang},
		{Key: pdftotext, Value: cage.Find(pdftotext)}, {Key: pdftoppm, Value: cage.Find(pdftoppm)}, {Key: tesseract, Value: cage.Find(tesseract)},
	})
}

func (rm *Room) searchCommand(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	if _, err := rm.tree.SpaceOf(ctx, rm.db, tree.Home, args[0]); err != nil { // it would be made
		return err
	}
	v, err := rm.files.As(ctx, &who.Principal{ID: args[0]})
	if err != nil {
		return err
	}
	hits, _, err := rm.find(ctx, v, args[1], math.MaxInt64, 20)
	if err != nil {
		return err
	}
	out := make(cli.List, len(hits))
	for i, h := range hits {
		out[i] = cli.Map{{Key: "id", Value: h.ID}, {Key: "path", Value: h.Path}, {Key: "text", Value: h.Snippet}}
	}
	return cli.Print(cmd, out)
}

func (rm *Room) resetCommand(cmd *cobra.Command, _ []string) error {
	if err := rm.index.reset(cmd.Context()); err != nil {
		return err
	}
	for _, table := range []string{"text_doc", "text_body", "text_space"} {
		if _, err := rm.db.Exec(cmd.Context(), "DELETE FROM "+table); err != nil {
			return err
		}
	}
	cli.Say(cmd, "The full-text index is empty.")
	return rm.indexCommand(cmd, nil)
}
