package admin

import (
	"context"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/core/identity"
	"atrium/internal/proto/cli"
)

// userStates are the commands about who may come in and who came.
func (r *Room) userStates() []*cobra.Command {
	enable := &cobra.Command{Use: "user:enable UID", Short: "Let an account in again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.people.Enable(cmd.Context(), args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "The specified account is enabled")
			return nil
		}}
	disable := &cobra.Command{Use: "user:disable UID", Short: "Lock an account out and keep its things", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.people.Disable(cmd.Context(), args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "The specified account is disabled")
			return nil
		}}
	seen := &cobra.Command{Use: "user:lastseen [UID]", Short: "Tell when an account was last used", Args: cobra.MaximumNArgs(1), RunE: r.tellSeen}
	seen.Flags().Bool("all", false, "All accounts")
	seen.Flags().Bool("exclude-disabled", false, "Leave out accounts that are disabled")
	return []*cobra.Command{enable, disable, seen}
}

func (r *Room) tellSeen(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	if flagged(cmd, "all") == (len(args) == 1) {
		return cli.Usage("name one account, or use --all")
	}
	if len(args) == 1 {
		u, err := r.people.User(ctx, args[0])
		if err != nil {
			return err
		}
		at, err := r.lastSeen(ctx, u)
		if err != nil {
			return err
		}
		if !cli.Plain(cmd) {
			return cli.Print(cmd, seenRow(u, at))
		}
		saySeen(cmd, u, at)
		return nil
	}
	var all cli.Table
	for u, err := range r.people.Users(ctx, identity.Query{}) {
		if err != nil {
			return err
		}
		if !u.Enabled && flagged(cmd, "exclude-disabled") {
			continue
		}
		at, err := r.lastSeen(ctx, u)
		if err != nil {
			return err
		}
		if cli.Plain(cmd) {
			saySeen(cmd, u, at)
			continue
		}
		all = append(all, seenRow(u, at))
	}
	if cli.Plain(cmd) {
		return nil
	}
	return cli.Print(cmd, all)
}

func seenRow(u *identity.User, at time.Time) cli.Map {
	return cli.Map{{Key: "user_id", Value: u.ID}, {Key: "last_seen", Value: moment(at)}}
}

func saySeen(cmd *cobra.Command, u *identity.User, at time.Time) {
	if at.IsZero() {
		cli.Say(cmd, "User %s has never logged in.", u.ID)
		return
	}
	cli.Say(cmd, "%s's last login: %s", u.ID, at.Format("2006-01-02 15:04"))
}

// lastSeen counts app passwords too: who only ever syncs is not away.
func (r *Room) lastSeen(ctx context.Context, u *identity.User) (time.Time, error) {
	at := u.LastLogin
	for t, err := range r.people.Tokens(ctx, u.ID) {
		if err != nil {
			return time.Time{}, err
		}
		// An app password made by a command was not used by making it.
		if t.Used.After(at) && t.Used.After(t.Created) {
			at = t.Used
		}
	}
	return at, nil
}

// host is the public host, the second half of a cloud id.
func (r *Room) host() string {
	u, err := url.Parse(r.site.Config.BaseURL())
	if err != nil {
		return ""
	}
	return u.Host
}
