package identity

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/identity/profile"
	"atrium/internal/infra/db"
)

// Login is what a source says of somebody who signs in there or was found there.
type Login struct {
	Source  string            // the name of the source; filled in where we ask the source
	Subject string            // who it is there: 1 to 255 bytes that never change and are never given to another
	ID      string            // the id of the account that is made at the first time
	Fields  map[string]string // values of fields, such as "email"; what is missing stays, what cannot be is left out
	Quota   *int64            // bytes, NoQuota or DefaultQuota; nil: stays
	Groups  []string          // all groups of this source; nil: stay as they are
	Titles  map[string]string // display names of groups that are made, by id; none: the id
	Shared  []string          // groups of ours that the source may fill and empty too
	Admin   *bool             // whether it administers the server; nil: stays
}

// Link ties somebody in a source to an account.
type Link struct {
	Source, Subject, UID string
	Created              time.Time
}

// Provision brings an account up to what a source says, and makes it when the
// source's subject has none yet. Who signs in elsewhere never gets hold of an
// account of ours just by its name: where the wanted id is taken, it is
// fault.Conflict until somebody links the two with Link. Groups are joined and
// left where this source made them or they are among Shared, and nowhere else;
// the group of the administrators follows Admin alone. A locked account stays
// locked, and is returned: the caller refuses it.
func (d *Directory) Provision(ctx context.Context, l Login) (u *User, created bool, err error) {
	if l.Source == "" || l.Subject == "" || !sane(l.Source) || !sane(l.Subject) {
		return nil, false, fault.New(fault.Invalid, "The source does not say who this is.")
	}
	was := int64(0)
	err = d.tx(ctx, func(tx *db.DB) error {
		uid, err := linked(ctx, tx, l.Source, l.Subject)
		created = errors.Is(err, fault.NotFound)
		if created {
			uid, err = l.ID, d.found(ctx, tx, l)
		}
		if err != nil {
			return err
		}
		if u, err = byID(ctx, tx, uid); err != nil {
			return err
		}
		was = u.Quota
		if err := d.update(ctx, tx, u, l); err != nil {
			return err
		}
		if err := d.follow(ctx, tx, uid, l); err != nil {
			return err
		}
		if created {
			if err := runHooks(ctx, tx, d.created, uid); err != nil {
				return err
			}
			if err := d.tell(ctx, tx, uid, event.AccountMade, u.Source); err != nil {
				return err
			}
		}
		u, err = byID(ctx, tx, uid)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("%q of %s: %w", l.Subject, l.Source, err)
	}
	if u.Quota != was || created && u.Quota != DefaultQuota {
		return u, created, d.newQuota(ctx, u.ID, u.Quota)
	}
	return u, created, nil
}

// found makes the account of somebody who is new.
func (d *Directory) found(ctx context.Context, tx *db.DB, l Login) error {
	u := &User{ID: l.ID, Source: l.Source, Enabled: true, Quota: DefaultQuota, Created: d.Now()}
	err := d.insert(ctx, tx, u)
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Conflict, err, "There is another account of this name.")
	}
	if err != nil {
		return err
	}
	return link(ctx, tx, Link{l.Source, l.Subject, u.ID, u.Created})
}

// update writes those fields that differ.
func (d *Directory) update(ctx context.Context, tx *db.DB, u *User, l Login) error {
	if l.Quota != nil && *l.Quota != u.Quota {
		if err := d.change(ctx, tx, u.ID, func(u *User) error { u.Quota = *l.Quota; return nil }); err != nil {
			return err
		}
	}
	all, err := profiles(ctx, tx, u)
	if err != nil {
		return err
	}
	now := all[u.ID]
	for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
		value, err := d.clean(ctx, name, l.Fields[name])
		if errors.Is(err, fault.Invalid) || errors.Is(err, fault.Unsupported) {
			continue // a bad number in a directory must not keep anybody out
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(now.All(name), func(p profile.Property) bool { return p.Value == value }) || value == "" && now.Get(name).Value == "" {
			continue
		}
		if err := d.put(ctx, tx, u, name, value); err != nil && !errors.Is(err, fault.Invalid) {
			return err
		}
	}
	return nil
}

// follow joins and leaves groups.
func (d *Directory) follow(ctx context.Context, tx *db.DB, uid string, l Login) error {
	if l.Admin != nil {
		if err := d.rule(ctx, tx, uid, *l.Admin); err != nil {
			return err
		}
	}
	if l.Groups == nil {
		return nil
	}
	is, err := db.List(ctx, tx, func(r db.Row) (g [2]string, err error) { return g, r.Scan(&g[0], &g[1]) },
		"SELECT g.gid, g.source FROM grp_member m JOIN grp g ON g.gid = m.gid WHERE m.uid = ? AND m.role = ?", uid, member)
	if err != nil {
		return err
	}
	in := map[string]bool{}
	for _, g := range is {
		in[g[0]] = true
		if l.mayFill(g[0], g[1]) && !slices.Contains(l.Groups, g[0]) {
			if err := attend(ctx, tx, g[0], uid, false); err != nil {
				return err
			}
		}
	}
	for _, g := range l.Groups {
		if in[g] || g == AdminGroup {
			continue
		}
		if err := join(ctx, tx, g, uid, l, d.Now()); err != nil {
			return err
		}
	}
	return nil
}

