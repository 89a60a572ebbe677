package exapps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps/route"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	return slices.Concat(rm.daemonCommands(), rm.appCommands(), rm.configCommands())
}

func (rm *Room) daemonCommands() []*cobra.Command {
	register := &cobra.Command{Use: "app_api:daemon:register NAME DISPLAY-NAME DEPLOY-ID PROTOCOL HOST SERVER-URL",
		Short: "Register where external apps run; the deploy id is manual-install", Args: cobra.ExactArgs(6), RunE: rm.cmdAddDaemon}
	return []*cobra.Command{register,
		{Use: "app_api:daemon:unregister NAME", Short: "Remove a daemon that no external app uses", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				if _, err := rm.RemoveDaemon(cmd.Context(), args[0]); err != nil {
					return err
				}
				cli.Say(cmd, "daemon %s is unregistered", args[0])
				return nil
			}},
		{Use: "app_api:daemon:list", Short: "List the daemons of external apps", Args: cobra.NoArgs, RunE: rm.cmdDaemons}}
}

func (rm *Room) cmdAddDaemon(cmd *cobra.Command, args []string) error {
	config, err := json.Marshal(map[string]string{"nextcloud_url": args[5], "net": "host"})
	if err != nil {
		return err
	}
	d := Daemon{Name: args[0], Display: args[1], Deploy: args[2], Protocol: args[3], Host: args[4], Config: config}
	if err := rm.AddDaemon(cmd.Context(), &d); err != nil {
		return err
	}
	cli.Say(cmd, "daemon %s is registered", d.Name)
	return nil
}

func (rm *Room) cmdDaemons(cmd *cobra.Command, _ []string) error {
	all, err := rm.Daemons(cmd.Context())
	if err != nil {
		return err
	}
	rows := cli.Table{}
	for _, d := range all {
		rows = append(rows, cli.Map{{Key: "name", Value: d.Name}, {Key: "display name", Value: d.Display}, {Key: "deploy id", Value: d.Deploy},
			{Key: "protocol", Value: d.Protocol}, {Key: "host", Value: d.Host}})
	}
	return cli.Print(cmd, rows)
}

func (rm *Room) appCommands() []*cobra.Command {
	register := &cobra.Command{Use: "app_api:app:register ID [DAEMON]", Short: "Register an external app that runs already", Args: cobra.RangeArgs(1, 2), RunE: rm.cmdRegister}
	update := &cobra.Command{Use: "app_api:app:update ID", Short: "Change an external app; a new secret is good at once, the former for a day", Args: cobra.ExactArgs(1), RunE: rm.cmdUpdate}
	for _, c := range []*cobra.Command{register, update} {
		c.Flags().String("json-info", "", "What there is to say of the app, as JSON; - reads it from the standard input")
		c.Flags().Bool("wait-finish", false, "Wait until the app has started")
	}
	register.Flags().Bool("force-scopes", false, "Grant the scopes that the app asks for")
	register.Flags().Bool("signed", false, "The app signs its requests (AE-SIGNATURE) and never sends its secret")
	unregister := &cobra.Command{Use: "app_api:app:unregister ID", Short: "Remove an external app", Args: cobra.ExactArgs(1), RunE: rm.cmdUnregister}
	unregister.Flags().Bool("keep-data", false, "Keep the app's configuration and preferences")
	unregister.Flags().Bool("silent", false, "Say nothing if there is no such app")
	return []*cobra.Command{register, update, unregister,
		{Use: "app_api:app:enable ID", Short: "Let an external app call the server", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if err := rm.Enable(cmd.Context(), args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "%s is enabled", args[0])
			return nil
		}},
		{Use: "app_api:app:disable ID", Short: "Shut an external app out at once", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if err := rm.Disable(cmd.Context(), args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "%s is disabled", args[0])
			return nil
		}},
		{Use: "app_api:app:list", Short: "List the external apps", Args: cobra.NoArgs, RunE: rm.cmdApps},
		{Use: "app_api:app:run COMMAND [ARGUMENT]…", Short: "Run a command of an external app; options as name=value", Args: cobra.MinimumNArgs(1), RunE: rm.cmdRun}}
}

