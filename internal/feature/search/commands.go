package search

import (
	"github.com/spf13/cobra"

	"atrium/internal/core/tree"
	"atrium/internal/proto/cli"
)

// command builds the index anew.
func (rm *Room) command() *cobra.Command {
	c := &cobra.Command{Use: "search:index [USER…]", Short: "Build the index of file names anew, of all users or some", Args: cobra.ArbitraryArgs}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
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
			if err := rm.build(ctx, place{s.Root, s.Root}); err != nil {
				return err
			}
		}
		cli.Say(cmd, "Indexed the names of %d homes.", len(homes))
		return nil
	}
	return c
}
