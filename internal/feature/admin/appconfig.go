package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/settings"
	"atrium/internal/infra/conf"
	"atrium/internal/proto/cli"
)

// appConfig are the commands about the settings of rooms.
func (r *Room) appConfig() []*cobra.Command {
	get := &cobra.Command{Use: "config:app:get APP NAME", Short: "Show a setting of an app", Args: cobra.ExactArgs(2), RunE: r.getApp}
	get.Flags().String("default-value", "", "What to print if it is not set")

	set := &cobra.Command{Use: "config:app:set APP NAME", Short: "Change a setting of an app", Args: cobra.ExactArgs(2), RunE: r.setApp}
	valueFlags(set)
	set.Flags().Bool("lazy", false, "Accepted, without effect")
	set.Flags().Bool("sensitive", false, "Accepted; names that speak of secrets are never listed with their values")

	list := &cobra.Command{Use: "config:app:list [APP]", Short: "List the settings of an app, or of all", Args: cobra.MaximumNArgs(1), RunE: r.listApp}
	list.Flags().Bool("private", false, "Show passwords and tokens too")

	remove := &cobra.Command{Use: "config:app:delete APP NAME", Short: "Forget a setting of an app", Args: cobra.ExactArgs(2), RunE: r.deleteApp}
	remove.Flags().Bool("error-if-not-exists", false, "Fail if it is not set")
	return []*cobra.Command{get, set, list, remove}
}

func valueFlags(c *cobra.Command) {
	c.Flags().String("value", "", "The new value")
	c.Flags().String("type", "string", "What the value must look like: string, integer, float, boolean, array (JSON)")
	c.Flags().Bool("update-only", false, "Fail if it is not set yet")
}

// givenValue is the value of --value, of the type that --type says.
func givenValue(cmd *cobra.Command) (string, error) {
	if !cmd.Flag("value").Changed {
		return "", cli.Usage("give a --value")
	}
	value, kind := text(cmd, "value"), text(cmd, "type")
	var err error
	switch kind {
	case "string", "mixed":
	case "integer", "int":
		_, err = strconv.ParseInt(value, 10, 64)
	case "float", "double":
		_, err = strconv.ParseFloat(value, 64)
	case "boolean", "bool":
		if !slices.Contains([]string{"true", "false", "yes", "no", "on", "off", "1", "0"}, strings.ToLower(value)) {
			err = errors.New("want true or false")
		}
	case "array", "json":
		if !json.Valid([]byte(value)) {
			err = errors.New("want JSON")
		}
	default:
		return "", cli.Usage("there is no --type %q", kind)
	}
	if err != nil {
		return "", cli.Usage("%q is no value of the type %s", value, kind)
	}
	return value, nil
}

// mainstays are settings on which everything hangs: nobody changes them.
func mainstay(app, name string) bool {
	return app == "core" && slices.Contains([]string{"secret", "store", "instanceid"}, name)
}

// errMainstay is the answer to who tries.
func errMainstay(app, name string) error {
	return fault.New(fault.Denied, fmt.Sprintf("%s %s belongs to this instance: without it, files and sign-ins would be lost.", app, name))
}

func (r *Room) getApp(cmd *cobra.Command, args []string) error {
	if args[0] == "core" && args[1] == "secret" {
		return fault.New(fault.Denied, "The instance's secret is not shown.")
	}
	v, err := r.settings.Get(cmd.Context(), args[0], args[1])
	switch {
	case err == nil:
		return cli.PrintBare(cmd, v)
	case !errors.Is(err, fault.NotFound):
		return err
	case cmd.Flag("default-value").Changed:
		return cli.PrintBare(cmd, text(cmd, "default-value"))
	}
	return cli.ErrSaid // as occ, so that scripts may test for it
}

func (r *Room) setApp(cmd *cobra.Command, args []string) error {
	app, name := args[0], args[1]
	value, err := givenValue(cmd)
	if err != nil {
		return err
	}
	if mainstay(app, name) {
		return errMainstay(app, name)
	}
	if flagged(cmd, "update-only") {
		if _, err := r.settings.Get(cmd.Context(), app, name); err != nil {
			return err
		}
	}
	if err := r.settings.Set(cmd.Context(), app, name, value); err != nil {
		return err
	}
	cli.Say(cmd, "Config value %s for app %s set to %s", name, app, value)
	return nil
}

func (r *Room) deleteApp(cmd *cobra.Command, args []string) error {
	app, name := args[0], args[1]
	if mainstay(app, name) {
		return errMainstay(app, name)
	}
	err := r.settings.Delete(cmd.Context(), app, name)
	if err != nil && (!errors.Is(err, fault.NotFound) || flagged(cmd, "error-if-not-exists")) {
		return err
	}
	cli.Say(cmd, "Config value %s of app %s deleted", name, app)
	return nil
}

func (r *Room) listApp(cmd *cobra.Command, args []string) error {
	all, err := r.appValues(cmd, append(args, "")[0])
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return cli.Print(cmd, all)
	}
	for _, m := range all {
		return cli.Print(cmd, m.Value)
	}
	return cli.Print(cmd, cli.Map{})
}

// appValues are the settings of one app, or of all when app is "", by app.
func (r *Room) appValues(cmd *cobra.Command, app string) (cli.Map, error) {
	show := shower(cmd)
	var all cli.Map
	for s, err := range r.settings.All(cmd.Context(), app) {
		if err != nil {
			return nil, err
		}
		if s.App == systemApp && app != systemApp {
			continue
		}
		if n := len(all); n == 0 || all[n-1].Key != s.App {
			all = append(all, cli.Member{Key: s.App, Value: cli.Map(nil)})
		}
		last := &all[len(all)-1]
		last.Value = append(last.Value.(cli.Map), cli.Member{Key: s.Name, Value: show(s)})
	}
	return all, nil
}

// shower shows values whole with --private, else redacted.
func shower(cmd *cobra.Command) func(settings.Setting) string {
	if !flagged(cmd, "private") {
		return redacted
	}
	return func(s settings.Setting) string {
		if s.App == "core" && s.Name == "secret" {
			return conf.Redacted
		}
		return s.Value
	}
}

func redacted(s settings.Setting) string {
	name := strings.ToLower(s.Name)
	for _, word := range []string{"password", "passwd", "secret", "token", "private", "credential", "apikey", "api_key", "salt"} {
		if strings.Contains(name, word) && s.Value != "" {
			return conf.Redacted
		}
	}
	return s.Value
}
