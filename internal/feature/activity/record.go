package activity

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/core/event"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
)

// kind is what happened. The numbers are kept.
type kind int16

const (
	created  kind = 1
	changed  kind = 2
	deleted  kind = 3
	restored kind = 4
	renamed  kind = 5
	moved    kind = 6

	shareMade kind = 10
	shareOver kind = 11
	shareRead kind = 12
	linkRead  kind = 20
	commented kind = 21
	tagged    kind = 22
	untagged  kind = 23
	favored   kind = 24
	unfavored kind = 25
	account   kind = 30
	told      kind = 40 // by another room
)

// family is what filters tell apart. The numbers are kept.
type family int16

const (
	ofFiles    family = 1
	ofShares   family = 2
	ofSecurity family = 3
	ofComments family = 4
	ofOthers   family = 5
)

// more is what only some kinds have.
type more struct {
	Old   string          `json:"old,omitempty"`   // the former path
	Link  bool            `json:"link,omitempty"`  // by a visitor of a public link
	Guest string          `json:"guest,omitempty"` // and the name that they gave
	With  int16           `json:"with,omitempty"`  // kind of the share, in the numbers of the OCS share API
	To    string          `json:"to,omitempty"`    // its recipient
	Owner string          `json:"owner,omitempty"` // whose file it is
	Why   string          `json:"why,omitempty"`   // why it is over, or what happened to an account
	About string          `json:"about,omitempty"`
	ID    int64           `json:"id,omitempty"`    // of the comment, or the tag
	Names []string        `json:"names,omitempty"` // whom the comment mentions
	Told  *event.Activity `json:"told,omitempty"`
}

// fact is a row of activity, and for whom it is filed.
type fact struct {
	id    int64
	at    int64
	kind  kind
	actor string
	node  int64
	path  string // from the root of the home; no slash in front
	more  more

	family family
	filed  []filed
}

// filed is a row of activity_for.
type filed struct {
	audience string
	own      bool
	depth    int // names of the path that lie below the audience's node
}

func space(id int64) string    { return "s:" + strconv.FormatInt(id, 10) }
func node(id int64) string     { return "n:" + strconv.FormatInt(id, 10) }
func person(uid string) string { return "u:" + uid }
func group(gid string) string  { return "g:" + gid }

// batch is what comes of some events.
type batch struct {
	places
	facts   []fact
	begun   []root                 // shares that have begun, with the place of their fact
	over    []root                 // shares that are over
	removed []int64                // homes that are gone
	edited  []event.CommentChanged // comments; one without a message is taken back
	grew    event.ActivityGrew
}

// root is a row of activity_root.
type root struct {
	node     int64
	audience string
	share    int64
	fact     int
}

// record takes events from the bus.
func (rm *Room) record(ctx context.Context, evs []bus.Event) error {
	b := batch{}
	var err error
	if b.places, err = rm.look(ctx, evs); err != nil {
		return err
	}
	for _, ev := range evs {
		b.add(ev)
	}
	return rm.write(ctx, &b)
}

func (b *batch) add(ev bus.Event) {
	switch ev := ev.(type) {
	case event.FileWritten:
		k := changed
		if ev.Made {
			k = created
		}
		b.file(k, ev.By, ev.Node, ev.Parent, ev.Name, more{})
	case event.NodeMade:
		b.file(created, ev.By, ev.Node, ev.Parent, ev.Name, more{})
	case event.NodeMoved:
		b.moved(ev)
	case event.NodeRemoved:
		if ev.Parent == 0 {
			b.removed = append(b.removed, ev.Space)
			return
		}
		b.file(deleted, ev.By, ev.Node, ev.Parent, ev.Name, more{})
	case event.ShareMade:
		b.share(shareMade, ev.Shared, "")
	case event.ShareRemoved:
		b.share(shareOver, ev.Shared, ev.Why)
	case event.LinkRead:
		b.link(ev)
	case event.Downloaded:
		b.downloaded(ev)
	case event.AccountChanged:
		b.account(ev)
	case event.CommentMade:
		b.about(commented, ev.By, ev.Node, ofComments, more{ID: ev.Comment, About: clip(ev.Message), Names: ev.Mentions})
	case event.CommentChanged:
		b.edited = append(b.edited, ev)
	case event.CommentRemoved:
		b.edited = append(b.edited, event.CommentChanged{Comment: ev.Comment, Node: ev.Node})
	case event.TagChanged:
		b.tag(ev)
	case event.FavoriteChanged:
		b.favorite(ev)
	case event.Activity:
		b.told(ev)
	}
}

