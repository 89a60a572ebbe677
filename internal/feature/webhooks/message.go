package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/core/tree"
)

// heard is an occasion that somebody may want to be told of, as a job keeps it.
type heard struct {
	ID   string // the same however often the job is run
	At   int64  // Unix seconds
	What occasion
}

// message is what is sent, as JSON holds it (34-apps/207):
//
//	{"event": {"class": …, "node": {"id": 1, "path": "/olga/files/a.txt"}},
//	 "user": {"uid": "olga", "displayName": "Olga"}, "time": 1795313860}
//
// user is null when nobody with an account did it.
type message map[string]any

// compose looks up what an occasion does not tell, with one statement for each kind of
// it.
func (rm *Room) compose(ctx context.Context, h heard) (message, error) {
	event := map[string]any{"class": h.What.Class}
	maps.Copy(event, h.What.Facts)
	nodes, err := rm.nodes(ctx, h.What.Nodes)
	if err != nil {
		return nil, err
	}
	maps.Copy(event, nodes)
	var user any
	if h.What.Actor != "" {
		name := h.What.Actor
		u, err := rm.dir.User(ctx, h.What.Actor)
		switch {
		case err == nil:
			name = u.Display
		case !errors.Is(err, fault.NotFound): // who has left since is called by the id
			return nil, err
		}
		user = map[string]any{"uid": h.What.Actor, "displayName": name}
	}
	raw, err := json.Marshal(message{"event": event, "user": user, "time": h.At})
	if err != nil {
		return nil, err
	}
	var m message // as filters see it: of JSON's types only
	return m, json.Unmarshal(raw, &m)
}

// nodes are the files and folders of an occasion with their paths, as Nextcloud writes
// them: "/olga/files/a.txt" lies in olga's home. What lies nowhere any more has none.
func (rm *Room) nodes(ctx context.Context, places map[string]place) (map[string]any, error) {
	if len(places) == 0 {
		return nil, nil
	}
	var ids []int64
	for _, p := range places {
		if id := p.anchor(); id != 0 {
			ids = append(ids, id)
		}
	}
	chains, err := rm.files.Chains(ctx, ids...)
	if err != nil {
		return nil, err
	}
	var roots []int64
	for _, c := range chains {
		roots = append(roots, c[0].ID)
	}
	slices.Sort(roots)
	var owners map[int64]string
	if roots = slices.Compact(roots); len(roots) > 0 {
		if owners, err = rm.files.HomeOwners(ctx, roots); err != nil {
			return nil, err
		}
	}
	out := map[string]any{}
	for name, p := range places {
		n := map[string]any{}
		if p.Node != 0 {
			n["id"] = p.Node
		}
		if path := p.path(chains[p.anchor()], owners); path != "" {
			n["path"] = path
		}
		out[name] = n
	}
	return out, nil
}

// anchor is the node from which the path is told.
func (p place) anchor() int64 {
	for _, id := range []int64{p.Trash, p.Parent, p.Node} {
		if id != 0 {
			return id
		}
	}
	return 0
}

func (p place) path(chain []tree.Node, owners map[int64]string) string {
	if p.Parent == 0 && p.Node != 0 && p.Name != "" { // a home that went with its owner
		return fmt.Sprintf("/%s/files", p.Name)
	}
	if len(chain) == 0 {
		return ""
	}
	owner, ok := owners[chain[0].ID]
	switch {
	case !ok:
		return ""
	case p.Trash != 0:
		return fmt.Sprintf("/%s/files_trashbin/files/%s", owner, p.Name)
	case p.Name != "":
		return fmt.Sprintf("/%s/files%s/%s", owner, tree.PathOf(chain), p.Name)
	}
	return fmt.Sprintf("/%s/files%s", owner, tree.PathOf(chain))
}
