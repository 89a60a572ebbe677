package admin

import (
	"errors"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/proto/cli"
)

// about are the commands about the server itself.
func (r *Room) about() []*cobra.Command {
	status := &cobra.Command{Use: "status", Short: "Tell versions and whether the instance has been begun", RunE: r.status}
	status.Flags().BoolP("exit-code", "e", false, "Accepted; there is no maintenance that a code could tell")
	apps := &cobra.Command{Use: "app:list", Short: "List the rooms of the house", RunE: r.apps}
	for _, flag := range []string{"enabled", "disabled", "shipped"} {
		apps.Flags().Bool(flag, false, "Accepted; all rooms are enabled and part of the program")
	}
	return []*cobra.Command{cli.Anywhere(status), apps}
}

// full is a version with the fourth number that clients parse.
func (r *Room) full() string { return r.site.Speaks + ".2" }

func (r *Room) status(cmd *cobra.Command, _ []string) error {
	begun := true
	g, err := r.site.Open(cmd.Context())
	switch {
	case errors.Is(err, fault.NotFound):
		begun = false
	case err != nil:
		return err
	default:
		if err := g.Close(); err != nil {
			return err
		}
	}
	return cli.Print(cmd, cli.Map{
		{Key: "installed", Value: begun},
		{Key: "version", Value: r.full()},
		{Key: "versionstring", Value: r.site.Speaks},
		{Key: "edition", Value: ""},
		{Key: "maintenance", Value: false},
		{Key: "needsDbUpgrade", Value: false},
		{Key: "productname", Value: "Atrium"},
		{Key: "extendedSupport", Value: false},
		{Key: "atriumversion", Value: r.site.Version},
	})
}

func (r *Room) apps(cmd *cobra.Command, _ []string) error {
	var enabled cli.Map
	for _, name := range r.site.Rooms() {
		enabled = append(enabled, cli.Member{Key: name, Value: r.site.Speaks})
	}
	if !cli.Plain(cmd) {
		return cli.Print(cmd, cli.Map{{Key: "enabled", Value: enabled}, {Key: "disabled", Value: cli.Map{}}})
	}
	cli.Say(cmd, "Enabled:")
	if err := cli.Print(cmd, enabled); err != nil {
		return err
	}
	cli.Say(cmd, "Disabled:")
	return nil
}
