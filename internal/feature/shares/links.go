package shares

import (
	"context"
	"errors"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

// errLink says that there is no such link, or not any more.
var errLink = fault.New(fault.NotFound, "Unknown share")

// ByToken returns the link or mail share of a token with what it is worth at this
// moment; fault.NotFound when there is none, when it has ended, and while links are
// switched off. It costs three statements, and three more for what a recipient
// shared on. Whoever serves bytes for long asks again every half second.
func (rm *Room) ByToken(ctx context.Context, token string) (Share, Worth, error) {
	s, w, err := rm.byToken(ctx, token)
	if err != nil {
		return s, w, err
	}
	return rm.open(ctx, s, w)
}

// ByLink is ByToken by the number of the share.
func (rm *Room) ByLink(ctx context.Context, id int64) (Share, Worth, error) {
	s, err := byID(ctx, rm.db, id)
	if err == nil && s.Token == "" {
		err = errLink
	}
	if err != nil {
		return s, Worth{}, err
	}
	s, w, err := rm.weighLink(ctx, s)
	if err != nil {
		return s, w, err
	}
	return rm.open(ctx, s, w)
}

// Ending lists the shares by mail that end after one instant and not after another,
// whatever they are worth.
func (rm *Room) Ending(ctx context.Context, after, until time.Time) ([]int64, error) {
	return db.List(ctx, rm.db, db.Scan1[int64], "SELECT id FROM share WHERE expires > ? AND expires <= ? AND kind = ? ORDER BY expires, id",
		after.Unix(), until.Unix(), Mail)
}

// open refuses links while there are to be none.
func (rm *Room) open(ctx context.Context, s Share, w Worth) (Share, Worth, error) {
	groups, err := rm.groupsOf(ctx, s.Sharer)
	if err != nil {
		return s, w, err
	}
	pol, err := rm.Policy(ctx)
	if err == nil && (!pol.Enabled() || !pol.Links(groups)) {
		err = errLink
	}
	return s, w, err
}

func (rm *Room) byToken(ctx context.Context, token string) (Share, Worth, error) {
	if len(token) == 0 || len(token) > 255 {
		return Share{}, Worth{}, errLink
	}
	s, err := db.One(ctx, rm.db, scanShare, "SELECT "+columns+" FROM share s WHERE s.token = ?", token)
	if errors.Is(err, fault.NotFound) {
		return s, Worth{}, errLink
	}
	if err != nil {
		return s, Worth{}, err
	}
	return rm.weighLink(ctx, s)
}

func (rm *Room) weighLink(ctx context.Context, s Share) (Share, Worth, error) {
	ws, err := rm.Weigh(ctx, s)
	if err == nil && ws[s.ID].Perms == 0 {
		err = errLink
	}
	return s, ws[s.ID], err
}

// Opens tells whether a password opens a link. One without a password is open.
func (rm *Room) Opens(ctx context.Context, s Share, password string) (bool, error) {
	if s.Password == "" {
		return true, nil
	}
	ok, _, err := rm.hashes.Verify(ctx, s.Password, password)
	return ok, err
}

// Mount is what a link shows, for files.Through.
func (w *Worth) Mount() files.Mount {
	return files.Mount{Space: w.Space(), Root: w.Node().ID, Perm: w.Perms &^ files.Share, Owner: w.Owner, Sealed: w.Sealed}
}

// Downloaded counts one download of a link, in the transaction of whatever tells of
// it; fault.NotFound when no more are left.
func (rm *Room) Downloaded(ctx context.Context, tx *db.DB, id int64) error {
	hit, err := tx.Exec(ctx, "UPDATE share SET downloads = downloads + 1 WHERE id = ? AND (maxdownloads = 0 OR downloads < maxdownloads)", id)
	if err == nil && hit == 0 {
		err = fault.New(fault.NotFound, "The download limit of this link has been reached.")
	}
	return err
}

// Spent tells whether a link has no downloads left.
func (s *Share) Spent() bool { return s.MaxDownloads > 0 && s.Downloads >= s.MaxDownloads }

// Limited returns the link to one file that p keeps and that a token names
// (32-sharing/194 to 201).
func (rm *Room) Limited(ctx context.Context, p *who.Principal, token string) (Share, error) {
	s, w, err := rm.byToken(ctx, token)
	if err != nil {
		return s, err
	}
	role, err := rm.role(ctx, p, s, w)
	if err == nil && role != Keeper {
		err = errLink
	}
	if n := w.Node(); err == nil && n.IsDir() {
		err = fault.New(fault.NotFound, "Invalid file type")
	}
	return s, err
}

// Limit lets a link be downloaded so often, counted from now; 0 for no limit.
func (rm *Room) Limit(ctx context.Context, p *who.Principal, token string, most int64) error {
	s, err := rm.Limited(ctx, p, token)
	if err != nil {
		return err
	}
	s.MaxDownloads, s.Downloads = most, 0
	return rm.tx(ctx, func(tx *db.DB) error {
		if err := update(ctx, tx, s); err != nil {
			return err
		}
		return rm.publish(ctx, tx, event.ShareChanged{Shared: shared(s, p.ID), What: []string{event.ShareLimit}, Perms: uint8(s.Perms), Note: s.Note})
	})
}
