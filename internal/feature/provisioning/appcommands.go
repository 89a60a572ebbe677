package provisioning

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/proto/cli"
)

// appCommands list the parts of the server and switch them.
func (rm *Room) appCommands() []*cobra.Command {
	list := &cobra.Command{Use: "app:list", Short: "List the rooms of the house, and which are switched off", Args: cobra.NoArgs, RunE: rm.listApps}
	list.Flags().Bool("enabled", false, "Only those that are switched on")
	list.Flags().Bool("disabled", false, "Only those that are switched off")
	list.Flags().String("shipped", "", "Accepted; all rooms are part of the program")
	list.Flag("shipped").NoOptDefVal = "true"
	enable := &cobra.Command{Use: "app:enable APP...", Short: "Switch rooms on", Args: cobra.MinimumNArgs(1), RunE: rm.enableApps}
	enable.Flags().BoolP("force", "f", false, "Accepted, without effect")
	disable := &cobra.Command{Use: "app:disable APP...", Short: "Switch rooms off; what they keep stays", Args: cobra.MinimumNArgs(1), RunE: rm.disableApps}
	return []*cobra.Command{list, enable, disable}
}

func (rm *Room) listApps(cmd *cobra.Command, _ []string) error {
	all, err := rm.apps.List(cmd.Context())
	if err != nil {
		return err
	}
	on, off := cli.Map{}, cli.Map{}
	for _, a := range all {
		if m := (cli.Member{Key: a.ID, Value: a.Version}); a.Enabled {
			on = append(on, m)
		} else {
			off = append(off, m)
		}
	}
	onlyOn, onlyOff := cmd.Flag("enabled").Changed, cmd.Flag("disabled").Changed
	var out cli.Map
	if onlyOn || !onlyOff {
		out = append(out, cli.Member{Key: "enabled", Value: on})
	}
	if onlyOff || !onlyOn {
		out = append(out, cli.Member{Key: "disabled", Value: off})
	}
	if !cli.Plain(cmd) {
		return cli.Print(cmd, out)
	}
	for _, m := range out {
		cli.Say(cmd, "%s:", map[string]string{"enabled": "Enabled", "disabled": "Disabled"}[m.Key])
		if err := cli.Print(cmd, m.Value); err != nil {
			return err
		}
	}
	return nil
}

// app finds a part by name.
func (rm *Room) app(cmd *cobra.Command, id string) (App, error) {
	all, err := rm.apps.List(cmd.Context())
	if err != nil {
		return App{}, err
	}
	i := slices.IndexFunc(all, func(a App) bool { return a.ID == id })
	if i < 0 {
		return App{}, fault.New(fault.NotFound, "There is no app "+id+". app:list names all.")
	}
	return all[i], nil
}

func (rm *Room) enableApps(cmd *cobra.Command, ids []string) error {
	for _, id := range ids {
		a, err := rm.app(cmd, id)
		if err != nil {
			return err
		}
		if a.Enabled {
			cli.Say(cmd, "%s already enabled", id)
			continue
		}
		if err := rm.apps.Enable(cmd.Context(), id); err != nil {
			return err
		}
		cli.Say(cmd, "%s %s enabled", id, a.Version)
	}
	return nil
}

func (rm *Room) disableApps(cmd *cobra.Command, ids []string) error {
	for _, id := range ids {
		a, err := rm.app(cmd, id)
		if errors.Is(err, fault.NotFound) || err == nil && !a.Enabled {
			cli.Say(cmd, "No such app enabled: %s", id) // what is so already is no failure, as for occ
			continue
		}
		if err != nil {
			return err
		}
		if a.Always {
			return fault.New(fault.Denied, id+" can't be disabled.")
		}
		if err := rm.apps.Disable(cmd.Context(), id); err != nil {
			return err
		}
		cli.Say(cmd, "%s %s disabled", id, a.Version)
	}
	return nil
}
