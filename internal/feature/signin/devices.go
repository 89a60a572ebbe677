package signin

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// device is a token as the list of devices shows it (30-core/175). What stands
// after canRename is ours.
type device struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	LastActivity int64  `json:"lastActivity"`
	Type         int    `json:"type"` // 0 session, 1 app password, 2 to be wiped, 3 to be exchanged once
	Scope        scope  `json:"scope"`
	CanDelete    bool   `json:"canDelete"`
	CanRename    bool   `json:"canRename"`
	Current      bool   `json:"current,omitempty"`
	Label        string `json:"label"`             // "Firefox on Linux"
	Form         string `json:"form"`              // browser, phone, desktop or program
	Network      string `json:"network,omitempty"` // of the last use: "192.0.2.0/24"
	Created      int64  `json:"created"`
	Expires      int64  `json:"expires,omitempty"` // Unix seconds
	Waiting      bool   `json:"waiting,omitempty"` // ends soon unless somebody uses it
	Half         bool   `json:"half,omitempty"`    // has yet to show a second factor
}

// types are the numbers of the kinds on the wire.
var types = map[identity.Kind]int{identity.KindApp: 1, identity.KindOnce: 3}

func show(t *identity.Token, p *who.Principal, paths map[int64]string) device {
	d := device{ID: t.ID, Name: t.Name, LastActivity: t.Used.Unix(), Scope: scopeOf(t, paths), Current: t.ID == p.TokenID,
		Type: types[t.Kind], Created: t.Created.Unix(), Waiting: !t.Lapses.IsZero(), Half: t.Kind == identity.KindHalf}
	if t.Wipe {
		d.Type = 2
	}
	d.Label, d.Form = called(t.Name)
	if t.Kind == identity.KindSession || t.Kind == identity.KindHalf {
		d.Form = formBrowser
	}
	if t.From.IsValid() {
		d.Network = t.From.String()
	}
	if !t.Expires.IsZero() {
		d.Expires = t.Expires.Unix()
	}
	d.CanRename = t.Kind == identity.KindApp
	d.CanDelete = !d.Current
	return d
}

// listTokens answers GET /settings/personal/authtokens. The recorded server has
// no such route; a page that lists devices needs one.
func (rm *Room) listTokens(w http.ResponseWriter, r *http.Request) error {
	p := who.From(r.Context())
	if p.Scope.Limits() {
		return fault.New(fault.Denied, "An app password that is limited cannot see the others.")
	}
	tokens, err := collect(rm.dir.Tokens(r.Context(), p.ID))
	if err != nil {
		return err
	}
	var ids []int64
	for _, t := range tokens {
		if t.Scope != nil {
			ids = append(ids, t.Scope.Folders...)
		}
	}
	paths, err := rm.pathsOf(r.Context(), p, ids)
	if err != nil {
		return err
	}
	out := make([]device, len(tokens))
	for i, t := range tokens {
		out[i] = show(t, p, paths)
	}
	web.WriteJSON(w, http.StatusOK, out)
	return nil
}

func collect[T any](seq iter.Seq2[T, error]) (out []T, err error) {
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// inPerson refuses what a stolen app password must not do.
func inPerson(r *http.Request) (*who.Principal, error) {
	p := who.From(r.Context())
	if p.Via == who.ViaAppPassword {
		return nil, fault.New(fault.Denied, "An app password cannot change app passwords.")
	}
	return p, nil
}

func decode(r *http.Request, v any) error {
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		return unreadable(err)
	}
	return nil
}

// wanted is what somebody asks of an app password, as JSON.
type wanted struct {
	Name    string
	Scope   *asked // nil: as the kind of device says, or as it is
	Expires *int64 // Unix seconds, 0 for never; nil: as it is
	Kind    string // of device, a who.Preset; "" for none
	QR      string // "login": a code that phones scan; "onetime": one that is exchanged
}

