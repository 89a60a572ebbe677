package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/proto/cli"
)

// options are what user_oidc:provider sets, besides the mappings, by flag.
func (p *Provider) options() map[string]any {
	return map[string]any{
		"clientid": &p.Client, "clientsecret": &p.Secret, "discoveryuri": &p.Discovery, "endsessionendpointuri": &p.EndSession,
		"postlogouturi": &p.PostLogout, "scope": &p.Scope, "extra-claims": &p.ExtraClaims, "group-whitelist-regex": &p.GroupFilter,
		"admin-group": &p.AdminGroup, "auth-method": &p.AuthMethod, "assertion-audience": &p.Audience, "authorization-endpoint": &p.Authorization, "token-endpoint": &p.Token,
		"userinfo-endpoint": &p.UserInfo, "jwks-endpoint": &p.Keys,
		"unique-uid": &p.UniqueID, "provider-based-id": &p.PrefixID, "check-bearer": &p.Bearer, "bearer-provisioning": &p.BearerFields,
		"bearer-scoped-only": &p.ScopedOnly, "send-id-token-hint": &p.TokenHint, "group-provisioning": &p.Groups,
		"group-restrict-login-to-whitelist": &p.GroupsOnly, "resolve-nested-claims": &p.Nested, "enrich-with-userinfo": &p.Enrich, "renew-sessions": &p.Renew,
	}
}

// short are the letters that scripts use.
var short = map[string]string{"clientid": "c", "clientsecret": "s", "discoveryuri": "d", "endsessionendpointuri": "e", "postlogouturi": "p", "scope": "o"}

// flagOf is the flag that maps a claim to a field.
func flagOf(field string) string {
	name := map[string]string{"displayName": "display-name", "phonenumber": "phone"}[field]
	if name == "" {
		name = field
	}
	return "mapping-" + name
}

func (rm *Room) commands() []*cobra.Command {
	set := &cobra.Command{Use: "user_oidc:provider [IDENTIFIER]", Short: "List the OpenID providers, or make or change one", Args: cobra.MaximumNArgs(1),
		RunE: rm.providerCommand}
	for name, at := range (&Provider{}).options() {
		if _, truth := at.(*bool); truth {
			set.Flags().String(name, "", "0 or 1")
		} else {
			set.Flags().StringP(name, short[name], "", "")
		}
	}
	set.Flags().String("clientsecret-file", "", "A file that holds the client secret")
	set.Flags().String("clientsecret-env", "", "An environment variable that holds the client secret")
	set.Flags().String("ca-file", "", "PEM of the authorities that the provider's certificate may come from")
	for _, f := range Fields() {
		set.Flags().String(flagOf(f), "", "The claim that fills this field")
	}
	remove := &cobra.Command{Use: "user_oidc:provider:delete IDENTIFIER", Short: "Forget an OpenID provider; accounts stay", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := rm.Named(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := rm.Remove(cmd.Context(), p.ID); err != nil {
				return err
			}
			cli.Say(cmd, "The provider %s is deleted", p.Name)
			return nil
		}}
	remove.Flags().BoolP("force", "f", false, "Ask nothing; nothing is asked anyway")
	return []*cobra.Command{set, remove, rm.keysCommand(),
		{Use: "user_oidc:link IDENTIFIER CLAIM USER", Short: "Let somebody at a provider in as an account that there is", Args: cobra.ExactArgs(3), RunE: rm.linkCommand},
		{Use: "user_oidc:test IDENTIFIER CLAIMS", Short: "Show what claims, a JSON object or a token, would come to; nothing is written", Args: cobra.ExactArgs(2), RunE: rm.testCommand},
		{Use: "user_oidc:check IDENTIFIER", Short: "Ask an OpenID provider what it is, and tell what keeps people from coming in by it", Args: cobra.ExactArgs(1), RunE: rm.checkCommand}}
}

