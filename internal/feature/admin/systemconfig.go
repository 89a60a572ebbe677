package admin

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/settings"
	"atrium/internal/infra/conf"
	"atrium/internal/proto/cli"
)

// systemApp is the app under which settings of the system are kept that are no
// keys of the configuration. Names of several parts are joined by dots.
const systemApp = "system"

// systemConfig are the commands about the whole server's settings.
func (r *Room) systemConfig() []*cobra.Command {
	get := &cobra.Command{Use: "config:system:get NAME [NAME ...]", Short: "Show a setting of the system, such as: http.listen",
		Args: cobra.MinimumNArgs(1), RunE: r.getSystem}
	get.Flags().String("default-value", "", "What to print if it is not set")

	set := &cobra.Command{Use: "config:system:set NAME [NAME ...]", Short: "Change a setting of the system that is no key of the configuration",
		Args: cobra.MinimumNArgs(1), RunE: r.setSystem}
	valueFlags(set)

	list := &cobra.Command{Use: "config:system:list", Short: "List the configuration that is in force and the settings of the system", RunE: r.listSystem}

	remove := &cobra.Command{Use: "config:system:delete NAME [NAME ...]", Short: "Forget a setting of the system", Args: cobra.MinimumNArgs(1), RunE: r.deleteSystem}
	remove.Flags().Bool("error-if-not-exists", false, "Fail if it is not set")
	return []*cobra.Command{get, set, list, remove}
}

// fact is something that Nextcloud keeps in its config.php and that has another
// place here.
type fact struct {
	name string // in config.php
	key  string // of our configuration that decides about it; "": none
	get  func(ctx context.Context) (any, error)
}

func (r *Room) facts() []fact {
	c := r.site.Config
	is := func(v any) func(context.Context) (any, error) {
		return func(context.Context) (any, error) { return v, nil }
	}
	scheme, _, _ := strings.Cut(c.DSN(), ":")
	kind := map[string]string{"sqlite": "sqlite3", "postgres": "pgsql", "postgresql": "pgsql"}[scheme]
	if kind == "" {
		kind = "mysql"
	}
	level := slices.Index([]string{"debug", "info", "warn", "error"}, c.Log.Level)
	all := []fact{
		{"installed", "", is(true)},
		{"maintenance", "", is(false)},
		{"version", "", is(r.full())},
		{"instanceid", "", func(ctx context.Context) (any, error) { return r.settings.Instance(ctx) }},
		{"datadirectory", "data", func(context.Context) (any, error) { return filepath.Abs(c.Data) }},
		{"dbtype", "db.dsn", is(kind)},
		{"overwrite.cli.url", "url", is(c.BaseURL())},
		{"trusted_domains", "url", is(cli.List{r.host()})},
		{"loglevel", "log.level", is(level)},
	}
	for _, f := range [][2]string{{"dbhost", "db.dsn"}, {"dbname", "db.dsn"}, {"dbuser", "db.dsn"}, {"dbpassword", "db.dsn"},
		{"dbport", "db.dsn"}, {"overwritehost", "url"}, {"overwriteprotocol", "url"}, {"overwritewebroot", "url"},
		{"log_type", "log.format"}, {"default_quota", "quota.default"}} {
		all = append(all, fact{name: f[0], key: f[1]})
	}
	return all
}

func (r *Room) fact(name string) (fact, bool) {
	all := r.facts()
	i := slices.IndexFunc(all, func(f fact) bool { return f.name == name })
	if i < 0 {
		return fact{}, false
	}
	return all[i], true
}

func (r *Room) getSystem(cmd *cobra.Command, args []string) error {
	v, err := r.system(cmd.Context(), args)
	if errors.Is(err, fault.NotFound) {
		if cmd.Flag("default-value").Changed {
			return cli.PrintBare(cmd, text(cmd, "default-value"))
		}
		return cli.ErrSaid // as occ, so that scripts may test for it
	}
	if err != nil {
		return err
	}
	return cli.PrintBare(cmd, v)
}

// system looks a setting up: a key of the configuration, something that has
// another name here, or what config:system:set has stored.
func (r *Room) system(ctx context.Context, args []string) (any, error) {
	name := strings.Join(args, ".")
	if v, ok := r.site.Config.Get(name); ok {
		return v, nil
	}
	if f, ok := r.fact(args[0]); ok && f.get != nil {
		v, err := f.get(ctx)
		if err != nil {
			return nil, err
		}
		return inside(v, args[1:])
	}
	v, err := r.settings.Get(ctx, systemApp, name)
	if !errors.Is(err, fault.NotFound) {
		return v, err
	}
	var below cli.Map
	for s, err := range r.settings.All(ctx, systemApp) {
		if err != nil {
			return nil, err
		}
		if rest, ok := strings.CutPrefix(s.Name, name+"."); ok {
			below = append(below, cli.Member{Key: rest, Value: s.Value})
		}
	}
	if below == nil {
		return nil, fault.New(fault.NotFound, name+" is not set.")
	}
	return below, nil
}

