// Package push tells clients at once that there is something new, over a websocket
// on the port of the server: files, the activity stream, notifications. It sends
// no contents, only that it is worth to look. The protocol is that of
// Nextcloud's app notify_push (client-api 10.2). It does not know who sees what:
// it asks.
//
// What happened comes from the bus, on whichever node the subscriber runs. On
// PostgreSQL and MariaDB, where there may be several nodes, it goes on through
// the table push_news: its rows are numbered without a gap in the order of their
// commits, so each node follows by number and misses none. On SQLite, which means
// one node, it goes straight to the sockets.
//
// A socket costs one goroutine that waits to read, and no timer while nothing is
// to be sent, so that ten thousand of them fit where little memory is.
package push

import (
	"context"
	"embed"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"atrium/internal/base/fault"
	"atrium/internal/base/switches"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/logs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table push_news.
var Schema = db.Schema{Room: "push", Files: schema}

// Tree tells who is concerned by what happens to files.
type Tree interface {
	Viewers(ctx context.Context, ids ...int64) (map[int64][]string, error)
	Chains(ctx context.Context, ids ...int64) (map[int64][]tree.Node, error)
}

// Room holds the sockets of one node. The fields may be set before Run.
type Room struct {
	Now    func() time.Time
	Log    *slog.Logger
	Calm   time.Duration // least time between two messages of one kind to a socket, more or less
	Login  time.Duration // how long a client may take to sign in
	Look   time.Duration // how often credentials are looked at
	Beat   time.Duration // how often a socket is pinged
	Answer time.Duration // how long a client may take for a pong, or to take a message
	Follow time.Duration // how often the news of other nodes are looked for

	db     *db.DB
	people *identity.Directory
	tree   Tree
	box    *seal.Box
	hub    hub
	place  place
	part   switches.Part
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, people *identity.Directory, t Tree, box *seal.Box) *Room {
	return &Room{Now: time.Now, Log: slog.Default(), Calm: time.Second, Login: 15 * time.Second, Look: time.Second / 2,
		Beat: 30 * time.Second, Answer: 20 * time.Second, Follow: time.Second / 5,
		db: d, people: people, tree: t, box: box,
		hub: hub{byUser: map[string]map[*socket]bool{}, guests: map[*socket]bool{}}, place: place{wake: make(chan struct{}, 1)}}
}

// The addresses of the protocol.
const (
	socketPath  = "/push/ws"
	preAuthPath = "/index.php/apps/notify_push/pre_auth"
)

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.part = b.Web.Switches.Part()
	b.Caps.Add("notify_push", caps)
	b.Web.Handle("GET", socketPath, web.Anyone, rm.arrive)
	b.Web.Handle("POST", preAuthPath, web.User, rm.preAuth, web.In(who.SelfRoom))
	b.Bus.OnMixed("push", rm.hear, bus.Of[event.FileWritten](), bus.Of[event.NodeMade](), bus.Of[event.NodeMoved](),
		bus.Of[event.NodeTouched](), bus.Of[event.NodeRemoved](), bus.Of[event.NoticesChanged](), bus.Of[event.ActivityGrew](),
		bus.Of[event.ShareMade](), bus.Of[event.ShareChanged](), bus.Of[event.ShareRemoved]())
}

// caps is the section of the capabilities (client-api 1.1).
func caps(_ context.Context, r *http.Request) any {
	type endpoints struct {
		Websocket string `json:"websocket"`
		PreAuth   string `json:"pre_auth"`
	}
	base := web.VisitOf(r.Context()).Base()
	return struct {
		Type      []string  `json:"type"`
		Endpoints endpoints `json:"endpoints"`
	}{kindNames[:], endpoints{"ws" + strings.TrimPrefix(base, "http") + socketPath, base + preAuthPath}}
}

// Run looks after the sockets until ctx ends, closes them, and returns when all
// are gone.
func (rm *Room) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { rm.each(ctx, rm.Look, rm.look) })
	wg.Go(func() { rm.each(ctx, rm.Beat/beatSlices, rm.beat) })
	if rm.db.Dialect() != db.SQLite {
		wg.Go(func() { rm.follow(ctx) })
	}
	<-ctx.Done()
	for _, s := range rm.hub.close() {
		rm.hub.run(func() { s.end("", websocket.StatusGoingAway) }) // clients come again
	}
	wg.Wait()
	rm.hub.wait()
	return nil
}

// each calls f again and again until ctx ends.
func (rm *Room) each(ctx context.Context, every time.Duration, f func(ctx context.Context) error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := f(ctx); err != nil && ctx.Err() == nil {
			rm.Log.WarnContext(ctx, "push waits", logs.Err, err)
		}
	}
}

// look ends the sockets of credentials that were revoked, and all while the room is
// switched off. A database that does
// not answer ends none.
func (rm *Room) look(ctx context.Context) error {
	if rm.part.Off() {
		for _, s := range rm.hub.all() {
			rm.hub.run(func() { s.end("", websocket.StatusGoingAway) })
		}
		return nil
	}
	of := map[*who.Principal][]*socket{} // one client opens several with one credential
	for _, s := range rm.hub.all() {
		of[s.p] = append(of[s.p], s)
	}
	ended, err := rm.people.Ended(ctx, slices.Collect(maps.Keys(of)))
	if err != nil {
		return err
	}
	for _, p := range ended {
		for _, s := range of[p] {
			rm.hub.remove(s)
			rm.hub.run(func() { s.end("err: Invalid credentials", websocket.StatusPolicyViolation) })
		}
	}
	return nil
}

// beatSlices is in how many parts the sockets are pinged, so that not all are at
// once.
const beatSlices = 30

// beat pings every thirtieth socket. Who does not answer is gone.
func (rm *Room) beat(context.Context) error {
	for _, s := range rm.hub.nextSlice() {
		rm.hub.run(func() { s.ping(rm.Answer) })
	}
	return nil
}

var errClosing = fault.New(fault.Unavailable, "The server is shutting down.")
