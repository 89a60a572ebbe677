package scim

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/infra/db"
)

// user is what a provider says of an account.
type user struct {
	id       string
	uid      string // the account's, which never changes
	name     string // userName in small letters
	external string
	doc      map[string]any // as acceptUser leaves it
	turn     int64          // one more with each change
	gone     bool           // the provider has deleted it, and the account is kept
	made     time.Time
	changed  time.Time
}

const userColumns = "id, uid, name, external, doc, turn, gone, made, changed"

func scanUser(r db.Row) (*user, error) {
	u := &user{}
	var doc string
	var gone int
	var made, changed int64
	if err := r.Scan(&u.id, &u.uid, &u.name, &u.external, &doc, &u.turn, &gone, &made, &changed); err != nil {
		return nil, err
	}
	u.gone, u.made, u.changed = gone == 1, time.UnixMilli(made), time.UnixMilli(changed)
	return u, json.Unmarshal([]byte(doc), &u.doc)
}

// newID makes a random UUID (RFC 9562, section 5.4).
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var errNoUser = fault.New(fault.NotFound, "There is no such user.")

func (rm *Room) user(ctx context.Context, id string) (*user, error) {
	u, err := db.One(ctx, rm.db, scanUser, "SELECT "+userColumns+" FROM scim_user WHERE id = ? AND gone = 0", id)
	if errors.Is(err, fault.NotFound) {
		return nil, errNoUser
	}
	return u, err
}

// describe sets what is kept beside the document.
func (u *user) describe(doc map[string]any) error {
	name, _ := doc["userName"].(string)
	external, _ := doc["externalId"].(string)
	if strings.TrimSpace(name) == "" || len(name) > 250 || len(external) > 250 {
		return invalid("invalidValue", "A user has a userName, and neither it nor externalId is longer than 250 characters.")
	}
	u.doc, u.name, u.external = doc, strings.ToLower(name), external
	return nil
}

// add makes an account for a user who is new, or gives back the one they had.
func (rm *Room) add(ctx context.Context, doc map[string]any) (*user, error) {
	u := &user{id: newID()}
	if err := u.describe(doc); err != nil {
		return nil, err
	}
	was, err := db.One(ctx, rm.db, scanUser, "SELECT "+userColumns+" FROM scim_user WHERE name = ?", u.name)
	switch {
	case err == nil && !was.gone:
		return nil, errTaken
	case err == nil:
		was.gone = false
		return was, rm.change(ctx, was, doc)
	case !errors.Is(err, fault.NotFound):
		return nil, err
	}
	taken, err := rm.place(ctx, u)
	if err != nil {
		return nil, err
	}
	if err := rm.insert(ctx, u); err != nil {
		return nil, err
	}
	if taken {
		err = rm.dir.Link(ctx, source, u.id, u.uid)
	}
	if err == nil {
		err = rm.apply(ctx, u, nil)
	}
	if errors.Is(err, fault.Conflict) || errors.Is(err, fault.Invalid) { // somebody was faster, or the id cannot be one
		_, undo := rm.db.Exec(ctx, "DELETE FROM scim_user WHERE id = ?", u.id)
		err = errors.Join(&problem{err, "uniqueness"}, undo)
	}
	return u, err
}

func (rm *Room) insert(ctx context.Context, u *user) error {
	raw, err := json.Marshal(u.doc)
	if err != nil {
		return err
	}
	u.made = rm.Now()
	u.changed = u.made
	_, err = rm.db.Exec(ctx, "INSERT INTO scim_user ("+userColumns+") VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?)", u.id, u.uid, u.name, u.external, string(raw),
		u.made.UnixMilli(), u.made.UnixMilli())
	if errors.Is(err, fault.Exists) {
		return errTaken
	}
	return err
}

