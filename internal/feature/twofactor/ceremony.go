package twofactor

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// A ceremony (WebAuthn, section 1.2) is a challenge to a key and its answer. What
// is to be kept between the two travels sealed with the browser, as a ticket; a
// ticket is good once, and what is written down is only that it was used. So
// nobody fills a table by opening the login page.

// purpose is what a ceremony is for. A ticket for one is of no use for another.
type purpose string

const (
	toRegister purpose = "register" // a new key
	toShow     purpose = "second"   // after the password
	toSignIn   purpose = "sign in"  // instead of a password
	toConfirm  purpose = "confirm"  // before something sensitive
)

// ceremonyLife is how long the answer may take.
const ceremonyLife = 10 * time.Minute

type ticket struct {
	For     purpose              `json:"for"`
	UID     string               `json:"uid,omitempty"` // "": whoever has a passkey
	Expires int64                `json:"expires"`
	Session webauthn.SessionData `json:"session"`
}

const ticketBelongs = "key ceremony"

// party is us towards keys: they are bound to the host of the public address
// (WebAuthn, section 5.1.2, relying party identifier).
func party(base string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("public address %q: %w", base, fault.Unsupported)
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: web.Product, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementPreferred,
			UserVerification: protocol.VerificationRequired},
		Timeouts: webauthn.TimeoutsConfig{Login: webauthn.TimeoutConfig{Timeout: ceremonyLife, TimeoutUVD: ceremonyLife},
			Registration: webauthn.TimeoutConfig{Timeout: ceremonyLife, TimeoutUVD: ceremonyLife}}})
	if err != nil {
		return nil, fault.Wrap(fault.Unsupported, err, "Keys need an address with a name: they do not work at this one.")
	}
	return w, nil
}

// issue makes a ticket.
func (rm *Room) issue(p purpose, uid string, s *webauthn.SessionData) (string, error) {
	b, err := json.Marshal(ticket{For: p, UID: uid, Expires: rm.Now().Add(ceremonyLife).Unix(), Session: *s})
	if err != nil {
		return "", err
	}
	return rm.box.Seal(b, ticketBelongs), nil
}

var errTicket = fault.New(fault.Denied, "That took too long, or was used already. Please try again.")

// redeem reads a ticket that was issued for this purpose and account, and spends
// it: nobody redeems it again, on no node.
func (rm *Room) redeem(ctx context.Context, p purpose, uid, sealed string) (*webauthn.SessionData, error) {
	b, err := rm.box.Open(sealed, ticketBelongs)
	if err != nil {
		return nil, fault.Say(fault.Denied, err, fault.Said(errTicket))
	}
	var t ticket
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, fmt.Errorf("ticket: %w", err)
	}
	now := rm.Now().Unix()
	if t.For != p || t.UID != uid || t.Expires <= now {
		return nil, errTicket
	}
	sum := sha256.Sum256([]byte(sealed))
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM twofactor_spent WHERE expires < ?", now); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO twofactor_spent (hash, expires) VALUES (?, ?)", sum[:], t.Expires)
		return err
	})
	if errors.Is(err, fault.Exists) {
		return nil, errTicket
	}
	return &t.Session, err
}

// refused is what a key's answer that does not hold is to people. The library's
// reasons are for the log.
func refused(err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*fault.Fault](err); ours {
		return err
	}
	detail := err.Error()
	if p, ok := errors.AsType[*protocol.Error](err); ok {
		detail += ": " + p.DevInfo
	}
	return fault.Wrap(fault.Denied, errors.New(detail), "This key was not accepted.")
}
