package api

import (
	"github.com/spf13/cobra"

	"atrium/internal/core/files"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/cli"
)

// listing is share:list. A link's address opens what it is for, so it is not shown.
func (rm *Room) listing() *cobra.Command {
	var w shares.Sought
	cmd := &cobra.Command{Use: "share:list", Args: cobra.NoArgs, Short: "List the shares that hold at present: of what, by whom, with whom, and until when"}
	cmd.Flags().StringVar(&w.Owner, "owner", "", "only of what belongs to this account")
	cmd.Flags().StringVar(&w.Sharer, "by", "", "only those that this account made")
	cmd.Flags().StringVar(&w.Recipient, "recipient", "", "only those with this account, group or mail address")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		all, err := rm.shares.Sought(cmd.Context(), w)
		if err != nil {
			return err
		}
		rows := cli.Table{}
		for _, s := range all {
			rows = append(rows, cli.Map{{Key: "share", Value: s.ID}, {Key: "type", Value: kindOf(s.Share)}, {Key: "with", Value: s.Recipient},
				{Key: "file", Value: s.Worth.Owner + "/files" + files.PathOf(s.Worth.Chain)}, {Key: "sharer", Value: s.Sharer},
				{Key: "permissions", Value: letters(s.Worth.Perms)}, {Key: "password", Value: s.Password != ""},
				{Key: "since", Value: text(s.Created)}, {Key: "expires", Value: text(s.Expires)}})
		}
		return cli.Print(cmd, rows)
	}
	return cmd
}
