package admin

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/core/identity"
	"atrium/internal/proto/cli"
)

// trait is a setting of an account, by the names it has in Nextcloud.
type trait struct {
	app, name string
	get       func(u *identity.User) string // "": not set
	field     string                        // of the profile, by which it is set; "": otherwise or not at all
}

// traits lists them in the order of their names.
func traits() []trait {
	return []trait{
		{"core", "enabled", func(u *identity.User) string { return unless(u.Enabled, "false") }, ""},
		{"core", "lang", func(u *identity.User) string { return u.Language }, "language"},
		{"core", "locale", func(u *identity.User) string { return u.Locale }, "locale"},
		{"core", "timezone", func(u *identity.User) string { return u.Timezone }, "timezone"},
		{"files", "quota", func(u *identity.User) string {
			return unless(u.Quota == identity.DefaultQuota, quota.Format(u.Quota))
		}, ""},
		{"login", "firstLogin", func(u *identity.User) string {
			return unless(u.FirstLogin.IsZero(), strconv.FormatInt(u.FirstLogin.Unix(), 10))
		}, ""},
		{"login", "lastLogin", func(u *identity.User) string {
			return unless(u.LastLogin.IsZero(), strconv.FormatInt(u.LastLogin.Unix(), 10))
		}, ""},
		{"settings", "display_name", func(u *identity.User) string { return unless(u.Display == u.ID, u.Display) }, "displayname"},
		{"settings", "email", func(u *identity.User) string { return u.Mail }, "email"},
	}
}

func unless(no bool, value string) string {
	if no {
		return ""
	}
	return value
}

func (r *Room) setEnabled(ctx context.Context, uid, value string) error {
	on, err := strconv.ParseBool(value)
	if value == "" {
		on, err = true, nil
	}
	switch {
	case err != nil:
		return cli.Usage("want true or false, not %q", value)
	case on:
		return r.people.Enable(ctx, uid)
	}
	return r.people.Disable(ctx, uid)
}

func (r *Room) userSettings() []*cobra.Command {
	c := &cobra.Command{Use: "user:setting UID [APP [NAME [VALUE]]]", Short: "Show or change a setting of an account, such as: alice files quota '5 GB'",
		Args: cobra.RangeArgs(1, 4), RunE: r.userSetting}
	c.Flags().String("default-value", "", "What to print if it is not set")
	c.Flags().Bool("update-only", false, "Change it only if it is set already")
	c.Flags().Bool("delete", false, "Back to what accounts have from the start")
	c.Flags().Bool("error-if-not-exists", false, "With --delete: fail if it is not set")
	c.Flags().Bool("ignore-missing-user", false, "Accepted; settings go with their account")
	return []*cobra.Command{c}
}

func (r *Room) userSetting(cmd *cobra.Command, args []string) error {
	u, err := r.people.User(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	if len(args) < 3 {
		return listTraits(cmd, u, append(args, "")[1])
	}
	t, err := findTrait(args[1], args[2])
	if err != nil {
		return err
	}
	was := t.get(u)
	none := fault.New(fault.NotFound, fmt.Sprintf("The setting does not exist for user %q.", u.ID))
	switch {
	case flagged(cmd, "delete") && len(args) == 4:
		return cli.Usage("--delete takes no value")
	case flagged(cmd, "delete"):
		if was == "" && flagged(cmd, "error-if-not-exists") {
			return none
		}
		return r.setTrait(cmd.Context(), u.ID, t, "")
	case len(args) == 4:
		if was == "" && flagged(cmd, "update-only") {
			return none
		}
		return r.setTrait(cmd.Context(), u.ID, t, args[3])
	case was != "":
		return cli.PrintBare(cmd, was)
	case cmd.Flag("default-value").Changed:
		return cli.PrintBare(cmd, text(cmd, "default-value"))
	}
	return none
}

func findTrait(app, name string) (trait, error) {
	for _, t := range traits() {
		if t.app == app && t.name == name {
			return t, nil
		}
	}
	known := ""
	for _, t := range traits() {
		known += fmt.Sprintf("\n  %s %s", t.app, t.name)
	}
	return trait{}, fault.New(fault.NotFound, fmt.Sprintf("There is no setting %s %s. There are:%s", app, name, known))
}

// listTraits prints what is set, of one app unless app is "".
func listTraits(cmd *cobra.Command, u *identity.User, app string) error {
	var all cli.Map
	for _, t := range traits() {
		value := t.get(u)
		if value == "" || app != "" && t.app != app {
			continue
		}
		if n := len(all); n == 0 || all[n-1].Key != t.app {
			all = append(all, cli.Member{Key: t.app, Value: cli.Map(nil)})
		}
		last := &all[len(all)-1]
		last.Value = append(last.Value.(cli.Map), cli.Member{Key: t.name, Value: value})
	}
	return cli.Print(cmd, all)
}

// setTrait changes a setting; "" puts it back.
func (r *Room) setTrait(ctx context.Context, uid string, t trait, value string) error {
	switch {
	case t.field != "":
		return r.people.SetField(ctx, uid, t.field, value)
	case t.name == "enabled":
		return r.setEnabled(ctx, uid, value)
	case t.name == "quota":
		if value == "" {
			value = "default"
		}
		return r.setQuota(ctx, uid, value)
	}
	return fault.New(fault.Denied, fmt.Sprintf("%s %s is kept by the server and cannot be changed.", t.app, t.name))
}

// setQuota bounds the account, and with it its home.
func (r *Room) setQuota(ctx context.Context, uid, value string) error {
	quota, err := quota.Parse(value)
	if err != nil {
		return err
	}
	return r.people.SetQuota(ctx, uid, quota)
}
