package twofactor

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"atrium/internal/base/fault"
	guessing "atrium/internal/core/identity/throttle"
)

// throttle slows down who guesses codes. Whoever comes here has shown the
// password, so an account that sees many wrong codes is being attacked by somebody
// who has it. It counts
//
//   - per account and network: each further wrong code waits longer, and after
//     maxWrong of them none is tried for a while;
//   - per account over all networks: after maxSpread wrong codes only networks from
//     which the account has shown a right one before may try short codes. Backup
//     codes and keys cannot be guessed and stay a way in.
//
// No count of one account matters to another, wherever both sit. All is kept in
// memory: a restart forgives, and each node counts for itself.
type throttle struct {
	mu    sync.Mutex
	cases map[guessKey]*guesses
}

type guessKey struct {
	uid  string
	from netip.Prefix // the zero value: the sum over all networks
}

type guesses struct {
	wrong  int
	trying int
	last   time.Time // of a wrong one
	good   bool      // a right code came from here
}

const (
	forgive    = 30 * time.Minute
	forgiveAll = 24 * time.Hour
	maxWrong   = 10
	maxSpread  = 100
	firstDelay = 100 * time.Millisecond
	maxDelay   = 10 * time.Second
	maxCases   = 50_000
)

func newThrottle() *throttle { return &throttle{cases: map[guessKey]*guesses{}} }

// guess is one code about to be checked.
type guess struct {
	uid  string
	from netip.Prefix
	long bool // too long to be guessed

	t *throttle
}

// busyFor is fault.Busy that knows when to come back.
type busyFor struct{ after time.Duration }

func (b busyFor) Error() string { return "too many wrong codes" }
func (b busyFor) Unwrap() error {
	return fault.New(fault.Busy, "Too many wrong codes. Please try again later.")
}

// RetryAfter tells the client when to come back.
func (b busyFor) RetryAfter() time.Duration { return b.after }

// enter waits as long as the wrong codes before demand, or is fault.Busy. Else
// leave must be called.
func (t *throttle) enter(ctx context.Context, g guess, now func() time.Time) (*guess, error) {
	at := now()
	t.mu.Lock()
	here, all := t.of(guessKey{g.uid, g.from}, at, forgive), t.of(guessKey{uid: g.uid}, at, forgiveAll)
	tried := here.wrong + here.trying
	switch {
	case tried >= maxWrong:
		t.mu.Unlock()
		return nil, busyFor{max(time.Second, forgive-at.Sub(here.last))}
	case !g.long && !here.good && all.wrong+all.trying >= maxSpread:
		t.mu.Unlock()
		return nil, busyFor{time.Hour}
	}
	here.trying++
	all.trying++
	t.mu.Unlock()

	g.t = t
	if err := guessing.Sleep(ctx, delay(tried)); err != nil {
		g.leave(err, now())
		return nil, err
	}
	return &g, nil
}

// leave notes how a check ended.
func (g *guess) leave(err error, now time.Time) {
	t := g.t
	t.mu.Lock()
	defer t.mu.Unlock()
	here, all := t.of(guessKey{g.uid, g.from}, now, forgive), t.of(guessKey{uid: g.uid}, now, forgiveAll)
	here.trying, all.trying = max(0, here.trying-1), max(0, all.trying-1)
	switch {
	case err == nil:
		here.wrong, here.good = 0, true
	case errors.Is(err, fault.Denied):
		here.wrong, all.wrong = here.wrong+1, all.wrong+1
		here.last, all.last = now, now
	}
}

// of returns the count of a key. One that is older than life starts anew.
func (t *throttle) of(k guessKey, now time.Time, life time.Duration) *guesses {
	g := t.cases[k]
	if g == nil {
		if len(t.cases) >= maxCases { // better to forgive than to fill the memory
			clear(t.cases)
		}
		g = &guesses{}
		t.cases[k] = g
	}
	if g.wrong > 0 && now.Sub(g.last) > life {
		g.wrong = 0
	}
	return g
}

// delay grows twofold with each wrong code, from the second on.
func delay(wrong int) time.Duration {
	if wrong < 2 {
		return 0
	}
	return min(firstDelay<<(wrong-2), maxDelay)
}
