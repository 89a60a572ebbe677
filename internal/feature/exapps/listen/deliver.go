package listen

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/calls"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
)

// lane is all that goes to one app, one after the other.
type lane struct{ App string }

const (
	atOnce   = 20               // letters that one job takes to an app
	patience = 10 * time.Second // for its answer
	rest     = 10 * time.Second // after it did not answer at all
	maxTold  = 64 << 10         // bytes that are read of what it answers
)

// pauses are the times after the first, second, … failure of a letter. After one more it
// is given up.
func pauses() []time.Duration {
	return []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}
}

// start has what is due for an app told, unless that is about to happen anyway.
func (rm *Room) start(ctx context.Context, tx *db.DB, app string) error {
	return rm.delivering.Add(ctx, tx, lane{app}, jobs.Unique(app))
}

// deliver tells an app some of what is due, the oldest first, and then lets others have a
// turn. An app that does not answer at all has a rest first.
func (rm *Room) deliver(ctx context.Context, l lane) error {
	due, err := db.List(ctx, rm.db, func(r db.Row) (v letter, err error) {
		return v, r.Scan(&v.id, &v.app, &v.uid, &v.handler, &v.body, &v.tries)
	}, "SELECT id, app, uid, handler, body, tries FROM exapps_event WHERE app = ? AND due <= ? ORDER BY due, id LIMIT ?", l.App, rm.Now().UnixMilli(), atOnce)
	if err != nil || len(due) == 0 {
		return err
	}
	begun := rm.Now()
	for _, v := range due {
		answered, failed := rm.tell(ctx, v)
		if ctx.Err() != nil { // this says nothing about the app
			return context.Cause(ctx)
		}
		if errors.Is(failed, fault.NotFound) { // it is disabled or gone
			_, err := rm.db.Exec(ctx, "DELETE FROM exapps_event WHERE app = ?", l.App)
			return err
		}
		if err := rm.settle(ctx, v, failed); err != nil {
			return err
		}
		if !answered {
			return jobs.Again(rest)
		}
		if rm.Now().Sub(begun) > patience { // a slow app waits for its next turn too
			break
		}
	}
	return jobs.Again(0)
}

// tell makes one try: the app has it when it answers with a 2xx.
func (rm *Room) tell(ctx context.Context, v letter) (answered bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := rm.apps.Send(ctx, exapps.Message{App: v.app, UID: v.uid, Method: http.MethodPost, Path: v.handler, Body: []byte(v.body)})
	if err != nil {
		return false, err
	}
	if _, err := calls.Read(answer, maxTold); err != nil {
		return false, err
	}
	if answer.StatusCode/100 != 2 {
		return true, fmt.Errorf("the app answered %s", answer.Status)
	}
	return true, nil
}

// settle notes how a try went.
func (rm *Room) settle(ctx context.Context, v letter, failed error) error {
	if failed != nil && v.tries < len(pauses()) {
		due := rm.Now().Add(pauses()[v.tries])
		return rm.db.Tx(ctx, func(tx *db.DB) error {
			if _, err := tx.Exec(ctx, "UPDATE exapps_event SET tries = ?, due = ? WHERE id = ?", v.tries+1, due.UnixMilli(), v.id); err != nil {
				return err
			}
			seconds := due.Unix() + 1 // those of the same second wake once
			return rm.waking.Add(ctx, tx, lane{v.app}, jobs.After(time.Unix(seconds, 0).Sub(rm.Now())), jobs.Unique(v.app+" "+strconv.FormatInt(seconds, 10)))
		})
	}
	if failed != nil {
		rm.Log.WarnContext(ctx, "an event for an external app was given up", "app", v.app, "error", failed)
	}
	_, err := rm.db.Exec(ctx, "DELETE FROM exapps_event WHERE id = ?", v.id)
	return err
}

// sweep starts what nobody has started.
func (rm *Room) sweep(ctx context.Context) error {
	waiting, err := db.List(ctx, rm.db, db.Scan1[string], "SELECT DISTINCT app FROM exapps_event WHERE due <= ?", rm.Now().UnixMilli())
	for _, app := range waiting {
		err = errors.Join(err, rm.start(ctx, rm.db, app))
	}
	return err
}
