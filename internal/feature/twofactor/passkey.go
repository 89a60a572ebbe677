package twofactor

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// A passkey knows whose it is, and shows that the person is there: it stands for
// the name, the password and the second factor.

// beginPasskey answers POST /login/passkey/begin. It keeps nothing.
func (rm *Room) beginPasskey(w http.ResponseWriter, r *http.Request) error {
	at, err := party(web.VisitOf(r.Context()).Base())
	if err != nil {
		return err
	}
	options, session, err := at.BeginDiscoverableLogin()
	if err != nil {
		return refused(err)
	}
	q, err := rm.question(toSignIn, "", options.Response, session)
	if err != nil {
		return err
	}
	writeCeremony(w, q)
	return nil
}

// passkey answers POST /login/passkey: challenge, redirect_url, remember.
func (rm *Room) passkey(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	to := r.PostForm.Get("redirect_url")
	u, err := rm.bearer(r.Context(), web.VisitOf(r.Context()).Base(), r.PostForm.Get("challenge"))
	if errors.Is(err, fault.Denied) {
		rm.Log.Info("a passkey was refused", "error", err, "addr", web.VisitOf(r.Context()).Addr)
		why := "passkey"
		if fault.Text(err) == fault.Text(errTicket) {
			why = "late"
		}
		web.Redirect(w, r, with("/login?direct=1&error="+why, to))
		return nil
	}
	if err != nil {
		return err
	}
	token, err := rm.in.Open(w, r, u)
	if err != nil {
		return err
	}
	if err := errors.Join(rm.pass(r.Context(), u.ID, token), rm.dir.SignedIn(r.Context(), u.ID)); err != nil {
		return err
	}
	web.Redirect(w, r, rm.in.Land(to))
	return nil
}

// bearer finds out whose passkey gave an answer.
func (rm *Room) bearer(ctx context.Context, base, answer string) (*identity.User, error) {
	k := keys{rm}
	r, err := readReply(answer)
	if err != nil {
		return nil, err
	}
	at, err := party(base)
	if err != nil {
		return nil, err
	}
	session, err := rm.redeem(ctx, toSignIn, "", r.Ticket)
	if err != nil {
		return nil, err
	}
	got, err := protocol.ParseCredentialRequestResponseBytes(r.Credential)
	if err != nil {
		return nil, refused(err)
	}
	var o owner
	var broken error // the database's, which is no fault of the key
	cred, err := at.ValidateDiscoverableLogin(func(rawID, _ []byte) (webauthn.User, error) {
		var err error
		if o, err = k.ownerOf(ctx, rawID); err != nil && !errors.Is(err, fault.NotFound) {
			broken = err
		}
		return o, err
	}, *session, got)
	if broken != nil {
		return nil, broken
	}
	if err != nil {
		return nil, refused(err)
	}
	u, err := rm.dir.User(ctx, o.uid)
	if err != nil {
		return nil, err
	}
	if !u.Enabled {
		return nil, fault.New(fault.Denied, "This account is locked.")
	}
	return u, k.used(ctx, o, cred)
}

// ownerOf finds the account of a key by the key's id.
func (k keys) ownerOf(ctx context.Context, rawID []byte) (owner, error) {
	uid, err := db.One(ctx, k.db, db.Scan1[string], "SELECT uid FROM twofactor_key WHERE cred = ?", k.credHash(rawID))
	if err != nil {
		return owner{}, err
	}
	return k.owner(ctx, uid)
}