func (rm *Room) providerCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return rm.listCommand(cmd)
	}
	p, err := rm.Named(cmd.Context(), args[0])
	isNew := errors.Is(err, fault.NotFound)
	if err != nil && !isNew {
		return err
	}
	changed := false
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { changed = changed || f.Changed })
	if !changed {
		if isNew {
			return err
		}
		return cli.Print(cmd, p.described())
	}
	if isNew {
		p = &Provider{Name: args[0], Settings: Settings{UniqueID: true}}
	}
	if err := p.apply(cmd); err != nil {
		return err
	}
	if err := rm.Save(cmd.Context(), p); err != nil {
		return err
	}
	cli.Say(cmd, "The provider %s is set; its number is %d", p.Name, p.ID)
	return nil
}

// apply takes over what the flags say.
func (p *Provider) apply(cmd *cobra.Command) (err error) {
	options := p.options()
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch at := options[f.Name].(type) {
		case *string:
			*at = f.Value.String()
		case *bool:
			if *at = f.Value.String() == "1"; !*at && f.Value.String() != "0" {
				err = cli.Usage("--%s is 0 or 1", f.Name)
			}
		}
	})
	for _, field := range Fields() {
		if f := cmd.Flags().Lookup(flagOf(field)); f.Changed {
			if p.Mapping == nil {
				p.Mapping = map[string]string{}
			}
			p.Mapping[field] = f.Value.String()
		}
	}
	for flag, at := range map[string]*string{"clientsecret-file": &p.Secret, "ca-file": &p.CA} {
		if f := cmd.Flags().Lookup(flag); f.Changed {
			text, err := os.ReadFile(f.Value.String())
			if err != nil {
				return err
			}
			*at = strings.TrimSpace(string(text))
		}
	}
	if f := cmd.Flags().Lookup("clientsecret-env"); f.Changed {
		p.Secret = os.Getenv(f.Value.String())
	}
	return err
}

// described is a provider in words, without its secret.
func (p *Provider) described() cli.Map {
	m := cli.Map{{Key: "id", Value: p.ID}, {Key: "identifier", Value: p.Name}}
	options := p.options()
	for _, name := range slices.Sorted(maps.Keys(options)) {
		switch at := options[name].(type) {
		case *string:
			value := *at
			if name == "clientsecret" && value != "" {
				value = "***"
			}
			m = append(m, cli.Member{Key: name, Value: value})
		case *bool:
			m = append(m, cli.Member{Key: name, Value: *at})
		}
	}
	for _, field := range Fields() {
		m = append(m, cli.Member{Key: flagOf(field), Value: p.claim(field)})
	}
	return m
}

func (rm *Room) listCommand(cmd *cobra.Command) error {
	all, err := rm.Providers(cmd.Context())
	if err != nil {
		return err
	}
	table := cli.Table{}
	for _, p := range all {
		table = append(table, cli.Map{{Key: "id", Value: p.ID}, {Key: "identifier", Value: p.Name}, {Key: "clientid", Value: p.Client}, {Key: "discoveryuri", Value: p.Discovery}})
	}
	return cli.Print(cmd, table)
}

func (rm *Room) linkCommand(cmd *cobra.Command, args []string) error {
	p, err := rm.Named(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	if err := rm.dir.Link(cmd.Context(), Source, vouch.Subject(p.ID, args[1]), args[2]); err != nil {
		return err
	}
	cli.Say(cmd, "%s at %s comes in as %s", args[1], p.Name, args[2])
	return nil
}

// testCommand shows what claims would come to.
func (rm *Room) testCommand(cmd *cobra.Command, args []string) error {
	p, err := rm.Named(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	claims, err := pasted(args[1])
	if err != nil {
		return err
	}
	t, err := rm.Try(cmd.Context(), p, claims)
	if err != nil {
		return err
	}
	return told(cmd, t)
}

// checkCommand asks a provider what it is.
func (rm *Room) checkCommand(cmd *cobra.Command, args []string) error {
	p, err := rm.Named(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	c, err := rm.Check(cmd.Context(), p)
	if err != nil {
		return err
	}
	return told(cmd, c)
}

// told prints as the API answers.
func told(cmd *cobra.Command, answer any) error {
	said, err := json.MarshalIndent(answer, "", "  ")
	if err == nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), string(said))
	}
	return err
}
