package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Several people at once share, take back, pass on, write, move, delete and bring
// back at random, each in what they see. After every few deeds each of them sees
// exactly what a simple model says they may, with its contents and sizes, and nothing
// else by number; at the end every content has as many references as there are.
func TestModelOfShares(t *testing.T) {
	tell(t, func(s *story) {
		deeds := 240
		if testing.Short() {
			deeds = 60
		}
		m := newModel(s)
		for i := range deeds {
			what := m.anything()
			if i%8 == 7 || i == deeds-1 {
				m.compare(fmt.Sprintf("deed %d, %s", i, what))
			}
			if s.Failed() {
				m.tell()
				s.FailNow()
			}
		}
		for _, what := range allDeeds {
			if m.done[what.name] == 0 {
				s.Errorf("nobody ever could %s", what.name)
			}
		}
		if out := s.command("verify", "--no-tree"); !strings.Contains(out, "Nothing was found") {
			s.Error(out)
		}
	})
}

// tell says how things stand, for those who look for what went wrong.
func (m *model) tell() {
	m.Helper()
	for _, what := range m.log[max(0, len(m.log)-40):] {
		m.Log(what)
	}
	worths := m.worths()
	for _, g := range m.gifts {
		m.Logf("%+v, node %d, perms %d, worth %d, left %v", g.share, g.node, g.perms, worths[g.ID], g.left)
	}
	for _, t := range m.things {
		ids, owner := m.chain(t.id)
		m.Logf("%+v, in %d, of %s", *t, ids, owner)
	}
	m.Logf("in the group: %v", m.team)
}

// thing is a file or folder of the model.
type thing struct {
	id, parent int64 // parent 0: in the trash
	name       string
	folder     bool
	body       string
	past       []string // what it held before
	owner      string   // of the trash that it lies in
}

// gift is a share of the model.
type gift struct {
	share
	node  int64
	kind  string
	perms int
	left  map[string]bool // who of the group turned it down
}

// model is what should be there.
type model struct {
	*story
	r      *rand.Rand
	who    []*person
	homes  map[int64]string // ids of the homes, and whose
	things map[int64]*thing
	gifts  map[string]*gift // by the number of the share
	team   map[string]bool  // who is in the group
	done   map[string]int   // deeds that succeeded
	count  int
	log    []string
}

func newModel(s *story) *model {
	m := &model{story: s, r: rand.New(rand.NewPCG(4, 3)), homes: map[int64]string{}, things: map[int64]*thing{}, gifts: map[string]*gift{},
		team: map[string]bool{"carol": true, "dave": true}, done: map[string]int{}}
	for _, id := range []string{"alice", "bob", "carol", "dave"} {
		p := s.as(id)
		for _, name := range p.list("/") { // what an account begins with
			p.remove("/" + strings.TrimSuffix(name, "/")).want(204)
		}
		p.do("DELETE", "/remote.php/dav/trashbin/"+id+"/trash", "").want(204)
		m.who, m.homes[p.fileID("/")] = append(m.who, p), id
	}
	s.group("team", "carol", "dave")
	s.command("config:system:set", "versions_retention_obligation", "--value", "disabled") // none is thinned out
	return m
}

// chain is a thing with all that holds it, the thing first, and whose home it lies
// in; "" for what is in a trash, or gone.
func (m *model) chain(id int64) (ids []int64, owner string) {
	for {
		if owner, ok := m.homes[id]; ok {
			return ids, owner
		}
		t := m.things[id]
		if t == nil {
			return ids, ""
		}
		ids = append(ids, id)
		id = t.parent
	}
}

// worths is what each share gives, at most what its maker holds.
func (m *model) worths() map[string]int {
	out := map[string]int{}
	for again := true; again; {
		again = false
		for id, g := range m.gifts {
			_, owner := m.chain(g.node)
			is := g.perms
			if owner != g.By {
				has := m.given(out, g.By, g.node)
				if is &= has; has&mayShare == 0 {
					is = 0
				}
			}
			if owner != "" && is != out[id] {
				out[id], again = is, true
			}
		}
	}
	return out
}

// given is what somebody has of a thing by shares.
func (m *model) given(worths map[string]int, uid string, node int64) (perms int) {
	ids, _ := m.chain(node)
	for id, g := range m.gifts {
		reached := g.kind == toUser && g.With == uid || g.kind == toGroup && m.team[uid] && !g.left[uid]
		if reached && g.By != uid && slices.Contains(ids, g.node) {
			perms |= worths[id]
		}
	}
	return perms
}

