package search

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/words"
	"atrium/internal/core/event"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
)

// runMost is how many names are sorted together when a space is built: 6 MB. The
// runs are then merged, so many at once, so that blocks do not overlap in time and
// the newest are found in the first.
const (
	runMost   = 16 * blockMost
	runsMerge = 16
)

func itemOf(n *tree.Node) item {
	return item{node: n.ID, mtime: n.MTime.Unix(), size: n.Size, mime: n.Mime, name: words.Fold(n.Name)}
}

// place is the parameter of our jobs: a space, and the folder in it to be read.
type place struct{ Space, Folder int64 }

// build puts all that lies below a folder into the index. Of a whole space it
// takes out first what was there. Killed at any moment, it is done again.
func (rm *Room) build(ctx context.Context, p place) error {
	whole := p.Folder == p.Space
	if _, err := rm.tree.ByID(ctx, rm.db, p.Folder); errors.Is(err, fault.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if whole {
		if err := rm.forget(ctx, p.Space); err != nil {
			return err
		}
	}
	var runs [][]int64
	run := make([]item, 0, 1024)
	write := func() error {
		ids, err := rm.index.addRun(ctx, p.Space, run)
		runs, run = append(runs, ids), run[:0]
		return err
	}
	folders := []int64{p.Folder}
	for len(folders) > 0 {
		batch := folders[max(0, len(folders)-foldersAtOnce):]
		batch, folders = slices.Clone(batch), folders[:len(folders)-len(batch)]
		for n, err := range rm.tree.Below(ctx, rm.db, batch) {
			if err != nil {
				return err
			}
			if n.IsDir() {
				folders = append(folders, n.ID)
			}
			if run = append(run, itemOf(&n)); len(run) == runMost {
				if err := write(); err != nil {
					return err
				}
			}
		}
	}
	if err := write(); err != nil {
		return err
	}
	for len(runs) > 1 {
		n := min(len(runs), runsMerge)
		merged, err := rm.index.merge(ctx, p.Space, runs[:n])
		if err != nil {
			return err
		}
		runs = append(runs[n:], merged)
	}
	if !whole {
		return nil
	}
	_, err := rm.db.Exec(ctx, "INSERT INTO search_space (space, built) VALUES (?, 1) {{on space set built}}", p.Space)
	return err
}

const foldersAtOnce = 200

// addRun sorts items by time and makes blocks of them.
func (x index) addRun(ctx context.Context, space int64, run []item) (ids []int64, err error) {
	slices.SortFunc(run, func(a, b item) int { return newest(hit{a.node, a.mtime}, hit{b.node, b.mtime}) })
	for part := range slices.Chunk(run, blockMost) {
		id, err := x.add(ctx, space, part)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (x index) add(ctx context.Context, space int64, items []item) (int64, error) {
	id, err := x.db.ID(ctx)
	if err != nil {
		return 0, err
	}
	return id, x.db.Tx(ctx, func(tx *db.DB) error { return insertBlock(ctx, tx, space, id, items) })
}

// merge makes one run of several, with one block of each in memory.
func (x index) merge(ctx context.Context, space int64, runs [][]int64) (ids []int64, err error) {
	heads := make([][]item, len(runs))
	left := slices.Clone(runs)
	var out []item
	for {
		first := -1
		for i := range heads {
			if len(heads[i]) == 0 && len(left[i]) > 0 {
				if heads[i], err = x.items(ctx, left[i][0]); err != nil {
					return nil, err
				}
				left[i] = left[i][1:]
			}
			if len(heads[i]) > 0 && (first < 0 || heads[i][0].mtime > heads[first][0].mtime) {
				first = i
			}
		}
		if first >= 0 {
			out, heads[first] = append(out, heads[first][0]), heads[first][1:]
		}
		if len(out) == blockMost || first < 0 && len(out) > 0 {
			id, err := x.add(ctx, space, out)
			if err != nil {
				return nil, err
			}
			ids, out = append(ids, id), out[:0]
		}
		if first < 0 {
			_, err := x.db.Exec(ctx, "DELETE FROM search_block WHERE id IN (?)", slices.Concat(runs...))
			return ids, err
		}
	}
}

// items reads a block.
func (x index) items(ctx context.Context, id int64) (out []item, err error) {
	body, err := db.One(ctx, x.db, db.Scan1[[]byte], "SELECT body FROM search_block WHERE id = ?", id)
	if err != nil {
		return nil, err
	}
	return out, unpack(body, nil, func(it item) bool { out = append(out, it); return true })
}

// forget takes the blocks of a space out of the index. Its rows may be newer than
// what is built next, and stay.
func (rm *Room) forget(ctx context.Context, space int64) error {
	for _, q := range []string{"DELETE FROM search_space WHERE space = ?", "DELETE FROM search_block WHERE space = ?"} {
		if _, err := rm.db.Exec(ctx, q, space); err != nil {
			return err
		}
	}
	return nil
}

// catchUp has spaces built that are not: those from before this room was there,
// new ones, and what was begun only.
func (rm *Room) catchUp(ctx context.Context) error {
	var roots []int64
	for s, err := range rm.tree.Spaces(ctx, tree.Home) {
		if err != nil {
			return err
		}
		roots = append(roots, s.Root)
	}
	for batch := range slices.Chunk(roots, 500) {
		built, err := rm.index.built(ctx, batch)
		if err != nil {
			return err
		}
		for _, root := range batch {
			if built[root] {
				continue
			}
			if err := rm.job.Add(ctx, rm.db, place{root, root}, spaceKey(root)); err != nil {
				return err
			}
		}
	}
	return rm.tidy(ctx)
}

// follow is told what happened to the tree. What an event says may be old by now:
// it only tells where to look.
func (rm *Room) follow(ctx context.Context, evs []bus.Event) error {
	n := news{at: map[int64]int64{}}
	for _, ev := range evs {
		n.add(ev)
	}
	return rm.take(ctx, &n)
}

// news is what some events tell.
type news struct {
	at     map[int64]int64 // nodes to look at → their spaces
	whole  map[int64]bool  // of these all that is below as well
	gone   []int64         // nodes
	homes  []int64         // homes that are gone
	spaces []int64
}

func (n *news) add(ev bus.Event) {
	switch e := ev.(type) {
	case event.FileWritten:
		n.look(e.Space, e.Node, false)
	case event.NodeMade:
		n.look(e.Space, e.Node, e.Copied)
	case event.NodeMoved:
		n.look(e.Space, e.Node, e.Space != e.OldSpace)
	case event.NodeTouched:
		n.look(e.Space, e.Node, false)
	case event.NodeRemoved:
		delete(n.at, e.Node)
		n.gone = append(n.gone, e.Node)
		if e.Parent == 0 && e.Node == e.Space {
			n.homes = append(n.homes, e.Space)
		}
	}
}

func (n *news) look(space, node int64, whole bool) {
	n.at[node] = space
	if !slices.Contains(n.spaces, space) {
		n.spaces = append(n.spaces, space)
	}
	if whole {
		if n.whole == nil {
			n.whole = map[int64]bool{}
		}
		n.whole[node] = true
	}
}

// take brings the index up to date with some news.
func (rm *Room) take(ctx context.Context, n *news) error {
	for batch := range slices.Chunk(n.gone, 500) {
		if _, err := rm.db.Exec(ctx, "DELETE FROM search_name WHERE node IN (?)", batch); err != nil {
			return err
		}
	}
	for _, home := range n.homes {
		if _, err := rm.db.Exec(ctx, "DELETE FROM search_name WHERE space = ?", home); err != nil {
			return err
		}
		if err := rm.forget(ctx, home); err != nil {
			return err
		}
	}
	if len(n.at) == 0 {
		return nil
	}
	homes, err := rm.tree.Homes(ctx, rm.db, n.spaces)
	if err != nil {
		return err
	}
	if err := rm.begin(ctx, homes); err != nil {
		return err
	}
	ids := make([]int64, 0, len(n.at))
	for id, space := range n.at {
		if _, ok := homes[space]; ok {
			ids = append(ids, id)
		}
	}
	nodes, err := rm.tree.Some(ctx, rm.db, ids)
	if err != nil {
		return err
	}
	bySpace := map[int64][]item{}
	for id, node := range nodes {
		space := n.at[id]
		bySpace[space] = append(bySpace[space], itemOf(&node))
		if n.whole[id] && node.IsDir() {
			if err := rm.job.Add(ctx, rm.db, place{space, id}); err != nil {
				return err
			}
		}
	}
	made, err := rm.index.put(ctx, bySpace)
	if err == nil && made {
		err = rm.merge.Add(ctx, rm.db, struct{}{}, jobs.Unique("all"))
	}
	return err
}

// begin has homes built that are not.
func (rm *Room) begin(ctx context.Context, homes map[int64]string) error {
	if len(homes) == 0 {
		return nil
	}
	roots := slices.Collect(maps.Keys(homes))
	built, err := rm.index.built(ctx, roots)
	if err != nil {
		return err
	}
	for _, root := range roots {
		if built[root] {
			continue
		}
		if err := rm.job.Add(ctx, rm.db, place{root, root}, spaceKey(root)); err != nil {
			return err
		}
	}
	return nil
}

// tidy merges small blocks, and reads old ones anew to drop what is gone.
func (rm *Room) tidy(ctx context.Context) error {
	if err := rm.mergeSmall(ctx); err != nil {
		return err
	}
	return rm.recheck(ctx)
}

// mergeSmall makes full blocks of small ones, as long as a space has many.
func (rm *Room) mergeSmall(ctx context.Context) error {
	for {
		spaces, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT space FROM search_block WHERE entries < ? GROUP BY space HAVING COUNT(*) >= ?", blockMost/2, mergeLeast)
		if err != nil || len(spaces) == 0 {
			return err
		}
		for _, space := range spaces {
			ids, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT id FROM search_block WHERE space = ? AND entries < ? ORDER BY newest DESC, id LIMIT ?", space, blockMost/2, mergeMost)
			if err != nil {
				return err
			}
			if err := rm.renew(ctx, space, ids); err != nil {
				return err
			}
		}
	}
}

const (
	mergeLeast = 8
	mergeMost  = 16
	checkEvery = 7 * 24 * time.Hour
	checkMost  = 8 // blocks a run
)

// recheck renews the blocks that were not looked at for longest.
func (rm *Room) recheck(ctx context.Context) error {
	type row struct{ id, space int64 }
	scan := func(r db.Row) (v row, err error) { return v, r.Scan(&v.id, &v.space) }
	old, err := db.List(ctx, rm.db, scan, "SELECT id, space FROM search_block WHERE checked < ? ORDER BY checked, id LIMIT ?", rm.Now().Add(-checkEvery).Unix(), checkMost)
	if err != nil {
		return err
	}
	for _, b := range old {
		if err := rm.renew(ctx, b.space, []int64{b.id}); err != nil {
			return err
		}
	}
	return nil
}

// renew makes new blocks of some old ones, with what the tree says now.
func (rm *Room) renew(ctx context.Context, space int64, ids []int64) error {
	seen := map[int64]bool{}
	for body, err := range db.All(ctx, rm.db, db.Scan1[[]byte], "SELECT body FROM search_block WHERE id IN (?)", ids) {
		if err != nil {
			return err
		}
		if err := unpack(body, nil, func(it item) bool { seen[it.node] = true; return true }); err != nil {
			return err
		}
	}
	nodes := make([]int64, 0, len(seen))
	for id := range seen {
		nodes = append(nodes, id)
	}
	var run []item
	for batch := range slices.Chunk(nodes, 500) {
		there, err := rm.tree.Some(ctx, rm.db, batch)
		if err != nil {
			return err
		}
		for _, n := range there {
			run = append(run, itemOf(&n))
		}
	}
	slices.SortFunc(run, func(a, b item) int { return newest(hit{a.node, a.mtime}, hit{b.node, b.mtime}) })
	first, err := rm.db.IDs(ctx, int64(len(run)/blockMost+1))
	if err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		gone, err := tx.Exec(ctx, "DELETE FROM search_block WHERE id IN (?)", ids)
		if err != nil || gone == 0 { // the space was built anew meanwhile
			return err
		}
		i := int64(0)
		for part := range slices.Chunk(run, blockMost) {
			if err := insertBlock(ctx, tx, space, first+i, part); err != nil {
				return err
			}
			i++
		}
		if len(run) == 0 {
			return nil
		}
		_, err = tx.Exec(ctx, "UPDATE search_block SET checked = ? WHERE id >= ? AND id < ?", rm.Now().Unix(), first, first+i)
		return err
	})
}
