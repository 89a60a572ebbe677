// Package api speaks the OCS share API and writes the properties of shared files over
// DAV, as clients of Nextcloud know them (32-sharing). It keeps nothing: what is
// shared with whom is the room shares'.
package api

import (
	"context"
	"net/http"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Room answers clients about shares. Its fields are set at start only; each may be
// nil.
type Room struct {
	// Presence tells what people show of themselves, by id.
	Presence func(ctx context.Context, uids []string) (map[string]any, error)
	// Previews tells whether there are previews of files of a media type.
	Previews func(mediaType string) bool
	// Favorites tells which nodes somebody likes best.
	Favorites func(ctx context.Context, uid string) (map[int64]bool, error)
	// Send writes a mail about a share to its recipient; password is given if it is to
	// be told.
	Send func(ctx context.Context, s shares.Share, password string) error

	shares *shares.Room
	files  *files.Service
	dir    *identity.Directory
}

// New returns the room.
func New(s *shares.Room, f *files.Service, dir *identity.Directory) *Room {
	return &Room{shares: s, files: f, dir: dir}
}

// Plug implements plug.Room, with what the room shares plugs in.
func (rm *Room) Plug(b *plug.Board) {
	rm.shares.Plug(b)
	rm.plugPages(b.Web)
	rm.plugLimits(b)
	b.DAV.Props("files", props{rm})
	const root = "/apps/files_sharing/api/v1/"
	handle := func(pattern string, f ocs.Endpoint, opts ...web.Option) {
		method, path, _ := cutMethod(pattern)
		opts = append(opts, web.In(who.FilesRoom))
		if method != http.MethodGet {
			opts = append(opts, web.Shares())
		}
		ocs.Handle(b.OCS, method+" "+root+path, web.User, f, opts...)
	}
	handle("GET shares", rm.list)
	handle("POST shares", rm.create, web.PerMinute(120))
	handle("GET shares/inherited", rm.inherited)
	handle("GET shares/pending", rm.pending)
	handle("POST shares/pending/{id}", rm.accept)
	handle("DELETE shares/pending/{id}", rm.decline)
	handle("GET shares/{id}", rm.get)
	handle("PUT shares/{id}", rm.update)
	handle("DELETE shares/{id}", rm.remove)
	handle("POST shares/{id}/send-email", rm.send, web.PerMinute(20))
	handle("GET deletedshares", rm.deleted)
	handle("POST deletedshares/{id}", rm.restore)
	handle("GET token", rm.token)
	handle("GET remote_shares", none)
	handle("GET remote_shares/pending", none)
	handle("GET remote_shares/{id}", noRemote("share does not exist"))
	handle("DELETE remote_shares/{id}", noRemote("Share does not exist"))
	handle("POST remote_shares/pending/{id}", noRemote("wrong share ID, share does not exist."))
	handle("DELETE remote_shares/pending/{id}", noRemote("wrong share ID, share does not exist."))
	b.Caps.Add("files_sharing", rm.caps)
	ocs.Handle(b.OCS, "GET /apps/atrium/api/v1/access/{fileid}", web.User, rm.access, web.In(who.FilesRoom))
	b.CLI.Add("files:access", rm.command())
	b.CLI.Add("share:list", rm.listing())
}
