package photos

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// Rules are those of sharing.
type Rules interface {
	// MayGiveTo and MayGiveToGroup tell whether somebody may share with an account or
	// with a group: nil, or why not.
	MayGiveTo(ctx context.Context, p *who.Principal, uid string) error
	MayGiveToGroup(ctx context.Context, p *who.Principal, gid string) error
	// PassesOn tells whether what was received may be shared on.
	PassesOn(ctx context.Context) (bool, error)
}

// kind is what an album is shared with, numbered as clients do.
type kind int

const (
	person kind = 0
	group  kind = 1
)

// collaborator is one with whom an album is shared.
type collaborator struct {
	kind kind
	id   string
}

const maxCollaborators = 100 // of one album

var errCollaborators = fault.New(fault.Invalid, "The list of collaborators cannot be read.")

// parseCollaborators reads the value of nc:collaborators as clients write it: a list
// in JSON, [{"id":"bob","type":0}], or the elements that the property is read as,
// nc:collaborator with nc:id and nc:type. 17-dav-misc/088 sends elements, with which
// the recorded server fails; lists in JSON are what Nextcloud's own pages send.
func parseCollaborators(ch dav.PropChange) ([]collaborator, error) {
	if ch.Remove {
		return nil, nil
	}
	var list []collaborator
	var err error
	if text := strings.TrimSpace(ch.Text); strings.HasPrefix(text, "[") {
		list, err = collaboratorsOfJSON(text)
	} else {
		list, err = collaboratorsOfXML(ch.Inner)
	}
	if err != nil {
		return nil, fault.Say(fault.Invalid, err, fault.Said(errCollaborators))
	}
	slices.SortFunc(list, func(a, b collaborator) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) })
	if list = slices.Compact(list); len(list) > maxCollaborators {
		return nil, fault.New(fault.TooLarge, "The album is shared with as many as it can be.")
	}
	for _, c := range list {
		if c.kind != person && c.kind != group || c.id == "" {
			return nil, fault.New(fault.Invalid, "An album can be shared with people and groups.")
		}
	}
	return list, nil
}

func collaboratorsOfJSON(text string) (list []collaborator, err error) {
	var sent []struct {
		ID   string `json:"id"`
		Type kind   `json:"type"`
	}
	if err := json.Unmarshal([]byte(text), &sent); err != nil {
		return nil, err
	}
	for _, s := range sent {
		list = append(list, collaborator{s.Type, s.ID})
	}
	return list, nil
}

func collaboratorsOfXML(inner []byte) (list []collaborator, err error) {
	root, err := dav.ParseXML([]byte(`<list xmlns="urn:list">` + string(inner) + `</list>`))
	if err != nil {
		return nil, err
	}
	if len(root.Children) == 0 && strings.TrimSpace(root.Text) != "" {
		return nil, errCollaborators
	}
	for _, n := range root.Children {
		k, err := strconv.Atoi(strings.TrimSpace(n.ChildText(dav.NSNC, "type")))
		if err != nil || n.Name != nc("collaborator") {
			return nil, errCollaborators
		}
		list = append(list, collaborator{kind(k), strings.TrimSpace(n.ChildText(dav.NSNC, "id"))})
	}
	return list, nil
}

// check holds those with whom an album is to be shared, and is not yet, to the rules
// of sharing.
func (rm *Room) check(ctx context.Context, p *who.Principal, a *album, list []collaborator) error {
	if p.Scope.FileRights()&who.FileShare == 0 {
		return fault.New(fault.Denied, "This credential may not share.")
	}
	there, err := rm.collaborators(ctx, a.id)
	if err != nil {
		return err
	}
	for _, c := range list {
		if slices.Contains(there[a.id], c) {
			continue
		}
		if err := rm.mayShare(ctx, p, c); err != nil {
			return err
		}
	}
	return nil
}

func (rm *Room) mayShare(ctx context.Context, p *who.Principal, c collaborator) error {
	if c.kind == group {
		if _, err := rm.people.Group(ctx, c.id); err != nil {
			return err
		}
		return rm.rules.MayGiveToGroup(ctx, p, c.id)
	}
	u, err := rm.people.User(ctx, c.id)
	switch {
	case err != nil:
		return err
	case u.ID != c.id:
		return fault.New(fault.NotFound, "There is no such account.")
	case u.ID == p.ID:
		return fault.New(fault.Invalid, "The album is yours.")
	}
	return rm.rules.MayGiveTo(ctx, p, c.id)
}

// collaborators are those with whom some albums are shared, by album.
func (rm *Room) collaborators(ctx context.Context, albums ...int64) (map[int64][]collaborator, error) {
	type row struct {
		album int64
		collaborator
	}
	out := map[int64][]collaborator{}
	scan := func(r db.Row) (v row, err error) { return v, r.Scan(&v.album, &v.kind, &v.id) }
	for v, err := range db.All(ctx, rm.db, scan, "SELECT album, kind, recipient FROM album_share WHERE album IN (?) ORDER BY kind, recipient", albums) {
		if err != nil {
			return nil, err
		}
		out[v.album] = append(out[v.album], v.collaborator)
	}
	return out, nil
}

