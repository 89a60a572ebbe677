package oauth2

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

// consent is what a person agreed to, and how it came to that.
type consent struct {
	Login    string     `json:"login"` // the name typed at the sign-in
	Words    string     `json:"words"` // what was granted, as the client is told
	Scope    *who.Scope `json:"scope,omitempty"`
	Redirect string     `json:"redirect,omitempty"`
	PKCE     string     `json:"pkce,omitempty"` // the challenge, of S256
	Nonce    string     `json:"nonce,omitempty"`
	Resource string     `json:"resource,omitempty"` // whom the access token is for; "": us
	Signed   int64      `json:"signed,omitempty"`   // when the person last showed who they are
	Lasts    bool       `json:"lasts,omitempty"`    // the client may go on when the access token has ended
}

// given is a consent that a client has: the family of all tokens that came of it.
type given struct {
	id      int64
	client  int64
	uid     string
	token   int64 // of core/identity; 0: not yet made
	agreed  consent
	expires int64
}

const grantColumns = "id, client, uid, token, agreed, expires"

func scanGrant(r db.Row) (*given, error) {
	var g given
	var agreed string
	if err := r.Scan(&g.id, &g.client, &g.uid, &g.token, &agreed, &g.expires); err != nil {
		return nil, err
	}
	return &g, json.Unmarshal([]byte(agreed), &g.agreed)
}

func (rm *Room) grant(ctx context.Context, where string, arg any) (*given, error) {
	return db.One(ctx, rm.db, scanGrant, "SELECT "+grantColumns+" FROM oauth2_grant WHERE "+where, arg)
}

// endGrants revokes grants with all that hangs on them.
func (rm *Room) endGrants(ctx context.Context, where string, arg any) error {
	all, err := db.List(ctx, rm.db, scanGrant, "SELECT "+grantColumns+" FROM oauth2_grant WHERE "+where, arg)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(all, 500) {
		var ids, tokens []int64
		for _, g := range some {
			ids, tokens = append(ids, g.id), append(tokens, g.token)
		}
		if err := rm.dir.EndTokens(ctx, tokens); err != nil {
			return err
		}
		err := errors.Join(drop(ctx, rm.db, "DELETE FROM oauth2_refresh WHERE given IN (?)", ids), drop(ctx, rm.db, "DELETE FROM oauth2_grant WHERE id IN (?)", ids))
		if err != nil {
			return err
		}
	}
	return nil
}

// agreedBefore tells whether somebody has given a client the same, and it still has it.
func (rm *Room) agreedBefore(ctx context.Context, c *Client, uid, words, resource string) (bool, error) {
	all, err := db.List(ctx, rm.db, scanGrant, "SELECT "+grantColumns+" FROM oauth2_grant WHERE client = ? AND uid = ? AND expires > ?", c.ID, uid, rm.Now().Unix())
	if err != nil {
		return false, err
	}
	for _, g := range all {
		if g.agreed.Words != words || g.agreed.Resource != resource {
			continue
		}
		_, err := rm.dir.Token(ctx, uid, g.token)
		if err == nil || !errors.Is(err, fault.NotFound) {
			return err == nil, err
		}
	}
	return false, nil
}

// secretHash is under what a secret of ours is kept; what tells one kind from another.
func (rm *Room) secretHash(what, secret string) []byte {
	return rm.box.Hash("oauth2 " + what + " " + secret)
}

// newCode keeps a consent until its client comes with the code.
func (rm *Room) newCode(ctx context.Context, c *Client, uid string, agreed consent) (string, error) {
	code := seal.Token(128)
	text, err := json.Marshal(agreed)
	if err != nil {
		return "", err
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO oauth2_code (hash, client, uid, given, agreed, expires) VALUES (?, ?, ?, 0, ?, ?)",
		rm.secretHash("code", code), c.ID, uid, string(text), rm.Now().Add(codeLife).Unix())
	return code, err
}

