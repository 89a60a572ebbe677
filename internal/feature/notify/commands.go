package notify

import (
	"errors"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	generate := &cobra.Command{Use: "notification:generate UID SUBJECT", Short: "Tell an account something", Args: cobra.ExactArgs(2), RunE: rm.generate}
	generate.Flags().StringP("long-message", "l", "", "More about it")
	generate.Flags().String("object-type", "", "What it is about; a later one about the same takes its place. With --object-id")
	generate.Flags().String("object-id", "", "The id of what it is about")
	add := &cobra.Command{Use: "announcement:add SUBJECT", Short: "Announce something to everybody, to groups or to accounts", Args: cobra.ExactArgs(1), RunE: rm.addCommand}
	add.Flags().StringP("message", "m", "", "More about it")
	add.Flags().String("link", "", "An address that it leads to")
	add.Flags().Bool("all", false, "To everybody")
	add.Flags().StringSlice("group", nil, "To the members of a group; may be given several times")
	add.Flags().StringSlice("user", nil, "To an account; may be given several times")
	return []*cobra.Command{
		generate,
		{Use: "notification:delete UID ID", Short: "Take a notification off an account's list", Args: cobra.ExactArgs(2), RunE: rm.deleteCommand},
		{Use: "notification:list UID", Short: "List what an account is told", Args: cobra.ExactArgs(1), RunE: rm.listCommand},
		add,
		{Use: "announcement:list", Short: "List the announcements that stand", Args: cobra.NoArgs, RunE: rm.announcements},
		{Use: "announcement:remove ID", Short: "Take an announcement back", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if err := rm.Retract(cmd.Context(), args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "The announcement %s is taken back", args[0])
			return nil
		}},
	}
}

func (rm *Room) generate(cmd *cobra.Command, args []string) error {
	long, err := cmd.Flags().GetString("long-message")
	if err != nil {
		return err
	}
	u, err := rm.dir.User(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	if !fits(args[1], long) {
		return fault.New(fault.Invalid, "A notification needs a subject of at most 255 characters and a text of at most 4,000.")
	}
	n := personal(u.ID, args[1], long)
	if n, err = about(cmd, n); err != nil {
		return err
	}
	id, err := rm.tell(cmd.Context(), item{Notice: n})
	if err != nil {
		return err
	}
	cli.Say(cmd, "Notification with ID %d", id)
	return nil
}

func about(cmd *cobra.Command, n event.Notice) (event.Notice, error) {
	kind, err := cmd.Flags().GetString("object-type")
	if err != nil {
		return n, err
	}
	id, err := cmd.Flags().GetString("object-id")
	if err != nil {
		return n, err
	}
	if (kind == "") != (id == "") {
		return n, cli.Usage("give --object-type and --object-id together")
	}
	if kind != "" {
		n.Type, n.Object = kind, id
	}
	return n, nil
}

func (rm *Room) readerOf(cmd *cobra.Command, uid string) (reader, error) {
	u, err := rm.dir.User(cmd.Context(), uid)
	if err != nil {
		return reader{}, err
	}
	return rm.reader(cmd.Context(), u)
}

func (rm *Room) deleteCommand(cmd *cobra.Command, args []string) error {
	id, err := number(args[1])
	if err != nil {
		return err
	}
	r, err := rm.readerOf(cmd, args[0])
	if err != nil {
		return err
	}
	_, err = rm.one(cmd.Context(), r, id)
	if errors.Is(err, fault.NotFound) {
		return fault.Wrap(fault.NotFound, err, "There is no such notification.")
	}
	if err != nil {
		return err
	}
	if err := rm.Dismiss(cmd.Context(), r, id); err != nil {
		return err
	}
	cli.Say(cmd, "Notification %d is gone", id)
	return nil
}

func (rm *Room) listCommand(cmd *cobra.Command, args []string) error {
	r, err := rm.readerOf(cmd, args[0])
	if err != nil {
		return err
	}
	found, err := rm.listOf(cmd.Context(), r)
	if err != nil {
		return err
	}
	list := cli.Table{}
	for _, n := range found {
		s := n.show(r, rm.Base)
		list = append(list, cli.Map{{Key: "id", Value: n.id}, {Key: "at", Value: stamp(n.at)}, {Key: "app", Value: n.App},
			{Key: "object", Value: n.Type + "/" + n.Object}, {Key: "subject", Value: s.Subject}})
	}
	return cli.Print(cmd, list)
}

func (rm *Room) addCommand(cmd *cobra.Command, args []string) error {
	a := Announcement{Subject: args[0]}
	f := cmd.Flags()
	var err error
	if a.Message, err = f.GetString("message"); err != nil {
		return err
	}
	if a.Link, err = f.GetString("link"); err != nil {
		return err
	}
	if a.All, err = f.GetBool("all"); err != nil {
		return err
	}
	if a.Groups, err = f.GetStringSlice("group"); err != nil {
		return err
	}
	if a.Users, err = f.GetStringSlice("user"); err != nil {
		return err
	}
	id, err := rm.Announce(cmd.Context(), a)
	if err != nil {
		return err
	}
	cli.Say(cmd, "The announcement has the id %s", id)
	return nil
}

func (rm *Room) announcements(cmd *cobra.Command, _ []string) error {
	all, err := rm.Announcements(cmd.Context())
	if err != nil {
		return err
	}
	list := cli.Table{}
	for _, a := range all {
		to := append(append([]string{}, a.Users...), a.Groups...)
		if a.All {
			to = []string{"everybody"}
		}
		list = append(list, cli.Map{{Key: "id", Value: a.ID}, {Key: "at", Value: a.At}, {Key: "to", Value: to}, {Key: "subject", Value: a.Subject}})
	}
	return cli.Print(cmd, list)
}
