package setup

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/proto/web"
)

// codeCookie keeps the code between the steps, so that it leaves the address bar
// and the history of the browser at once.
const codeCookie = "atrium_setup"

// codeLasts is how long somebody may take.
const codeLasts = time.Hour

type view struct {
	Step             int
	Title, Notice    string
	Name, Address    string
	User, Full, Mail string
	Facts            []Fact
}

// show answers GET /setup: the first step, or with ?step=account the second. With
// ?code= it takes the code that the log shows.
func (rm *Room) show(w http.ResponseWriter, r *http.Request) error {
	if over, err := rm.leave(w, r); over || err != nil {
		return err
	}
	q := r.URL.Query()
	if q.Has("code") {
		return rm.take(w, r, q.Get("code"))
	}
	code := cookie(r)
	if code == "" {
		return rm.ask(w, r, q.Get("error"))
	}
	if err := rm.check(r.Context(), code, network(r)); err != nil {
		return rm.refuse(w, r, err)
	}
	if q.Get("step") == "account" {
		return rm.render(w, r, http.StatusOK, "account", view{Step: 2, Title: web.Tongue(r).Say("Your account")})
	}
	name, err := rm.instanceName(r.Context())
	if err != nil {
		return err
	}
	return rm.render(w, r, http.StatusOK, "name", view{Step: 1, Title: web.Tongue(r).Say("Set up this server"), Name: name, Address: web.VisitOf(r.Context()).Base()})
}

// leave sends people on when there is nothing to set up.
func (rm *Room) leave(w http.ResponseWriter, r *http.Request) (over bool, err error) {
	needed, err := rm.Needed(r.Context())
	if err != nil || needed {
		return false, err
	}
	setCookie(w, r, "", -1)
	web.Redirect(w, r, "/")
	return true, nil
}

// begin answers POST /setup/code, for who came without the address of the log.
func (rm *Room) begin(w http.ResponseWriter, r *http.Request) error {
	if over, err := rm.leave(w, r); over || err != nil {
		return err
	}
	if err := own(r); err != nil {
		return err
	}
	return rm.take(w, r, strings.TrimSpace(r.PostForm.Get("code")))
}

// take keeps a code that is right for the steps to come.
func (rm *Room) take(w http.ResponseWriter, r *http.Request, code string) error {
	if err := rm.check(r.Context(), code, network(r)); err != nil {
		return rm.refuse(w, r, err)
	}
	setCookie(w, r, code, codeLasts)
	web.Redirect(w, r, Address)
	return nil
}

// refuse asks again after a wrong code.
func (rm *Room) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	to := ""
	switch {
	case errors.Is(err, fault.Anonymous):
		to = Address + "?error=wrong"
	case errors.Is(err, fault.Busy):
		to = Address + "?error=busy"
	default:
		return err
	}
	setCookie(w, r, "", -1)
	web.Redirect(w, r, to)
	return nil
}

func (rm *Room) ask(w http.ResponseWriter, r *http.Request, why string) error {
	v := view{Title: web.Tongue(r).Say("Set up this server")}
	switch why {
	case "wrong":
		v.Notice = web.Tongue(r).Say("This code is wrong. It stands at the end of the address that the server printed when it started.")
	case "busy":
		v.Notice = web.Tongue(r).Say("Too many wrong codes. Please wait a moment and try again.")
	}
	return rm.render(w, r, http.StatusOK, "code", v)
}

// guarded lets only those in who have the code.
func (rm *Room) guarded(h web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if over, err := rm.leave(w, r); over || err != nil {
			return err
		}
		if err := own(r); err != nil {
			return err
		}
		if err := rm.check(r.Context(), cookie(r), network(r)); err != nil {
			return rm.refuse(w, r, err)
		}
		return h(w, r)
	}
}

// name answers POST /setup/name.
func (rm *Room) name(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimSpace(r.PostForm.Get("name"))
	if !goodName(name) {
		return rm.render(w, r, http.StatusUnprocessableEntity, "name", view{Step: 1, Title: web.Tongue(r).Say("Set up this server"), Name: name,
			Address: web.VisitOf(r.Context()).Base(), Notice: web.Tongue(r).Say("Please give the server a name of 1 to 100 letters.")})
	}
	if err := rm.settings.Set(r.Context(), "theming", "name", name); err != nil {
		return err
	}
	web.Redirect(w, r, Address+"?step=account")
	return nil
}

// account answers POST /setup/account: it makes the administrator and signs in.
func (rm *Room) account(w http.ResponseWriter, r *http.Request) error {
	f := r.PostForm
	v := view{Step: 2, Title: web.Tongue(r).Say("Your account"), User: strings.TrimSpace(f.Get("user")), Full: strings.TrimSpace(f.Get("name")), Mail: strings.TrimSpace(f.Get("email"))}
	again := func(why string) error {
		v.Notice = why
		return rm.render(w, r, http.StatusUnprocessableEntity, "account", v)
	}
	password := f.Get("password")
	switch {
	case v.User == "":
		return again(web.Tongue(r).Say("Please choose a login."))
	case password == "":
		return again(web.Tongue(r).Say("Please choose a password."))
	case password != f.Get("again"):
		return again(web.Tongue(r).Say("The two passwords differ. Please type them again."))
	}
	err := rm.found(r.Context(), identity.NewUser{ID: v.User, Password: password, Display: v.Full, Mail: v.Mail})
	switch {
	case errors.Is(err, fault.Exists): // somebody was faster
		setCookie(w, r, "", -1)
		web.Redirect(w, r, "/login")
		return nil
	case errors.Is(err, fault.Invalid):
		return again(web.Text(r, err))
	case err != nil:
		return err
	}
	setCookie(w, r, "", -1)
	u, err := rm.dir.CheckPassword(r.Context(), v.User, password, network(r))
	if err != nil {
		return err
	}
	if err := rm.dir.Open(r.Context(), u); err != nil {
		return err
	}
	if _, err := rm.Enter(w, r, u); err != nil {
		return err
	}
	web.Redirect(w, r, "/setup/storage")
	return nil
}

// storage answers GET /setup/storage, the last step: what the configuration says.
func (rm *Room) storage(w http.ResponseWriter, r *http.Request) error {
	facts, err := rm.Facts(r.Context())
	if err != nil {
		return err
	}
	return rm.render(w, r, http.StatusOK, "storage", view{Step: 3, Title: web.Tongue(r).Say("Where your data lies"), Facts: facts})
}

func (rm *Room) render(w http.ResponseWriter, r *http.Request, status int, page string, v view) error {
	return rm.pages[page].Render(w, r, status, v.Title, v)
}

// own reads a form of ours. A page elsewhere must not set up anything.
func own(r *http.Request) error {
	if http.NewCrossOriginProtection().Check(r) != nil {
		return web.ErrCSRF
	}
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*fault.Fault](err); ok {
			return err
		}
		return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	return nil
}

func network(r *http.Request) netip.Prefix { return web.Network(web.VisitOf(r.Context()).Addr) }

func cookie(r *http.Request) string {
	c, err := r.Cookie(codeCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie keeps the code for so long; negative: no longer. Lax, since the first
// visit may come by a link in a mail or a chat.
func setCookie(w http.ResponseWriter, r *http.Request, value string, age time.Duration) {
	c := &http.Cookie{Name: codeCookie, Value: value, Path: Address, HttpOnly: true, Secure: web.VisitOf(r.Context()).HTTPS(),
		SameSite: http.SameSiteLaxMode, MaxAge: int(age / time.Second)}
	if age < 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
