package activity

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// reader is who reads a stream, with the audiences of the view as it is now.
type reader struct {
	uid       string
	tongue    *tongue.Tongue
	born      int64
	prefs     prefs
	mounts    map[string][]string // by audience of a space or a node: where it hangs
	home      string              // the audience of the own home
	since     map[string]int64    // by audience of a node: from which fact on
	audiences []string
}

// readerOf finds out what somebody may read. Who sees no files reads of their own
// account only; who sees a part of the files, of that.
func (rm *Room) readerOf(ctx context.Context, u *identity.User, p *who.Principal) (*reader, error) {
	r := &reader{uid: u.ID, tongue: tongue.All().For(u.Language), born: u.Created.Unix(), mounts: map[string][]string{}, since: map[string]int64{}}
	var err error
	if r.prefs, err = rm.prefsOf(ctx, u.ID); err != nil {
		return nil, err
	}
	if !p.Narrow() {
		r.audiences = append(r.audiences, person(u.ID))
		for _, g := range p.Groups {
			r.audiences = append(r.audiences, group(g))
		}
	}
	if !p.MaySeeFiles() {
		return r, nil
	}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	var roots []int64
	for _, reach := range v.Reaches() {
		audience := node(reach.Root)
		if reach.Root == reach.Space {
			audience = space(reach.Space)
		} else {
			roots = append(roots, reach.Root)
		}
		if len(reach.Path) == 0 {
			r.home = audience
		}
		r.mounts[audience] = reach.Path
		r.audiences = append(r.audiences, audience)
	}
	return r, rm.sinceWhen(ctx, r, p.Groups, roots)
}

// sinceWhen finds out from when on shared nodes were shared with the reader.
func (rm *Room) sinceWhen(ctx context.Context, r *reader, groups []string, roots []int64) error {
	audiences := []string{person(r.uid)}
	for _, g := range groups {
		audiences = append(audiences, group(g))
	}
	type row struct{ node, since int64 }
	for some := range slices.Chunk(roots, 1000) {
		for s, err := range db.All(ctx, rm.db, func(r db.Row) (s row, err error) { return s, r.Scan(&s.node, &s.since) },
			"SELECT node, MIN(since) FROM activity_root WHERE node IN (?) AND audience IN (?) GROUP BY node", some, audiences) {
			if err != nil {
				return err
			}
			r.since[node(s.node)] = s.since
		}
	}
	return nil
}

// filter is what a stream is narrowed to.
type filter struct {
	id     string
	family family // 0: all
	self   bool   // only what the reader did
	others bool   // only what others did
	node   int64  // only what is about this node
}

// parts are the rows that a reader may read and a filter lets through.
func (r *reader) parts(f filter) (out []part) {
	for _, a := range r.audiences {
		families := []family{ofShares, ofSecurity, ofComments, ofOthers}
		switch a[0] {
		case 's', 'n':
			families = []family{ofFiles, ofComments, ofOthers}
		case 'g':
			families = []family{ofShares, ofOthers}
		}
		mine := a == r.home || a[0] == 'u'
		for _, fam := range families {
			if f.family != 0 && fam != f.family {
				continue
			}
			if !mine || !f.self {
				out = append(out, part{a, 0, fam})
			}
			if a[0] == 'u' || a[0] == 's' && (!mine || !f.others) {
				out = append(out, part{a, 1, fam})
			}
		}
	}
	return out
}

// did tells whether the reader did something, and not a former account of the same
// id.
func (r *reader) did(x fact) bool { return x.actor == r.uid && x.at >= r.born }

// lets tells whether a reader sees a fact that was filed under one of their
// audiences, and whether the filter lets it through.
func (r *reader) lets(f filter, x fact, h hit) bool {
	mine := r.did(x)
	switch {
	case f.self && !mine, f.others && mine, h.id < r.since[h.audience]:
		return false
	}
	return r.prefs.streams(typeOf(x))
}

// entry is a fact as a reader sees it.
type entry struct {
	fact
	place string // the path in the reader's tree, without a slash in front
	old   string // and the former
	also  []entry
}

// page is a piece of a stream.
type page struct {
	entries []entry
	more    bool
	last    int64
}

// beyond is where reading begins.
func beyond(o order) int64 {
	if o == oldest {
		return 0
	}
	return math.MaxInt64
}

// read gives up to n entries that follow a place, which is the id of the last entry
// that the reader knows, 0 for none.
func (rm *Room) read(ctx context.Context, r *reader, f filter, o order, from int64, n int) (page, error) {
	if from == 0 {
		from = beyond(o)
	}
	var p page
	for len(p.entries) <= n {
		step := max(n+1-len(p.entries), 20)
		facts, hits, next, err := rm.some(ctx, r, f, o, from, step)
		if err != nil {
			return p, err
		}
		for _, x := range facts {
			h, ok := hits[x.id]
			if ok && r.lets(f, x, h) && len(p.entries) <= n {
				p.entries = append(p.entries, r.see(x, h))
			}
		}
		if next == 0 {
			break
		}
		from = next
	}
	if len(p.entries) > n {
		p.entries, p.more = p.entries[:n], true
	}
	if len(p.entries) > 0 {
		p.last = p.entries[len(p.entries)-1].id
	}
	return p, nil
}

