package identity

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"atrium/internal/base/fault"
)

// Source is a way in besides our own passwords, such as a company's directory or
// a sign-in service. What it can do besides it tells by Finder, Verifier and
// Keeper. An account is adopted, that is, gets a row of ours, when somebody first
// signs in with it.
type Source interface {
	Name() string // unique; kept with accounts and groups, so it never changes
}

// Finder is a Source that can be asked who there is.
type Finder interface {
	Lookup(ctx context.Context, login string) (*Login, error) // none: fault.NotFound
	Search(ctx context.Context, q Query) iter.Seq2[*Login, error]
}

// Verifier is a Source that can check passwords.
type Verifier interface {
	// Verify returns whom login and password open, fault.Anonymous when they open
	// nobody.
	Verify(ctx context.Context, login, password string) (*Login, error)
}

// Keeper is a Source that keeps fields of its accounts, which then cannot be
// changed here.
type Keeper interface {
	Manages(field string) bool
}

// Password is the name under which a Keeper is asked for the password.
const Password = "password"

// openElsewhere asks the sources that can check passwords: that of u, or all of
// them in order when the login is new to us. An account found is adopted.
func (d *Directory) openElsewhere(ctx context.Context, u *User, login, password string) (*User, error) {
	asked := false
	for _, s := range d.sources {
		v, ok := s.(Verifier)
		if !ok || u != nil && u.Source != s.Name() {
			continue
		}
		asked = true
		found, err := v.Verify(ctx, login, password)
		if errors.Is(err, fault.Anonymous) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", s.Name(), err)
		}
		if u, err = d.adopt(ctx, s, found); err != nil {
			return nil, err
		}
		if !u.Enabled {
			return nil, errWrong
		}
		return u, nil
	}
	if !asked {
		if err := d.pass.Pretend(ctx, password); err != nil {
			return nil, err
		}
	}
	return nil, errWrong
}

// Import adopts all accounts of the sources that match q, and tells how many.
func (d *Directory) Import(ctx context.Context, q Query) (n int, err error) {
	for _, s := range d.sources {
		f, ok := s.(Finder)
		if !ok {
			continue
		}
		for l, err := range f.Search(ctx, q) {
			if err != nil {
				return n, fmt.Errorf("source %s: %w", s.Name(), err)
			}
			if _, err := d.adopt(ctx, s, l); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// Meet returns the account that login means, and asks the sources when we do
// not know it yet. It is for sharing with somebody who never signed in.
func (d *Directory) Meet(ctx context.Context, login string) (*User, error) {
	u, err := d.Find(ctx, login)
	if err == nil || !errors.Is(err, fault.NotFound) {
		return u, err
	}
	for _, s := range d.sources {
		f, ok := s.(Finder)
		if !ok {
			continue
		}
		found, err := f.Lookup(ctx, login)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", s.Name(), err)
		}
		return d.adopt(ctx, s, found)
	}
	return nil, noUser(login)
}

// adopt provisions what a source that is asked by us has found.
func (d *Directory) adopt(ctx context.Context, s Source, found *Login) (*User, error) {
	l := *found
	l.Source = s.Name()
	u, _, err := d.Provision(ctx, l)
	return u, err
}

// Managed tells which fields of an account are kept elsewhere: by the source it
// comes from, or by one that it is linked to. The password of an account that
// comes from a source is not ours either.
func (d *Directory) Managed(ctx context.Context, u *User) (func(field string) bool, error) {
	if len(d.sources) == 0 {
		return func(field string) bool { return field == Password && u.Source != "" }, nil
	}
	names := map[string]bool{u.Source: true}
	links, err := d.Links(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		names[l.Source] = true
	}
	var keepers []Keeper
	for _, s := range d.sources {
		if k, ok := s.(Keeper); ok && names[s.Name()] {
			keepers = append(keepers, k)
		}
	}
	return func(field string) bool {
		for _, k := range keepers {
			if k.Manages(field) {
				return true
			}
		}
		return field == Password && u.Source != ""
	}, nil
}
