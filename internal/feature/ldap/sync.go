package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/feature/ldap/change"
	"atrium/internal/feature/ldap/gone"
)

// Mode is how a sync is meant.
type Mode int

// The modes of a sync.
const (
	Write Mode = iota
	Dry        // tells what would be done
	Force      // locks accounts even if they are very many
)

// Report is what a sync did, or would do.
type Report struct {
	People, Groups int // that the directories have
	Searches       int64
	New, Changed   int
	Back           int      // accounts whose entries were gone and are there again
	Gone           []string // accounts whose entries are gone now
	Renamed        int      // groups
	Refused        []Refusal
	Changes        []*change.Change // in a dry run: of every account, new ones too
}

// Refusal is somebody who gets no account, and why.
type Refusal struct {
	DN  string        `json:"dn"`
	Why tongue.Saying `json:"why"`
}

const (
	atOnce    = 16 // accounts that are written at the same time: their transactions share a commit
	fewLosses = 10 // so many accounts may be locked by any sync
	lossShare = 5  // and of more than that one in so many
)

// run is one sync.
type run struct {
	*Report
	rm    *Room
	mode  Mode
	ruler *change.Ruler
	links map[string]string       // accounts by subject
	gone  map[string]gone.Account // by account
	made  map[string]string       // DNs of entries whose pictures are to be looked at, by subject
	seen  map[string]bool         // subjects that are there and not locked
	mu    sync.Mutex
}

func (rm *Room) syncJob(ctx context.Context) error {
	r, err := rm.Sync(ctx, Write)
	if err == nil && r.People > 0 {
		rm.Log.Info("accounts are as the directories say", "people", r.People, "new", r.New, "changed", r.Changed, "gone", len(r.Gone),
			"refused", len(r.Refused), "searches", r.Searches)
	}
	return err
}

// Sync brings accounts and groups up to what the directories in use say. Nobody is
// deleted: who is no longer there is locked and listed (Remnants). A directory that
// cannot be read to its end changes nothing of those it did not show; the others
// are read, and the error tells of it.
func (rm *Room) Sync(ctx context.Context, mode Mode) (*Report, error) {
	all, err := rm.active(ctx)
	if err != nil || len(all) == 0 {
		return &Report{}, err
	}
	s := &run{Report: &Report{}, rm: rm, mode: mode, links: map[string]string{}, gone: map[string]gone.Account{}, made: map[string]string{}, seen: map[string]bool{}}
	if s.ruler, err = change.NewRuler(ctx, rm.db, rm.dir); err != nil {
		return nil, err
	}
	for l, err := range rm.dir.LinkedTo(ctx, Source) {
		if err != nil {
			return nil, err
		}
		s.links[l.Subject] = l.UID
	}
	remnants, err := rm.gone.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range remnants {
		s.gone[g.UID] = g
	}
	var failed error
	for _, c := range all {
		if err := s.directory(ctx, c); err != nil {
			failed = errors.Join(failed, fmt.Errorf("configuration %s: %w", c.ID, err))
		}
	}
	return s.Report, failed
}

// directory syncs one of them.
func (s *run) directory(ctx context.Context, c *Config) error {
	p, err := s.rm.pool(c)
	if err != nil {
		return err
	}
	before := p.searches.Load()
	defer func() { s.Searches += p.searches.Load() - before }()
	groups, n, err := s.groups(ctx, p)
	if err != nil {
		return err
	}
	read, begun := s.People, s.rm.Now()
	if err := p.people(ctx, c.userFilter(), c.newRoster(groups), n, func(some []*person) error { return s.people(ctx, some) }); err != nil {
		return err
	}
	if err := s.losses(ctx, c, s.People-read); err != nil || s.mode == Dry {
		return err
	}
	return s.pictures(ctx, p, begun)
}

// groups reads the groups of a directory and what they are called here.
func (s *run) groups(ctx context.Context, p *pool) ([]*group, *names, error) {
	if p.config.byMemberOf() {
		some, err := p.few(ctx, p.config.bases("ldapBaseUsers"), "(&"+p.config.userFilter()+"(memberOf=*))", []string{"1.1"}, 1)
		if err != nil {
			return nil, nil, err
		}
		if len(some) == 0 {
			return nil, nil, fault.New(fault.Unavailable, "Nobody in the directory has the attribute memberOf: everybody would leave all groups. Set hasMemberOfFilterSupport to 0 and ldapGroupMemberAssocAttr.")
		}
	}
	groups, err := p.allGroups(ctx)
	if err != nil {
		return nil, nil, err
	}
	s.Groups += len(groups)
	if s.mode == Dry {
		n, err := s.rm.name(ctx, groups)
		return groups, n, err
	}
	n, err := s.rm.settle(ctx, groups)
	if err != nil {
		return nil, nil, err
	}
	return groups, n, s.titles(ctx, groups, n)
}

