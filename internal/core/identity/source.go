package identity

import (
	"context"
	"errors"
	"fmt"

	"atrium/internal/base/fault"
)

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
		for u, err := range s.Search(ctx, q) {
			if err != nil {
				return n, fmt.Errorf("source %s: %w", s.Name(), err)
			}
			if _, err := d.adopt(ctx, s, u); err != nil {
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
		found, err := s.Lookup(ctx, login)
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

// adopt gives an account of a source its row and its groups.
func (d *Directory) adopt(ctx context.Context, s Source, found *User) (*User, error) {
	groups, err := s.GroupsOf(ctx, found.ID)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", s.Name(), err)
	}
	for _, g := range groups {
		if err := d.CreateGroup(ctx, g, g); err != nil && !errors.Is(err, fault.Exists) {
			return nil, err
		}
	}
	u, err := byID(ctx, d.db, found.ID)
	switch {
	case errors.Is(err, fault.NotFound):
		u := *found
		u.Source, u.Enabled, u.Created, u.pass = s.Name(), true, d.Now(), ""
		return &u, d.insert(ctx, &u, groups)
	case err != nil:
		return nil, err
	case u.Source != s.Name():
		return nil, fault.Wrap(fault.Conflict, fmt.Errorf("account %q of %q is also in source %s", u.ID, u.Source, s.Name()),
			"There is another account of this name.")
	}
	for _, g := range groups {
		if err := d.AddMember(ctx, g, u.ID); err != nil {
			return nil, err
		}
	}
	return u, nil
}
