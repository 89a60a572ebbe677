package previews

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights let those who want the same thing at the same time share one making of
// it. When nobody waits any more, it is given up.
type flights struct {
	mu    sync.Mutex
	going map[string]*flight
}

type flight struct {
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	err     error
}

// do waits until f has run, once for all who ask for key meanwhile. f gets a
// context that ends when the last of them has gone.
func (fs *flights) do(ctx context.Context, key string, f func(ctx context.Context) error) error {
	fs.mu.Lock()
	fl := fs.going[key]
	if fl == nil {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		fl = &flight{cancel: cancel, done: make(chan struct{})}
		if fs.going == nil {
			fs.going = map[string]*flight{}
		}
		fs.going[key] = fl
		go func() {
			defer func() {
				if v := recover(); v != nil { // as the front door does for requests
					fl.err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
				}
				cancel()
				fs.forget(key, fl)
				close(fl.done)
			}()
			fl.err = f(own)
		}()
	}
	fl.waiting++
	fs.mu.Unlock()
	select {
	case <-fl.done:
		return fl.err
	case <-ctx.Done():
	}
	fs.mu.Lock()
	if fl.waiting--; fl.waiting == 0 {
		fl.cancel()
		if fs.going[key] == fl { // who comes now begins anew
			delete(fs.going, key)
		}
		fs.mu.Unlock()
		<-fl.done // so that whoever ends the server waits for its programs too
		return ctx.Err()
	}
	fs.mu.Unlock()
	return ctx.Err()
}

func (fs *flights) forget(key string, fl *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.going[key] == fl {
		delete(fs.going, key)
	}
}

// turns let so many work at once as there are places. Who asks for much waits
// behind themselves: places go round among those who wait, whatever each has in
// line.
type turns struct {
	mu     sync.Mutex
	places int
	taken  int
	lines  map[string][]chan struct{}
	order  []string // who has a line, next first
}

// allow changes the number of places.
func (t *turns) allow(places int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.places = places
	t.admit()
}

// take waits for a place; done gives it back.
func (t *turns) take(ctx context.Context, who string) (done func(), err error) {
	mine := make(chan struct{})
	t.mu.Lock()
	if t.lines == nil {
		t.lines = map[string][]chan struct{}{}
	}
	if len(t.lines[who]) == 0 {
		t.order = append(t.order, who)
	}
	t.lines[who] = append(t.lines[who], mine)
	t.admit()
	t.mu.Unlock()
	select {
	case <-mine:
		return t.leave, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-mine: // at the same instant
		t.taken--
		t.admit()
		return nil, ctx.Err()
	default:
	}
	for i, c := range t.lines[who] {
		if c == mine {
			t.lines[who] = append(t.lines[who][:i:i], t.lines[who][i+1:]...)
			break
		}
	}
	if len(t.lines[who]) == 0 {
		t.drop(who)
	}
	return nil, ctx.Err()
}

func (t *turns) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken--
	t.admit()
}

// admit gives free places to those whose turn it is. t.mu is held.
func (t *turns) admit() {
	for t.taken < max(t.places, 1) && len(t.order) > 0 {
		who := t.order[0]
		t.order = t.order[1:]
		line := t.lines[who]
		close(line[0])
		t.taken++
		if t.lines[who] = line[1:]; len(line) > 1 {
			t.order = append(t.order, who)
		} else {
			delete(t.lines, who)
		}
	}
}

func (t *turns) drop(who string) {
	delete(t.lines, who)
	for i, w := range t.order {
		if w == who {
			t.order = append(t.order[:i:i], t.order[i+1:]...)
			return
		}
	}
}
