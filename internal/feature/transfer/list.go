package transfer

import (
	"context"
	"slices"
	"strconv"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
)

// maxListed bounds how many offers of each side are listed.
const maxListed = 200

// waiting is an offer that nobody has answered, as one of the two sees it.
type waiting struct {
	ID      string `json:"id"`
	Person  string `json:"person"` // the other of the two
	Display string `json:"display"`
	Name    string `json:"name"`
	Folder  bool   `json:"folder"`
	Mime    string `json:"mime"`
	Size    int64  `json:"size"`
}

// offers lists what the caller offers and what they are offered, the last first.
// What is no longer there, or no longer its owner's, is left out.
func (rm *Room) offers(ctx context.Context, r *ocs.Request) (any, error) {
	me := r.Caller()
	made, err := rm.waiting(ctx, "owner", me.ID)
	if err != nil {
		return nil, err
	}
	received, err := rm.waiting(ctx, "recipient", me.ID)
	if err != nil {
		return nil, err
	}
	there, err := rm.there(ctx, me, slices.Concat(made, received))
	if err != nil {
		return nil, err
	}
	var out struct {
		Made     []waiting `json:"made"`
		Received []waiting `json:"received"`
	}
	if out.Made, err = rm.shown(ctx, made, there, func(o offer) string { return o.recipient }); err != nil {
		return nil, err
	}
	out.Received, err = rm.shown(ctx, received, there, func(o offer) string { return o.owner })
	return out, err
}

// waiting are the offers that nobody has answered of somebody on one side.
func (rm *Room) waiting(ctx context.Context, side, uid string) ([]offer, error) {
	return db.List(ctx, rm.db, scanOffer, "SELECT "+columns+" FROM handover WHERE "+side+" = ? AND taken = 0 ORDER BY id DESC LIMIT ?", uid, maxListed)
}

// there is what can be handed over of some offers, by its number. Of their own the
// caller sees no more than their credential lets them.
func (rm *Room) there(ctx context.Context, me *who.Principal, os []offer) (map[int64]*files.Entry, error) {
	nodes := map[string][]int64{}
	for _, o := range os {
		nodes[o.owner] = append(nodes[o.owner], o.node)
	}
	out := make(map[int64]*files.Entry, len(os))
	for owner, of := range nodes {
		p := &who.Principal{ID: owner}
		if owner == me.ID {
			p = me
		}
		v, err := rm.files.As(ctx, p)
		if err != nil {
			return nil, err
		}
		seen, err := v.Seen(ctx, of)
		if err != nil {
			return nil, err
		}
		for id, e := range seen {
			if len(e.Mount.Path) == 0 && e.Mount.Owner == owner {
				out[id] = e
			}
		}
	}
	return out, nil
}

// shown makes of offers what one of the two sees; other is the one of the two who is
// named.
func (rm *Room) shown(ctx context.Context, os []offer, there map[int64]*files.Entry, other func(offer) string) ([]waiting, error) {
	uids := make([]string, len(os))
	for i, o := range os {
		uids[i] = other(o)
	}
	people, err := rm.dir.Some(ctx, uids)
	if err != nil {
		return nil, err
	}
	out := []waiting{}
	for _, o := range os {
		e, u := there[o.node], people[other(o)]
		if e == nil || u == nil {
			continue
		}
		out = append(out, waiting{strconv.FormatInt(o.id, 10), u.ID, u.Display, e.Base(), e.IsDir(), e.Mime, e.Size})
	}
	return out, nil
}
