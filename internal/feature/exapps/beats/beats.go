// Package beats asks enabled external apps each minute whether they run, keeps how often
// in a row one has not answered, and tells administrators of those that are gone. It
// disables none: an app that comes back is used again at once.
package beats

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"atrium/internal/base/tongue"
	"atrium/internal/feature/exapps"
	"atrium/internal/proto/plug"
)

const (
	every    = "@every 1m"
	atOnce   = 8               // apps that are asked at the same time
	patience = 5 * time.Second // for an answer
	counted  = 99              // misses are counted up to here
)

// Room is the heartbeats.
type Room struct{ apps *exapps.Room }

// New returns the room.
func New(apps *exapps.Room) *Room { return &Room{apps} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Jobs.Every(every, "exapps.beat", rm.look)
	b.Health.Add("external apps", rm.health)
}

// look asks all enabled apps.
func (rm *Room) look(ctx context.Context) error {
	all, err := rm.apps.Apps(ctx)
	if err != nil {
		return err
	}
	places := make(chan struct{}, atOnce)
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, a := range all {
		if !a.Enabled {
			continue
		}
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			errs[i] = rm.ask(ctx, a)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (rm *Room) ask(ctx context.Context, a *exapps.App) error {
	brief, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	missed := 0
	if !rm.apps.Beats(brief, a) {
		missed = min(a.Status.Missed+1, counted)
	}
	if ctx.Err() != nil { // this says nothing about the app
		return context.Cause(ctx)
	}
	return rm.apps.SetMissed(ctx, a, missed)
}

// health names the apps that do not answer.
func (rm *Room) health(ctx context.Context) plug.Finding {
	all, err := rm.apps.Apps(ctx)
	if err != nil {
		return plug.Finding{State: plug.Broken, Text: tongue.Of("The external apps cannot be read: {why}", "why", err.Error())}
	}
	var silent []string
	n := 0
	for _, a := range all {
		if a.Enabled {
			n++
		}
		if a.Silent() {
			silent = append(silent, a.Name)
		}
	}
	switch {
	case len(silent) > 0:
		return plug.Finding{State: plug.Warn, Text: tongue.Of("These external apps do not answer: {apps}.", "apps", strings.Join(silent, ", ")),
			Fix: tongue.Of("See whether they run and listen where they are registered, or disable them.")}
	case n == 0:
		return plug.Finding{State: plug.Fine, Text: tongue.Of("No external app is enabled.")}
	}
	return plug.Finding{State: plug.Fine, Text: tongue.Of("All enabled external apps answer.")}
}
