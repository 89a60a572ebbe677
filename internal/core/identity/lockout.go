package identity

import (
	"context"

	"atrium/internal/base/fault"
)

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

func (d *Directory) locked(ctx context.Context, account string) error {
	if d.Lockout == nil {
		return nil
	}
	return d.Lockout.Locked(ctx, account)
}

func (d *Directory) countTry(ctx context.Context, account string, right bool) error {
	if d.Lockout == nil {
		return nil
	}
	return d.Lockout.Tried(context.WithoutCancel(ctx), account, right)
}

// ErrExpired refuses a right password that is too old.
var ErrExpired = fault.New(fault.Anonymous, "Your password has expired. Please choose a new one.")

// Open tells whether a password that CheckPassword found right is enough to sign
// in: ErrExpired when it is too old.
func (d *Directory) Open(ctx context.Context, u *User) error {
	if d.Expired == nil || u.Source != "" {
		return nil
	}
	old, err := d.Expired(ctx, u)
	if err == nil && old {
		return ErrExpired
	}
	return err
}