// inside picks a part of a value: the elements of a list are named 0, 1, ….
func inside(v any, path []string) (any, error) {
	for _, p := range path {
		l, _ := v.(cli.List)
		i, err := strconv.Atoi(p)
		if err != nil || i < 0 || i >= len(l) {
			return nil, fault.New(fault.NotFound, "This is not set.")
		}
		v = l[i]
	}
	return v, nil
}

// settled says why a setting cannot be changed by a command, and what to do
// instead. nil: it can.
func (r *Room) settled(args []string) error {
	name := strings.Join(args, ".")
	if _, ok := r.site.Config.Get(name); ok {
		return fault.New(fault.Denied, r.placeOf(name))
	}
	f, ok := r.fact(args[0])
	switch {
	case !ok:
		return r.misspelt(name)
	case f.key == "":
		return fault.New(fault.Denied, f.name+" is not for setting: the server knows it by itself.")
	}
	return fault.New(fault.Denied, f.name+" is decided by "+f.key+" here. "+r.placeOf(f.key))
}

// placeOf tells what a key of the configuration is, where that comes from, and
// how to change it.
func (r *Room) placeOf(key string) string {
	value, _ := r.site.Config.Get(key)
	what := key + " is empty"
	if value != "" {
		what = fmt.Sprintf("%s is %q", key, value)
	}
	switch where := conf.Where(r.site.Source)[key]; {
	case strings.HasPrefix(where, "ATRIUM_"):
		return fmt.Sprintf("%s, from the variable %s. Change it there and restart the server.", what, where)
	case strings.HasPrefix(where, "--"):
		return fmt.Sprintf("%s, from the flag %s. Change it where the server is started.", what, where)
	case where != "":
		return fmt.Sprintf("%s, from %s. Change it there and restart the server.", what, where)
	}
	line := key + " = … at the top of"
	if section, name, ok := strings.Cut(key, "."); ok {
		line = fmt.Sprintf("%s = … below [%s] in", name, section)
	}
	return fmt.Sprintf("%s by default. Write %s %s, or set %s, and restart the server.",
		what, line, conf.File(r.site.Source), envName(key))
}

// misspelt refuses names that look like keys of the configuration and are none.
func (r *Room) misspelt(name string) error {
	section, _, dotted := strings.Cut(name, ".")
	for _, k := range conf.Keys() {
		if s, _, ok := strings.Cut(k.Name, "."); dotted && ok && s == section {
			return fault.New(fault.Invalid, fmt.Sprintf("There is no key %s in the section [%s]. See: atrium config:system:list", name, section))
		}
	}
	return nil
}

func envName(key string) string {
	for _, k := range conf.Keys() {
		if k.Name == key {
			return k.Env[0]
		}
	}
	return ""
}

func (r *Room) setSystem(cmd *cobra.Command, args []string) error {
	value, err := givenValue(cmd)
	if err != nil {
		return err
	}
	if err := r.settled(args); err != nil {
		return err
	}
	ctx, name := cmd.Context(), strings.Join(args, ".")
	if flagged(cmd, "update-only") {
		if _, err := r.settings.Get(ctx, systemApp, name); err != nil {
			return err
		}
	}
	if err := r.settings.Set(ctx, systemApp, name, value); err != nil {
		return err
	}
	cli.Say(cmd, "System config value %s set to %s %s", strings.Join(args, " => "), text(cmd, "type"), value)
	return nil
}

func (r *Room) deleteSystem(cmd *cobra.Command, args []string) error {
	if err := r.settled(args); err != nil {
		return err
	}
	err := r.settings.Delete(cmd.Context(), systemApp, strings.Join(args, "."))
	if err != nil && (!errors.Is(err, fault.NotFound) || flagged(cmd, "error-if-not-exists")) {
		return err
	}
	cli.Say(cmd, "System config value %s deleted", strings.Join(args, " => "))
	return nil
}

func (r *Room) listSystem(cmd *cobra.Command, _ []string) error {
	all, err := r.systemValues(cmd.Context(), redacted)
	if err != nil {
		return err
	}
	if !cli.Verbose(cmd) {
		return cli.Print(cmd, all)
	}
	from := conf.Where(r.site.Source)
	var t cli.Table
	for _, m := range all {
		where := from[m.Key]
		if _, isKey := r.site.Config.Get(m.Key); where == "" && isKey {
			where = "default"
		}
		t = append(t, cli.Map{{Key: "name", Value: m.Key}, {Key: "value", Value: m.Value}, {Key: "from", Value: where}})
	}
	return cli.Print(cmd, t)
}

// systemValues are the configuration that is in force, whose secrets are never
// shown, and the settings of the system as show gives them.
func (r *Room) systemValues(ctx context.Context, show func(settings.Setting) string) (cli.Map, error) {
	var all cli.Map
	for _, v := range r.site.Config.Values() {
		all = append(all, cli.Member{Key: v.Name, Value: v.Text})
	}
	for s, err := range r.settings.All(ctx, systemApp) {
		if err != nil {
			return nil, err
		}
		all = append(all, cli.Member{Key: s.Name, Value: show(s)})
	}
	return all, nil
}
