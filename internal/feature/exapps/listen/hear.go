package listen

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/feature/exapps/nodeinfo"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
)

// fact is an event as apps are told of it.
type fact struct {
	kinds []string
	by    event.By
	space int64
	node  int64
	at    spot // where the node is, or was if it is gone
	from  *spot
	dir   bool // of one that is gone
}

// spot is a name in a folder.
type spot struct {
	parent int64
	name   string
}

// factOf is what an event is to apps. What comes back from the trash is as new to them.
func factOf(ev bus.Event) (fact, bool) {
	switch ev := ev.(type) {
	case event.FileWritten:
		f := fact{kinds: []string{written}, by: ev.By, space: ev.Space, node: ev.Node, at: spot{ev.Parent, ev.Name}}
		if ev.Made {
			f.kinds = []string{created, written}
		}
		return f, true
	case event.NodeMade:
		f := fact{kinds: []string{created, written}, by: ev.By, space: ev.Space, node: ev.Node, at: spot{ev.Parent, ev.Name}, dir: true}
		if ev.Copied {
			f.kinds = []string{copied}
		}
		return f, true
	case event.NodeMoved:
		f := fact{kinds: []string{renamed}, by: ev.By, space: ev.Space, node: ev.Node, at: spot{ev.Parent, ev.Name}, from: &spot{ev.OldParent, ev.OldName}}
		if ev.Returned {
			f.kinds, f.from = []string{created}, nil
		}
		return f, true
	case event.NodeTouched:
		return fact{kinds: []string{touched}, by: ev.By, space: ev.Space, node: ev.Node, at: spot{ev.Parent, ev.Name}}, true
	case event.NodeRemoved:
		f := fact{kinds: []string{deleted}, by: ev.By, space: ev.Space, node: ev.Node, at: spot{ev.Parent, ev.Name}, dir: ev.Dir}
		return f, ev.Parent != 0 // else a home that went with its owner
	}
	return fact{}, false
}

// told is what an app gets:
//
//	{"event_type": "node_event", "event_subtype": "NodeRenamedEvent",
//	 "event_data": {"target": {"fileId": 1, …}, "source": {…}}}
type told struct {
	Type    string `json:"event_type"`
	Subtype string `json:"event_subtype"`
	Data    change `json:"event_data"`
}

type change struct {
	Target nodeinfo.Info  `json:"target"`
	Source *nodeinfo.Info `json:"source,omitempty"`
}

// letter is an event on its way to an app.
type letter struct {
	id           int64
	app, handler string
	uid          string // who did it; "": nobody with an account
	body         string
	tries        int
}

// hear writes down which app is to be told what. It is run again when it fails: then an
// app may be told twice.
func (rm *Room) hear(ctx context.Context, evs []bus.Event) error {
	listeners, err := rm.listeners(ctx)
	if err != nil || len(listeners) == 0 {
		return err
	}
	views := map[string]*files.View{}
	var out []letter
	for _, ev := range evs {
		f, ok := factOf(ev)
		if !ok || !slices.ContainsFunc(listeners, func(l listener) bool { return slices.ContainsFunc(f.kinds, l.wants) }) {
			continue
		}
		data, err := rm.compose(ctx, views, f)
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		for _, k := range f.kinds {
			body, err := json.Marshal(told{nodeEvent, k, *data})
			if err != nil {
				return err
			}
			for _, l := range listeners {
				if l.wants(k) {
					out = append(out, letter{app: l.app, handler: l.handler, uid: f.by.Actor, body: string(body)})
				}
			}
		}
	}
	return rm.post(ctx, out)
}

// compose describes what has changed as the person sees it who did it, or else the owner
// of the home; nil if neither sees it.
func (rm *Room) compose(ctx context.Context, views map[string]*files.View, f fact) (*change, error) {
	uid := f.by.Actor
	if uid == "" {
		owners, err := rm.files.HomeOwners(ctx, []int64{f.space})
		if err != nil {
			return nil, err
		}
		if uid = owners[f.space]; uid == "" {
			return nil, nil
		}
	}
	v, ok := views[uid]
	if !ok {
		var err error
		if v, err = rm.viewer(ctx, uid); err != nil {
			return nil, err
		}
		views[uid] = v
	}
	if v == nil {
		return nil, nil
	}
	target, err := rm.target(ctx, v, uid, f)
	if target == nil || err != nil {
		return nil, err
	}
	c := &change{Target: *target}
	if f.from == nil {
		return c, nil
	}
	at, err := place(ctx, v, *f.from)
	if err != nil {
		return nil, err
	}
	source := c.Target
	source.Name, source.Directory = path.Base(at), path.Dir(at)
	c.Source = &source
	return c, nil
}

func (rm *Room) target(ctx context.Context, v *files.View, uid string, f fact) (*nodeinfo.Info, error) {
	seen, err := v.Seen(ctx, []int64{f.node})
	if err != nil {
		return nil, err
	}
	if e := seen[f.node]; e != nil {
		all, err := rm.nodes.Write(ctx, uid, e)
		if err != nil {
			return nil, err
		}
		if e.Parent == f.at.parent && e.Name == f.at.name {
			return &all[0], nil
		}
		at, err := place(ctx, v, f.at) // it has moved on, which the next event tells
		if err == nil && at != "" {
			all[0].Name, all[0].Directory = path.Base(at), path.Dir(at)
		}
		return &all[0], err
	}
	at, err := place(ctx, v, f.at)
	if at == "" || err != nil {
		return nil, err
	}
	n := nodeinfo.Lost(f.node, at, f.dir)
	n.UserID, n.InstanceID = uid, rm.nodes.Instance
	return &n, nil
}

// place is the path at which a viewer sees a spot; "" if they do not.
func place(ctx context.Context, v *files.View, s spot) (string, error) {
	e, err := v.ByID(ctx, s.parent)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Denied) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return path.Join(e.Path, s.name), nil
}

// most is how many events may wait for one app. An app that is so far behind misses some.
const most = 10_000

// post keeps letters, as far as their apps have room for them.
func (rm *Room) post(ctx context.Context, out []letter) error {
	if len(out) == 0 {
		return nil
	}
	first, err := rm.db.IDs(ctx, int64(len(out)))
	if err != nil {
		return err
	}
	now := rm.Now().UnixMilli()
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		room := map[string]int64{}
		for i, l := range out {
			left, known := room[l.app]
			if !known {
				n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM exapps_event WHERE app = ?", l.app)
				if err != nil {
					return err
				}
				if left = most - n; left <= 0 {
					rm.Log.WarnContext(ctx, "an external app is too far behind and misses events", "app", l.app)
				}
				if err := rm.start(ctx, tx, l.app); err != nil {
					return err
				}
			}
			room[l.app] = left - 1
			if left <= 0 {
				continue
			}
			if _, err := tx.Exec(ctx, "INSERT INTO exapps_event (id, app, uid, handler, body, tries, due) VALUES (?, ?, ?, ?, ?, 0, ?)",
				first+int64(i), l.app, l.uid, l.handler, l.body, now); err != nil {
				return err
			}
		}
		return nil
	})
}
