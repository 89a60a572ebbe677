package webhooks

import (
	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	dead := &cobra.Command{Use: "webhook_listeners:dead", Short: "List messages to webhooks that were given up, the newest first",
		Args: cobra.NoArgs, RunE: rm.deadCommand}
	dead.Flags().Int("limit", 100, "Greatest number of messages")
	retry := &cobra.Command{Use: "webhook_listeners:retry [ID…]", Short: "Send messages again that were given up", RunE: rm.retryCommand}
	retry.Flags().Bool("all", false, "All of them")
	return []*cobra.Command{
		rm.dropCommand(),
		{Use: "webhook_listeners:test ID", Short: "Send a webhook a message with things made up, at once and this once", Args: cobra.ExactArgs(1), RunE: rm.testCommand},
		{Use: "webhook_listeners:events", Short: "List the events that webhooks may be registered for", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return cli.Print(cmd, Classes()) }},
		{Use: "webhook_listeners:list", Short: "List the webhooks", Args: cobra.NoArgs, RunE: rm.listCommand}, dead, retry,
		{Use: "webhook_listeners:delete ID", Short: "Delete a webhook and what was yet to be sent to it", Args: cobra.ExactArgs(1), RunE: rm.deleteCommand},
	}
}

func (rm *Room) listCommand(cmd *cobra.Command, _ []string) error {
	rows := cli.Table{}
	for h, err := range rm.Hooks(cmd.Context(), "") {
		if err != nil {
			return err
		}
		rows = append(rows, cli.Map{{Key: "id", Value: h.ID}, {Key: "app-id", Value: h.App}, {Key: "user-id", Value: h.UID},
			{Key: "http-method", Value: h.Method}, {Key: "uri", Value: h.URI}, {Key: "event", Value: h.Event}, {Key: "event-filter", Value: h.Filter},
			{Key: "user-id-filter", Value: h.UserFilter}, {Key: "auth-method", Value: h.AuthMethod}})
	}
	return cli.Print(cmd, rows)
}

func (rm *Room) deadCommand(cmd *cobra.Command, _ []string) error {
	limit, err := cmd.Flags().GetInt("limit")
	if err != nil {
		return err
	}
	rows := cli.Table{}
	for v, err := range rm.Dead(cmd.Context(), 0, limit) {
		if err != nil {
			return err
		}
		rows = append(rows, cli.Map{{Key: "id", Value: v.ID}, {Key: "webhook", Value: v.Hook}, {Key: "host", Value: v.Host}, {Key: "event", Value: v.Event},
			{Key: "made", Value: rfc(v.Made)}, {Key: "tries", Value: v.Tries}, {Key: "error", Value: v.Err}})
	}
	return cli.Print(cmd, rows)
}

func (rm *Room) retryCommand(cmd *cobra.Command, args []string) error {
	ids, err := chosen(cmd, args)
	if err != nil {
		return err
	}
	n, err := rm.Retry(cmd.Context(), ids...)
	if err != nil {
		return err
	}
	cli.Say(cmd, "%d messages are sent again", n)
	return nil
}

// chosen are the messages that a command names; none: all of them.
func chosen(cmd *cobra.Command, args []string) (ids []int64, err error) {
	all, err := cmd.Flags().GetBool("all")
	if err != nil {
		return nil, err
	}
	if all == (len(args) > 0) {
		return nil, cli.Usage("name messages by their ids, or give --all")
	}
	for _, a := range args {
		id, err := number(a)
		if err != nil {
			return nil, cli.Usage("%s is no id", a)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (rm *Room) dropCommand() *cobra.Command {
	c := &cobra.Command{Use: "webhook_listeners:drop [ID…]", Short: "Forget messages that were given up", RunE: func(cmd *cobra.Command, args []string) error {
		ids, err := chosen(cmd, args)
		if err != nil {
			return err
		}
		n, err := rm.Bury(cmd.Context(), ids...)
		if err == nil {
			cli.Say(cmd, "%d messages are forgotten", n)
		}
		return err
	}}
	c.Flags().Bool("all", false, "All of them")
	return c
}

func (rm *Room) testCommand(cmd *cobra.Command, args []string) error {
	id, err := number(args[0])
	if err != nil {
		return cli.Usage("%s is no id", args[0])
	}
	is, err := rm.Test(cmd.Context(), id)
	if err != nil {
		return err
	}
	if !is.Delivered {
		return fault.New(fault.Unavailable, is.Err)
	}
	cli.Say(cmd, "The receiver has it, after %d ms", is.Took)
	return nil
}

func (rm *Room) deleteCommand(cmd *cobra.Command, args []string) error {
	id, err := number(args[0])
	if err != nil {
		return cli.Usage("%s is no id", args[0])
	}
	n, err := rm.drop(cmd.Context(), id)
	if err != nil {
		return err
	}
	if n == 0 {
		return errNoHook
	}
	return nil
}
