// Package admin is the room of the commands that belong to no other room:
// accounts, groups, settings, and what the server knows of itself and of the
// machine it runs on. Names and output are those that scripts for Nextcloud's
// occ rely on. It keeps nothing.
package admin

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
)

// Site is what the process knows of itself.
type Site struct {
	Version string      // of this program
	Speaks  string      // the Nextcloud version whose protocols we speak, such as "32.0.1"
	Source  conf.Source // where the configuration comes from
	Config  conf.Config
	// Open opens what commands look at that also work without a database. A site
	// that was never begun is fault.NotFound.
	Open func(ctx context.Context) (*Ground, error)
	// Here is what a server that runs stands on, but for People and Close.
	Here Ground
}

// Ground is what an instance stands on.
type Ground struct {
	DB     *db.DB
	Store  blob.Driver
	People *identity.Directory
	Close  func() error
}

// Room is the room of the commands.
type Room struct {
	people   *identity.Directory
	files    *files.Service
	settings *settings.Store
	jobs     *jobs.Queue
	site     Site
	looks    *plug.Sockets[plug.Look]
}

// New returns the room.
func New(people *identity.Directory, f *files.Service, s *settings.Store, q *jobs.Queue, site Site) *Room {
	return &Room{people: people, files: f, settings: s, jobs: q, site: site}
}

// Plug implements plug.Room.
func (r *Room) Plug(b *plug.Board) {
	r.looks = &b.Health
	r.serve(b.OCS)
	for _, c := range slices.Concat(r.about(), r.users(), r.userStates(), r.userSettings(), r.tokens(), r.bruteForce(), r.groups(), r.members(),
		r.systemConfig(), r.appConfig(), r.wholeConfig(), r.backgroundJobs(), needless(), []*cobra.Command{r.doctor()}) {
		b.CLI.Add(c.Name(), c)
	}
}

// flagged tells whether a flag without a value was given.
func flagged(cmd *cobra.Command, name string) bool {
	on, err := cmd.Flags().GetBool(name)
	return err == nil && on
}

// text is the value of a flag, "" when it was not given.
func text(cmd *cobra.Command, name string) string { return cmd.Flag(name).Value.String() }

// pageFlags adds --limit and --offset.
func pageFlags(cmd *cobra.Command) {
	cmd.Flags().IntP("limit", "l", 0, "Greatest number; 0 for all")
	cmd.Flags().IntP("offset", "o", 0, "Number to leave out at the start")
}

func page(cmd *cobra.Command) (limit, offset int, err error) {
	if limit, err = cmd.Flags().GetInt("limit"); err != nil {
		return 0, 0, err
	}
	if offset, err = cmd.Flags().GetInt("offset"); err != nil {
		return 0, 0, err
	}
	if limit < 0 || offset < 0 {
		return 0, 0, cli.Usage("--limit and --offset must not be negative")
	}
	return limit, offset, nil
}
