// Package profile keeps what accounts say of their owners besides what stands in
// the account's own row: addresses, numbers, names in other networks, and who may
// see each. It knows what every field may hold. It does not know accounts: package
// identity, whose tables these are, tells it the id, and who may change what.
package profile

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

// Profile is what an account says of its owner. A field that may have many values
// is there once for each.
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

// Fields are the names of what people edit in their profile, in the order in
// which clients show them (31-provisioning/022).
func Fields() []string {
	return []string{"displayname", "email", "additional_mail", "phone", "address", "website", "twitter", "bluesky", "fediverse",
		"organisation", "role", "headline", "biography", "profile_enabled", "pronouns"}
}

type row struct {
	uid string
	Property
}

func scan(r db.Row) (p row, err error) {
	var verified int64
	err = r.Scan(&p.uid, &p.Name, &p.Value, &p.Scope, &verified)
	p.Verified = verified != 0
	return p, err
}

// Read returns the profiles of accounts, by id, with one query for 500. own gives
// the values that stand in the accounts' rows.
func Read(ctx context.Context, d *db.DB, uids []string, own func(uid, name string) string) (map[string]Profile, error) {
	rows := make(map[string]Profile, len(uids))
	for part := range slices.Chunk(uids, 500) {
		for p, err := range db.All(ctx, d, scan, "SELECT uid, name, value, scope, verified FROM account_field WHERE uid IN (?) ORDER BY uid, name, seq", part) {
			if err != nil {
				return nil, err
			}
			rows[p.uid] = append(rows[p.uid], p.Property)
		}
	}
	for _, uid := range uids {
		rows[uid] = complete(rows[uid], func(name string) string { return own(uid, name) })
	}
	return rows, nil
}

// complete adds what stands in the account's own row. Here is its scope, and the
// value that was verified.
func complete(rows Profile, own func(name string) string) Profile {
	var out Profile
	for _, p := range rows {
		if !rules[p.Name].own {
			out = append(out, p)
		}
	}
	for name, r := range rules {
		if !r.own {
			continue
		}
		p := Property{Name: name, Value: own(name), Scope: r.scope}
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

// Put writes a value that Clean gave back. To a field that may have many it is
// added.
func Put(ctx context.Context, tx *db.DB, uid, name, value string) error {
	r := rules[name]
	if r.many {
		return add(ctx, tx, uid, r, value)
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_field (uid, name, seq, item, value, scope, verified) VALUES (?, ?, 0, ?, ?, ?, 0)
		{{on uid,name,seq set item,value,verified}}`, uid, name, r.item(value), value, r.scope)
	return err
}

// maxItems bounds how many values a field may have.
const maxItems = 20

type item struct {
	seq  int
	text string
}

func add(ctx context.Context, tx *db.DB, uid string, r rule, value string) error {
	rows, err := db.List(ctx, tx, func(r db.Row) (it item, err error) { return it, r.Scan(&it.seq, &it.text) },
		"SELECT seq, item FROM account_field WHERE uid = ? AND name = ? ORDER BY seq", uid, r.name)
	if err != nil {
		return err
	}
	seq := 0
	for _, it := range rows {
		if it.text == r.item(value) {
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

// Replace puts a value of a field that may have many in the place of another; ""
// removes that. One that is not there is fault.NotFound.
func Replace(ctx context.Context, tx *db.DB, uid, name, old, value string) error {
	r := rules[name]
	if !r.many || !sane(old) {
		return r.invalid()
	}
	if value == "" {
		n, err := tx.Exec(ctx, "DELETE FROM account_field WHERE uid = ? AND name = ? AND item = ?", uid, name, r.item(old))
		return missing(n, err)
	}
	clean, err := Clean(name, value, "")
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "UPDATE account_field SET item = ?, value = ?, verified = 0 WHERE uid = ? AND name = ? AND item = ?",
		r.item(clean), clean, uid, name, r.item(old))
	return missing(n, err)
}

// sane keeps from the database what it would not take as text.
func sane(s string) bool {
	return len(s) <= 255 && strings.ToValidUTF8(s, "") == s && !strings.Contains(s, "\x00")
}

func missing(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "There is no such value.")
	}
	return err
}

// SetScope tells who sees a field; with many values, who sees one of them.
func SetScope(ctx context.Context, tx *db.DB, uid, name, value, scope string) error {
	r := rules[name]
	if !slices.Contains([]string{Private, Local, Federated, Published}, scope) || r.scope == "" ||
		scope == Private && (name == "displayname" || name == "email") {
		return fault.New(fault.Invalid, "Invalid scope")
	}
	if r.many {
		if !sane(value) {
			return r.invalid()
		}
		n, err := tx.Exec(ctx, "UPDATE account_field SET scope = ? WHERE uid = ? AND name = ? AND item = ?", scope, uid, name, r.item(value))
		return missing(n, err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_field (uid, name, seq, item, value, scope, verified) VALUES (?, ?, 0, '', '', ?, 0)
		{{on uid,name,seq set scope}}`, uid, name, scope)
	return err
}

// SetVerified notes that a value was proved to belong to the account. One that is
// not there is fault.NotFound. Of what stands in the account's row the caller has
// seen that it is there.
func SetVerified(ctx context.Context, tx *db.DB, uid, name, value string) error {
	r := rules[name]
	if !r.own {
		n, err := tx.Exec(ctx, "UPDATE account_field SET verified = 1 WHERE uid = ? AND name = ? AND item = ?", uid, name, r.item(value))
		return missing(n, err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_field (uid, name, seq, item, value, scope, verified) VALUES (?, ?, 0, '', ?, ?, 1)
		{{on uid,name,seq set value,verified}}`, uid, name, value, r.scope)
	return err
}

// Verified tells whether one of many values was proved to be the account's.
func Verified(ctx context.Context, tx *db.DB, uid, name, value string) (bool, error) {
	n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM account_field WHERE uid = ? AND name = ? AND item = ? AND verified = 1",
		uid, name, rules[name].item(value))
	return n > 0, err
}

// ByPhone finds accounts that are let in by their phone numbers, in E.164;
// several may have one.
func ByPhone(ctx context.Context, d *db.DB, numbers []string) (map[string][]string, error) {
	out := map[string][]string{}
	for part := range slices.Chunk(numbers, 500) {
		rows := db.All(ctx, d, func(r db.Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
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

// Drop forgets an account that goes, as a manager of others too.
func Drop(ctx context.Context, tx *db.DB, uid string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM account_field WHERE uid = ?", uid); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM account_field WHERE name = 'manager' AND item = ?", uid)
	return err
}
