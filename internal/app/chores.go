package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// chore is something to be done again and again.
type chore struct {
	name  string
	every time.Duration
	do    func(ctx context.Context) error
}

// chores start the background work of this process. Each can run on several
// nodes at once and be cut off at any point.
func (h *house) chores(ctx context.Context, g *errgroup.Group, rs *rooms) {
	g.Go(func() error { return h.people.Run(ctx) })
	g.Go(func() error { h.bus.Run(ctx); return nil })
	for _, c := range []chore{
		{"settle", 2 * time.Second, h.files.SettleAll},
		{"purge", 20 * time.Second, h.clear},
		{"compact", time.Minute, h.compact},
		{"expire uploads", 10 * time.Minute, rs.files.ExpireUploads},
		{"expire locks", time.Minute, rs.files.ExpireLocks},
		{"orphans", 24 * time.Hour, func(ctx context.Context) error { _, err := h.content.Orphans(ctx); return err }},
	} {
		g.Go(func() error { return h.repeat(ctx, c) })
	}
}

func (h *house) repeat(ctx context.Context, c chore) error {
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := c.do(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("a chore went wrong and is tried again", "chore", c.name, "error", err)
		}
	}
}

// clear removes for good what was deleted.
func (h *house) clear(ctx context.Context) error {
	if err := h.files.Purge(ctx); err != nil {
		return err
	}
	_, err := h.content.Sweep(ctx)
	return err
}

// compactBatch is how many joined files one round makes whole.
const compactBatch = 20

// compact makes single blobs of files that were uploaded in chunks.
func (h *house) compact(ctx context.Context) error {
	ids, err := h.content.Joined(ctx, compactBatch)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := h.content.Compact(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
