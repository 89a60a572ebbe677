package ldap

import (
	"context"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/base/tongue"
	"atrium/internal/feature/ldap/change"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// Survey is what a step of setting up a directory finds. That there is no answer is
// part of it.
type Survey struct {
	Server   string          `json:"server"`
	Safe     bool            `json:"safe"`
	Bases    []string        `json:"bases"` // that the directory says it has
	Count    int             `json:"count"` // of people or groups
	First    []Sample        `json:"first"` // of them
	Warnings []tongue.Saying `json:"warnings"`
	Failure  tongue.Saying   `json:"failure,omitzero"` // what is wrong, for people
	Detail   string          `json:"detail,omitempty"` // the same, as it was heard
}

// Sample is a person or a group as it would be here.
type Sample struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Mail  string `json:"mail,omitempty"`
	Quota string `json:"quota,omitempty"`
}

// sampled is how many people or groups are shown.
const sampled = 10

// survey answers POST …/probe configID= configData= step=: what a directory gives at a
// step ("server", "people", "groups") with settings that need not be saved; at "login",
// with login= and password=, what a sign-in would come to.
func (rm *Room) survey(ctx context.Context, r *ocs.Request) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	c := &Config{values: map[string]string{}}
	if id := in.Get("configID"); id != "" {
		if c, err = rm.Config(ctx, id); err != nil {
			return nil, err
		}
	}
	said, err := configData(r)
	if err != nil {
		return nil, err
	}
	for key, value := range said {
		if err := c.set(key, value); err != nil {
			return nil, err
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	speak := web.Tongue(r.Request)
	if in.Get("step") == "login" {
		t, err := rm.rehearse(ctx, c, in.Get("login"), in.Get("password"))
		return t.in(speak), err
	}
	s, err := rm.Survey(ctx, c, in.Get("step"))
	if err == nil {
		s.Failure, s.Warnings = s.Failure.Said(speak), tongue.Each(s.Warnings, speak)
	}
	return s, err
}

// rehearse tries a login with settings that are not in use, and so not by the
// connections of those that are.
func (rm *Room) rehearse(ctx context.Context, c *Config, login, password string) (*Trial, error) {
	p, err := rm.newPool(c)
	if err != nil {
		return nil, err
	}
	defer p.close()
	who, err := p.find(ctx, c.loginFilter(login))
	if err != nil {
		return nil, err
	}
	return rm.try(ctx, p, who, password)
}

// Survey tells what a directory gives at a step. It writes nothing.
func (rm *Room) Survey(ctx context.Context, c *Config, step string) (*Survey, error) {
	s := &Survey{Bases: []string{}, First: []Sample{}, Warnings: []tongue.Saying{}}
	err := rm.look(ctx, c, step, s)
	if s.Failure = fault.Said(err); s.Failure.IsZero() {
		return s, err
	}
	if detail := strings.TrimPrefix(err.Error(), s.Failure.String()+": "); !strings.Contains(detail, s.Failure.String()) { // it has more to say
		s.Detail = detail
	}
	return s, nil
}

func (rm *Room) look(ctx context.Context, c *Config, step string, s *Survey) error {
	p, t, err := rm.reach(ctx, c)
	if err != nil {
		return err
	}
	defer p.close()
	s.Server, s.Safe, s.Warnings = t.Server, t.Safe, t.Warnings
	switch step {
	case "server":
		return p.use(ctx, searching, func(on *ldap.Conn) error {
			found, err := on.Search(ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)", []string{"namingContexts"}, nil))
			if err == nil && len(found.Entries) == 1 {
				s.Bases = append(s.Bases, found.Entries[0].GetAttributeValues("namingContexts")...)
			}
			return nil // some directories do not say; then the base is typed
		})
	case "people":
		return s.sample(ctx, p, p.config.bases("ldapBaseUsers"), p.config.userFilter(), p.config.personAttributes(), func(e *ldap.Entry) (Sample, error) {
			who, err := p.config.read(e)
			if err != nil {
				return Sample{}, err
			}
			one := Sample{ID: who.login.ID, Name: who.login.Fields["displayname"], Mail: who.login.Fields["email"]}
			if who.login.Quota != nil {
				one.Quota = quota.Format(*who.login.Quota)
			}
			return one, nil
		})
	case "groups":
		if !p.config.hasGroups() {
			return nil
		}
		return s.sample(ctx, p, p.config.bases("ldapBaseGroups"), p.config.get("ldapGroupFilter"), p.config.groupAttributes(), func(e *ldap.Entry) (Sample, error) {
			g, err := p.config.readGroup(e)
			if err != nil {
				return Sample{}, err
			}
			return Sample{ID: g.title, Name: e.DN}, nil
		})
	}
	return fault.New(fault.Invalid, "The step is server, people, groups or login.")
}

// sample counts what a filter finds, and reads the first of it.
func (s *Survey) sample(ctx context.Context, p *pool, bases []string, filter string, attributes []string, read func(*ldap.Entry) (Sample, error)) error {
	if len(bases) == 0 {
		return fault.New(fault.Invalid, "ldapBase is missing.")
	}
	some, err := p.few(ctx, bases, filter, attributes, sampled)
	if err != nil {
		return err
	}
	for _, e := range some {
		one, err := read(e)
		if err != nil {
			s.Warnings = append(s.Warnings, fault.Told(err))
			continue
		}
		s.First = append(s.First, one)
	}
	return p.every(ctx, bases, filter, []string{"1.1"}, func(es []*ldap.Entry) error {
		s.Count += len(es)
		return nil
	})
}

// foretell answers POST …/sync: what a sync would do, as ldap:sync --dry-run tells it.
func (rm *Room) foretell(ctx context.Context, q *ocs.Request) (any, error) {
	r, err := rm.Sync(ctx, Dry)
	if r == nil {
		return nil, err
	}
	failure := ""
	if err != nil {
		failure = web.Say(q.Request, fault.Told(err))
	}
	for i, no := range r.Refused {
		r.Refused[i].Why = no.Why.Said(web.Tongue(q.Request))
	}
	return map[string]any{"people": r.People, "groups": r.Groups, "new": r.New, "changed": r.Changed, "back": r.Back, "gone": append([]string{}, r.Gone...),
		"refused": append([]Refusal{}, r.Refused...), "changes": append([]*change.Change{}, r.Changes[:min(len(r.Changes), 200)]...), "failure": failure}, nil
}

// remnants answers with the accounts that their directory no longer knows.
func (rm *Room) remnants(ctx context.Context, _ *ocs.Request) (any, error) {
	all, err := rm.gone.All(ctx)
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, g := range all {
		out = append(out, map[string]any{"account": g.UID, "since": g.Since.UTC().Format(time.RFC3339), "locked": g.Locked})
	}
	return out, nil
}
