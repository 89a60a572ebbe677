package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/proto/cli"
)

// groups are the commands that make, show and delete groups.
func (r *Room) groups() []*cobra.Command {
	add := &cobra.Command{Use: "group:add GID", Short: "Make a group", Args: cobra.ExactArgs(1), RunE: r.addGroup}
	add.Flags().String("display-name", "", "Name that people see")

	list := &cobra.Command{Use: "group:list", Short: "List groups with their members", RunE: r.listGroups}
	list.Flags().BoolP("info", "i", false, "Show more of each group")
	pageFlags(list)

	info := &cobra.Command{Use: "group:info GID", Short: "Show a group", Args: cobra.ExactArgs(1), RunE: r.showGroup}
	remove := &cobra.Command{Use: "group:delete GID", Short: "Delete a group; its members stay", Args: cobra.ExactArgs(1), RunE: r.deleteGroup}
	return []*cobra.Command{add, list, info, remove}
}

func (r *Room) addGroup(cmd *cobra.Command, args []string) error {
	err := r.people.CreateGroup(cmd.Context(), args[0], text(cmd, "display-name"))
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Exists, err, fmt.Sprintf("Group %q already exists.", args[0]))
	}
	if err != nil {
		return err
	}
	cli.Say(cmd, "Created group %q", args[0])
	return nil
}

func (r *Room) listGroups(cmd *cobra.Command, _ []string) error {
	limit, offset, err := page(cmd)
	if err != nil {
		return err
	}
	var list cli.Map
	for g, err := range r.people.Groups(cmd.Context(), "", limit, offset) {
		if err != nil {
			return err
		}
		names, err := r.membersOf(cmd.Context(), g.ID)
		if err != nil {
			return err
		}
		m := cli.Member{Key: g.ID, Value: names}
		if flagged(cmd, "info") {
			m.Value = cli.Map{{Key: "displayName", Value: g.Display}, {Key: "backends", Value: cli.List{"Database"}}, {Key: "users", Value: names}}
		}
		list = append(list, m)
	}
	return cli.Print(cmd, list)
}

func (r *Room) membersOf(ctx context.Context, gid string) (cli.List, error) {
	var names cli.List
	for u, err := range r.people.Users(ctx, identity.Query{Group: gid}) {
		if err != nil {
			return nil, err
		}
		names = append(names, u.ID)
	}
	return names, nil
}

func (r *Room) showGroup(cmd *cobra.Command, args []string) error {
	g, err := r.people.Group(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	return cli.Print(cmd, cli.Map{
		{Key: "groupID", Value: g.ID},
		{Key: "displayName", Value: g.Display},
		{Key: "backends", Value: cli.List{"Database"}},
	})
}

func (r *Room) deleteGroup(cmd *cobra.Command, args []string) error {
	if err := r.people.RemoveGroup(cmd.Context(), args[0]); err != nil {
		return err
	}
	cli.Say(cmd, "Group %q was removed", args[0])
	return nil
}

// members are the commands about who is in a group. Like occ they say nothing.
func (r *Room) members() []*cobra.Command {
	join := &cobra.Command{Use: "group:adduser GID UID", Short: "Put an account into a group", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.people.AddMember(cmd.Context(), args[0], args[1])
		}}
	leave := &cobra.Command{Use: "group:removeuser GID UID", Short: "Take an account out of a group", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := r.people.User(cmd.Context(), args[1]); err != nil {
				return err
			}
			return r.people.RemoveMember(cmd.Context(), args[0], args[1])
		}}
	return []*cobra.Command{join, leave}
}
