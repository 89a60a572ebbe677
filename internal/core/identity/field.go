package identity

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// The visibilities of a field, by the names that clients send.
const (
	Private   = "v2-private"   // ourselves, and who knows the phone number
	Local     = "v2-local"     // accounts of this server
	Federated = "v2-federated" // and of servers that it trusts
	Published = "v2-published" // everybody
)

// Property is one value of a field of an account.
type Property struct {
	Name     string
	Value    string
	Scope    string // who sees it; "" for settings, which nobody else sees
	Verified bool   // it was proved that the value belongs to the account
}

// Profile is what an account says of its owner, in the order of Fields. A field
// that may have many values is there once for each.
type Profile []Property

// Get returns the value of a field, a field without value when it has none.
func (p Profile) Get(name string) Property {
	for _, v := range p {
		if v.Name == name {
			return v
		}
	}
	return Property{Name: name, Scope: rules[name].scope}
}

// All returns all values of a field that may have many.
func (p Profile) All(name string) (out []Property) {
	for _, v := range p {
		if v.Name == name {
			out = append(out, v)
		}
	}
	return out
}

// ProfileFields are the names of what people edit in their profile, in the order
// in which clients show them (31-provisioning/022).
func ProfileFields() []string {
	return []string{"displayname", "email", "additional_mail", "phone", "address", "website", "twitter", "bluesky", "fediverse",
		"organisation", "role", "headline", "biography", "profile_enabled", "pronouns"}
}

const propertyColumns = "uid, name, value, scope, verified"

type propertyRow struct {
	uid string
	Property
}

func scanProperty(r db.Row) (p propertyRow, err error) {
	var verified int64
	err = r.Scan(&p.uid, &p.Name, &p.Value, &p.Scope, &verified)
	p.Verified = verified != 0
	return p, err
}

// Profiles returns the profiles of accounts, by id, with one query.
func (d *Directory) Profiles(ctx context.Context, us ...*User) (map[string]Profile, error) {
	out := make(map[string]Profile, len(us))
	for part := range slices.Chunk(us, 500) {
		uids := make([]string, len(part))
		for i, u := range part {
			uids[i] = u.ID
		}
		for p, err := range db.All(ctx, d.db, scanProperty, "SELECT "+propertyColumns+" FROM account_field WHERE uid IN (?) ORDER BY uid, name, seq", uids) {
			if err != nil {
				return nil, err
			}
			out[p.uid] = append(out[p.uid], p.Property)
		}
	}
	for _, u := range us {
		out[u.ID] = u.profile(out[u.ID])
	}
	return out, nil
}

// Profile returns the profile of one account.
func (d *Directory) Profile(ctx context.Context, u *User) (Profile, error) {
	all, err := d.Profiles(ctx, u)
	return all[u.ID], err
}

// profile completes the rows of account_field: what stands in the account's own
// row has its scope there, and the value that was verified.
func (u *User) profile(rows []Property) Profile {
	var out Profile
	for _, p := range rows {
		if rules[p.Name].get == nil {
			out = append(out, p)
		}
	}
	for name, r := range rules {
		if r.get == nil {
			continue
		}
		p := Property{Name: name, Value: r.get(u), Scope: r.scope}
		for _, row := range rows {
			if row.Name == name {
				p.Scope, p.Verified = cmp.Or(row.Scope, p.Scope), row.Verified && row.Value == p.Value
			}
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Property) int { return cmp.Compare(rules[a.Name].place, rules[b.Name].place) })
	return out
}

// SetField gives a field a value; "" empties it. To a field that may have many
// the value is added. Values that cannot be are fault.Invalid, names that nobody
// knows fault.Unsupported. A field that a source keeps is fault.Denied.
func (d *Directory) SetField(ctx context.Context, uid, name, value string) error {
	if name == "email" || name == "displayname" {
		value = strings.TrimSpace(value)
	}
	return d.field(ctx, uid, name, func(tx *db.DB, r rule, u *User) error {
		clean, err := d.clean(ctx, r, value)
		if err != nil {
			return err
		}
		return d.put(ctx, tx, u, r, clean)
	})
}

// field looks up rule and account and runs f in a transaction.
func (d *Directory) field(ctx context.Context, uid, name string, f func(tx *db.DB, r rule, u *User) error) error {
	r, ok := rules[name]
	if !ok {
		return fault.New(fault.Unsupported, "There is no such field.")
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
		return f(tx, r, u)
	})
}

func (d *Directory) clean(ctx context.Context, r rule, value string) (string, error) {
	if r.check == nil {
		return "", fault.New(fault.Unsupported, "This field has no value.")
	}
	if !sane(value) && !r.long || strings.Contains(value, "\x00") || len(value) > maxField {
		return "", r.invalid()
	}
	region := ""
	if r.name == "phone" && d.Region != nil {
		var err error
		if region, err = d.Region(ctx); err != nil {
			return "", err
		}
	}
	if value == "" && !r.many {
		return "", nil
	}
	clean, ok := r.check(value, region)
	if !ok {
		return "", r.invalid()
	}
	return clean, nil
}

func (r rule) invalid() error {
	return fault.New(fault.Invalid, "Invalid "+strings.ReplaceAll(r.name, "_", " "))
}

