package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/infra/db"
)

// status is how far a task is, in the numbers of the API.
type status int64

// The states of a task.
const (
	scheduled  status = 1
	running    status = 2
	successful status = 3
	failed     status = 4
	cancelled  status = 5
)

// String is a state as clients read it.
func (s status) String() string {
	names := map[status]string{scheduled: "SCHEDULED", running: "RUNNING", successful: "SUCCESSFUL", failed: "FAILED", cancelled: "CANCELLED"}
	if n := names[s]; n != "" {
		return "STATUS_" + n
	}
	return "STATUS_UNKNOWN"
}

// why is a reason of ours for which a task failed.
type why string

// The reasons.
const (
	gone    why = "gone"    // the app, or what it offered
	late    why = "late"    // nobody took it
	stopped why = "stopped" // who took it said nothing any more
	useless why = "useless" // the result cannot be used
	refused why = "refused" // the app said that it failed
)

// say is a reason in words.
func (w why) say(in *tongue.Tongue) string {
	switch w {
	case gone:
		return in.Say("The app that does this is no longer here.")
	case late:
		return in.Say("No app had time for this within a day.")
	case stopped:
		return in.Say("The app did not finish this.")
	case useless:
		return in.Say("What the app answered cannot be used.")
	case refused:
		return in.Say("The app could not do this.")
	}
	return ""
}

// task is something that somebody asked for. Times are Unix seconds, 0 for not yet.
type task struct {
	id              int64
	uid, kind       string
	status          status
	app, custom     string // who asked, and what they call it
	input, output   string // JSON objects; output "" while there is none
	taker, provider string // who does it, "" nobody yet
	progress        int64  // from 0 to whole, -1 if nobody said
	expected        int64
	scheduled       int64
	started, ended  int64
	updated         int64
	why             why
	said            string // what the app says to the person
	err             string // and to administrators
}

const whole = 10_000

const columns = `id, uid, type, status, app, custom, input, output, taker, provider, progress, expected, scheduled, started, ended, updated, why, said, error`

func scanTask(r db.Row) (t task, err error) {
	return t, r.Scan(&t.id, &t.uid, &t.kind, &t.status, &t.app, &t.custom, &t.input, &t.output, &t.taker, &t.provider, &t.progress, &t.expected,
		&t.scheduled, &t.started, &t.ended, &t.updated, &t.why, &t.said, &t.err)
}

// shown is a task as clients read it.
type shown struct {
	ID        int64          `json:"id"`
	Updated   int64          `json:"lastUpdated"`
	Type      string         `json:"type"`
	Status    string         `json:"status"`
	UID       string         `json:"userId"`
	App       string         `json:"appId"`
	Input     table[any]     `json:"input"`
	Output    map[string]any `json:"output"`
	Custom    string         `json:"customId"`
	Expected  *int64         `json:"completionExpectedAt"`
	Progress  *float64       `json:"progress"`
	Scheduled *int64         `json:"scheduledAt"`
	Started   *int64         `json:"startedAt"`
	Ended     *int64         `json:"endedAt"`
	Problem   *string        `json:"userFacingErrorMessage"` // of a failed one
}

func (t task) show(in *tongue.Tongue) (shown, error) {
	s := shown{ID: t.id, Updated: t.updated, Type: t.kind, Status: t.status.String(), UID: t.uid, App: t.app, Custom: t.custom,
		Expected: maybe(t.expected), Scheduled: maybe(t.scheduled), Started: maybe(t.started), Ended: maybe(t.ended)}
	err := json.Unmarshal([]byte(t.input), &s.Input)
	if t.output != "" {
		err = errors.Join(err, json.Unmarshal([]byte(t.output), &s.Output))
	}
	if t.progress >= 0 {
		p := float64(t.progress) / whole
		s.Progress = &p
	}
	if t.status == failed {
		text := t.said
		if text == "" {
			text = t.why.say(in)
		}
		s.Problem = &text
	}
	return s, err
}

func maybe(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// add keeps a new task.
func (rm *Room) add(ctx context.Context, tx *db.DB, t task) error {
	_, err := tx.Exec(ctx, "INSERT INTO exapps_task ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, '', '', '', -1, ?, ?, 0, 0, ?, '', '', '')",
		t.id, t.uid, t.kind, t.status, t.app, t.custom, t.input, t.expected, t.scheduled, t.updated)
	return err
}

// byID finds a task; fault.NotFound if there is none.
func (rm *Room) byID(ctx context.Context, id int64) (task, error) {
	return db.One(ctx, rm.db, scanTask, "SELECT "+columns+" FROM exapps_task WHERE id = ?", id)
}

// ofPerson finds a task of somebody.
func (rm *Room) ofPerson(ctx context.Context, uid string, id int64) (task, error) {
	t, err := rm.byID(ctx, id)
	if err == nil && t.uid != uid {
		err = fault.NotFound
	}
	return t, err
}

// end ends a task that is in one of the states before it; whatever happened to it in the
// meantime stays. It tells whether it did.
func (rm *Room) end(ctx context.Context, t task, to status, before ...status) (bool, error) {
	now := rm.Now().Unix()
	var in []int64
	for _, s := range before {
		in = append(in, int64(s))
	}
	n, err := rm.db.Exec(ctx, "UPDATE exapps_task SET status = ?, output = ?, progress = ?, ended = ?, updated = ?, why = ?, said = ?, error = ? WHERE id = ? AND status IN (?)",
		to, t.output, t.progress, now, now, t.why, t.said, t.err, t.id, in)
	return n > 0, err
}

// fail ends a task that is not over with a reason of ours.
func (rm *Room) fail(ctx context.Context, t task, w why) error {
	t.why, t.output = w, ""
	_, err := rm.end(ctx, t, failed, scheduled, running)
	return err
}

// The bounds of tasks.
const (
	maxOpen   = 100 // of one person that are not over
	maxInput  = 256 << 10
	maxOutput = 1 << 20
	maxListed = 1000

	takenWithin = 24 * time.Hour
	silentFor   = time.Hour // after which one that is being done is said to have stopped
	keptFor     = 30 * 24 * time.Hour
)
