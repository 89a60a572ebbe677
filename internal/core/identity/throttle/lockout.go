package throttle

import "context"

// Lockout refuses the password of an account after too many wrong ones, wherever
// they came from. An account is an id, or what stands for a login that is none, so
// that an answer does not tell which accounts exist. App passwords, sessions, and
// passwords that opened the account a moment before are not concerned.
type Lockout interface {
	// Locked is fault.Busy for an account whose passwords are not looked at.
	Locked(ctx context.Context, account string) error
	// Tried notes how a password was found. It is fault.Busy for a right one when
	// others, looked at meanwhile, have locked the account.
	Tried(ctx context.Context, account string, right bool) error
}

// NoLockout locks nobody out.
type NoLockout struct{}

// Locked implements Lockout.
func (NoLockout) Locked(context.Context, string) error { return nil }

// Tried implements Lockout.
func (NoLockout) Tried(context.Context, string, bool) error { return nil }
