package twofactor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// keys are security keys and passkeys, W3C Web Authentication. The person must
// have shown themselves to the key, by a PIN or a finger: a key that was found
// opens nothing.
type keys struct{ *Room }

// Key is a security key or passkey of an account.
type Key struct {
	ID      int64     `json:"id"`
	Name    string    `json:"name"`
	Passkey bool      `json:"passkey"` // it finds the account by itself, so that no name and password are needed
	Synced  bool      `json:"synced"`  // it is kept in more than one place (the flag BS)
	Cloned  bool      `json:"cloned"`  // its counter went back: somebody may have a copy, and it opens nothing any more
	Created time.Time `json:"created"`
	Used    time.Time `json:"used"`

	uid  string
	cred webauthn.Credential
}

const (
	maxKeys    = 50
	maxKeyName = 64
)

// About implements Provider.
func (keys) About() About {
	return About{ID: "webauthn", Name: "Security key or passkey", Invite: "Use your security key or passkey."}
}

// owner is an account as the library asks for it.
type owner struct {
	handle       []byte
	uid, display string
	keys         []*Key
}

// WebAuthnID implements webauthn.User.
func (o owner) WebAuthnID() []byte { return o.handle }

// WebAuthnName implements webauthn.User.
func (o owner) WebAuthnName() string { return o.uid }

// WebAuthnDisplayName implements webauthn.User.
func (o owner) WebAuthnDisplayName() string { return o.display }

// WebAuthnCredentials implements webauthn.User.
func (o owner) WebAuthnCredentials() []webauthn.Credential {
	out := make([]webauthn.Credential, 0, len(o.keys))
	for _, k := range o.keys {
		if !k.Cloned {
			out = append(out, k.cred)
		}
	}
	return out
}

// handle is what a passkey keeps of the account. It tells nothing about it.
func (k keys) handle(uid string) []byte { return k.box.Hash("key owner " + uid) }

func (k keys) owner(ctx context.Context, uid string) (owner, error) {
	u, err := k.dir.User(ctx, uid)
	if err != nil {
		return owner{}, err
	}
	list, err := k.list(ctx, uid)
	return owner{k.handle(uid), uid, u.Display, list}, err
}

const keyColumns = "id, uid, name, sealed, counter, passkey, bs, cloned, created, used"

func (k keys) belongs(id int64, uid string) string {
	return "key " + strconv.FormatInt(id, 10) + " of " + uid
}

func (k keys) scan(r db.Row) (*Key, error) {
	var v Key
	var sealed string
	var counter, created, used int64
	var passkey, bs, cloned int
	if err := r.Scan(&v.ID, &v.uid, &v.Name, &sealed, &counter, &passkey, &bs, &cloned, &created, &used); err != nil {
		return nil, err
	}
	b, err := k.box.Open(sealed, k.belongs(v.ID, v.uid))
	if err != nil {
		return nil, fmt.Errorf("key %d: %w", v.ID, err)
	}
	if err := json.Unmarshal(b, &v.cred); err != nil {
		return nil, fmt.Errorf("key %d: %w", v.ID, err)
	}
	v.cred.Authenticator.SignCount = uint32(counter)
	v.Passkey, v.Synced, v.Cloned, v.Created = passkey != 0, bs != 0, cloned != 0, time.Unix(created, 0).UTC()
	if used != 0 {
		v.Used = time.Unix(used, 0).UTC()
	}
	return &v, nil
}

// list returns the keys of an account, oldest first.
func (k keys) list(ctx context.Context, uid string) ([]*Key, error) {
	return db.List(ctx, k.db, k.scan, "SELECT "+keyColumns+" FROM twofactor_key WHERE uid = ? ORDER BY id", uid)
}

// Has implements Provider. A key that may have been copied still makes a second
// factor necessary, but is none.
func (k keys) Has(ctx context.Context, uid string) (bool, error) {
	n, err := db.One(ctx, k.db, db.Scan1[int64], "SELECT COUNT(*) FROM twofactor_key WHERE uid = ?", uid)
	return n > 0, err
}

// Ask implements Provider.
func (k keys) Ask(ctx context.Context, by Caller) (Question, error) { return k.ask(ctx, by, toShow) }

