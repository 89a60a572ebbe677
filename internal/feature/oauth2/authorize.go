package oauth2

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// ask is a client's request to use somebody's account.
type ask struct {
	client   *Client
	server   *Client // whom the access token is for; nil: us
	redirect string
	said     url.Values
	demand   demand
	maxAge   time.Duration
	aged     bool // whether there is a maxAge
	wrong    bool // a wrong password was typed into the page
}

var challenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// understand reads a request. An error with an ask is told to the client, at its
// redirect; one without is for the person only, since the address cannot be trusted.
func (rm *Room) understand(ctx context.Context, q url.Values) (*ask, error) {
	if len(q["client_id"]) != 1 || len(q["redirect_uri"]) > 1 {
		return nil, errNoClient
	}
	c, err := rm.client(ctx, q.Get("client_id"))
	if err != nil {
		return nil, err
	}
	a := &ask{client: c, said: q}
	if a.redirect, err = c.redirect(q.Get("redirect_uri")); err != nil {
		return nil, err
	}
	method, code := q.Get("code_challenge_method"), q.Get("code_challenge")
	switch {
	case twice(q):
		return a, errTwice
	case q.Get("response_type") != "code":
		return a, &refusal{code: "unsupported_response_type"}
	case q.Has("request"), q.Has("request_uri"):
		return a, &refusal{code: "request_not_supported"}
	case q.Get("response_mode") != "" && q.Get("response_mode") != "query":
		return a, invalid("The response mode is not supported.")
	case code == "" && (method != "" || c.Public):
		return a, invalid("A code challenge is needed (PKCE).")
	case code != "" && (method != "S256" || !challenge.MatchString(code)):
		return a, invalid("The code challenge must be one of S256.")
	}
	var ok bool
	if a.maxAge, a.aged, ok = maxAge(q.Get("max_age")); !ok {
		return a, invalid("max_age is no number.")
	}
	a.server, a.demand, err = rm.demanded(ctx, c, q.Get("scope"), q.Get("resource"))
	return a, err
}

// demanded reads what a client wants, and for which server; nil: ours.
func (rm *Room) demanded(ctx context.Context, c *Client, scope, resource string) (server *Client, d demand, err error) {
	var foreign []string
	if resource != "" && resource != web.VisitOf(ctx).Base() {
		server, err = rm.clientAt(ctx, resource)
		if errors.Is(err, fault.NotFound) {
			err = &refusal{code: "invalid_target", text: "There is no such resource."}
		}
		if err == nil && c.Scope != "" {
			err = &refusal{code: "invalid_target", text: "The program may not ask for access to another server."}
		}
		if err != nil {
			return nil, d, err
		}
		foreign = append([]string{}, strings.Fields(server.Offers)...)
	}
	if d, err = read(scope, rm.Rooms, foreign); err == nil && server == nil {
		err = d.within(c.Scope, rm.Rooms)
	}
	if errors.Is(err, fault.Invalid) {
		err = &refusal{code: "invalid_scope", text: fault.Text(err)}
	}
	return server, d, err
}

// wordsOf are the words of the server that a consent is for, as it was when they were
// agreed to; nil: ours.
func (rm *Room) wordsOf(agreed consent) []string {
	if agreed.Resource == "" {
		return nil
	}
	return append([]string{}, strings.Fields(agreed.Words)...)
}

// back sends the browser to the client.
func (a *ask) back(w http.ResponseWriter, r *http.Request, pairs ...string) error {
	if !a.client.Classic { // RFC 9207
		pairs = append(pairs, "iss", web.VisitOf(r.Context()).Base())
	}
	web.Redirect(w, r, with(a.redirect, pairs...))
	return nil
}

// fail tells the client what is wrong (34-apps/323).
func (a *ask) fail(w http.ResponseWriter, r *http.Request, err error) error {
	e, ok := errors.AsType[*refusal](err)
	if !ok {
		return err
	}
	text := e.text
	if a.client.Classic {
		text = ""
	}
	return a.back(w, r, "error", e.code, "error_description", text, "state", a.said.Get("state"))
}

func (a *ask) prompts(what string) bool {
	return slices.Contains(strings.Fields(a.said.Get("prompt")), what)
}

// authorize answers GET /apps/oauth2/authorize: the sign-in if need be, then the page
// that asks. Who has agreed to the same before, and has not taken it back, is not
// asked again, if the client can show who it is, and nobody is for a trusted one.
func (rm *Room) authorize(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, err := rm.understand(ctx, r.URL.Query())
	if a == nil {
		return rm.refuse(w, r, err)
	}
	if err != nil {
		return a.fail(w, r, err)
	}
	p, silent := who.From(ctx), a.prompts("none")
	if p == nil || p.Via != who.ViaSession {
		if silent {
			return a.fail(w, r, &refusal{code: "login_required"})
		}
		web.Redirect(w, r, "/login?redirect_url="+url.QueryEscape(base+"/authorize?"+r.URL.RawQuery))
		return nil
	}
	signed, err := rm.signedAt(ctx, p)
	if err != nil {
		return err
	}
	if rm.mustType(a, p, signed) {
		if silent {
			return a.fail(w, r, &refusal{code: "login_required"})
		}
		return rm.ask(w, r, a)
	}
	known := a.client.Trusted && !a.prompts("consent")
	if !known && !a.client.Public && a.said.Get("scope") != "" && !a.prompts("consent") {
		if known, err = rm.agreedBefore(ctx, a.client, p.ID, a.demand.String(), a.resource()); err != nil {
			return err
		}
	}
	switch {
	case known:
		return rm.giveCode(w, r, a, p, a.demand, signed)
	case silent:
		return a.fail(w, r, &refusal{code: "consent_required"})
	}
	return rm.ask(w, r, a)
}

