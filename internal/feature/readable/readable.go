// Package readable keeps every file under its own name on the local disk:
// <data>/users/<user>/files/… are hard links to the blobs, so that rsync,
// restic, du, find and people see files, and the files outlive this program.
//
// The tables are the truth; the tree follows them as a subscriber of the bus.
// An event only names spots to look at: whatever the tables say when it is
// handled, the disk is made to say too, so that events may come twice, late or
// in other company. Folders bear the id of their node in an extended attribute
// and files that of their content. So a folder found in a wrong place is known
// and moved where it belongs, in one rename however much is in it, and a file
// that somebody else put there is told from a link that is merely out of date.
// Such files are adopted: at once where the kernel tells of them, else by
// files:scan. Nothing that is not ours is ever removed or overwritten, and no
// symbolic link is followed.
//
// What cannot be done at once, since a folder above is not in its place yet, is
// left to a job that looks through that whole folder.
package readable

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/plug"
)

const (
	subscriber   = "readable"        // our name on the bus
	mirrorJob    = "readable.mirror" // looks through a folder
	joinJob      = "readable.join"   // makes one blob of a file
	settingsApp  = "readable"
	settingBuilt = "built" // set once the whole tree was made
)

// Room keeps the readable tree.
type Room struct {
	Log *slog.Logger
	Now func() time.Time
	// Quiet is how long a file must be left alone before it is adopted.
	Quiet time.Duration
	// Counters tell of references to contents that other rooms hold, for verify.
	Counters []content.Counter
	// Admin is the account that a rebuilt instance is administered with, and Store
	// makes the store that another database began that of this one.
	Admin string
	Store func(ctx context.Context) error

	place    shelf.Place
	db       *db.DB
	tree     *tree.Tree
	content  *content.Store
	files    *files.Service
	people   *identity.Directory
	settings *settings.Store
	bus      *bus.Bus
	queue    *jobs.Queue
	mirror   *jobs.Kind[later]
	join     *jobs.Kind[later]

	opening sync.Mutex
	opened  atomic.Pointer[shelf.Shelf]
	watch   atomic.Pointer[watch] // nil where nobody watches: in commands
	cannot  atomic.Pointer[error] // why there is no tree here
}

// later is the parameter of our jobs: the node to be looked at.
type later struct{ Node int64 }

// New returns the room. It touches nothing.
func New(p shelf.Place, d *db.DB, t *tree.Tree, c *content.Store, f *files.Service, people *identity.Directory, s *settings.Store) *Room {
	return &Room{Log: slog.Default(), Now: time.Now, Quiet: time.Second, Admin: "admin",
		place: p, db: d, tree: t, content: c, files: f, people: people, settings: s}
}

