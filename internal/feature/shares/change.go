package shares

import (
	"context"
	"errors"
	"regexp"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

// Change is what somebody wants to be otherwise; fields that are nil stay.
type Change struct {
	Perms        *files.Perm
	PublicUpload *bool
	Password     *string // "" takes it away
	Expires      *string // "" for never
	Note         *string
	Label        *string
	Attributes   *string
	HideDownload *bool
	Token        *string
}

// Role is what somebody is to a share.
type Role uint8

// The roles.
const (
	Stranger  Role = iota // knows nothing of it
	Looker                // may share the node too, and sees which links it has
	Recipient             // received it, alone or with a group
	Keeper                // made it, or owns the node
)

// ErrNoShare says that there is no share of a number, or none that the caller may
// know of (32-sharing/073 to 076, 113, 116).
var ErrNoShare = fault.New(fault.NotFound, "Wrong share ID, share does not exist")

// Find returns a share with what it is worth and what p is to it; ErrNoShare to
// strangers.
func (rm *Room) Find(ctx context.Context, p *who.Principal, id int64) (Share, Worth, Role, error) {
	s, err := byID(ctx, rm.db, id)
	if errors.Is(err, fault.NotFound) {
		return s, Worth{}, Stranger, ErrNoShare
	}
	if err != nil {
		return s, Worth{}, Stranger, err
	}
	ws, err := rm.Weigh(ctx, s)
	if err != nil {
		return s, Worth{}, Stranger, err
	}
	w := ws[id]
	role, err := rm.role(ctx, p, s, w)
	if err == nil && role == Stranger {
		err = ErrNoShare
	}
	return s, w, role, err
}

func (rm *Room) role(ctx context.Context, p *who.Principal, s Share, w Worth) (Role, error) {
	if w.Owner == "" || w.Perms == 0 && s.Perms != 0 {
		return Stranger, nil // it has ended
	}
	keeps := s.Sharer == p.ID || w.Owner == p.ID
	groups, err := rm.groupsOf(ctx, p.ID)
	switch {
	case err != nil:
		return Stranger, err
	case p.Narrow(): // what the credential does not show, it does not share either
	case keeps:
		return Keeper, nil
	case s.reaches(p.ID, groups):
		return Recipient, nil
	}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return Stranger, err
	}
	e, err := v.ByID(ctx, s.Node)
	switch {
	case errors.Is(err, fault.NotFound):
		return Stranger, nil
	case err != nil:
		return Stranger, err
	}
	switch {
	case keeps:
		return Keeper, nil
	case s.reaches(p.ID, groups):
		return Recipient, nil
	case s.shownTo(e.Perm()):
		return Looker, nil
	}
	return Stranger, nil
}

// shownTo tells whether who holds some rights of the node sees a link of somebody
// else's: if they could have made it themselves.
func (s *Share) shownTo(held files.Perm) bool {
	return s.Kind == Link && held&files.Share != 0 && s.Perms&^held == 0
}

// Change changes a share, which its keepers may (32-sharing/079 to 117, 206 to 211).
func (rm *Room) Change(ctx context.Context, p *who.Principal, id int64, c Change) (Share, error) {
	old, w, role, err := rm.Find(ctx, p, id)
	if err != nil {
		return old, err
	}
	if role != Keeper {
		return old, fault.New(fault.Denied, "You are not allowed to edit incoming shares")
	}
	if c == (Change{}) {
		return old, fault.New(fault.Invalid, "Wrong or no update parameter given")
	}
	pol, err := rm.Policy(ctx)
	if err != nil {
		return old, err
	}
	if !pol.Enabled() {
		return old, errOff
	}
	s := old
	if err := rm.changeRights(ctx, p, pol, w, &s, c); err != nil {
		return old, err
	}
	if err := rm.changeLink(ctx, p, pol, &s, c); err != nil {
		return old, err
	}
	if err := rm.changeRest(ctx, pol, &s, c); err != nil {
		return old, err
	}
	what := differences(old, s)
	if what == nil {
		return s, nil
	}
	err = rm.tx(ctx, func(tx *db.DB) error {
		if err := update(ctx, tx, s); err != nil {
			return err
		}
		return rm.publish(ctx, tx, event.ShareChanged{Shared: shared(s, p.ID), What: what, Perms: uint8(s.Perms), Note: s.Note})
	})
	if errors.Is(err, fault.Exists) {
		err = fault.New(fault.Invalid, "This address is taken by another link.")
	}
	return s, err
}

