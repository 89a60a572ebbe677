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
	"atrium/internal/base/who"
	"atrium/internal/core/identity/throttle"
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
	key  throttle.Key
	node string
	n    int
	at   int64
}

// Try has a secret checked that is no account's, such as the password of a public
// link, with the delays and the records of guesses. check tells whether the secret
// is right; fault.Anonymous says no. name stands for what it opens in the list of
// guesses and can be no account's id; stamp is another one when the right secret
// is. Besides what check says the error may be fault.Busy.
func (d *Directory) Try(ctx context.Context, name, secret, stamp string, from netip.Prefix, check func(context.Context) error) error {
	if d.throttle.Lets(from) {
		return check(ctx)
	}
	k := d.print(name, secret)
	_, err := d.once(ctx, k, from, func(ctx context.Context) (*who.Principal, error) {
		if err := d.catchUp(ctx); err != nil {
			return nil, err
		}
		try, err := d.throttle.Enter(ctx, throttle.Attempt{Key: throttle.Key{Account: name, From: from}, Cred: throttle.Print(k), Stamp: stamp}, d.Now)
		if err != nil {
			return nil, err
		}
		err = check(ctx)
		try.Undecided = err != nil && !errors.Is(err, fault.Anonymous)
		try.Leave(err == nil, d.Now())
		return nil, errors.Join(d.noteAttempt(ctx, try, err == nil), err)
	})
	return err
}

// maxGuessRows bounds what is read at once.
const maxGuessRows = 5000

func scanGuess(r db.Row) (g guessRow, err error) {
	var from string
	if err := r.Scan(&g.key.Account, &from, &g.node, &g.n, &g.at); err != nil {
		return g, err
	}
	g.key.From, _ = netip.ParsePrefix(from) // "" is a client without an address
	return g, nil
}

func (d *Directory) guessRows(ctx context.Context) ([]guessRow, error) {
	rows, err := db.List(ctx, d.db, scanGuess, "SELECT account, net, node, n, at FROM guess WHERE at >= ? ORDER BY at DESC LIMIT ?",
		d.Now().Add(-throttle.Forgive).Unix(), maxGuessRows)
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
	now := d.Now()
	if !d.throttle.Due(now, fresh) {
		return nil
	}
	rows, err := d.guessRows(ctx)
	if err != nil {
		return err
	}
	elsewhere, ours, node := map[throttle.Key]int{}, map[throttle.Key]bool{}, d.node()
	for _, r := range rows {
		if r.node == node {
			ours[r.key] = true
		} else {
			elsewhere[r.key] += r.n
		}
	}
	if len(rows) == maxGuessRows { // what is not among them may be there
		ours = nil
	}
	d.throttle.Learn(elsewhere, ours, now)
	return nil
}

// noteAttempt writes down what is known after a password was tried: at failures,
// and when a right one clears the record.
func (d *Directory) noteAttempt(ctx context.Context, a *throttle.Attempt, right bool) error {
	switch {
	case a.Undecided, right && !d.throttle.Clear(a.Key):
		return nil
	case right:
		_, err := d.db.Exec(ctx, "DELETE FROM guess WHERE account = ? AND net = ?", a.Account, prefixText(a.From))
		return err
	}
	for _, k := range []throttle.Key{a.Key, {From: a.From}} {
		n := d.throttle.Count(k)
		if n == 0 {
			continue
		}
		if err := d.writeGuesses(ctx, k, n); err != nil {
			return err
		}
		d.throttle.Noted(k, d.Now())
	}
	return nil
}

func (d *Directory) writeGuesses(ctx context.Context, k throttle.Key, n int) error {
	at, net := d.Now().Unix(), prefixText(k.From)
	changed, err := d.db.Exec(ctx, "UPDATE guess SET n = ?, at = ? WHERE account = ? AND net = ? AND node = ?", n, at, k.Account, net, d.node())
	if err != nil || changed > 0 {
		return err
	}
	_, err = d.db.Exec(ctx, "INSERT INTO guess (account, net, node, n, at) VALUES (?, ?, ?, ?, ?)", k.Account, net, d.node(), n, at)
	if errors.Is(err, fault.Exists) { // another request was faster, or it is as it was
		return nil
	}
	return err
}

// Delayed lists who guesses at which accounts, on all nodes, by network and
// account.
func (d *Directory) Delayed(ctx context.Context) ([]Delayed, error) {
	rows, err := d.guessRows(ctx)
	if err != nil {
		return nil, err
	}
	sums := map[throttle.Key]*Delayed{}
	for _, r := range rows {
		s := sums[r.key]
		if s == nil {
			s = &Delayed{Account: r.key.Account, From: r.key.From}
			sums[r.key] = s
		}
		s.Count += r.n
		if at := time.Unix(r.at, 0); at.After(s.Last) {
			s.Last = at
		}
	}
	out := make([]Delayed, 0, len(sums))
	for _, s := range sums {
		wait, none := d.throttle.Wait(throttle.Key{Account: s.Account, From: s.From}, s.Count)
		if s.Delay = wait; none {
			s.Until = s.Last.Add(throttle.Forgive)
		}
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Delayed) int {
		return cmp.Or(cmp.Compare(a.From.String(), b.From.String()), cmp.Compare(a.Account, b.Account))
	})
	return out, nil
}

// SlowGuesses changes how wrong passwords are met. It is called at start only.
func (d *Directory) SlowGuesses(g throttle.Guessing) { d.throttle.How = g }

// Lets tells whether guesses from a network cost nothing.
func (d *Directory) Lets(from netip.Prefix) bool { return d.throttle.Lets(from) }

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

// refusal is an answer to one who guesses much.
type refusal struct {
	err error
	at  time.Time
}

// maxRefusals bounds how many are remembered.
const maxRefusals = 10_000

// refuse remembers that no new password of a login is tried just now, so that a
// flood of guesses asks the tables twice a second and not each time.
func (d *Directory) refuse(k fingerprint, err error) {
	var busy interface{ All() bool }
	if !errors.As(err, &busy) || !busy.All() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.busy) >= maxRefusals {
		clear(d.busy)
	}
	d.busy[k] = refusal{err, d.Now()}
}

// refused is what refuse remembers; nil: nothing that can still be believed.
func (d *Directory) refused(k fingerprint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.busy[k]; ok && d.Now().Sub(r.at) < fresh {
		return r.err
	}
	return nil
}
