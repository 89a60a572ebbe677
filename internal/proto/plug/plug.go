// Package plug is how a room plugs into the house: a Board of sockets, handed
// to each room's Plug once at start. The Board has no behaviour and is never
// kept: every socket is a registry of the package that uses it.
package plug

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/spf13/cobra"

	"atrium/internal/base/switches"
	"atrium/internal/core/files"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// Board is what rooms plug into.
type Board struct {
	Web  *web.Mux             // plain routes
	OCS  *ocs.Mux             // OCS endpoints
	DAV  *dav.Mux             // collections and their properties
	Hook *files.Hooks         // mounts, guards, keepers
	Bus  *bus.Bus             // facts that others told
	Jobs *jobs.Queue          // work for later, and schedules
	Auth *[]web.Authenticator // ways in, asked in this order

	// Caps are sections of the capabilities document for everybody who is signed
	// in. A function returns a struct that encodes to JSON, or nil to leave its
	// section out for this caller, who is in the context (who.From). A name such as
	// "files.locking" adds a key to the section of another room.
	Caps Sockets[func(ctx context.Context, r *http.Request) any]
	// PublicCaps are the sections that those see too who are not signed in.
	PublicCaps Sockets[func(ctx context.Context, r *http.Request) any]
	// CLI is the admin commands, by name, such as "user:add".
	CLI Sockets[*cobra.Command]
	// Filters are conditions on files that reports and searches may set, by the local
	// name of their element: "systemtag". A function returns the nodes that meet one
	// with a value, whether or not the caller, who is in the context, sees them.
	Filters Sockets[func(ctx context.Context, value string) (map[int64]bool, error)]
	// Search is the providers of the unified search, by id.
	Search Sockets[Searcher]
	// Settings are what administrators may change while the server runs, by room.
	Settings Sockets[[]Setting]
	// Letters are the mails that rooms send, by room and name: "share.password".
	Letters Sockets[Letter]
	// Health looks at parts of the running server, by what they are called.
	Health Sockets[Look]
	// Checks tell whether a part the server depends on works.
	Checks Sockets[func(ctx context.Context) error]
}

// Room is a part of the house. Its dependencies are parameters of its New.
type Room interface{ Plug(b *Board) }

// Sockets is a registry of named things, in the order they were added.
type Sockets[T any] struct {
	// Switches, if set, tells which part adds a thing; those of parts that are
	// switched off are not there.
	Switches *switches.Set

	names  []string
	things []T
	parts  []switches.Part
}

// Add plugs a thing in. A name used twice panics: it is a mistake in the program.
func (s *Sockets[T]) Add(name string, thing T) {
	for _, n := range s.names {
		if n == name {
			panic(fmt.Sprintf("plug: %q is plugged in twice", name))
		}
	}
	s.names, s.things, s.parts = append(s.names, name), append(s.things, thing), append(s.parts, s.Switches.Part())
}

// All yields what was added and is switched on.
func (s *Sockets[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for i, n := range s.names {
			if !s.parts[i].Off() && !yield(n, s.things[i]) {
				return
			}
		}
	}
}