// place finds the id of the account of a new user: the userName, as far as it can be
// one. Where an account of that id was renamed by the provider, the id gets a number.
// One that is not the provider's is taken over only where the administrator has said
// that names mean the same people, and never one that administers this server.
func (rm *Room) place(ctx context.Context, u *user) (taken bool, err error) {
	name := vouch.PlainName(u.doc["userName"].(string))
	if name == "" {
		return false, invalid("invalidValue", "No account can be called by this userName.")
	}
	for n := 1; n < 100; n++ {
		u.uid = name
		if n > 1 {
			u.uid = fmt.Sprintf("%s-%d", name, n)
		}
		if len(u.uid) > vouch.MaxID {
			u.uid = vouch.Digest(u.uid)
		}
		there, err := rm.dir.Find(ctx, u.uid)
		if errors.Is(err, fault.NotFound) || err == nil && !strings.EqualFold(there.ID, u.uid) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		ours, err := db.One(ctx, rm.db, db.Scan1[int], "SELECT COUNT(*) FROM scim_user WHERE uid = ?", there.ID)
		if err != nil {
			return false, err
		}
		if ours == 0 {
			u.uid = there.ID
			return true, rm.mayAdopt(ctx, there)
		}
	}
	return false, errTaken
}

func (rm *Room) mayAdopt(ctx context.Context, u *identity.User) error {
	v, err := rm.chosen(ctx, adopt)
	if err != nil {
		return err
	}
	admin, err := rm.isAdmin(ctx, u.ID)
	if err == nil && (v != "yes" || admin) {
		err = errTaken
	}
	return err
}

