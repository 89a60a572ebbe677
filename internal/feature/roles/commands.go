package roles

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	set := &cobra.Command{Use: "role:set NAME", Short: "Make a role, or give it other rights",
		Long: "Rights: " + strings.Join(slices.Sorted(maps.Keys(Rights())), ", ") + ".\nWithheld from files: " +
			strings.Join(slices.Sorted(maps.Keys(Withholdable())), ", ") + ".",
		Args: cobra.ExactArgs(1), RunE: rm.setCommand}
	set.Flags().String("display", "", "What people call it; the name, if nothing is said")
	set.Flags().StringSlice("right", nil, "A right that it grants; may be given several times")
	set.Flags().StringSlice("withhold", nil, "What it takes away in the file tree; may be given several times")
	grant := &cobra.Command{Use: "role:grant NAME", Short: "Give a role to accounts or groups", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return rm.each(cmd, args[0], "is given to", rm.grantTo) }}
	revoke := &cobra.Command{Use: "role:revoke NAME", Short: "Take a role from accounts or groups", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return rm.each(cmd, args[0], "is taken from", rm.takeFrom)
		}}
	for _, c := range []*cobra.Command{grant, revoke} {
		c.Flags().StringSlice("user", nil, "An account")
		c.Flags().StringSlice("group", nil, "A group")
	}
	return []*cobra.Command{
		{Use: "role:list", Short: "List the roles, and who holds them", Args: cobra.NoArgs, RunE: rm.listCommand},
		set, grant, revoke,
		{Use: "role:delete NAME", Short: "Delete a role; nobody holds it any more", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if err := rm.Remove(cmd.Context(), "", args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "The role %s is deleted", args[0])
			return nil
		}},
		{Use: "role:history NAME", Short: "Show all that a role ever was", Args: cobra.ExactArgs(1), RunE: rm.history},
	}
}

func (rm *Room) setCommand(cmd *cobra.Command, args []string) error {
	r := Role{Name: args[0]}
	var err error
	if r.Display, err = cmd.Flags().GetString("display"); err != nil {
		return err
	}
	if r.Rights, err = cmd.Flags().GetStringSlice("right"); err != nil {
		return err
	}
	if r.Withheld, err = cmd.Flags().GetStringSlice("withhold"); err != nil {
		return err
	}
	if r, err = rm.Set(cmd.Context(), "", r); err != nil {
		return err
	}
	cli.Say(cmd, "The role %s is set, version %d", r.Name, r.Version)
	return nil
}

func (rm *Room) grantTo(cmd *cobra.Command, name string, h Holder) error {
	return rm.Grant(cmd.Context(), name, h)
}

func (rm *Room) takeFrom(cmd *cobra.Command, name string, h Holder) error {
	return rm.Revoke(cmd.Context(), name, h)
}

// each does something with every holder that was named.
func (rm *Room) each(cmd *cobra.Command, name, done string, f func(*cobra.Command, string, Holder) error) error {
	users, err := cmd.Flags().GetStringSlice("user")
	if err != nil {
		return err
	}
	groups, err := cmd.Flags().GetStringSlice("group")
	if err != nil {
		return err
	}
	if len(users)+len(groups) == 0 {
		return cli.Usage("say who: --user or --group")
	}
	for i, id := range append(slices.Clone(users), groups...) {
		h, what := Holder{User, id}, "user"
		if i >= len(users) {
			h, what = Holder{Group, id}, "group"
		}
		if err := f(cmd, name, h); err != nil {
			return err
		}
		cli.Say(cmd, "The role %s %s the %s %s", name, done, what, id)
	}
	return nil
}

func (rm *Room) listCommand(cmd *cobra.Command, _ []string) error {
	rows := cli.Table{}
	for r, err := range rm.All(cmd.Context()) {
		if err != nil {
			return err
		}
		held, err := rm.holders(cmd.Context(), r.Name)
		if err != nil {
			return err
		}
		row := r.row()
		rows = append(rows, append(row, cli.Member{Key: "users", Value: cli.Strings(held.Users)}, cli.Member{Key: "groups", Value: cli.Strings(held.Groups)}))
	}
	return cli.Print(cmd, rows)
}

func (r Role) row() cli.Map {
	return cli.Map{{Key: "name", Value: r.Name}, {Key: "display", Value: r.Display}, {Key: "version", Value: r.Version},
		{Key: "rights", Value: cli.Strings(r.Rights)}, {Key: "withheld", Value: cli.Strings(r.Withheld)}}
}

func (rm *Room) history(cmd *cobra.Command, args []string) error {
	rows := cli.Table{}
	for r, err := range rm.Versions(cmd.Context(), args[0]) {
		if err != nil {
			return err
		}
		rows = append(rows, r.row())
	}
	if len(rows) == 0 {
		return noRole(args[0])
	}
	return cli.Print(cmd, rows)
}