// redeem makes a grant of the code, once. The second who comes with it ends what the
// first got: one of them has stolen it (RFC 9700, section 4.2.4).
func (rm *Room) redeem(ctx context.Context, c *Client, code, redirect, verifier string) (*given, error) {
	hash := rm.secretHash("code", code)
	var expires int64
	g, err := db.One(ctx, rm.db, func(r db.Row) (*given, error) {
		var g given
		var agreed string
		if err := r.Scan(&g.client, &g.uid, &g.id, &agreed, &expires); err != nil {
			return nil, err
		}
		return &g, json.Unmarshal([]byte(agreed), &g.agreed)
	}, "SELECT client, uid, given, agreed, expires FROM oauth2_code WHERE hash = ?", hash)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, errCode
	case err != nil:
		return nil, err
	case g.client != c.ID:
		return nil, errCode
	case g.id != 0:
		return nil, cmp.Or[error](rm.endGrants(ctx, "id = ?", g.id), errCode)
	case rm.Now().Unix() >= expires, redirect != "" && redirect != g.agreed.Redirect:
		return nil, errCode
	case !proves(verifier, g.agreed.PKCE):
		return nil, errVerifier
	}
	first, err := rm.begin(ctx, g, "UPDATE oauth2_code SET given = ? WHERE hash = ? AND given = 0", hash)
	if err == nil && !first {
		return rm.redeem(ctx, c, code, redirect, verifier) // another was faster
	}
	return g, err
}

// begin keeps a new grant, if a statement that marks what it was made of finds that
// unused. The statement is told the grant's id and where.
func (rm *Room) begin(ctx context.Context, g *given, mark string, where []byte) (first bool, err error) {
	if g.id, err = rm.db.ID(ctx); err != nil {
		return false, err
	}
	text, err := json.Marshal(g.agreed)
	if err != nil {
		return false, err
	}
	g.expires = rm.Now().Add(accessLife).Unix()
	if g.agreed.Lasts {
		g.expires = rm.Now().Add(refreshLife).Unix()
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, mark, g.id, where)
		if first = n > 0; !first || err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO oauth2_grant (id, client, uid, token, agreed, expires) VALUES (?, ?, ?, 0, ?, ?)",
			g.id, g.client, g.uid, string(text), g.expires)
		return err
	})
	return first, err
}

// open makes the token of a new grant. For another server it is made too, although
// nobody learns its secret: it stands in the list of devices, and ends the grant.
func (rm *Room) open(ctx context.Context, c *Client, g *given, secret string) error {
	if err := rm.alive(ctx, g.uid); err != nil {
		return err
	}
	t := identity.Token{UID: g.uid, Login: g.agreed.Login, Name: c.Name, Kind: identity.KindGrant, Scope: g.agreed.Scope, Expires: rm.Now().Add(accessLife)}
	if g.agreed.Lasts {
		t.Kind = identity.KindApp // which stays when its time is over, to be renewed
	}
	made, err := rm.dir.AddToken(ctx, t, secret)
	if err != nil {
		return err
	}
	g.token = made.ID
	n, err := rm.db.Exec(ctx, "UPDATE oauth2_grant SET token = ? WHERE id = ?", g.token, g.id)
	if err != nil || n > 0 {
		return err
	}
	return cmp.Or[error](rm.dir.EndTokens(ctx, []int64{g.token}), errCode) // the code was used again meanwhile
}

// alive refuses accounts that are gone or locked.
func (rm *Room) alive(ctx context.Context, uid string) error {
	u, err := rm.dir.User(ctx, uid)
	if errors.Is(err, fault.NotFound) || err == nil && !u.Enabled {
		return errRefresh
	}
	return err
}

// refreshed is a refresh token.
type refreshed struct {
	given, used, expires int64
	sealed               string
}

// keepRefresh keeps a new refresh token of a grant.
func (rm *Room) keepRefresh(ctx context.Context, tx *db.DB, g *given, secret string) error {
	_, err := tx.Exec(ctx, "INSERT INTO oauth2_refresh (hash, given, used, sealed, expires) VALUES (?, ?, 0, '', ?)",
		rm.secretHash("refresh", secret), g.id, rm.Now().Add(refreshLife).Unix())
	return err
}

