package api

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"slices"
	"strconv"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/dav"
)

func oc(local string) xml.Name { return xml.Name{Space: dav.NSOC, Local: local} }
func nc(local string) xml.Name { return xml.Name{Space: dav.NSNC, Local: local} }

// props are the properties of files that tell of shares (client-api §3.1,
// 10-dav-files/273 to 287).
type props struct{ *Room }

// Default implements dav.Props: none of them is told unasked.
func (props) Default() []xml.Name { return nil }

// Open implements dav.Props. A batch costs two statements if it is asked with whom
// something is shared, two more for names of people, and nothing otherwise.
func (p props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	l := &lookup{room: p.Room, p: who.From(ctx)}
	for i, name := range want {
		switch name {
		case oc("share-types"):
			set.Writers[i], l.wantShares = onEntry(l.types), true
		case nc("sharees"):
			set.Writers[i], l.wantShares, l.wantNames = onEntry(l.sharees), true, true
		case nc("share-download-limits"):
			set.Writers[i], l.wantShares = onEntry(l.limits), true
		case oc("owner-display-name"):
			set.Writers[i], l.wantNames = onEntry(l.owner), true
		case nc("share-attributes"):
			set.Writers[i] = onEntry(attributes)
		case nc("note"):
			set.Writers[i] = onEntry(note)
		case nc("hide-download"):
			set.Writers[i] = onEntry(hideDownload)
		}
	}
	if l.wantShares || l.wantNames {
		set.Load = l.load
	}
	return set, nil
}

func onEntry(f func(b []byte, e *files.Entry) ([]byte, bool)) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		e, ok := r.Value.(*files.Entry)
		if !ok {
			return b, false
		}
		return f(b, e)
	}
}

// lookup is what a batch of files needs from the tables.
type lookup struct {
	room                  *Room
	p                     *who.Principal
	wantShares, wantNames bool
	shares                map[int64][]shares.Share // that the caller made or that are of the caller's files
	people                map[string]*identity.User
	groups                map[string]string
}

func (l *lookup) load(ctx context.Context, batch []dav.Resource) (err error) {
	var es []*files.Entry
	for i := range batch {
		if e, ok := batch[i].Value.(*files.Entry); ok {
			es = append(es, e)
		}
	}
	l.shares = nil
	if l.wantShares {
		if l.shares, err = l.room.shares.Given(ctx, l.p, es); err != nil {
			return err
		}
	}
	if !l.wantNames {
		return nil
	}
	var uids, gids []string
	for _, e := range es {
		if e.Mount.Owner != l.p.ID {
			uids = append(uids, e.Mount.Owner)
		}
		for _, s := range l.shares[e.ID] {
			switch s.Kind {
			case shares.User:
				uids = append(uids, s.Recipient)
			case shares.Group:
				gids = append(gids, s.Recipient)
			}
		}
	}
	if l.people, l.groups, err = nil, map[string]string{}, nil; len(uids) > 0 {
		if l.people, err = l.room.dir.Some(ctx, unique(uids)); err != nil {
			return err
		}
	}
	if len(gids) == 0 {
		return nil
	}
	details, err := l.room.dir.GroupDetails(ctx, unique(gids))
	for _, d := range details {
		l.groups[d.ID] = d.Display
	}
	return err
}

func (l *lookup) name(uid string) string {
	if uid == l.p.ID && l.p.Display != "" {
		return l.p.Display
	}
	if u := l.people[uid]; u != nil {
		return u.Display
	}
	return uid
}

func (l *lookup) owner(b []byte, e *files.Entry) ([]byte, bool) {
	return dav.AppendText(b, l.name(e.Mount.Owner)), true
}

// types lists with what kinds of recipients something is shared.
func (l *lookup) types(b []byte, e *files.Entry) ([]byte, bool) {
	var kinds []shares.Kind
	for _, s := range l.shares[e.ID] {
		kinds = append(kinds, s.Kind)
	}
	slices.Sort(kinds)
	for _, k := range slices.Compact(kinds) {
		b = append(b, "<oc:share-type>"...)
		b = strconv.AppendInt(b, int64(k), 10)
		b = append(b, "</oc:share-type>"...)
	}
	return b, true
}

func (l *lookup) sharees(b []byte, e *files.Entry) ([]byte, bool) {
	for _, s := range l.shares[e.ID] {
		name := s.Recipient
		switch s.Kind {
		case shares.User:
			name = l.name(s.Recipient)
		case shares.Group:
			if g := l.groups[s.Recipient]; g != "" {
				name = g
			}
		}
		b = append(b, "<nc:sharee><nc:id>"...)
		b = append(dav.AppendText(b, s.Recipient), "</nc:id><nc:display-name>"...)
		b = append(dav.AppendText(b, name), "</nc:display-name><nc:type>"...)
		b = append(strconv.AppendInt(b, int64(s.Kind), 10), "</nc:type></nc:sharee>"...)
	}
	return b, true
}

// limits lists the links of a file whose downloads are counted.
func (l *lookup) limits(b []byte, e *files.Entry) ([]byte, bool) {
	some := false
	for _, s := range l.shares[e.ID] {
		if s.MaxDownloads == 0 {
			continue
		}
		some = true
		b = append(dav.AppendText(append(b, "<nc:share-download-limit><nc:token>"...), s.Token), "</nc:token><nc:limit>"...)
		b = append(strconv.AppendInt(b, s.MaxDownloads, 10), "</nc:limit><nc:count>"...)
		b = append(strconv.AppendInt(b, s.Downloads, 10), "</nc:count></nc:share-download-limit>"...)
	}
	return b, some
}

// received is what the viewer has of an entry by shares, nil for what is their own.
func received(e *files.Entry) *shares.Received {
	r, _ := e.Mount.Tag.(*shares.Received)
	return r
}

// sealedText is what clients read when something may not be downloaded.
const sealedText = `[{"scope":"permissions","key":"download","value":false}]`

// attributes are those of the share by which an entry is seen. Of several, that it
// may not be downloaded counts only if all say so.
func attributes(b []byte, e *files.Entry) ([]byte, bool) {
	text := "[]"
	if r := received(e); r != nil {
		switch {
		case len(r.Shares) == 1 && r.Shares[0].Attributes != "" && sealedBy(r.Shares[0]) == e.Mount.Sealed:
			text = r.Shares[0].Attributes
		case e.Mount.Sealed:
			text = sealedText
		}
	}
	if !json.Valid([]byte(text)) {
		text = sealedText
	}
	return dav.AppendText(b, text), true
}

func sealedBy(s shares.Share) bool { return !s.Allows("permissions", "download") }

// note is what the sharer wrote to the recipients.
func note(b []byte, e *files.Entry) ([]byte, bool) {
	r := received(e)
	if r == nil || !e.IsMountRoot() {
		return b, false
	}
	for _, s := range r.Shares {
		if s.Note != "" {
			return dav.AppendText(b, s.Note), true
		}
	}
	return b, true
}

func hideDownload(b []byte, e *files.Entry) ([]byte, bool) {
	r := received(e)
	if r == nil {
		return b, false
	}
	hidden := true
	for _, s := range r.Shares {
		hidden = hidden && s.HideDownload
	}
	return strconv.AppendBool(b, hidden), true
}