// changeRights changes what a share allows. Its maker must hold that.
func (rm *Room) changeRights(ctx context.Context, p *who.Principal, pol Policy, w Worth, s *Share, c Change) error {
	perms := c.Perms
	link := s.Kind == Link || s.Kind == Mail
	if link && c.PublicUpload != nil && perms == nil {
		n := w.Node()
		if *c.PublicUpload && !n.IsDir() {
			return errUpload
		}
		all := files.Read
		if *c.PublicUpload {
			all = files.All &^ files.Share
		}
		perms = &all
	}
	if perms == nil {
		return nil
	}
	if *perms > files.All {
		return fault.New(fault.Invalid, "Failed to update share.")
	}
	held, err := rm.heldBy(ctx, p, *s, w)
	if err != nil {
		return err
	}
	if link {
		s.Perms, err = publicPerms(pol, held, *perms)
		return err
	}
	n := w.Node()
	got := pol.masked(held, *perms|files.Read)
	if more := *perms &^ (held.Perm() | s.Perms); more != 0 && (n.IsDir() || more&^(files.Create|files.Delete) != 0 || s.Sharer != w.Owner) {
		return fault.New(fault.Invalid, "Failed to update share.")
	}
	s.Perms = got
	return nil
}

// heldBy is the node as who changes a share holds it: the owner gives what they
// want, a re-sharer what they hold.
func (rm *Room) heldBy(ctx context.Context, p *who.Principal, s Share, w Worth) (*files.Entry, error) {
	if w.Owner == p.ID && s.Sharer == p.ID {
		return &files.Entry{Node: w.Node(), Path: "/" + s.Target, Mount: &files.Mount{Perm: files.All, Owner: w.Owner}}, nil
	}
	if s.Sharer != p.ID {
		p = &who.Principal{ID: s.Sharer}
	}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	e, err := v.ByID(ctx, s.Node)
	if errors.Is(err, fault.NotFound) {
		return nil, ErrNoShare
	}
	return e, err
}

// token is what people may choose as the address of a link.
var token = regexp.MustCompile(`^[A-Za-z0-9-]{1,200}$`)

// changeLink changes what links and mail shares have besides.
func (rm *Room) changeLink(ctx context.Context, p *who.Principal, pol Policy, s *Share, c Change) (err error) {
	if s.Kind != Link && s.Kind != Mail {
		return nil
	}
	if c.Label != nil {
		if len(*c.Label) > maxText {
			return fault.New(fault.Invalid, "The label is too long.")
		}
		s.Label = *c.Label
	}
	if c.HideDownload != nil {
		s.HideDownload = *c.HideDownload
	}
	if c.Password != nil {
		hash, err := rm.linkPassword(ctx, p, pol, *c.Password)
		if errors.Is(err, fault.Denied) {
			err = fault.New(fault.Invalid, "Failed to update share.")
		}
		if err != nil {
			return err
		}
		s.Password = hash
	}
	if c.Token == nil {
		return nil
	}
	if !pol.CustomTokens() {
		return fault.New(fault.Denied, "Custom share link tokens have been disabled by the administrator")
	}
	if !token.MatchString(*c.Token) {
		return fault.New(fault.Invalid, "Tokens must contain at least 1 character and may only contain letters, numbers, or a hyphen")
	}
	s.Token = *c.Token
	return nil
}

func (rm *Room) changeRest(ctx context.Context, pol Policy, s *Share, c Change) (err error) {
	if c.Note != nil {
		if len(*c.Note) > maxText {
			return fault.New(fault.Invalid, "Maximum note length reached")
		}
		s.Note = *c.Note
	}
	if c.Attributes != nil {
		if s.Attributes, err = checkAttributes(*c.Attributes); err != nil {
			return err
		}
	}
	if c.Expires == nil {
		return nil
	}
	t := pol.Term(s.Kind)
	if *c.Expires == "" && t.Enforced {
		return fault.New(fault.Invalid, "Failed to update share.")
	}
	s.Expires, s.LastDay, err = rm.lasts(ctx, s.Sharer, t, c.Expires)
	return err
}