// labels are what those are called with whom albums are shared.
func (rm *Room) labels(ctx context.Context, albums map[int64][]collaborator) (map[collaborator]string, error) {
	out := map[collaborator]string{}
	var uids, gids []string
	for _, list := range albums {
		for _, c := range list {
			if out[c] = c.id; c.kind == person {
				uids = append(uids, c.id)
			} else {
				gids = append(gids, c.id)
			}
		}
	}
	us, err := rm.people.Some(ctx, uids)
	if err != nil {
		return nil, err
	}
	for _, u := range us {
		out[collaborator{person, u.ID}] = u.Display
	}
	gs, err := rm.people.GroupDetails(ctx, gids)
	if err != nil {
		return nil, err
	}
	for _, g := range gs {
		out[collaborator{group, g.ID}] = g.Display
	}
	return out, nil
}

// share shares an album with these and nobody else.
func share(ctx context.Context, tx *db.DB, a *album, list []collaborator) error {
	if _, err := tx.Exec(ctx, "DELETE FROM album_share WHERE album = ?", a.id); err != nil {
		return err
	}
	for _, c := range list {
		if _, err := tx.Exec(ctx, "INSERT INTO album_share (album, kind, recipient) VALUES (?, ?, ?)", a.id, c.kind, c.id); err != nil {
			return err
		}
	}
	return nil
}

// lent are the albums of others that somebody was shown, by name. A credential that
// sees parts of the tree only sees none of them.
func (rm *Room) lent(ctx context.Context, p *who.Principal) ([]album, error) {
	if p.Narrow() || p.Link != 0 {
		return nil, nil
	}
	groups := append([]string{""}, p.Groups...)
	return db.List(ctx, rm.db, scanAlbum, `SELECT id, uid, name, location FROM album WHERE uid <> ? AND id IN
		(SELECT album FROM album_share WHERE kind = 0 AND recipient = ? UNION SELECT album FROM album_share WHERE kind = 1 AND recipient IN (?))
		ORDER BY name, uid`, p.ID, p.ID, groups)
}

// lentName is what an album of somebody else is called: "Trip (dave1)".
func (a *album) lentName() string { return a.name + " (" + a.uid + ")" }

// lentAlbum is one of those that somebody was shown; fault.NotFound.
func (rm *Room) lentAlbum(ctx context.Context, p *who.Principal, name string) (album, error) {
	as, err := rm.lent(ctx, p)
	if err != nil {
		return album{}, err
	}
	for _, a := range as {
		if a.lentName() == name {
			return a, nil
		}
	}
	return album{}, errNoAlbum
}

// leave takes somebody off the list of an album that they were shown. Who was shown
// it as one of a group cannot leave by themselves.
func (rm *Room) leave(ctx context.Context, p *who.Principal, a *album) error {
	n, err := rm.db.Exec(ctx, "DELETE FROM album_share WHERE album = ? AND kind = 0 AND recipient = ?", a.id, p.ID)
	if err == nil && n == 0 {
		err = fault.New(fault.Denied, "The album is shared with a group that you are in.")
	}
	return err
}

// gaze is how somebody looks at what is in an album: with the owner's eyes, and of
// somebody else's only what the owner may read and share at that moment.
type gaze struct {
	view   *files.View
	lent   bool
	onward bool // what the owner received may be shared on
}

func (rm *Room) gazeAt(ctx context.Context, p *who.Principal, owner string) (g gaze, err error) {
	if owner == p.Home() {
		g.view, err = rm.files.As(ctx, p)
		return g, err
	}
	g.lent = true
	if g.onward, err = rm.rules.PassesOn(ctx); err != nil {
		return g, err
	}
	g.view, err = rm.files.As(ctx, &who.Principal{ID: owner})
	return g, err
}

// see finds some files.
func (g gaze) see(ctx context.Context, nodes []int64) (map[int64]*files.Entry, error) {
	seen, err := g.view.Seen(ctx, nodes)
	if err != nil || !g.lent {
		return seen, err
	}
	for id, e := range seen {
		ok, err := g.shows(ctx, e)
		if err != nil {
			return nil, err
		}
		if !ok {
			delete(seen, id)
		}
	}
	return seen, nil
}

func (g gaze) shows(ctx context.Context, e *files.Entry) (bool, error) {
	if e.IsDir() || e.Perm()&files.Share == 0 || e.Mount.Kind != "" && !g.onward {
		return false, nil
	}
	err := g.view.MayRead(ctx, e)
	if k := fault.Of(err); err != nil && (k == fault.Internal || k == fault.Unavailable) {
		return false, err
	}
	return err == nil, nil
}
