package fulltext

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"atrium/internal/core/event"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/extract"
	"atrium/internal/infra/jobs"
)

// place is the parameter of our jobs: a folder in a space.
type place struct{ Space, Folder int64 }

// tidyAfter is how soon the texts of a folder go after it was deleted.
const tidyAfter = 10 * time.Minute

// follow is told what happened to the tree. What an event says may be old by now:
// it only tells where to look.
func (rm *Room) follow(ctx context.Context, evs []bus.Event) error {
	at, whole := map[int64]int64{}, map[int64]bool{}
	var gone, homes []int64
	folders := false // of which nothing tells what was in them
	for _, ev := range evs {
		switch e := ev.(type) {
		case event.FileWritten:
			at[e.Node] = e.Space
		case event.NodeMade:
			at[e.Node], whole[e.Node] = e.Space, e.Copied
		case event.NodeMoved:
			at[e.Node], whole[e.Node] = e.Space, whole[e.Node] || e.Space != e.OldSpace
		case event.NodeRemoved:
			delete(at, e.Node)
			gone, folders = append(gone, e.Node), folders || e.Dir
			if e.Parent == 0 {
				homes = append(homes, e.Space)
			}
		}
	}
	if err := rm.forget(ctx, gone); err != nil {
		return err
	}
	for _, home := range homes {
		if err := rm.forgetSpace(ctx, home); err != nil {
			return err
		}
	}
	if folders {
		if err := rm.clean.Add(ctx, rm.db, struct{}{}, jobs.Unique("all"), jobs.After(tidyAfter)); err != nil {
			return err
		}
	}
	return rm.look(ctx, at, whole)
}

// look notes nodes that are to be read, and folders to be gone through.
func (rm *Room) look(ctx context.Context, at map[int64]int64, whole map[int64]bool) error {
	c, err := rm.config(ctx)
	if err != nil || len(at) == 0 {
		return err
	}
	var spaces, ids []int64
	for id, space := range at {
		ids = append(ids, id)
		spaces = append(spaces, space)
	}
	slices.Sort(spaces)
	homes, err := rm.tree.Homes(ctx, rm.db, slices.Compact(spaces))
	if err != nil {
		return err
	}
	nodes, err := rm.tree.Some(ctx, rm.db, ids)
	if err != nil {
		return err
	}
	bySpace := map[int64][]tree.Node{}
	for id, n := range nodes {
		space := at[id]
		if _, ok := homes[space]; !ok {
			continue
		}
		if !n.IsDir() {
			bySpace[space] = append(bySpace[space], n)
		} else if whole[id] {
			if err := rm.gather.Add(ctx, rm.db, place{space, id}); err != nil {
				return err
			}
		}
	}
	for space, ns := range bySpace {
		if err := rm.note(ctx, &c, space, ns); err != nil {
			return err
		}
	}
	return rm.begin(ctx, homes)
}

// note puts files that can be read on the list of what is to be, and takes off
// the others.
func (rm *Room) note(ctx context.Context, c *config, space int64, ns []tree.Node) error {
	var not []int64
	var docs []tree.Node
	for _, n := range ns {
		ok, err := rm.readable(ctx, c, &n)
		if err != nil {
			return err
		}
		if ok {
			docs = append(docs, n)
		} else {
			not = append(not, n.ID)
		}
	}
	if err := rm.forget(ctx, not); err != nil || len(docs) == 0 {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		for _, n := range docs {
			_, err := tx.Exec(ctx, "INSERT INTO text_doc (node, space, content, due) VALUES (?, ?, ?, 1) {{on node set space,content,due}}", n.ID, space, n.Content)
			if err != nil {
				return err
			}
		}
		return rm.readSoon(ctx, tx)
	})
}

// readable tells whether a file is one whose text we read.
func (rm *Room) readable(ctx context.Context, c *config, n *tree.Node) (bool, error) {
	if n.IsDir() || n.Size <= 0 || n.Size > c.maxSize {
		return false, nil
	}
	mime, err := rm.tree.MimeType(ctx, n.Mime)
	return extract.Reads(mime) || c.sees && isPicture(mime), err
}

func isPicture(mime string) bool {
	return mime == "image/png" || mime == "image/jpeg" || mime == "image/tiff" || strings.HasPrefix(mime, "image/bmp")
}

// begin has homes gone through that never were: those from before this room.
func (rm *Room) begin(ctx context.Context, homes map[int64]string) error {
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(homes)), 500) {
		known := map[int64]bool{}
		for s, err := range db.All(ctx, rm.db, db.Scan1[int64], "SELECT space FROM text_space WHERE space IN (?)", batch) {
			if err != nil {
				return err
			}
			known[s] = true
		}
		for _, root := range batch {
			if known[root] {
				continue
			}
			if err := rm.gather.Add(ctx, rm.db, place{root, root}, jobs.Unique(spaceKey(root))); err != nil {
				return err
			}
		}
	}
	return nil
}

