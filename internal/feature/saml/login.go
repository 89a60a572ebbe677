package saml

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

const (
	flowLife   = 15 * time.Minute
	flowCookie = "atrium_saml_" // and the beginning of the request's id, so that several logins may go on at once
	flowSealed = "saml login"
	idLength   = 41
)

// flow is a login that a browser has begun. It is sealed in a cookie of that browser.
type flow struct {
	Config int64
	ID     string // of our request
	To     string // where to go afterwards
	Began  int64  // Unix seconds
}

// begin answers GET /login?idp=&originalUrl= and sends the browser to the provider.
func (rm *Room) begin(w http.ResponseWriter, r *http.Request) error {
	kind, err := rm.setting(r.Context(), "type")
	if err != nil {
		return err
	}
	switch kind {
	case byProxy:
		err = rm.enterByHeader(w, r)
	case byProvider:
		err = rm.send(w, r)
	default:
		err = errOff
	}
	if err != nil {
		return rm.refuse(w, r, err)
	}
	return nil
}

var errOff = fault.New(fault.NotFound, "This way in is not set up.")

// send sends the browser to the provider with a request.
func (rm *Room) send(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if open, err := rm.on(ctx, "allow_insecure_http"); err != nil {
		return err
	} else if !open && !web.VisitOf(ctx).HTTPS() {
		return fault.New(fault.NotFound, "This way in works over https only.")
	}
	c, err := rm.asked(r)
	if err != nil {
		return err
	}
	if !c.Complete() {
		return errOff
	}
	f := flow{Config: c.ID, ID: newID(), To: r.URL.Query().Get("originalUrl"), Began: rm.Now().Unix()}
	if err := rm.keep(w, r, f); err != nil {
		return err
	}
	ask := rm.authnRequest(ctx, c, f.ID)
	sign := c.on("security-authnRequestsSigned")
	to, err := c.passing(ask.Destination, r.URL.Query())
	if err != nil {
		return err
	}
	if !c.on("general-is_saml_request_using_post") {
		if to, err = c.redirect(ask.Element(), sending{kind: "SAMLRequest", to: to, sign: sign}); err == nil {
			web.Redirect(w, r, to)
		}
		return err
	}
	if sign {
		if ask.Signature, err = c.signature(ask.Element()); err != nil {
			return err
		}
	}
	return rm.posting(w, r, c, ask.Element(), to)
}

