package saml

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"atrium/internal/core/identity/vouch"
	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	set := &cobra.Command{Use: "saml:config:set ID", Short: "Change settings of a SAML provider", Args: cobra.ExactArgs(1), RunE: rm.setCommand}
	for _, key := range Keys() {
		set.Flags().String(key, "", "A value, or @FILE")
	}
	get := &cobra.Command{Use: "saml:config:get", Short: "Show the settings of one SAML provider or all, without secrets", Args: cobra.NoArgs, RunE: rm.getCommand}
	get.Flags().StringP("providerId", "p", "", "Only this one")
	try := &cobra.Command{Use: "saml:trial FILE", Short: "Show what a provider's answer would come to; nothing is written", Args: cobra.ExactArgs(1), RunE: rm.tryCommand}
	try.Flags().StringP("providerId", "p", "1", "Whose answer it is")
	try.Flags().Bool("headers", false, "The file has the headers of a proxy, one on each line")
	return []*cobra.Command{set, get, try, rm.keyCommand(),
		{Use: "saml:config:create", Short: "Make an empty configuration of a SAML provider and print its number", Args: cobra.NoArgs, RunE: rm.createCommand},
		{Use: "saml:config:import ID FILE", Short: "Take over what the metadata of a SAML provider say of it", Args: cobra.ExactArgs(2), RunE: rm.importCommand},
		{Use: "saml:config:delete ID", Short: "Forget a SAML provider; accounts stay", Args: cobra.ExactArgs(1), RunE: rm.deleteCommand},
		{Use: "saml:metadata [ID]", Short: "Print what a SAML provider has to know of this server", Args: cobra.MaximumNArgs(1), RunE: rm.metadataCommand},
		{Use: "saml:link ID CLAIM USER", Short: "Let somebody at a SAML provider in as an account that there is", Args: cobra.ExactArgs(3), RunE: rm.linkCommand}}
}

// numbered is the provider of a number.
func (rm *Room) numbered(cmd *cobra.Command, said string) (*Config, error) {
	id, err := strconv.ParseInt(said, 10, 64)
	if err != nil {
		return nil, cli.Usage("%q is no number of a provider", said)
	}
	return rm.Config(cmd.Context(), id)
}

func (rm *Room) createCommand(cmd *cobra.Command, _ []string) error {
	c, err := rm.Create(cmd.Context())
	if err == nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), c.ID)
	}
	return err
}

func (rm *Room) setCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.numbered(cmd, args[0])
	if err != nil {
		return err
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if _, ok := known()[f.Name]; !ok { // one that all commands have
			return
		}
		value, wrong := valueOf(f.Value.String())
		if wrong == nil {
			wrong = c.set(f.Name, value)
		}
		if _, mute := idle[f.Name]; mute {
			cli.Warn(cmd, "%s has no effect here", f.Name)
		}
		if err == nil {
			err = wrong
		}
	})
	if err != nil {
		return err
	}
	return rm.Save(cmd.Context(), c)
}

func (rm *Room) importCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.numbered(cmd, args[0])
	if err != nil {
		return err
	}
	text, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	said, err := described(text)
	if err != nil {
		return err
	}
	maps.Copy(c.values, said)
	return rm.Save(cmd.Context(), c)
}

// valueOf is what stands on the command line, or in the file that it names.
func valueOf(said string) (string, error) {
	file, ok := strings.CutPrefix(said, "@")
	if !ok {
		return said, nil
	}
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}

func (rm *Room) getCommand(cmd *cobra.Command, _ []string) error {
	all, err := rm.Configs(cmd.Context())
	if said := cmd.Flag("providerId").Value.String(); said != "" {
		var c *Config
		c, err = rm.numbered(cmd, said)
		all = []*Config{c}
	}
	if err != nil {
		return err
	}
	out := cli.Map{}
	for _, c := range all {
		m := cli.Map{}
		for _, key := range Keys() {
			m = append(m, cli.Member{Key: key, Value: c.shown(key)})
		}
		out = append(out, cli.Member{Key: strconv.FormatInt(c.ID, 10), Value: m})
	}
	return cli.Print(cmd, out)
}

func (rm *Room) deleteCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.numbered(cmd, args[0])
	if err != nil {
		return err
	}
	if err := rm.Remove(cmd.Context(), c.ID); err != nil {
		return err
	}
	cli.Say(cmd, "The provider %d is deleted", c.ID)
	return nil
}

func (rm *Room) metadataCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.numbered(cmd, append(args, "1")[0])
	if err != nil {
		return err
	}
	text, err := rm.describe(cmd.Context(), c)
	if err == nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), string(text))
	}
	return err
}

func (rm *Room) linkCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.numbered(cmd, args[0])
	if err != nil {
		return err
	}
	if err := rm.dir.Link(cmd.Context(), Source, vouch.Subject(c.ID, args[1]), args[2]); err != nil {
		return err
	}
	cli.Say(cmd, "%s at %s comes in as %s", args[1], c.Name(), args[2])
	return nil
}

// tryCommand shows what an answer would come to.
func (rm *Room) tryCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.numbered(cmd, cmd.Flag("providerId").Value.String())
	if err != nil {
		return err
	}
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, 2*maxMessage))
	if err != nil {
		return err
	}
	byHeaders, err := cmd.Flags().GetBool("headers")
	if err != nil {
		return err
	}
	var t *Trial
	if byHeaders {
		t, err = rm.TryHeaders(cmd.Context(), c, string(text))
	} else {
		t, err = rm.Try(cmd.Context(), c, text)
	}
	if err != nil {
		return err
	}
	said, err := json.MarshalIndent(t, "", "  ")
	if err == nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), string(said))
	}
	return err
}
