package identity

import (
	"context"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/profile"
	"atrium/internal/infra/db"
)

// column is where a field of the profile stands in the account's own row.
func (u *User) column(name string) *string {
	switch name {
	case "displayname":
		return &u.Display
	case "email":
		return &u.Mail
	case "language":
		return &u.Language
	case "locale":
		return &u.Locale
	}
	return &u.Timezone
}

// Profiles returns the profiles of accounts, by id, with one query.
func (d *Directory) Profiles(ctx context.Context, us ...*User) (map[string]profile.Profile, error) {
	return profiles(ctx, d.db, us...)
}

func profiles(ctx context.Context, d *db.DB, us ...*User) (map[string]profile.Profile, error) {
	uids, byID := make([]string, len(us)), make(map[string]*User, len(us))
	for i, u := range us {
		uids[i], byID[u.ID] = u.ID, u
	}
	return profile.Read(ctx, d, uids, func(uid, name string) string { return *byID[uid].column(name) })
}

// Profile returns the profile of one account.
func (d *Directory) Profile(ctx context.Context, u *User) (profile.Profile, error) {
	all, err := d.Profiles(ctx, u)
	return all[u.ID], err
}

// SetField gives a field a value; "" empties it. To a field that may have many
// the value is added. Values that cannot be are fault.Invalid, names that nobody
// knows fault.Unsupported. A field that a source keeps is fault.Denied.
func (d *Directory) SetField(ctx context.Context, uid, name, value string) error {
	return d.field(ctx, uid, name, func(tx *db.DB, u *User) error {
		clean, err := d.clean(ctx, name, value)
		if err != nil {
			return err
		}
		return d.put(ctx, tx, u, name, clean)
	})
}

// ChangeItem replaces one value of a field that may have many; "" removes it.
// One that is not there is fault.NotFound.
func (d *Directory) ChangeItem(ctx context.Context, uid, name, old, value string) error {
	return d.field(ctx, uid, name, func(tx *db.DB, _ *User) error { return profile.Replace(ctx, tx, uid, name, old, value) })
}

// SetScope tells who sees a field; with many values, who sees one of them.
func (d *Directory) SetScope(ctx context.Context, uid, name, value, scope string) error {
	return d.field(ctx, uid, name, func(tx *db.DB, _ *User) error { return profile.SetScope(ctx, tx, uid, name, value, scope) })
}

// SetVerified notes that a value was proved to belong to the account. A value
// that is no longer there is fault.NotFound.
func (d *Directory) SetVerified(ctx context.Context, uid, name, value string) error {
	own, ok := profile.Known(name)
	if !ok || !sane(value) {
		return errNoField
	}
	return d.tx(ctx, func(tx *db.DB) error {
		u, err := byID(ctx, tx, uid)
		if err != nil {
			return err
		}
		if own && *u.column(name) != value {
			return fault.New(fault.NotFound, "There is no such value.")
		}
		return profile.SetVerified(ctx, tx, uid, name, value)
	})
}

// ByPhone finds accounts by their phone numbers, in E.164; several may have one.
func (d *Directory) ByPhone(ctx context.Context, numbers []string) (map[string][]string, error) {
	return profile.ByPhone(ctx, d.db, numbers)
}

var errNoField = fault.New(fault.Unsupported, "There is no such field.")

// field runs f in a transaction when the field is kept here.
func (d *Directory) field(ctx context.Context, uid, name string, f func(tx *db.DB, u *User) error) error {
	if _, ok := profile.Known(name); !ok {
		return errNoField
	}
	u, err := d.User(ctx, uid)
	if err != nil {
		return err
	}
	managed, err := d.Managed(ctx, u)
	if err != nil {
		return err
	}
	if managed(name) {
		return fault.New(fault.Denied, "This is kept elsewhere and cannot be changed here.")
	}
	return d.tx(ctx, func(tx *db.DB) error {
		u, err := byID(ctx, tx, uid)
		if err != nil {
			return err
		}
		return f(tx, u)
	})
}

func (d *Directory) clean(ctx context.Context, name, value string) (string, error) {
	region := ""
	if name == "phone" && d.Region != nil {
		var err error
		if region, err = d.Region(ctx); err != nil {
			return "", err
		}
	}
	return profile.Clean(name, strings.TrimSpace(value), region)
}

// put writes a clean value, to the account's row or to the profile.
func (d *Directory) put(ctx context.Context, tx *db.DB, u *User, name, value string) error {
	switch {
	case name == "notify_email" && value != "" && value != low(u.Mail): // ours, or proved to be ours
		ok, err := profile.Verified(ctx, tx, u.ID, "additional_mail", value)
		if err != nil {
			return err
		}
		if !ok {
			return profile.Refuse(name)
		}
	case name == "manager" && value != "":
		if _, err := byID(ctx, tx, value); err != nil {
			return profile.Refuse(name)
		}
	}
	if own, _ := profile.Known(name); own {
		return d.change(ctx, tx, u.ID, func(u *User) error { *u.column(name) = value; return nil })
	}
	return profile.Put(ctx, tx, u.ID, name, value)
}
