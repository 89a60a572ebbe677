package ldap

import (
	"context"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
)

// Probe is what a directory gives with a configuration.
type Probe struct {
	Server   string          `json:"server"`
	Safe     bool            `json:"safe"` // nobody on the line reads passwords
	People   []string        `json:"people"`
	Groups   []string        `json:"groups"`
	Warnings []tongue.Saying `json:"warnings"`
}

// probed is how many people and groups are shown.
const probed = 5

// Probe reads a few people and groups. It writes nothing. What keeps everybody out
// is an error, what is only odd a warning.
func (rm *Room) Probe(ctx context.Context, c *Config) (*Probe, error) {
	if c.get("ldapHost") == "" || c.get("ldapBase") == "" {
		return nil, fault.New(fault.Invalid, "ldapHost and ldapBase are missing.")
	}
	p, t, err := rm.reach(ctx, c)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := t.people(ctx, p); err != nil {
		return nil, err
	}
	return t, t.groups(ctx, p)
}

// reach connects to a directory, by a pool of its own: what was down a moment ago is
// tried again.
func (rm *Room) reach(ctx context.Context, c *Config) (*pool, *Probe, error) {
	p, err := rm.newPool(c)
	if err != nil {
		return nil, nil, err
	}
	first, err := p.dial(ctx, searching)
	if err != nil {
		return nil, nil, err
	}
	_, safe := first.TLSConnectionState()
	t := &Probe{Server: first.server, Safe: safe, People: []string{}, Groups: []string{}, Warnings: []tongue.Saying{}}
	p.give(searching, first)
	if !safe {
		t.Warnings = append(t.Warnings, tongue.Of("Passwords go over the line unencrypted: set ldapTLS to 1, or use ldaps://."))
	}
	if c.on("turnOffCertCheck") {
		t.Warnings = append(t.Warnings, tongue.Of("The server's certificate is not checked."))
	}
	return p, t, nil
}

func (t *Probe) people(ctx context.Context, p *pool) error {
	es, err := p.few(ctx, p.config.bases("ldapBaseUsers"), p.config.userFilter(), p.config.personAttributes(), probed)
	if err != nil {
		return err
	}
	for _, e := range es {
		who, err := p.config.read(e)
		if err != nil {
			t.Warnings = append(t.Warnings, fault.Told(err))
			continue
		}
		t.People = append(t.People, who.login.ID)
	}
	if len(es) == 0 {
		t.Warnings = append(t.Warnings, tongue.Of("Nobody is found: see ldapBaseUsers and ldapUserFilter."))
	}
	return nil
}

func (t *Probe) groups(ctx context.Context, p *pool) error {
	if !p.config.hasGroups() {
		return nil
	}
	es, err := p.few(ctx, p.config.bases("ldapBaseGroups"), p.config.get("ldapGroupFilter"), p.config.groupAttributes(), probed)
	if err != nil {
		return err
	}
	for _, e := range es {
		g, err := p.config.readGroup(e)
		if err != nil {
			t.Warnings = append(t.Warnings, fault.Told(err))
			continue
		}
		t.Groups = append(t.Groups, g.title)
	}
	if len(es) == 0 {
		t.Warnings = append(t.Warnings, tongue.Of("No group is found: see ldapBaseGroups and ldapGroupFilter."))
	}
	return nil
}
