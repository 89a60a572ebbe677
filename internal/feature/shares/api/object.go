package api

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"atrium/internal/base/media"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/web"
)

// object is a JSON object whose members stay in order, as some clients read XML.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		v, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.WriteString(strconv.Quote(m.name))
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (o *object) add(name string, value any) { *o = append(*o, member{name, value}) }

// page is what is looked up once for all shares of an answer.
type page struct {
	p         *who.Principal
	base      string // of the server's addresses
	entries   map[int64]*files.Entry
	people    map[string]*identity.User
	groups    map[string]string // display names
	presence  map[string]any
	tagged    bool // tags are asked for: there is one, that of the favourites
	favorites map[int64]bool
	fresh     bool // a share that was made just now
	previews  func(string) bool
}

// show makes the answer for shares, at the cost of a few statements for all of them
// (client-api §7).
func (rm *Room) show(ctx context.Context, p *who.Principal, ls []shares.Listed, opts ...func(*page)) ([]object, error) {
	if len(ls) == 0 {
		return []object{}, nil
	}
	g, err := rm.page(ctx, p, ls)
	if err != nil {
		return nil, err
	}
	for _, o := range opts {
		o(g)
	}
	if g.tagged && rm.Favorites != nil {
		if g.favorites, err = rm.Favorites(ctx, p.ID); err != nil {
			return nil, err
		}
	}
	out := make([]object, 0, len(ls))
	for _, l := range ls {
		if p.Narrow() && g.entries[l.Node] == nil {
			continue // outside of what the credential is limited to
		}
		out = append(out, g.share(l))
	}
	return out, nil
}

func (rm *Room) page(ctx context.Context, p *who.Principal, ls []shares.Listed) (*page, error) {
	g := &page{p: p, base: web.VisitOf(ctx).Base(), groups: map[string]string{}, previews: rm.Previews}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	if g.entries, err = v.Seen(ctx, nodesOf(ls)); err != nil {
		return nil, err
	}
	var uids, gids, with []string
	for _, l := range ls {
		uids = append(uids, l.Sharer, l.Worth.Owner)
		switch l.Kind {
		case shares.User:
			uids, with = append(uids, l.Recipient), append(with, l.Recipient)
		case shares.Group:
			gids = append(gids, l.Recipient)
		}
	}
	if g.people, err = rm.dir.Some(ctx, unique(uids)); err != nil {
		return nil, err
	}
	if len(gids) > 0 {
		details, err := rm.dir.GroupDetails(ctx, unique(gids))
		if err != nil {
			return nil, err
		}
		for _, d := range details {
			g.groups[d.ID] = d.Display
		}
	}
	if rm.Presence != nil && len(with) > 0 {
		g.presence, err = rm.Presence(ctx, unique(with))
	}
	return g, err
}

