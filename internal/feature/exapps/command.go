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
	"atrium/internal/proto/cli"
)

// commands are those for what apps keep and add; package desk has those that look after apps.
func (rm *Room) commands() []*cobra.Command {
	return append(rm.configCommands(),
		&cobra.Command{Use: "app_api:app:run COMMAND [ARGUMENT]…", Short: "Run a command of an external app; options as name=value", Args: cobra.MinimumNArgs(1), RunE: rm.cmdRun})
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

// Unreadable is what is said of JSON that is none.
const Unreadable = "What is said of the app cannot be read as JSON."

// parseInfo reads what is said of an app.
func parseInfo(text []byte) (in told, err error) {
	if err := json.Unmarshal(text, &in); err != nil {
		return in, fault.Wrap(fault.Invalid, err, Unreadable)
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
