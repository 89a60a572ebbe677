package tags

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/who"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
)

// server is on whose behalf commands work.
func server() *who.Principal { return &who.Principal{Role: who.Admin} }

// access is the kind of a tag as the commands name it.
func access(t Tag) string {
	switch {
	case !t.Visible:
		return "invisible"
	case !t.Assignable:
		return "restricted"
	}
	return "public"
}

// parseAccess is the opposite.
func parseAccess(s string) (visible, assignable bool, err error) {
	switch s {
	case "public":
		return true, true, nil
	case "restricted":
		return true, false, nil
	case "invisible":
		return false, false, nil
	}
	return false, false, cli.Usage("access is public, restricted or invisible")
}

func (rm *Room) commands(b *plug.Board) {
	add := &cobra.Command{Use: "tag:add NAME ACCESS", Args: cobra.ExactArgs(2), RunE: rm.add,
		Short: "Make a tag that is public, restricted or invisible"}
	list := &cobra.Command{Use: "tag:list", Args: cobra.NoArgs, RunE: rm.list, Short: "List the tags"}
	edit := &cobra.Command{Use: "tag:edit ID", Args: cobra.ExactArgs(1), RunE: rm.edit, Short: "Change a tag's name, kind, colour or groups"}
	edit.Flags().String("name", "", "The new name")
	edit.Flags().String("access", "", "public, restricted or invisible")
	edit.Flags().String("color", "", "Six hexadecimal digits, or none")
	edit.Flags().StringSlice("groups", nil, "The groups that may assign it when it is restricted")
	del := &cobra.Command{Use: "tag:delete ID", Args: cobra.ExactArgs(1), RunE: rm.del, Short: "Delete a tag and take it off all files"}
	for _, c := range []*cobra.Command{add, list, edit, del} {
		name, _, _ := strings.Cut(c.Use, " ")
		b.CLI.Add(name, c)
	}
}

func (rm *Room) add(cmd *cobra.Command, args []string) error {
	visible, assignable, err := parseAccess(args[1])
	if err != nil {
		return err
	}
	t, err := rm.Create(cmd.Context(), server(), Draft{Name: args[0], Visible: visible, Assignable: assignable}, nil)
	if err != nil {
		return err
	}
	return cli.Print(cmd, cli.Map{{Key: "id", Value: t.ID}, {Key: "name", Value: t.Name}, {Key: "access", Value: access(t)}})
}

func (rm *Room) list(cmd *cobra.Command, _ []string) error {
	all, err := rm.All(cmd.Context())
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b Tag) int { return int(a.ID - b.ID) })
	out := cli.Map{}
	for _, t := range all {
		out = append(out, cli.Member{Key: strconv.FormatInt(t.ID, 10),
			Value: cli.Map{{Key: "name", Value: t.Name}, {Key: "access", Value: access(t)}, {Key: "color", Value: t.Color}}})
	}
	return cli.Print(cmd, out)
}

func (rm *Room) edit(cmd *cobra.Command, args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return cli.Usage("a tag is named by its id")
	}
	var e Edit
	text := func(flag string) *string {
		if !cmd.Flags().Changed(flag) {
			return nil
		}
		s, _ := cmd.Flags().GetString(flag) // it is one
		return &s
	}
	e.Name, e.Color = text("name"), text("color")
	if e.Color != nil && *e.Color == "none" {
		*e.Color = ""
	}
	if a := text("access"); a != nil {
		visible, assignable, err := parseAccess(*a)
		if err != nil {
			return err
		}
		e.Visible, e.Assignable = &visible, &assignable
	}
	if cmd.Flags().Changed("groups") {
		groups, err := cmd.Flags().GetStringSlice("groups")
		if err != nil {
			return err
		}
		e.Groups = &groups
	}
	if err := rm.Edit(cmd.Context(), server(), id, e); err != nil {
		return err
	}
	t, err := rm.tag(cmd.Context(), id)
	if err == nil {
		cli.Say(cmd, "Tag updated (%q, %s)", t.Name, access(t))
	}
	return err
}

func (rm *Room) del(cmd *cobra.Command, args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return cli.Usage("a tag is named by its id")
	}
	if err := rm.Delete(cmd.Context(), server(), id); err != nil {
		return err
	}
	cli.Say(cmd, "The specified tag was deleted")
	return nil
}
