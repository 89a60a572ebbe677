package ldap

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/feature/ldap/entries"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
)

// pictureSlack is by how much the clock of a directory may be behind ours.
const pictureSlack = 10 * time.Minute

// pictures brings people's pictures up to what a directory says. Only entries are looked at
// that have changed since the last time, and those of accounts that this sync has made.
func (s *run) pictures(ctx context.Context, p *pool, begun time.Time) error {
	c := p.config
	attributes, err := entries.Pictures(c.get("ldapUserAvatarRule"))
	if err != nil || len(attributes) == 0 || s.rm.SetPortrait == nil {
		return err
	}
	since, err := db.One(ctx, s.rm.db, db.Scan1[int64], "SELECT since FROM ldap_picture WHERE config = ?", c.ID)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	var last time.Time
	if since > 0 {
		last = time.Unix(since, 0)
	}
	id := entries.IDAttributes(c.get("ldapExpertUUIDUserAttr"))
	err = p.every(ctx, c.bases("ldapBaseUsers"), entries.ChangedSince(c.userFilter(), last, attributes), id, func(es []*ldap.Entry) error {
		for _, e := range es {
			if one, err := entries.ID(e, c.get("ldapExpertUUIDUserAttr")); err == nil {
				s.made[c.ID+"/"+one] = e.DN
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for subject, dn := range s.made {
		if err := s.rm.picture(ctx, p, subject, dn, attributes); err != nil {
			return err
		}
	}
	clear(s.made)
	_, err = s.rm.db.Exec(ctx, "INSERT INTO ldap_picture (config, since) VALUES (?, ?) {{on config set since}}", c.ID, begun.Add(-pictureSlack).Unix())
	return err
}

// picture sets the picture of one account to that of an entry. One that cannot be read is
// left out.
func (rm *Room) picture(ctx context.Context, p *pool, subject, dn string, attributes []string) error {
	uid, err := rm.dir.Linked(ctx, Source, subject)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	es, err := p.few(ctx, []string{dn}, p.config.userFilter(), attributes, 1)
	if err != nil || len(es) == 0 {
		return err
	}
	raw, mark := entries.Picture(es[0], attributes), ""
	if len(raw) > 0 {
		mark = vouch.Digest(string(raw))
	}
	err = rm.SetPortrait(ctx, uid, Source, mark, raw)
	if errors.Is(err, fault.Invalid) {
		rm.Log.Warn("a picture of a directory is left out", "user", uid, "error", err)
		return nil
	}
	return err
}

// newcomer gets somebody's picture when they have come in for the first time; later ones
// come with the syncs.
func (rm *Room) newcomer(ctx context.Context, who *person) error {
	if _, err := rm.dir.Linked(ctx, Source, who.login.Subject); !errors.Is(err, fault.NotFound) {
		return err
	}
	return rm.arrived.Add(ctx, rm.db, arrival{who.login.Subject, who.dn}, jobs.After(2*time.Second)) // by then there is the account
}

// arrival is somebody new.
type arrival struct{ Subject, DN string }

// welcome does a job: it gets the picture of somebody new.
func (rm *Room) welcome(ctx context.Context, a arrival) error {
	id, _, _ := strings.Cut(a.Subject, "/")
	c, err := rm.Config(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	attributes, err := entries.Pictures(c.get("ldapUserAvatarRule"))
	if err != nil || len(attributes) == 0 || rm.SetPortrait == nil {
		return err
	}
	p, err := rm.pool(c)
	if err != nil {
		return err
	}
	return rm.picture(ctx, p, a.Subject, a.DN, attributes)
}
