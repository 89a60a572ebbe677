package jobstest

import (
	"context"
	"slices"
	"testing"
	"time"

	"atrium/internal/base/switches"
)

// resting: jobs of a part that is switched off wait, those that come again too, and
// are done when it is back; what comes again comes once.
func resting(t *testing.T, r *rig) {
	var set switches.Set
	r.Switches = &set
	set.Begin("part")
	var got []string
	k := r.note(&got)
	r.Every("@every 5m", "often", func(context.Context) error { got = append(got, "often"); return nil })
	set.Begin("")
	r.drain()
	set.Turn(map[string]bool{"part": true})
	r.add(k, "a")
	r.clock.Advance(time.Hour)
	r.drain()
	if len(got) > 0 {
		t.Errorf("while its part was off: %v", got)
	}
	set.Turn(nil)
	r.drain()
	slices.Sort(got)
	if !slices.Equal(got, []string{"a", "often"}) {
		t.Errorf("then: %v", got)
	}
}
