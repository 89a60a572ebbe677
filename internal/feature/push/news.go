package push

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/logs"
)

// news is what a batch of events comes to: small, and without an answer yet to
// who is concerned, since each node only cares for those who are connected to it.
type news struct {
	Mounts event.NoticesChanged `json:",omitzero"`  // accounts and groups in whose trees a mount came or went
	Files  []int64              `json:",omitempty"` // nodes that changed, and folders that hold them
	Stream event.ActivityGrew   `json:",omitzero"`
	Notes  event.NoticesChanged `json:",omitzero"`
}

// hear takes events from the bus.
func (rm *Room) hear(ctx context.Context, evs []bus.Event) error {
	single := rm.db.Dialect() == db.SQLite
	if single && rm.hub.empty() {
		return nil
	}
	n := gather(evs)
	if single {
		return rm.deliver(ctx, n)
	}
	return rm.pass(ctx, n)
}

func gather(evs []bus.Event) (n news) {
	files := map[int64]bool{}
	for _, ev := range evs {
		switch ev := ev.(type) {
		case event.FileWritten:
			files[ev.Node] = true
		case event.NodeMade:
			files[ev.Node] = true
		case event.NodeTouched:
			files[ev.Node] = true
		case event.NodeMoved:
			files[ev.Node], files[ev.OldParent] = true, true
		case event.NodeRemoved: // it has no place any more
			files[ev.Parent] = true
		case event.NoticesChanged:
			n.Notes.All = n.Notes.All || ev.All
			n.Notes.UIDs = append(n.Notes.UIDs, ev.UIDs...)
			n.Notes.Groups = append(n.Notes.Groups, ev.Groups...)
		case event.ShareMade:
			n.remounted(ev.Shared)
		case event.ShareChanged:
			n.remounted(ev.Shared)
		case event.ShareRemoved:
			n.remounted(ev.Shared)
		case event.ActivityGrew:
			n.Stream.Nodes = append(n.Stream.Nodes, ev.Nodes...)
			n.Stream.UIDs = append(n.Stream.UIDs, ev.UIDs...)
			n.Stream.Groups = append(n.Stream.Groups, ev.Groups...)
		}
	}
	delete(files, 0)
	n.Files = slices.Sorted(maps.Keys(files))
	return n
}

// remounted notes in whose trees a share hangs, or hung. Its owner and sharer see
// another icon.
func (n *news) remounted(s event.Shared) {
	n.Mounts.UIDs = append(n.Mounts.UIDs, s.Owner, s.Sharer)
	switch s.Kind {
	case 0:
		n.Mounts.UIDs = append(n.Mounts.UIDs, s.Recipient)
	case 1:
		n.Mounts.Groups = append(n.Mounts.Groups, s.Recipient)
	}
}

// deliver tells those who are connected here and concerned.
func (rm *Room) deliver(ctx context.Context, n news) error {
	if rm.hub.empty() {
		return nil
	}
	viewers, err := rm.tree.Viewers(ctx, slices.Concat(n.Files, n.Stream.Nodes)...)
	if err != nil {
		return err
	}
	if err := rm.deliverFiles(ctx, n.Files, viewers); err != nil {
		return err
	}
	rm.tellOf(n.Mounts, ofFiles)
	uids := map[string]bool{}
	for _, uid := range n.Stream.UIDs {
		uids[uid] = true
	}
	for _, id := range n.Stream.Nodes {
		for _, uid := range viewers[id] {
			uids[uid] = true
		}
	}
	rm.tellOf(event.NoticesChanged{UIDs: slices.Collect(maps.Keys(uids)), Groups: n.Stream.Groups}, ofActivities)
	rm.tellOf(n.Notes, ofNotifications)
	return nil
}

// tellOf tells some accounts and the members of some groups.
func (rm *Room) tellOf(c event.NoticesChanged, k kind) {
	to := map[*socket]bool{}
	switch {
	case c.All:
		for _, s := range rm.hub.all() {
			to[s] = true
		}
	case len(c.Groups) > 0:
		for _, s := range rm.hub.members(c.Groups) {
			to[s] = true
		}
		fallthrough
	default:
		for _, s := range rm.hub.of(c.UIDs) {
			to[s] = true
		}
	}
	tellAll(slices.Collect(maps.Keys(to)), k)
}

func tellAll(to []*socket, k kind) {
	for _, s := range to {
		if k != ofFiles || s.p.MaySeeFiles() {
			s.tell(k, nil, spread(len(to)))
		}
	}
}

