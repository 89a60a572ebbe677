package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// settleEvery is how long a folder's etag may lag behind for those who watch it
// from outside a request.
const settleEvery = 2 * time.Second

// schedule plans the work that one node does for all.
func (h *house) schedule() {
	h.jobs.Every("@every 20s", "files.purge", h.clear)
	h.jobs.Every("@every 1m", "content.compact", h.compact)
	h.jobs.Every("daily 03:10", "content.orphans", func(ctx context.Context) error {
		_, err := h.content.Orphans(ctx)
		return err
	})
}

// run does the background work of this process until ctx ends.
func (h *house) run(ctx context.Context, g *errgroup.Group) {
	g.Go(func() error { return h.people.Run(ctx) })
	g.Go(func() error { h.bus.Run(ctx); return nil })
	g.Go(func() error { h.jobs.Run(ctx); return nil })
	g.Go(func() error { return h.follow(ctx) })
	g.Go(func() error { return h.settle(ctx) })
	g.Go(func() error { return h.readable.Run(ctx) })
	g.Go(func() error { return h.push.Run(ctx) })
	g.Go(func() error { return h.monitor.Run(ctx) })
}

func (h *house) settle(ctx context.Context) error {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := h.files.SettleAll(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("settling went wrong and is tried again", "error", err)
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