// gatherBelow notes all that lies below a folder. Killed at any moment, it is done
// again.
func (rm *Room) gatherBelow(ctx context.Context, p place) error {
	c, err := rm.config(ctx)
	if err != nil {
		return err
	}
	folders := []int64{p.Folder}
	var ns []tree.Node
	for len(folders) > 0 {
		batch := slices.Clone(folders[max(0, len(folders)-200):])
		folders = folders[:len(folders)-len(batch)]
		for n, err := range rm.tree.Below(ctx, rm.db, batch) {
			if err != nil {
				return err
			}
			if n.IsDir() {
				folders = append(folders, n.ID)
				continue
			}
			if ns = append(ns, n); len(ns) == 500 {
				if err := rm.noteNew(ctx, &c, p.Space, ns); err != nil {
					return err
				}
				ns = ns[:0]
			}
		}
	}
	if err := rm.noteNew(ctx, &c, p.Space, ns); err != nil || p.Folder != p.Space {
		return err
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO text_space (space) VALUES (?) {{on space ignore}}", p.Space)
	return err
}

// noteNew notes those files that are not in the index as they are.
func (rm *Room) noteNew(ctx context.Context, c *config, space int64, ns []tree.Node) error {
	if len(ns) == 0 {
		return nil
	}
	ids := make([]int64, len(ns))
	for i, n := range ns {
		ids[i] = n.ID
	}
	known := map[int64]int64{}
	for d, err := range db.All(ctx, rm.db, scanDoc, "SELECT node, content FROM text_doc WHERE space = ? AND node IN (?)", space, ids) {
		if err != nil {
			return err
		}
		known[d.node] = d.content
	}
	return rm.note(ctx, c, space, slices.DeleteFunc(slices.Clone(ns), func(n tree.Node) bool { return known[n.ID] == n.Content && n.Content != 0 }))
}

// forget takes files out of the index. Their texts go with the next tidying, unless
// other files have the same.
func (rm *Room) forget(ctx context.Context, nodes []int64) error {
	for batch := range slices.Chunk(nodes, 500) {
		err := rm.db.Tx(ctx, func(tx *db.DB) error {
			known, err := db.List(ctx, tx, db.Scan1[int64], "SELECT node FROM text_doc WHERE node IN (?)", batch)
			if err != nil || len(known) == 0 {
				return err
			}
			if _, err := tx.Exec(ctx, "DELETE FROM text_doc WHERE node IN (?)", known); err != nil {
				return err
			}
			return rm.index.drop(ctx, tx, known)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (rm *Room) forgetSpace(ctx context.Context, space int64) error {
	for {
		nodes, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT node FROM text_doc WHERE space = ? LIMIT 500", space)
		if err != nil {
			return err
		}
		if len(nodes) == 0 {
			_, err := rm.db.Exec(ctx, "DELETE FROM text_space WHERE space = ?", space)
			return err
		}
		if err := rm.forget(ctx, nodes); err != nil {
			return err
		}
	}
}

// tidy forgets what is gone without having been told of, such as what lay in a
// folder that was deleted, and texts that no file has any more.
func (rm *Room) tidy(ctx context.Context) error {
	rm.cage.Sweep(rm.Now().Add(-time.Hour))
	homes := map[int64]string{}
	for s, err := range rm.tree.Spaces(ctx, tree.Home) {
		if err != nil {
			return err
		}
		homes[s.Root] = s.Owner
	}
	if err := rm.begin(ctx, homes); err != nil {
		return err
	}
	for after := int64(0); ; {
		nodes, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT node FROM text_doc WHERE node > ? ORDER BY node LIMIT 500", after)
		if err != nil {
			return err
		}
		if len(nodes) == 0 {
			break
		}
		after = nodes[len(nodes)-1]
		chains, err := rm.tree.Up(ctx, nodes...)
		if err != nil {
			return err
		}
		gone := slices.DeleteFunc(nodes, func(id int64) bool {
			chain := chains[id]
			if len(chain) == 0 {
				return false
			}
			_, home := homes[chain[0].ID]
			return home
		})
		if err := rm.forget(ctx, gone); err != nil {
			return err
		}
	}
	if _, err := rm.db.Exec(ctx, "UPDATE text_doc SET due = 1 WHERE due = 2"); err != nil {
		return err
	}
	if err := rm.readSoon(ctx, rm.db); err != nil {
		return err
	}
	return rm.tidyBodies(ctx)
}

func (rm *Room) tidyBodies(ctx context.Context) error {
	for {
		left, err := db.List(ctx, rm.db, db.Scan1[int64], `SELECT b.content FROM text_body b LEFT JOIN text_doc d ON d.content = b.content
			WHERE d.node IS NULL LIMIT 500`)
		if err != nil || len(left) == 0 {
			return err
		}
		if _, err := rm.db.Exec(ctx, "DELETE FROM text_body WHERE content IN (?)", left); err != nil {
			return err
		}
	}
}
