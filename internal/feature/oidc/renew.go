package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// A provider may say at any time that somebody is no longer signed in there, without
// telling us: then it refuses to renew its tokens (RFC 6749, section 6). Sessions that came
// from a provider with that setting last here only while it renews them, which is asked
// in the background, whenever its access token has run out, as long as the session is used.
// A session that nobody uses is not renewed, so that it can grow old at the provider.
const (
	soonest   = time.Minute // between two renewals
	latest    = time.Hour
	lookAgain = 2 * time.Minute // for whether a session is used again
	atOnce    = 8               // questions to providers
)

// renewal is a session that its provider has to renew.
type renewal struct {
	token, provider int64
	uid             string
	due             time.Time
	renewalSecret
}

// renewalSecret is what is kept sealed of it.
type renewalSecret struct {
	Refresh string    `json:"refresh"`
	Subject string    `json:"subject"` // who it is there
	Renewed time.Time `json:"renewed"`
}

func renewalSeal(token int64) string { return "oidc renewal " + strconv.FormatInt(token, 10) }

// watchOver remembers to have a session renewed, if its provider is to do so.
func (rm *Room) watchOver(ctx context.Context, p *Provider, uid string, token int64, said *word) error {
	if !p.Renew {
		return nil
	}
	if said.tokens.Refresh == "" {
		rm.Log.Warn("a provider gives no refresh token: the session is not renewed there", "provider", p.Name)
		return nil
	}
	return rm.keepRenewal(ctx, &renewal{token: token, provider: p.ID, uid: uid, renewalSecret: renewalSecret{Subject: said.subject}}, said.tokens)
}

// keepRenewal writes what the next renewal needs.
func (rm *Room) keepRenewal(ctx context.Context, v *renewal, t *tokens) error {
	now := rm.Now()
	v.Renewed, v.due = now, now.Add(min(max(t.lasts(soonest), soonest), latest))
	if t.Refresh != "" { // else the old one goes on
		v.Refresh = t.Refresh
	}
	text, err := json.Marshal(v.renewalSecret)
	if err != nil {
		return err
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO oidc_renewal (token, provider, uid, due, sealed) VALUES (?, ?, ?, ?, ?) {{on token set due, sealed}}",
		v.token, v.provider, v.uid, v.due.Unix(), rm.box.Seal(text, renewalSeal(v.token)))
	return err
}

const renewalColumns = "SELECT token, provider, uid, due, sealed FROM oidc_renewal"

func (rm *Room) scanRenewal(r db.Row) (*renewal, error) {
	var v renewal
	var due int64
	var sealed string
	if err := r.Scan(&v.token, &v.provider, &v.uid, &due, &sealed); err != nil {
		return nil, err
	}
	v.due = time.Unix(due, 0)
	text, err := rm.box.Open(sealed, renewalSeal(v.token))
	if err != nil {
		return nil, err
	}
	return &v, json.Unmarshal(text, &v.renewalSecret)
}

func (rm *Room) forgetRenewal(ctx context.Context, token int64) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM oidc_renewal WHERE token = ?", token)
	return err
}

// moveRenewal keeps track of a session that has taken the place of another.
func (rm *Room) moveRenewal(ctx context.Context, was, is int64) error {
	v, err := db.One(ctx, rm.db, rm.scanRenewal, renewalColumns+" WHERE token = ?", was)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(v.renewalSecret)
	if err != nil {
		return err
	}
	_, err = rm.db.Exec(ctx, "UPDATE oidc_renewal SET token = ?, sealed = ? WHERE token = ?", is, rm.box.Seal(text, renewalSeal(is)), was)
	return err
}

// renew does what is due.
func (rm *Room) renew(ctx context.Context) error {
	due, err := db.List(ctx, rm.db, rm.scanRenewal, renewalColumns+" WHERE due <= ? ORDER BY due LIMIT 5000", rm.Now().Unix())
	if err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(atOnce)
	for _, v := range due {
		work.Go(func() error { return rm.renewOne(ctx, v) })
	}
	return work.Wait()
}

// renewOne has one session renewed, if it is used, or ends it where the provider refuses. A
// provider that cannot be asked is asked again later.
func (rm *Room) renewOne(ctx context.Context, v *renewal) error {
	t, err := rm.dir.Token(ctx, v.uid, v.token)
	if errors.Is(err, fault.NotFound) {
		return rm.forgetRenewal(ctx, v.token)
	}
	if err != nil {
		return err
	}
	p, err := rm.Provider(ctx, v.provider)
	if errors.Is(err, fault.NotFound) || err == nil && !p.Renew { // nobody asks for it any more
		return rm.forgetRenewal(ctx, v.token)
	}
	if err != nil {
		return err
	}
	if !t.Used.After(v.Renewed) {
		return rm.delay(ctx, v)
	}
	got, err := rm.refreshed(ctx, p, v)
	no, refused := errors.AsType[*refusal](err)
	switch {
	case refused && no.Code == "invalid_grant", errors.Is(err, fault.Denied):
		rm.Log.Info("a provider does not renew a session, which ends", "provider", p.Name, "user", v.uid, "error", err)
		return rm.endRenewal(ctx, v)
	case err != nil:
		rm.Log.Warn("a provider cannot be asked to renew a session", "provider", p.Name, "error", err)
		return rm.delay(ctx, v)
	}
	return rm.keepRenewal(ctx, v, got)
}

// delay looks at a session again soon.
func (rm *Room) delay(ctx context.Context, v *renewal) error {
	_, err := rm.db.Exec(ctx, "UPDATE oidc_renewal SET due = ? WHERE token = ?", rm.Now().Add(lookAgain).Unix(), v.token)
	return err
}

// endRenewal ends a session here.
func (rm *Room) endRenewal(ctx context.Context, v *renewal) error {
	if err := rm.dir.RemoveToken(ctx, v.uid, v.token); err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return errors.Join(rm.sessions.Forget(ctx, v.token), rm.forgetRenewal(ctx, v.token))
}

// refreshed asks a provider for new tokens. What it says of the person by then is so here
// too; one who may not come in any more, or is another, is fault.Denied.
func (rm *Room) refreshed(ctx context.Context, p *Provider, v *renewal) (*tokens, error) {
	one, err := rm.meet(ctx, p)
	if err != nil {
		return nil, err
	}
	t, err := rm.grant(ctx, one, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {v.Refresh}})
	if err != nil || t.ID == "" {
		return t, err
	}
	claims, id, err := one.verify(ctx, t.ID, rm.Now())
	if err != nil {
		return nil, err
	}
	if id.Subject != v.Subject || !one.given(claims) { // OpenID Connect Core, section 12.2
		return nil, fault.New(fault.Denied, "What the provider says is of two people.")
	}
	if p.Enrich {
		if err := one.enrich(ctx, t.Access, claims); err != nil {
			return nil, err
		}
	}
	o, err := p.read(claims)
	if err != nil {
		return nil, err
	}
	_, err = rm.admit(ctx, o)
	return t, err
}
