package saml

import (
	"context"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/feature/saml/pair"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/ocs"
)

// MakeKey gives this server a key and a certificate towards a provider. What is there
// is replaced only on wish (else fault.Exists): until the provider has read our metadata
// again, it knows the old one.
func (rm *Room) MakeKey(ctx context.Context, c *Config, replace bool) error {
	if c.get("sp-privateKey") != "" && !replace {
		return fault.New(fault.Exists, "There is a key already. A new one has to be told to the provider.")
	}
	key, certificate, err := pair.Make(rm.entity(ctx, c), rm.Now())
	if err != nil {
		return err
	}
	c.values["sp-privateKey"], c.values["sp-x509cert"] = key, certificate
	return rm.Save(ctx, c)
}

// makeKey answers POST …/provider/{id}/key replace=: the provider with a new key of ours.
func (rm *Room) makeKey(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.named(ctx, r)
	if err != nil {
		return nil, err
	}
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	if err := rm.MakeKey(ctx, c, in.Get("replace") == "1"); err != nil {
		return nil, err
	}
	return rm.shown(ctx, c)
}

func (rm *Room) keyCommand() *cobra.Command {
	c := &cobra.Command{Use: "saml:config:key ID", Short: "Make a key and a certificate of this server for a SAML provider", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := rm.numbered(cmd, args[0])
			if err != nil {
				return err
			}
			replace, err := cmd.Flags().GetBool("replace")
			if err == nil {
				err = rm.MakeKey(cmd.Context(), c, replace)
			}
			if err == nil {
				cli.Say(cmd, "There is a new key. Tell the provider: atrium saml:metadata %d", c.ID)
			}
			return err
		}}
	c.Flags().Bool("replace", false, "Also when there is one already")
	return c
}
