package bustest

import (
	"context"
	"testing"

	"atrium/internal/base/switches"
	"atrium/internal/infra/bus"
)

// resting: a subscriber whose part is switched off gets nothing meanwhile, and all
// of it when the part is back.
func resting(t *testing.T, r *rig) {
	var set switches.Set
	r.Switches = &set
	off := func(on bool) { set.Turn(map[string]bool{"part": !on}) }
	set.Begin("part")
	got := make(chan int, 10)
	bus.On(r.Bus, r.name, func(_ context.Context, ev Said) error { got <- ev.N; return nil })
	set.Begin("")
	seen := make(chan int, 10)
	bus.On(r.Bus, r.name+"/house", func(_ context.Context, ev Said) error { seen <- ev.N; return nil })
	off(false)
	stop := r.run(r.Bus)
	r.say(Said{"a", 1})
	r.say(Said{"a", 2})
	if a, b := <-seen, <-seen; a != 1 || b != 2 {
		t.Errorf("the house got %d and %d", a, b)
	}
	select {
	case n := <-got:
		t.Errorf("event %d came while its part was off", n)
	default:
	}
	off(true)
	if a, b := <-got, <-got; a != 1 || b != 2 {
		t.Errorf("then %d and %d came", a, b)
	}
	off(false)
	r.say(Said{"a", 3})
	<-seen
	stop()
	r.drain()
	if len(got) > 0 {
		t.Error("it was drained while its part was off")
	}
}

// held: what a resting subscriber has not had is kept, but for what is older than
// Hold turns.
func held(t *testing.T, r *rig) {
	var set switches.Set
	r.Switches = &set
	r.Hold = 5
	set.Begin("part")
	var got []int
	bus.On(r.Bus, r.name, func(_ context.Context, ev Said) error { got = append(got, ev.N); return nil })
	set.Begin("")
	seen := make(chan int, 100)
	bus.On(r.Bus, r.name+"/house", func(_ context.Context, ev Said) error { seen <- ev.N; return nil })
	set.Turn(map[string]bool{"part": true})
	stop := r.run(r.Bus)
	n := 0
	for ; n < 20 || r.rows() > 10; n++ { // each has a turn of its own, since the one before has arrived
		r.say(Said{"a", n})
		<-seen
	}
	stop()
	set.Turn(nil)
	r.drain()
	// Where events are stamped some turns are empty, so that five hold fewer events.
	if len(got) < 1 || len(got) > 10 || got[len(got)-1] != n-1 || got[0] != n-len(got) {
		t.Errorf("of %d events it then got %v", n, got)
	}
}
