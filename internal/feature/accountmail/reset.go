package accountmail

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// ticket is what a link to choose a password carries, sealed.
type ticket struct {
	UID, Stamp string
	Until      int64 // seconds since 1970
}

// ticketFor keeps tickets apart from other seals.
const ticketFor = "choose password"

// resetFor is how long the link to choose a new password works.
const resetFor = time.Hour

func (rm *Room) link(u *identity.User, d time.Duration) string {
	b, err := json.Marshal(ticket{u.ID, u.Stamp(), rm.Now().Add(d).Unix()})
	if err != nil {
		panic(err) // strings and a number
	}
	return rm.base + "/lostpassword/reset/form/" + url.PathEscape(rm.box.Seal(b, ticketFor)) + "/" + url.PathEscape(u.ID)
}

// errLink is the answer to a link that is none, or no more.
var errLink = fault.New(fault.Denied, "This link does not work any more: it was used, or it is too old.")

// redeem gives the account of a link that still works.
func (rm *Room) redeem(ctx context.Context, token, uid string) (*identity.User, error) {
	b, err := rm.box.Open(token, ticketFor)
	if err != nil {
		return nil, errLink
	}
	var t ticket
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, errLink
	}
	if t.UID != uid || rm.Now().Unix() > t.Until {
		return nil, errLink
	}
	u, err := rm.dir.User(ctx, t.UID)
	if errors.Is(err, fault.NotFound) {
		return nil, errLink
	}
	if err != nil {
		return nil, err
	}
	if !u.Enabled || u.Source != "" || !seal.Equal(u.Stamp(), t.Stamp) {
		return nil, errLink
	}
	return u, nil
}

func (rm *Room) forgotPage(w http.ResponseWriter, r *http.Request) error {
	return rm.pages["forgot"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Forgotten password"), map[string]any{"User": r.URL.Query().Get("user"), "Sent": false})
}

// forgot answers POST /lostpassword/email with user, the same whether there is
// such an account or not (30-core/199). Programs get JSON, our own form a page.
func (rm *Room) forgot(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	if !rm.mail.Ready() {
		return fault.New(fault.Unsupported, "This server sends no mail. Please ask your administrator for a new password.")
	}
	if err := rm.send(r.Context(), strings.TrimSpace(r.PostForm.Get("user"))); err != nil {
		return err
	}
	if r.PostForm.Get("page") == "" {
		web.WriteJSON(w, http.StatusOK, map[string]string{"status": "success"})
		return nil
	}
	return rm.pages["forgot"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Forgotten password"), map[string]any{"User": "", "Sent": true})
}

// send mails the link, if there is whom to mail it to, and not again and again.
func (rm *Room) send(ctx context.Context, login string) error {
	u, err := rm.dir.Find(ctx, login)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !u.Enabled || u.Source != "" || u.Mail == "" || rm.asked.lately(u.ID, rm.Now()) {
		return nil
	}
	err = rm.write(ctx, u, "reset", map[string]any{"Link": rm.link(u, resetFor)})
	if errors.Is(err, fault.Invalid) {
		return nil // an address that is none
	}
	return err
}

func (rm *Room) choosePage(w http.ResponseWriter, r *http.Request) error {
	u, err := rm.redeem(r.Context(), web.Param(r, "token"), web.Param(r, "user"))
	if errors.Is(err, errLink) {
		return rm.dead(w, r)
	}
	if err != nil {
		return err
	}
	return rm.form(w, r, http.StatusOK, u, "")
}

func (rm *Room) form(w http.ResponseWriter, r *http.Request, status int, u *identity.User, trouble string) error {
	action := "/lostpassword/set/" + url.PathEscape(web.Param(r, "token")) + "/" + url.PathEscape(u.ID)
	return rm.pages["choose"].Render(w, r, status, web.Tongue(r).Say("Choose a password"), map[string]string{"Login": u.ID, "Action": action, "Trouble": trouble})
}

func (rm *Room) dead(w http.ResponseWriter, r *http.Request) error {
	return rm.pages["done"].Render(w, r, http.StatusForbidden, web.Tongue(r).Say("Choose a password"),
		map[string]any{"Heading": web.Tongue(r).Say("Choose a password"), "Text": web.Text(r, errLink), "Good": false, "Again": true})
}

// choose sets the password: with it the link is used up.
func (rm *Room) choose(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	page := r.PostForm.Get("page") != ""
	u, err := rm.redeem(r.Context(), web.Param(r, "token"), web.Param(r, "user"))
	if page && errors.Is(err, errLink) {
		return rm.dead(w, r)
	}
	if err == nil {
		err = rm.dir.SetPassword(r.Context(), u.ID, r.PostForm.Get("password"))
	}
	switch {
	case err == nil && page:
		return rm.pages["done"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Choose a password"),
			map[string]any{"Heading": web.Tongue(r).Say("Choose a password"), "Text": web.Tongue(r).Say("The password is saved."), "Good": true, "Again": false})
	case err == nil:
		web.WriteJSON(w, http.StatusOK, map[string]string{"status": "success"})
		return nil
	case page && errors.Is(err, fault.Invalid):
		return rm.form(w, r, http.StatusBadRequest, u, web.Text(r, err))
	}
	return err
}

// recent keeps who asked for a link not long ago.
type recent struct {
	mu sync.Mutex
	at map[string]time.Time
}

// pause is how long after one link no other is sent.
const pause = 5 * time.Minute

func (c *recent) lately(uid string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == nil || len(c.at) > 10_000 {
		c.at = map[string]time.Time{}
	}
	if now.Sub(c.at[uid]) < pause {
		return true
	}
	c.at[uid] = now
	return false
}
