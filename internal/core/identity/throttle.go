package identity

import (
	"context"
	"net/netip"
	"slices"
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
// Besides, a network that guesses at many accounts is slowed down a little. Each
// node knows the credentials it saw, in memory only; how many they were stands in
// a table, for the others and for people (guess.go).
type throttle struct {
	how       Guessing
	mu        sync.Mutex
	cases     map[caseKey]*guesses
	elsewhere map[caseKey]int // how many guesses other nodes count
	read      time.Time       // when that was read
}

// Guessing says how wrong passwords are met.
type Guessing struct {
	First time.Duration  // wait after the first wrong one; twice that after the second, and so on
	Most  time.Duration  // the longest wait
	Free  []netip.Prefix // networks whose wrong passwords cost nothing
}

// SlowGuesses changes how wrong passwords are met. It is called at start only.
func (d *Directory) SlowGuesses(g Guessing) { d.throttle.how = g }

// lets tells whether guesses from a network cost nothing. Networks are compared
// as far as both are known.
func (t *throttle) lets(from netip.Prefix) bool {
	return slices.ContainsFunc(t.how.Free, func(p netip.Prefix) bool { return p.Overlaps(from) })
}

type caseKey struct {
	account string // "": the sum over all accounts
	from    netip.Prefix
}

// guesses are the wrong credentials that came from a network for an account.
type guesses struct {
	wrong   map[fingerprint]*guess
	trying  int       // new credentials being checked right now
	noted   time.Time // when their number was last written down
	waiting int       // requests that wait
	last    time.Time
}

type guess struct {
	n     int
	last  time.Time
	stamp string
}

const (
	forgive    = 30 * time.Minute // a guess is forgotten after so long
	firstDelay = 200 * time.Millisecond
	maxDelay   = 25 * time.Second
	maxGuesses = 10 // different ones, or repetitions of one
	maxWaiting = 10 // requests that wait at once, for one account and network
	maxCases   = 50_000

	sprayFree  = 50 // guesses over all accounts of a network that cost nothing
	sprayDelay = 5 * time.Second
)

func newThrottle() *throttle {
	return &throttle{how: Guessing{First: firstDelay, Most: maxDelay}, cases: map[caseKey]*guesses{}}
}

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

// delay grows twofold with each guess.
func (g Guessing) delay(n int) time.Duration {
	if n <= 0 {
		return 0
	}
	d := g.First
	for ; n > 1 && d < g.Most; n-- {
		d *= 2
	}
	return min(d, g.Most)
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
		wait = t.how.delay(w.n - 1)
	} else {
		others := len(g.wrong) + g.trying + t.elsewhere[caseKey{a.account, a.from}]
		if others >= maxGuesses {
			t.mu.Unlock()
			return nil, busyFor{max(forgive-at.Sub(g.last), time.Minute)}
		}
		wait = max(t.how.delay(others-1), t.spray(a.from, at))
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
	n := t.elsewhere[caseKey{from: from}]
	if g := t.cases[caseKey{from: from}]; g != nil {
		g.forget(now)
		n += len(g.wrong)
	}
	return min(t.how.delay((n-sprayFree)/5), sprayDelay)
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
