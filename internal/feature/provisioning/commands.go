package provisioning

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/proto/cli"
)

// commands are those about accounts that go through this room.
func (rm *Room) commands() []*cobra.Command {
	report := &cobra.Command{Use: "user:report", Short: "Count the accounts", Args: cobra.NoArgs, RunE: rm.report}
	show := &cobra.Command{Use: "user:profile UID [FIELD [VALUE]]", Short: "Show or change a field of an account's profile, such as: alice phone '+43 1 234567'",
		Args: cobra.RangeArgs(1, 3), RunE: rm.profileCommand}
	show.Flags().String("default-value", "", "What to print if the field is empty")
	show.Flags().Bool("delete", false, "Empty the field")
	show.Flags().Bool("update-only", false, "Change the field only if it has a value")
	show.Flags().Bool("error-if-not-exists", false, "With --delete: fail if the field is empty")
	welcome := &cobra.Command{Use: "user:welcome UID", Short: "Send the first mail to an account again", Args: cobra.ExactArgs(1), RunE: rm.welcomeCommand}
	welcome.Flags().BoolP("reset-password", "r", false, "Accepted: an account without a password always gets a link to choose one")
	sync := &cobra.Command{Use: "user:sync-account-data", Short: "Ask the directories that accounts come from for all of them", Args: cobra.NoArgs, RunE: rm.syncCommand}
	sync.Flags().IntP("limit", "l", 0, "Accepted, without effect: all are asked for")
	sync.Flags().IntP("offset", "o", 0, "Accepted, without effect")
	return append(rm.appCommands(), report, show, welcome, sync)
}

func (rm *Room) report(cmd *cobra.Command, _ []string) error {
	all, disabled, err := rm.dir.CountUsers(cmd.Context())
	if err != nil {
		return err
	}
	return cli.Print(cmd, cli.Map{{Key: "total", Value: all}, {Key: "enabled", Value: all - disabled}, {Key: "disabled", Value: disabled}})
}

func (rm *Room) profileCommand(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	u, err := rm.dir.User(ctx, args[0])
	if err != nil {
		return err
	}
	p, err := rm.dir.Profile(ctx, u)
	if err != nil {
		return err
	}
	if len(args) == 1 {
		var all cli.Map
		for _, f := range p {
			if n := len(all); n > 0 && all[n-1].Key == f.Name { // one of many values
				all[n-1].Value = fmt.Sprint(all[n-1].Value, ", ", f.Value)
				continue
			}
			if f.Value != "" {
				all = append(all, cli.Member{Key: f.Name, Value: f.Value})
			}
		}
		return cli.Print(cmd, all)
	}
	name, was := args[1], p.Get(args[1]).Value
	remove := cmd.Flag("delete").Value.String() == "true"
	none := fault.New(fault.NotFound, fmt.Sprintf("The field %s of %s is empty.", name, u.ID))
	switch {
	case remove && len(args) == 3:
		return cli.Usage("--delete takes no value")
	case remove && was == "" && cmd.Flag("error-if-not-exists").Changed, len(args) == 3 && was == "" && cmd.Flag("update-only").Changed:
		return none
	case remove:
		for _, f := range p.All(name) {
			if err := rm.empty(cmd, u, f.Name, f.Value); err != nil {
				return err
			}
		}
		return nil
	case len(args) == 3:
		return rm.dir.SetField(ctx, u.ID, name, args[2])
	case was != "":
		return cli.PrintBare(cmd, was)
	case cmd.Flag("default-value").Changed:
		return cli.PrintBare(cmd, cmd.Flag("default-value").Value.String())
	}
	return none
}

// empty takes a value from a field that has one or many.
func (rm *Room) empty(cmd *cobra.Command, u *identity.User, name, value string) error {
	err := rm.dir.ChangeItem(cmd.Context(), u.ID, name, value, "")
	if errors.Is(err, fault.Invalid) { // it has one
		return rm.dir.SetField(cmd.Context(), u.ID, name, "")
	}
	return err
}

func (rm *Room) welcomeCommand(cmd *cobra.Command, args []string) error {
	u, err := rm.dir.User(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	if rm.mail == nil {
		return fault.New(fault.Unsupported, "No mail can be sent from here.")
	}
	if err := rm.mail.Welcome(cmd.Context(), u); err != nil {
		return err
	}
	cli.Say(cmd, "Mail to %s is on its way", u.Mail)
	return nil
}

func (rm *Room) syncCommand(cmd *cobra.Command, _ []string) error {
	n, err := rm.dir.Import(cmd.Context(), identity.Query{})
	if err != nil {
		return err
	}
	cli.Say(cmd, "Brought %d accounts up to date", n)
	return nil
}