// told is what is said of an app in JSON, with the names that AppAPI reads and those it
// read at first.
type told struct {
	Name     string        `json:"name"`
	Version  string        `json:"version"`
	Secret   string        `json:"secret"`
	Host     string        `json:"host"`
	Port     json.Number   `json:"port"`
	Protocol string        `json:"protocol"`
	Daemon   string        `json:"daemon_config_name"`
	Scopes   []string      `json:"scopes"`
	System   flag          `json:"system"`
	SystemAs flag          `json:"system_app"`
	Routes   []route.Route `json:"routes"`
}

// flag is a truth value that may be written as a number.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(b []byte) error {
	*f = flag(slices.Contains([]string{"true", "1", `"1"`, `"true"`}, string(b)))
	return nil
}

// parseInfo reads what is said of an app.
func parseInfo(text []byte) (in told, err error) {
	if err := json.Unmarshal(text, &in); err != nil {
		return in, fault.Wrap(fault.Invalid, err, "What --json-info says cannot be read as JSON.")
	}
	return in, nil
}

// onto changes an app to what is said; what is not said stays.
func (in told) onto(a *App) error {
	for to, said := range map[*string]string{&a.Name: in.Name, &a.Version: in.Version, &a.secret: in.Secret, &a.Host: in.Host,
		&a.Scheme: in.Protocol, &a.Daemon: in.Daemon} {
		if said != "" {
			*to = said
		}
	}
	if in.Port != "" {
		n, err := in.Port.Int64()
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "The port is a number.")
		}
		a.Port = int(n)
	}
	if in.Scopes != nil {
		a.Scopes = in.Scopes
	}
	if in.Routes != nil {
		a.Routes = in.Routes
	}
	a.System = a.System || bool(in.System) || bool(in.SystemAs)
	return nil
}

func (rm *Room) said(cmd *cobra.Command) (told, error) {
	text, err := cmd.Flags().GetString("json-info")
	if err != nil {
		return told{}, err
	}
	if text == "" {
		return told{}, cli.Usage("say with --json-info what the app is")
	}
	if text != "-" {
		return parseInfo([]byte(text))
	}
	var raw json.RawMessage
	if err := json.NewDecoder(cmd.InOrStdin()).Decode(&raw); err != nil {
		return told{}, fault.Wrap(fault.Invalid, err, "What --json-info says cannot be read as JSON.")
	}
	return parseInfo(raw)
}

func (rm *Room) cmdRegister(cmd *cobra.Command, args []string) error {
	in, err := rm.said(cmd)
	if err != nil {
		return err
	}
	a := &App{ID: args[0]}
	if len(args) > 1 {
		in.Daemon = args[1]
	}
	d, err := daemonNamed(cmd.Context(), rm.db, in.Daemon)
	if err != nil {
		return err
	}
	a.Scheme, a.Host = d.Protocol, d.Host
	if err := in.onto(a); err != nil {
		return err
	}
	if a.Signed, err = cmd.Flags().GetBool("signed"); err != nil {
		return err
	}
	made := a.secret == ""
	if made {
		a.secret = seal.Token(128)
	}
	if err := rm.grant(cmd, a); err != nil {
		return err
	}
	if err := rm.Register(cmd.Context(), a); err != nil {
		return err
	}
	if made {
		cli.Say(cmd, "its secret is %s", a.secret)
	}
	return rm.started(cmd, a, "registered")
}

