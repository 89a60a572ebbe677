package provisioning

import (
	"testing"

	"atrium/internal/core/identity"
)

// With an app password that was stolen nobody takes the account over, neither by
// a new password nor by an address to which a new one could be sent.
func TestAnAppPasswordDoesNotTakeTheAccountOver(t *testing.T) {
	g := lite(t)
	const phone = "oda-phone" // login and secret
	_, err := g.dir.AddToken(t.Context(), identity.Token{UID: "oda", Login: phone, Name: "phone", Kind: identity.KindApp}, phone)
	g.must(err)
	g.want(200, phone, "PUT", "/cloud/users/oda", "key", "website", "value", "https://oda.example.org")
	g.want(113, phone, "PUT", "/cloud/users/oda", "key", "password", "value", "a long new password")
	g.want(113, phone, "PUT", "/cloud/users/oda", "key", "email", "value", "thief@example.org")
	g.want(200, "oda", "PUT", "/cloud/users/oda", "key", "email", "value", "new@oracle.example")
}
