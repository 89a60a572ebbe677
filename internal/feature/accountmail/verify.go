package accountmail

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/proto/web"
)

// claim is what a link to verify an address carries, sealed.
type claim struct {
	UID, Mail string
	Until     int64 // seconds since 1970
}

// claimFor keeps claims apart from other seals.
const claimFor = "verify address"

// verifyFor is how long the link works.
const verifyFor = 7 * 24 * time.Hour

// askToVerify sends a link to an address that its owner has entered. What an
// administrator or another source has entered is believed.
func (rm *Room) askToVerify(ctx context.Context, u *identity.User, ev event.AccountChanged) error {
	if u.Mail == "" || ev.Actor != u.ID {
		return nil
	}
	b, err := json.Marshal(claim{u.ID, u.Mail, rm.Now().Add(verifyFor).Unix()})
	if err != nil {
		return err
	}
	err = rm.write(ctx, u, "verify", map[string]any{"Link": rm.base + "/settings/verifymail/" + url.PathEscape(rm.box.Seal(b, claimFor))})
	if errors.Is(err, fault.Invalid) {
		return nil // an address that is none
	}
	return err
}

// claimed reads a link that still works.
func (rm *Room) claimed(ctx context.Context, token string) (claim, error) {
	var c claim
	b, err := rm.box.Open(token, claimFor)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || rm.Now().Unix() > c.Until {
		return c, errLink
	}
	u, err := rm.dir.User(ctx, c.UID)
	if errors.Is(err, fault.NotFound) || err == nil && (u.Mail != c.Mail || !u.Enabled) {
		return c, errLink
	}
	return c, err
}

// verifyPage asks for a click: programs that look into mail follow links, too.
func (rm *Room) verifyPage(w http.ResponseWriter, r *http.Request) error {
	c, err := rm.claimed(r.Context(), web.Param(r, "token"))
	if errors.Is(err, errLink) {
		return rm.unverified(w, r)
	}
	if err != nil {
		return err
	}
	return rm.pages["verify"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Your mail address"),
		map[string]string{"Mail": c.Mail, "Login": c.UID, "Action": "/settings/verifymail/" + url.PathEscape(web.Param(r, "token"))})
}

func (rm *Room) unverified(w http.ResponseWriter, r *http.Request) error {
	return rm.pages["done"].Render(w, r, http.StatusForbidden, web.Tongue(r).Say("Your mail address"),
		map[string]any{"Heading": web.Tongue(r).Say("Your mail address"), "Text": web.Text(r, errLink), "Good": false, "Again": false})
}

func (rm *Room) verify(w http.ResponseWriter, r *http.Request) error {
	c, err := rm.claimed(r.Context(), web.Param(r, "token"))
	if err == nil {
		err = rm.dir.SetVerified(r.Context(), c.UID, "email", c.Mail)
	}
	if errors.Is(err, errLink) || errors.Is(err, fault.NotFound) {
		return rm.unverified(w, r)
	}
	if err != nil {
		return err
	}
	return rm.pages["done"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Your mail address"),
		map[string]any{"Heading": web.Tongue(r).Say("Your mail address"), "Text": web.Tongue(r).Say("The address is yours: {mail}", "mail", c.Mail), "Good": true, "Again": false})
}