// passing adds to an address the parameters of ours that a provider wants to see.
func (c *Config) passing(to string, ours url.Values) (string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return "", err
	}
	q := u.Query()
	for _, name := range c.list("idp-passthroughParameters") {
		if v := ours.Get(name); v != "" {
			q.Set(name, v)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// keep seals a login in a cookie of the browser. The provider lets the browser post
// the answer from its own page, which takes no cookie along that is Lax.
func (rm *Room) keep(w http.ResponseWriter, r *http.Request, f flow) error {
	said, err := json.Marshal(f)
	if err == nil {
		setCookie(w, r, f.ID, rm.box.Seal(said, flowSealed), int(flowLife/time.Second))
	}
	return err
}

// setCookie sets the cookie of a login; a negative age removes it. Without TLS
// browsers take none that other sites' pages may use.
func setCookie(w http.ResponseWriter, r *http.Request, id, value string, age int) {
	c := &http.Cookie{Name: flowCookie + id[1:9], Value: value, Path: "/", HttpOnly: true, MaxAge: age, SameSite: http.SameSiteLaxMode}
	if web.VisitOf(r.Context()).HTTPS() {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
}

// begun finds the login that a request's id belongs to, in the browser that began it.
func (rm *Room) begun(r *http.Request, id string) (*flow, error) {
	lost := fault.New(fault.Denied, "This login was not begun in this browser, or it took too long. Please try again.")
	if len(id) != idLength || strings.Trim(id, "_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return nil, lost
	}
	c, err := r.Cookie(flowCookie + id[1:9])
	if err != nil {
		return nil, lost
	}
	said, err := rm.box.Open(c.Value, flowSealed)
	if err != nil {
		return nil, lost
	}
	var f flow
	if err := json.Unmarshal(said, &f); err != nil || !seal.Equal(f.ID, id) || rm.Now().Sub(time.Unix(f.Began, 0)) > flowLife {
		return nil, lost
	}
	return &f, nil
}

// arrive answers POST /acs, which brings the provider's answer.
func (rm *Room) arrive(w http.ResponseWriter, r *http.Request) error {
	next, err := rm.finish(w, r)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	web.Redirect(w, r, next)
	return nil
}

// finish takes the provider's answer and tells where to go on. RelayState is not
// asked: where the browser wants to go is in its cookie.
func (rm *Room) finish(w http.ResponseWriter, r *http.Request) (next string, err error) {
	ctx := r.Context()
	if kind, err := rm.setting(ctx, "type"); err != nil || kind != byProvider {
		return "", errors.Join(err, errOff)
	}
	if err := r.ParseForm(); err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	text, err := posted(r.PostForm.Get("SAMLResponse"))
	if err != nil {
		return "", lies(err)
	}
	root, err := parse(text)
	if err != nil {
		return "", lies(err)
	}
	f, err := rm.begun(r, root.SelectAttrValue("InResponseTo", ""))
	if err != nil {
		return "", err
	}
	c, err := rm.Config(ctx, f.Config)
	if err != nil {
		return "", err
	}
	a, err := c.open(root, expected{request: f.ID, acs: rm.at(ctx, c) + "/acs", entity: rm.entity(ctx, c), now: rm.Now()})
	if err != nil {
		return "", err
	}
	if err := rm.use(ctx, c, a); err != nil {
		return "", err
	}
	setCookie(w, r, f.ID, "", -1)
	o, err := c.outcome(a.attributes())
	if err != nil {
		return "", err
	}
	u, err := rm.admit(ctx, o)
	if err != nil {
		return "", err
	}
	token, next, err := rm.entry.Enter(w, r, u, f.To)
	if err != nil {
		return "", err
	}
	if err := rm.note(ctx, c, a, vouch.Session{Token: token, UID: u.ID}); err != nil {
		return "", err
	}
	return next, rm.dir.SignedIn(ctx, u.ID)
}

// use notes that an assertion was used. It is used once, on whatever node: the second
// finds the row of the first.
func (rm *Room) use(ctx context.Context, c *Config, a *assertion) error {
	until := rm.Now().Add(maxAge + 2*skew).Unix() // older ones are refused for their age
	id := rm.box.Hash(vouch.Subject(c.ID, a.ID))
	err := rm.db.Tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "INSERT INTO saml_used (assertion, until) VALUES (?, ?)", id, until)
		return err
	})
	if errors.Is(err, fault.Exists) {
		return lies(err)
	}
	return err
}

// refuse shows why somebody does not get in.
func (rm *Room) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	return rm.refusal.Show(w, r, rm.Log, err)
}

// chooser answers GET /selectUserBackEnd?redirectUrl=: who vouches for you?
func (rm *Room) chooser(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	kind, err := rm.setting(ctx, "type")
	if err != nil {
		return err
	}
	if kind != byProvider {
		return rm.refuse(w, r, errOff)
	}
	all, err := rm.complete(ctx)
	if err != nil {
		return err
	}
	to := r.URL.Query().Get("redirectUrl")
	v := struct {
		Doors  []Door
		Direct string
	}{}
	for _, c := range all {
		v.Doors = append(v.Doors, Door{Label: c.Name(), Address: loginAt(c.ID, to)})
	}
	others, err := rm.on(ctx, "general-allow_multiple_user_back_ends")
	if err != nil {
		return err
	}
	if others {
		v.Direct = "/login?direct=1&redirect_url=" + url.QueryEscape(to)
	}
	return rm.choose.Render(w, r, http.StatusOK, web.Tongue(r).Say("Login"), v)
}

// end answers the addresses of user_saml at which a login that fails ends (sso.md 2.2).
// Ours end where they fail; who has an old address shall read something all the same.
func (rm *Room) end(w http.ResponseWriter, r *http.Request) error {
	why := fault.New(fault.Denied, "There is no account for you here. Please ask your administrator.")
	switch {
	case strings.HasSuffix(r.URL.Path, "/notPermitted"):
		why = fault.New(fault.Denied, "Your groups may not come in here. Please ask your administrator.")
	case r.URL.Query().Get("reason") == "userDisabled":
		why = fault.New(fault.Denied, "This account is locked.")
	case r.URL.Query().Get("reason") == "notConfigured":
		why = errOff
	case strings.HasSuffix(r.URL.Path, "/error"):
		why = fault.New(fault.Denied, "The provider did not let you in.")
	}
	return rm.refuse(w, r, why)
}
