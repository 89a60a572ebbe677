package twofactor

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/db"
)

// kind tells the codes apart that are good once.
type kind int

const (
	backup  kind = iota + 1 // ten that people keep on paper
	oneTime                 // one that an administrator makes for somebody
)

// codes are random codes that are good once. Only their keyed hashes are kept.
type codes struct {
	*Room
	kind kind
}

const (
	backupCodes  = 10
	backupLength = 16 // 79 bits
	onceLength   = 10 // 49 bits; they end soon and wrong ones are slowed down
	onceLife     = 48 * time.Hour
)

// letters are those that nobody takes for another when reading from paper.
const letters = "23456789abcdefghjkmnpqrstuvwxyz"

// randomCode makes a code of n letters.
func randomCode(n int) string {
	out := make([]byte, 0, n)
	for len(out) < n {
		var b [1]byte
		_, _ = rand.Read(b[:]) // never fails
		if i := int(b[0]); i < 256/len(letters)*len(letters) {
			out = append(out, letters[i%len(letters)])
		}
	}
	return string(out)
}

// About implements Provider. The ids are Nextcloud's (30-core/138; the app for
// codes of administrators).
func (c codes) About() About {
	if c.kind == backup {
		return About{ID: "backup_codes", Name: "Backup code", Invite: "Type one of your backup codes.", Rescue: true, Typed: true}
	}
	return About{ID: "admin", Name: "Code from your administrator", Invite: "Type the code that your administrator gave you.", Rescue: true, Typed: true}
}

func (c codes) hash(uid, code string) []byte {
	code = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -\t\r\n", r) {
			return -1
		}
		return r
	}, strings.ToLower(code))
	return c.box.Hash("code\x00" + c.About().ID + "\x00" + uid + "\x00" + code)
}

// left tells how many codes were made and how many of them are still good.
func (c codes) left(ctx context.Context, uid string) (total, good int64, err error) {
	_, err = db.One(ctx, c.db, func(r db.Row) (struct{}, error) { return struct{}{}, r.Scan(&total, &good) },
		`SELECT COUNT(*), COALESCE(SUM(CASE WHEN used = 0 AND (expires = 0 OR expires > ?) THEN 1 ELSE 0 END), 0)
		FROM twofactor_code WHERE uid = ? AND kind = ?`, c.Now().Unix(), uid, int(c.kind))
	return total, good, err
}

// Has implements Provider.
func (c codes) Has(ctx context.Context, uid string) (bool, error) {
	_, good, err := c.left(ctx, uid)
	return good > 0, err
}

// Ask implements Provider.
func (codes) Ask(context.Context, Caller) (Question, error) { return Question{}, nil }

// make replaces an account's codes by new ones, which nobody can read again.
func (c codes) make(ctx context.Context, uid string) ([]string, error) {
	n, length, expires := backupCodes, backupLength, int64(0)
	if c.kind == oneTime {
		n, length, expires = 1, onceLength, c.Now().Add(onceLife).Unix()
	}
	first, err := c.db.IDs(ctx, int64(n))
	if err != nil {
		return nil, err
	}
	out := make([]string, n)
	for i := range out {
		out[i] = randomCode(length)
	}
	err = c.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM twofactor_code WHERE uid = ? AND kind = ?", uid, int(c.kind)); err != nil {
			return err
		}
		for i, code := range out {
			_, err := tx.Exec(ctx, "INSERT INTO twofactor_code (id, uid, kind, hash, made, expires, used) VALUES (?, ?, ?, ?, ?, ?, 0)",
				first+int64(i), uid, int(c.kind), c.hash(uid, code), c.Now().Unix(), expires)
			if err != nil {
				return err
			}
		}
		if c.kind == oneTime { // not by the person, whose wrong codes are forgiven
			if _, err := tx.Exec(ctx, "UPDATE twofactor_guess SET n = 0 WHERE uid = ?", uid); err != nil {
				return err
			}
			return c.changed(ctx, tx, event.AccountChanged{UID: uid, What: event.SecondFactorOn, Detail: c.About().Name})
		}
		return c.gained(ctx, tx, uid, c.About().Name)
	})
	return out, err
}

// Verify implements Provider: of two requests with one code, one wins.
func (c codes) Verify(ctx context.Context, by Caller, answer string) error {
	now := c.Now().Unix()
	n, err := c.db.Exec(ctx, `UPDATE twofactor_code SET used = ? WHERE hash = ? AND uid = ? AND kind = ? AND used = 0
		AND (expires = 0 OR expires > ?)`, now, c.hash(by.UID, answer), by.UID, int(c.kind), now)
	if err == nil && n == 0 {
		return errWrong
	}
	return err
}

// Forget implements Provider.
func (c codes) Forget(ctx context.Context, uid string) error {
	return c.forget(ctx, c, uid, "DELETE FROM twofactor_code WHERE uid = ? AND kind = ?", uid, int(c.kind))
}

// grouped are codes as they are easiest to read: four letters at a time. Blanks are
// ignored where a code is typed.
func grouped(list []string) []string {
	out := make([]string, len(list))
	for i, code := range list {
		for part := range slices.Chunk([]byte(code), 4) {
			out[i] += " " + string(part)
		}
		out[i] = out[i][1:]
	}
	return out
}

// OneTimeCode makes a code with which somebody can log in once, for two days, who
// has lost their second factor or cannot set one up. It replaces the one before.
func (rm *Room) OneTimeCode(ctx context.Context, uid string) (string, error) {
	if _, err := rm.dir.User(ctx, uid); err != nil {
		return "", err
	}
	made, err := codes{rm, oneTime}.make(ctx, uid)
	if err != nil {
		return "", err
	}
	if len(made) != 1 {
		return "", fault.Internal
	}
	return made[0], nil
}
