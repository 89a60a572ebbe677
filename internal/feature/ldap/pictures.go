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

// pictures brings people's pictures and homes up to what a directory says. Only entries are looked at
// that have changed since the last time, and those of accounts that this sync has made.
func (s *run) pictures(ctx context.Context, p *pool, begun time.Time) error {
	c := p.config
	attributes := s.rm.wanted(c)
	if len(attributes) == 0 {
		return nil
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
		if err := s.rm.besides(ctx, p, subject, dn); err != nil {
			return err
		}
	}
	clear(s.made)
	_, err = s.rm.db.Exec(ctx, "INSERT INTO ldap_picture (config, since) VALUES (?, ?) {{on config set since}}", c.ID, begun.Add(-pictureSlack).Unix())
	return err
}

// wanted are the attributes that are no fields of an account: its picture, and the name of
// its home, where somebody keeps them.
func (rm *Room) wanted(c *Config) []string {
	all, err := entries.Pictures(c.get("ldapUserAvatarRule"))
	if err != nil || rm.SetPortrait == nil { // Save has seen that the rule is one
		all = nil
	}
	if home := entries.HomeAttribute(c.get("homeFolderNamingRule")); home != "" && rm.SetHome != nil {
		all = append(all, home)
	}
	return all
}

// besides sets the picture and the home of one account to what an entry says.
func (rm *Room) besides(ctx context.Context, p *pool, subject, dn string) error {
	uid, err := rm.dir.Linked(ctx, Source, subject)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	es, err := p.few(ctx, []string{dn}, p.config.userFilter(), rm.wanted(p.config), 1)
	if err != nil || len(es) == 0 {
		return err
	}
	home := entries.Value(es[0], entries.HomeAttribute(p.config.get("homeFolderNamingRule")))
	if rm.SetHome != nil && home != "" {
		if err := rm.SetHome(ctx, uid, home); errors.Is(err, fault.Invalid) || errors.Is(err, fault.Conflict) {
			rm.Log.Warn("the name of a home is left out", "user", uid, "home", home, "error", err)
		} else if err != nil {
			return err
		}
	}
	return rm.picture(ctx, uid, es[0], p.config)
}

// picture sets the picture of an account to that of an entry. One that cannot be read is
// left out.
func (rm *Room) picture(ctx context.Context, uid string, e *ldap.Entry, c *Config) error {
	attributes, err := entries.Pictures(c.get("ldapUserAvatarRule"))
	if err != nil || len(attributes) == 0 || rm.SetPortrait == nil {
		return err
	}
	raw, mark := entries.Picture(e, attributes), ""
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

// newcomer gets somebody's picture and home when they have come in for the first time; later ones
// come with the syncs.
func (rm *Room) newcomer(ctx context.Context, who *person) error {
	if _, err := rm.dir.Linked(ctx, Source, who.login.Subject); !errors.Is(err, fault.NotFound) {
		return err
	}
	return rm.arrived.Add(ctx, rm.db, arrival{who.login.Subject, who.dn}, jobs.After(2*time.Second)) // by then there is the account
}

// arrival is somebody new.
type arrival struct{ Subject, DN string }

// welcome does a job: it gets the picture and the home of somebody new.
func (rm *Room) welcome(ctx context.Context, a arrival) error {
	id, _, _ := strings.Cut(a.Subject, "/")
	c, err := rm.Config(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := rm.pool(c)
	if err != nil || len(rm.wanted(c)) == 0 {
		return err
	}
	return rm.besides(ctx, p, a.Subject, a.DN)
}
