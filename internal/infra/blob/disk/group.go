package disk

import "sync"

// group lets concurrent callers of one slow, idempotent f share its runs: a
// call returns the result of a run that began after the call did. While one
// run is under way, all who arrive wait for the next.
type group struct {
	f func() error

	mu   sync.Mutex
	busy bool   // somebody runs f
	next *round // the waiters for the next run; nil: none
}

type round struct {
	lead chan struct{} // receives once: its receiver is to run f
	done chan struct{} // closed when f has run
	err  error
}

func (g *group) do() error {
	g.mu.Lock()
	if !g.busy {
		g.busy = true
		g.mu.Unlock()
		err := g.f()
		g.pass()
		return err
	}
	if g.next == nil {
		g.next = &round{lead: make(chan struct{}, 1), done: make(chan struct{})}
	}
	r := g.next
	g.mu.Unlock()
	select {
	case <-r.done:
		return r.err
	case <-r.lead:
	}
	// From here on newcomers wait for another run, since this one begins now.
	g.mu.Lock()
	g.next = nil
	g.mu.Unlock()
	r.err = g.f()
	close(r.done)
	g.pass()
	return r.err
}

// pass hands the work to one of those who wait, if there are any.
func (g *group) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil {
		g.busy = false
		return
	}
	g.next.lead <- struct{}{}
}