// byRefresh finds a refresh token and its grant.
func (rm *Room) byRefresh(ctx context.Context, secret string) (*refreshed, *given, error) {
	f, err := db.One(ctx, rm.db, func(r db.Row) (f *refreshed, err error) {
		f = &refreshed{}
		return f, r.Scan(&f.given, &f.used, &f.sealed, &f.expires)
	}, "SELECT given, used, sealed, expires FROM oauth2_refresh WHERE hash = ?", rm.secretHash("refresh", secret))
	if err != nil {
		return nil, nil, err
	}
	g, err := rm.grant(ctx, "id = ?", f.given)
	return f, g, err
}

// renew gives new tokens for a refresh token, which is used with that. A client whose
// answer was lost asks again within the grace and gets the same answer; whoever comes
// later has stolen the token, or was robbed of it, and the grant ends (RFC 9700,
// section 4.14.2).
func (rm *Room) renew(ctx context.Context, c *Client, secret, issuer string) (*answer, error) {
	f, g, err := rm.byRefresh(ctx, secret)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, errRefresh
	case err != nil:
		return nil, err
	case g.client != c.ID, rm.Now().Unix() >= f.expires:
		return nil, errRefresh
	case f.used != 0:
		return rm.again(ctx, g, f, secret)
	}
	if err := rm.alive(ctx, g.uid); err != nil {
		return nil, err
	}
	t, err := rm.dir.Token(ctx, g.uid, g.token)
	if errors.Is(err, fault.NotFound) || err == nil && t.Wipe { // its owner has ended it in the list of devices
		return nil, cmp.Or[error](rm.endGrants(ctx, "id = ?", g.id), errRefresh)
	}
	if err != nil {
		return nil, err
	}
	access, next := identity.AppPassword(), seal.Token(128)
	g.agreed.Nonce = ""
	a, err := rm.answer(ctx, c, g, access, next, issuer)
	if err != nil {
		return nil, err
	}
	first, err := rm.rotate(ctx, g, secret, next, a)
	if err != nil {
		return nil, err
	}
	if !first {
		return rm.renew(ctx, c, secret, issuer) // another request was faster
	}
	if err := rm.dir.RotateToken(ctx, g.uid, t.ID, access); err != nil {
		return nil, err
	}
	return a, rm.dir.ChangeToken(ctx, g.uid, t.ID, t.Name, t.Scope, rm.Now().Add(accessLife))
}

// rotate writes that a refresh token was used, and which came in its place.
func (rm *Room) rotate(ctx context.Context, g *given, secret, next string, a *answer) (first bool, err error) {
	hash, now := rm.secretHash("refresh", secret), rm.Now()
	text, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	sealed := rm.box.Seal(text, "oauth2 answer "+hex.EncodeToString(hash))
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "UPDATE oauth2_refresh SET used = ?, sealed = ? WHERE hash = ? AND used = 0", now.Unix(), sealed, hash)
		if first = n > 0; !first || err != nil {
			return err
		}
		return errors.Join(rm.keepRefresh(ctx, tx, g, next),
			drop(ctx, tx, "UPDATE oauth2_refresh SET sealed = '' WHERE given = ? AND hash <> ? AND sealed <> ''", g.id, hash),
			drop(ctx, tx, "UPDATE oauth2_grant SET expires = ? WHERE id = ?", now.Add(refreshLife).Unix(), g.id))
	})
	return first, err
}

// again answers a refresh token that was used before.
func (rm *Room) again(ctx context.Context, g *given, f *refreshed, secret string) (*answer, error) {
	if f.sealed == "" || rm.Now().Sub(time.Unix(f.used, 0)) > grace {
		return nil, cmp.Or[error](rm.endGrants(ctx, "id = ?", g.id), errRefresh)
	}
	text, err := rm.box.Open(f.sealed, "oauth2 answer "+hex.EncodeToString(rm.secretHash("refresh", secret)))
	if err != nil {
		return nil, err
	}
	a := &answer{}
	return a, json.Unmarshal(text, a)
}
