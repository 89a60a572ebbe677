// Package search answers the unified search of the clients: it lists the
// providers that rooms plug in, and is itself those of files by name and of
// accounts. It keeps an index of the names of all files, since no folder tells
// what lies deep below it. The calls are those of Nextcloud 32 (30-core/117 to
// 132, client-api §6).
//
// The index only tells where to look: a find is held to the tree and to what the
// asker may see at that moment, so an index that lags never shows what it should
// not. It does not know what is in files.
package search

import (
	"context"
	"embed"
	"strconv"
	"time"

	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables search_name, search_block and search_space.
var Schema = db.Schema{Room: "search", Files: schema}

// Room answers searches.
type Room struct {
	Now func() time.Time
	// Favorites tells the ids of what somebody marked so; nil: nobody can.
	Favorites func(ctx context.Context, uid string) (map[int64]bool, error)

	db     *db.DB
	tree   *tree.Tree
	files  *files.Service
	people *identity.Directory
	index  index
	job    *jobs.Kind[place]
	merge  *jobs.Kind[struct{}]
	all    *plug.Sockets[plug.Searcher] // the registry, whoever plugs in later
	rules  *plug.Sockets[func(ctx context.Context, value string) (map[int64]bool, error)]
}

// New returns the room. It touches nothing.
func New(d *db.DB, t *tree.Tree, f *files.Service, people *identity.Directory) *Room {
	return &Room{Now: time.Now, db: d, tree: t, files: f, people: people, index: index{d}}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.all, rm.rules = &b.Search, &b.Filters
	b.Search.Add("files", names{rm})
	b.Search.Add("users", accounts{rm})
	b.Bus.OnMixed("search", rm.follow, bus.Of[event.FileWritten](), bus.Of[event.NodeMade](), bus.Of[event.NodeMoved](),
		bus.Of[event.NodeTouched](), bus.Of[event.NodeRemoved]())
	rm.job = jobs.Define(b.Jobs, "search.read", rm.build)
	rm.merge = jobs.Define(b.Jobs, "search.merge", func(ctx context.Context, _ struct{}) error { return rm.mergeSmall(ctx) })
	b.Jobs.Every("@every 1h", "search.tidy", rm.catchUp)
	ocs.Handle(b.OCS, "GET /search/providers", web.User, rm.list)
	ocs.Handle(b.OCS, "GET /search/providers/{id}/search", web.User, rm.search)
	b.CLI.Add("search:index", rm.command())
}

// spaceKey is what a job on a space is known by, so that it waits only once.
func spaceKey(space int64) jobs.Option { return jobs.Unique(strconv.FormatInt(space, 10)) }
