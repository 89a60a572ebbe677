package versions

import (
	"github.com/spf13/cobra"

	"atrium/internal/base/who"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
)

func (rm *Room) commands(b *plug.Board) {
	cleanup := &cobra.Command{Use: "versions:cleanup [UID...]", RunE: rm.cleanupNow, Short: "Delete the old versions of some accounts' files, or of all"}
	cleanup.Flags().StringP("path", "p", "", "Only in this folder, or of this file")
	b.CLI.Add("versions:cleanup", cleanup)
	b.CLI.Add("versions:expire", &cobra.Command{Use: "versions:expire [UID...]", RunE: rm.expireNow,
		Short: "Delete old versions that are due, by age and by what versions_retention_obligation says"})
}

// chosen are the accounts that a command names; "" alone for all.
func (rm *Room) chosen(cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) == 0 {
		return []string{""}, nil
	}
	for _, uid := range args {
		if _, err := rm.people.User(cmd.Context(), uid); err != nil {
			return nil, err
		}
	}
	return args, nil
}

func (rm *Room) cleanupNow(cmd *cobra.Command, args []string) error {
	path, err := cmd.Flags().GetString("path")
	if err != nil {
		return err
	}
	uids, err := rm.chosen(cmd, args)
	if err != nil {
		return err
	}
	if path != "" && len(args) == 0 {
		return cli.Usage("name the accounts whose path this is")
	}
	total := 0
	for _, uid := range uids {
		n, err := rm.cleanupAt(cmd, uid, path)
		if err != nil {
			return err
		}
		total += n
	}
	cli.Say(cmd, "%d versions were deleted", total)
	return nil
}

func (rm *Room) cleanupAt(cmd *cobra.Command, uid, path string) (int, error) {
	ctx := cmd.Context()
	if path == "" {
		return rm.cleanup(ctx, uid)
	}
	v, err := rm.files.As(ctx, &who.Principal{ID: uid})
	if err != nil {
		return 0, err
	}
	e, err := v.Stat(ctx, path)
	if err != nil {
		return 0, err
	}
	return rm.cleanupBelow(ctx, v, e)
}

func (rm *Room) expireNow(cmd *cobra.Command, args []string) error {
	uids, err := rm.chosen(cmd, args)
	if err != nil {
		return err
	}
	total := 0
	for _, uid := range uids {
		n, err := rm.expire(cmd.Context(), uid)
		if err != nil {
			return err
		}
		total += n
	}
	if err := rm.Thin(cmd.Context()); err != nil {
		return err
	}
	if err := rm.MakeRoom(cmd.Context()); err != nil {
		return err
	}
	cli.Say(cmd, "%d versions were older than they may be, and are deleted", total)
	return nil
}
