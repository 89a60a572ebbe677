// Package who carries the principal, the one on whose behalf a request runs,
// through the context. It knows nothing of how somebody proved who they are.
package who

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// Role is what a principal may do beyond their own things.
type Role uint8

// The roles, each including the one before.
const (
	User Role = iota
	GroupAdmin
	Admin
)

// Via tells how the principal signed in, which decides about CSRF and about
// what a credential may be exchanged for.
type Via uint8

// The ways in.
const (
	ViaPassword    Via = iota + 1 // Basic with the account's password
	ViaAppPassword                // Basic or Bearer with an app password
	ViaSession                    // a browser's cookie
)

// FileRight is what somebody may do with a file or folder, a set in the numbers
// of the OCS share API.
type FileRight uint8

// The rights in the file tree.
const (
	FileRead FileRight = 1 << iota
	FileUpdate
	FileCreate
	FileDelete
	FileShare
)

// Principal is somebody who is signed in. It is immutable once made.
type Principal struct {
	ID      string // user id, as in DAV paths
	Display string // display name
	Login   string // the name typed at login: id or mail address
	Role    Role
	Groups  []string
	Via     Via
	Link    int64    // the public link by which a visitor without an account came; then ID is ""
	Token   string   // of that link
	TokenID int64    // app password or session row; 0 for a password
	Scope   *Scope   // what the credential is limited to; nil: nothing
	App     string   // the external app that acts for them; "": they act themselves
	Rights  []string // what a role of their own grants, such as "users"; administrators need none
	Stamp   string   // of who came with a password, by a link or an external app: changes when that does
	// Withheld is what roles take away in the file tree, whatever else allows it.
	Withheld FileRight
	// Confirmed is when the password, or what stands for it, was last asked for in
	// a session; zero elsewhere.
	Confirmed time.Time
}

// Home is the name under which the principal's files stand in DAV paths: the user
// id, or of a visitor the token of the link. A token may be the same as somebody's
// id: what is kept for somebody is kept under Key.
func (p *Principal) Home() string {
	if p.Link != 0 {
		return p.Token
	}
	return p.ID
}

// Key stands for the principal where something is kept for them: the user id, or
// of the visitors of a link, who share it, a name that no user can have.
func (p *Principal) Key() string {
	if p.Link != 0 {
		return "link/" + strconv.FormatInt(p.Link, 10)
	}
	return p.ID
}

// MaySeeFiles tells whether the credential reaches the file tree.
func (p *Principal) MaySeeFiles() bool { return p != nil && p.Scope.Allows(FilesRoom, Read) }

// Narrow tells whether the credential sees a part of the file tree only.
func (p *Principal) Narrow() bool { return p != nil && p.Scope != nil && len(p.Scope.Folders) > 0 }

// Holds tells whether the principal may do what a right names.
func (p *Principal) Holds(right string) bool {
	return p != nil && (p.Role == Admin || slices.Contains(p.Rights, right))
}

type key struct{}

// With returns a context that carries p.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// From returns the principal of ctx, nil when nobody is signed in.
func From(ctx context.Context) *Principal {
	p, _ := ctx.Value(key{}).(*Principal)
	return p
}
