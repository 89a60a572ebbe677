package links

import (
	"errors"
	"net/http"
	"net/url"

	"atrium/internal/base/fault"
	"atrium/internal/proto/web"
)

type passwordForm struct {
	Version, Nonce string
	Action, Notice string
}

// thens are the pages that a visitor comes from and goes to after the password.
var thens = map[string]string{"": "", "showShare": "", "showshare": "", "downloadShare": "/download", "downloadshare": "/download", "preview": "/preview"}

// passwordPage answers GET /s/{token}/authenticate/{then}. It tells nothing of what
// the link leads to (32-sharing/170).
func (rm *Room) passwordPage(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.find(r, web.Param(r, "token"))
	if err != nil {
		return err
	}
	if rm.enter(r, l) == nil {
		web.Redirect(w, r, pageURL(l, thens[web.Param(r, "then")]))
		return nil
	}
	return rm.askPassword(w, r, l, "")
}

func (rm *Room) askPassword(w http.ResponseWriter, r *http.Request, l *Link, notice string) error {
	then := web.Param(r, "then")
	if _, ok := thens[then]; !ok || then == "" {
		then = "showShare"
	}
	v := passwordForm{Version: rm.pages.version, Nonce: web.Nonce(w, r), Action: "/s/" + url.PathEscape(l.Token) + "/authenticate/" + then, Notice: notice}
	return rm.pages.password.Render(w, r, http.StatusOK, web.Tongue(r).Say("Password needed"), v)
}

// authenticate answers POST /s/{token}/authenticate/{then} with the form again, or
// with a cookie and the way on (32-sharing/171, 173). A page of another site cannot
// send it: the door refuses.
func (rm *Room) authenticate(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.find(r, web.Param(r, "token"))
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The form could not be read.")
	}
	if l.Password != "" {
		switch err := rm.unlock(r, l, r.PostForm.Get("password")); {
		case errors.Is(err, fault.Anonymous):
			return rm.askPassword(w, r, l, "The password is wrong. Please try again.")
		case errors.Is(err, fault.Busy):
			return rm.askPassword(w, r, l, "There were too many wrong passwords. Please wait a few minutes and try again.")
		case err != nil:
			return err
		}
		rm.giveCookie(w, r, l)
	}
	web.Redirect(w, r, pageURL(l, thens[web.Param(r, "then")]))
	return nil
}
