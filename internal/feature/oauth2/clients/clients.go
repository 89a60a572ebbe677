// Package clients is where administrators look after the clients of the authorization server
// over OCS and by commands: how many people let each in, what it may ask for, its secret,
// and the keys that sign. It does what package oauth2 lets it do and keeps nothing.
package clients

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
	"atrium/internal/feature/oauth2"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Room answers administrators.
type Room struct{ server *oauth2.Room }

// New returns the room of an authorization server.
func New(server *oauth2.Room) *Room { return &Room{server} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	const root, one = "/apps/oauth2/api/v1/clients", "/apps/oauth2/api/v1/clients/{id}"
	ocs.Handle(b.OCS, "GET "+root, web.Admin, rm.list)
	ocs.Handle(b.OCS, "POST "+root, web.Admin|web.Confirmed, rm.register)
	ocs.Handle(b.OCS, "PUT "+one, web.Admin|web.Confirmed, rm.change)
	ocs.Handle(b.OCS, "POST "+one+"/secret", web.Admin|web.Confirmed, rm.newSecret)
	ocs.Handle(b.OCS, "DELETE "+one, web.Admin|web.Confirmed, rm.remove)
	ocs.Handle(b.OCS, "POST /apps/oauth2/api/v1/keys", web.Admin|web.Confirmed, rm.rotateKey)
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

// The kinds of clients, by how they show who they are.
const (
	confidential = "confidential" // by a secret
	public       = "public"       // by nothing
	keyed        = "key"          // by private_key_jwt
)

// shown is a client on the wire. Its secret is told once, when it is made.
type shown struct {
	ID        int64    `json:"id"`
	Name      string   `json:"name"`
	ClientID  string   `json:"clientId"`
	Kind      string   `json:"kind"`
	Redirects []string `json:"redirects"`
	Logouts   []string `json:"logouts"`
	Scope     string   `json:"scope"`
	Trusted   bool     `json:"trusted"`
	Classic   bool     `json:"classic"`
	Audience  string   `json:"audience"`
	Offers    string   `json:"offers"`
	JWKS      string   `json:"jwks,omitempty"`
	People    int      `json:"people"`
	Former    int64    `json:"formerUntil"` // until when the former secret is taken besides, in Unix seconds; 0: not
	Secret    string   `json:"secret,omitempty"`
}

func kindOf(c *oauth2.Client) string {
	switch {
	case c.Public:
		return public
	case c.Keys != nil:
		return keyed
	}
	return confidential
}

func (rm *Room) show(c *oauth2.Client, people int, secret string) (shown, error) {
	s := shown{ID: c.ID, Name: c.Name, ClientID: c.Ident, Kind: kindOf(c), Redirects: append([]string{}, c.Redirects...), Logouts: append([]string{}, c.Logouts...),
		Scope: c.Scope, Trusted: c.Trusted, Classic: c.Classic, Audience: c.Audience, Offers: c.Offers, People: people, Secret: secret}
	if rm.server.Now().Unix() < c.FormerUntil {
		s.Former = c.FormerUntil
	}
	if c.Keys == nil {
		return s, nil
	}
	text, err := json.MarshalIndent(c.Keys, "", "  ")
	s.JWKS = string(text)
	return s, err
}

// told is a client with how many people let it in.
func (rm *Room) told(ctx context.Context, c *oauth2.Client, secret string) (any, error) {
	people, err := rm.server.People(ctx)
	if err != nil {
		return nil, err
	}
	return rm.show(c, people[c.ID], secret)
}

// list answers GET …/clients.
func (rm *Room) list(ctx context.Context, _ *ocs.Request) (any, error) {
	all, err := rm.server.Clients(ctx)
	if err != nil {
		return nil, err
	}
	people, err := rm.server.People(ctx)
	if err != nil {
		return nil, err
	}
	out := []shown{}
	for _, c := range all {
		s, err := rm.show(c, people[c.ID], "")
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// fill takes over what a request says of a client; what it does not name stays.
func fill(r *ocs.Request, c *oauth2.Client) error {
	in, err := r.Params()
	if err != nil {
		return err
	}
	for name, at := range map[string]*string{"name": &c.Name, "scope": &c.Scope, "audience": &c.Audience, "offers": &c.Offers} {
		if in.Has(name) {
			*at = strings.TrimSpace(in.Get(name))
		}
	}
	for name, at := range map[string]*[]string{"redirects": &c.Redirects, "logouts": &c.Logouts} {
		if in.Has(name) { // one in each line
			*at = strings.Fields(in.Get(name))
		}
	}
	if in.Has("trusted") {
		if c.Trusted, err = r.Bool("trusted"); err != nil {
			return err
		}
	}
	if text := in.Get("jwks"); text != "" {
		c.Keys, err = oauth2.ReadKeys([]byte(text))
	}
	return err
}

// register answers POST …/clients with kind, name, redirects and logouts (addresses with
// blanks between them), scope, trusted, classic, audience, offers and jwks.
func (rm *Room) register(ctx context.Context, r *ocs.Request) (any, error) {
	c := &oauth2.Client{}
	if err := fill(r, c); err != nil {
		return nil, err
	}
	kind, err := r.Param("kind")
	if err != nil {
		return nil, err
	}
	switch {
	case kind == public:
		c.Public, c.Keys = true, nil
	case kind == keyed && c.Keys == nil:
		return nil, fault.New(fault.Invalid, "Please give the public keys (JWKS) of the client.")
	case kind == confidential:
		c.Keys = nil
		if c.Classic, err = r.Bool("classic"); err != nil {
			return nil, err
		}
	case kind != keyed:
		return nil, fault.New(fault.Invalid, "kind is confidential, public or key.")
	}
	secret, err := rm.server.Register(ctx, c)
	if err != nil {
		return nil, err
	}
	return rm.told(ctx, c, secret)
}

// change answers PUT …/clients/{id}.
func (rm *Room) change(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.server.Named(ctx, r.Path("id"))
	if err == nil {
		err = fill(r, c)
	}
	if err == nil {
		err = rm.server.Change(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	return rm.told(ctx, c, "")
}

// newSecret answers POST …/clients/{id}/secret; with atOnce the former one ends.
func (rm *Room) newSecret(ctx context.Context, r *ocs.Request) (any, error) {
	atOnce, err := r.Bool("atOnce")
	if err != nil {
		return nil, err
	}
	c, err := rm.server.Named(ctx, r.Path("id"))
	if err != nil {
		return nil, err
	}
	secret, err := rm.server.NewSecret(ctx, c, atOnce)
	if err != nil {
		return nil, err
	}
	return rm.told(ctx, c, secret)
}

// remove answers DELETE …/clients/{id}.
func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.server.Named(ctx, r.Path("id"))
	if err != nil {
		return nil, err
	}
	return struct{}{}, rm.server.Forget(ctx, c)
}

// rotateKey answers POST …/keys with alg, ES256 or RS256.
func (rm *Room) rotateKey(ctx context.Context, r *ocs.Request) (any, error) {
	alg, err := r.Param("alg")
	if err != nil {
		return nil, err
	}
	return struct{}{}, rm.server.NewKey(ctx, jose.SignatureAlgorithm(alg))
}
