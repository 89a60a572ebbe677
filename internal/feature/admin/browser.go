package admin

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// serve registers for the browser what the commands tell. These endpoints are
// ours.
func (r *Room) serve(m *ocs.Mux) {
	const root = " /apps/administration/api/v1/"
	monitor := web.Right("monitor")
	ocs.Handle(m, "GET"+root+"health", web.Admin, r.health, monitor)
	ocs.Handle(m, "GET"+root+"jobs", web.Admin, r.showJobs, monitor)
	ocs.Handle(m, "POST"+root+"jobs/failed/{id}", web.Admin, r.retryJob)
	ocs.Handle(m, "POST"+root+"jobs/planned/{name}", web.Admin, r.runJob)
	ocs.Handle(m, "GET"+root+"delayed", web.Admin, r.showDelayed)
	ocs.Handle(m, "DELETE"+root+"delayed", web.Admin|web.Confirmed, r.forgiveDelayed)
}

// checked is a finding with the name of its check.
type checked struct {
	Check string `json:"check"`
	plug.Finding
}

// here is what this process stands on, for looks from within.
func (r *Room) here() *Ground {
	return &Ground{DB: r.site.Here.DB, Store: r.site.Here.Store, People: r.people, Close: func() error { return nil }}
}

// health looks at the server as doctor does, and at what the rooms plugged in.
func (r *Room) health(ctx context.Context, q *ocs.Request) (any, error) {
	p := &patient{conf: r.site.Config, source: r.site.Source, ground: r.here(), now: time.Now}
	out := []checked{}
	for _, look := range []func(ctx context.Context) []finding{p.database, p.administrators, p.store, p.disk, p.folder, p.secrets, p.address,
		p.reachable, p.proxies, p.clock, p.openFiles} {
		for _, f := range look(ctx) {
			out = append(out, checked{f.check, plug.Finding{State: plug.FindingState(f.verdict), Text: f.text, Fix: f.fix}})
		}
	}
	out = append(out, checked{"background work", r.working(ctx)})
	for name, look := range r.looks.All() {
		out = append(out, checked{name, look(ctx)})
	}
	out = append(out, checked{"version", plug.Finding{State: plug.Fine, Text: tongue.Of("Atrium {version}, for clients of Nextcloud {speaks}.", "version", r.site.Version, "speaks", r.site.Speaks)}})
	in := web.Tongue(q.Request)
	for i, c := range out {
		out[i].Text, out[i].Fix = c.Text.Said(in), c.Fix.Said(in)
	}
	return out, nil
}

// tardy is how long a job may wait before something must be wrong.
const tardy = 10 * time.Minute

// working tells whether work for later is done.
func (r *Room) working(ctx context.Context) plug.Finding {
	late, err := r.jobs.Late(ctx)
	if err != nil {
		return plug.Finding{State: plug.Broken, Text: tongue.Plain(err.Error()), Fix: tongue.Of("See why the database does not answer.")}
	}
	failed := 0
	for _, err := range r.jobs.Buried(ctx) {
		if err != nil {
			return plug.Finding{State: plug.Broken, Text: tongue.Plain(err.Error()), Fix: tongue.Of("See why the database does not answer.")}
		}
		failed++
	}
	switch {
	case late > tardy:
		return plug.Finding{State: plug.Broken, Text: tongue.Of("Work has been waiting for {time} to be begun.", "time", late.Round(time.Minute).String()),
			Fix: tongue.Of("See in the log what keeps the server busy; then restart it.")}
	case failed > 0:
		return plug.Finding{State: plug.Warn, Text: tongue.Of("{n, plural, one {# job} other {# jobs}} failed so often that no further attempt is made.", "n", failed),
			Fix: tongue.Of("Look at them on the page of jobs, mend the cause, and try them again: atrium background-job:list")}
	}
	return plug.Finding{State: plug.Fine, Text: tongue.Of("It is done on time.")}
}

type waitingJobs struct {
	Kind    string `json:"kind"`
	Waiting int64  `json:"waiting"`
}

type plannedJob struct {
	Name string `json:"name"`
	When string `json:"when"`
	Due  string `json:"due"`
	Runs bool   `json:"runs"`
}

type failedJob struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	At    string `json:"at"`
	Error string `json:"error"`
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// showJobs tells what waits, what is done again and again, and what failed.
func (r *Room) showJobs(ctx context.Context, _ *ocs.Request) (any, error) {
	var out struct {
		Waiting []waitingJobs `json:"waiting"`
		Planned []plannedJob  `json:"planned"`
		Failed  []failedJob   `json:"failed"`
	}
	out.Waiting, out.Planned, out.Failed = []waitingJobs{}, []plannedJob{}, []failedJob{}
	planned, err := r.jobs.Planned(ctx)
	if err != nil {
		return nil, err
	}
	again := map[string]bool{}
	for _, p := range planned {
		again[p.Name] = true
		out.Planned = append(out.Planned, plannedJob{p.Name, p.When, stamp(p.Due), p.Runs})
	}
	waiting, err := r.jobs.Backlog(ctx)
	if err != nil {
		return nil, err
	}
	for _, kind := range sorted(waiting) {
		if !again[kind] {
			out.Waiting = append(out.Waiting, waitingJobs{kind, waiting[kind]})
		}
	}
	for j, err := range r.jobs.Buried(ctx) {
		if err != nil {
			return nil, err
		}
		out.Failed = append(out.Failed, failedJob{strconv.FormatInt(j.ID, 10), j.Kind, stamp(j.Died), j.Err})
	}
	return out, nil
}

func (r *Room) retryJob(ctx context.Context, q *ocs.Request) (any, error) {
	id, err := strconv.ParseInt(q.Path("id"), 10, 64)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The id must be a number.")
	}
	_, err = r.jobs.Revive(ctx, id)
	return nil, err
}

func (r *Room) runJob(ctx context.Context, q *ocs.Request) (any, error) {
	return nil, r.jobs.Soon(ctx, q.Path("name"))
}

type delayedLogin struct {
	Account string `json:"account"` // "": all accounts from there together
	From    string `json:"from"`
	Count   int    `json:"count"`
	Last    string `json:"last"`
	Delay   int64  `json:"delay"` // milliseconds
}

func (r *Room) showDelayed(ctx context.Context, _ *ocs.Request) (any, error) {
	all, err := r.people.Delayed(ctx)
	if err != nil {
		return nil, err
	}
	out := []delayedLogin{}
	for _, d := range all {
		out = append(out, delayedLogin{d.Account, d.From.String(), d.Count, stamp(d.Last), d.Delay.Milliseconds()})
	}
	return out, nil
}

// forgiveDelayed takes {from, account}, one of which may be missing.
func (r *Room) forgiveDelayed(ctx context.Context, q *ocs.Request) (any, error) {
	address, err := q.Param("from")
	if err != nil {
		return nil, err
	}
	account, err := q.Param("account")
	if err != nil {
		return nil, err
	}
	var from netip.Prefix
	if address != "" {
		if from, err = networkOf(address); err != nil {
			return nil, err
		}
	}
	if !from.IsValid() && account == "" {
		return nil, fault.New(fault.Invalid, "Please name an address or an account.")
	}
	n, err := r.people.Forgive(ctx, from, account)
	return struct {
		Forgiven int64 `json:"forgiven"`
	}{n}, err
}