// createToken answers POST /settings/personal/authtokens.
func (rm *Room) createToken(w http.ResponseWriter, r *http.Request) error {
	p, err := inPerson(r)
	if err != nil {
		return err
	}
	var in wanted
	if err := decode(r, &in); err != nil {
		return err
	}
	t := identity.Token{UID: p.ID, Login: p.Login, Name: in.Name, Kind: identity.KindApp}
	if t.Scope, err = rm.newScope(r.Context(), p, in); err != nil {
		return err
	}
	if t.Expires, err = rm.newEnd(in.Expires, time.Time{}); err != nil {
		return err
	}
	secret := identity.TypedPassword()
	var code *qrCode
	if in.QR != "" {
		if code, secret, err = rm.newCode(r, in.QR, p.Login, &t); err != nil {
			return err
		}
	}
	made, err := rm.dir.AddToken(r.Context(), t, secret)
	if err != nil {
		return err
	}
	var folders []int64
	if made.Scope != nil {
		folders = made.Scope.Folders
	}
	paths, err := rm.pathsOf(r.Context(), p, folders)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Token       string  `json:"token"`
		LoginName   string  `json:"loginName"`
		DeviceToken device  `json:"deviceToken"`
		QR          *qrCode `json:"qr,omitempty"`
	}{secret, p.Login, show(made, p, paths), code})
	return nil
}

// newEnd is when a token shall end.
func (rm *Room) newEnd(in *int64, now time.Time) (time.Time, error) {
	switch {
	case in == nil:
		return now, nil
	case *in == 0:
		return time.Time{}, nil
	}
	at := time.Unix(*in, 0)
	return at, rm.dir.CheckExpiry(at)
}

func tokenID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(web.Param(r, "id"), 10, 64)
	if err != nil {
		return 0, fault.Wrap(fault.NotFound, err, "There is no such token.")
	}
	return id, nil
}

// updateToken answers PUT …/authtokens/{id} with {"name", "scope": {"filesystem"}},
// and with more of a scope, and an end, of ours.
func (rm *Room) updateToken(w http.ResponseWriter, r *http.Request) error {
	id, err := tokenID(r)
	if err != nil {
		return err
	}
	p, err := inPerson(r)
	if err != nil {
		return err
	}
	t, err := rm.dir.Token(r.Context(), p.ID, id)
	if err != nil {
		return err
	}
	in := wanted{Name: t.Name}
	if err := decode(r, &in); err != nil {
		return err
	}
	if t.Kind != identity.KindApp {
		return fault.New(fault.Invalid, "Only app passwords can be changed.")
	}
	limit, err := rm.changedScope(r.Context(), p, in.Scope, t.Scope)
	if err != nil {
		return err
	}
	end, err := rm.newEnd(in.Expires, t.Expires)
	if err != nil {
		return err
	}
	if err := rm.dir.ChangeToken(r.Context(), p.ID, id, in.Name, limit, end); err != nil {
		return err
	}
	return empty(w, http.StatusOK)
}

func (rm *Room) deleteToken(w http.ResponseWriter, r *http.Request) error {
	id, err := tokenID(r)
	if err != nil {
		return err
	}
	p, err := inPerson(r)
	if err != nil {
		return err
	}
	if err := rm.dir.RemoveToken(r.Context(), p.ID, id); err != nil {
		return err
	}
	return empty(w, http.StatusOK)
}

// deleteTokens answers DELETE …/authtokens?of=: it ends all other sessions, and
// with of=all all other app passwords too.
func (rm *Room) deleteTokens(w http.ResponseWriter, r *http.Request) error {
	p, err := inPerson(r)
	if err != nil {
		return err
	}
	kinds := []identity.Kind{identity.KindSession, identity.KindHalf}
	switch r.URL.Query().Get("of") {
	case "", "sessions":
	case "all":
		kinds = append(kinds, identity.KindApp, identity.KindOnce, identity.KindGrant)
	default:
		return fault.New(fault.Invalid, "It is either the sessions or all.")
	}
	var all int64
	for _, k := range kinds {
		n, err := rm.dir.RemoveTokens(r.Context(), p.ID, k, p.TokenID)
		if err != nil {
			return err
		}
		all += n
	}
	web.WriteJSON(w, http.StatusOK, map[string]int64{"revoked": all})
	return nil
}