func (k keys) ask(ctx context.Context, by Caller, p purpose) (Question, error) {
	w, err := party(by.Base)
	if err != nil {
		return Question{}, err
	}
	o, err := k.owner(ctx, by.UID)
	if err != nil {
		return Question{}, err
	}
	if len(o.WebAuthnCredentials()) == 0 {
		return Question{}, fault.New(fault.NotFound, "There is no key of this account that works.")
	}
	options, session, err := w.BeginLogin(o)
	if err != nil {
		return Question{}, refused(err)
	}
	return k.question(p, by.UID, options.Response, session)
}

func (rm *Room) question(p purpose, uid string, options any, s *webauthn.SessionData) (Question, error) {
	b, err := json.Marshal(options)
	if err != nil {
		return Question{}, err
	}
	t, err := rm.issue(p, uid, s)
	return Question{Options: b, Ticket: t}, err
}

// reply is what the browser sends back: the ticket, and the key's answer.
type reply struct {
	Ticket     string          `json:"ticket"`
	Credential json.RawMessage `json:"credential"`
}

func readReply(answer string) (reply, error) {
	var r reply
	if err := json.Unmarshal([]byte(answer), &r); err != nil {
		return r, fault.Wrap(fault.Denied, err, "This key was not accepted.")
	}
	return r, nil
}

// Verify implements Provider.
func (k keys) Verify(ctx context.Context, by Caller, answer string) error {
	r, err := readReply(answer)
	if err != nil {
		return err
	}
	return k.verify(ctx, by, toShow, r)
}

func (k keys) verify(ctx context.Context, by Caller, p purpose, r reply) error {
	w, err := party(by.Base)
	if err != nil {
		return err
	}
	session, err := k.redeem(ctx, p, by.UID, r.Ticket)
	if err != nil {
		return err
	}
	o, err := k.owner(ctx, by.UID)
	if err != nil {
		return err
	}
	got, err := protocol.ParseCredentialRequestResponseBytes(r.Credential)
	if err != nil {
		return refused(err)
	}
	cred, err := w.ValidateLogin(o, *session, got)
	if err != nil {
		return refused(err)
	}
	return k.used(ctx, o, cred)
}

