package app

import (
	"context"

	"atrium/internal/base/who"
	"atrium/internal/feature/links"
	"atrium/internal/feature/previews"
	"atrium/internal/feature/shares"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

// openLinks is the public links among the shares, as their visitors meet them.
type openLinks struct{ shares *shares.Room }

// LinkByToken implements links.Store.
func (o openLinks) LinkByToken(ctx context.Context, token string) (*links.Link, error) {
	s, w, err := o.shares.ByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	as, err := shares.ParseAttributes(s.Attributes)
	if err != nil {
		return nil, err
	}
	l := &links.Link{ID: s.ID, Token: s.Token, Mount: w.Mount(), Sharer: s.Sharer, Password: s.Password, Label: s.Label, Note: s.Note, Expires: s.Expires,
		HideDownload: s.HideDownload, Limit: s.MaxDownloads, Count: s.Downloads, Attributes: s.Attributes}
	l.Mount.Perm = w.Perms
	for _, a := range as {
		if a.Scope == "fileRequest" && a.Key == "enabled" && a.Value == true {
			l.Request = true
		}
	}
	return l, nil
}

// CountDownload implements links.Store.
func (o openLinks) CountDownload(ctx context.Context, tx *db.DB, id int64) error {
	return o.shares.Downloaded(ctx, tx, id)
}

// letIn plugs in the room of public links, which shows what others have plugged in.
func (h *house) letIn(b *plug.Board, small *previews.Room) error {
	rm, err := links.New(h.db, h.files, openLinks{h.shares}, h.people, h.hashes, h.box, links.Publish(h.publish))
	if err != nil {
		return err
	}
	rm.Previews = small
	h.visitors = rm
	h.plug(b, rm)
	return nil
}

// still tells whether the credential behind a request that lasts is still good.
func (h *house) still(ctx context.Context, p *who.Principal) error {
	if p.Link != 0 {
		return h.visitors.Still(ctx, p)
	}
	return h.people.Still(ctx, p)
}
