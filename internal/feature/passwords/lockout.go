package passwords

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/db"
	"atrium/internal/proto/cli"
)

// lockout closes an account to passwords after maximumLoginAttempts wrong ones in a
// row, from wherever. It is for those whose rules demand it: who knows a login can
// keep its owner from signing in with the password. So nobody is locked out unless
// an administrator asks for it, and app passwords and sessions go on working.
//
// The same wrong password that a forgotten device sends again and again counts once,
// since core/identity does not look at it again.
type lockout struct{ *Room }

// forgetAfter is how long wrong passwords count that have not locked the account.
const forgetAfter = 24 * time.Hour

// tries is a row: so many wrong passwords, the last at a time.
type tries struct {
	n  int
	at time.Time
}

// lockedFor is fault.Busy that knows when to come back.
type lockedFor struct{ after time.Duration }

func (l lockedFor) Error() string { return "locked out" }

// Unwrap makes it fault.Busy, in the words that all who guess are told.
func (l lockedFor) Unwrap() error {
	return fault.New(fault.Busy, "Too many failed logins. Please try again later.")
}

// RetryAfter tells the client when to come back.
func (l lockedFor) RetryAfter() time.Duration { return l.after }

// after is for how long yet a row locks its account: 0: it does not.
func (r Rules) after(t tries, now time.Time) time.Duration {
	switch {
	case r.Tries == 0 || t.n < r.Tries:
		return 0
	case r.LockedFor == 0: // until it is lifted; a client may ask again in an hour
		return time.Hour
	}
	return max(0, t.at.Add(r.LockedFor).Sub(now))
}

func (rm *Room) triesOf(ctx context.Context, d *db.DB, account string) (t tries, err error) {
	t, err = db.One(ctx, d, func(r db.Row) (t tries, err error) {
		var at int64
		err = r.Scan(&t.n, &at)
		t.at = time.Unix(at, 0)
		return t, err
	}, "SELECT n, at FROM password_tries WHERE account = ?", account)
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return t, err
}

// Locked implements throttle.Lockout. It asks no table while nobody is to be
// locked out.
func (l lockout) Locked(ctx context.Context, account string) error {
	rules, err := l.rules(ctx)
	if err != nil || rules.Tries == 0 {
		return err
	}
	t, err := l.triesOf(ctx, l.db, account)
	if err != nil {
		return err
	}
	if after := rules.after(t, l.Now()); after > 0 {
		return lockedFor{after}
	}
	return nil
}

// Tried implements throttle.Lockout.
func (l lockout) Tried(ctx context.Context, account string, right bool) error {
	rules, err := l.rules(ctx)
	if err != nil || rules.Tries == 0 {
		return err
	}
	return l.db.Tx(ctx, func(tx *db.DB) error {
		if !right {
			return l.wrong(ctx, tx, rules, account)
		}
		t, err := l.triesOf(ctx, tx, account)
		if err != nil || t.n == 0 {
			return err
		}
		if after := rules.after(t, l.Now()); after > 0 { // others were faster
			return lockedFor{after}
		}
		_, err = tx.Exec(ctx, "DELETE FROM password_tries WHERE account = ?", account)
		return err
	})
}

// wrong counts one more. What is over, or was long ago, does not count any more.
func (l lockout) wrong(ctx context.Context, tx *db.DB, rules Rules, account string) error {
	now := l.Now()
	served := int64(-1)
	if rules.LockedFor > 0 {
		served = now.Add(-rules.LockedFor).Unix()
	}
	if _, err := tx.Exec(ctx, "INSERT INTO password_tries (account, n, at) VALUES (?, 0, ?) {{on account ignore}}", account, now.Unix()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE password_tries SET n = CASE WHEN n >= ? AND at <= ? OR n < ? AND at <= ? THEN 1 ELSE n + 1 END, at = ? WHERE account = ?`,
		rules.Tries, served, rules.Tries, now.Add(-forgetAfter).Unix(), now.Unix(), account)
	if err != nil {
		return err
	}
	t, err := l.triesOf(ctx, tx, account)
	if err != nil || t.n != rules.Tries || strings.HasPrefix(account, "?") { // "?": a login that is no account
		return err
	}
	return l.tell(ctx, tx, account, event.AccountLockedOut)
}

func (rm *Room) tell(ctx context.Context, tx *db.DB, uid, what string) error {
	if rm.dir.Tell == nil {
		return nil
	}
	return rm.dir.Tell(ctx, tx, event.AccountChanged{UID: uid, What: what})
}

// Unlock lets passwords open an account again, on every node at once, and tells
// whether they did not.
func (rm *Room) Unlock(ctx context.Context, uid string) (was bool, err error) {
	rules, err := rm.rules(ctx)
	if err != nil {
		return false, err
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		t, err := rm.triesOf(ctx, tx, uid)
		if err != nil {
			return err
		}
		if was = rules.after(t, rm.Now()) > 0; was {
			if err := rm.tell(ctx, tx, uid, event.AccountUnlocked); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "DELETE FROM password_tries WHERE account = ?", uid)
		return err
	})
	return was, err
}

// tidy forgets wrong passwords that do not count any more, many of them for logins
// that are no account.
func (rm *Room) tidy(ctx context.Context) error {
	rules, err := rm.rules(ctx)
	if err != nil {
		return err
	}
	most := rules.Tries // who has fewer is not locked out
	if most == 0 || rules.LockedFor > 0 {
		most = 1 << 30
	}
	_, err = rm.db.Exec(ctx, "DELETE FROM password_tries WHERE at < ? AND n < ?", rm.Now().Add(-max(forgetAfter, rules.LockedFor)).Unix(), most)
	return err
}

// unlock is the command.
func (rm *Room) unlock() *cobra.Command {
	return &cobra.Command{Use: "user:unlock UID", Short: "Let the password open an account again that too many wrong ones have locked", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			u, err := rm.dir.User(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			was, err := rm.Unlock(cmd.Context(), u.ID)
			switch {
			case err != nil:
				return err
			case was:
				cli.Say(cmd, "%s is not locked out any more", u.ID)
			default:
				cli.Say(cmd, "%s was not locked out", u.ID)
			}
			return nil
		}}
}