// deliverFiles tells who sees some nodes of them and of all folders above: a
// client knows its own folders, and not yet what is new.
func (rm *Room) deliverFiles(ctx context.Context, nodes []int64, viewers map[int64][]string) error {
	seen := map[*socket][]int64{}
	for _, id := range nodes {
		for _, s := range rm.hub.of(viewers[id]) {
			if s.p.MaySeeFiles() {
				seen[s] = append(seen[s], id)
			}
		}
	}
	if len(seen) == 0 {
		return nil
	}
	chains, err := rm.tree.Chains(ctx, nodes...)
	if err != nil {
		return err
	}
	for s, mine := range seen {
		ids := map[int64]bool{}
		for _, id := range mine {
			for _, n := range chains[id] {
				ids[n.ID] = true
			}
		}
		if s.p.Narrow() && !slices.ContainsFunc(s.p.Scope.Folders, func(id int64) bool { return ids[id] }) {
			continue
		}
		s.tell(ofFiles, slices.Collect(maps.Keys(ids)), spread(len(seen)))
	}
	return nil
}

// keptFor is how long news stay in the table, for nodes that are slow.
const keptFor = 2 * time.Minute

// pass writes news for all nodes. The number is one more than the last: of two
// who draw the same one must wait until the other's row is committed, and then
// draws again, so that numbers appear in their order.
func (rm *Room) pass(ctx context.Context, n news) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	now := rm.Now()
	for {
		_, err := rm.db.Exec(ctx, "INSERT INTO push_news (seq, at, body) SELECT COALESCE(MAX(seq), 0) + 1, ?, ? FROM push_news",
			now.UnixMilli(), string(body))
		if errors.Is(err, fault.Exists) {
			continue
		}
		if err != nil {
			return err
		}
		break
	}
	select {
	case rm.place.wake <- struct{}{}:
	default:
	}
	return rm.tidy(ctx, now)
}

// tidy deletes old news, once in a while. The last stays, so that numbers go on.
func (rm *Room) tidy(ctx context.Context, now time.Time) error {
	rm.place.mu.Lock()
	due := now.Sub(rm.place.tidied) > keptFor/4
	if due {
		rm.place.tidied = now
	}
	rm.place.mu.Unlock()
	if !due {
		return nil
	}
	last, err := rm.last(ctx)
	if err == nil {
		_, err = rm.db.Exec(ctx, "DELETE FROM push_news WHERE seq < ? AND at < ?", last, now.Add(-keptFor).UnixMilli())
	}
	return err
}

func (rm *Room) last(ctx context.Context) (int64, error) {
	return db.One(ctx, rm.db, db.Scan1[int64], "SELECT COALESCE(MAX(seq), 0) FROM push_news")
}

// place is how far this node has read the news.
type place struct {
	wake   chan struct{}
	mu     sync.Mutex
	seq    int64
	known  bool // seq is where this node began
	tidied time.Time
}

// catchUp makes sure, before a client is let in, that the node reads all news
// from now on.
func (rm *Room) catchUp() error {
	if rm.db.Dialect() == db.SQLite {
		return nil
	}
	p := &rm.place
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known {
		return nil
	}
	seq, err := rm.last(context.Background())
	p.seq, p.known = seq, err == nil
	return err
}

// follow delivers the news of all nodes until ctx ends.
func (rm *Room) follow(ctx context.Context) {
	tick := time.NewTicker(rm.Follow)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-rm.place.wake:
		}
		if err := rm.read(ctx); err != nil && ctx.Err() == nil {
			rm.Log.WarnContext(ctx, "news wait", logs.Err, err)
		}
	}
}

type numbered struct {
	seq  int64
	body string
}

// read delivers what is new since the last time.
func (rm *Room) read(ctx context.Context) error {
	p := &rm.place
	p.mu.Lock()
	if p.known && rm.hub.empty() { // who comes next begins with what is there then
		p.known = false
	}
	seq, known := p.seq, p.known
	p.mu.Unlock()
	if !known {
		return nil
	}
	rows, err := db.List(ctx, rm.db, func(r db.Row) (n numbered, err error) { return n, r.Scan(&n.seq, &n.body) },
		"SELECT seq, body FROM push_news WHERE seq > ? ORDER BY seq LIMIT 100", seq)
	if err != nil {
		return err
	}
	for _, row := range rows {
		var n news
		if err := json.Unmarshal([]byte(row.body), &n); err != nil {
			return err
		}
		if err := rm.deliver(ctx, n); err != nil {
			return err
		}
		p.mu.Lock()
		p.seq = row.seq
		p.mu.Unlock()
	}
	return nil
}
