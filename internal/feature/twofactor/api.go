package twofactor

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// inPerson refuses what a stolen app password must not do.
func inPerson(r *http.Request) (*who.Principal, Caller, error) {
	p := who.From(r.Context())
	if p.Via == who.ViaAppPassword {
		return nil, Caller{}, fault.New(fault.Denied, "An app password cannot change second factors.")
	}
	return p, Caller{UID: p.ID, Base: web.VisitOf(r.Context()).Base()}, nil
}

// decode reads a JSON body, if there is one.
func decode(r *http.Request, v any) error {
	b, err := io.ReadAll(r.Body)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return unreadable(err)
	}
	return nil
}

// learnIn runs f, which gives an account a factor, in somebody's session: they show
// by it that they have the factor, so that the session stays good.
func (rm *Room) learnIn(ctx context.Context, p *who.Principal, f func() error) error {
	if p.Via != who.ViaSession {
		return f()
	}
	// Before f, or the page's own requests would be refused for an instant.
	if err := rm.pass(ctx, p.ID, p.TokenID); err != nil {
		return err
	}
	err := f()
	if err == nil {
		return nil
	}
	if needs, nerr := rm.dir.NeedsSecond(ctx, p.ID); nerr == nil && !needs {
		if _, derr := rm.db.Exec(ctx, "DELETE FROM twofactor_passed WHERE token = ?", p.TokenID); derr != nil {
			return derr
		}
	}
	return err
}

type backupState struct {
	Enabled bool  `json:"enabled"`
	Total   int64 `json:"total"`
	Used    int64 `json:"used"`
}

func (rm *Room) backupState(ctx context.Context, uid string) (backupState, error) {
	total, good, err := codes{rm, backup}.left(ctx, uid)
	return backupState{total > 0, total, total - good}, err
}

// overview answers GET /settings/personal/second-factors: all that the page of the
// settings shows.
func (rm *Room) overview(w http.ResponseWriter, r *http.Request) error {
	ctx, p := r.Context(), who.From(r.Context())
	policy, err := rm.Policy(ctx)
	if err != nil {
		return err
	}
	state, err := totp{rm}.stateOf(ctx, p.ID)
	if err != nil {
		return err
	}
	list, err := keys{rm}.list(ctx, p.ID)
	if err != nil {
		return err
	}
	if list == nil {
		list = []*Key{}
	}
	b, err := rm.backupState(ctx, p.ID)
	if err != nil {
		return err
	}
	_, atName := party(web.VisitOf(ctx).Base())
	web.WriteJSON(w, http.StatusOK, struct {
		Must    bool        `json:"must"` // by what the administrator said
		TOTP    bool        `json:"totp"`
		Keys    []*Key      `json:"keys"`
		Backup  backupState `json:"backup"`
		Keyable bool        `json:"keyable"` // keys work at this address
	}{policy.Demands(p.Groups), state == totpOn, list, b, atName == nil})
	return nil
}

func (rm *Room) totpState(w http.ResponseWriter, r *http.Request) error {
	state, err := totp{rm}.stateOf(r.Context(), who.From(r.Context()).ID)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, map[string]int{"state": state})
	return nil
}

// setTOTP answers POST /apps/twofactor_totp/settings/enable with {"state", "code"}
// (34-apps/170 to 172): 0 forgets the secret, 1 makes a new one, 2 puts it in force
// if the code is right.
func (rm *Room) setTOTP(w http.ResponseWriter, r *http.Request) error {
	p, by, err := inPerson(r)
	if err != nil {
		return err
	}
	var in struct {
		State int
		Code  string
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	ctx, t := r.Context(), totp{rm}
	switch in.State {
	case totpOff:
		if err := t.Forget(ctx, p.ID); err != nil {
			return err
		}
		if err := rm.tidy(ctx, p.ID); err != nil {
			return err
		}
	case totpBegun:
		q, err := t.begin(ctx, by)
		if err != nil {
			return err
		}
		web.WriteJSON(w, http.StatusOK, struct {
			State  int    `json:"state"`
			Secret string `json:"secret"`
			URL    string `json:"qrUrl"`
			QR     string `json:"qr"` // ours: the picture, as data URL
		}{totpBegun, q.Secret, q.Link, dataURL(q.QR)})
		return nil
	case totpOn:
		err := rm.learnIn(ctx, p, func() error { return t.Learn(ctx, by, in.Code) })
		if fault.Of(err) == fault.Denied {
			in.State = totpBegun
		} else if err != nil {
			return err
		}
	default:
		return fault.New(fault.Invalid, "The state must be 0, 1 or 2.")
	}
	web.WriteJSON(w, http.StatusOK, map[string]int{"state": in.State})
	return nil
}

// makeBackup answers POST /apps/twofactor_backupcodes/settings/create (34-apps/174).
func (rm *Room) makeBackup(w http.ResponseWriter, r *http.Request) error {
	p, _, err := inPerson(r)
	if err != nil {
		return err
	}
	made, err := codes{rm, backup}.make(r.Context(), p.ID)
	if err != nil {
		return err
	}
	state, err := rm.backupState(r.Context(), p.ID)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Codes []string    `json:"codes"`
		State backupState `json:"state"`
	}{made, state})
	return nil
}

