package api

import (
	"context"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// plugLimits registers the limits of downloads of links (client-api §7,
// 32-sharing/194 to 201).
func (rm *Room) plugLimits(b *plug.Board) {
	const path = "/apps/files_downloadlimit/api/v1/{token}/limit"
	in := web.In(who.FilesRoom)
	ocs.Handle(b.OCS, "GET "+path, web.User, rm.limit, in)
	ocs.Handle(b.OCS, "PUT "+path, web.User, rm.setLimit, in, web.Shares())
	ocs.Handle(b.OCS, "DELETE "+path, web.User, rm.unlimited, in, web.Shares())
	b.Caps.Add("downloadlimit", limits)
}

func (rm *Room) limit(ctx context.Context, r *ocs.Request) (any, error) {
	s, err := rm.shares.Limited(ctx, r.Caller(), r.Path("token"))
	if err != nil {
		return nil, err
	}
	if s.MaxDownloads == 0 {
		return object{{"limit", nil}, {"count", nil}}, nil
	}
	return object{{"limit", s.MaxDownloads}, {"count", s.Downloads}}, nil
}

func (rm *Room) setLimit(ctx context.Context, r *ocs.Request) (any, error) {
	n, err := r.Int("limit", 0)
	if err == nil && n < 1 {
		err = fault.New(fault.Invalid, "Limit needs to be greater or equal than 1")
	}
	if err != nil {
		return nil, err
	}
	return []any{}, rm.shares.Limit(ctx, r.Caller(), r.Path("token"), n)
}

func (rm *Room) unlimited(ctx context.Context, r *ocs.Request) (any, error) {
	return []any{}, rm.shares.Limit(ctx, r.Caller(), r.Path("token"), 0)
}