func (b *batch) tag(ev event.TagChanged) {
	if ev.Hidden {
		return
	}
	k := tagged
	if ev.What == event.TagTaken {
		k = untagged
	}
	b.about(k, ev.By, ev.Node, ofOthers, more{ID: ev.Tag, About: ev.Name})
}

// favorite files what concerns one person alone: under their home where the file is
// theirs, so that they read where it lies.
func (b *batch) favorite(ev event.FavoriteChanged) {
	chain, k := b.chains[ev.Node], unfavored
	if len(chain) < 2 {
		return
	}
	if ev.On {
		k = favored
	}
	owner := b.owners[chain[0].ID]
	own := filed{person(ev.Actor), true, 0}
	if owner == ev.Actor {
		own = filed{space(chain[0].ID), true, len(chain) - 1}
	}
	b.facts = append(b.facts, fact{kind: k, actor: ev.Actor, node: ev.Node, path: b.pathOf(ev.Node), family: ofOthers, more: more{Owner: owner}, filed: []filed{own}})
	b.grew.UIDs = append(b.grew.UIDs, ev.Actor)
}

// maxText is how much of a comment is kept, in bytes.
const maxText = 1000

func clip(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}

// about files what was done to a file without changing it.
func (b *batch) about(k kind, by event.By, id int64, fam family, m more) {
	chain := b.chains[id]
	if len(chain) < 2 {
		return
	}
	f := fact{kind: k, actor: by.Actor, node: id, path: b.pathOf(id), more: m, family: fam}
	if f.filed = b.fileUnder(by.Actor, id, chain[len(chain)-2].ID); len(f.filed) > 0 {
		b.facts = append(b.facts, f)
		b.grew.Nodes = append(b.grew.Nodes, id)
	}
}

func (b *batch) moved(ev event.NodeMoved) {
	k, m := moved, more{Old: b.path(ev.OldParent, ev.OldName)}
	switch {
	case ev.Returned:
		k, m = restored, more{}
	case ev.Parent == ev.OldParent:
		k = renamed
	}
	b.file(k, ev.By, ev.Node, ev.Parent, ev.Name, m)
}

// file files what happened to a file under the home that it lies in and the shared
// nodes above it. What lies in no home, such as in the trash, is nobody's news.
func (b *batch) file(k kind, by event.By, id, parent int64, name string, m more) {
	m.Link, m.Guest = by.Link != 0, by.Guest
	f := fact{kind: k, actor: by.Actor, node: id, path: b.path(parent, name), more: m, family: ofFiles}
	if f.filed = b.fileUnder(by.Actor, id, parent); len(f.filed) > 0 {
		b.facts = append(b.facts, f)
		b.grew.Nodes = append(b.grew.Nodes, parent)
	}
}

// fileUnder are the audiences of what happens to a node in a folder.
func (b *batch) fileUnder(actor string, id, parent int64) (out []filed) {
	chain := b.chains[parent]
	if len(chain) == 0 {
		return nil
	}
	if owner, ok := b.owners[chain[0].ID]; ok {
		out = append(out, filed{space(chain[0].ID), actor == owner, len(chain)})
	}
	for i, n := range chain {
		if b.shared[n.ID] {
			out = append(out, filed{node(n.ID), false, len(chain) - i})
		}
	}
	if b.shared[id] {
		out = append(out, filed{node(id), false, 0})
	}
	return out
}

