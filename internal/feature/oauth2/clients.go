package oauth2

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/web"
)

// shown is a client as administrators see it (34-apps/319). What stands after
// clientSecret is ours.
type shown struct {
	ID       int64    `json:"id"`
	Name     string   `json:"name"`
	Redirect string   `json:"redirectUri"`
	Ident    string   `json:"clientId"`
	Secret   string   `json:"clientSecret,omitempty"` // once
	More     []string `json:"moreRedirectUris,omitempty"`
	Public   bool     `json:"public,omitempty"`
	Scope    string   `json:"scope,omitempty"`
	Audience string   `json:"audience,omitempty"`
}

func show(c *Client, secret string) shown {
	s := shown{ID: c.ID, Name: c.Name, Ident: c.Ident, Secret: secret, Public: c.Public, Scope: c.Scope, Audience: c.Audience}
	if len(c.Redirects) > 0 {
		s.Redirect, s.More = c.Redirects[0], c.Redirects[1:]
	}
	return s
}

func (rm *Room) listClients(w http.ResponseWriter, r *http.Request) error {
	all, err := rm.Clients(r.Context())
	if err != nil {
		return err
	}
	out := []shown{}
	for _, c := range all {
		out = append(out, show(c, ""))
	}
	web.WriteJSON(w, http.StatusOK, out)
	return nil
}

// createClient answers POST /apps/oauth2/clients with {"name", "redirectUri"}, as JSON or
// a form.
func (rm *Room) createClient(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name        string
		RedirectURI string
		Public      bool
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
		}
	} else {
		if err := r.ParseForm(); err != nil {
			return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
		}
		in.Name, in.RedirectURI = r.PostForm.Get("name"), r.PostForm.Get("redirectUri")
	}
	c := &Client{Name: in.Name, Settings: Settings{Redirects: []string{in.RedirectURI}, Public: in.Public, Classic: !in.Public}}
	secret, err := rm.Register(r.Context(), c)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, show(c, secret))
	return nil
}

// deleteClient answers DELETE /apps/oauth2/clients/{id} (34-apps/340).
func (rm *Room) deleteClient(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(web.Param(r, "id"), 10, 64)
	if err != nil {
		return errNoClient
	}
	c, err := rm.clientByID(r.Context(), id)
	if err == nil {
		err = rm.Forget(r.Context(), c)
	}
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, []int{})
	return nil
}

func (rm *Room) commands() []*cobra.Command {
	add := &cobra.Command{Use: "oauth2:add-client NAME [REDIRECT-URI…]", Short: "Register a program that people may let use their accounts", Args: cobra.MinimumNArgs(1), RunE: rm.addCommand}
	add.Flags().Bool("public", false, "The program can keep no secret: it runs in a browser, on a phone or on a desk")
	add.Flags().Bool("standard", false, "Errors as RFC 6749 has them, not as Nextcloud says them; implied by all other options")
	add.Flags().StringArray("logout-uri", nil, "Where people may be sent after logging out")
	add.Flags().String("jwks-file", "", "A file with the program's public keys, for private_key_jwt in place of a secret")
	add.Flags().String("scope", "", "All that the program may ask for")
	add.Flags().Bool("trusted", false, "People are not asked; needs --scope")
	add.Flags().String("audience", "", "The address of a server of your own that takes access tokens")
	add.Flags().String("offers", "", "The scopes that this server understands")
	rotate := &cobra.Command{Use: "oauth2:rotate-key", Short: "Sign with a new key; the old one is told until its last token has ended", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			alg, err := cmd.Flags().GetString("alg")
			if err == nil {
				err = rm.NewKey(cmd.Context(), jose.SignatureAlgorithm(alg))
			}
			if err == nil {
				cli.Say(cmd, "Tokens are signed with a new key")
			}
			return err
		}}
	rotate.Flags().String("alg", string(jose.ES256), "ES256 or RS256")
	return []*cobra.Command{add, rotate,
		{Use: "oauth2:delete-client CLIENT-ID", Short: "Forget a program and end all access it was given", Args: cobra.ExactArgs(1), RunE: rm.deleteCommand},
		{Use: "oauth2:list-clients", Short: "List the programs that people may let use their accounts", Args: cobra.NoArgs, RunE: rm.listCommand}}
}

func (rm *Room) addCommand(cmd *cobra.Command, args []string) error {
	f := cmd.Flags()
	c := &Client{Name: args[0], Settings: Settings{Redirects: args[1:], Classic: true}}
	for _, name := range []string{"public", "standard", "logout-uri", "jwks-file", "scope", "trusted", "audience", "offers"} {
		c.Classic = c.Classic && !f.Changed(name)
	}
	public, err := f.GetBool("public")
	logouts, err2 := f.GetStringArray("logout-uri")
	trusted, err3 := f.GetBool("trusted")
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	c.Trusted = trusted
	c.Public, c.Logouts, c.Scope, c.Audience, c.Offers = public, logouts, f.Lookup("scope").Value.String(), f.Lookup("audience").Value.String(), f.Lookup("offers").Value.String()
	if name := f.Lookup("jwks-file").Value.String(); name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if c.Keys, err = ReadKeys(text); err != nil {
			return err
		}
	}
	secret, err := rm.Register(cmd.Context(), c)
	if err != nil {
		return err
	}
	return cli.Print(cmd, cli.Map{{Key: "id", Value: c.ID}, {Key: "name", Value: c.Name}, {Key: "redirect_uris", Value: cli.Strings(c.Redirects)},
		{Key: "client_id", Value: c.Ident}, {Key: "client_secret", Value: secret}})
}

func (rm *Room) deleteCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.Named(cmd.Context(), args[0])
	if err == nil {
		err = rm.Forget(cmd.Context(), c)
	}
	if err == nil {
		cli.Say(cmd, "The client %s is deleted", c.Name)
	}
	return err
}

func (rm *Room) listCommand(cmd *cobra.Command, _ []string) error {
	all, err := rm.Clients(cmd.Context())
	if err != nil {
		return err
	}
	table := cli.Table{}
	for _, c := range all {
		kind := "confidential"
		if c.Public {
			kind = "public"
		}
		table = append(table, cli.Map{{Key: "id", Value: c.ID}, {Key: "name", Value: c.Name}, {Key: "kind", Value: kind}, {Key: "client_id", Value: c.Ident},
			{Key: "redirect_uris", Value: strings.Join(c.Redirects, " ")}})
	}
	return cli.Print(cmd, table)
}
