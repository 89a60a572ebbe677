package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// device is a token as the list of devices shows it (30-core/175).
type device struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	LastActivity int64  `json:"lastActivity"`
	Type         int    `json:"type"` // 0 session, 1 app password, 2 to be wiped
	Scope        scope  `json:"scope"`
	CanDelete    bool   `json:"canDelete"`
	CanRename    bool   `json:"canRename"`
	Current      bool   `json:"current,omitempty"`
}

type scope struct {
	Filesystem bool `json:"filesystem"`
}

func scopeOf(t *identity.Token) scope { return scope{t.Scope.Allows(who.FilesRoom, who.Read)} }

// apply opens the file tree in s, or closes it, and changes nothing else.
func (c scope) apply(s *who.Scope) *who.Scope {
	if s.Allows(who.FilesRoom, who.Read) == c.Filesystem {
		return s
	}
	out := who.Scope{}
	if s != nil {
		out = *s
	}
	if c.Filesystem {
		out.But = slices.DeleteFunc(slices.Clone(out.But), func(r string) bool { return r == who.FilesRoom })
		if len(out.Rooms) > 0 && !slices.Contains(out.Rooms, who.FilesRoom) {
			out.Rooms = append(slices.Clone(out.Rooms), who.FilesRoom)
		}
		return &out
	}
	out.But = append(slices.Clone(out.But), who.FilesRoom)
	return &out
}

func show(t *identity.Token, p *who.Principal) device {
	d := device{ID: t.ID, Name: t.Name, LastActivity: t.Used.Unix(), Scope: scopeOf(t), Current: t.ID == p.TokenID}
	switch {
	case t.Wipe:
		d.Type = 2
	case t.Kind == identity.KindApp:
		d.Type = 1
	}
	d.CanRename = t.Kind == identity.KindApp
	d.CanDelete = !d.Current
	return d
}

// listTokens answers GET /settings/personal/authtokens. The recorded server has
// no such route; a page that lists devices needs one.
func (rm *Room) listTokens(w http.ResponseWriter, r *http.Request) error {
	p, out := who.From(r.Context()), []device{}
	for t, err := range rm.dir.Tokens(r.Context(), p.ID) {
		if err != nil {
			return err
		}
		out = append(out, show(t, p))
	}
	web.WriteJSON(w, http.StatusOK, out)
	return nil
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

func (rm *Room) createToken(w http.ResponseWriter, r *http.Request) error {
	p, err := inPerson(r)
	if err != nil {
		return err
	}
	var in struct{ Name string }
	if err := decode(r, &in); err != nil {
		return err
	}
	secret := identity.TypedPassword()
	t, err := rm.dir.AddToken(r.Context(), identity.Token{UID: p.ID, Login: p.Login, Name: in.Name, Kind: identity.KindApp}, secret)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Token       string `json:"token"`
		LoginName   string `json:"loginName"`
		DeviceToken device `json:"deviceToken"`
	}{secret, p.Login, show(t, p)})
	return nil
}

func tokenID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(web.Param(r, "id"), 10, 64)
	if err != nil {
		return 0, fault.Wrap(fault.NotFound, err, "There is no such token.")
	}
	return id, nil
}

// updateToken answers PUT …/authtokens/{id} with {"name", "scope": {"filesystem"}}.
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
	in := struct {
		Name  string
		Scope scope
	}{t.Name, scopeOf(t)}
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := rm.dir.ChangeToken(r.Context(), p.ID, id, in.Name, in.Scope.apply(t.Scope), t.Expires); err != nil {
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
