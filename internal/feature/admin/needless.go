package admin

import (
	"github.com/spf13/cobra"

	"atrium/internal/proto/cli"
)

// needless are commands that scripts run and that nothing here needs. They say
// why and succeed.
func needless() []*cobra.Command {
	const schema = "The tables are brought up to date whenever the server starts."
	mode := &cobra.Command{Use: "maintenance:mode", Short: "Tell that there is no maintenance mode", RunE: maintenance}
	mode.Flags().Bool("on", false, "Accepted, without effect")
	mode.Flags().Bool("off", false, "Accepted, without effect")
	all := []*cobra.Command{cli.Anywhere(mode)}
	for _, c := range []struct{ name, why string }{
		{"upgrade", schema + " To upgrade, replace the program and restart it."},
		{"maintenance:repair", "There is nothing to repair step by step. To look for damage, run: atrium verify"},
		{"background:cron", "The server does its background work itself; it needs no cron job."},
		{"db:add-missing-columns", schema},
		{"db:add-missing-indices", schema},
		{"db:add-missing-primary-keys", schema},
		{"db:convert-filecache-bigint", "All ids have 64 bits from the start."},
		{"db:convert-mysql-charset", "All names are kept byte by byte, with every character there is."},
	} {
		all = append(all, cli.Anywhere(&cobra.Command{Use: c.name, Short: "Accepted; nothing needs to be done",
			Args: cobra.ArbitraryArgs, FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
			RunE: func(cmd *cobra.Command, _ []string) error {
				cli.Say(cmd, "Nothing to do. %s", c.why)
				return nil
			}}))
	}
	return all
}

func maintenance(cmd *cobra.Command, _ []string) error {
	if !cli.Plain(cmd) {
		return cli.Print(cmd, cli.Map{{Key: "maintenance", Value: false}})
	}
	if !flagged(cmd, "on") && !flagged(cmd, "off") {
		cli.Say(cmd, "Maintenance mode is currently disabled")
	}
	cli.Say(cmd, "There is no maintenance mode. Backups, upgrades and all commands work while the server runs.")
	return nil
}
