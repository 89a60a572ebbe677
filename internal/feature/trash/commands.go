package trash

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
)

func (rm *Room) commands(b *plug.Board) {
	cleanup := &cobra.Command{Use: "trashbin:cleanup [UID...]", RunE: rm.cleanup, Short: "Delete for good what is in the trash of some accounts"}
	cleanup.Flags().Bool("all-users", false, "Of all accounts")
	expire := &cobra.Command{Use: "trashbin:expire [UID...]", RunE: rm.expireNow,
		Short: "Delete for good what has been in the trash for longer than trashbin_retention_obligation says"}
	size := &cobra.Command{Use: "trashbin:size [BYTES]", Args: cobra.MaximumNArgs(1), RunE: rm.size,
		Short: "Show or set how much a trash may hold, in bytes; -1 for as much as the quota leaves"}
	size.Flags().StringP("user", "u", "", "Of this account only")
	restore := &cobra.Command{Use: "trashbin:restore [UID...]", RunE: rm.restoreAll, Short: "Bring back what is in the trash of some accounts"}
	restore.Flags().Bool("all-users", false, "Of all accounts")
	restore.Flags().String("since", "", "Only what was deleted at or after this time (2026-01-31T12:00:00Z or Unix seconds)")
	restore.Flags().String("until", "", "Only what was deleted at or before this time")
	restore.Flags().Bool("dry-run", false, "Only say what would be done")
	for name, c := range map[string]*cobra.Command{"trashbin:cleanup": cleanup, "trashbin:expire": expire, "trashbin:size": size, "trashbin:restore": restore} {
		b.CLI.Add(name, c)
	}
}

// chosen are the accounts that a command names: none without --all-users is no
// answer.
func (rm *Room) chosen(cmd *cobra.Command, args []string) ([]*who.Principal, error) {
	all, err := cmd.Flags().GetBool("all-users")
	if err != nil {
		return nil, err
	}
	if all == (len(args) > 0) {
		return nil, cli.Usage("name accounts, or all with --all-users")
	}
	var out []*who.Principal
	for _, uid := range args {
		u, err := rm.people.User(cmd.Context(), uid)
		if err != nil {
			return nil, err
		}
		out = append(out, principal(u))
	}
	if all {
		for u, err := range rm.people.Users(cmd.Context(), identity.Query{}) {
			if err != nil {
				return nil, err
			}
			out = append(out, principal(u))
		}
	}
	return out, nil
}

func principal(u *identity.User) *who.Principal {
	return &who.Principal{ID: u.ID, Display: u.Display, Login: u.ID}
}

func (rm *Room) cleanup(cmd *cobra.Command, args []string) error {
	ps, err := rm.chosen(cmd, args)
	if err != nil {
		return err
	}
	for _, p := range ps {
		if err := rm.Empty(cmd.Context(), p.ID); err != nil {
			return err
		}
		cli.Say(cmd, "The trash of %s is empty", p.ID)
	}
	return nil
}

func (rm *Room) expireNow(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		args = []string{""}
	}
	total := 0
	for _, uid := range args {
		if uid != "" {
			if _, err := rm.people.User(cmd.Context(), uid); err != nil {
				return err
			}
		}
		n, err := rm.expire(cmd.Context(), uid)
		if err != nil {
			return err
		}
		total += n
	}
	if err := rm.MakeRoom(cmd.Context()); err != nil {
		return err
	}
	cli.Say(cmd, "%d items were deleted for good", total)
	return nil
}

func (rm *Room) size(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	uid, err := cmd.Flags().GetString("user")
	if err != nil {
		return err
	}
	if uid != "" {
		if _, err := rm.people.User(ctx, uid); err != nil {
			return err
		}
	}
	if len(args) == 0 {
		return rm.showSize(cmd, uid)
	}
	bytes, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || bytes < -1 {
		return cli.Usage("%q is no number of bytes", args[0])
	}
	if uid == "" {
		return rm.settings.Set(ctx, roomApp, sizeName, strconv.FormatInt(bytes, 10))
	}
	return rm.setLimit(ctx, uid, bytes)
}

func (rm *Room) showSize(cmd *cobra.Command, uid string) error {
	l, err := rm.limits(cmd.Context())
	if err != nil {
		return err
	}
	most, set := l.all, false
	if uid != "" {
		if bytes, ok := l.each[uid]; ok {
			most, set = bytes, true
		}
	}
	return cli.Print(cmd, cli.Map{{Key: "size", Value: most}, {Key: "own", Value: set}})
}

// span is the times between which something was deleted.
type span struct{ since, until int64 }

func spanOf(cmd *cobra.Command) (s span, err error) {
	s.until = 1 << 62
	for name, to := range map[string]*int64{"since": &s.since, "until": &s.until} {
		text, err := cmd.Flags().GetString(name)
		if err != nil {
			return s, err
		}
		if text == "" {
			continue
		}
		at, err := cli.Instant(text)
		if err != nil {
			return s, err
		}
		*to = at.Unix()
	}
	return s, nil
}

func (rm *Room) restoreAll(cmd *cobra.Command, args []string) error {
	ps, err := rm.chosen(cmd, args)
	if err != nil {
		return err
	}
	s, err := spanOf(cmd)
	if err != nil {
		return err
	}
	dry, err := cmd.Flags().GetBool("dry-run")
	if err != nil {
		return err
	}
	for _, p := range ps {
		if err := rm.restoreOf(cmd.Context(), p, s, func(it Item, to string) error {
			cli.Say(cmd, "%s: %s → %s", p.ID, it.davName(), to)
			return nil
		}, dry); err != nil {
			return err
		}
	}
	return nil
}

// restoreOf brings back what somebody has in their own trash, the latest first, so
// that a folder is there before what was deleted in it earlier.
func (rm *Room) restoreOf(ctx context.Context, p *who.Principal, s span, tell func(it Item, to string) error, dry bool) error {
	items, _, err := rm.shown(ctx, p)
	if err != nil {
		return err
	}
	for _, it := range items {
		if !it.own() || it.Deleted < s.since || it.Deleted > s.until {
			continue
		}
		to := it.Location
		if !dry {
			f, err := rm.look(ctx, p, it.Name, it.Deleted, "/")
			if fault.Of(err) == fault.NotFound { // somebody was faster
				continue
			}
			if err != nil {
				return err
			}
			back, err := rm.restore(ctx, p, f)
			if err != nil {
				return err
			}
			to = back.Path
		}
		if err := tell(it, to); err != nil {
			return err
		}
	}
	return nil
}