func (rm *Room) askWipe(w http.ResponseWriter, r *http.Request) error {
	id, err := tokenID(r)
	if err != nil {
		return err
	}
	p, err := inPerson(r)
	if err != nil {
		return err
	}
	if err := rm.dir.AskWipe(r.Context(), p.ID, id); err != nil {
		return err
	}
	return empty(w, http.StatusOK)
}

// wipeCheck tells a device that was refused whether it shall delete its data
// (30-core/183).
func (rm *Room) wipeCheck(w http.ResponseWriter, r *http.Request) error {
	return rm.wipe(w, r, rm.dir.WipeAsked, map[string]bool{"wipe": true})
}

// wipeDone hears that it has (30-core/184).
func (rm *Room) wipeDone(w http.ResponseWriter, r *http.Request) error {
	return rm.wipe(w, r, rm.dir.Wiped, []int{})
}

func (rm *Room) wipe(w http.ResponseWriter, r *http.Request, f func(ctx context.Context, secret string) error, out any) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	err := f(r.Context(), r.Form.Get("token"))
	if errors.Is(err, fault.NotFound) {
		return empty(w, http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, out)
	return nil
}

type appPassword struct {
	AppPassword string `json:"apppassword"`
}

// getAppPassword gives a client that was told the real password a credential of
// its own (30-core/061, 062).
func (rm *Room) getAppPassword(ctx context.Context, r *ocs.Request) (any, error) {
	p := r.Caller()
	if p.Via == who.ViaAppPassword {
		return nil, fault.New(fault.Denied, "You cannot request an new apppassword with an apppassword")
	}
	secret := identity.AppPassword()
	_, err := rm.dir.AddToken(ctx, identity.Token{UID: p.ID, Login: p.Login, Name: r.UserAgent(), Kind: identity.KindApp}, secret)
	return appPassword{secret}, err
}

// errNoApp answers calls that only make sense with an app password (30-core/069).
var errNoApp = fault.New(fault.Denied, "no app password in use")

func (rm *Room) deleteAppPassword(ctx context.Context, r *ocs.Request) (any, error) {
	p := r.Caller()
	if p.Via != who.ViaAppPassword {
		return nil, errNoApp
	}
	return nil, rm.dir.RemoveToken(ctx, p.ID, p.TokenID)
}

func (rm *Room) rotateAppPassword(ctx context.Context, r *ocs.Request) (any, error) {
	p := r.Caller()
	if p.Via != who.ViaAppPassword {
		return nil, errNoApp
	}
	secret := identity.AppPassword()
	return appPassword{secret}, rm.dir.RotateToken(ctx, p.ID, p.TokenID, secret)
}

func (rm *Room) confirmPassword(_ context.Context, r *ocs.Request) (any, error) {
	password, err := r.Param("password")
	if err != nil {
		return nil, err
	}
	at, err := rm.retype(r.Request, password)
	return map[string]int64{"lastLogin": at}, err
}

// personCheck is the oldest call of OCS: is this login right (30-core/054 to 056)?
func (rm *Room) personCheck(ctx context.Context, r *ocs.Request) (any, error) {
	login, err := r.Param("login")
	if err != nil {
		return nil, err
	}
	password, err := r.Param("password")
	if err != nil {
		return nil, err
	}
	if login == "" || password == "" {
		return nil, ocs.Fail(101, "")
	}
	u, err := rm.dir.CheckPassword(ctx, login, password, web.Network(web.VisitOf(ctx).Addr))
	if errors.Is(err, fault.Anonymous) {
		return nil, ocs.Fail(102, "")
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"person": map[string]string{"personid": u.ID}}, nil
}
