package web

import (
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// ConfirmedFor is how long after the password was typed sensitive things may be
// done without typing it again.
const ConfirmedFor = 30 * time.Minute

// Rule shows who may call a route, as the authorisation matrix writes it: "user
// page in:files".
func (r *Route) Rule() string {
	s := r.Policy.String()
	if r.Policy.asks() {
		s += " in:" + r.room
	}
	if r.shares {
		s += " shares"
	}
	if r.right != "" {
		s += " right:" + r.right
	}
	return s
}

// Right is the named right that lets in below the audience, "" for none.
func (r *Route) Right() string { return r.right }

// verb is what a request to the route does.
func (r *Route) verb(method string) who.Verb {
	switch {
	case safeMethod(method):
		return who.Read
	case r.shares:
		return who.Share
	}
	return who.Write
}

// check tells whether the principal, nil for nobody, may call with a method.
func (r *Route) check(p *who.Principal, method string, now time.Time) error {
	a := r.Policy & audience
	if p == nil {
		if a >= User {
			return fault.New(fault.Anonymous, "Current user is not logged in")
		}
		return nil
	}
	short := a == GroupAdmin && p.Role < who.GroupAdmin || a == Admin && p.Role < who.Admin
	switch {
	case short && r.right != "" && !p.Holds(r.right):
		return fault.New(fault.Denied, "Logged in account must be an admin, a sub admin or gotten special right to access this setting")
	case short && r.right == "" && a == GroupAdmin:
		return fault.New(fault.Denied, "Logged in account must be at least a sub admin")
	case short && r.right == "":
		return fault.New(fault.Denied, "Logged in account must be an admin")
	case a >= Public && !p.Scope.Allows(r.room, r.verb(method)):
		return fault.New(fault.Denied, "This app password does not allow access to this.")
	case r.Policy&Confirmed != 0 && p.Via == who.ViaSession && now.Sub(p.Confirmed) >= ConfirmedFor:
		return fault.New(fault.Denied, "Password confirmation is required")
	}
	return nil
}