// ceremony is what the browser needs to talk to a key.
type ceremony struct {
	Ticket  string          `json:"ticket"` // "": there is no key
	Options json.RawMessage `json:"options"`
}

func writeCeremony(w http.ResponseWriter, q Question) {
	web.WriteJSON(w, http.StatusOK, ceremony{q.Ticket, q.Options})
}

func (rm *Room) beginKey(w http.ResponseWriter, r *http.Request) error {
	_, by, err := inPerson(r)
	if err != nil {
		return err
	}
	q, err := keys{rm}.Offer(r.Context(), by)
	if err != nil {
		return err
	}
	writeCeremony(w, q)
	return nil
}

// addKey answers POST /settings/personal/keys with {"ticket", "credential", "name"}.
func (rm *Room) addKey(w http.ResponseWriter, r *http.Request) error {
	p, by, err := inPerson(r)
	if err != nil {
		return err
	}
	var in struct {
		reply
		Name string `json:"name"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	var key *Key
	err = rm.learnIn(r.Context(), p, func() (err error) {
		key, err = keys{rm}.learn(r.Context(), by, in.reply, in.Name)
		return err
	})
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusCreated, key)
	return nil
}

func keyID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(web.Param(r, "id"), 10, 64)
	if err != nil {
		return 0, errNoKey
	}
	return id, nil
}

func (rm *Room) renameKey(w http.ResponseWriter, r *http.Request) error {
	p, _, err := inPerson(r)
	if err != nil {
		return err
	}
	id, err := keyID(r)
	if err != nil {
		return err
	}
	var in struct{ Name string }
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := (keys{rm}).rename(r.Context(), p.ID, id, in.Name); err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, map[string]string{"name": keyName(in.Name)})
	return nil
}

func (rm *Room) removeKey(w http.ResponseWriter, r *http.Request) error {
	p, _, err := inPerson(r)
	if err != nil {
		return err
	}
	id, err := keyID(r)
	if err != nil {
		return err
	}
	if err := (keys{rm}).remove(r.Context(), p.ID, id); err != nil {
		return err
	}
	if err := rm.tidy(r.Context(), p.ID); err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, []int{})
	return nil
}

// beginConfirm and confirm let somebody show a key where the server would ask for
// the password again.
func (rm *Room) beginConfirm(w http.ResponseWriter, r *http.Request) error {
	_, by, err := inPerson(r)
	if err != nil {
		return err
	}
	q, err := keys{rm}.ask(r.Context(), by, toConfirm)
	// Pages ask in order to know whether there is a key: that there is none, or no
	// address for one, is an answer.
	if k := fault.Of(err); err != nil && k != fault.NotFound && k != fault.Unsupported {
		return err
	}
	writeCeremony(w, q)
	return nil
}

func (rm *Room) confirm(w http.ResponseWriter, r *http.Request) error {
	p, by, err := inPerson(r)
	if err != nil {
		return err
	}
	var in reply
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := (keys{rm}).verify(r.Context(), by, toConfirm, in); err != nil {
		return err
	}
	if p.Via == who.ViaSession {
		if err := rm.dir.ConfirmToken(r.Context(), p.ID, p.TokenID); err != nil {
			return err
		}
	}
	web.WriteJSON(w, http.StatusOK, map[string]int64{"lastLogin": rm.Now().Unix()})
	return nil
}

// showPolicy answers GET /settings/api/admin/twofactorauth (34-apps/175).
func (rm *Room) showPolicy(w http.ResponseWriter, r *http.Request) error {
	p, err := rm.Policy(r.Context())
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, p)
	return nil
}

// setPolicy answers PUT with the same object.
func (rm *Room) setPolicy(w http.ResponseWriter, r *http.Request) error {
	p := Policy{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if err := r.ParseForm(); err != nil {
			return unreadable(err)
		}
		p.Enforced = r.PostForm.Get("enforced") == "true" || r.PostForm.Get("enforced") == "1"
		p.Groups, p.Excluded = r.PostForm["enforcedGroups[]"], r.PostForm["excludedGroups[]"]
	} else if err := decode(r, &p); err != nil {
		return err
	}
	if err := rm.SetPolicy(r.Context(), p); err != nil {
		return err
	}
	return rm.showPolicy(w, r)
}