// Plug implements plug.Room.
func (r *Room) Plug(b *plug.Board) {
	r.bus, r.queue = b.Bus, b.Jobs
	b.Bus.OnMixed(subscriber, r.follow, bus.Of[event.FileWritten](), bus.Of[event.NodeMade](), bus.Of[event.NodeMoved](),
		bus.Of[event.NodeTouched](), bus.Of[event.NodeRemoved]())
	r.mirror = jobs.Define(b.Jobs, mirrorJob, func(ctx context.Context, l later) error { return r.mend(ctx, l.Node) })
	r.join = jobs.Define(b.Jobs, joinJob, func(ctx context.Context, l later) error { return r.makeWhole(ctx, l.Node) })
	for _, c := range r.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

// Close lets go of the folders.
func (r *Room) Close() error {
	if s := r.opened.Swap(nil); s != nil {
		s.Close()
	}
	return nil
}

// disk opens the tree once the store is there: shelf.ErrCannot where the disk is not
// made for it, fault.Unavailable while it is not there.
func (r *Room) disk(ctx context.Context) (*shelf.Shelf, error) {
	if err := r.files.Alive(ctx); err != nil {
		return nil, err
	}
	if s := r.opened.Load(); s != nil {
		return s, nil
	}
	if err := r.cannot.Load(); err != nil {
		return nil, *err
	}
	r.opening.Lock()
	defer r.opening.Unlock()
	if s := r.opened.Load(); s != nil {
		return s, nil
	}
	s, err := shelf.Open(r.place)
	if errors.Is(err, shelf.ErrCannot) {
		r.cannot.Store(&err)
	}
	if err != nil {
		return nil, shelf.Broken(err)
	}
	r.opened.Store(s)
	return s, nil
}

// follow is told what happened to the tables.
func (r *Room) follow(ctx context.Context, evs []bus.Event) error {
	s, err := r.disk(ctx)
	if errors.Is(err, shelf.ErrCannot) {
		return nil
	}
	if err != nil {
		return err
	}
	release, err := s.Hold()
	if err != nil {
		return shelf.Broken(err)
	}
	defer release()
	v := r.visit(s)
	defer v.close()
	a := newAsks()
	for _, ev := range evs {
		a.add(ev)
	}
	if err := v.settle(ctx, a); err != nil {
		return shelf.Broken(err)
	}
	return v.leave(ctx)
}

// asks are the spots to look at, each once, in the order of their last mention.
type asks struct {
	spots []spot
	at    map[spot]int64 // the node that an event saw there last, 0 for none
	nodes map[int64]bool
	plain map[spot]bool  // only files were seen there
	empty map[int64]bool // folders that began empty: of all that is in them now events tell
}

func newAsks() *asks {
	return &asks{nodes: map[int64]bool{}, at: map[spot]int64{}, plain: map[spot]bool{}, empty: map[int64]bool{}}
}

// spot is a name in a folder. Of a home, the folder is 0 and the name that of
// its owner.
type spot struct {
	parent int64
	name   string
}

func (a *asks) see(parent int64, name string, node int64) {
	s := spot{parent, name}
	if _, known := a.at[s]; !known {
		a.spots = append(a.spots, s)
	}
	a.at[s], a.plain[s] = node, false
	if node != 0 {
		a.nodes[node] = true
	}
}

func (a *asks) add(ev bus.Event) {
	switch ev := ev.(type) {
	case event.FileWritten:
		_, known := a.at[spot{ev.Parent, ev.Name}]
		a.see(ev.Parent, ev.Name, ev.Node)
		a.plain[spot{ev.Parent, ev.Name}] = !known
	case event.NodeTouched:
		a.see(ev.Parent, ev.Name, ev.Node)
	case event.NodeMade:
		a.see(ev.Parent, ev.Name, ev.Node)
		a.empty[ev.Node] = !ev.Copied
	case event.NodeMoved:
		a.see(ev.OldParent, ev.OldName, 0)
		a.see(ev.Parent, ev.Name, ev.Node)
	case event.NodeRemoved:
		a.see(ev.Parent, ev.Name, 0)
	}
}

// leave has jobs do what the visit could not.
func (v *visit) leave(ctx context.Context) error {
	if err := v.learn(ctx, slices.Sorted(maps.Keys(v.todo))...); err != nil {
		return err
	}
	for node := range v.todo {
		if slices.ContainsFunc(v.chains[node], func(n tree.Node) bool { return n.ID != node && v.todo[n.ID] }) {
			continue // looked through with the folder above
		}
		if err := v.r.lookThrough(ctx, node); err != nil {
			return err
		}
	}
	for node := range v.parts {
		if err := v.r.join.Add(ctx, v.r.db, later{node}, jobs.Unique(joinKey(node))); err != nil {
			return err
		}
	}
	return nil
}

// lookThrough has a job look through a folder.
func (r *Room) lookThrough(ctx context.Context, node int64) error {
	return r.mirror.Add(ctx, r.db, later{node}, jobs.After(settleFor), jobs.Unique(strconv.FormatInt(node, 10)))
}

func joinKey(node int64) string { return strconv.FormatInt(node, 10) }

// settleFor is how long a folder that is not in its place is given to get there
// by the events that are under way.
const settleFor = time.Second

// makeWhole makes one blob of a file that was uploaded in pieces, and links it.
func (r *Room) makeWhole(ctx context.Context, node int64) error {
	ns, err := r.tree.Some(ctx, r.db, []int64{node})
	if err != nil {
		return err
	}
	n, ok := ns[node]
	if !ok || n.IsDir() {
		return nil
	}
	if _, err := r.content.Compact(ctx, n.Content); err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return r.mend(ctx, node)
}
