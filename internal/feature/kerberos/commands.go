package kerberos

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"atrium/internal/base/fault"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
)

func (rm *Room) commands() []*cobra.Command {
	set := &cobra.Command{Use: "kerberos:config", Short: "Show how people come in by Kerberos, or change it", Args: cobra.NoArgs, RunE: rm.configCommand}
	for _, s := range adjustable {
		set.Flags().String(flagOf(s), "", meaning(s))
	}
	return []*cobra.Command{set,
		{Use: "kerberos:keytab:import FILE", Short: "Keep a keytab, sealed, in the database, for all nodes", Args: cobra.ExactArgs(1), RunE: rm.importCommand},
		{Use: "kerberos:test [PRINCIPAL]", Short: "Show the keys of the keytab, and what somebody's sign-in would come to; nothing is written", Args: cobra.MaximumNArgs(1), RunE: rm.testCommand},
		{Use: "kerberos:link PRINCIPAL USER", Short: "Let somebody of a realm in as an account that there is", Args: cobra.ExactArgs(2), RunE: rm.linkCommand}}
}

func flagOf(s plug.Setting) string { return strings.ReplaceAll(s.Name, "_", "-") }

// meaning is what a flag takes.
func meaning(s plug.Setting) string {
	switch s.Kind {
	case plug.SettingOne:
		return "0 or 1"
	case plug.SettingChoice:
		return strings.Join(s.OneOf, ", ")
	}
	return "A text"
}

func (rm *Room) configCommand(cmd *cobra.Command, _ []string) error {
	ctx, changed := cmd.Context(), false
	for _, s := range adjustable {
		var f *pflag.Flag
		if f = cmd.Flag(flagOf(s)); !f.Changed {
			continue
		}
		v, err := s.Parse(f.Value.String())
		if err != nil {
			return fmt.Errorf("--%s: %w", f.Name, err)
		}
		if s.Name == "keytab" && v != "" {
			if _, err := rm.keys(config{"keytab": v}); err != nil {
				return err
			}
		}
		if err := rm.settings.Set(ctx, app, s.Name, v); err != nil {
			return err
		}
		changed = true
	}
	if changed {
		return nil
	}
	c, err := rm.config(ctx)
	if err != nil {
		return err
	}
	out := cli.Map{}
	for _, s := range adjustable {
		out = append(out, cli.Member{Key: flagOf(s), Value: c.get(s.Name)})
	}
	return cli.Print(cmd, append(out, cli.Member{Key: "imported", Value: c[sealedKeytab] != ""}))
}

func (rm *Room) importCommand(cmd *cobra.Command, args []string) error {
	text, err := readKeytab(args[0])
	if err != nil {
		return err
	}
	if err := rm.Import(cmd.Context(), text); err != nil {
		return err
	}
	cli.Say(cmd, "The keytab is kept. The file is not needed any more.")
	return nil
}

// report is what kerberos:test prints.
type report struct {
	Keys     []string `json:"keys"`     // of services that tickets may be for
	Warnings []string `json:"warnings"` // what keeps tickets from being taken
	Realms   []string `json:"realms"`
	SignIn   any      `json:"signIn,omitempty"`
}

func (rm *Room) testCommand(cmd *cobra.Command, args []string) error {
	k, err := rm.Check(cmd.Context(), true)
	if err != nil {
		return err
	}
	r := k.report()
	if len(args) == 1 && k.keys != nil {
		is, err := rm.Try(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		r.SignIn = is
	}
	said, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), string(said))
	}
	if err == nil && k.keys == nil {
		err = fault.New(fault.Unavailable, "The keytab of this server cannot be read.")
	}
	return err
}

// report tells what tickets are taken.
func (k *Check) report() report {
	r := report{Keys: []string{}, Warnings: []string{}, Realms: k.Realms}
	for _, h := range k.Keys {
		if h.Used {
			r.Keys = append(r.Keys, fmt.Sprintf("%s, %s, version %d", h.Principal, h.Cipher, h.Version))
		}
	}
	for _, p := range k.Problems {
		r.Warnings = append(r.Warnings, p.said())
	}
	return r
}

func (rm *Room) linkCommand(cmd *cobra.Command, args []string) error {
	err := rm.Link(cmd.Context(), args[0], args[1])
	if err == nil {
		cli.Say(cmd, "%s comes in as %s", args[0], args[1])
	}
	return err
}
