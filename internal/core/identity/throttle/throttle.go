// Package throttle slows down who guesses passwords. It counts per account and network
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
// node knows the credentials it saw, in memory only; who keeps a table for all
// nodes tells it how many the others saw.
package throttle

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"atrium/internal/base/fault"
)

// Throttle is what a node knows of guesses. Its fields are set at start only.
type Throttle struct {
	How   Guessing
	Wrong error // the answer to a credential that is known to be wrong

	mu        sync.Mutex
	cases     map[Key]*guesses
	elsewhere map[Key]int // how many guesses other nodes count
	read      time.Time   // when that was read
}

// Guessing says how wrong passwords are met.
type Guessing struct {
	First time.Duration  // wait after the first wrong one; twice that after the second, and so on
	Most  time.Duration  // the longest wait
	Free  []netip.Prefix // networks whose wrong passwords cost nothing
}

// Lets tells whether guesses from a network cost nothing. Networks are compared
// as far as both are known.
func (t *Throttle) Lets(from netip.Prefix) bool {
	return slices.ContainsFunc(t.How.Free, func(p netip.Prefix) bool { return p.Overlaps(from) })
}

// Key is an account and a network that guesses at it.
type Key struct {
	Account string // "": the sum over all accounts
	From    netip.Prefix
}

// guesses are the wrong credentials that came from a network for an account.
type guesses struct {
	wrong   map[Print]*guess
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
	Forgive    = 30 * time.Minute // a guess is forgotten after so long
	firstDelay = 200 * time.Millisecond
	maxDelay   = 25 * time.Second
	MaxGuesses = 10 // different ones, or repetitions of one
	maxWaiting = 10 // requests that wait at once, for one account and network
	maxCases   = 50_000

	sprayFree  = 50 // guesses over all accounts of a network that cost nothing
	sprayDelay = 5 * time.Second
)

// New returns a throttle that knows of no guess.
func New() *Throttle {
	return &Throttle{How: Guessing{First: firstDelay, Most: maxDelay}, Wrong: fault.Anonymous, cases: map[Key]*guesses{}}
}

// Print stands for a credential.
type Print [32]byte

// Attempt is one password about to be checked.
type Attempt struct {
	Key
	Cred  Print
	Stamp string // what the password is checked against; a guess at another one is no guess at this

	Undecided bool // it was not found out whether the password is right
	t         *Throttle
}

// busyFor is fault.Busy that knows when to come back.
type busyFor struct {
	after time.Duration
	all   bool // for every credential that is new
}

// All tells whether no new credential is tried.
func (b busyFor) All() bool { return b.all }

func (b busyFor) Error() string { return "too many failed logins" }
func (b busyFor) Unwrap() error {
	return fault.New(fault.Busy, "Too many failed logins. Please try again later.")
}

// RetryAfter tells the client when to come back.
func (b busyFor) RetryAfter() time.Duration { return b.after }

// Delay grows twofold with each guess.
func (g Guessing) Delay(n int) time.Duration {
	if n <= 0 {
		return 0
	}
	d := g.First
	for ; n > 1 && d < g.Most; n-- {
		d *= 2
	}
	return min(d, g.Most)
}

// Enter waits as long as the account's recent guesses demand. It returns
// Wrong when the credential is known to be wrong, fault.Busy when
// there were too many. Otherwise Leave must be called.
func (t *Throttle) Enter(ctx context.Context, a Attempt, now func() time.Time) (*Attempt, error) {
	at := now()
	t.mu.Lock()
	g := t.of(a.Key, at)
	if g.waiting >= maxWaiting {
		t.mu.Unlock()
		return nil, busyFor{after: maxDelay}
	}
	var wait time.Duration
	w := g.wrong[a.Cred]
	again := w != nil && w.stamp == a.Stamp
	if again {
		if w.n > MaxGuesses {
			t.mu.Unlock()
			return nil, busyFor{after: Forgive - at.Sub(w.last)}
		}
		w.n++
		w.last = at
		wait = t.How.Delay(w.n - 1)
	} else {
		others := len(g.wrong) + g.trying + t.elsewhere[a.Key]
		if others >= MaxGuesses {
			t.mu.Unlock()
			return nil, busyFor{after: max(Forgive-at.Sub(g.last), time.Minute), all: true}
		}
		wait = max(t.How.Delay(others-1), t.spray(a.From, at))
		g.trying++
	}
	g.waiting++
	t.mu.Unlock()

	err := Sleep(ctx, wait)
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
		return nil, t.Wrong
	}
	a.t = t
	return &a, nil
}

