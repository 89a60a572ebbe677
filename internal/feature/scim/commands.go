package scim

import (
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	add := &cobra.Command{Use: "scim:token:add NAME", Short: "Make a token for an identity provider and print it, this once", Args: cobra.ExactArgs(1), RunE: rm.addCommand}
	add.Flags().String("expires", "", "When it ends: RFC 3339 or Unix seconds; never by default")
	return []*cobra.Command{add,
		{Use: "scim:token:list", Short: "List the tokens of identity providers", Args: cobra.NoArgs, RunE: rm.listCommand},
		{Use: "scim:token:remove NAME", Short: "End a token of an identity provider", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return rm.RemoveToken(cmd.Context(), args[0]) }},
		{Use: "scim:give UID", Short: "Let identity providers change an account that they have not made", Args: cobra.ExactArgs(1), RunE: rm.giveCommand},
	}
}

func (rm *Room) addCommand(cmd *cobra.Command, args []string) error {
	text, err := cmd.Flags().GetString("expires")
	if err != nil {
		return err
	}
	var expires time.Time
	if text != "" {
		if expires, err = cli.Instant(text); err != nil {
			return err
		}
	}
	secret, err := rm.AddToken(cmd.Context(), args[0], expires)
	if err != nil {
		return err
	}
	return cli.Print(cmd, secret)
}

func (rm *Room) listCommand(cmd *cobra.Command, _ []string) error {
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	rows := cli.Table{}
	for t, err := range rm.Tokens(cmd.Context()) {
		if err != nil {
			return err
		}
		rows = append(rows, cli.Map{{Key: "name", Value: t.Name}, {Key: "made", Value: when(t.Made)}, {Key: "used", Value: when(t.Used)}, {Key: "expires", Value: when(t.Expires)}})
	}
	return cli.Print(cmd, rows)
}

func (rm *Room) giveCommand(cmd *cobra.Command, args []string) error {
	id, err := rm.Give(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	return cli.Print(cmd, id)
}
