package admin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/core/identity"
	"atrium/internal/infra/machine"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/cli"
)

// users are the commands that make, show and delete accounts.
func (r *Room) users() []*cobra.Command {
	add := &cobra.Command{Use: "user:add UID", Short: "Make an account", Args: cobra.ExactArgs(1), RunE: r.addUser}
	add.Flags().Bool("password-from-env", false, "Take the password from the variable OC_PASS")
	add.Flags().Bool("generate-password", false, "Make up a password and print it")
	add.Flags().String("display-name", "", "Name that others see")
	add.Flags().StringArrayP("group", "g", nil, "Group to be in, made if it does not exist; can be repeated")
	add.Flags().String("email", "", "Mail address")
	add.Flags().String("quota", "", `Room for files, such as "5 GB", "none" or "default"`)
	add.MarkFlagsMutuallyExclusive("password-from-env", "generate-password")

	list := &cobra.Command{Use: "user:list", Short: "List accounts", RunE: r.listUsers}
	list.Flags().BoolP("info", "i", false, "Show more of each account")
	list.Flags().BoolP("disabled", "d", false, "Only accounts that are disabled")
	pageFlags(list)

	info := &cobra.Command{Use: "user:info UID", Short: "Show an account", Args: cobra.ExactArgs(1), RunE: r.showUser}
	remove := &cobra.Command{Use: "user:delete UID", Short: "Delete an account with all its files", Args: cobra.ExactArgs(1), RunE: r.deleteUser}

	reset := &cobra.Command{Use: "user:resetpassword UID", Short: "Give an account a new password", Args: cobra.ExactArgs(1), RunE: r.resetPassword}
	reset.Flags().Bool("password-from-env", false, "Take the password from the variable OC_PASS")
	release := &cobra.Command{Use: "user:release UID", Short: "Make an account one of ours that came from a directory or a provider", Args: cobra.ExactArgs(1), RunE: r.releaseUser}
	return []*cobra.Command{add, list, info, remove, reset, release}
}

func (r *Room) addUser(cmd *cobra.Command, args []string) error {
	ctx, n := cmd.Context(), identity.NewUser{ID: args[0], Display: text(cmd, "display-name"), Mail: text(cmd, "email")}
	var err error
	if q := text(cmd, "quota"); q != "" {
		if n.Quota, err = quota.Parse(q); err != nil {
			return err
		}
	}
	if n.Groups, err = cmd.Flags().GetStringArray("group"); err != nil {
		return err
	}
	if n.Password, err = firstPassword(cmd); err != nil {
		return err
	}
	if _, err := r.people.User(ctx, n.ID); err == nil { // before groups are made for nobody
		return fault.New(fault.Exists, "The account \"{name}\" already exists.", "name", n.ID)
	}
	made, err := r.makeGroups(ctx, n.Groups)
	if err != nil {
		return err
	}
	u, err := r.people.Create(ctx, n)
	if err != nil {
		return err
	}
	return sayAdded(cmd, u, n, made)
}

func sayAdded(cmd *cobra.Command, u *identity.User, n identity.NewUser, made []string) error {
	generated := flagged(cmd, "generate-password")
	if !cli.Plain(cmd) {
		v := cli.Map{{Key: "user_id", Value: u.ID}, {Key: "display_name", Value: u.Display}, {Key: "groups", Value: cli.Strings(n.Groups)}}
		if generated {
			v = append(v, cli.Member{Key: "password", Value: n.Password})
		}
		return cli.Print(cmd, v)
	}
	cli.Say(cmd, "The account %q was created successfully", u.ID)
	if n.Display != "" {
		cli.Say(cmd, "Display name set to %q", u.Display)
	}
	for _, g := range made {
		cli.Say(cmd, "Created group %q", g)
	}
	for _, g := range n.Groups {
		cli.Say(cmd, "Account %q added to group %q", u.ID, g)
	}
	if generated {
		cli.Say(cmd, "Password: %s", n.Password)
	}
	return nil
}

// makeGroups makes those groups that do not exist yet.
func (r *Room) makeGroups(ctx context.Context, gids []string) (made []string, err error) {
	for _, g := range gids {
		switch err := r.people.CreateGroup(ctx, g, ""); {
		case err == nil:
			made = append(made, g)
		case !errors.Is(err, fault.Exists):
			return nil, fmt.Errorf("group %q: %w", g, err)
		}
	}
	return made, nil
}

// generatedLength is how many letters and digits a made-up password has: 71 bits.
const generatedLength = 12

func firstPassword(cmd *cobra.Command) (string, error) {
	if flagged(cmd, "generate-password") {
		return seal.Token(generatedLength), nil
	}
	return givenPassword(cmd)
}

