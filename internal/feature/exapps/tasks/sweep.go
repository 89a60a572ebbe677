package tasks

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"atrium/internal/base/tongue"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/calls"
	"atrium/internal/infra/db"
)

// trigger tells a provider that there is something to do.
type trigger struct{ App, Provider string }

// trigger has an app look for tasks now rather than when it would look next. An app that
// does not listen for that, or is not there, looks when it can.
func (rm *Room) trigger(ctx context.Context, t trigger) error {
	brief, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer, err := rm.apps.Send(brief, exapps.Message{App: t.App, Method: http.MethodPost, Path: "trigger?providerId=" + url.QueryEscape(t.Provider)})
	if err == nil {
		_, err = calls.Read(answer, 64<<10)
	}
	if err != nil {
		rm.Log.DebugContext(ctx, "an external app did not hear of a task", "app", t.App, "error", err)
	}
	return nil
}

// sweep fails what nobody will do any more, with a reason, and forgets what was over long
// ago.
func (rm *Room) sweep(ctx context.Context) error {
	kinds, err := rm.offered(ctx, tongue.English())
	if err != nil {
		return err
	}
	now := rm.Now()
	open, err := db.List(ctx, rm.db, scanTask, "SELECT "+columns+" FROM exapps_task WHERE status IN (?) ORDER BY id", []int64{int64(scheduled), int64(running)})
	if err != nil {
		return err
	}
	for _, t := range open {
		if w := t.hopeless(kinds[t.kind], now); w != "" {
			if err := rm.fail(ctx, t, w); err != nil {
				return err
			}
		}
	}
	_, err = rm.db.Exec(ctx, "DELETE FROM exapps_task WHERE ended > 0 AND ended < ?", now.Add(-keptFor).Unix())
	return err
}

// hopeless is why nobody will do a task any more, of a kind as it is offered now; "" while
// there is hope.
func (t task) hopeless(k *kind, now time.Time) why {
	if k == nil {
		return gone
	}
	if t.status == scheduled {
		if now.Unix()-t.scheduled > int64(takenWithin/time.Second) {
			return late
		}
		return ""
	}
	i := slices.IndexFunc(k.takers, func(k taker) bool { return k.app == t.taker && k.provider == t.provider })
	switch {
	case i < 0:
		return gone
	case now.Unix()-t.updated > max(int64(silentFor/time.Second), 3*k.takers[i].runtime):
		return stopped
	}
	return ""
}
