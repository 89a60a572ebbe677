package e2e

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// turn is somebody's try at something.
type turn struct {
	*model
	p      *person
	all    []spot         // what they see
	worths map[string]int // before
	with   []any          // what they took
}

// allDeeds are what people do, each as often as its share of the list. They tell
// whether it was done.
var allDeeds = []struct {
	name string
	do   func(t *turn) bool
}{
	{"write something new", (*turn).create}, {"write something new", (*turn).create}, {"write something new", (*turn).create},
	{"overwrite", (*turn).overwrite}, {"overwrite", (*turn).overwrite},
	{"make a folder", (*turn).mkdir}, {"make a folder", (*turn).mkdir},
	{"move", (*turn).move}, {"move", (*turn).move}, {"move", (*turn).move},
	{"copy", (*turn).copy},
	{"delete", (*turn).delete}, {"delete", (*turn).delete},
	{"restore", (*turn).restore}, {"restore", (*turn).restore},
	{"delete for good", (*turn).discard},
	{"bring back a version", (*turn).rollback},
	{"share", (*turn).give}, {"share", (*turn).give}, {"share", (*turn).give}, {"share", (*turn).give},
	{"change a share", (*turn).regrade},
	{"take back a share", (*turn).unshare},
	{"leave or join the group", (*turn).regroup},
}

// anything lets somebody do something and tells what.
func (m *model) anything() string {
	m.Helper()
	d := allDeeds[m.r.IntN(len(allDeeds))]
	t := &turn{model: m, p: m.who[m.r.IntN(len(m.who))], worths: m.worths()}
	t.all = t.p.spots()
	m.count++
	did := d.do(t)
	m.later(time.Second) // what was read of mounts half a second ago is believed
	if did {
		m.done[d.name]++
	}
	what := fmt.Sprintf("%d: %s: %s, done: %v %v", m.count, t.p.id, d.name, did, t.with)
	m.log = append(m.log, what)
	return what
}

// need ends the story when somebody did what they may not.
func (t *turn) need(what string, id int64, perms int) {
	t.Helper()
	if has := t.may(t.worths, t.p.id, id); has&perms == 0 {
		t.Fatalf("%s could %s with %d, with the rights %d", t.p.id, what, id, has)
	}
}

// some is one of what the person sees; folders may be the home itself.
func (t *turn) some(folder bool) (spot, bool) {
	var of []spot
	if folder {
		for id, owner := range t.homes {
			if owner == t.p.id {
				of = append(of, spot{path: "", id: id, folder: true})
			}
		}
	}
	for _, x := range t.all {
		if x.folder == folder {
			of = append(of, x)
		}
	}
	if len(of) == 0 {
		return spot{}, false
	}
	x := of[t.r.IntN(len(of))]
	t.with = append(t.with, x)
	return x, true
}

// either is a file or a folder, but not the home.
func (t *turn) either() (spot, bool) {
	if len(t.all) == 0 {
		return spot{}, false
	}
	x := t.all[t.r.IntN(len(t.all))]
	t.with = append(t.with, x)
	return x, true
}

func (t *turn) fresh() string { return fmt.Sprintf("n%d", t.count) }

func (t *turn) text() string { return strings.Repeat("x", t.r.IntN(50)) + t.fresh() }

// into holds who puts something into a folder to their rights there; in their own home
// they have all.
func (t *turn) into(what string, dir spot, perms int) {
	t.Helper()
	if t.homes[dir.id] != t.p.id {
		t.need(what, dir.id, perms)
	}
}

func (t *turn) create() bool {
	dir, _ := t.some(true)
	body, at := t.text(), dir.path+"/"+t.fresh()
	if a := t.p.put(at, body); a.want(201, 403).code == 403 {
		return false
	}
	t.into("write something new", dir, mayCreate)
	id := t.p.fileID(at)
	t.things[id] = &thing{id: id, parent: dir.id, name: t.fresh(), body: body}
	return true
}

func (t *turn) mkdir() bool {
	dir, _ := t.some(true)
	at := dir.path + "/" + t.fresh()
	if a := t.p.mkdir(at); a.want(201, 403).code == 403 {
		return false
	}
	t.into("make a folder", dir, mayCreate)
	id := t.p.fileID(at)
	t.things[id] = &thing{id: id, parent: dir.id, name: t.fresh(), folder: true}
	return true
}

func (t *turn) overwrite() bool {
	x, ok := t.some(false)
	if !ok {
		return false
	}
	body := t.text()
	// Each version has a second of its own, so that none takes the place of another.
	if a := t.p.put(x.path, body, header{"X-OC-MTime", strconv.Itoa(1700000000 + t.count)}); a.want(204, 403).code == 403 {
		return false
	}
	t.need("overwrite", x.id, mayUpdate)
	f := t.things[x.id]
	f.past, f.body = append(f.past, f.body), body
	return true
}

