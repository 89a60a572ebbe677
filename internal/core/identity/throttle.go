package identity

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"atrium/internal/base/fault"
)

// throttle slows down who guesses passwords. It counts per account and network
// of the client, and tells credentials apart:
//
//   - The same wrong credential again, as a phone with an old password sends it,
//     counts for itself only: it is answered without hashing, later each time, and
//     harms nobody else.
//   - Different wrong credentials are guesses and count together: each further
//     new one waits longer, and from the tenth on none is tried.
//   - App passwords, and passwords that opened the account before, never come
//     here, so a device that works goes on working during an attack.
//
// Besides, a network that guesses at many accounts is slowed down a little. All
// is kept in memory: a restart forgives, and each node counts for itself.
type throttle struct {
	mu    sync.Mutex
	cases map[caseKey]*guesses
}

type caseKey struct {
	account string // "": the sum over all accounts
	from    netip.Prefix
}

// guesses are the wrong credentials that came from a network for an account.
type guesses struct {
	wrong   map[fingerprint]*guess
	trying  int // new credentials being checked right now
	waiting int // requests that wait
	last    time.Time
}

type guess struct {
	n     int
	last  time.Time
	stamp string
}

const (
	forgive    = 30 * time.Minute // a guess is forgotten after so long
	firstDelay = 100 * time.Millisecond
	maxDelay   = 25 * time.Second
	maxGuesses = 10 // different ones, or repetitions of one
	maxWaiting = 10 // requests that wait at once, for one account and network
	maxCases   = 50_000

	sprayFree  = 50 // guesses over all accounts of a network that cost nothing
	sprayDelay = 5 * time.Second
)

func newThrottle() *throttle { return &throttle{cases: map[caseKey]*guesses{}} }

// attempt is one password about to be checked.
type attempt struct {
	account string
	from    netip.Prefix
	cred    fingerprint
	stamp   string // what the password is checked against; a guess at another one is no guess at this

	undecided bool // it was not found out whether the password is right
	t         *throttle
}

// busyFor is fault.Busy that knows when to come back.
type busyFor struct{ after time.Duration }

func (b busyFor) Error() string { return "too many failed logins" }
func (b busyFor) Unwrap() error {
	return fault.New(fault.Busy, "Too many failed logins. Please try again later.")
}

// RetryAfter tells the client when to come back.
func (b busyFor) RetryAfter() time.Duration { return b.after }

// delay grows twofold with each guess: 0.1 s · 2^n.
func delay(n int) time.Duration {
	if n <= 0 {
		return 0
	}
	if n > 8 {
		return maxDelay
	}
	return min(firstDelay<<n, maxDelay)
}

// enter waits as long as the account's recent guesses demand. It returns
// fault.Anonymous when the credential is known to be wrong, fault.Busy when
// there were too many. Otherwise leave must be called.
func (t *throttle) enter(ctx context.Context, a attempt, now func() time.Time) (*attempt, error) {
	at := now()
	t.mu.Lock()
	g := t.of(caseKey{a.account, a.from}, at)
	if g.waiting >= maxWaiting {
		t.mu.Unlock()
		return nil, busyFor{maxDelay}
	}
	var wait time.Duration
	w := g.wrong[a.cred]
	again := w != nil && w.stamp == a.stamp
	if again {
		if w.n > maxGuesses {
			t.mu.Unlock()
			return nil, busyFor{forgive - at.Sub(w.last)}
		}
		w.n++
		w.last = at
		wait = delay(w.n - 1)
	} else {
		others := len(g.wrong) + g.trying
		if others >= maxGuesses {
			t.mu.Unlock()
			return nil, busyFor{forgive - at.Sub(g.last)}
		}
		wait = max(delay(others-1), t.spray(a.from, at))
		g.trying++
	}
	g.waiting++
	t.mu.Unlock()

	err := sleep(ctx, wait)
	t.mu.Lock()
	defer t.mu.Unlock()
	g.waiting--
	if err != nil && !again {
		g.trying--
	}
	switch {
	case err != nil:
		return nil, err
	case again:
		return nil, errWrong
	}
	a.t = t
	return &a, nil
}

// leave notes how a check ended. The right password clears the account's record
// for that network.
func (a *attempt) leave(ok bool, now time.Time) {
	t := a.t
	t.mu.Lock()
	defer t.mu.Unlock()
	key := caseKey{a.account, a.from}
	g := t.of(key, now)
	g.trying = max(0, g.trying-1)
	switch {
	case a.undecided:
	case ok:
		clear(g.wrong)
	default:
		g.note(a, now)
		if all := t.of(caseKey{from: a.from}, now); len(all.wrong) < 2*sprayFree {
			all.note(a, now)
		}
	}
}

func (g *guesses) note(a *attempt, now time.Time) {
	g.wrong[a.cred] = &guess{n: 1, last: now, stamp: a.stamp}
	g.last = now
}

// spray is the delay for a network that guesses at many accounts. It only slows
// down, since many people may share an address.
func (t *throttle) spray(from netip.Prefix, now time.Time) time.Duration {
	g := t.cases[caseKey{from: from}]
	if g == nil {
		return 0
	}
	g.forget(now)
	return min(delay((len(g.wrong)-sprayFree)/5), sprayDelay)
}

func (t *throttle) of(k caseKey, now time.Time) *guesses {
	g := t.cases[k]
	if g == nil {
		if len(t.cases) >= maxCases { // better to forgive than to fill the memory
			clear(t.cases)
		}
		g = &guesses{wrong: map[fingerprint]*guess{}, last: now}
		t.cases[k] = g
	}
	g.forget(now)
	return g
}

func (g *guesses) forget(now time.Time) {
	for c, w := range g.wrong {
		if now.Sub(w.last) > forgive {
			delete(g.wrong, c)
		}
	}
}

func (t *throttle) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, g := range t.cases {
		g.forget(now)
		if len(g.wrong) == 0 && g.trying == 0 && g.waiting == 0 {
			delete(t.cases, k)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
