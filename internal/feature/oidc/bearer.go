package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
)

// maxBearer is how long a token may be, in bytes. Some providers put all groups in.
const maxBearer = 16 << 10

// bearer lets in who shows a token that a provider has issued for us. A good token
// is kept like an app password until it runs out, so that its signature is checked
// once, and that it ends with its account and in the list of devices.
type bearer struct{ room *Room }

// Authenticate implements web.Authenticator. What is not a token of one of our
// providers is left to others.
func (b bearer) Authenticate(r *http.Request) (*who.Principal, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !ok || !strings.EqualFold(scheme, "Bearer") || strings.Count(token, ".") != 2 || len(token) > maxBearer {
		return nil, nil
	}
	issuer := issuerOf(token)
	if issuer == "" {
		return nil, nil
	}
	ctx := r.Context()
	p, err := b.room.dir.Bearer(ctx, token)
	if err == nil || !errors.Is(err, fault.Anonymous) {
		return p, err
	}
	all, err := b.room.Providers(ctx)
	if err != nil {
		return nil, err
	}
	for _, provider := range all {
		if !provider.Bearer {
			continue
		}
		one, err := b.room.meet(ctx, provider)
		if err != nil || one.Issuer != issuer {
			if err != nil {
				b.room.Log.Warn("a provider whose tokens are taken cannot be asked", "provider", provider.Name, "error", err)
			}
			continue
		}
		if err := b.room.accept(ctx, one, token); err != nil {
			return nil, err
		}
		return b.room.dir.Bearer(ctx, token)
	}
	return nil, nil
}

// issuerOf reads who issued a token, without believing it.
func issuerOf(token string) string {
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return ""
	}
	issuer, _ := claims["iss"].(string)
	return issuer
}

// accept keeps a token that is valid.
func (rm *Room) accept(ctx context.Context, one *remote, token string) error {
	refused := func(err error) error { return fault.Wrap(fault.Anonymous, err, "This token opens nothing.") }
	claims, id, err := one.verify(ctx, token, rm.Now())
	if errors.Is(err, fault.Unavailable) {
		return err
	}
	if err != nil {
		return refused(err)
	}
	if _, ok := claims["nonce"]; ok && claims["at_hash"] != nil {
		return refused(errors.New("an ID token is no access token"))
	}
	o, err := one.read(claims)
	if err != nil {
		return refused(err)
	}
	if !one.BearerFields {
		o.Login = identity.Login{Source: o.Login.Source, Subject: o.Login.Subject, ID: o.Login.ID}
	}
	u, err := rm.admit(ctx, o)
	if errors.Is(err, fault.Denied) || errors.Is(err, fault.Conflict) {
		return refused(err)
	}
	if err != nil {
		return err
	}
	scope, err := rm.scope(ctx, one, u, claims)
	if errors.Is(err, fault.Unavailable) {
		return err
	}
	if err != nil {
		return refused(err)
	}
	_, err = rm.dir.AddToken(ctx, identity.Token{UID: u.ID, Login: u.ID, Name: one.Provider.Name, Kind: identity.KindGrant, Scope: scope,
		Expires: id.Expiry}, token)
	if errors.Is(err, fault.Exists) { // a request beside this one was faster
		return nil
	}
	return err
}

// scope is what a token is limited to, by its claim "scope" (RFC 9068, section
// 2.2.3). One without a word for us may do what its owner may, unless the provider's
// tokens must name what they are for, or it was given to another program than us.
func (rm *Room) scope(ctx context.Context, one *remote, u *identity.User, c Claims) (*who.Scope, error) {
	said, _ := text(c["scope"])
	words, err := who.ParseWords(said, rm.Rooms)
	if err != nil {
		return nil, err
	}
	if !words.Any {
		if one.ScopedOnly || !one.given(c) {
			return nil, errors.New("the token names nothing of ours")
		}
		return nil, nil
	}
	for _, path := range words.Folders {
		node, err := rm.Folder(ctx, u.ID, path)
		if err != nil {
			return nil, fmt.Errorf("folder %s: %w", path, err)
		}
		words.Scope.Folders = append(words.Scope.Folders, node)
	}
	return &words.Scope, nil
}