func (t *turn) move() bool {
	x, ok := t.either()
	dir, _ := t.some(true)
	if !ok || strings.HasPrefix(dir.path+"/", x.path+"/") {
		return false
	}
	root := t.mount(x)
	if a := t.p.move(x.path, dir.path+"/"+t.fresh()); a.want(201, 400, 403, 409).code != 201 {
		return false
	}
	if root { // it is only called otherwise there
		return true
	}
	t.need("move", x.id, mayUpdate|mayDelete)
	t.into("move", dir, mayCreate|mayUpdate)
	f := t.things[x.id]
	if f.parent != dir.id {
		t.need("take away", x.id, mayDelete)
		t.into("move into", dir, mayCreate)
	}
	f.parent, f.name = dir.id, t.fresh()
	return true
}

func (t *turn) copy() bool {
	x, ok := t.some(false)
	dir, _ := t.some(true)
	if !ok {
		return false
	}
	at := dir.path + "/" + t.fresh()
	if a := t.p.copy(x.path, at); a.want(201, 403).code == 403 {
		return false
	}
	t.into("copy into", dir, mayCreate)
	id := t.p.fileID(at)
	t.things[id] = &thing{id: id, parent: dir.id, name: t.fresh(), body: t.things[x.id].body}
	return true
}

func (t *turn) delete() bool {
	x, ok := t.either()
	if !ok {
		return false
	}
	root := t.mount(x)
	_, owner := t.chain(x.id)
	if a := t.p.remove(x.path); a.want(204, 403).code == 403 {
		return false
	}
	if root {
		t.leave(x.id)
		return true
	}
	t.need("delete", x.id, mayDelete)
	f := t.things[x.id]
	f.parent, f.owner = 0, owner
	return true
}

// leave ends what gave somebody the top of something shared.
func (t *turn) leave(node int64) {
	for id, g := range t.gifts {
		switch {
		case g.node != node || t.worths[id] == 0 || g.By == t.p.id:
		case g.kind == toUser && g.With == t.p.id:
			delete(t.gifts, id)
		case g.kind == toGroup && t.team[t.p.id]:
			g.left[t.p.id] = true
		}
	}
}

var binned = regexp.MustCompile(`(?s)<d:href>[^<]*/trash/([^<]+?)/?</d:href>.*?<oc:fileid>(\d+)<`)

// bin is something in the person's trash: under what name, and what it is.
func (t *turn) bin() (name string, id int64, ok bool) {
	t.Helper()
	a := t.p.do("PROPFIND", "/remote.php/dav/trashbin/"+t.p.id+"/trash", asked, header{"Depth", "1"}).want(207)
	all := binned.FindAllStringSubmatch(a.body, -1)
	own := 0
	for _, x := range all {
		id, _ := strconv.ParseInt(x[2], 10, 64)
		f := t.things[id]
		if f == nil || f.parent != 0 {
			t.Fatalf("%s has %s in the trash, which is not: %+v", t.p.id, x[1], f)
		}
		if f.owner == t.p.id {
			own++
		}
	}
	for _, f := range t.things {
		if f.parent == 0 && f.owner == t.p.id {
			own--
		}
	}
	if own != 0 {
		t.Fatalf("the trash of %s shows %d too many of their own", t.p.id, own)
	}
	if len(all) == 0 {
		return "", 0, false
	}
	x := all[t.r.IntN(len(all))]
	id, _ = strconv.ParseInt(x[2], 10, 64)
	t.with = append(t.with, id)
	return x[1], id, true
}

func (t *turn) restore() bool {
	name, id, ok := t.bin()
	if !ok || t.p.brings(name).want(201, 403).code == 403 {
		return false
	}
	f := t.things[id]
	at := slices.IndexFunc(t.who, func(p *person) bool { return p.id == f.owner })
	for _, x := range t.who[at].spots() {
		if x.id == id {
			f.parent, f.name = x.in, path.Base(x.path)
		}
	}
	if f.parent == 0 {
		t.Fatalf("%s restored %s (%d), which its owner %s does not see", t.p.id, name, id, f.owner)
	}
	if f.owner != t.p.id {
		t.need("restore", f.parent, mayCreate)
	}
	f.owner = ""
	return true
}

func (t *turn) discard() bool {
	name, id, ok := t.bin()
	if !ok {
		return false
	}
	t.p.do("DELETE", "/remote.php/dav/trashbin/"+t.p.id+"/trash/"+name, "").want(204)
	if t.things[id].owner != t.p.id {
		return true // it only left the list
	}
	var gone []int64
	for _, f := range t.things {
		if ids, _ := t.chain(f.id); slices.Contains(ids, id) {
			gone = append(gone, f.id)
		}
	}
	for _, id := range gone {
		delete(t.things, id)
	}
	for id, g := range t.gifts {
		if slices.Contains(gone, g.node) {
			delete(t.gifts, id)
		}
	}
	return true
}

