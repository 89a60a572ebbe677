package push

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// kind is what there may be news of.
type kind uint8

const (
	ofFiles kind = iota
	ofActivities
	ofNotifications
	kinds
)

// kindNames are the kinds as the capabilities call them, and kindTexts as the
// messages do.
var (
	kindNames = [kinds]string{"files", "activities", "notifications"}
	kindTexts = [kinds]string{"notify_file", "notify_activity", "notify_notification"}
)

// maxOfUser bounds the sockets of one account on a node.
const maxOfUser = 200

// hub knows the sockets of this node, and the goroutines that serve them.
type hub struct {
	mu     sync.Mutex
	byUser map[string]map[*socket]bool
	guests map[*socket]bool // who have not signed in
	live   int              // guests, and those of byUser
	slice  int              // the one that is pinged next
	born   int              // counts sockets, to spread them over the slices
	closed bool
	wg     sync.WaitGroup
}

// run runs f for a socket, on a goroutine that wait waits for. After the end of
// all sockets it does not.
func (h *hub) run(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed || h.live > 0 {
		h.wg.Go(f)
	}
}

// open serves a new socket, which is a guest until add; false: no more are let in.
func (h *hub) open(s *socket, serve func(s *socket)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.live++
	h.guests[s] = true
	h.wg.Go(func() {
		serve(s)
		h.gone(s)
	})
	return true
}

func (h *hub) isClosed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

func (h *hub) wait() { h.wg.Wait() }

// add takes a socket whose owner is known; false: there are too many of theirs, or
// the hub is closed.
func (h *hub) add(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := h.byUser[s.p.ID]
	if h.closed || len(mine) >= maxOfUser {
		return false
	}
	if mine == nil {
		mine = map[*socket]bool{}
		h.byUser[s.p.ID] = mine
	}
	s.slice = h.born % beatSlices
	h.born++
	mine[s] = true
	delete(h.guests, s)
	return true
}

// remove lets a socket hear nothing any more.
func (h *hub) remove(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(s)
}

func (h *hub) drop(s *socket) {
	delete(h.guests, s)
	if s.p == nil {
		return
	}
	mine := h.byUser[s.p.ID]
	if delete(mine, s); len(mine) == 0 {
		delete(h.byUser, s.p.ID)
	}
}

// gone forgets a socket that nobody serves any more.
func (h *hub) gone(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(s)
	h.live--
}

func (h *hub) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.byUser) == 0
}

func (h *hub) all() []*socket {
	return h.some(func(*socket) bool { return true })
}

// of is the sockets of some accounts.
func (h *hub) of(uids []string) (out []*socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, uid := range uids {
		for s := range h.byUser[uid] {
			out = append(out, s)
		}
	}
	return out
}

// some is the sockets that f picks.
func (h *hub) some(f func(*socket) bool) []*socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*socket, 0, h.live)
	for _, mine := range h.byUser {
		for s := range mine {
			if f(s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// members is the sockets of accounts that are in any of the groups.
func (h *hub) members(groups []string) []*socket {
	return h.some(func(s *socket) bool {
		return slices.ContainsFunc(s.p.Groups, func(g string) bool { return slices.Contains(groups, g) })
	})
}

func (h *hub) nextSlice() []*socket {
	h.mu.Lock()
	h.slice = (h.slice + 1) % beatSlices
	n := h.slice
	h.mu.Unlock()
	return h.some(func(s *socket) bool { return s.slice == n })
}

// close lets nobody in any more and tells who is there.
func (h *hub) close() []*socket {
	h.mu.Lock()
	h.closed = true
	guests := slices.Collect(maps.Keys(h.guests))
	h.mu.Unlock()
	return append(h.all(), guests...)
}

// perSecond is how many clients are told the same thing in a second, since each
// of them asks the server at once; spreadMost is how long the last of them waits.
const (
	perSecond  = 500
	spreadMost = 15 * time.Second
)

// spread tells how long one of n clients waits for its message. Few do not wait.
func spread(n int) time.Duration {
	if n <= perSecond/10 {
		return 0
	}
	return rand.N(min(time.Duration(n)*time.Second/perSecond, spreadMost))
}
