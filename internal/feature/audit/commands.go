package audit

import (
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	list := &cobra.Command{Use: "audit:list [USER]", Short: "Show what happened to accounts, the newest first",
		Args: cobra.MaximumNArgs(1), RunE: rm.list}
	list.Flags().Int("limit", 100, "Greatest number of entries; 0 for all")
	list.Flags().Duration("since", 0, "Only entries no older than this, such as 24h")
	return []*cobra.Command{list, {Use: "audit:verify", Short: "Make sure that nobody has changed the audit log",
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := rm.Verify(cmd.Context())
			if err != nil {
				return err
			}
			cli.Say(cmd, "%d entries, none was changed", n)
			return nil
		}}}
}

func (rm *Room) list(cmd *cobra.Command, args []string) error {
	limit, err := cmd.Flags().GetInt("limit")
	if err != nil {
		return err
	}
	since, err := cmd.Flags().GetDuration("since")
	if err != nil {
		return err
	}
	var from time.Time
	if since > 0 {
		from = rm.Now().Add(-since)
	}
	uid := ""
	if len(args) > 0 {
		uid = args[0]
	}
	rows := cli.Table{}
	for e, err := range rm.Entries(cmd.Context(), Filter{UID: uid, Since: from, Limit: limit}) {
		if err != nil {
			return err
		}
		rows = append(rows, cli.Map{
			{Key: "id", Value: e.ID}, {Key: "at", Value: e.At.UTC().Format(time.RFC3339)}, {Key: "user", Value: e.UID},
			{Key: "what", Value: e.What}, {Key: "detail", Value: e.Detail}, {Key: "by", Value: e.Actor},
			{Key: "address", Value: e.Addr}, {Key: "program", Value: e.Agent}})
	}
	return cli.Print(cmd, rows)
}