// titles gives groups the names that they have there by now.
func (s *run) titles(ctx context.Context, groups []*group, n *names) error {
	want, gids := map[string]string{}, []string{}
	for _, g := range groups {
		gid := n.of[g.subject]
		want[gid], gids = g.title, append(gids, gid)
	}
	for part := range slices.Chunk(gids, 500) {
		there, err := s.rm.dir.GroupDetails(ctx, part)
		if err != nil {
			return err
		}
		for _, g := range there {
			if g.Display == want[g.ID] {
				continue
			}
			if err := s.rename(ctx, g.ID, want[g.ID]); err != nil {
				return err
			}
		}
	}
	return nil
}

// rename gives a group another name, unless somebody here has made it since its id
// was taken, or the name cannot be one.
func (s *run) rename(ctx context.Context, gid, title string) error {
	g, err := s.rm.dir.Group(ctx, gid)
	if err != nil || g.Source != Source {
		return err
	}
	err = s.rm.dir.RenameGroup(ctx, gid, title)
	if errors.Is(err, fault.Invalid) {
		return nil
	}
	if err == nil {
		s.Renamed++
	}
	return err
}

// people brings a page of them up to date.
func (s *run) people(ctx context.Context, some []*person) error {
	s.People += len(some)
	var known []string
	for _, who := range some {
		if uid := s.links[who.login.Subject]; uid != "" {
			known = append(known, uid)
		}
	}
	now, err := s.ruler.Look(ctx, known)
	if err != nil {
		return err
	}
	if s.mode == Dry {
		if some, err = s.refuse(ctx, some); err != nil {
			return err
		}
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(atOnce)
	for _, who := range some {
		if who.locked || s.seen[who.login.Subject] { // below two bases
			continue
		}
		s.seen[who.login.Subject] = true
		if s.touch(who, now) {
			work.Go(func() error { return s.provision(ctx, who) })
		}
	}
	return work.Wait()
}

// refuse leaves out who would get no account because somebody else has the name.
func (s *run) refuse(ctx context.Context, some []*person) ([]*person, error) {
	var wanted []string
	for _, who := range some {
		if s.links[who.login.Subject] == "" {
			wanted = append(wanted, who.login.ID)
		}
	}
	taken, err := s.rm.dir.Some(ctx, wanted)
	return slices.DeleteFunc(some, func(who *person) bool {
		no := s.links[who.login.Subject] == "" && taken[who.login.ID] != nil
		if no {
			s.Refused = append(s.Refused, Refusal{who.dn, tongue.Of("There is another account of this name.")})
		}
		return no
	}), err
}

// touch notes what is to be done about somebody, and tells whether anything is to be
// written.
func (s *run) touch(who *person, now *change.Standing) bool {
	uid := s.links[who.login.Subject]
	would := &change.Change{Account: who.login.ID, Fields: map[string]change.Value{}, Joins: append([]string{}, who.login.Groups...), Leaves: []string{}}
	if u := now.Users[uid]; u != nil {
		would = s.ruler.Measure(&who.login, u, now)
		_, gone := s.gone[uid]
		if gone {
			s.Back++
		}
		if would.None() && !gone {
			return false
		}
		if !would.None() {
			s.Changed++
		}
	}
	if s.mode == Dry {
		if now.Users[uid] == nil {
			s.New++
		}
		s.Changes = append(s.Changes, would)
		return false
	}
	return true
}

// provision writes what a directory says of somebody.
func (s *run) provision(ctx context.Context, who *person) error {
	u, created, err := s.rm.dir.Provision(ctx, who.login)
	if errors.Is(err, fault.Conflict) || errors.Is(err, fault.Invalid) {
		s.note(func() { s.Refused = append(s.Refused, Refusal{who.dn, fault.Said(err)}) })
		return nil
	}
	if err != nil {
		return err
	}
	if created {
		s.note(func() { s.New++; s.made[who.login.Subject] = who.dn })
	}
	if g, gone := s.gone[u.ID]; gone {
		return s.rm.gone.Regain(ctx, g)
	}
	return nil
}

// note writes into the report from among those that work at once.
func (s *run) note(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// losses locks the accounts of a directory whose entries are gone. If those are a
// good part of all, a filter is wrong rather than that so many have left.
func (s *run) losses(ctx context.Context, c *Config, read int) error {
	var lost []string
	known := 0
	for subject, uid := range s.links {
		if !strings.HasPrefix(subject, c.ID+"/") {
			continue
		}
		known++
		if _, listed := s.gone[uid]; !s.seen[subject] && !listed {
			lost = append(lost, uid)
		}
	}
	slices.Sort(lost)
	many := len(lost) > 0 && read == 0 || len(lost) > fewLosses && len(lost)*lossShare > known
	if many && s.mode == Write {
		return fault.New(fault.Conflict, "{lost, number} of {all, number} accounts are no longer found. If that is right, call ldap:sync --force.", "lost", len(lost), "all", known)
	}
	s.Gone = append(s.Gone, lost...)
	if s.mode == Dry {
		return nil
	}
	for _, uid := range lost {
		if err := s.rm.gone.Lose(ctx, uid); err != nil {
			return err
		}
	}
	return nil
}
