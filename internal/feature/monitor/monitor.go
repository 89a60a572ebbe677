// Package monitor tells how busy the server is: to programs that watch servers,
// as Nextcloud's app serverinfo does, and to administrators, as samples for
// charts. Each node samples itself once a minute and keeps a day of that in
// memory, which is about 80 KB; after a restart it begins anew.
package monitor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/infra/machine"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Tally is how many shares there are of a kind, in the numbers of the OCS share
// API, with the same permissions.
type Tally struct {
	Kind, Perms int64
	Locked      bool // by a password
	N           int64
}

// Site is what is watched.
type Site struct {
	Version string // that clients of Nextcloud are told, such as "32.0.1.2"
	Server  string // our own name and version
	Data    string // the folder with the data
}

// Room watches the server. Requests and Shares are set before Run.
type Room struct {
	Now func() time.Time
	Log *slog.Logger
	// Requests tells how many requests this process has answered, and how many of
	// these it failed to serve.
	Requests func() (answered, failed int64)
	// Shares counts all shares, ordered by permissions and kinds.
	Shares func(ctx context.Context) ([]Tally, error)

	db       *db.DB
	people   *identity.Directory
	tree     *tree.Tree
	settings *settings.Store
	site     Site
	started  time.Time

	mu   sync.Mutex
	last mark
	kept ring
}

// New returns the room.
func New(d *db.DB, people *identity.Directory, t *tree.Tree, s *settings.Store, site Site) *Room {
	return &Room{Now: time.Now, Log: slog.Default(), db: d, people: people, tree: t, settings: s, site: site, started: time.Now()}
}

// room is the part of the server that the endpoint belongs to, to which the
// token of a program that watches may be limited. It is that of /metrics.
const room = "monitor"

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	right := web.Right("monitor")
	ocs.Handle(b.OCS, "GET /apps/serverinfo/api/v1/info", web.Public, rm.info, web.In(room), right, web.PerMinute(60))
	ocs.Handle(b.OCS, "GET /apps/administration/api/v1/samples", web.Admin, rm.samples, right)
}

// every is the time between samples.
const every = time.Minute

// Run samples until ctx ends.
func (rm *Room) Run(ctx context.Context) error {
	if err := rm.begin(); err != nil { // such as where there is no /proc; all else works
		rm.Log.Warn("how busy the server is cannot be told", "error", err)
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := rm.note(ctx); err != nil && ctx.Err() == nil {
			rm.Log.Warn("a sample of how busy the server is could not be taken", "error", err)
		}
	}
}

// begin sets the mark from which the first sample counts.
func (rm *Room) begin() error {
	first, err := rm.look()
	rm.mu.Lock()
	defer rm.mu.Unlock()
	rm.last = first
	return err
}

// mark is what only grows, at one moment: samples are differences of two.
type mark struct {
	machine.Reading
	answered, failed int64
}

func (rm *Room) look() (m mark, err error) {
	if m.Reading, err = machine.Read(); err != nil {
		return m, err
	}
	m.answered, m.failed = rm.Requests()
	return m, nil
}

// note keeps a sample of the time since the last.
func (rm *Room) note(ctx context.Context) error {
	now, err := rm.look()
	if err != nil {
		return err
	}
	s, err := rm.sample(ctx, now)
	if err != nil {
		return err
	}
	rm.mu.Lock()
	defer rm.mu.Unlock()
	rm.kept.add(s)
	rm.last = now
	return nil
}
