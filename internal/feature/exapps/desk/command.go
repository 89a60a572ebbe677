package desk

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	return slices.Concat(rm.daemonCommands(), rm.appCommands())
}

func (rm *Room) daemonCommands() []*cobra.Command {
	register := &cobra.Command{Use: "app_api:daemon:register NAME DISPLAY-NAME DEPLOY-ID PROTOCOL HOST SERVER-URL",
		Short: "Register where external apps run; the deploy id is manual-install", Args: cobra.ExactArgs(6), RunE: rm.cmdAddDaemon}
	return []*cobra.Command{register,
		{Use: "app_api:daemon:unregister NAME", Short: "Remove a daemon that no external app uses", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				if _, err := rm.apps.RemoveDaemon(cmd.Context(), args[0]); err != nil {
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
	d := exapps.Daemon{Name: args[0], Display: args[1], Deploy: args[2], Protocol: args[3], Host: args[4], Config: config}
	if err := rm.apps.AddDaemon(cmd.Context(), &d); err != nil {
		return err
	}
	cli.Say(cmd, "daemon %s is registered", d.Name)
	return nil
}

func (rm *Room) cmdDaemons(cmd *cobra.Command, _ []string) error {
	all, err := rm.apps.Daemons(cmd.Context())
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
			if err := rm.apps.Enable(cmd.Context(), args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "%s is enabled", args[0])
			return nil
		}},
		{Use: "app_api:app:disable ID", Short: "Shut an external app out at once", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if err := rm.apps.Disable(cmd.Context(), args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "%s is disabled", args[0])
			return nil
		}},
		{Use: "app_api:app:scopes ID [SCOPE…]", Short: "Change what an external app may do; it is not started again", Args: cobra.MinimumNArgs(1), RunE: rm.cmdScopes},
		{Use: "app_api:app:new-secret ID", Short: "Give an external app another secret; the former one is taken for another day", Args: cobra.ExactArgs(1), RunE: rm.cmdSecret},
		{Use: "app_api:app:list", Short: "List the external apps", Args: cobra.NoArgs, RunE: rm.cmdApps}}
}

// infoSaid is what --json-info says.
func infoSaid(cmd *cobra.Command) ([]byte, error) {
	text, err := cmd.Flags().GetString("json-info")
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, cli.Usage("say with --json-info what the app is")
	}
	if text != "-" {
		return []byte(text), nil
	}
	var raw json.RawMessage
	if err := json.NewDecoder(cmd.InOrStdin()).Decode(&raw); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, exapps.Unreadable)
	}
	return raw, nil
}

func (rm *Room) cmdRegister(cmd *cobra.Command, args []string) error {
	info, err := infoSaid(cmd)
	if err != nil {
		return err
	}
	w := exapps.Wish{Info: info}
	if len(args) > 1 {
		w.Daemon = args[1]
	}
	var err1, err2 error
	w.Signed, err1 = cmd.Flags().GetBool("signed")
	w.Force, err2 = cmd.Flags().GetBool("force-scopes")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	a, made, err := rm.apps.Enrol(cmd.Context(), args[0], w)
	if err != nil {
		return err
	}
	if made != "" {
		cli.Say(cmd, "its secret is %s", made)
	}
	return rm.started(cmd, a, "registered")
}

// started says what has been done with an app, and waits for its start if asked to.
func (rm *Room) started(cmd *cobra.Command, a *exapps.App, done string) error {
	cli.Say(cmd, "%s is %s", a.ID, done)
	wait, err := cmd.Flags().GetBool("wait-finish")
	if err != nil || !wait {
		return err
	}
	now, err := rm.apps.Wait(cmd.Context(), a.ID)
	if err != nil {
		return err
	}
	if now.Status.Error != "" {
		return fault.New(fault.Conflict, "The app could not start: {why}", "why", now.Status.Error)
	}
	cli.Say(cmd, "%s is enabled", a.ID)
	return nil
}

func (rm *Room) cmdUpdate(cmd *cobra.Command, args []string) error {
	info, err := infoSaid(cmd)
	if err != nil {
		return err
	}
	a, err := rm.apps.Change(cmd.Context(), args[0], info)
	if err != nil {
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
	keep := exapps.Nothing
	if keepData {
		keep = exapps.ItsPairs
	}
	err := rm.apps.Unregister(cmd.Context(), args[0], keep)
	if silent && errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	cli.Say(cmd, "%s is unregistered", args[0])
	return nil
}

func (rm *Room) cmdScopes(cmd *cobra.Command, args []string) error {
	if err := rm.apps.SetScopes(cmd.Context(), args[0], args[1:]); err != nil {
		return err
	}
	cli.Say(cmd, "%s may now do: %s", args[0], strings.Join(append([]string{scope.Basic}, args[1:]...), ", "))
	return nil
}

func (rm *Room) cmdSecret(cmd *cobra.Command, args []string) error {
	secret, err := rm.apps.Rotate(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	cli.Say(cmd, "its secret is %s", secret)
	return nil
}

func (rm *Room) cmdApps(cmd *cobra.Command, _ []string) error {
	all, err := rm.apps.Apps(cmd.Context())
	if err != nil {
		return err
	}
	rows := cli.Table{}
	for _, a := range all {
		rows = append(rows, cli.Map{{Key: "id", Value: a.ID}, {Key: "name", Value: a.Name}, {Key: "version", Value: a.Version},
			{Key: "enabled", Value: a.Enabled}, {Key: "address", Value: address(a)}, {Key: "scopes", Value: strings.Join(a.Scopes, ", ")},
			{Key: "error", Value: a.Told().Error}})
	}
	return cli.Print(cmd, rows)
}