// put writes a checked value.
func (d *Directory) put(ctx context.Context, tx *db.DB, u *User, r rule, value string) error {
	switch {
	case r.name == "notify_email" && value != "":
		ok, err := d.mayNotify(ctx, tx, u, value)
		if err != nil {
			return err
		}
		if !ok {
			return r.invalid()
		}
	case r.name == "manager" && value != "":
		if _, err := byID(ctx, tx, value); err != nil {
			return r.invalid()
		}
	}
	if r.set != nil {
		return d.change(ctx, tx, u.ID, func(u *User) error { r.set(u, value); return nil })
	}
	if r.many {
		return addItem(ctx, tx, u.ID, r, value)
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_field (uid, name, seq, item, value, scope, verified) VALUES (?, ?, 0, ?, ?, ?, 0)
		{{on uid,name,seq set item,value,verified}}`, u.ID, r.name, r.item(value), value, r.scope)
	return err
}

// mayNotify tells whether mail about the account may go to an address: the
// account's own, or a further one that was verified.
func (d *Directory) mayNotify(ctx context.Context, tx *db.DB, u *User, address string) (bool, error) {
	if low(address) == low(u.Mail) {
		return true, nil
	}
	n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM account_field WHERE uid = ? AND name = ? AND item = ? AND verified = 1",
		u.ID, "additional_mail", low(address))
	return n > 0, err
}

// maxItems bounds how many values a field may have.
const maxItems = 20

func addItem(ctx context.Context, tx *db.DB, uid string, r rule, value string) error {
	rows, err := items(ctx, tx, uid, r.name)
	if err != nil {
		return err
	}
	seq := 0
	for _, it := range rows {
		if it.item == r.item(value) {
			return nil
		}
		seq = it.seq + 1
	}
	if len(rows) >= maxItems {
		return r.invalid()
	}
	_, err = tx.Exec(ctx, "INSERT INTO account_field (uid, name, seq, item, value, scope, verified) VALUES (?, ?, ?, ?, ?, ?, 0)",
		uid, r.name, seq, r.item(value), value, r.scope)
	return err
}

type item struct {
	seq  int
	item string
}

func items(ctx context.Context, tx *db.DB, uid, name string) ([]item, error) {
	return db.List(ctx, tx, func(r db.Row) (it item, err error) { return it, r.Scan(&it.seq, &it.item) },
		"SELECT seq, item FROM account_field WHERE uid = ? AND name = ? ORDER BY seq", uid, name)
}

// ChangeItem replaces one value of a field that may have many; "" removes it.
// One that is not there is fault.NotFound.
func (d *Directory) ChangeItem(ctx context.Context, uid, name, old, value string) error {
	return d.field(ctx, uid, name, func(tx *db.DB, r rule, _ *User) error {
		if !r.many || !sane(old) {
			return r.invalid()
		}
		if value == "" {
			n, err := tx.Exec(ctx, "DELETE FROM account_field WHERE uid = ? AND name = ? AND item = ?", uid, name, r.item(old))
			return noItem(n, err)
		}
		clean, err := d.clean(ctx, r, value)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE account_field SET item = ?, value = ?, verified = 0 WHERE uid = ? AND name = ? AND item = ?",
			r.item(clean), clean, uid, name, r.item(old))
		return noItem(n, err)
	})
}

func noItem(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "There is no such value.")
	}
	return err
}

// SetScope tells who sees a field; with many values, who sees one of them.
func (d *Directory) SetScope(ctx context.Context, uid, name, value, scope string) error {
	return d.field(ctx, uid, name, func(tx *db.DB, r rule, u *User) error {
		if !slices.Contains([]string{Private, Local, Federated, Published}, scope) || r.scope == "" ||
			scope == Private && (name == "displayname" || name == "email") {
			return fault.New(fault.Invalid, "Invalid scope")
		}
		if r.many {
			if !sane(value) {
				return r.invalid()
			}
			n, err := tx.Exec(ctx, "UPDATE account_field SET scope = ? WHERE uid = ? AND name = ? AND item = ?", scope, uid, name, r.item(value))
			return noItem(n, err)
		}
		_, err := tx.Exec(ctx, `INSERT INTO account_field (uid, name, seq, item, value, scope, verified) VALUES (?, ?, 0, '', '', ?, 0)
			{{on uid,name,seq set scope}}`, u.ID, name, scope)
		return err
	})
}

// SetVerified notes that a value was proved to belong to the account. A value
// that is no longer there is fault.NotFound.
func (d *Directory) SetVerified(ctx context.Context, uid, name, value string) error {
	r, ok := rules[name]
	if !ok || !sane(value) {
		return fault.New(fault.Unsupported, "There is no such field.")
	}
	return d.tx(ctx, func(tx *db.DB) error {
		u, err := byID(ctx, tx, uid)
		if err != nil {
			return err
		}
		if r.get == nil {
			n, err := tx.Exec(ctx, "UPDATE account_field SET verified = 1 WHERE uid = ? AND name = ? AND item = ?", uid, name, r.item(value))
			return noItem(n, err)
		}
		if r.get(u) != value {
			return noItem(0, nil)
		}
		_, err = tx.Exec(ctx, `INSERT INTO account_field (uid, name, seq, item, value, scope, verified) VALUES (?, ?, 0, '', ?, ?, 1)
			{{on uid,name,seq set value,verified}}`, uid, name, value, r.scope)
		return err
	})
}

// ByPhone finds accounts by their phone numbers, in E.164; several may have one.
func (d *Directory) ByPhone(ctx context.Context, numbers []string) (map[string][]string, error) {
	out := map[string][]string{}
	for part := range slices.Chunk(numbers, 500) {
		rows := db.All(ctx, d.db, func(r db.Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
			`SELECT f.item, f.uid FROM account_field f JOIN account a ON a.uid = f.uid
			WHERE f.name = 'phone' AND f.item IN (?) AND a.enabled = 1 ORDER BY f.uid`, part)
		for p, err := range rows {
			if err != nil {
				return nil, err
			}
			out[p[0]] = append(out[p[0]], p[1])
		}
	}
	return out, nil
}
