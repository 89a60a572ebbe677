package admin

import (
	"errors"

	"github.com/spf13/cobra"

	"atrium/internal/infra/conf"
	"atrium/internal/proto/cli"
)

// wholeConfig are the commands about all settings at once.
func (r *Room) wholeConfig() []*cobra.Command {
	list := &cobra.Command{Use: "config:list [APP]", Short: "List all settings, of the system and of apps", Args: cobra.MaximumNArgs(1), RunE: r.listConfig}
	list.Flags().Bool("private", false, "Show passwords and tokens of apps too")
	check := &cobra.Command{Use: "config:check", Short: "Tell everything that is wrong with the configuration", RunE: r.checkConfig}
	return []*cobra.Command{list, cli.Anywhere(check)}
}

func (r *Room) listConfig(cmd *cobra.Command, args []string) error {
	which := append(args, "all")[0]
	var out cli.Map
	if which == "all" || which == systemApp {
		values, err := r.systemValues(cmd.Context(), shower(cmd))
		if err != nil {
			return err
		}
		out = append(out, cli.Member{Key: systemApp, Value: values})
	}
	if which != systemApp {
		if which == "all" {
			which = ""
		}
		values, err := r.appValues(cmd, which)
		if err != nil {
			return err
		}
		out = append(out, cli.Member{Key: "apps", Value: values})
	}
	if err := cli.PreferPretty(cmd); err != nil {
		return err
	}
	return cli.Print(cmd, out)
}

func (r *Room) checkConfig(cmd *cobra.Command, _ []string) error {
	_, err := conf.Load(r.site.Source)
	problems, ok := errors.AsType[conf.Problems](err)
	switch {
	case err != nil && !ok:
		return err
	case !cli.Plain(cmd):
		table := cli.Table{}
		for _, p := range problems {
			table = append(table, cli.Map{{Key: "where", Value: p.Where}, {Key: "problem", Value: p.Text}})
		}
		if err := cli.Print(cmd, table); err != nil {
			return err
		}
	case err != nil:
		cli.Say(cmd, "%s", problems.Error())
	default:
		cli.Say(cmd, "The configuration is valid.")
	}
	if err != nil {
		return cli.ErrSaid
	}
	return nil
}