// Leave notes how a check ended. The right password clears the account's record
// for that network.
func (a *Attempt) Leave(ok bool, now time.Time) {
	t := a.t
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.of(a.Key, now)
	g.trying = max(0, g.trying-1)
	switch {
	case a.Undecided:
	case ok:
		clear(g.wrong)
	default:
		g.note(a, now)
		if all := t.of(Key{From: a.From}, now); len(all.wrong) < 2*sprayFree {
			all.note(a, now)
		}
	}
}

func (g *guesses) note(a *Attempt, now time.Time) {
	g.wrong[a.Cred] = &guess{n: 1, last: now, stamp: a.Stamp}
	g.last = now
}

// spray is the delay for a network that guesses at many accounts. It only slows
// down, since many people may share an address.
func (t *Throttle) spray(from netip.Prefix, now time.Time) time.Duration {
	n := t.elsewhere[Key{From: from}]
	if g := t.cases[Key{From: from}]; g != nil {
		g.forget(now)
		n += len(g.wrong)
	}
	return min(t.How.Delay((n-sprayFree)/5), sprayDelay)
}

func (t *Throttle) of(k Key, now time.Time) *guesses {
	g := t.cases[k]
	if g == nil {
		if len(t.cases) >= maxCases { // better to Forgive than to fill the memory
			clear(t.cases)
		}
		g = &guesses{wrong: map[Print]*guess{}, last: now}
		t.cases[k] = g
	}
	g.forget(now)
	return g
}

func (g *guesses) forget(now time.Time) {
	for c, w := range g.wrong {
		if now.Sub(w.last) > Forgive {
			delete(g.wrong, c)
		}
	}
}

// Sweep forgets what is old.
func (t *Throttle) Sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, g := range t.cases {
		g.forget(now)
		if len(g.wrong) == 0 && g.trying == 0 && g.waiting == 0 {
			delete(t.cases, k)
		}
	}
}

// Sleep waits for so long, or until ctx ends: then it gives the cause.
func Sleep(ctx context.Context, d time.Duration) error {
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

// Count is how many guesses this node remembers.
func (t *Throttle) Count(k Key) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.cases[k]; g != nil {
		return len(g.wrong)
	}
	return 0
}

// Noted tells that the number of a case's guesses was written down.
func (t *Throttle) Noted(k Key, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.cases[k]; g != nil {
		g.noted = now
	}
}

// Due tells whether what others know should be learnt now, once in each span.
func (t *Throttle) Due(now time.Time, span time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if since := now.Sub(t.read); since >= 0 && since < span {
		return false
	}
	t.read = now
	return true
}

// Learn takes in how many guesses other nodes know of. What was noted here before
// and is not in ours any more was forgiven; nil ours is not known.
func (t *Throttle) Learn(elsewhere map[Key]int, ours map[Key]bool, before time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.elsewhere = elsewhere
	for k, g := range t.cases {
		if ours != nil && !g.noted.IsZero() && g.noted.Before(before) && !ours[k] {
			g.noted = time.Time{}
			clear(g.wrong)
		}
	}
}

// Clear forgets that a case was written down, or known elsewhere, and tells
// whether it was.
func (t *Throttle) Clear(k Key) (was bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was = t.elsewhere[k] > 0
	delete(t.elsewhere, k)
	if g := t.cases[k]; g != nil {
		was = was || !g.noted.IsZero()
		g.noted = time.Time{}
	}
	return was
}

// Wait is how long the next new password of a case waits after n guesses, and
// whether none is tried for a while.
func (t *Throttle) Wait(k Key, n int) (wait time.Duration, none bool) {
	switch {
	case k.Account == "":
		return min(t.How.Delay((n-sprayFree)/5), sprayDelay), false
	case n >= MaxGuesses:
		return t.How.Most, true
	}
	return t.How.Delay(n - 1), false
}
