package ldap

import (
	"context"
	"errors"
	"maps"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/base/tongue"
	"atrium/internal/core/identity"
	"atrium/internal/feature/ldap/change"
)

// Trial is what a sign-in with a login would come to.
type Trial struct {
	DN       string            `json:"dn"`
	Known    bool              `json:"known"`            // there is an account already
	Refused  tongue.Saying     `json:"refused,omitzero"` // why nobody comes in
	Password string            `json:"password"`         // "right", "wrong" or "not tried"
	Says     map[string]string `json:"fields"`           // what the directory says
	Quota    string            `json:"quota,omitempty"`
	Groups   []string          `json:"groups"`
	change.Change
}

// Try tells what a sign-in would come to. It writes nothing. Where a password is
// given it is tried. A login that means nobody is fault.NotFound.
func (rm *Room) Try(ctx context.Context, c *Config, login, password string) (*Trial, error) {
	p, err := rm.pool(c)
	if err != nil {
		return nil, err
	}
	who, err := p.find(ctx, c.loginFilter(login))
	if err != nil {
		return nil, err
	}
	return rm.try(ctx, p, who, password)
}

func (rm *Room) try(ctx context.Context, p *pool, who *person, password string) (*Trial, error) {
	l := &who.login
	if p.config.hasGroups() {
		in, err := p.groupsOf(ctx, who)
		if err != nil {
			return nil, err
		}
		n, err := rm.name(ctx, in)
		if err != nil {
			return nil, err
		}
		p.config.enrol(l, in, n)
	}
	t := &Trial{DN: who.dn, Says: maps.Clone(l.Fields), Groups: append([]string{}, l.Groups...), Password: "not tried",
		Change: change.Change{Account: l.ID, Fields: map[string]change.Value{}, Joins: append([]string{}, l.Groups...), Leaves: []string{}}}
	if l.Quota != nil {
		t.Quota = quota.Format(*l.Quota)
	}
	if who.locked {
		t.Refused = tongue.Of("The directory has locked this entry.")
	}
	if err := rm.measureTrial(ctx, t, l); err != nil {
		return nil, err
	}
	if password == "" {
		return t, nil
	}
	switch err := p.bind(ctx, who.dn, password); {
	case errors.Is(err, fault.Anonymous):
		t.Password = "wrong"
	case err != nil:
		return nil, err
	default:
		t.Password = "right"
	}
	return t, nil
}

// measureTrial compares with the account that there is, or tells why there can be
// none.
func (rm *Room) measureTrial(ctx context.Context, t *Trial, l *identity.Login) error {
	uid, err := rm.dir.Linked(ctx, Source, l.Subject)
	if errors.Is(err, fault.NotFound) {
		if _, err := rm.dir.Find(ctx, l.ID); err == nil {
			t.Refused = tongue.Of("There is another account of this name.")
		} else if !errors.Is(err, fault.NotFound) {
			return err
		}
		return nil
	}
	if err != nil {
		return err
	}
	r, err := change.NewRuler(ctx, rm.db, rm.dir)
	if err != nil {
		return err
	}
	now, err := r.Look(ctx, []string{uid})
	if err != nil {
		return err
	}
	u := now.Users[uid]
	if u == nil {
		return fault.New(fault.NotFound, "User does not exist")
	}
	t.Known, t.Change = true, *r.Measure(l, u, now)
	if !u.Enabled && t.Refused.IsZero() {
		t.Refused = tongue.Of("This account is locked.")
	}
	return nil
}

// in is the trial as it is told in a language; nil stays nil.
func (t *Trial) in(speak *tongue.Tongue) *Trial {
	if t != nil {
		t.Refused = t.Refused.Said(speak)
	}
	return t
}
