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
	return []*cobra.Command{cli.Anywhere(status)}
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
