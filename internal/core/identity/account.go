package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/identity/profile"
	"atrium/internal/infra/db"
)

const accountColumns = `uid, source, display, mail, pass, quota, enabled, created, firstlogin, lastlogin, language, locale, timezone`

func scanUser(r db.Row) (*User, error) {
	var u User
	var enabled, created, first, last int64
	err := r.Scan(&u.ID, &u.Source, &u.Display, &u.Mail, &u.pass, &u.Quota, &enabled, &created, &first, &last,
		&u.Language, &u.Locale, &u.Timezone)
	u.Enabled, u.Created, u.FirstLogin, u.LastLogin = enabled != 0, fromUnix(created), fromUnix(first), fromUnix(last)
	return &u, err
}

// NewUser is what is needed to make an account.
type NewUser struct {
	ID       string
	Password string // "": no password opens the account until one is set
	Unjudged bool   // whoever runs the server has set the password: no policy is asked
	Display  string // "": the id
	Mail     string
	Quota    int64 // bytes, NoQuota or DefaultQuota; 0: DefaultQuota
	Language string
	Groups   []string // must exist
	Leads    []string // groups to administer; must exist
	Manager  string   // id of the account of whom it works for
}

// Create makes an account. A taken id, in any spelling, is fault.Exists.
func (d *Directory) Create(ctx context.Context, n NewUser) (*User, error) {
	hash := ""
	if n.Password != "" {
		check := func() error { return d.checkPassword(ctx, n.ID, n.Password) }
		if n.Unjudged {
			check = func() error { return checkPassword(n.Password) }
		}
		if err := check(); err != nil {
			return nil, err
		}
		var err error
		if hash, err = d.pass.Hash(ctx, n.Password); err != nil {
			return nil, err
		}
	}
	if n.Quota == 0 {
		n.Quota = DefaultQuota
	}
	u := &User{ID: n.ID, Display: n.Display, Mail: n.Mail, Quota: n.Quota, Enabled: true, Created: d.Now(),
		Language: n.Language, pass: hash}
	err := d.tx(ctx, func(tx *db.DB) error {
		if err := d.insert(ctx, tx, u); err != nil {
			return err
		}
		if err := d.equip(ctx, tx, u, n); err != nil {
			return err
		}
		if err := runHooks(ctx, tx, d.created, u.ID); err != nil {
			return err
		}
		return d.tell(ctx, tx, u.ID, event.AccountMade, u.Source)
	})
	if err != nil {
		return nil, fmt.Errorf("account %q: %w", u.ID, err)
	}
	if u.Quota != DefaultQuota {
		return u, d.newQuota(ctx, u.ID, u.Quota)
	}
	return u, nil
}

// equip gives a new account what it has from the start besides its row.
func (d *Directory) equip(ctx context.Context, tx *db.DB, u *User, n NewUser) error {
	for _, g := range n.Groups {
		if err := d.addMember(ctx, tx, g, u.ID, member); err != nil {
			return err
		}
	}
	for _, g := range n.Leads {
		if err := d.addMember(ctx, tx, g, u.ID, groupAdmin); err != nil {
			return err
		}
	}
	if n.Manager == "" {
		return nil
	}
	return d.put(ctx, tx, u, "manager", n.Manager)
}

