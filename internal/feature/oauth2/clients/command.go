package clients

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"atrium/internal/feature/oauth2"
	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	change := &cobra.Command{Use: "oauth2:change-client CLIENT-ID", Short: "Change what a program may ask for and where it sends people; what is not said stays",
		Args: cobra.ExactArgs(1), RunE: rm.changeCommand}
	f := change.Flags()
	f.String("name", "", "Its name, as people see it")
	f.StringArray("redirect-uri", nil, "Where people are sent back to; all of them")
	f.StringArray("logout-uri", nil, "Where people may be sent after logging out; all of them")
	f.String("scope", "", "All that the program may ask for")
	f.Bool("trusted", false, "People are not asked")
	f.String("audience", "", "The address of a server of your own that takes access tokens")
	f.String("offers", "", "The scopes that this server understands")
	f.String("jwks-file", "", "A file with the program's public keys")
	secret := &cobra.Command{Use: "oauth2:new-secret CLIENT-ID", Short: "Give a program another secret; the former one is taken for another day", Args: cobra.ExactArgs(1), RunE: rm.secretCommand}
	secret.Flags().Bool("at-once", false, "The former secret ends now")
	return []*cobra.Command{change, secret}
}

func (rm *Room) changeCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.server.Named(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	f := cmd.Flags()
	for name, at := range map[string]*string{"name": &c.Name, "scope": &c.Scope, "audience": &c.Audience, "offers": &c.Offers} {
		if f.Changed(name) {
			*at = f.Lookup(name).Value.String()
		}
	}
	var errs [3]error
	if f.Changed("redirect-uri") {
		c.Redirects, errs[0] = f.GetStringArray("redirect-uri")
	}
	if f.Changed("logout-uri") {
		c.Logouts, errs[1] = f.GetStringArray("logout-uri")
	}
	if f.Changed("trusted") {
		c.Trusted, errs[2] = f.GetBool("trusted")
	}
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if name := f.Lookup("jwks-file").Value.String(); name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if c.Keys, err = oauth2.ReadKeys(text); err != nil {
			return err
		}
	}
	if err := rm.server.Change(cmd.Context(), c); err != nil {
		return err
	}
	cli.Say(cmd, "The client %s is changed", c.Name)
	return nil
}

func (rm *Room) secretCommand(cmd *cobra.Command, args []string) error {
	atOnce, err := cmd.Flags().GetBool("at-once")
	if err != nil {
		return err
	}
	c, err := rm.server.Named(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	secret, err := rm.server.NewSecret(cmd.Context(), c, atOnce)
	if err != nil {
		return err
	}
	return cli.Print(cmd, cli.Map{{Key: "client_id", Value: c.Ident}, {Key: "client_secret", Value: secret}})
}
