package oidc

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/feature/oidc/portrait"
	"atrium/internal/infra/jobs"
)

// pictureAgain is how long a picture is believed to be the same at the same address.
const pictureAgain = 24 * time.Hour

// Portraits keeps the pictures that services have of people.
type Portraits interface {
	// Portrait tells by what mark a service knew the picture that it gave last for an
	// account, and when it was asked; "" for none.
	Portrait(ctx context.Context, uid, source string) (mark string, checked time.Time, err error)
	// SetPortrait takes the picture that a service has, with another mark when it is
	// another; an empty one is none any more. What cannot be read is fault.Invalid.
	SetPortrait(ctx context.Context, uid, source, mark string, raw []byte) error
}

// wantedPicture is one to be fetched.
type wantedPicture struct {
	Provider int64
	UID      string
	Address  string
}

// picture is the claim of somebody's picture: the one that is mapped, or else "avatar" or
// "picture" (OpenID Connect Core, section 5.1).
func (p *Provider) picture(c Claims) (claim string, said bool) {
	v, ok := c.get(p.claim("avatar"), p.Nested)
	if !ok && p.Mapping["avatar"] == "" {
		v, ok = c["picture"]
	}
	claim, isText := text(v)
	return strings.TrimSpace(claim), ok && isText
}

// portray sets somebody's picture to what the claims say, now or soon. That it cannot be had
// keeps nobody out.
func (rm *Room) portray(ctx context.Context, p *Provider, uid string, c Claims) {
	claim, said := p.picture(c)
	if !said || rm.Portraits == nil {
		return
	}
	var err error
	switch raw, ok := portrait.Data(claim); {
	case claim == "":
		err = rm.Portraits.SetPortrait(ctx, uid, Source, "", nil)
	case ok:
		err = rm.Portraits.SetPortrait(ctx, uid, Source, vouch.Digest(claim), raw)
	default:
		err = rm.pictures.Add(ctx, rm.db, wantedPicture{p.ID, uid, claim}, jobs.Unique(uid))
	}
	if err != nil {
		rm.Log.Warn("a picture of a provider is left out", "provider", p.Name, "user", uid, "error", err)
	}
}

// fetchPicture does a job: it fetches a picture that may have changed. The next sign-in
// tries again what failed.
func (rm *Room) fetchPicture(ctx context.Context, w wantedPicture) error {
	err := rm.fetched(ctx, w)
	if _, ok := errors.AsType[*fault.Fault](err); ok {
		rm.Log.Warn("a picture of a provider is left out", "provider", w.Provider, "user", w.UID, "error", err)
		return nil
	}
	return err
}

func (rm *Room) fetched(ctx context.Context, w wantedPicture) error {
	p, err := rm.Provider(ctx, w.Provider)
	if err != nil {
		return err
	}
	mark, checked, err := rm.Portraits.Portrait(ctx, w.UID, Source)
	if err != nil {
		return err
	}
	at, etag, _ := strings.Cut(mark, " ")
	if same := at == vouch.Digest(w.Address); same && rm.Now().Sub(checked) < pictureAgain {
		return nil
	} else if !same {
		at, etag = vouch.Digest(w.Address), ""
	}
	in, err := rm.place(ctx, p)
	if err != nil {
		return err
	}
	if strings.HasPrefix(etag, "#") { // ours
		etag = ""
	}
	got, err := portrait.Fetch(ctx, in, w.Address, etag)
	switch {
	case errors.Is(err, fault.Invalid), errors.Is(err, fault.Denied): // not again today
		return errors.Join(err, rm.Portraits.SetPortrait(ctx, w.UID, Source, at, nil))
	case err != nil:
		return err
	case got.Same:
		return rm.Portraits.SetPortrait(ctx, w.UID, Source, mark, nil)
	case got.ETag == "": // what it is tells it apart
		got.ETag = "#" + vouch.Digest(string(got.Raw))
	}
	return rm.Portraits.SetPortrait(ctx, w.UID, Source, at+" "+got.ETag, got.Raw)
}

// place is where the pictures of a provider may lie.
func (rm *Room) place(ctx context.Context, p *Provider) (in portrait.Place, err error) {
	if in.Insecure, err = rm.insecure(ctx); err != nil {
		return in, err
	}
	var trusted *tls.Config
	if trusted, err = p.tls(); err != nil {
		return in, err
	}
	u, err := url.Parse(p.Discovery)
	if err != nil {
		return in, err
	}
	in.TLS, in.Home = trusted, u.Hostname()
	return in, nil
}
