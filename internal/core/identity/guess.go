package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// Delayed is an account and a network that guesses at it.
type Delayed struct {
	Account string       // an id; "?" and a hash for a login that is no account; "": all accounts together
	From    netip.Prefix // 24 bits of an IPv4, 64 of an IPv6 address
	Count   int          // different wrong passwords, on all nodes
	Last    time.Time
	Delay   time.Duration // how long the next new password waits
	Until   time.Time     // no new password is tried until then; zero: one is
}

// guessRow is how many guesses one node counts.
type guessRow struct {
	key  caseKey
	node string
	n    int
	at   int64
}

// maxGuessRows bounds what is read at once.
const maxGuessRows = 5000

func scanGuess(r db.Row) (g guessRow, err error) {
	var from string
	if err := r.Scan(&g.key.account, &from, &g.node, &g.n, &g.at); err != nil {
		return g, err
	}
	g.key.from, _ = netip.ParsePrefix(from) // "" is a client without an address
	return g, nil
}

func (d *Directory) guessRows(ctx context.Context) ([]guessRow, error) {
	rows, err := db.List(ctx, d.db, scanGuess, "SELECT account, net, node, n, at FROM guess WHERE at >= ? ORDER BY at DESC LIMIT ?",
		d.Now().Add(-forgive).Unix(), maxGuessRows)
	if err != nil {
		return nil, fmt.Errorf("guesses: %w", err)
	}
	return rows, nil
}

// nobody stands for a login that is no account: people type passwords there, so
// it is not kept as it was typed.
func (d *Directory) nobody(login string) string {
	return "?" + d.box.HashText("guess " + low(login))[:16]
}

// node is the name of this process among the nodes.
func (d *Directory) node() string { return fmt.Sprintf("%x", d.secret[:8]) }

// catchUp learns, at most once a second, how many guesses the other nodes count,
// and which of our own somebody has forgiven.
func (d *Directory) catchUp(ctx context.Context) error {
	t, now := d.throttle, d.Now()
	t.mu.Lock()
	due := now.Sub(t.read) >= fresh || now.Before(t.read)
	if due {
		t.read = now
	}
	t.mu.Unlock()
	if !due {
		return nil
	}
	rows, err := d.guessRows(ctx)
	if err != nil {
		return err
	}
	elsewhere, ours, node := map[caseKey]int{}, map[caseKey]bool{}, d.node()
	for _, r := range rows {
		if r.node == node {
			ours[r.key] = true
		} else {
			elsewhere[r.key] += r.n
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.elsewhere = elsewhere
	if len(rows) == maxGuessRows { // what is not among them may be there
		return nil
	}
	for k, g := range t.cases {
		if !g.noted.IsZero() && g.noted.Before(now) && !ours[k] {
			g.noted = time.Time{}
			clear(g.wrong)
		}
	}
	return nil
}

// noteAttempt writes down what is known after a password was tried: at failures,
// and when a right one clears the record.
func (d *Directory) noteAttempt(ctx context.Context, a *attempt, right bool) error {
	if a.undecided {
		return nil
	}
	keys := []caseKey{{a.account, a.from}, {"", a.from}}
	if right {
		return d.clearGuesses(ctx, keys[0])
	}
	for _, k := range keys {
		n := d.throttle.count(k)
		if n == 0 {
			continue
		}
		if err := d.writeGuesses(ctx, k, n); err != nil {
			return err
		}
		d.throttle.wasNoted(k, d.Now())
	}
	return nil
}

// count is how many guesses this node remembers.
func (t *throttle) count(k caseKey) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.cases[k]; g != nil {
		return len(g.wrong)
	}
	return 0
}

func (t *throttle) wasNoted(k caseKey, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.cases[k]; g != nil {
		g.noted = now
	}
}

func (d *Directory) writeGuesses(ctx context.Context, k caseKey, n int) error {
	at, net := d.Now().Unix(), prefixText(k.from)
	changed, err := d.db.Exec(ctx, "UPDATE guess SET n = ?, at = ? WHERE account = ? AND net = ? AND node = ?", n, at, k.account, net, d.node())
	if err != nil || changed > 0 {
		return err
	}
	_, err = d.db.Exec(ctx, "INSERT INTO guess (account, net, node, n, at) VALUES (?, ?, ?, ?, ?)", k.account, net, d.node(), n, at)
	if errors.Is(err, fault.Exists) { // another request was faster, or it is as it was
		return nil
	}
	return err
}

// clearGuesses forgets what the table says of an account and a network, if it
// says anything.
func (d *Directory) clearGuesses(ctx context.Context, k caseKey) error {
	t := d.throttle
	t.mu.Lock()
	g := t.cases[k]
	there := t.elsewhere[k] > 0 || g != nil && !g.noted.IsZero()
	delete(t.elsewhere, k)
	if g != nil {
		g.noted = time.Time{}
	}
	t.mu.Unlock()
	if !there {
		return nil
	}
	_, err := d.db.Exec(ctx, "DELETE FROM guess WHERE account = ? AND net = ?", k.account, prefixText(k.from))
	return err
}

// Delayed lists who guesses at which accounts, on all nodes, by network and
// account.
func (d *Directory) Delayed(ctx context.Context) ([]Delayed, error) {
	rows, err := d.guessRows(ctx)
	if err != nil {
		return nil, err
	}
	sums := map[caseKey]*Delayed{}
	for _, r := range rows {
		s := sums[r.key]
		if s == nil {
			s = &Delayed{Account: r.key.account, From: r.key.from}
			sums[r.key] = s
		}
		s.Count += r.n
		if at := time.Unix(r.at, 0); at.After(s.Last) {
			s.Last = at
		}
	}
	out := make([]Delayed, 0, len(sums))
	for _, s := range sums {
		switch {
		case s.Account == "":
			s.Delay = min(d.throttle.how.delay((s.Count-sprayFree)/5), sprayDelay)
		case s.Count >= maxGuesses:
			s.Delay, s.Until = d.throttle.how.Most, s.Last.Add(forgive)
		default:
			s.Delay = d.throttle.how.delay(s.Count - 1)
		}
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Delayed) int {
		return cmp.Or(cmp.Compare(a.From.String(), b.From.String()), cmp.Compare(a.Account, b.Account))
	})
	return out, nil
}

// Lets tells whether guesses from a network cost nothing.
func (d *Directory) Lets(from netip.Prefix) bool { return d.throttle.lets(from) }

// Forgive forgets the guesses from a network, or at an account, or both; the zero
// value of either means any. Every node hears of it within a second. It tells how
// many records there were.
func (d *Directory) Forgive(ctx context.Context, from netip.Prefix, account string) (int64, error) {
	switch {
	case from.IsValid() && account != "":
		return d.db.Exec(ctx, "DELETE FROM guess WHERE net = ? AND account = ?", from.String(), account)
	case from.IsValid():
		return d.db.Exec(ctx, "DELETE FROM guess WHERE net = ?", from.String())
	case account != "":
		return d.db.Exec(ctx, "DELETE FROM guess WHERE account = ?", account)
	}
	return d.db.Exec(ctx, "DELETE FROM guess")
}
