// Package usage tells people what their storage is used for: how much pictures,
// films, documents and the rest take, and the trash and former versions besides.
// It keeps nothing and counts when somebody asks.
package usage

import (
	"context"
	"errors"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Room counts.
type Room struct {
	// Versions tells how much the former versions of an account's files hold. It is
	// set before Plug.
	Versions func(ctx context.Context, uid string) (int64, error)

	db    *db.DB
	tree  *tree.Tree
	files *files.Service
}

// New returns the room.
func New(d *db.DB, t *tree.Tree, f *files.Service) *Room { return &Room{db: d, tree: t, files: f} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	ocs.Handle(b.OCS, "GET /apps/atrium/api/v1/usage", web.User, rm.usage, web.In(who.FilesRoom), web.PerMinute(10)) // each walks the home
}

// The sorts of files, in the order in which they are told.
var sorts = [...]string{"pictures", "videos", "audio", "documents", "archives", "other"}

// sortOf is what people take a media type for.
func sortOf(media string) string {
	first, rest, _ := strings.Cut(media, "/")
	switch first {
	case "image":
		return "pictures"
	case "video":
		return "videos"
	case "audio":
		return "audio"
	case "text":
		return "documents"
	}
	for _, part := range []string{"pdf", "opendocument", "officedocument", "msword", "ms-excel", "ms-powerpoint", "rtf", "epub", "json", "xml"} {
		if strings.Contains(rest, part) {
			return "documents"
		}
	}
	for _, part := range []string{"zip", "tar", "compressed", "rar", "7z", "bzip", "xz", "zstd"} {
		if strings.Contains(rest, part) {
			return "archives"
		}
	}
	return "other"
}

// part is what one sort of files takes.
type part struct {
	Sort  string `json:"sort"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
}

type answer struct {
	Used     int64  `json:"used"`
	Total    int64  `json:"total"` // less than 0: no limit
	Sorts    []part `json:"sorts"`
	Trash    int64  `json:"trash"`
	Versions int64  `json:"versions"`
}

func (rm *Room) usage(ctx context.Context, r *ocs.Request) (any, error) {
	uid := r.Caller().ID
	var a answer
	var err error
	if a.Used, a.Total, err = rm.files.Usage(ctx, uid); err != nil {
		return nil, err
	}
	home, err := rm.tree.SpaceOf(ctx, rm.db, tree.Home, uid)
	if err != nil {
		return nil, err
	}
	amounts, err := rm.tree.Amounts(ctx, home.Root)
	if err != nil {
		return nil, err
	}
	sums := map[string]tree.Amount{}
	for media, n := range amounts {
		s := sums[sortOf(media)]
		sums[sortOf(media)] = tree.Amount{Files: s.Files + n.Files, Bytes: s.Bytes + n.Bytes}
	}
	for _, s := range sorts {
		a.Sorts = append(a.Sorts, part{s, sums[s].Files, sums[s].Bytes})
	}
	if a.Versions, err = rm.Versions(ctx, uid); err != nil {
		return nil, err
	}
	bin, err := rm.tree.SpaceOf(ctx, rm.db, tree.Trash, uid)
	if errors.Is(err, fault.NotFound) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	a.Trash, err = rm.tree.Used(ctx, rm.db, bin.Root)
	return a, err
}