func (a *ask) resource() string {
	if a.server == nil {
		return ""
	}
	return a.server.Audience
}

// signedAt is when a browser's person last showed who they are.
func (rm *Room) signedAt(ctx context.Context, p *who.Principal) (time.Time, error) {
	if !p.Confirmed.IsZero() && !p.Confirmed.After(rm.Now()) {
		return p.Confirmed, nil
	}
	t, err := rm.dir.Token(ctx, p.ID, p.TokenID)
	if err != nil {
		return time.Time{}, err
	}
	return t.Created, nil
}

// justNow is how long ago a sign-in is the one that prompt=login asks for.
const justNow = time.Minute

// mustType tells whether the password has to be typed again: as for every device that
// gets into an account, or because the client wants it so.
func (rm *Room) mustType(a *ask, p *who.Principal, signed time.Time) bool {
	ago := rm.Now().Sub(signed)
	return rm.Now().Sub(p.Confirmed) >= web.ConfirmedFor || a.prompts("login") && ago > justNow || a.aged && ago > a.maxAge
}

// agree answers POST /apps/oauth2/authorize, the form of the page.
func (rm *Room) agree(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	ctx, p := r.Context(), who.From(r.Context())
	said := url.Values{}
	for _, name := range carried {
		if v := r.PostForm[name]; v != nil {
			said[name] = v
		}
	}
	a, err := rm.understand(ctx, said)
	if a == nil {
		return rm.refuse(w, r, err)
	}
	if err != nil {
		return a.fail(w, r, err)
	}
	if r.PostForm.Get("answer") != "yes" {
		return a.fail(w, r, &refusal{code: "access_denied"})
	}
	if p.Via != who.ViaSession {
		return errNotInPerson
	}
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
			return rm.ask(w, r, a)
		}
		signed = rm.Now()
	}
	d, err := a.demand.narrowed(r.PostForm["keep"], keptVerbs(r), rm.Rooms, a.foreign())
	if err != nil {
		return rm.refuse(w, r, err)
	}
	return rm.giveCode(w, r, a, p, d, signed)
}

// keptVerbs are those that somebody leaves to a client in the page's form.
func keptVerbs(r *http.Request) who.Verb {
	if r.PostForm.Get("readonly") != "" {
		return who.Read
	}
	return who.Everything
}

var errNotInPerson = fault.New(fault.Denied, "An app password cannot let another program in.")

func (a *ask) foreign() []string {
	if a.server == nil {
		return nil
	}
	return append([]string{}, strings.Fields(a.server.Offers)...)
}

// typed checks the password that somebody typed into the page.
func (rm *Room) typed(r *http.Request, p *who.Principal) (right bool, err error) {
	_, err = rm.dir.CheckPassword(r.Context(), p.ID, r.PostForm.Get("password"), web.Network(web.VisitOf(r.Context()).Addr))
	if errors.Is(err, fault.Anonymous) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, rm.dir.ConfirmToken(r.Context(), p.ID, p.TokenID)
}

// agreement is what somebody agrees to, for keeping.
func (rm *Room) agreement(ctx context.Context, p *who.Principal, d demand, server *Client) (consent, error) {
	agreed := consent{Login: p.Login, Words: d.String(), Lasts: d.has(offline) || !d.has(openid)}
	if server != nil {
		agreed.Resource, agreed.Scope = server.Audience, &who.Scope{Rooms: []string{openid}}
		return agreed, nil
	}
	var err error
	agreed.Scope, err = rm.scope(ctx, p.ID, d)
	return agreed, err
}

// giveCode sends the browser to the client with a code (34-apps/327).
func (rm *Room) giveCode(w http.ResponseWriter, r *http.Request, a *ask, p *who.Principal, d demand, signed time.Time) error {
	agreed, err := rm.agreement(r.Context(), p, d, a.server)
	if errors.Is(err, fault.Invalid) {
		return a.fail(w, r, &refusal{code: "invalid_scope", text: fault.Text(err)})
	}
	if err != nil {
		return err
	}
	agreed.Redirect, agreed.PKCE, agreed.Nonce, agreed.Signed = a.redirect, a.said.Get("code_challenge"), a.said.Get("nonce"), signed.Unix()
	code, err := rm.newCode(r.Context(), a.client, p.ID, agreed)
	if err != nil {
		return err
	}
	return a.back(w, r, "state", a.said.Get("state"), "code", code)
}