func nodesOf(ls []shares.Listed) (out []int64) {
	for _, l := range ls {
		out = append(out, l.Node)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func unique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

func (g *page) name(uid string) string {
	if u := g.people[uid]; u != nil {
		return u.Display
	}
	return uid
}

// share is one share as its viewer sees it.
func (g *page) share(l shares.Listed) object {
	keeps := l.Sharer == g.p.ID || l.Worth.Owner == g.p.ID
	e, n := g.entries[l.Node], l.Worth.Node()
	perms := l.Perms
	if e == nil && !keeps { // it waits to be accepted, or was left
		perms = 0
	}
	var o object
	o.add("id", strconv.FormatInt(l.ID, 10))
	o.add("share_type", l.Kind)
	o.add("uid_owner", l.Sharer)
	o.add("displayname_owner", g.name(l.Sharer))
	o.add("permissions", perms)
	o.add("can_edit", keeps)
	o.add("can_delete", keeps || l.Kind == shares.User && l.Recipient == g.p.ID)
	o.add("stime", l.Created.Unix())
	o.add("parent", nil)
	o.add("expiration", expiration(l.Share))
	o.add("token", orNull(l.Token))
	o.add("uid_file_owner", l.Worth.Owner)
	o.add("note", l.Note)
	o.add("label", l.Label)
	o.add("displayname_file_owner", g.name(l.Worth.Owner))
	g.node(&o, l, e)
	g.recipient(&o, l)
	o.add("mail_send", number(g.fresh || l.Kind == shares.Mail))
	o.add("hide_download", number(l.HideDownload))
	o.add("attributes", orNull(l.Attributes))
	if g.tagged {
		tags := []string{}
		if g.favorites[l.Node] {
			tags = append(tags, favoriteTag)
		}
		o.add("tags", tags)
	}
	if l.Via.ID != 0 {
		o.add("via_fileid", n.ID)
		o.add("via_path", g.path(l, e))
	}
	return o
}

func (g *page) path(l shares.Listed, e *files.Entry) string {
	if e != nil {
		return e.Path
	}
	if l.Worth.Owner == g.p.ID {
		return files.PathOf(l.Worth.Chain)
	}
	return "/" + l.Target // where it lies at its owner's is nobody else's business
}

// node is what a share tells of the file or folder.
func (g *page) node(o *object, l shares.Listed, e *files.Entry) {
	n, at := l.Worth.Node(), g.path(l, e)
	root, kind, perms, storage := false, "", files.All, "home::"+l.Worth.Owner
	mime := "httpd/unix-directory"
	if !n.IsDir() {
		mime = media.TypeOf(n.Name)
	}
	if e != nil {
		root, kind, perms = e.IsMountRoot(), e.Mount.Kind, e.Perm()
		if kind != "" {
			storage = kind + "::" + mountPath(e)
		}
		if root {
			perms |= files.Delete // which means to leave it
		}
		if e.Mime != "" {
			mime = e.Mime
		}
	}
	if !n.IsDir() {
		perms &^= files.Create
	}
	o.add("path", at)
	o.add("item_type", itemType(n.IsDir()))
	o.add("item_permissions", perms)
	o.add("is-mount-root", root)
	o.add("mount-type", kind)
	o.add("mimetype", mime)
	o.add("has_preview", g.previews != nil && !n.IsDir() && g.previews(mime))
	o.add("storage_id", storage)
	o.add("storage", l.Worth.Space())
	o.add("item_source", n.ID)
	o.add("file_source", n.ID)
	o.add("file_parent", n.Parent)
	o.add("file_target", g.target(l, e))
	o.add("item_size", n.Size)
	o.add("item_mtime", n.MTime.Unix())
}

func mountPath(e *files.Entry) string {
	at := ""
	for _, name := range e.Mount.Path {
		at += "/" + name
	}
	return at
}

// target is where the recipient finds it: as known to them, and for others where it
// first appeared.
func (g *page) target(l shares.Listed, e *files.Entry) any {
	switch {
	case l.Kind == shares.Mail:
		return nil
	case e != nil && e.IsMountRoot() && l.Sharer != g.p.ID:
		return e.Path
	}
	return "/" + l.Target
}

// recipient is what a share tells of whom it is for. That there is a password is
// told, and not its hash, which others would only use to guess it.
func (g *page) recipient(o *object, l shares.Listed) {
	var secret any
	if l.Password != "" {
		secret = hidden
	}
	switch l.Kind {
	case shares.User:
		o.add("share_with", l.Recipient)
		o.add("share_with_displayname", g.name(l.Recipient))
		unique := l.Recipient
		if u := g.people[l.Recipient]; u != nil && u.Mail != "" {
			unique = u.Mail
		}
		o.add("share_with_displayname_unique", unique)
		if s, ok := g.presence[l.Recipient]; ok {
			o.add("status", s)
		}
	case shares.Group:
		name := g.groups[l.Recipient]
		if name == "" {
			name = l.Recipient
		}
		o.add("share_with", l.Recipient)
		o.add("share_with_displayname", name)
	case shares.Link:
		o.add("share_with", secret)
		o.add("share_with_displayname", "(Shared link)")
		o.add("password", secret)
		o.add("send_password_by_talk", false)
		o.add("url", g.base+"/s/"+l.Token)
	case shares.Mail:
		o.add("share_with", l.Recipient)
		o.add("password", secret)
		o.add("password_expiration_time", nil)
		o.add("send_password_by_talk", false)
		o.add("share_with_displayname", l.Recipient)
	}
}

// hidden stands for a password that is set.
const hidden = "********"

func expiration(s shares.Share) any {
	if s.Expires.IsZero() {
		return nil
	}
	day := s.LastDay
	if day == "" {
		day = s.Expires.UTC().Format(time.DateOnly)
	}
	return day + " 00:00:00"
}

// favoriteTag is what clients know favourites by in lists of tags.
const favoriteTag = "_$!<Favorite>!$_"

func itemType(folder bool) string {
	if folder {
		return "folder"
	}
	return "file"
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