// share files a share under those whom it concerns. Their paths are not the
// owner's, so that they are told the name only.
func (b *batch) share(k kind, s event.Shared, why string) {
	if why == event.ShareOrphaned {
		b.over = append(b.over, root{node: s.Node, share: s.Share})
		return
	}
	actor := s.Actor
	if actor == "" && k == shareMade {
		actor = s.Sharer
	}
	f := fact{kind: k, actor: actor, node: s.Node, path: b.pathOf(s.Node), family: ofShares,
		more: more{With: s.Kind, To: s.Recipient, Owner: s.Owner, Why: why}}
	people, audience := []string{actor, s.Sharer, s.Owner}, ""
	switch s.Kind {
	case shareUser:
		people, audience = append(people, s.Recipient), person(s.Recipient)
	case shareGroup:
		audience = group(s.Recipient)
		if why != event.ShareLeft {
			f.filed = append(f.filed, filed{audience: audience})
			b.grew.Groups = append(b.grew.Groups, s.Recipient)
		}
	}
	slices.Sort(people)
	for _, uid := range slices.Compact(people) {
		if uid != "" {
			f.filed = append(f.filed, filed{person(uid), uid == actor, 0})
			b.grew.UIDs = append(b.grew.UIDs, uid)
		}
	}
	b.facts = append(b.facts, f)
	switch {
	case k == shareMade && audience != "":
		b.begun = append(b.begun, root{s.Node, audience, s.Share, len(b.facts) - 1})
		b.shared[s.Node] = true
	case k == shareOver && !(s.Kind == shareGroup && why == event.ShareLeft):
		b.over = append(b.over, root{node: s.Node, share: s.Share})
	}
}

// The kinds of shares, in the numbers of the OCS share API.
const (
	shareUser  = 0
	shareGroup = 1
	shareLink  = 3
	shareMail  = 4
)

// link files a download by a public link under the owner of the file and the maker
// of the link.
func (b *batch) link(ev event.LinkRead) {
	owner := ""
	if chain := b.chains[ev.Node]; len(chain) > 0 {
		owner = b.owners[chain[0].ID]
	}
	f := fact{kind: linkRead, node: ev.Node, path: b.pathOf(ev.Node), family: ofShares, more: more{Link: true, Guest: ev.Guest, Owner: owner}}
	people := []string{owner, ev.Sharer}
	slices.Sort(people)
	for _, uid := range slices.Compact(people) {
		if uid != "" {
			f.filed = append(f.filed, filed{audience: person(uid)})
			b.grew.UIDs = append(b.grew.UIDs, uid)
		}
	}
	b.facts = append(b.facts, f)
}

// downloaded files a download by an account under the owner of the file.
func (b *batch) downloaded(ev event.Downloaded) {
	chain := b.chains[ev.Node]
	if len(chain) == 0 {
		return
	}
	owner := b.owners[chain[0].ID]
	if owner == "" || owner == ev.Actor {
		return
	}
	b.facts = append(b.facts, fact{kind: shareRead, actor: ev.Actor, node: ev.Node, path: b.pathOf(ev.Node), family: ofShares, more: more{Owner: owner},
		filed: []filed{{audience: person(owner)}}})
	b.grew.UIDs = append(b.grew.UIDs, owner)
}

func (b *batch) account(ev event.AccountChanged) {
	if _, ok := accountWords[ev.What]; !ok {
		return
	}
	b.facts = append(b.facts, fact{kind: account, actor: ev.Actor, family: ofSecurity, more: more{Why: ev.What, About: ev.Detail},
		filed: []filed{{person(ev.UID), ev.Actor == ev.UID, 0}}})
	b.grew.UIDs = append(b.grew.UIDs, ev.UID)
}

