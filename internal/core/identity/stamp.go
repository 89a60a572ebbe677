package identity

import (
	"crypto/sha256"
	"encoding/hex"
)

// Stamp is another one after each change of the account's password or address.
// A link that is sent by mail holds it, so that it works until it was used.
func (u *User) Stamp() string {
	sum := sha256.Sum256([]byte(u.pass + "\n" + u.Mail))
	return hex.EncodeToString(sum[:12])
}

// HasPassword tells whether a password opens the account.
func (u *User) HasPassword() bool { return u.pass != "" }
