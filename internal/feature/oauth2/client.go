package oauth2

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

// Client is a program that people may let use their accounts.
type Client struct {
	ID     int64
	Name   string // as people see it
	Ident  string // its client_id: 64 letters and digits
	Secret []byte // the keyed hash; empty: it has none
	// Audience is the address of a resource server of one's own, which takes access
	// tokens that name it (RFC 8707); "": the client is none.
	Audience string
	Settings
}

// Settings are what administrators say of a client besides.
type Settings struct {
	Redirects []string `json:"redirects"`
	// Public clients run where nothing can be kept secret, and have nothing to show who
	// they are by.
	Public  bool     `json:"public,omitempty"`
	Logouts []string `json:"logouts,omitempty"` // where people may be sent after they have logged out
	// Keys verify the assertions of a client that shows who it is by private_key_jwt
	// (RFC 7523); then it has no secret.
	Keys *jose.JSONWebKeySet `json:"keys,omitempty"`
	// Scope is all that the client may ask for, words between blanks; "": anything.
	Scope string `json:"scope,omitempty"`
	// Offers are the words that a resource server understands, in access tokens for it.
	Offers string `json:"offers,omitempty"`
	// Trusted clients were agreed to by an administrator for everybody: people are not asked.
	Trusted bool `json:"trusted,omitempty"`
	// Former is the keyed hash of the secret before, which is good until FormerUntil, in
	// Unix seconds.
	Former      []byte `json:"former,omitempty"`
	FormerUntil int64  `json:"formerUntil,omitempty"`
	// Classic means that errors are those of Nextcloud's token endpoint, where they are
	// not those of RFC 6749.
	Classic bool `json:"classic,omitempty"`
}

const clientColumns = "id, name, ident, secret, audience, settings"

func scanClient(r db.Row) (*Client, error) {
	var c Client
	var settings string
	if err := r.Scan(&c.ID, &c.Name, &c.Ident, &c.Secret, &c.Audience, &settings); err != nil {
		return nil, err
	}
	return &c, json.Unmarshal([]byte(settings), &c.Settings)
}

var errNoClient = fault.New(fault.NotFound, "There is no such client.")

// client finds a client by its client_id; fault.NotFound.
func (rm *Room) client(ctx context.Context, ident string) (*Client, error) {
	return rm.oneClient(ctx, "ident = ?", ident)
}

func (rm *Room) clientByID(ctx context.Context, id int64) (*Client, error) {
	return rm.oneClient(ctx, "id = ?", id)
}

// clientAt finds the resource server of an audience.
func (rm *Room) clientAt(ctx context.Context, audience string) (*Client, error) {
	return rm.oneClient(ctx, "audience = ? AND audience <> ''", audience)
}

func (rm *Room) oneClient(ctx context.Context, where string, arg any) (*Client, error) {
	c, err := db.One(ctx, rm.db, scanClient, "SELECT "+clientColumns+" FROM oauth2_client WHERE "+where, arg)
	if errors.Is(err, fault.NotFound) {
		return nil, errNoClient
	}
	return c, err
}

// Clients are all clients, oldest first.
func (rm *Room) Clients(ctx context.Context) ([]*Client, error) {
	return db.List(ctx, rm.db, scanClient, "SELECT "+clientColumns+" FROM oauth2_client ORDER BY created, id")
}

// Register keeps a new client and returns its secret, which is not to be had again.
// Public clients, and those with keys, have none.
func (rm *Room) Register(ctx context.Context, c *Client) (secret string, err error) {
	if err := rm.check(ctx, c); err != nil {
		return "", err
	}
	if c.ID, err = rm.db.ID(ctx); err != nil {
		return "", err
	}
	c.Ident, c.Secret = seal.Token(64), []byte{}
	if !c.Public && c.Keys == nil {
		secret = seal.Token(64)
		c.Secret = rm.box.Hash(secret)
	}
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return "", err
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO oauth2_client (id, name, ident, secret, audience, settings, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
		c.ID, c.Name, c.Ident, c.Secret, c.Audience, string(settings), rm.Now().Unix())
	return secret, err
}

// Forget removes a client and ends all that it was given.
func (rm *Room) Forget(ctx context.Context, c *Client) error {
	if _, err := rm.db.Exec(ctx, "DELETE FROM oauth2_client WHERE id = ?", c.ID); err != nil {
		return err
	}
	for _, table := range []string{"oauth2_code", "oauth2_device"} {
		if _, err := rm.db.Exec(ctx, "DELETE FROM "+table+" WHERE client = ?", c.ID); err != nil {
			return err
		}
	}
	return rm.endGrants(ctx, "client = ?", c.ID)
}

