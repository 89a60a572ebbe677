package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// value is what a shared name holds: the sha1 of a content, "" for nothing,
// or dirValue.
type value string

const dirValue value = "folder"

// event is one operation on a shared name, from its sending to its answer.
type event struct {
	o     *op
	start time.Time
	end   time.Time // zero: never answered, so it may take effect at any time or never
	sets  value
	// changed: the answer says that something is different now, not that it was
	// so before (a folder that is already there).
	changed bool
}

// registers keeps, for every shared name, what it may hold now. Several
// workers write to one name at a time, so often more than one value is right:
// every write that no acknowledged write has surely followed.
type registers struct {
	mu      sync.Mutex
	settled map[string]event   // what a name held when last compared
	since   map[string][]event // everything sent since
}

func newRegisters() *registers {
	return &registers{settled: map[string]event{}, since: map[string][]event{}}
}

// add records an operation with its outcome.
func (r *registers) add(name string, e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since[name] = append(r.since[name], e)
}

// possible lists what a name may hold.
func (r *registers) possible(name string) []value {
	all := append([]event{r.settled[name]}, r.since[name]...)
	var can []value
	for i, e := range all {
		overtaken := func(later event) bool {
			if later.end.IsZero() { // not acknowledged, or the base: proves nothing
				return false
			}
			return i == 0 || !e.end.IsZero() && later.start.After(e.end)
		}
		if !slices.ContainsFunc(all[1:], overtaken) {
			can = append(can, e.sets)
		}
	}
	return can
}

// decide resolves an operation that was in flight: its other half, in the
// worker's own tree, shows whether it happened.
func (r *registers) decide(name string, o *op, happened bool) {
	r.since[name] = slices.DeleteFunc(r.since[name], func(e event) bool { return e.o == o && !happened })
}

// settle compares a name with what is there and forgets the past.
func (r *registers) settle(name string, got value) error {
	can := r.possible(name)
	if !slices.Contains(can, got) {
		return fmt.Errorf("/shared/%s holds %q, possible are %q", name, got, can)
	}
	r.settled[name] = event{sets: got}
	delete(r.since, name)
	return nil
}

// names lists all shared names that ever held something.
func (r *registers) names() []string {
	var all []string
	for n := range r.settled {
		all = append(all, n)
	}
	for n := range r.since {
		if _, ok := r.settled[n]; !ok {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}
