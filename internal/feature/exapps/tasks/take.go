package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/feature/exapps"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// taken is a task as an app gets it.
type taken struct {
	Task     shown `json:"task"`
	Provider any   `json:"provider"`
}

// next answers GET /tasks_provider/next: the oldest task for one of the app's providers,
// of those in providerIds and taskTypeIds if any are named; 204 when there is none.
func (rm *Room) next(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	offers, err := rm.offers(ctx, r, from)
	if err != nil {
		return nil, err
	}
	t, err := rm.claim(ctx, offers)
	if errors.Is(err, fault.NotFound) {
		return ocs.Answer{Status: http.StatusNoContent}, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := t.show(tongue.English())
	return taken{s, map[string]string{"name": t.provider}}, err
}

// nextBatch answers GET /tasks_provider/next_batch: as many as numberOfTasks says.
func (rm *Room) nextBatch(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	n, err := r.Int("numberOfTasks", 1)
	if err != nil {
		return nil, err
	}
	offers, err := rm.offers(ctx, r, from)
	if err != nil {
		return nil, err
	}
	out := []taken{}
	for range min(n, maxOpen) {
		t, err := rm.claim(ctx, offers)
		if errors.Is(err, fault.NotFound) {
			return map[string]any{"tasks": out, "has_more": false}, nil
		}
		if err != nil {
			return nil, err
		}
		s, err := t.show(tongue.English())
		if err != nil {
			return nil, err
		}
		out = append(out, taken{s, t.provider})
	}
	more, err := rm.oldest(ctx, offers)
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return map[string]any{"tasks": out, "has_more": more.id != 0}, err
}

// offers are the takers of an app among those that a call names, by the types they take.
func (rm *Room) offers(ctx context.Context, r *ocs.Request, from exapps.Caller) (map[string]taker, error) {
	ids, err := r.List("providerIds")
	if err != nil {
		return nil, err
	}
	types, err := r.List("taskTypeIds")
	if err != nil {
		return nil, err
	}
	all, err := rm.offered(ctx, tongue.English())
	if err != nil {
		return nil, err
	}
	out := map[string]taker{}
	for id, k := range all {
		if len(types) > 0 && !slices.Contains(types, id) {
			continue
		}
		i := slices.IndexFunc(k.takers, func(t taker) bool {
			return t.app == from.App && (len(ids) == 0 || slices.Contains(ids, t.provider))
		})
		if i >= 0 {
			out[id] = k.takers[i]
		}
	}
	return out, nil
}

// oldest is the task that has waited longest for one of these; fault.NotFound if none has.
func (rm *Room) oldest(ctx context.Context, offers map[string]taker) (task, error) {
	if len(offers) == 0 {
		return task{}, fault.NotFound
	}
	var types []string
	for id := range offers {
		types = append(types, id)
	}
	return db.One(ctx, rm.db, scanTask, "SELECT "+columns+" FROM exapps_task WHERE status = ? AND type IN (?) ORDER BY id LIMIT 1", scheduled, types)
}

// claim gives the oldest task to whoever asks for it, and to nobody else.
func (rm *Room) claim(ctx context.Context, offers map[string]taker) (task, error) {
	for {
		t, err := rm.oldest(ctx, offers)
		if err != nil {
			return t, err
		}
		to, now := offers[t.kind], rm.Now().Unix()
		n, err := rm.db.Exec(ctx, "UPDATE exapps_task SET status = ?, taker = ?, provider = ?, started = ?, updated = ? WHERE id = ? AND status = ?",
			running, to.app, to.provider, now, now, t.id, scheduled)
		if err != nil {
			return t, err
		}
		if n > 0 {
			t.status, t.taker, t.provider, t.started, t.updated = running, to.app, to.provider, now, now
			return t, nil
		}
	}
}

// mine is a task that the calling app has taken.
func (rm *Room) mine(ctx context.Context, id int64, from exapps.Caller) (task, error) {
	t, err := rm.byID(ctx, id)
	if errors.Is(err, fault.NotFound) || err == nil && t.taker != from.App {
		return t, notFound()
	}
	return t, err
}

// again answers with a task as it is now, so that an app sees when it was cancelled.
func (rm *Room) again(ctx context.Context, id int64, from exapps.Caller) (any, error) {
	t, err := rm.mine(ctx, id, from)
	if err != nil {
		return nil, err
	}
	s, err := t.show(tongue.English())
	return map[string]any{"task": s}, err
}

// setProgress answers POST /tasks_provider/{id}/progress: progress from 0 to 1. What is
// over stays as it is.
func (rm *Room) setProgress(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	said, err := r.Param("progress")
	if err != nil {
		return nil, err
	}
	p, err := strconv.ParseFloat(said, 64)
	if err != nil || !(p >= 0 && p <= 1) {
		return nil, failure(http.StatusBadRequest, "The progress is a number from 0 to 1")
	}
	if _, err := rm.mine(ctx, idOf(r), from); err != nil {
		return nil, err
	}
	if _, err := rm.db.Exec(ctx, "UPDATE exapps_task SET progress = ?, updated = ? WHERE id = ? AND status = ?",
		int64(p*whole), rm.Now().Unix(), idOf(r), running); err != nil {
		return nil, err
	}
	return rm.again(ctx, idOf(r), from)
}

// setResult answers POST /tasks_provider/{id}/result: output, or errorMessage for
// administrators and userFacingErrorMessage for the person. What is over stays as it is.
func (rm *Room) setResult(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	params, err := r.Params()
	if err != nil {
		return nil, err
	}
	t, err := rm.mine(ctx, idOf(r), from)
	if err != nil {
		return nil, err
	}
	to := successful
	if params.Get("output") == "" || params.Get("errorMessage") != "" {
		to, t.why, t.said, t.err = failed, refused, clip(params.Get("userFacingErrorMessage")), clip(params.Get("errorMessage"))
	} else if t.output, err = rm.result(ctx, t, params.Get("output")); err != nil {
		to, t.why, t.err = failed, useless, clip(err.Error())
	} else {
		t.progress = whole
	}
	ended, err := rm.end(ctx, t, to, running)
	if err != nil {
		return nil, err
	}
	if ended && to == failed {
		rm.Log.WarnContext(ctx, "an external app could not do a task", "app", from.App, "type", t.kind, "error", t.err)
	}
	return rm.again(ctx, t.id, from)
}

// result keeps what fits of an output; an error says what is wrong with it.
func (rm *Room) result(ctx context.Context, t task, said string) (string, error) {
	kinds, err := rm.offered(ctx, tongue.English())
	if err != nil {
		return "", err
	}
	k := kinds[t.kind]
	if k == nil {
		return "", errors.New("nobody offers this type of tasks any more")
	}
	var given values
	if err := json.Unmarshal([]byte(said), &given); err != nil {
		return "", errors.New("the output is no object")
	}
	kept, err := hold(given, k.Output, k.MoreOutput, k.OutputEnums, k.MoreOutputEnums)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(kept)
	if len(text) > maxOutput {
		return "", errors.New("the output is too long")
	}
	return string(text), err
}

// clip bounds what an app says of a failure.
func clip(text string) string {
	const most = 2000
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}

// file answers GET /tasks_provider/{id}/file/{file}: a file that the input of a task
// names, as whoever asked for the task may read it now.
func (rm *Room) file(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	from, err := rm.apps.Sender(r)
	if err != nil {
		return err
	}
	none := fault.New(fault.NotFound, "Not found")
	id, err1 := strconv.ParseInt(web.Param(r, "id"), 10, 64)
	node, err2 := strconv.ParseInt(web.Param(r, "file"), 10, 64)
	if err1 != nil || err2 != nil {
		return none
	}
	t, err := rm.byID(ctx, id)
	if errors.Is(err, fault.NotFound) || err == nil && (t.taker != from.App || t.status != running) {
		return none
	}
	if err != nil {
		return err
	}
	kinds, err := rm.offered(ctx, tongue.English())
	if err != nil {
		return err
	}
	var input values
	if err := json.Unmarshal([]byte(t.input), &input); err != nil {
		return err
	}
	if k := kinds[t.kind]; k == nil || !slices.Contains(k.filesIn(input), node) {
		return none
	}
	p, err := rm.dir.Act(ctx, t.uid)
	if err != nil {
		return none
	}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return err
	}
	e, err := v.ByID(ctx, node)
	if err != nil {
		return err
	}
	body, err := v.Open(ctx, e, 0, -1)
	if err != nil {
		return err
	}
	defer body.Close()
	w.Header().Set("Content-Type", e.Mime)
	w.Header().Set("Content-Disposition", "attachment")
	w.Header().Set("Content-Length", strconv.FormatInt(e.Size, 10))
	_, err = io.Copy(w, body)
	return err
}
