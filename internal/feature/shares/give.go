package shares

import (
	"context"
	"errors"
	"net/mail"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/seal"
)

// Wish is what somebody asks for when they share. Fields that are nil were not said.
type Wish struct {
	Kind         Kind
	Recipient    string
	Perms        *files.Perm
	PublicUpload bool
	Password     string
	Expires      *string // a day such as "2030-01-31"; "" for never
	Note         string
	Label        string
	Attributes   *string
	HideDownload bool
}

// Give shares an entry of p's view. Sharing the same with the same again gives the
// share that is there; made tells whether it is new (32-sharing/001 to 048).
func (rm *Room) Give(ctx context.Context, p *who.Principal, e *files.Entry, w Wish) (s Share, made bool, err error) {
	if e.IsRoot() {
		return s, false, fault.New(fault.Denied, "You cannot share your root folder")
	}
	pol, err := rm.may(ctx, p, w.Kind, w.Recipient)
	if err != nil {
		return s, false, err
	}
	if err := rm.recipient(ctx, p, e, &w); err != nil {
		return s, false, err
	}
	if w.Perms != nil && *w.Perms > files.All {
		return s, false, fault.New(fault.Denied, "Valid permissions are required for sharing")
	}
	if w.Kind == User || w.Kind == Group {
		ss, err := where(ctx, rm.db, "s.node = ? AND s.kind = ? AND s.recipient = ? AND s.sharer = ?", e.ID, w.Kind, w.Recipient, p.ID)
		if err != nil {
			return s, false, err
		}
		if len(ss) > 0 && alive(ss[0], rm.Now()) {
			return ss[0], false, nil
		}
	}
	s = Share{Kind: w.Kind, Node: e.ID, Owner: e.Mount.Owner, Sharer: p.ID, Recipient: w.Recipient, Created: rm.Now(), Target: e.Name,
		Note: w.Note, Label: w.Label, HideDownload: w.HideDownload, Ask: pol.Ask()}
	if s.Perms, err = grantable(pol, e, w); err != nil {
		return s, false, err
	}
	if w.Attributes != nil {
		if s.Attributes, err = checkAttributes(*w.Attributes); err != nil {
			return s, false, err
		}
	}
	s.Expires, s.LastDay, err = rm.lasts(ctx, p.ID, pol.Term(w.Kind), w.Expires)
	if errors.Is(err, errDate) {
		err = fault.Say(fault.NotFound, nil, fault.Said(err)) // 32-sharing/028
	}
	if err != nil {
		return s, false, err
	}
	if w.Kind == Link || w.Kind == Mail {
		s.Token = NewToken()
		if s.Password, err = rm.linkPassword(ctx, p, pol, w.Password); err != nil {
			return s, false, err
		}
	}
	s, err = rm.begin(ctx, s)
	return s, true, err
}

// tokenLength is that of the tokens of links as clients know them.
const tokenLength = 15

// NewToken draws the token of a link. It has 89 bits, which nobody guesses.
func NewToken() string { return seal.Token(tokenLength) }

// recipient checks whom something is shared with, and gives their id as it is kept.
func (rm *Room) recipient(ctx context.Context, p *who.Principal, e *files.Entry, w *Wish) error {
	switch w.Kind {
	case User:
		u, err := rm.dir.User(ctx, w.Recipient)
		if fault.Of(err) == fault.NotFound {
			return fault.New(fault.NotFound, "Please specify a valid account to share with")
		}
		if err != nil {
			return err
		}
		w.Recipient = u.ID
		switch u.ID {
		case e.Mount.Owner:
			if u.ID != p.ID {
				return fault.New(fault.Denied, "Cannot share with the share owner")
			}
			fallthrough
		case p.ID:
			return fault.New(fault.Denied, "Cannot share with yourself")
		}
	case Group:
		_, err := rm.dir.Group(ctx, w.Recipient)
		if fault.Of(err) == fault.NotFound {
			return fault.New(fault.NotFound, "Please specify a valid group")
		}
		return err
	case Mail:
		a, err := mail.ParseAddress(w.Recipient)
		if err != nil || a.Address != w.Recipient {
			return fault.New(fault.NotFound, "Please specify a valid email address")
		}
	case Link:
		w.Recipient = ""
	}
	return nil
}

