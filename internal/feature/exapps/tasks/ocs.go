package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/ocs"
)

// listTypes answers GET /taskprocessing/tasktypes: what can be asked for at the moment
// (30-core/106).
func (rm *Room) listTypes(ctx context.Context, r *ocs.Request) (any, error) {
	in, err := rm.in(ctx, r.Caller().ID)
	if err != nil {
		return nil, err
	}
	kinds, err := rm.offered(ctx, in)
	return map[string]any{"types": kinds}, err
}

// schedule answers POST /taskprocessing/schedule: input, type, appId and customId. Files
// in the input must be the caller's to read.
func (rm *Room) schedule(ctx context.Context, r *ocs.Request) (any, error) {
	params, err := r.Params()
	if err != nil {
		return nil, err
	}
	p := r.Caller()
	in, err := rm.in(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	kinds, err := rm.offered(ctx, in)
	if err != nil {
		return nil, err
	}
	k := kinds[params.Get("type")]
	if k == nil {
		return nil, failure(http.StatusPreconditionFailed, "The given provider is not available") // 30-core/108
	}
	given, err := inputOf(params)
	if err != nil {
		return nil, failure(http.StatusBadRequest, "The input cannot be read: "+err.Error())
	}
	given, err = k.take(given)
	if err != nil {
		return nil, failure(http.StatusBadRequest, "The input does not fit: "+err.Error())
	}
	if err := rm.mayRead(ctx, r, k.filesIn(given)); err != nil {
		return nil, err
	}
	input, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	if len(input) > maxInput || len(params.Get("appId")) > maxID || len(params.Get("customId")) > 255 || strange(params.Get("appId")+params.Get("customId")) {
		return nil, failure(http.StatusBadRequest, "The input, appId or customId is too long or cannot be kept")
	}
	now := rm.Now().Unix()
	t := task{uid: p.ID, kind: params.Get("type"), status: scheduled, app: params.Get("appId"), custom: params.Get("customId"),
		input: string(input), progress: -1, expected: now + k.takers[0].runtime, scheduled: now, updated: now}
	if t.id, err = rm.db.ID(ctx); err != nil {
		return nil, err
	}
	if err := rm.begin(ctx, t, k.takers); err != nil {
		return nil, err
	}
	one, err := t.show(in)
	return map[string]any{"task": one}, err
}

// begin keeps a task, and tells those who may take it.
func (rm *Room) begin(ctx context.Context, t task, takers []taker) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM exapps_task WHERE uid = ? AND status IN (?)", t.uid, []int64{int64(scheduled), int64(running)})
		if err != nil {
			return err
		}
		if n >= maxOpen {
			return fault.New(fault.Busy, "You have asked for too much at once. Please wait until some of it is done.")
		}
		if err := rm.add(ctx, tx, t); err != nil {
			return err
		}
		for _, k := range takers {
			if err := rm.triggering.Add(ctx, tx, trigger{k.app, k.provider}, jobs.Unique(k.app+" "+k.provider)); err != nil {
				return err
			}
		}
		return nil
	})
}

// inputOf is the input of a call: a JSON object, or input[name] of a form.
func inputOf(params map[string][]string) (values, error) {
	out := values{}
	for key, v := range params {
		name, ok := strings.CutPrefix(key, "input[")
		if name, ok2 := strings.CutSuffix(name, "]"); ok && ok2 && len(v) > 0 {
			text, err := json.Marshal(v[0])
			if err != nil {
				return nil, err
			}
			out[name] = text
		}
	}
	if v := params["input"]; len(v) > 0 && (json.Unmarshal([]byte(v[0]), &out) != nil || out == nil) {
		return nil, errors.New("it is no object")
	}
	return out, nil
}

// strange tells whether a text cannot be kept in every database.
func strange(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsRune(text, 0)
}

// take keeps what fits of an input, with the defaults where nothing is said.
func (k *kind) take(given values) (values, error) {
	for _, defaults := range []table[any]{k.InputDefaults, k.OptionalDefaults} {
		for name, v := range defaults {
			if given[name] != nil {
				continue
			}
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			given[name] = text
		}
	}
	return hold(given, k.Input, k.Optional, k.InputEnums, k.OptionalEnums)
}

// filesIn are the files that an input names.
func (k *kind) filesIn(v values) []int64 {
	return append(filesIn(k.Input, v), filesIn(k.Optional, v)...)
}

// mayRead tells whether the caller may read files.
func (rm *Room) mayRead(ctx context.Context, r *ocs.Request, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	denied := failure(http.StatusUnauthorized, "User does not have access to the files mentioned in the task input")
	if !r.Caller().Scope.Allows(who.FilesRoom, who.Read) {
		return denied
	}
	v, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return err
	}
	seen, err := v.Seen(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if seen[id] == nil || v.MayRead(ctx, seen[id]) != nil {
			return denied
		}
	}
	return nil
}

func idOf(r *ocs.Request) int64 {
	id, err := strconv.ParseInt(r.Path("id"), 10, 64)
	if err != nil {
		return 0 // which no task has
	}
	return id
}

// one answers with a task of the caller's.
func (rm *Room) one(ctx context.Context, r *ocs.Request, missing string) (any, error) {
	t, err := rm.ofPerson(ctx, r.Caller().ID, idOf(r))
	if errors.Is(err, fault.NotFound) {
		return nil, failure(http.StatusNotFound, missing)
	}
	if err != nil {
		return nil, err
	}
	in, err := rm.in(ctx, t.uid)
	if err != nil {
		return nil, err
	}
	s, err := t.show(in)
	return map[string]any{"task": s}, err
}

// get answers GET /taskprocessing/task/{id} (30-core/109).
func (rm *Room) get(ctx context.Context, r *ocs.Request) (any, error) {
	return rm.one(ctx, r, "Task not found")
}

// remove answers DELETE /taskprocessing/task/{id}; one that is not there is no error
// (30-core/112).
func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	_, err := rm.db.Exec(ctx, "DELETE FROM exapps_task WHERE id = ? AND uid = ?", idOf(r), r.Caller().ID)
	return (*shown)(nil), err // null
}

// cancel answers POST /taskprocessing/tasks/{id}/cancel (30-core/111). What is over stays
// as it is.
func (rm *Room) cancel(ctx context.Context, r *ocs.Request) (any, error) {
	t, err := rm.ofPerson(ctx, r.Caller().ID, idOf(r))
	if errors.Is(err, fault.NotFound) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	if _, err := rm.end(ctx, t, cancelled, scheduled, running); err != nil {
		return nil, err
	}
	return rm.one(ctx, r, "Not found")
}

// list answers GET /taskprocessing/tasks and …/tasks/app/{app}: the caller's tasks, the
// newest first, of a taskType and a customId if these are given (30-core/107, 110).
func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	params, err := r.Params()
	if err != nil {
		return nil, err
	}
	p := r.Caller()
	in, err := rm.in(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	app, kind, custom := r.Path("app"), params.Get("taskType"), params.Get("customId")
	if strange(app + kind + custom) {
		return map[string]any{"tasks": []shown{}}, nil
	}
	all, err := db.List(ctx, rm.db, scanTask, "SELECT "+columns+` FROM exapps_task WHERE uid = ? AND (? = '' OR app = ?)
		AND (? = '' OR type = ?) AND (? = '' OR custom = ?) ORDER BY id DESC LIMIT ?`, p.ID, app, app, kind, kind, custom, custom, maxListed)
	out := []shown{}
	for _, t := range all {
		s, bad := t.show(in)
		err = errors.Join(err, bad)
		out = append(out, s)
	}
	return map[string]any{"tasks": out}, err
}
