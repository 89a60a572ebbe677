package monitor

import (
	"context"
	"os"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/active"
	"atrium/internal/infra/machine"
	"atrium/internal/proto/ocs"
)

// Sample is how busy the server was for a while.
type Sample struct {
	At       int64   `json:"at"`       // its end, in seconds since 1970
	Busy     float32 `json:"busy"`     // share of the machine's processors, 0 to 1
	Own      float32 `json:"own"`      // what this process had of them
	Memory   int64   `json:"memory"`   // bytes in use on the machine
	Resident int64   `json:"resident"` // and by this process
	Requests float32 `json:"requests"` // a minute
	Failed   float32 `json:"failed"`   // of these
	People   int32   `json:"people"`   // who used the server within five minutes
	Shares   int32   `json:"shares"`
	Storage  int64   `json:"storage"` // bytes of all files, those in the trash too
}

// lately is how long somebody counts as being there.
const lately = 5 * time.Minute

// sample tells of the time between the last mark and now.
func (rm *Room) sample(ctx context.Context, now mark) (s Sample, err error) {
	rm.mu.Lock()
	last := rm.last
	rm.mu.Unlock()
	busy, own := now.Since(last.Reading)
	s = Sample{At: now.At.Unix(), Busy: float32(busy), Own: float32(own), Memory: now.Memory - now.Free, Resident: now.Resident}
	if minutes := now.At.Sub(last.At).Minutes(); minutes > 0 {
		s.Requests, s.Failed = float32(float64(now.answered-last.answered)/minutes), float32(float64(now.failed-last.failed)/minutes)
	}
	people, err := active.Since(ctx, rm.db, rm.Now().Add(-lately))
	if err != nil {
		return s, err
	}
	tallies, err := rm.Shares(ctx)
	if err != nil {
		return s, err
	}
	kept, err := rm.tree.Kept(ctx)
	if err != nil {
		return s, err
	}
	s.People = int32(people[0])
	for _, t := range tallies {
		s.Shares += int32(t.N)
	}
	for _, k := range kept {
		s.Storage += k.Bytes
	}
	return s, nil
}

// keep is how many samples are kept: a day.
const keep = int(24 * time.Hour / every)

// ring holds the last samples.
type ring struct {
	all  []Sample
	next int // the oldest, once all are there
}

func (r *ring) add(s Sample) {
	if len(r.all) < keep {
		r.all = append(r.all, s)
		return
	}
	r.all[r.next] = s
	r.next = (r.next + 1) % keep
}

// since returns those that ended after a time, the oldest first.
func (r *ring) since(at int64) []Sample {
	out := []Sample{}
	for i := range r.all {
		if s := r.all[(r.next+i)%len(r.all)]; s.At > at {
			out = append(out, s)
		}
	}
	return out
}

// thin makes one sample of all that end within the same step of seconds.
func thin(all []Sample, step int64) []Sample {
	out := []Sample{}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].At/step == all[0].At/step {
			n++
		}
		out = append(out, join(all[:n]))
		all = all[n:]
	}
	return out
}

// join makes one sample of several: shares of time are averages, of people it is
// the most at a time, and of the rest what came last.
func join(some []Sample) Sample {
	out := some[len(some)-1]
	n := float32(len(some))
	out.Busy, out.Own, out.Requests, out.Failed = 0, 0, 0, 0
	for _, s := range some {
		out.Busy += s.Busy / n
		out.Own += s.Own / n
		out.Requests += s.Requests / n
		out.Failed += s.Failed / n
		out.People = max(out.People, s.People)
	}
	return out
}

// span is for how long samples are shown, and how far they are apart.
type span struct{ long, step time.Duration }

func spanOf(name string) (span, error) {
	switch name {
	case "", "hour":
		return span{time.Hour, every}, nil
	case "day":
		return span{24 * time.Hour, 5 * time.Minute}, nil
	}
	return span{}, fault.New(fault.Invalid, "span is hour or day.")
}

type shown struct {
	Host    string   `json:"host"` // the node that tells of itself
	Started string   `json:"started"`
	CPUs    int      `json:"cpus"`
	Memory  int64    `json:"memory"` // bytes of the machine
	Disk    int64    `json:"disk"`   // bytes of the data folder's disk
	Free    int64    `json:"free"`   // of the disk
	From    int64    `json:"from"`   // seconds since 1970, of the whole span
	To      int64    `json:"to"`
	Step    int64    `json:"step"` // seconds from one sample to the next
	Samples []Sample `json:"samples"`
	Now     Sample   `json:"now"` // since the last sample
}

// samples answers GET …/samples?span=hour|day.
func (rm *Room) samples(ctx context.Context, r *ocs.Request) (any, error) {
	sp, err := spanOf(r.URL.Query().Get("span"))
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	disk, err := machine.DiskOf(rm.site.Data)
	if err != nil {
		return nil, err
	}
	m, err := rm.look()
	if err != nil {
		return nil, err
	}
	now, err := rm.sample(ctx, m)
	if err != nil {
		return nil, err
	}
	from := m.At.Add(-sp.long).Unix()
	rm.mu.Lock()
	defer rm.mu.Unlock()
	return shown{Host: host, Started: rm.started.UTC().Format(time.RFC3339), CPUs: m.CPUs, Memory: m.Memory, Disk: disk.Total, Free: disk.Free,
		From: from, To: m.At.Unix(), Step: int64(sp.step.Seconds()), Samples: thin(rm.kept.since(from), int64(sp.step.Seconds())), Now: now}, nil
}