// differences names what is otherwise, nil for nothing.
func differences(a, b Share) (what []string) {
	for _, d := range []struct {
		name string
		is   bool
	}{
		{event.SharePerms, a.Perms != b.Perms}, {event.SharePassword, a.Password != b.Password}, {event.ShareExpiry, !a.Expires.Equal(b.Expires)},
		{event.ShareNote, a.Note != b.Note}, {event.ShareLabel, a.Label != b.Label}, {event.ShareToken, a.Token != b.Token},
		{event.ShareAttributes, a.Attributes != b.Attributes || a.HideDownload != b.HideDownload},
		{event.ShareLimit, a.MaxDownloads != b.MaxDownloads},
	} {
		if d.is {
			what = append(what, d.name)
		}
	}
	return what
}

// Unshare ends a share: for everybody, if p keeps it, and else for p.
func (rm *Room) Unshare(ctx context.Context, p *who.Principal, id int64) error {
	s, _, role, err := rm.Find(ctx, p, id)
	if err != nil {
		return err
	}
	switch role {
	case Keeper:
		stir, err := rm.stirrer(ctx, s.Node)
		if err != nil {
			return err
		}
		return rm.tx(ctx, func(tx *db.DB) error {
			if err := stir(tx); err != nil {
				return err
			}
			return rm.end(ctx, tx, s, event.ShareUnshared, p.ID)
		})
	case Recipient:
		return rm.tx(ctx, func(tx *db.DB) error { return rm.leave(ctx, tx, p.ID, s) })
	}
	return fault.New(fault.Denied, "Could not delete share")
}

// Accept takes a share that waits for it; one that is there already stays.
func (rm *Room) Accept(ctx context.Context, p *who.Principal, id int64) error {
	s, _, role, err := rm.Find(ctx, p, id)
	if err == nil && role != Recipient {
		err = ErrNoShare
	}
	if err != nil {
		return err
	}
	return rm.tx(ctx, func(tx *db.DB) error {
		if err := setState(ctx, tx, p.ID, accepted, s.ID); err != nil {
			return err
		}
		return rm.publish(ctx, tx, event.ShareChanged{Shared: shared(s, p.ID), What: []string{event.ShareAccepted}, Perms: uint8(s.Perms), Note: s.Note})
	})
}

// Decline turns down a share that waits.
func (rm *Room) Decline(ctx context.Context, p *who.Principal, id int64) error {
	s, _, role, err := rm.Find(ctx, p, id)
	if err == nil && role != Recipient {
		err = ErrNoShare
	}
	if err != nil {
		return err
	}
	return rm.tx(ctx, func(tx *db.DB) error { return rm.leave(ctx, tx, p.ID, s) })
}

// Restore takes back a share with a group that p has left (32-sharing/130, 133, 134).
func (rm *Room) Restore(ctx context.Context, p *who.Principal, id int64) error {
	gone := fault.New(fault.NotFound, "Share not found")
	s, _, role, err := rm.Find(ctx, p, id)
	if err == nil && role != Recipient {
		err = gone
	}
	if errors.Is(err, ErrNoShare) {
		err = gone
	}
	if err != nil {
		return err
	}
	st, err := statesBy(ctx, rm.db, "share = ? AND uid = ?", s.ID, p.ID)
	if err != nil {
		return err
	}
	if st[s.ID][p.ID] != declined {
		return gone
	}
	return rm.tx(ctx, func(tx *db.DB) error { return setState(ctx, tx, p.ID, accepted, s.ID) })
}

// sortShares puts them in the order in which clients list them: by kind and age.
func sortShares(ss []Share) {
	slices.SortStableFunc(ss, func(a, b Share) int { return int(a.Kind) - int(b.Kind) })
}
