package oauth2

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

// overlap is how long the former secret of a client is good besides a new one.
const overlap = 24 * time.Hour

// Named finds a client by its client_id or its id; fault.NotFound.
func (rm *Room) Named(ctx context.Context, name string) (*Client, error) {
	c, err := rm.client(ctx, name)
	if id, bad := strconv.ParseInt(name, 10, 64); bad == nil && errors.Is(err, fault.NotFound) {
		return rm.clientByID(ctx, id)
	}
	return c, err
}

// Change keeps what is now said of a client. Whether it is public, and how it shows who it
// is, stays. What people have given it before stays too.
func (rm *Room) Change(ctx context.Context, c *Client) error {
	was, err := rm.clientByID(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.Public != was.Public || (c.Keys == nil) != (was.Keys == nil) {
		return fault.New(fault.Invalid, "How a client shows who it is cannot be changed. Register another.")
	}
	if err := rm.check(ctx, c); err != nil {
		return err
	}
	return rm.write(ctx, c)
}

// NewSecret gives a client another secret and returns it, which is not to be had again. The
// former one is good for another day, or ends at once.
func (rm *Room) NewSecret(ctx context.Context, c *Client, atOnce bool) (secret string, err error) {
	if len(c.Secret) == 0 {
		return "", fault.New(fault.Invalid, "This client has no secret.")
	}
	c.Former, c.FormerUntil = c.Secret, rm.Now().Add(overlap).Unix()
	if atOnce {
		c.Former, c.FormerUntil = nil, 0
	}
	secret = seal.Token(64)
	c.Secret = rm.box.Hash(secret)
	return secret, rm.write(ctx, c)
}

func (rm *Room) write(ctx context.Context, c *Client) error {
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return err
	}
	_, err = rm.db.Exec(ctx, "UPDATE oauth2_client SET name = ?, secret = ?, audience = ?, settings = ? WHERE id = ?",
		c.Name, c.Secret, c.Audience, string(settings), c.ID)
	return err
}

// People tells how many people have let each client in, by its id. Who has ended that in
// the list of devices is one of them until the client comes again.
func (rm *Room) People(ctx context.Context) (map[int64]int, error) {
	type row struct{ client, people int64 }
	scan := func(r db.Row) (x row, err error) { return x, r.Scan(&x.client, &x.people) }
	out := map[int64]int{}
	for x, err := range db.All(ctx, rm.db, scan, "SELECT client, COUNT(DISTINCT uid) FROM oauth2_grant WHERE expires > ? GROUP BY client", rm.Now().Unix()) {
		if err != nil {
			return nil, err
		}
		out[x.client] = int(x.people)
	}
	return out, nil
}

// NewKey makes another key, which signs from now on; the one before is told until the last
// token that it signed has ended.
func (rm *Room) NewKey(ctx context.Context, alg jose.SignatureAlgorithm) error {
	return rm.ring().Rotate(ctx, alg, 0)
}

// ReadKeys reads a set of public keys (JWKS).
func ReadKeys(text []byte) (*jose.JSONWebKeySet, error) {
	keys := &jose.JSONWebKeySet{}
	if err := json.Unmarshal(text, keys); err != nil || len(keys.Keys) == 0 {
		return nil, fault.Wrap(fault.Invalid, err, "This is no set of keys (JWKS).")
	}
	return keys, nil
}
