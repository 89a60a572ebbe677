package twofactor

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/cli"
)

// commands are those of Nextcloud's occ, by the same names.
func (rm *Room) commands() []*cobra.Command {
	enforce := &cobra.Command{Use: "twofactorauth:enforce", Short: "Tell or change who must show a second factor", RunE: rm.enforce}
	enforce.Flags().Bool("on", false, "Everybody must, or the members of the groups given")
	enforce.Flags().Bool("off", false, "Nobody must")
	enforce.Flags().StringArray("group", nil, "Only members of this group must; may be given more than once")
	enforce.Flags().StringArray("exclude-group", nil, "Members of this group need not; may be given more than once")

	state := &cobra.Command{Use: "twofactorauth:state UID", Short: "Tell which second factors an account has", Args: cobra.ExactArgs(1), RunE: rm.tellState}
	enable := &cobra.Command{Use: "twofactorauth:enable UID PROVIDER", Short: "Refused: only the person can set up a second factor",
		Args: cobra.ExactArgs(2), RunE: rm.enable}
	disable := &cobra.Command{Use: "twofactorauth:disable UID PROVIDER", Short: "Take a second factor from an account", Args: cobra.ExactArgs(2), RunE: rm.disable}
	cleanup := &cobra.Command{Use: "twofactorauth:cleanup PROVIDER", Short: "Forget second factors of accounts that are gone", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return rm.cleanup(cmd, args[0]) }}
	totpCleanup := &cobra.Command{Use: "twofactor_totp:cleanup", Short: "Forget secrets of authenticator apps of accounts that are gone",
		RunE: func(cmd *cobra.Command, _ []string) error { return rm.cleanup(cmd, "totp") }}
	code := &cobra.Command{Use: "twofactorauth:admin:generate-code UID", Short: "Make a code that stands for a second factor once, for two days",
		Args: cobra.ExactArgs(1), RunE: rm.makeCode}
	return []*cobra.Command{enforce, state, enable, disable, cleanup, totpCleanup, code}
}

func (rm *Room) enforce(cmd *cobra.Command, _ []string) error {
	ctx, f := cmd.Context(), cmd.Flags()
	groups, err := f.GetStringArray("group")
	if err != nil {
		return err
	}
	excluded, err := f.GetStringArray("exclude-group")
	if err != nil {
		return err
	}
	on, off := f.Changed("on"), f.Changed("off")
	switch {
	case on && off:
		return cli.Usage("--on and --off exclude each other")
	case !on && len(groups)+len(excluded) > 0:
		return cli.Usage("--group and --exclude-group go with --on")
	case on || off:
		if err := rm.SetPolicy(ctx, Policy{Enforced: on, Groups: groups, Excluded: excluded}); err != nil {
			return err
		}
	}
	p, err := rm.Policy(ctx)
	if err != nil {
		return err
	}
	if !cli.Plain(cmd) {
		return cli.Print(cmd, cli.Map{{Key: "enforced", Value: p.Enforced}, {Key: "enforcedGroups", Value: cli.Strings(p.Groups)},
			{Key: "excludedGroups", Value: cli.Strings(p.Excluded)}})
	}
	cli.Say(cmd, "%s", p)
	return nil
}

// String tells the policy as the command does.
func (p Policy) String() string {
	if !p.Enforced {
		return "Two-factor authentication is not enforced"
	}
	s := "Two-factor authentication is enforced for all users"
	if len(p.Groups) > 0 {
		s = "Two-factor authentication is enforced for members of the group(s) " + strings.Join(p.Groups, ", ")
	}
	if len(p.Excluded) > 0 {
		s += ", except members of " + strings.Join(p.Excluded, ", ")
	}
	return s
}

func (rm *Room) tellState(cmd *cobra.Command, args []string) error {
	ctx, uid := cmd.Context(), args[0]
	if _, err := rm.dir.User(ctx, uid); err != nil {
		return err
	}
	state, err := rm.state(ctx, uid)
	if err != nil {
		return err
	}
	var all cli.Map
	var lists [2][]string
	for _, p := range rm.providers {
		id := p.About().ID
		all = append(all, cli.Member{Key: id, Value: state[id]})
		lists[number(!state[id])] = append(lists[number(!state[id])], "- "+id)
	}
	if !cli.Plain(cmd) {
		return cli.Print(cmd, all)
	}
	needs, err := rm.dir.NeedsSecond(ctx, uid)
	if err != nil {
		return err
	}
	word := "not enabled"
	if needs {
		word = "enabled"
	}
	cli.Say(cmd, "Two-factor authentication is %s for user %s", word, uid)
	for i, head := range []string{"Enabled providers:", "Disabled providers:"} {
		if len(lists[i]) > 0 {
			cli.Say(cmd, "\n%s\n%s", head, strings.Join(lists[i], "\n"))
		}
	}
	return nil
}

func (rm *Room) enable(_ *cobra.Command, args []string) error {
	if _, err := rm.provider(args[1]); err != nil {
		return err
	}
	return fault.New(fault.Unsupported, "Only {account} can set this up. To let them in once: atrium twofactorauth:admin:generate-code {account}", "account", args[0])
}

func (rm *Room) disable(cmd *cobra.Command, args []string) error {
	p, err := rm.provider(args[1])
	if err != nil {
		return err
	}
	if _, err := rm.dir.User(cmd.Context(), args[0]); err != nil {
		return err
	}
	if err := rm.take(cmd.Context(), p, args[0]); err != nil {
		return err
	}
	cli.Say(cmd, "Two-factor provider %s disabled for user %s.", args[1], args[0])
	return nil
}

func (rm *Room) cleanup(cmd *cobra.Command, id string) error {
	p, err := rm.provider(id)
	if err != nil {
		return err
	}
	n := 0
	gone, err := rm.gone(cmd.Context())
	if err != nil {
		return err
	}
	for _, uid := range gone {
		if err := p.Forget(cmd.Context(), uid); err != nil {
			return err
		}
		n++
	}
	cli.Say(cmd, "Accounts that are gone and had second factors: %d", n)
	return nil
}

// gone are accounts of which something is kept here and that are no more.
func (rm *Room) gone(ctx context.Context) ([]string, error) {
	uids, err := db.List(ctx, rm.db, db.Scan1[string], `SELECT uid FROM twofactor_totp UNION SELECT uid FROM twofactor_code
		UNION SELECT uid FROM twofactor_key`)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, uid := range uids {
		switch _, err := rm.dir.User(ctx, uid); {
		case err == nil:
		case fault.Of(err) == fault.NotFound:
			out = append(out, uid)
		default:
			return nil, err
		}
	}
	return out, nil
}

func (rm *Room) makeCode(cmd *cobra.Command, args []string) error {
	code, err := rm.OneTimeCode(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	if !cli.Plain(cmd) {
		return cli.Print(cmd, cli.Map{{Key: "user", Value: args[0]}, {Key: "code", Value: code}})
	}
	cli.Say(cmd, "%s", code)
	cli.Warn(cmd, "It stands for a second factor of %s once, within two days, and replaces the code before.", args[0])
	return nil
}
