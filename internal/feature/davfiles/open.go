package davfiles

import (
	"context"
	"encoding/xml"
	"strconv"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// opening makes the writers that need to know something of the request: each
// asks the database at most once, whatever the number of resources.
type opening struct {
	room *Room
	ctx  context.Context // of the request that is being opened
	top  dav.Resource
}

// writer returns nil for a name that is no live property.
func (o *opening) writer(name xml.Name) (dav.Writer, error) {
	switch name {
	case dv("resourcetype"):
		return dav.ResourceType, nil
	case dv("current-user-principal"):
		return dav.CurrentUserPrincipal(o.ctx), nil
	case dv("displayname"):
		return lift(func(b []byte, e *files.Entry) ([]byte, bool) {
			if e.IsTop() {
				return dav.AppendText(b, e.Mount.Owner), true
			}
			return dav.AppendText(b, e.Base()), true
		}), nil
	case dv("quota-used-bytes"):
		return lift(func(b []byte, e *files.Entry) ([]byte, bool) { return strconv.AppendInt(b, e.Size, 10), e.IsDir() }), nil
	case dv("quota-available-bytes"):
		return o.available()
	case oc("id"):
		return lift(o.room.writeID), nil
	case oc("favorite"):
		return o.favorite()
	case oc("data-fingerprint"):
		fingerprint := o.room.instance
		return lift(func(b []byte, e *files.Entry) ([]byte, bool) {
			if e.IsRoot() {
				b = append(b, fingerprint...)
			}
			return b, true
		}), nil
	}
	return nil, nil
}

func nothing(b []byte, _ *dav.Resource) ([]byte, bool) { return b, false }

func (rm *Room) writeID(b []byte, e *files.Entry) ([]byte, bool) {
	for n := int64(10_000_000); n > e.ID && n > 1; n /= 10 {
		b = append(b, '0')
	}
	return append(strconv.AppendInt(b, e.ID, 10), rm.instance...), true
}

// available is the room that is left: -3 without a quota.
func (o *opening) available() (dav.Writer, error) {
	if !o.top.Dir { // files have none
		return nothing, nil
	}
	owner := who.From(o.ctx).ID
	if e, ok := o.top.Value.(*files.Entry); ok {
		owner = e.Mount.Owner
	}
	used, total, err := o.room.files.Usage(o.ctx, owner)
	if err != nil {
		return nil, err
	}
	left := total
	if total >= 0 {
		left = max(total-used, 0)
	}
	return lift(func(b []byte, e *files.Entry) ([]byte, bool) { return strconv.AppendInt(b, left, 10), e.IsDir() }), nil
}

func (o *opening) favorite() (dav.Writer, error) {
	favs, err := o.room.Favorites(o.ctx, who.From(o.ctx).ID)
	if err != nil {
		return nil, err
	}
	return lift(func(b []byte, e *files.Entry) ([]byte, bool) {
		if favs[e.ID] {
			return append(b, '1'), true
		}
		return append(b, '0'), true
	}), nil
}