func (t *turn) rollback() bool {
	var of []spot
	for _, x := range t.all {
		if !x.folder && len(t.things[x.id].past) > 0 {
			of = append(of, x)
		}
	}
	if len(of) == 0 {
		return false
	}
	x := of[t.r.IntN(len(of))]
	own := "/remote.php/dav/versions/" + t.p.id
	a := t.p.do("PROPFIND", fmt.Sprintf("%s/versions/%d", own, x.id), "", header{"Depth", "1"}).want(207)
	all := regexp.MustCompile(`/versions/\d+/(\d+)</d:href>`).FindAllStringSubmatch(a.body, -1)
	f := t.things[x.id]
	held := append([]string{f.body}, f.past...) // what it held twice is told once
	slices.Sort(held)
	if want := len(slices.Compact(held)); len(all) != want {
		t.tell()
		t.Fatalf("%s has %d versions, want %d\n%s", x.path, len(all), want, a.body)
	}
	v := all[t.r.IntN(len(all))][1]
	if t.p.do("MOVE", fmt.Sprintf("%s/versions/%d/%s", own, x.id, v), "", header{"Destination", own + "/restore/target"}).want(201, 403).code == 403 {
		return false
	}
	t.need("bring back a version", x.id, mayUpdate)
	got := t.p.get(x.path).want(200).body
	if got != f.body && !slices.Contains(f.past, got) {
		t.Fatalf("%s came back as %q, it was %q and is %q", x.path, got, f.past, f.body)
	}
	if got != f.body { // else it was what it is
		f.past, f.body = append(f.past, f.body), got
	}
	return true
}

func (t *turn) give() bool {
	x, ok := t.either()
	if !ok {
		return false
	}
	kind, with := toUser, t.who[t.r.IntN(len(t.who))].id
	switch t.r.IntN(5) {
	case 0:
		kind, with = toGroup, "team"
	case 1:
		kind, with = byLink, ""
	}
	perms := mayRead | t.r.IntN(mayAll+1)
	a := t.p.tryShare(x.path, kind, with, perms)
	if a.want(200, 400, 403, 404).code != 200 {
		return false
	}
	t.need("share", x.id, mayShare)
	var sh share
	a.into(&sh)
	t.with = append(t.with, sh)
	if t.gifts[sh.ID] != nil {
		return true // it was shared like that before
	}
	if has := t.may(t.worths, t.p.id, x.id); x.folder && kind != byLink && perms&^has != 0 {
		t.Fatalf("%s gave %d of %s and had %d", t.p.id, perms, x.path, has)
	}
	t.gifts[sh.ID] = &gift{share: sh, node: x.id, kind: kind, perms: sh.Perm, left: map[string]bool{}}
	return true
}

// theirs is a share that the person may know of, and whether it is theirs to change.
func (t *turn) theirs() (g *gift, keeps bool) {
	ids := make([]string, 0, len(t.gifts))
	for id := range t.gifts {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, false
	}
	slices.Sort(ids)
	g = t.gifts[ids[t.r.IntN(len(ids))]]
	t.with = append(t.with, *g)
	_, owner := t.chain(g.node)
	return g, g.By == t.p.id || owner == t.p.id
}

func (t *turn) regrade() bool {
	g, keeps := t.theirs()
	if g == nil {
		return false
	}
	a := t.p.change(g.share, "permissions", strconv.Itoa(mayRead|t.r.IntN(mayAll+1)))
	if a.want(200, 400, 403, 404).code != 200 {
		return false
	}
	if !keeps {
		t.Fatalf("%s changed %v", t.p.id, g)
	}
	var sh share
	a.into(&sh)
	g.perms = sh.Perm
	return true
}

func (t *turn) unshare() bool {
	g, keeps := t.theirs()
	if g == nil || t.p.unshare(g.share).want(200, 403, 404).code != 200 {
		return false
	}
	switch {
	case keeps:
		delete(t.gifts, g.ID)
	case g.kind == toUser && g.With == t.p.id:
		delete(t.gifts, g.ID)
	case g.kind == toGroup && t.team[t.p.id]:
		g.left[t.p.id] = true
	default:
		t.Fatalf("%s took back %v", t.p.id, g)
	}
	return true
}

func (t *turn) regroup() bool {
	method := "POST"
	if t.team[t.p.id] {
		method = "DELETE"
	}
	t.admin.ocs(method, "/cloud/users/"+t.p.id+"/groups?groupid=team", "groupid", "team").want(200)
	t.team[t.p.id] = !t.team[t.p.id]
	return true
}
