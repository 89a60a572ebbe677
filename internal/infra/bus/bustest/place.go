package bustest

import (
	"context"
	"testing"

	"atrium/internal/infra/bus"
)

// places: who waits for a place learns when everything before it has arrived.
func places(t *testing.T, r *rig) {
	if _, err := r.Passed(t.Context(), "nobody", bus.Place{}); err == nil {
		t.Error("a subscriber that does not exist has passed")
	}
	bus.On(r.Bus, r.name, func(context.Context, Said) error { return nil })
	passed := func(p bus.Place) bool {
		t.Helper()
		ok, err := r.Passed(t.Context(), r.name, p)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	head := func() bus.Place {
		t.Helper()
		p, err := r.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if !passed(head()) {
		t.Error("there is nothing, and it has not passed it")
	}
	before := head()
	r.say(Said{"anna", 1}, Said{"anna", 2})
	between := head()
	if !passed(before) || passed(between) {
		t.Error("two events wait")
	}
	r.drain()
	r.say(Said{"anna", 3})
	if !passed(between) || passed(head()) {
		t.Error("one event waits")
	}
	r.drain()
	if !passed(head()) {
		t.Error("nothing waits")
	}
}
