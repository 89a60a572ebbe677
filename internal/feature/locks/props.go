package locks

import (
	"context"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

func dv(local string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: local} }
func nc(local string) xml.Name { return xml.Name{Space: dav.NSNC, Local: local} }

// props tells of locks: d:lockdiscovery, and the nc:lock family (client-api 3.4).
type props struct{ *Room }

// Default implements dav.Props.
func (props) Default() []xml.Name { return nil }

// Open implements dav.Props.
func (p props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	s := &sight{room: p.Room, me: who.From(ctx), known: map[int64]bool{}, tops: map[int64]string{}, now: p.Now()}
	for i, name := range want {
		switch value := family[name]; {
		case name == dv("supportedlock"):
			set.Writers[i] = supported
		case name == dv("lockdiscovery"):
			set.Writers[i], set.Load = s.discovery, s.load
		case value != nil:
			set.Writers[i], set.Load = s.first(value), s.load
		}
	}
	return set, nil
}

func supported(b []byte, r *dav.Resource) ([]byte, bool) {
	_, ok := r.Value.(*files.Entry)
	return append(b, dav.SupportedLock...), ok
}

// sight is the locks that one request sees.
type sight struct {
	room  *Room
	me    *who.Principal
	now   time.Time
	known map[int64]bool   // spaces whose locks were read
	rows  []row            // of these
	tops  map[int64]string // roots of mounts → path in their space; "" for the space's own

	last int64 // the entry whose locks are in held
	held []row
}

// load reads the locks of the spaces that a batch lies in: one statement when a
// space comes up for the first time, and one more if it has locks.
func (s *sight) load(ctx context.Context, batch []dav.Resource) error {
	s.last = 0
	var spaces, tops []int64
	for _, r := range batch {
		e, ok := r.Value.(*files.Entry)
		if !ok {
			continue
		}
		m := e.Mount
		if !s.known[m.Space] && !slices.Contains(spaces, m.Space) {
			spaces = append(spaces, m.Space)
		}
		if _, known := s.tops[m.Root]; !known && m.Root != m.Space {
			s.tops[m.Root] = ""
			tops = append(tops, m.Root)
		}
	}
	if len(spaces) > 0 {
		t, err := s.room.of(ctx, spaces)
		if err != nil {
			return err
		}
		s.rows = append(s.rows, t.rows...)
		for _, sp := range spaces {
			s.known[sp] = true
		}
	}
	if len(s.rows) == 0 || len(tops) == 0 {
		return nil
	}
	chains, err := s.room.files.Chains(ctx, tops...)
	for id, chain := range chains {
		s.tops[id] = files.PathOf(chain)
	}
	return err
}

// path is where an entry lies in its space.
func (s *sight) path(e *files.Entry) string {
	at := strings.TrimSuffix(e.Path, "/")
	if len(e.Mount.Path) > 0 {
		at = strings.TrimPrefix(at, "/"+strings.Join(e.Mount.Path, "/"))
	}
	return s.tops[e.Mount.Root] + at
}

// on lists the locks that cover an entry.
func (s *sight) on(r *dav.Resource) []row {
	e, ok := r.Value.(*files.Entry)
	if !ok || len(s.rows) == 0 {
		return nil
	}
	if s.last == e.ID {
		return s.held
	}
	s.last, s.held = e.ID, s.held[:0]
	at := s.path(e)
	for _, l := range s.rows {
		if l.space != e.Mount.Space || l.node != e.ID && !(l.Deep && strings.HasPrefix(at, l.at+"/")) {
			continue
		}
		l.Root = r.Path
		for up := strings.Count(at, "/") - strings.Count(l.at, "/"); up > 0 && strings.Count(l.Root, "/") > 1; up-- {
			l.Root = l.Root[:strings.LastIndexByte(l.Root, '/')]
		}
		if !mayBreak(s.me, e, l) {
			l.Token = ""
		}
		s.held = append(s.held, l)
	}
	return s.held
}

func (s *sight) discovery(b []byte, r *dav.Resource) ([]byte, bool) {
	for _, l := range s.on(r) {
		b = dav.AppendLock(b, l.Lock, string(dav.AppendHref([]byte("/remote.php/dav/files"), l.Root)), s.now)
	}
	_, ok := r.Value.(*files.Entry)
	return b, ok
}

// first writes one property of the first lock.
func (s *sight) first(value writer) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		held := s.on(r)
		if len(held) == 0 {
			return b, false
		}
		return value(b, &held[0]), true
	}
}

type writer func(b []byte, l *row) []byte

// order is the nc:lock family as an answer to LOCK lists it.
var order = []string{"lock", "lock-owner-type", "lock-owner", "lock-owner-displayname", "lock-owner-editor", "lock-time", "lock-timeout", "lock-token"}

// family writes the nc:lock family. lock-timeout counts from lock-time.
var family = map[xml.Name]writer{
	nc("lock"):                   func(b []byte, _ *row) []byte { return append(b, '1') },
	nc("lock-owner-type"):        func(b []byte, l *row) []byte { return strconv.AppendInt(b, int64(l.kind), 10) },
	nc("lock-owner"):             func(b []byte, l *row) []byte { return dav.AppendText(b, l.UID) },
	nc("lock-owner-displayname"): func(b []byte, l *row) []byte { return dav.AppendText(b, l.display) },
	nc("lock-owner-editor"):      func(b []byte, _ *row) []byte { return b },
	nc("lock-time"):              func(b []byte, l *row) []byte { return strconv.AppendInt(b, l.Created.Unix(), 10) },
	nc("lock-timeout"): func(b []byte, l *row) []byte {
		return strconv.AppendInt(b, max(1, int64(l.Expires.Sub(l.Created)/time.Second)), 10)
	},
	nc("lock-token"): func(b []byte, l *row) []byte { return dav.AppendText(b, strings.TrimPrefix(l.Token, scheme)) },
}

var _ dav.Props = props{}