// check holds a client to what OAuth 2.1 and RFC 8252 allow.
func (rm *Room) check(ctx context.Context, c *Client) error {
	if c.Name == "" || len(c.Name) > 128 {
		return fault.New(fault.Invalid, "The client's name must have 1 to 128 characters.")
	}
	if len(c.Redirects) == 0 && c.Audience == "" {
		return errRedirect
	}
	for _, to := range slices.Concat(c.Redirects, c.Logouts) {
		if err := checkRedirect(to); err != nil {
			return err
		}
	}
	if _, err := read(c.Scope, rm.Rooms, nil); err != nil {
		return err
	}
	if c.Public && c.Keys != nil {
		return fault.New(fault.Invalid, "A public client has no keys.")
	}
	if c.Trusted && (c.Public || c.Scope == "") {
		return fault.New(fault.Invalid, "Only a client that can show who it is may be trusted, and only with a scope that says what for.")
	}
	if c.Keys != nil {
		for _, k := range c.Keys.Keys {
			if !k.Valid() || !k.IsPublic() {
				return fault.New(fault.Invalid, "The keys must be public ones.")
			}
		}
	}
	if c.Audience == "" {
		return nil
	}
	if u, err := url.Parse(c.Audience); err != nil || u.Host == "" || u.Fragment != "" || len(c.Audience) > 200 {
		return fault.New(fault.Invalid, "The audience must be a full address without a fragment, such as https://api.example.com.")
	}
	other, err := rm.clientAt(ctx, c.Audience)
	if errors.Is(err, fault.NotFound) || err == nil && other.ID == c.ID {
		return nil
	}
	return cmp.Or[error](err, fault.New(fault.Exists, "Another client has this audience."))
}

// errRedirect has the recorded text (34-apps/320).
var errRedirect = fault.New(fault.Invalid, "Your redirect URL needs to be a full URL for example: https://yourdomain.com/path")

var (
	// loopback is an address of the person's own computer. A program that listens there
	// cannot know its port beforehand and registers "*" for it (RFC 8252, section 7.3).
	loopback = regexp.MustCompile(`^http://(?:localhost|127\.0\.0\.1|\[::1\])(?::(?:\*|[0-9]{1,5}))?(?:/[^#]*)?$`)
	host     = regexp.MustCompile(`^[A-Za-z0-9.-]+(?::[0-9]{1,5})?$`)
	port     = regexp.MustCompile(`^[0-9]{1,5}$`)
	// private are schemes that belong to an app: domain names backwards (RFC 8252,
	// section 7.1), which keeps out what browsers run, such as javascript:.
	private = regexp.MustCompile(`^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:/`)
	plain   = regexp.MustCompile(`^[!-~]{1,1000}$`)
)

// checkRedirect refuses addresses that codes must not be sent to.
func checkRedirect(to string) error {
	if !plain.MatchString(to) || strings.ContainsAny(to, `"<>\^{|}`+"`") {
		return errRedirect
	}
	if loopback.MatchString(to) || private.MatchString(to) && !strings.Contains(to, "#") {
		return nil
	}
	u, err := url.Parse(to)
	if err != nil || u.Host == "" {
		return errRedirect
	}
	if u.Scheme != "https" || u.User != nil || strings.Contains(to, "#") || !host.MatchString(u.Host) {
		return fault.New(fault.Invalid, "The redirect URL must begin with https:// (http:// for this computer only), and have no name, password or fragment in it.")
	}
	return nil
}

// redirect finds where to send a browser that was asked to go to an address: it has
// to be registered, letter by letter but for the port of a loopback address that was
// registered with "*". Without an address it is the only one.
func (c *Client) redirect(asked string) (string, error) {
	if asked == "" && len(c.Redirects) == 1 && !strings.Contains(c.Redirects[0], ":*") {
		return c.Redirects[0], nil
	}
	if asked != "" && slices.ContainsFunc(c.Redirects, func(known string) bool { return same(known, asked) }) {
		return asked, nil
	}
	return "", fault.New(fault.Invalid, "The program wants to send you to an address that is not registered for it.")
}

// same tells whether an address is a registered one.
func same(known, asked string) bool {
	front, rest, any := strings.Cut(known, ":*")
	if !any || !loopback.MatchString(known) {
		return known == asked
	}
	asked, ok := strings.CutPrefix(asked, front+":")
	number, ok2 := strings.CutSuffix(asked, rest)
	return ok && ok2 && port.MatchString(number)
}

// origin is an address as a content security policy names it.
func origin(to string) string {
	scheme, rest, _ := strings.Cut(to, "://")
	if private.MatchString(to) {
		scheme, _, _ = strings.Cut(to, ":")
		return scheme + ":"
	}
	at, _, _ := strings.Cut(rest, "/")
	at, _, _ = strings.Cut(at, "?")
	return scheme + "://" + at
}

// with adds parameters, in order, to an address that is registered.
func with(to string, pairs ...string) string {
	var b strings.Builder
	b.WriteString(to)
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		fmt.Fprintf(&b, "%s%s=%s", sep, pairs[i], url.QueryEscape(pairs[i+1]))
		sep = "&"
	}
	return b.String()
}