// grantable is the rights that a new share gets: what was asked for, or else the
// default, as far as p holds them (32-sharing/022 to 024, 037, 042 to 047).
func grantable(pol Policy, e *files.Entry, w Wish) (files.Perm, error) {
	if e.Perm()&files.Share == 0 {
		return 0, fault.New(fault.NotFound, "You are not allowed to share {name}", "name", e.Base())
	}
	if e.Mount.Kind != "" && !pol.Resharing() {
		return 0, fault.New(fault.Denied, "Resharing is not allowed")
	}
	if w.Kind == Link || w.Kind == Mail {
		perms := files.Read
		switch {
		case w.PublicUpload && !e.IsDir():
			return 0, errUpload
		case w.PublicUpload:
			perms = files.All &^ files.Share
		case w.Perms != nil:
			perms = *w.Perms
		}
		return publicPerms(pol, e, perms)
	}
	if w.Perms == nil {
		return pol.masked(e, pol.Perms()&e.Perm()|files.Read), nil
	}
	perms := pol.masked(e, *w.Perms|files.Read)
	return perms, within(e, perms)
}

// errUpload refuses to let strangers upload into a file (32-sharing/029, 105).
var errUpload = fault.New(fault.Invalid, "Public upload is only possible for publicly shared folders")

// masked leaves of rights those that can be: a file has no entries, and where
// nothing is shared on, nobody gets the right to.
func (p Policy) masked(e *files.Entry, perms files.Perm) files.Perm {
	if !e.IsDir() {
		perms &^= files.Create | files.Delete
	}
	if !p.Resharing() {
		perms &^= files.Share
	}
	return perms
}

// within refuses rights that the maker does not hold (32-sharing/044).
func within(e *files.Entry, perms files.Perm) error {
	held := e.Perm()
	if !e.IsDir() {
		held |= files.Create | files.Delete
	}
	if perms&^held != 0 {
		return fault.New(fault.NotFound, "Cannot increase permissions of {path}", "path", e.Path)
	}
	return nil
}

// publicPerms is the rights of a link. What may be read may be shared on, as clients
// expect to see it (32-sharing/004, 006, 037, 045, 102 to 104).
func publicPerms(pol Policy, e *files.Entry, perms files.Perm) (files.Perm, error) {
	perms = pol.masked(e, perms) &^ files.Share
	switch {
	case perms&(files.Read|files.Create) == 0:
		return 0, fault.New(fault.Invalid, "Share must at least have READ or CREATE permissions")
	case perms&files.Read == 0 && perms&(files.Update|files.Delete) != 0:
		return 0, fault.New(fault.Invalid, "Share must have READ permission if UPDATE or DELETE permission is set")
	case perms&^files.Read != 0 && !pol.PublicUpload():
		return 0, fault.New(fault.Denied, "Public upload disabled by the administrator")
	}
	if err := within(e, perms); err != nil {
		return 0, err
	}
	if perms&files.Read != 0 && pol.Resharing() {
		perms |= files.Share
	}
	return perms, nil
}

// checkAttributes refuses what is no list of attributes (32-sharing/035).
func checkAttributes(text string) (string, error) {
	if _, err := ParseAttributes(text); err != nil || len(text) > maxText {
		return "", fault.New(fault.Invalid, "Invalid share attributes provided: \"{text}\"", "text", strings.ToValidUTF8(text[:min(len(text), 200)], ""))
	}
	return text, nil
}

// maxText bounds what people write with a share, in bytes.
const maxText = 16 << 10

// linkPassword judges and hashes the password of a link; "" is none.
func (rm *Room) linkPassword(ctx context.Context, p *who.Principal, pol Policy, password string) (string, error) {
	if password == "" {
		groups, err := rm.groupsOf(ctx, p.ID)
		if err != nil {
			return "", err
		}
		if pol.PasswordEnforced(groups) {
			return "", fault.New(fault.Denied, "Passwords are enforced for link and mail shares")
		}
		return "", nil
	}
	if rm.dir.Policy != nil {
		if err := rm.dir.Policy(ctx, "", password); err != nil {
			return "", err
		}
	}
	return rm.hashes.Hash(ctx, password)
}