// some reads the next n facts in order, and where to go on; 0: nothing follows.
func (rm *Room) some(ctx context.Context, r *reader, f filter, o order, from int64, n int) (facts []fact, hits map[int64]hit, next int64, err error) {
	if f.node != 0 {
		if facts, err = rm.ofNode(ctx, f.node, o, from, n); err != nil {
			return nil, nil, 0, err
		}
		ids := make([]int64, len(facts))
		for i, x := range facts {
			ids[i] = x.id
		}
		hits, err = rm.among(ctx, r.audiences, ids)
	} else {
		var found []hit
		if found, err = rm.nextHits(ctx, r.parts(f), o, from, n); err != nil {
			return nil, nil, 0, err
		}
		hits = map[int64]hit{}
		ids := make([]int64, len(found))
		for i, h := range found {
			ids[i], hits[h.id] = h.id, h
		}
		var byID map[int64]fact
		byID, err = rm.load(ctx, ids)
		for _, id := range ids {
			if x, ok := byID[id]; ok {
				facts = append(facts, x)
			}
		}
		if len(found) == n {
			return facts, hits, found[n-1].id, err
		}
		return facts, hits, 0, err
	}
	if len(facts) == n {
		next = facts[n-1].id
	}
	return facts, hits, next, err
}

// edge is the first entry of the whole stream, 0 when there is none.
func (rm *Room) edge(ctx context.Context, r *reader, o order) (int64, error) {
	hits, err := rm.nextHits(ctx, r.parts(filter{}), o, beyond(o), 1)
	if err != nil || len(hits) == 0 {
		return 0, err
	}
	return hits[0].id, nil
}

// knows tells whether an id is one of an entry that the reader may have seen.
func (rm *Room) knows(ctx context.Context, r *reader, id int64) (bool, error) {
	if id <= 0 {
		return false, nil
	}
	hits, err := rm.among(ctx, r.audiences, []int64{id})
	return len(hits) > 0, err
}

// see places a fact in the reader's tree. Of what is not there the name is left.
func (r *reader) see(x fact, h hit) entry {
	e := entry{fact: x}
	at, ok := r.mounts[h.audience]
	switch {
	case ok:
		e.place, e.old = under(at, x.path, h.depth), ""
		if x.more.Old != "" {
			e.old = r.formerly(at, x, h.depth)
		}
	case x.more.Owner == r.uid || x.more.Owner == "":
		e.place, e.old = x.path, x.more.Old
	default:
		e.place = last(x.path)
	}
	return e
}

// under puts the last names of a path below a mount.
func under(at []string, path string, depth int) string {
	names := strings.Split(path, "/")
	return strings.Join(slices.Concat(at, names[max(0, len(names)-depth):]), "/")
}

// formerly is the former path in the reader's tree, or its name where that lay
// elsewhere.
func (r *reader) formerly(at []string, x fact, depth int) string {
	names := strings.Split(x.path, "/")
	above := names[:max(0, len(names)-depth)]
	old := strings.Split(x.more.Old, "/")
	if len(old) > len(above) && slices.Equal(old[:len(above)], above) {
		return strings.Join(slices.Concat(at, old[len(above):]), "/")
	}
	return last(x.more.Old)
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// maxTogether is how many files one entry is about at most.
const maxTogether = 5

// together joins entries that follow each other, of one kind and by one actor,
// about different files (33-notify-activity/041). The oldest stands for all.
func together(all []entry) (out []entry) {
	for _, e := range all {
		if n := len(out) - 1; n >= 0 && joins(out[n], e) {
			e.also = append(append([]entry{}, out[n].also...), out[n].alone())
			out[n] = e
			continue
		}
		out = append(out, e)
	}
	return out
}

func (e entry) alone() entry {
	e.also = nil
	return e
}

func joins(newer, e entry) bool {
	if e.kind != newer.kind || e.kind > restored || e.actor != newer.actor || e.more.Link != newer.more.Link || e.more.Guest != newer.more.Guest {
		return false
	}
	same := func(x entry) bool { return x.node == e.node }
	return len(newer.also)+1 < maxTogether && !same(newer) && !slices.ContainsFunc(newer.also, same)
}

// userOf finds the account of a principal.
func (rm *Room) userOf(ctx context.Context, p *who.Principal) (*identity.User, error) {
	u, err := rm.dir.User(ctx, p.ID)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Anonymous
	}
	return u, err
}
