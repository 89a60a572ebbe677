package exapps

import (
	"context"
	"errors"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/jobs"
)

// An app has so long to answer its first heartbeat, and is asked so often.
const (
	startWithin = 10 * time.Minute
	beatEvery   = time.Second
)

// begin is the start of an app.
type begin struct {
	App   string
	Until int64 // Unix seconds
}

// begin asks a new app whether it runs, has it prepare itself, and comes back while it
// does not answer: one short job a second rather than a long one.
func (rm *Room) begin(ctx context.Context, b begin) error {
	a, err := rm.App(ctx, b.App)
	if errors.Is(err, fault.NotFound) || err == nil && a.Status.Action == "" {
		return nil
	}
	if err != nil {
		return err
	}
	if !rm.beats(ctx, a) {
		if rm.Now().Unix() >= b.Until {
			return rm.failed(ctx, a, "The app does not answer /heartbeat.")
		}
		return rm.start.Add(ctx, rm.db, b, jobs.After(beatEvery))
	}
	status, _, err := rm.call(ctx, a, outgoing{method: http.MethodPost, target: "/init"})
	switch {
	case err != nil:
		return rm.failed(ctx, a, fault.Text(err))
	case status == http.StatusNotFound || status == http.StatusNotImplemented: // it has nothing to prepare
		return rm.progressed(ctx, a, 100, "")
	case status >= 300:
		return rm.failed(ctx, a, "The app answers /init with "+http.StatusText(status)+".")
	}
	return nil // it tells of its progress from here on
}

func (rm *Room) failed(ctx context.Context, a *App, problem string) error {
	return rm.progressed(ctx, a, a.Status.Init, problem)
}

// progressed keeps how far the start of an app is. At 100 it is enabled.
func (rm *Room) progressed(ctx context.Context, a *App, n int, problem string) error {
	s := a.Status
	s.Init, s.Error = n, clip(problem)
	done := n == 100 && problem == "" && s.Action != ""
	if done || problem != "" {
		s.Action, s.Type = "", ""
	}
	if err := rm.setStatus(ctx, a.ID, s); err != nil || !done {
		return err
	}
	return rm.enable.Add(ctx, rm.db, a.ID, jobs.Unique(a.ID))
}

// Enable lets an app call us, and tells it so. An app that does not want it is disabled
// again. It is enabled first, for it may call us before it answers.
func (rm *Room) Enable(ctx context.Context, id string) error {
	a, err := rm.App(ctx, id)
	if err != nil {
		return err
	}
	if err := rm.setEnabled(ctx, id, 1); err != nil {
		return err
	}
	if err := rm.tellEnabled(ctx, a, 1); err != nil {
		return errors.Join(err, rm.setEnabled(ctx, id, 0), rm.complain(ctx, a, err))
	}
	return rm.SetMissed(ctx, a, 0)
}

// complain keeps why an app could not be enabled.
func (rm *Room) complain(ctx context.Context, a *App, why error) error {
	s := a.Status
	s.Error = clip(fault.Text(why))
	return rm.setStatus(ctx, a.ID, s)
}

// Disable ends what an app may do at once, and then tells it so, if it answers.
func (rm *Room) Disable(ctx context.Context, id string) error {
	a, err := rm.App(ctx, id)
	if err != nil {
		return err
	}
	if err := rm.setEnabled(ctx, id, 0); err != nil {
		return err
	}
	if err := rm.tellEnabled(ctx, a, 0); err != nil {
		rm.Log.WarnContext(ctx, "an external app did not hear that it is disabled", "app", id, "error", err)
	}
	return nil
}

// run enables an app as a job: what the app answers is kept in its status, and no reason
// to try again.
func (rm *Room) run(ctx context.Context, id string) error {
	err := rm.Enable(ctx, id)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Conflict) || errors.Is(err, fault.Unavailable) {
		rm.Log.WarnContext(ctx, "an external app could not be enabled", "app", id, "error", err)
		return nil
	}
	return err
}

// Wait returns when an app has started or could not.
func (rm *Room) Wait(ctx context.Context, id string) (*App, error) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		a, err := rm.App(ctx, id)
		if err != nil || a.Enabled || a.Status.Error != "" {
			return a, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