// rule makes an account an administrator or takes that from it.
func (d *Directory) rule(ctx context.Context, tx *db.DB, uid string, admin bool) error {
	was, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM grp_member WHERE gid = ? AND uid = ? AND role = ?", AdminGroup, uid, member)
	if err != nil || admin == (was > 0) {
		return err
	}
	what := event.AdminNoMore
	if admin {
		what = event.MadeAdmin
	}
	if err := attend(ctx, tx, AdminGroup, uid, admin); err != nil {
		return err
	}
	return d.tell(ctx, tx, uid, what, "")
}

// mayFill tells whether a source decides who is in a group.
func (l Login) mayFill(gid, source string) bool {
	return gid != AdminGroup && (source == l.Source || source == "" && slices.Contains(l.Shared, gid))
}

// join puts an account into a group of its source, which is made when there is
// none of the name. A name that cannot be one is left out.
func join(ctx context.Context, tx *db.DB, gid, uid string, l Login, now time.Time) error {
	g := Group{ID: gid, Display: l.Titles[gid]}
	if gid == "" || len(gid) > 64 || g.check() != nil {
		return nil
	}
	source, err := db.One(ctx, tx, db.Scan1[string], "SELECT source FROM grp WHERE gid = ?", gid)
	if errors.Is(err, fault.NotFound) {
		source = l.Source
		_, err = tx.Exec(ctx, "INSERT INTO grp (gid, display, words, created, source) VALUES (?, ?, ?, ?, ?) {{on gid ignore}}",
			gid, g.Display, g.words(), now.Unix(), source)
	}
	if err != nil || !l.mayFill(gid, source) {
		return err
	}
	return attend(ctx, tx, gid, uid, true)
}

func attend(ctx context.Context, tx *db.DB, gid, uid string, in bool) error {
	q := "DELETE FROM grp_member WHERE gid = ? AND uid = ? AND role = ?"
	if in {
		q = "INSERT INTO grp_member (gid, uid, role) VALUES (?, ?, ?) {{on gid,uid,role ignore}}"
	}
	_, err := tx.Exec(ctx, q, gid, uid, member)
	return err
}

// Linked returns the account that somebody in a source may use, or fault.NotFound.
func (d *Directory) Linked(ctx context.Context, source, subject string) (uid string, err error) {
	return linked(ctx, d.db, source, subject)
}

func linked(ctx context.Context, tx *db.DB, source, subject string) (string, error) {
	return db.One(ctx, tx, db.Scan1[string], "SELECT uid FROM account_link WHERE source = ? AND subject = ?", source, subject)
}

func link(ctx context.Context, tx *db.DB, l Link) error {
	_, err := tx.Exec(ctx, "INSERT INTO account_link (source, subject, uid, created) VALUES (?, ?, ?, ?)", l.Source, l.Subject, l.UID, unix(l.Created))
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Exists, err, "This sign-in belongs to another account.")
	}
	return err
}

// Link lets somebody of a source in as an account that there is already. Who
// calls it has made sure that both are one person. A subject that is linked, to
// whatever account, is fault.Exists.
func (d *Directory) Link(ctx context.Context, source, subject, uid string) error {
	if source == "" || subject == "" || !sane(source) || !sane(subject) {
		return fault.New(fault.Invalid, "The source does not say who this is.")
	}
	return d.tx(ctx, func(tx *db.DB) error {
		if _, err := byID(ctx, tx, uid); err != nil {
			return err
		}
		return link(ctx, tx, Link{source, subject, uid, d.Now()})
	})
}

// Release makes an account one of ours, wherever it came from: nobody of a source comes
// in as it any more, and its password is kept here.
func (d *Directory) Release(ctx context.Context, uid string) error {
	return d.tx(ctx, func(tx *db.DB) error {
		if _, err := byID(ctx, tx, uid); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM account_link WHERE uid = ?", uid); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE account SET source = '' WHERE uid = ?", uid)
		return err
	})
}

// Links returns who in which sources may use an account.
func (d *Directory) Links(ctx context.Context, uid string) ([]Link, error) {
	return db.List(ctx, d.db, scanLink, "SELECT source, subject, uid, created FROM account_link WHERE uid = ? ORDER BY source, subject", uid)
}

// LinkedTo yields who in a source may use which accounts.
func (d *Directory) LinkedTo(ctx context.Context, source string) iter.Seq2[Link, error] {
	return db.All(ctx, d.db, scanLink, "SELECT source, subject, uid, created FROM account_link WHERE source = ? ORDER BY subject", source)
}

func scanLink(r db.Row) (l Link, err error) {
	var created int64
	err = r.Scan(&l.Source, &l.Subject, &l.UID, &created)
	l.Created = fromUnix(created)
	return l, err
}

// SignedIn notes that somebody came in by other means than a password.
func (d *Directory) SignedIn(ctx context.Context, uid string) error {
	return d.noteLogin(ctx, &User{ID: uid})
}
