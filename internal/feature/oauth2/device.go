package oauth2

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// deviceGrant is the grant type of devices that can show a code and cannot open a page
// (RFC 8628).
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// What became of a device's request.
const (
	deviceWaits = iota
	deviceAllowed
	deviceDenied
)

// pollPace is how long a device waits between questions, in seconds.
const pollPace = 5

// codeLetters are those of codes that people type: no vowels, so that no words come of
// them, and none that looks like another (RFC 8628, section 6.1).
const codeLetters = "BCDFGHJKLMNPQRSTVWXZ"

// deviceRow is a device that waits for somebody to let it in. Until then its consent
// holds what it asks for.
type deviceRow struct {
	hash                  []byte
	client, given         int64
	uid                   string
	state                 int
	polled, pace, expires int64
	agreed                consent
}

func (rm *Room) device(ctx context.Context, where string, arg any) (*deviceRow, error) {
	return db.One(ctx, rm.db, func(r db.Row) (*deviceRow, error) {
		var d deviceRow
		var agreed string
		if err := r.Scan(&d.hash, &d.client, &d.uid, &d.given, &d.state, &d.polled, &d.pace, &d.expires, &agreed); err != nil {
			return nil, err
		}
		return &d, json.Unmarshal([]byte(agreed), &d.agreed)
	}, "SELECT hash, client, uid, given, state, polled, pace, expires, agreed FROM oauth2_device WHERE "+where, arg)
}

// typedCode makes a code for people to type: 34 bits, good for a quarter of an hour,
// and guesses are slowed down.
func typedCode() string {
	var b [8]byte
	for i := range b {
		for {
			var one [1]byte
			_, _ = rand.Read(one[:]) // never fails
			if int(one[0]) < 256/len(codeLetters)*len(codeLetters) {
				b[i] = codeLetters[int(one[0])%len(codeLetters)]
				break
			}
		}
	}
	return string(b[:4]) + "-" + string(b[4:])
}

// tidyCode is a code without what people add or leave out.
func tidyCode(said string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(said))
}

// beginDevice answers POST …/device.
func (rm *Room) beginDevice(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	c, err := rm.caller(r, f)
	if err != nil {
		return err
	}
	ctx := r.Context()
	server, d, err := rm.demanded(ctx, c, f.Get("scope"), f.Get("resource"))
	if err != nil {
		return err
	}
	agreed := consent{Words: d.String()}
	if server != nil {
		agreed.Resource = server.Audience
	}
	text, err := json.Marshal(agreed)
	if err != nil {
		return err
	}
	secret, typed := seal.Token(64), typedCode()
	_, err = rm.db.Exec(ctx, `INSERT INTO oauth2_device (hash, typed, client, uid, given, state, polled, pace, agreed, expires)
		VALUES (?, ?, ?, '', 0, ?, 0, ?, ?, ?)`,
		rm.secretHash("device", secret), rm.secretHash("typed", tidyCode(typed)), c.ID, deviceWaits, pollPace, string(text), rm.Now().Add(deviceLife).Unix())
	if err != nil {
		return err
	}
	page := web.VisitOf(ctx).Base() + base + "/device"
	web.WriteJSON(w, http.StatusOK, map[string]any{"device_code": secret, "user_code": typed, "verification_uri": page,
		"verification_uri_complete": page + "?user_code=" + typed, "expires_in": int64(deviceLife.Seconds()), "interval": pollPace})
	return nil
}

const noSuchCode = "This code is not known, or it has expired."

type deviceView struct {
	Code, Token, Notice string
}

// devicePage answers GET /apps/oauth2/device.
func (rm *Room) devicePage(w http.ResponseWriter, r *http.Request) error {
	return rm.showDevice(w, r, "")
}

