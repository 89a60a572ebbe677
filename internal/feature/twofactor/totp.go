package twofactor

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// totp is time-based one-time passwords, RFC 6238: six digits, SHA-1, a new one
// every 30 seconds, as all authenticator apps make them.
type totp struct{ *Room }

const (
	period     = 30 // seconds
	digits     = 6
	secretSize = 20 // bytes, the length of SHA-1's output (RFC 4226, section 4)
	skew       = 1  // how many steps a clock may be off, before and after
)

// The states of the app as its settings show them (34-apps/169 to 173).
const (
	totpOff = iota
	totpBegun
	totpOn
)

// About implements Provider.
func (totp) About() About {
	return About{ID: "totp", Name: "Authenticator app", Invite: "Type the code that your authenticator app shows.", Typed: true}
}

type totpRow struct {
	sealed, pending string // the secret in force, and one being set up; "": none
	step            int64  // the last step whose code was taken
}

func (t totp) row(ctx context.Context, uid string) (totpRow, error) {
	r, err := db.One(ctx, t.db, func(r db.Row) (v totpRow, err error) { return v, r.Scan(&v.sealed, &v.pending, &v.step) },
		"SELECT sealed, pending, step FROM twofactor_totp WHERE uid = ?", uid)
	if errors.Is(err, fault.NotFound) {
		return totpRow{}, nil
	}
	return r, err
}

func (t totp) stateOf(ctx context.Context, uid string) (int, error) {
	r, err := t.row(ctx, uid)
	switch {
	case r.sealed != "":
		return totpOn, err
	case r.pending != "":
		return totpBegun, err
	}
	return totpOff, err
}

// Has implements Provider.
func (t totp) Has(ctx context.Context, uid string) (bool, error) {
	r, err := t.row(ctx, uid)
	return r.sealed != "", err
}

// Ask implements Provider.
func (totp) Ask(context.Context, Caller) (Question, error) { return Question{Digits: digits}, nil }

func (totp) belongs(uid string) string { return "totp of " + uid }

// Offer implements Learner. One that was offered before and not finished is offered
// again, so that reloading a page leaves the app in a phone right.
func (t totp) Offer(ctx context.Context, by Caller) (Question, error) {
	r, err := t.row(ctx, by.UID)
	if err != nil {
		return Question{}, err
	}
	if r.pending == "" {
		return t.begin(ctx, by)
	}
	secret, err := t.box.Open(r.pending, t.belongs(by.UID))
	if err != nil {
		return Question{}, err
	}
	return t.question(by, string(secret))
}

// begin makes a new secret that is not in force yet. One that is stays so until
// the new one is confirmed.
func (t totp) begin(ctx context.Context, by Caller) (Question, error) {
	raw := make([]byte, secretSize)
	_, _ = rand.Read(raw) // never fails
	secret := base32.StdEncoding.EncodeToString(raw)
	_, err := t.db.Exec(ctx, `INSERT INTO twofactor_totp (uid, sealed, pending, step, created) VALUES (?, '', ?, 0, ?)
		{{on uid set pending}}`, by.UID, t.box.Seal([]byte(secret), t.belongs(by.UID)), t.Now().Unix())
	if err != nil {
		return Question{}, err
	}
	return t.question(by, secret)
}

func (t totp) question(by Caller, secret string) (Question, error) {
	host := by.Base
	if u, err := url.Parse(by.Base); err == nil && u.Host != "" {
		host = u.Host
	}
	// The same form as recorded in 34-apps/170: label "issuer:account".
	label := strings.ReplaceAll(url.QueryEscape(web.Product+":"+by.UID+"@"+host), "+", "%20")
	link := "otpauth://totp/" + label + "?secret=" + secret + "&issuer=" + url.QueryEscape(web.Product)
	pic, err := picture(link)
	if err != nil {
		return Question{}, err
	}
	return Question{Digits: digits, Secret: secret, Link: link, QR: pic}, nil
}

// Learn implements Learner: it puts the offered secret in force when the code
// shows that an app has it.
func (t totp) Learn(ctx context.Context, by Caller, answer string) error {
	r, err := t.row(ctx, by.UID)
	if err != nil {
		return err
	}
	if r.pending == "" {
		return fault.New(fault.Conflict, "Please begin again.")
	}
	step, err := t.match(r.pending, by.UID, answer, 0)
	if err != nil {
		return err
	}
	return t.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "UPDATE twofactor_totp SET sealed = ?, pending = '', step = ?, created = ? WHERE uid = ? AND pending = ?",
			r.pending, step, t.Now().Unix(), by.UID, r.pending)
		if err != nil {
			return err
		}
		if n == 0 {
			return errWrong // another request was faster
		}
		return t.gained(ctx, tx, by.UID, t.About().Name)
	})
}

// Verify implements Provider. A code is good once, and so is its step of time
// (RFC 6238, section 5.2): of two requests with one code, one wins.
func (t totp) Verify(ctx context.Context, by Caller, answer string) error {
	r, err := t.row(ctx, by.UID)
	if err != nil {
		return err
	}
	if r.sealed == "" {
		return errWrong
	}
	step, err := t.match(r.sealed, by.UID, answer, r.step)
	if err != nil {
		return err
	}
	n, err := t.db.Exec(ctx, "UPDATE twofactor_totp SET step = ? WHERE uid = ? AND sealed = ? AND step < ?", step, by.UID, r.sealed, step)
	if err == nil && n == 0 {
		return errWrong
	}
	return err
}

// match finds the step after the last one whose code is the answer.
func (t totp) match(sealed, uid, answer string, last int64) (int64, error) {
	code := strings.Map(func(c rune) rune {
		if c == ' ' || c == '-' {
			return -1
		}
		return c
	}, answer)
	secret, err := t.box.Open(sealed, t.belongs(uid))
	if err != nil {
		return 0, fmt.Errorf("secret of %q: %w", uid, err)
	}
	now, found := stepAt(t.Now()), int64(0)
	for step := now - skew; step <= now+skew; step++ {
		want, err := codeAt(string(secret), step)
		if err != nil {
			return 0, err
		}
		// All steps are looked at, so that the time taken tells nothing.
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last && found == 0 {
			found = step
		}
	}
	if found == 0 {
		return 0, errWrong
	}
	return found, nil
}

// Forget implements Provider. A secret that was only offered is no loss.
func (t totp) Forget(ctx context.Context, uid string) error {
	if err := t.forget(ctx, t, uid, "DELETE FROM twofactor_totp WHERE uid = ? AND sealed <> ''", uid); err != nil {
		return err
	}
	_, err := t.db.Exec(ctx, "DELETE FROM twofactor_totp WHERE uid = ?", uid)
	return err
}

// stepAt is the number of the 30 seconds that a time lies in.
func stepAt(at time.Time) int64 { return at.Unix() / period }

// codeAt is the code of a step.
func codeAt(secret string, step int64) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(max(0, step)), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}