// insert makes the row. The caller runs the hooks when the account is complete.
func (d *Directory) insert(ctx context.Context, tx *db.DB, u *User) error {
	if u.Display == "" {
		u.Display = u.ID
	}
	if err := checkID(u.ID); err != nil {
		return err
	}
	if err := u.check(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO account (uid, low, source, display, mail, maillow, words, pass, quota, enabled,
		created, firstlogin, lastlogin, language, locale, timezone, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?)`,
		u.ID, low(u.ID), u.Source, u.Display, u.Mail, low(u.Mail), u.words(), u.pass, u.Quota, number(u.Enabled),
		unix(u.Created), u.Language, u.Locale, u.Timezone, d.Now().UnixMilli())
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Exists, err, "User already exists")
	}
	if err != nil {
		return err
	}
	return d.newPassword(ctx, tx, u.ID, u.pass)
}

// Remove deletes an account with its credentials and memberships.
func (d *Directory) Remove(ctx context.Context, uid string) error {
	return d.tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM account WHERE uid = ?", uid)
		if err != nil {
			return err
		}
		if n == 0 {
			return noUser(uid)
		}
		for _, q := range [...]string{"DELETE FROM grp_member WHERE uid = ?", "DELETE FROM token WHERE uid = ?",
			"DELETE FROM account_link WHERE uid = ?"} {
			if _, err := tx.Exec(ctx, q, uid); err != nil {
				return err
			}
		}
		if err := profile.Drop(ctx, tx, uid); err != nil {
			return err
		}
		if err := runHooks(ctx, tx, d.removed, uid); err != nil {
			return err
		}
		return d.tell(ctx, tx, uid, event.AccountRemoved, "")
	})
}

// Change reads an account, lets f change it, and writes it back, all in one
// transaction. ID, Source and the times are not written.
func (d *Directory) Change(ctx context.Context, uid string, f func(u *User) error) error {
	return d.tx(ctx, func(tx *db.DB) error { return d.change(ctx, tx, uid, f) })
}

func (d *Directory) change(ctx context.Context, tx *db.DB, uid string, f func(u *User) error) error {
	u, err := byID(ctx, tx, uid)
	if err != nil {
		return err
	}
	enabled, mail := u.Enabled, u.Mail
	if err := f(u); err != nil {
		return err
	}
	if u.Display == "" {
		u.Display = uid
	}
	if err := u.check(); err != nil {
		return err
	}
	u.ID = uid
	_, err = tx.Exec(ctx, `UPDATE account SET display = ?, mail = ?, maillow = ?, words = ?, pass = ?, quota = ?, enabled = ?,
		language = ?, locale = ?, timezone = ?, changed = ? WHERE uid = ?`, u.Display, u.Mail, low(u.Mail), u.words(), u.pass, u.Quota,
		number(u.Enabled), u.Language, u.Locale, u.Timezone, d.Now().UnixMilli(), uid)
	switch {
	case err != nil:
		return err
	case low(mail) != low(u.Mail):
		err = d.tell(ctx, tx, uid, event.AddressChanged, mail)
	case enabled && !u.Enabled:
		err = d.tell(ctx, tx, uid, event.AccountDisabled, "")
	case !enabled && u.Enabled:
		err = d.tell(ctx, tx, uid, event.AccountEnabled, "")
	}
	return err
}

// SetPassword gives an account a new password. App passwords stay, as clients
// rely on; sessions in browsers end, but for those named: the one in which the
// password was changed.
func (d *Directory) SetPassword(ctx context.Context, uid, password string, but ...int64) error {
	if err := d.checkPassword(ctx, uid, password); err != nil {
		return err
	}
	hash, err := d.pass.Hash(ctx, password)
	if err != nil {
		return err
	}
	return d.tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "UPDATE account SET pass = ? WHERE uid = ? AND source = ''", hash, uid)
		if err != nil {
			return err
		}
		if n == 0 {
			return noUser(uid)
		}
		if err := d.newPassword(ctx, tx, uid, hash); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, "DELETE FROM token WHERE uid = ? AND kind IN (?) AND id NOT IN (?)", uid,
			[]int{int(KindSession), int(KindHalf), int(KindOnce)}, append(but, 0)); err != nil {
			return err
		}
		return d.tell(ctx, tx, uid, event.PasswordSet, "")
	})
}

// Enable lets an account in again.
func (d *Directory) Enable(ctx context.Context, uid string) error {
	return d.Change(ctx, uid, func(u *User) error { u.Enabled = true; return nil })
}

// Disable locks an account out with all its credentials, and keeps its things.
func (d *Directory) Disable(ctx context.Context, uid string) error {
	return d.Change(ctx, uid, func(u *User) error { u.Enabled = false; return nil })
}

// SetQuota bounds the room an account may use, in bytes; or
// NoQuota or DefaultQuota.
func (d *Directory) SetQuota(ctx context.Context, uid string, bytes int64) error {
	if err := d.Change(ctx, uid, func(u *User) error { u.Quota = bytes; return nil }); err != nil {
		return err
	}
	return d.newQuota(ctx, uid, bytes)
}

// User returns an account, as it was at most a second ago; fault.NotFound when
// there is none of exactly this id.
func (d *Directory) User(ctx context.Context, uid string) (*User, error) {
	p, err := d.person(ctx, uid)
	if err != nil {
		return nil, err
	}
	u := p.User
	return &u, nil
}

// Some returns those of some accounts that exist, by id, with one statement for 500.
func (d *Directory) Some(ctx context.Context, uids []string) (map[string]*User, error) {
	out := make(map[string]*User, len(uids))
	for part := range slices.Chunk(uids, 500) {
		for u, err := range db.All(ctx, d.db, scanUser, "SELECT "+accountColumns+" FROM account WHERE uid IN (?)", part) {
			if err != nil {
				return nil, err
			}
			out[u.ID] = u
		}
	}
	return out, nil
}

// Find returns the account that somebody means who types login: its id in any
// spelling, or its mail address when only one account has it.
func (d *Directory) Find(ctx context.Context, login string) (*User, error) {
	if !sane(login) {
		return nil, noUser(login)
	}
	u, err := db.One(ctx, d.db, scanUser, "SELECT "+accountColumns+" FROM account WHERE low = ?", low(login))
	if err == nil || !errors.Is(err, fault.NotFound) {
		return u, err
	}
	if strings.Contains(login, "@") {
		us, err := db.List(ctx, d.db, scanUser, "SELECT "+accountColumns+" FROM account WHERE maillow = ? LIMIT 2", low(login))
		if err != nil {
			return nil, err
		}
		if len(us) == 1 {
			return us[0], nil
		}
	}
	return nil, noUser(login)
}

// CountUsers tells how many accounts there are, and how many are disabled.
func (d *Directory) CountUsers(ctx context.Context) (all, disabled int64, err error) {
	_, err = db.One(ctx, d.db, func(r db.Row) (struct{}, error) { return struct{}{}, r.Scan(&all, &disabled) },
		"SELECT COUNT(*), COALESCE(SUM(1 - enabled), 0) FROM account")
	return all, disabled, err
}

func byID(ctx context.Context, d *db.DB, uid string) (*User, error) {
	if !sane(uid) {
		return nil, noUser(uid)
	}
	u, err := db.One(ctx, d, scanUser, "SELECT "+accountColumns+" FROM account WHERE uid = ?", uid)
	if errors.Is(err, fault.NotFound) {
		return nil, noUser(uid)
	}
	return u, err
}

func noUser(uid string) error {
	return fmt.Errorf("account %q: %w", uid, fault.New(fault.NotFound, "User does not exist"))
}

// check holds an account to what the tables and the protocols can carry.
func (u *User) check() error {
	for _, s := range []string{u.Display, u.Mail, u.Language, u.Locale, u.Timezone} {
		if !utf8.ValidString(s) || len(s) > 255 || strings.ContainsFunc(s, unicode.IsControl) {
			return fault.New(fault.Invalid, "The value is too long or contains characters that are not allowed.")
		}
	}
	if u.Quota < 0 && u.Quota != NoQuota && u.Quota != DefaultQuota {
		return fault.New(fault.Invalid, "Invalid quota value")
	}
	return nil
}

// sane keeps from the database what it would not take as text.
func sane(s string) bool { return len(s) <= 255 && utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// words is what a search looks into. Three values of at most 255 bytes fit.
func (u *User) words() string { return low(u.ID + "\n" + u.Display + "\n" + u.Mail) }

// checkID allows what Nextcloud allows, so that paths, headers and folders on
// disk can bear it.
func checkID(id string) error {
	if id == "" || len(id) > 64 {
		return fault.New(fault.Invalid, "A login name has 1 to 64 characters.")
	}
	for _, c := range id {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.ContainsRune(" _.@-'", c):
		default:
			return fault.New(fault.Invalid, `A login name may contain only letters, digits, spaces and the characters _.@-'`)
		}
	}
	if id != strings.TrimSpace(id) || id == "." || id == ".." {
		return fault.New(fault.Invalid, "This cannot be a login name.")
	}
	return nil
}

// maxPassword bounds what is hashed; browsers and password keepers stay below.
const maxPassword = 469

func checkPassword(p string) error {
	switch {
	case p == "":
		return fault.New(fault.Invalid, "The password must not be empty.")
	case len(p) > maxPassword:
		return fault.New(fault.Invalid, "The password is too long.")
	}
	return nil
}

func low(s string) string { return strings.ToLower(s) }

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// contains makes a LIKE pattern, with ! as escape.
func contains(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(low(s)) + "%"
}
