package twofactor

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"atrium/internal/base/fault"
	guessing "atrium/internal/core/identity/throttle"
	"atrium/internal/infra/db"
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
// No count of one account matters to another, wherever both sit. The counts are rows,
// so that they hold on every node. A code counts as wrong from before it is looked
// at, until it is found right: so those that are looked at side by side count too,
// and one whose node dies meanwhile.
type throttle struct {
	db   *db.DB
	wait func(ctx context.Context, d time.Duration) error
}

func newThrottle(d *db.DB) *throttle { return &throttle{d, guessing.Sleep} }

const (
	forgive    = 30 * time.Minute
	forgiveAll = 24 * time.Hour
	familiar   = 90 * 24 * time.Hour // a network is, for so long after a right code
	maxWrong   = 10
	maxSpread  = 100
	firstDelay = 100 * time.Millisecond
	maxDelay   = 10 * time.Second
)

// guess is one code about to be checked.
type guess struct {
	uid  string
	from netip.Prefix
	long bool // too long to be guessed

	t *throttle
}

// allNetworks stands for the sum over all networks.
const allNetworks = ""

// net is the network in the table. A client without an address has one too.
func (g guess) net() string { return g.from.String() }

// busyFor is fault.Busy that knows when to come back.
type busyFor struct{ after time.Duration }

func (b busyFor) Error() string { return "too many wrong codes" }
func (b busyFor) Unwrap() error {
	return fault.New(fault.Busy, "Too many wrong codes. Please try again later.")
}

// RetryAfter tells the client when to come back.
func (b busyFor) RetryAfter() time.Duration { return b.after }

// count is a row.
type count struct{ wrong, last, good int64 }

func (t *throttle) count(ctx context.Context, tx *db.DB, uid, net string) (count, error) {
	return db.One(ctx, tx, func(r db.Row) (c count, err error) { return c, r.Scan(&c.wrong, &c.last, &c.good) },
		"SELECT n, at, good FROM twofactor_guess WHERE uid = ? AND net = ?", uid, net)
}

// take counts a code in one row, which is then locked until the end of the
// transaction, and returns the row as it was before.
func (t *throttle) take(ctx context.Context, tx *db.DB, uid, net string, now time.Time, life time.Duration) (count, error) {
	if _, err := tx.Exec(ctx, "INSERT INTO twofactor_guess (uid, net, n, at, good) VALUES (?, ?, 0, 0, 0) {{on uid,net ignore}}", uid, net); err != nil {
		return count{}, err
	}
	_, err := tx.Exec(ctx, "UPDATE twofactor_guess SET n = 0, at = ? WHERE uid = ? AND net = ? AND (n = 0 OR at < ?)",
		now.Unix(), uid, net, now.Add(-life).Unix())
	if err != nil {
		return count{}, err
	}
	if _, err := tx.Exec(ctx, "UPDATE twofactor_guess SET n = n + 1 WHERE uid = ? AND net = ?", uid, net); err != nil {
		return count{}, err
	}
	c, err := t.count(ctx, tx, uid, net)
	c.wrong--
	return c, err
}

// enter waits as long as the wrong codes before demand, or is fault.Busy. Else
// leave must be called.
func (t *throttle) enter(ctx context.Context, g guess, now func() time.Time) (*guess, error) {
	var tried int64
	err := t.db.Tx(ctx, func(tx *db.DB) error {
		at := now()
		all, err := t.take(ctx, tx, g.uid, allNetworks, at, forgiveAll)
		if err != nil {
			return err
		}
		here, err := t.take(ctx, tx, g.uid, g.net(), at, forgive)
		if err != nil {
			return err
		}
		tried = here.wrong
		switch {
		case tried >= maxWrong:
			return busyFor{max(time.Second, forgive-at.Sub(time.Unix(here.last, 0)))}
		case !g.long && at.Sub(time.Unix(here.good, 0)) > familiar && all.wrong >= maxSpread:
			return busyFor{time.Hour}
		}
		return nil
	})
	if err != nil { // nothing was counted
		return nil, err
	}
	g.t = t
	if err := t.wait(ctx, delay(int(tried))); err != nil {
		return nil, errors.Join(err, g.leave(ctx, err, now()))
	}
	return &g, nil
}

// leave notes how a check ended.
func (g *guess) leave(ctx context.Context, err error, now time.Time) error {
	ctx = context.WithoutCancel(ctx)
	return g.t.db.Tx(ctx, func(tx *db.DB) error {
		if errors.Is(err, fault.Denied) {
			_, err := tx.Exec(ctx, "UPDATE twofactor_guess SET at = ? WHERE uid = ? AND net IN (?)", now.Unix(), g.uid, []string{allNetworks, g.net()})
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE twofactor_guess SET n = n - 1 WHERE uid = ? AND net = ? AND n > 0", g.uid, allNetworks); err != nil {
			return err
		}
		if err != nil { // it was not found out
			_, err := tx.Exec(ctx, "UPDATE twofactor_guess SET n = n - 1 WHERE uid = ? AND net = ? AND n > 0", g.uid, g.net())
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE twofactor_guess SET n = 0, good = ? WHERE uid = ? AND net = ?", now.Unix(), g.uid, g.net())
		return err
	})
}

// tidy forgets what does not count any more.
func (t *throttle) tidy(ctx context.Context, now time.Time) error {
	_, err := t.db.Exec(ctx, "DELETE FROM twofactor_guess WHERE at < ? AND good < ?", now.Add(-forgiveAll).Unix(), now.Add(-familiar).Unix())
	return err
}

// delay grows twofold with each wrong code, from the second on.
func delay(wrong int) time.Duration {
	if wrong < 2 {
		return 0
	}
	return min(firstDelay<<(wrong-2), maxDelay)
}