// grant settles which scopes a new app has. Of today's protocol it has all unless the
// administrator names some. One that signs is asked which it needs, and gets them with
// --force-scopes.
func (rm *Room) grant(cmd *cobra.Command, a *App) error {
	if a.Scopes != nil {
		return nil
	}
	if !a.Signed {
		a.Scopes = []string{scope.All}
		return nil
	}
	if err := a.check(); err != nil { // before it is called
		return err
	}
	wants, err := rm.wants(cmd.Context(), a)
	if err != nil {
		return err
	}
	force, err := cmd.Flags().GetBool("force-scopes")
	if err != nil {
		return err
	}
	if !force && !slices.Equal(wants, []string{scope.Basic}) {
		return fault.New(fault.Denied, "The app asks for the scopes "+strings.Join(wants, ", ")+". Grant them with --force-scopes, or name others in --json-info.")
	}
	a.Scopes = wants
	return nil
}

// wants asks an app of the signed protocol which scopes it needs.
func (rm *Room) wants(ctx context.Context, a *App) ([]string, error) {
	status, body, err := rm.call(ctx, a, outgoing{method: http.MethodGet, target: "/scopes"})
	if err != nil {
		return nil, err
	}
	var said struct{ Required []int }
	if status != http.StatusOK || json.Unmarshal(body, &said) != nil {
		return nil, fault.New(fault.Conflict, "The app does not say which scopes it needs. Name them in --json-info.")
	}
	names := []string{scope.Basic}
	for _, n := range said.Required {
		name, ok := scope.Numbered(n)
		if !ok {
			return nil, fault.New(fault.Invalid, fmt.Sprintf("The app asks for the scope %d, which there is not.", n))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// started says what has been done with an app, and waits for its start if asked to.
func (rm *Room) started(cmd *cobra.Command, a *App, done string) error {
	cli.Say(cmd, "%s is %s", a.ID, done)
	wait, err := cmd.Flags().GetBool("wait-finish")
	if err != nil || !wait {
		return err
	}
	now, err := rm.wait(cmd.Context(), a.ID)
	if err != nil {
		return err
	}
	if now.Status.Error != "" {
		return fault.New(fault.Conflict, "The app could not start: "+now.Status.Error)
	}
	cli.Say(cmd, "%s is enabled", a.ID)
	return nil
}

func (rm *Room) cmdUpdate(cmd *cobra.Command, args []string) error {
	in, err := rm.said(cmd)
	if err != nil {
		return err
	}
	a, err := rm.App(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	a.secret = ""
	if err := in.onto(a); err != nil {
		return err
	}
	if err := rm.Update(cmd.Context(), a); err != nil {
		return err
	}
	return rm.started(cmd, a, "updated")
}

func (rm *Room) cmdUnregister(cmd *cobra.Command, args []string) error {
	keepData, err1 := cmd.Flags().GetBool("keep-data")
	silent, err2 := cmd.Flags().GetBool("silent")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	keep := Nothing
	if keepData {
		keep = ItsPairs
	}
	err := rm.Unregister(cmd.Context(), args[0], keep)
	if silent && errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	cli.Say(cmd, "%s is unregistered", args[0])
	return nil
}

func (rm *Room) cmdApps(cmd *cobra.Command, _ []string) error {
	all, err := rm.Apps(cmd.Context())
	if err != nil {
		return err
	}
	rows := cli.Table{}
	for _, a := range all {
		rows = append(rows, cli.Map{{Key: "id", Value: a.ID}, {Key: "name", Value: a.Name}, {Key: "version", Value: a.Version},
			{Key: "enabled", Value: a.Enabled}, {Key: "address", Value: a.address().String()}, {Key: "scopes", Value: strings.Join(a.Scopes, ", ")},
			{Key: "error", Value: a.show().Status.Error}})
	}
	return cli.Print(cmd, rows)
}

// cmdRun has an app run a command that it has added. The command's arguments get their
// names from their places.
func (rm *Room) cmdRun(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	all, err := rm.partsOf(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(p part) bool { return p.kind == occKind && p.name == args[0] })
	if i < 0 {
		return fault.New(fault.NotFound, "No enabled external app has a command "+args[0]+".")
	}
	a, err := rm.App(ctx, all[i].app)
	if err != nil {
		return err
	}
	handler, _ := all[i].body["execute_handler"].(string)
	target, err := handlerTarget(handler)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"occ": occCall(all[i].body, args[1:])})
	if err != nil {
		return err
	}
	status, answer, err := rm.call(ctx, a, outgoing{method: http.MethodPost, target: target, body: body})
	if err != nil {
		return err
	}
	if _, err := cmd.OutOrStdout().Write(answer); err != nil {
		return err
	}
	if status >= 300 {
		return fault.New(fault.Conflict, fmt.Sprintf("The app answers with %d.", status))
	}
	return nil
}

// occCall is what an app reads of how its command was called.
func occCall(declared map[string]any, args []string) map[string]any {
	arguments, options := map[string]string{}, map[string]string{}
	names, _ := declared["arguments"].([]any)
	i := 0
	for _, arg := range args {
		if name, value, ok := strings.Cut(arg, "="); ok && isOption(declared, name) {
			options[name] = value
			continue
		}
		name := fmt.Sprint(i)
		if i < len(names) {
			name = nameOf(names[i])
		}
		arguments[name] = arg
		i++
	}
	return map[string]any{"arguments": arguments, "options": options}
}

func isOption(declared map[string]any, name string) bool {
	options, _ := declared["options"].([]any)
	return slices.ContainsFunc(options, func(o any) bool { return nameOf(o) == name })
}

func nameOf(declared any) string {
	m, _ := declared.(map[string]any)
	name, _ := m["name"].(string)
	return name
}

func (rm *Room) configCommands() []*cobra.Command {
	set := &cobra.Command{Use: "app_api:app:config:set ID KEY", Short: "Set a value in an external app's configuration", Args: cobra.ExactArgs(2), RunE: rm.cmdSet}
	set.Flags().String("value", "", "The value")
	set.Flags().Bool("sensitive", false, "Keep it encrypted, and show it to the app alone")
	return []*cobra.Command{set,
		{Use: "app_api:app:config:get ID KEY", Short: "Show a value of an external app's configuration", Args: cobra.ExactArgs(2), RunE: rm.cmdGet},
		{Use: "app_api:app:config:list ID", Short: "List an external app's configuration", Args: cobra.ExactArgs(1), RunE: rm.cmdPairs},
		{Use: "app_api:app:config:delete ID KEY", Short: "Remove a value from an external app's configuration", Args: cobra.ExactArgs(2), RunE: rm.cmdDrop}}
}

func (rm *Room) cmdSet(cmd *cobra.Command, args []string) error {
	value, err1 := cmd.Flags().GetString("value")
	sensitive, err2 := cmd.Flags().GetBool("sensitive")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if _, err := rm.App(cmd.Context(), args[0]); err != nil {
		return err
	}
	if err := rm.keep(cmd.Context(), args[0], &pair{name: args[1], value: value, sensitive: sensitive}); err != nil {
		return err
	}
	cli.Say(cmd, "%s of %s is set", args[1], args[0])
	return nil
}

// hidden stands in a listing for what is sensitive.
const hidden = "***"

func (rm *Room) cmdGet(cmd *cobra.Command, args []string) error {
	found, err := rm.pairs(cmd.Context(), args[0], "", []string{args[1]})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fault.New(fault.NotFound, "There is no such value.")
	}
	value := found[0].value
	if found[0].sensitive {
		value = hidden
	}
	return cli.Print(cmd, value)
}

func (rm *Room) cmdPairs(cmd *cobra.Command, args []string) error {
	found, err := rm.pairs(cmd.Context(), args[0], "", nil)
	if err != nil {
		return err
	}
	rows := cli.Table{}
	for _, p := range found {
		if p.sensitive {
			p.value = hidden
		}
		rows = append(rows, cli.Map{{Key: "key", Value: p.name}, {Key: "value", Value: p.value}})
	}
	return cli.Print(cmd, rows)
}

func (rm *Room) cmdDrop(cmd *cobra.Command, args []string) error {
	n, err := rm.drop(cmd.Context(), args[0], "", []string{args[1]})
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "There is no such value.")
	}
	cli.Say(cmd, "%s of %s is removed", args[1], args[0])
	return nil
}