// used keeps what the key told of itself. A counter that did not grow means that
// there are two keys with one secret (WebAuthn, section 6.1.1): neither opens
// anything any more.
func (k keys) used(ctx context.Context, o owner, cred *webauthn.Credential) error {
	i := slices.IndexFunc(o.keys, func(key *Key) bool { return bytes.Equal(key.cred.ID, cred.ID) })
	if i < 0 {
		return errWrong
	}
	key, count := o.keys[i], int64(cred.Authenticator.SignCount)
	if cred.Authenticator.CloneWarning {
		k.Log.Warn("the counter of a key went back: it may have been copied, and is refused from now on", "user", o.uid, "key", key.Name)
		if _, err := k.db.Exec(ctx, "UPDATE twofactor_key SET cloned = 1 WHERE id = ?", key.ID); err != nil {
			return err
		}
		return fault.New(fault.Denied, "This key may have been copied. Use another way to log in, and remove it.")
	}
	n, err := k.db.Exec(ctx, `UPDATE twofactor_key SET counter = ?, bs = ?, used = ? WHERE id = ? AND cloned = 0
		AND (counter < ? OR counter = 0 AND ? = 0)`, count, number(cred.Flags.BackupState), k.Now().Unix(), key.ID, count, count)
	if err == nil && n == 0 {
		return errWrong // removed, or used at the same instant
	}
	return err
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Offer implements Learner.
func (k keys) Offer(ctx context.Context, by Caller) (Question, error) {
	w, err := party(by.Base)
	if err != nil {
		return Question{}, err
	}
	o, err := k.owner(ctx, by.UID)
	if err != nil {
		return Question{}, err
	}
	if len(o.keys) >= maxKeys {
		return Question{}, fault.New(fault.TooLarge, "There are too many keys already.")
	}
	known := webauthn.Credentials(o.WebAuthnCredentials()).CredentialDescriptors()
	options, session, err := w.BeginRegistration(o, webauthn.WithExclusions(known), webauthn.WithExtensions(webauthn.WithExtensionCredProps()))
	if err != nil {
		return Question{}, refused(err)
	}
	return k.question(toRegister, by.UID, options.Response, session)
}

// Learn implements Learner.
func (k keys) Learn(ctx context.Context, by Caller, answer string) error {
	r, err := readReply(answer)
	if err != nil {
		return err
	}
	_, err = k.learn(ctx, by, r, "")
	return err
}

// learn keeps a new key. The answer's user verification was required, so that the
// library has checked it.
func (k keys) learn(ctx context.Context, by Caller, r reply, name string) (*Key, error) {
	w, err := party(by.Base)
	if err != nil {
		return nil, err
	}
	session, err := k.redeem(ctx, toRegister, by.UID, r.Ticket)
	if err != nil {
		return nil, err
	}
	o, err := k.owner(ctx, by.UID)
	if err != nil {
		return nil, err
	}
	got, err := protocol.ParseCredentialCreationResponseBytes(r.Credential)
	if err != nil {
		return nil, refused(err)
	}
	cred, err := w.CreateCredential(o, *session, got)
	if err != nil {
		return nil, refused(err)
	}
	key := &Key{Passkey: cred.Extensions.RK != nil && *cred.Extensions.RK, Synced: cred.Flags.BackupState, Created: k.Now().UTC(), uid: by.UID, cred: *cred}
	if key.Name = keyName(name); key.Name == "" {
		key.Name = k.freeName(o, key.Passkey)
	}
	return key, k.add(ctx, key)
}

func (k keys) add(ctx context.Context, key *Key) (err error) {
	if key.ID, err = k.db.ID(ctx); err != nil {
		return err
	}
	b, err := json.Marshal(key.cred)
	if err != nil {
		return err
	}
	err = k.db.Tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, `INSERT INTO twofactor_key (id, cred, uid, name, sealed, counter, passkey, be, bs, cloned, created, used)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0)`, key.ID, k.credHash(key.cred.ID), key.uid, key.Name, k.box.Seal(b, k.belongs(key.ID, key.uid)),
			int64(key.cred.Authenticator.SignCount), number(key.Passkey), number(key.cred.Flags.BackupEligible),
			number(key.cred.Flags.BackupState), key.Created.Unix())
		if err != nil {
			return err
		}
		return k.gained(ctx, tx, key.uid, key.Name)
	})
	if errors.Is(err, fault.Exists) {
		return fault.Wrap(fault.Exists, err, "This key is known already.")
	}
	return err
}

func (k keys) credHash(id []byte) []byte { return k.box.Hash("key id " + string(id)) }

// keyName makes a name fit for a list.
func keyName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxKeyName {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:maxKeyName], ""))
	}
	return s
}

// freeName is a name for a key that nobody has named.
func (k keys) freeName(o owner, passkey bool) string {
	what := "Security key"
	if passkey {
		what = "Passkey"
	}
	for n := 1; ; n++ {
		name := what
		if n > 1 {
			name += " " + strconv.Itoa(n)
		}
		if !slices.ContainsFunc(o.keys, func(key *Key) bool { return key.Name == name }) {
			return name
		}
	}
}

var errNoKey = fault.New(fault.NotFound, "There is no such key.")

func (k keys) rename(ctx context.Context, uid string, id int64, name string) error {
	if name = keyName(name); name == "" {
		return fault.New(fault.Invalid, "A key needs a name.")
	}
	n, err := k.db.Exec(ctx, "UPDATE twofactor_key SET name = ? WHERE id = ? AND uid = ?", name, id, uid)
	if err == nil && n == 0 {
		return errNoKey
	}
	return err
}

func (k keys) remove(ctx context.Context, uid string, id int64) error {
	return k.db.Tx(ctx, func(tx *db.DB) error {
		name, err := db.One(ctx, tx, db.Scan1[string], "SELECT name FROM twofactor_key WHERE id = ? AND uid = ?", id, uid)
		if errors.Is(err, fault.NotFound) {
			return errNoKey
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM twofactor_key WHERE id = ?", id); err != nil {
			return err
		}
		return k.lost(ctx, tx, uid, name)
	})
}

// Forget implements Provider.
func (k keys) Forget(ctx context.Context, uid string) error {
	return k.forget(ctx, k, uid, "DELETE FROM twofactor_key WHERE uid = ?", uid)
}