func (rm *Room) showDevice(w http.ResponseWriter, r *http.Request, notice string) error {
	p := who.From(r.Context())
	if p.Via != who.ViaSession {
		return errNotInPerson
	}
	web.Unframed(r, "")
	code := r.FormValue("user_code")
	if len(code) > 20 {
		code = ""
	}
	return rm.pages["device"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Connect a device"), deviceView{code, rm.Token(p.TokenID), notice})
}

// waiting finds the device that shows a code; fault.Anonymous when none does. Wrong codes
// are slowed down like wrong passwords.
func (rm *Room) waiting(r *http.Request, p *who.Principal, typed string) (*deviceRow, error) {
	find := func(ctx context.Context) (*deviceRow, error) {
		d, err := rm.device(ctx, "typed = ?", rm.secretHash("typed", tidyCode(typed)))
		if errors.Is(err, fault.NotFound) || err == nil && (d.state != deviceWaits || rm.Now().Unix() >= d.expires) {
			return nil, fault.New(fault.Anonymous, noSuchCode)
		}
		return d, err
	}
	from := web.Network(web.VisitOf(r.Context()).Addr)
	err := rm.dir.Try(r.Context(), "oauth2 device of "+p.ID, typed, "", from, func(ctx context.Context) error {
		_, err := find(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return find(r.Context())
}

// deviceAnswer answers POST /apps/oauth2/device: first with the code, then with what
// the person decided.
func (rm *Room) deviceAnswer(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	ctx, p := r.Context(), who.From(r.Context())
	if p.Via != who.ViaSession {
		return errNotInPerson
	}
	d, err := rm.waiting(r, p, r.PostForm.Get("user_code"))
	if errors.Is(err, fault.Anonymous) {
		return rm.showDevice(w, r, noSuchCode)
	}
	if err != nil {
		return err
	}
	c, err := rm.clientByID(ctx, d.client)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	a := &ask{client: c, said: url.Values{}}
	if a.server, a.demand, err = rm.demanded(ctx, c, d.agreed.Words, d.agreed.Resource); err != nil {
		return err
	}
	switch r.PostForm.Get("answer") {
	case "yes":
		return rm.allowDevice(w, r, a, d)
	case "no":
		if err := drop(ctx, rm.db, "UPDATE oauth2_device SET state = ? WHERE hash = ? AND state = ?", deviceDenied, d.hash, deviceWaits); err != nil {
			return err
		}
		return rm.message(w, r, http.StatusOK, "Declined", "The device gets no access.")
	}
	return rm.askDevice(w, r, a)
}

func (rm *Room) askDevice(w http.ResponseWriter, r *http.Request, a *ask) error {
	p := who.From(r.Context())
	v := rm.view(r, a.client, a.server, a.demand)
	v.Action, v.Carried = base+"/device", hidden(r.PostForm, "user_code")
	v.Retype, v.Wrong = rm.mustType(a, p, p.Confirmed), a.wrong
	web.Unframed(r, "")
	return rm.pages["consent"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Access to your account"), v)
}

func (rm *Room) allowDevice(w http.ResponseWriter, r *http.Request, a *ask, d *deviceRow) error {
	ctx, p := r.Context(), who.From(r.Context())
	signed, err := rm.signedAt(ctx, p)
	if err != nil {
		return err
	}
	if rm.mustType(a, p, signed) {
		if right, err := rm.typed(r, p); err != nil || !right {
			if err != nil {
				return err
			}
			a.wrong = r.PostForm.Get("password") != ""
			return rm.askDevice(w, r, a)
		}
		signed = rm.Now()
	}
	kept, err := a.demand.narrowed(r.PostForm["keep"], keptVerbs(r), rm.Rooms, a.foreign())
	if err != nil {
		return rm.refuse(w, r, err)
	}
	agreed, err := rm.agreement(ctx, p, kept, a.server)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	agreed.Signed = signed.Unix()
	text, err := json.Marshal(agreed)
	if err != nil {
		return err
	}
	n, err := rm.db.Exec(ctx, "UPDATE oauth2_device SET state = ?, uid = ?, agreed = ? WHERE hash = ? AND state = ?", deviceAllowed, p.ID, string(text), d.hash, deviceWaits)
	if err != nil {
		return err
	}
	if n == 0 {
		return rm.showDevice(w, r, noSuchCode)
	}
	return rm.pages["message"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Account connected"),
		map[string]any{"Heading": "Account connected", "Text": "Your device is now connected. You can close this window.", "Good": true})
}

// redeemDevice is a device asking whether it was let in (RFC 8628, section 3.5).
func (rm *Room) redeemDevice(ctx context.Context, c *Client, secret string) (*given, error) {
	hash := rm.secretHash("device", secret)
	d, err := rm.device(ctx, "hash = ?", hash)
	if errors.Is(err, fault.NotFound) || err == nil && d.client != c.ID {
		return nil, errCode
	}
	if err != nil {
		return nil, err
	}
	now := rm.Now().Unix()
	switch {
	case now >= d.expires:
		return nil, &refusal{code: "expired_token"}
	case d.state == deviceDenied:
		return nil, &refusal{code: "access_denied"}
	case d.given != 0:
		return nil, cmp.Or[error](rm.endGrants(ctx, "id = ?", d.given), errCode)
	case d.state == deviceWaits:
		return nil, rm.notYet(ctx, d, now)
	}
	g := &given{client: c.ID, uid: d.uid, agreed: d.agreed}
	first, err := rm.begin(ctx, g, "UPDATE oauth2_device SET given = ? WHERE hash = ? AND given = 0", hash)
	if err == nil && !first {
		return nil, errCode
	}
	return g, err
}

// notYet tells a device to come again, and to do so more slowly if it hurries.
func (rm *Room) notYet(ctx context.Context, d *deviceRow, now int64) error {
	e := &refusal{code: "authorization_pending"}
	if now-d.polled < d.pace {
		e.code = "slow_down"
		d.pace += pollPace
	}
	if err := drop(ctx, rm.db, "UPDATE oauth2_device SET polled = ?, pace = ? WHERE hash = ?", now, d.pace, d.hash); err != nil {
		return err
	}
	return e
}