// told files what another room tells under the people it names, and where it is
// about a file, with what happens to that.
func (b *batch) told(ev event.Activity) {
	f := fact{kind: told, actor: ev.Actor, family: ofOthers, more: more{Told: &ev}}
	if ev.App == "comments" {
		f.family = ofComments
	}
	if ev.ObjectType == "files" {
		f.node, f.path = ev.ObjectID, b.pathOf(ev.ObjectID)
		if chain := b.chains[ev.ObjectID]; len(chain) > 1 {
			f.filed = b.fileUnder(ev.Actor, ev.ObjectID, chain[len(chain)-2].ID)
			b.grew.Nodes = append(b.grew.Nodes, ev.ObjectID)
		}
	}
	for _, uid := range ev.To {
		f.filed = append(f.filed, filed{person(uid), uid == ev.Actor, 0})
	}
	for _, gid := range ev.Groups {
		f.filed = append(f.filed, filed{audience: group(gid)})
	}
	if len(f.filed) == 0 {
		return
	}
	b.facts = append(b.facts, f)
	b.grew.UIDs = append(b.grew.UIDs, ev.To...)
	b.grew.Groups = append(b.grew.Groups, ev.Groups...)
}

// places is what is known of where nodes lie.
type places struct {
	chains map[int64][]tree.Node
	owners map[int64]string // of homes, by their roots
	shared map[int64]bool
}

// look finds out where all that the events are about lies, with a statement for
// each question and not for each event.
func (rm *Room) look(ctx context.Context, evs []bus.Event) (p places, err error) {
	var ids []int64
	for _, ev := range evs {
		switch ev := ev.(type) {
		case event.FileWritten:
			ids = append(ids, ev.Parent)
		case event.NodeMade:
			ids = append(ids, ev.Parent)
		case event.NodeMoved:
			ids = append(ids, ev.Parent, ev.OldParent)
		case event.NodeRemoved:
			ids = append(ids, ev.Parent)
		case event.ShareMade:
			ids = append(ids, ev.Node)
		case event.ShareRemoved:
			ids = append(ids, ev.Node)
		case event.LinkRead:
			ids = append(ids, ev.Node)
		case event.Downloaded:
			ids = append(ids, ev.Node)
		case event.CommentMade:
			ids = append(ids, ev.Node)
		case event.TagChanged:
			ids = append(ids, ev.Node)
		case event.FavoriteChanged:
			ids = append(ids, ev.Node)
		case event.Activity:
			if ev.ObjectType == "files" {
				ids = append(ids, ev.ObjectID)
			}
		}
	}
	p.shared = map[int64]bool{}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id int64) bool { return id == 0 })
	if len(ids) == 0 {
		return p, nil
	}
	if p.chains, err = rm.files.Chains(ctx, ids...); err != nil {
		return p, err
	}
	var roots []int64
	all := nodesOf(evs)
	for id, chain := range p.chains {
		roots = append(roots, chain[0].ID)
		for i, n := range chain { // so that each folder on the way is known too
			all = append(all, n.ID)
			if i < len(chain)-1 && p.chains[n.ID] == nil && n.ID != id {
				p.chains[n.ID] = chain[:i+1]
			}
		}
	}
	if p.owners, err = rm.files.HomeOwners(ctx, roots); err != nil {
		return p, err
	}
	p.shared, err = rm.sharedOf(ctx, all)
	return p, err
}

// nodesOf are the nodes that events are about, which may be shared themselves.
func nodesOf(evs []bus.Event) (ids []int64) {
	for _, ev := range evs {
		switch ev := ev.(type) {
		case event.FileWritten:
			ids = append(ids, ev.Node)
		case event.NodeMade:
			ids = append(ids, ev.Node)
		case event.NodeMoved:
			ids = append(ids, ev.Node)
		case event.NodeRemoved:
			ids = append(ids, ev.Node)
		}
	}
	return ids
}

// path is where a name in a folder lies. Of a folder that is gone by now only the
// name is known.
func (p places) path(parent int64, name string) string {
	chain := p.chains[parent]
	names := make([]string, 0, len(chain))
	for _, n := range chain[min(1, len(chain)):] {
		names = append(names, n.Name)
	}
	return strings.Join(append(names, name), "/")
}

// pathOf is where a node lies, "" when it is gone.
func (p places) pathOf(id int64) string {
	chain := p.chains[id]
	if len(chain) < 2 {
		return ""
	}
	return p.path(chain[len(chain)-2].ID, chain[len(chain)-1].Name)
}