// givenPassword is the one of the environment, or is typed twice.
func givenPassword(cmd *cobra.Command) (string, error) {
	if flagged(cmd, "password-from-env") {
		return environPassword()
	}
	if !cli.Interactive(cmd) {
		return "", cli.Usage("there is no terminal to type a password on: give one in OC_PASS and use --password-from-env")
	}
	one, err := cli.AskSecret(cmd, "Password: ")
	if err != nil {
		return "", err
	}
	if one == "" {
		return "", fault.New(fault.Invalid, "The password must not be empty.")
	}
	two, err := cli.AskSecret(cmd, "The same again: ")
	if err != nil {
		return "", err
	}
	if one != two {
		return "", fault.New(fault.Invalid, "The two passwords are not the same.")
	}
	return one, nil
}

func environPassword() (string, error) {
	for _, name := range []string{"OC_PASS", "NC_PASS"} {
		if p := os.Getenv(name); p != "" {
			return p, nil
		}
	}
	return "", fault.New(fault.Invalid, "--password-from-env was given, but OC_PASS is empty.")
}

func (r *Room) listUsers(cmd *cobra.Command, _ []string) error {
	limit, offset, err := page(cmd)
	if err != nil {
		return err
	}
	q := identity.Query{Disabled: flagged(cmd, "disabled"), Limit: limit, Offset: offset}
	var list cli.Map
	for u, err := range r.people.Users(cmd.Context(), q) {
		if err != nil {
			return err
		}
		m := cli.Member{Key: u.ID, Value: u.Display}
		if flagged(cmd, "info") {
			if m.Value, err = r.info(cmd.Context(), u); err != nil {
				return err
			}
		}
		list = append(list, m)
	}
	return cli.Print(cmd, list)
}

func (r *Room) showUser(cmd *cobra.Command, args []string) error {
	u, err := r.people.User(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	v, err := r.info(cmd.Context(), u)
	if err != nil {
		return err
	}
	room, err := r.storage(cmd.Context(), u)
	if err != nil {
		return err
	}
	at := len(v) - 4
	return cli.Print(cmd, append(append(v[:at:at], cli.Member{Key: "storage", Value: room}), v[at:]...))
}

// info is what user:info and user:list --info show of an account.
func (r *Room) info(ctx context.Context, u *identity.User) (cli.Map, error) {
	groups, err := r.people.GroupsOf(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	seen, err := r.lastSeen(ctx, u)
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(filepath.Join(r.site.Config.Data, "users", u.ID))
	if err != nil {
		return nil, err
	}
	backend := u.Source
	if backend == "" {
		backend = "Database"
	}
	return cli.Map{
		{Key: "user_id", Value: u.ID},
		{Key: "display_name", Value: u.Display},
		{Key: "email", Value: u.Mail},
		{Key: "cloud_id", Value: u.ID + "@" + r.host()},
		{Key: "enabled", Value: u.Enabled},
		{Key: "groups", Value: cli.Strings(groups)},
		{Key: "quota", Value: quota.Format(u.Quota)},
		{Key: "first_seen", Value: moment(u.FirstLogin)},
		{Key: "last_seen", Value: moment(seen)},
		{Key: "user_directory", Value: folder},
		{Key: "backend", Value: backend},
	}, nil
}

// storage counts an account's bytes; without a bound the disk is the bound.
func (r *Room) storage(ctx context.Context, u *identity.User) (cli.Map, error) {
	used, quota, err := r.files.Usage(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	free := max(quota-used, 0)
	if quota < 0 {
		d, err := machine.DiskOf(r.site.Config.Data)
		if err != nil {
			return nil, err
		}
		free = d.Free
	}
	total, relative := used+free, 0.0
	if total > 0 {
		relative = float64(used*10000/total) / 100 // per cent, two digits
	}
	return cli.Map{
		{Key: "free", Value: free},
		{Key: "used", Value: used},
		{Key: "total", Value: total},
		{Key: "relative", Value: relative},
		{Key: "quota", Value: quota},
	}, nil
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339)
}

func (r *Room) deleteUser(cmd *cobra.Command, args []string) error {
	if err := r.people.Remove(cmd.Context(), args[0]); err != nil {
		return err
	}
	cli.Say(cmd, "The specified account was deleted")
	return nil
}

func (r *Room) resetPassword(cmd *cobra.Command, args []string) error {
	u, err := r.people.User(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	if u.Source != "" {
		return fault.New(fault.Unsupported, fmt.Sprintf("The password of %s is kept in %s.", u.ID, u.Source))
	}
	p, err := givenPassword(cmd)
	if err != nil {
		return err
	}
	if err := r.people.SetPassword(cmd.Context(), u.ID, p); err != nil {
		return err
	}
	cli.Say(cmd, "Successfully reset password for %s", u.ID)
	return nil
}

func (r *Room) releaseUser(cmd *cobra.Command, args []string) error {
	if err := r.people.Release(cmd.Context(), args[0]); err != nil {
		return err
	}
	cli.Say(cmd, "%s is an account of this server now, and needs a password", args[0])
	return nil
}