func (rm *Room) isAdmin(ctx context.Context, uid string) (bool, error) {
	in, err := rm.dir.GroupsOf(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	return slices.Contains(in, identity.AdminGroup), err
}

// spare refuses to lock or remove who administers this server: a provider must not be
// able to leave it without anybody.
func (rm *Room) spare(ctx context.Context, uid string) error {
	admin, err := rm.isAdmin(ctx, uid)
	if err == nil && admin {
		err = fault.New(fault.Denied, "This account administers the server. Only an administrator can lock or remove it.")
	}
	return err
}

// change writes another document of a user who is not changed by others meanwhile.
func (rm *Room) change(ctx context.Context, u *user, doc map[string]any) error {
	was := u.doc
	if err := errors.Join(rm.holds(ctx, u), u.describe(doc)); err != nil {
		return err
	}
	if doc["active"] == false {
		if err := rm.spare(ctx, u.uid); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	now := rm.Now()
	n, err := rm.db.Exec(ctx, "UPDATE scim_user SET name = ?, external = ?, doc = ?, turn = turn + 1, gone = 0, changed = ? WHERE id = ? AND turn = ?",
		u.name, u.external, string(raw), now.UnixMilli(), u.id, u.turn)
	switch {
	case errors.Is(err, fault.Exists):
		return errTaken
	case err == nil && n == 0:
		return errStale
	case err != nil:
		return err
	}
	u.turn, u.changed = u.turn+1, now
	if err := rm.apply(ctx, u, was); err != nil {
		return err
	}
	if what := difference(was, doc); what != "" {
		return rm.note(ctx, u.uid, what)
	}
	return nil
}

// difference tells in which attributes two documents differ.
func difference(was, is map[string]any) string {
	if was["userName"] != is["userName"] {
		return fmt.Sprintf("userName: %v → %v", was["userName"], is["userName"])
	}
	var changed []string
	for _, a := range append(userAttributes(), attribute{name: enterpriseURN}) {
		if a.name != "active" && !reflect.DeepEqual(was[a.name], is[a.name]) { // the directory tells of that
			changed = append(changed, a.name)
		}
	}
	return strings.Join(changed, ", ")
}

// apply brings the account up to what the provider says, and said until now. Done
// again, it mends what an earlier try has left half done.
func (rm *Room) apply(ctx context.Context, u *user, was map[string]any) error {
	fields := fieldsOf(u.doc)
	for name := range fieldsOf(was) {
		if _, ok := fields[name]; !ok {
			fields[name] = ""
		}
	}
	account, _, err := rm.dir.Provision(ctx, identity.Login{Source: source, Subject: u.id, ID: u.uid, Fields: fields})
	if err != nil {
		return err
	}
	switch active := u.doc["active"] != false; {
	case active && !account.Enabled:
		return rm.dir.Enable(ctx, u.uid)
	case !active && account.Enabled:
		return rm.dir.Disable(ctx, u.uid)
	}
	return nil
}

// fieldsOf are the fields of the profile that a document fills. What it does not tell
// is the person's own.
func fieldsOf(doc map[string]any) map[string]string {
	text := func(name string) string { s, _ := doc[name].(string); return s }
	n, _ := doc["name"].(map[string]any)
	display := cmp.Or(text("displayName"), written(n["formatted"]), strings.TrimSpace(written(n["givenName"])+" "+written(n["familyName"])))
	ext, _ := doc[enterpriseURN].(map[string]any)
	out := map[string]string{}
	for name, v := range map[string]string{"displayname": display, "email": primary(doc, "emails"), "phone": primary(doc, "phoneNumbers"), "role": text("title"),
		"organisation": written(ext["organization"])} {
		if v != "" {
			out[name] = vouch.Clip(v)
		}
	}
	return out
}

// primary is the value that counts of many: the primary one, that of work, or the first.
func primary(doc map[string]any, name string) string {
	best, rank := "", 0
	for _, e := range values(doc, name) {
		o, ok := e.(map[string]any)
		if !ok || written(o["value"]) == "" {
			continue
		}
		n := 1
		switch {
		case o["primary"] == true:
			n = 3
		case strings.EqualFold(written(o["type"]), "work"):
			n = 2
		}
		if n > rank {
			best, rank = written(o["value"]), n
		}
	}
	return best
}

// remove locks or removes an account, as the administrator has chosen. One that is
// locked leaves the groups of the provider, and is given back to who is made under its
// name again.
func (rm *Room) remove(ctx context.Context, u *user) error {
	if err := errors.Join(rm.holds(ctx, u), rm.spare(ctx, u.uid)); err != nil {
		return err
	}
	how, err := rm.chosen(ctx, onDelete)
	if err != nil {
		return err
	}
	if how == "remove" {
		err := rm.dir.Remove(ctx, u.uid)
		if errors.Is(err, fault.NotFound) {
			_, err = rm.db.Exec(ctx, "DELETE FROM scim_user WHERE id = ?", u.id)
		}
		return err
	}
	in, err := rm.groupsOf(ctx, []*user{u})
	if err != nil {
		return err
	}
	for _, g := range in[u.uid] {
		if err := rm.dir.RemoveMember(ctx, g.gid, u.uid); err != nil {
			return err
		}
	}
	if err := rm.dir.Disable(ctx, u.uid); err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	_, err = rm.db.Exec(ctx, "UPDATE scim_user SET gone = 1, turn = turn + 1, changed = ? WHERE id = ?", rm.Now().UnixMilli(), u.id)
	return err
}

// forgetUser forgets an account that is gone.
func forgetUser(ctx context.Context, tx *db.DB, uid string) error {
	_, err := tx.Exec(ctx, "DELETE FROM scim_user WHERE uid = ?", uid)
	return err
}

// holds refuses to change an account that an administrator has taken from the provider
// (user:release). One that was never made, since the server stopped just then, is none.
func (rm *Room) holds(ctx context.Context, u *user) error {
	_, err := rm.dir.Linked(ctx, source, u.id)
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	if _, err := rm.dir.User(ctx, u.uid); err != nil {
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	return fault.New(fault.Denied, "An administrator has taken this account from the provider.")
}

// Give lets providers see and change an account that they have not made, or that was
// taken from them.
func (rm *Room) Give(ctx context.Context, uid string) (id string, err error) {
	account, err := rm.dir.User(ctx, uid)
	if err != nil {
		return "", err
	}
	id, err = db.One(ctx, rm.db, db.Scan1[string], "SELECT id FROM scim_user WHERE uid = ?", account.ID)
	if err == nil {
		return id, rm.dir.Link(ctx, source, id, account.ID)
	}
	if !errors.Is(err, fault.NotFound) {
		return "", err
	}
	doc := map[string]any{"userName": account.ID, "displayName": account.Display, "active": account.Enabled}
	if account.Mail != "" {
		doc["emails"] = []any{map[string]any{"value": account.Mail, "type": "work", "primary": true}}
	}
	u := &user{id: newID(), uid: account.ID}
	if err := u.describe(doc); err != nil {
		return "", err
	}
	if err := rm.insert(ctx, u); err != nil {
		return "", err
	}
	return u.id, rm.dir.Link(ctx, source, u.id, u.uid)
}