// may is what somebody may do with a thing.
func (m *model) may(worths map[string]int, uid string, node int64) int {
	_, owner := m.chain(node)
	switch owner {
	case uid:
		return mayAll
	case "":
		return 0
	}
	return m.given(worths, uid, node)
}

// size is how many bytes a thing has with all that is in it.
func (m *model) size(id int64) (n int64) {
	for _, t := range m.things {
		ids, _ := m.chain(t.id)
		if slices.Contains(ids, id) {
			n += int64(len(t.body))
		}
	}
	return n
}

// spot is a thing where somebody sees it.
type spot struct {
	path   string
	id, in int64 // in: of the folder that shows it
	size   int64
	folder bool
}

// mount tells whether it is the top of something shared.
func (m *model) mount(x spot) bool { return m.things[x.id] != nil && m.things[x.id].parent != x.in }

var entry = regexp.MustCompile(`(?s)<d:response>.*?</d:response>`)

// spots is everything that somebody sees.
func (p *person) spots() (out []spot) {
	p.s.Helper()
	a := p.do("PROPFIND", p.home()+"/", asked, header{"Depth", "infinity"}).want(207)
	at := map[string]int64{}
	for _, text := range entry.FindAllString(a.body, -1) {
		href, err := url.PathUnescape(between(text, "<d:href>", "</d:href>"))
		if err != nil {
			p.s.Fatal(err)
		}
		x := spot{path: strings.TrimSuffix(strings.TrimPrefix(href, p.home()), "/"), folder: strings.HasSuffix(href, "/")}
		x.id, _ = strconv.ParseInt(between(text, "<oc:fileid>", "<"), 10, 64)
		x.size, _ = strconv.ParseInt(between(text, "<oc:size>", "<"), 10, 64)
		x.in = at[path.Dir(x.path)]
		if at[x.path] = x.id; x.path == "" {
			at["/"] = x.id
			continue
		}
		out = append(out, x)
	}
	return out
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	out, _, _ := strings.Cut(rest, to)
	return out
}

// compare holds what everybody sees to the model.
func (m *model) compare(when string) {
	m.Helper()
	worths := m.worths()
	for _, p := range m.who {
		shown := map[int64]bool{}
		for _, x := range p.spots() {
			shown[x.id] = true
			m.compareSpot(when, p, x)
		}
		for id, t := range m.things {
			may := m.may(worths, p.id, id)&mayRead != 0
			if may != shown[id] {
				m.Errorf("%s: %s sees %q (%d): %v, should: %v", when, p.id, t.name, id, shown[id], may)
			}
			if !may && m.r.IntN(4) == 0 {
				p.do("PROPFIND", fmt.Sprintf("/remote.php/dav/comments/files/%d", id), "").want(404)
				p.do("GET", fmt.Sprintf("/index.php/core/preview?fileId=%d", id), "").want(404)
			}
		}
	}
	for id, g := range m.gifts {
		if g.kind != byLink {
			continue
		}
		guest := m.visitor(g.share, "")
		if worths[id]&mayRead == 0 {
			guest.do("PROPFIND", guest.home()+"/", "").want(404, 503)
			continue
		}
		for _, x := range guest.spots() {
			if ids, _ := m.chain(x.id); !slices.Contains(ids, g.node) {
				m.Errorf("%s: a visitor sees %s of what is not in the link", when, x.path)
			}
		}
	}
}

// compareSpot holds one thing to the model.
func (m *model) compareSpot(when string, p *person, x spot) {
	m.Helper()
	t := m.things[x.id]
	if t == nil {
		m.Errorf("%s: %s sees %s (%d), which is not there", when, p.id, x.path, x.id)
		return
	}
	if !m.mount(x) && path.Base(x.path) != t.name || x.folder != t.folder {
		m.Errorf("%s: %s sees %s, it is %+v", when, p.id, x.path, t)
	}
	if want := m.size(x.id); x.size != want {
		m.Errorf("%s: %s has %d bytes for %s, should be %d", when, x.path, x.size, p.id, want)
	}
	if !x.folder {
		if got := p.get(x.path).want(200).body; got != t.body {
			m.Errorf("%s: %s reads %q in %s, want %q", when, p.id, got, x.path, t.body)
		}
	}
}
