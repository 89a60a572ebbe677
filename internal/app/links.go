package app

import (
	"context"
	"slices"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/feature/links"
	"atrium/internal/feature/previews"
	"atrium/internal/feature/sharemail"
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
	request, err := switched(s, "fileRequest", "enabled")
	if err != nil {
		return nil, err
	}
	l := &links.Link{ID: s.ID, Token: s.Token, Mount: w.Mount(), Sharer: s.Sharer, Password: s.Password, Label: s.Label, Note: s.Note, Expires: s.Expires,
		HideDownload: s.HideDownload, Limit: s.MaxDownloads, Count: s.Downloads, Attributes: s.Attributes, Request: request}
	l.Mount.Perm = w.Perms
	return l, nil
}

// CountDownload implements links.Store.
func (o openLinks) CountDownload(ctx context.Context, tx *db.DB, id int64) error {
	return o.shares.Downloaded(ctx, tx, id)
}

// letIn plugs in the rooms of public links, which show what others have plugged in.
func (h *house) letIn(b *plug.Board, small *previews.Room) error {
	rm, err := links.New(h.db, h.files, openLinks{h.shares}, h.people, h.hashes, h.box, links.Publish(h.publish))
	if err != nil {
		return err
	}
	rm.Previews, rm.Now = small, h.env.clock()
	h.visitors = rm
	h.plug(b, rm)
	if h.writer, err = sharemail.New(h.db, h.people, h.settings, h.mail, mailShares{h.shares}, h.conf.BaseURL()); err != nil {
		return err
	}
	h.writer.Now = h.env.clock()
	h.plug(b, h.writer)
	return nil
}

// still tells whether the credential behind a request that lasts is still good.
func (h *house) still(ctx context.Context, p *who.Principal) error {
	if p.Link != 0 {
		return h.visitors.Still(ctx, p)
	}
	if p.App != "" {
		if err := h.apps.Still(ctx, p); err != nil {
			return err
		}
	}
	return h.people.Still(ctx, p)
}

// mailShares is the same links as letters tell of them.
type mailShares struct{ shares *shares.Room }

// ByLink implements sharemail.Shares.
func (m mailShares) ByLink(ctx context.Context, id int64) (sharemail.Share, error) {
	s, w, err := m.shares.ByLink(ctx, id)
	if err != nil {
		return sharemail.Share{}, err
	}
	n := w.Node()
	told, err := switched(s, "notify", "download")
	return sharemail.Share{Sharer: s.Sharer, To: s.Recipient, Name: n.Name, Folder: n.IsDir(), Drop: w.Perms&files.Read == 0, Token: s.Token, Note: s.Note,
		Locked: s.Password != "", Created: s.Created, Expires: s.Expires, Told: told}, err
}

// Ending implements sharemail.Shares.
func (m mailShares) Ending(ctx context.Context, after, until time.Time) ([]int64, error) {
	return m.shares.Ending(ctx, after, until)
}

// switched tells whether a share's attribute is switched on.
func switched(s shares.Share, scope, key string) (bool, error) {
	as, err := shares.ParseAttributes(s.Attributes)
	return slices.ContainsFunc(as, func(a shares.Attribute) bool { return a.Scope == scope && a.Key == key && a.Value == true }), err
}

// sendShare writes to whom something was shared with by mail.
func (h *house) sendShare(ctx context.Context, s shares.Share, password string) error {
	about, err := mailShares{h.shares}.ByLink(ctx, s.ID)
	if err != nil {
		return err
	}
	return h.writer.Send(ctx, about, password)
}
