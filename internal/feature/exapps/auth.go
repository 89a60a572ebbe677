package exapps

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/feature/exapps/sign"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// The headers of today's protocol (exapp-auth, section 5).
const (
	sharedHeader  = "AUTHORIZATION-APP-API"
	versionHeader = "AA-VERSION"
	requestHeader = "AA-REQUEST-ID"
)

// The answers to calls that an app may not make. Which check failed stands in the log.
var (
	errRefused = fault.New(fault.Anonymous, "Current user is not logged in")
	errNotApp  = fault.New(fault.Anonymous, "AppAPI authentication failed")
	errScope   = fault.New(fault.Denied, "The external app was not granted access to this.")
)

// caller is an app that has proven who it is, and the person it acts for.
type caller struct {
	app    *App
	person *who.Principal // nil: nobody
}

// Authenticate implements web.Authenticator: it finds the person whom an app acts for. An
// app that acts for nobody is nobody's principal; the endpoints for apps look themselves.
func (rm *Room) Authenticate(r *http.Request) (*who.Principal, error) {
	c, err := rm.identify(r)
	if c == nil || err != nil {
		return nil, err
	}
	return c.person, nil
}

// identify finds the app that sent a request; nil, nil if none says that it did. A signed
// body is held to its signature from here on.
func (rm *Room) identify(r *http.Request) (*caller, error) {
	signed := r.Header.Get(sign.Signature) != ""
	if !signed && r.Header.Get(sharedHeader) == "" {
		return nil, nil
	}
	c, why, err := rm.weigh(r, signed)
	if why != "" {
		rm.Log.InfoContext(r.Context(), "an external app was refused", "app", r.Header.Get(sign.AppID), "why", why,
			"addr", web.VisitOf(r.Context()).Addr.String(), "path", r.URL.Path)
	}
	return c, err
}

// weigh checks in the order of the reference, and says in a word for the log why it
// refuses.
func (rm *Room) weigh(r *http.Request, signed bool) (*caller, string, error) {
	ctx, now := r.Context(), rm.Now()
	proof, err := readProof(r, signed)
	if err != nil {
		return nil, err.Error(), errRefused
	}
	a, err := rm.App(ctx, proof.id)
	if errors.Is(err, fault.NotFound) {
		return nil, "not registered", rm.try(ctx, "?", proof.shown(), func(context.Context) error { return errRefused })
	}
	if err != nil {
		return nil, "", err
	}
	if a.Signed != signed {
		return nil, "the other protocol", errRefused
	}
	if signed && !proof.claim.Fresh(now) {
		return nil, "signed at another time", errRefused
	}
	used, err := rm.proven(ctx, a, proof, r.Method, rm.targets(r))
	if err != nil {
		return nil, "wrong secret or signature", err
	}
	if err := rm.limits.Take(a.ID, now); err != nil {
		return nil, "too many calls", err
	}
	if !a.Enabled && !a.mayCallDisabled(r.URL.EscapedPath()) {
		return nil, "disabled", errRefused
	}
	if signed {
		if err := rm.once(ctx, r.Method, proof.claim); err != nil {
			return nil, "sent again", err
		}
	}
	if err := rm.seen(ctx, a, proof.version, now); err != nil {
		return nil, "", err
	}
	return rm.admit(r, a, proof, used)
}

// admit checks what a proven app may do, and for whom.
func (rm *Room) admit(r *http.Request, a *App, proof *proof, secret string) (*caller, string, error) {
	ctx := r.Context()
	open, alone := scope.Reach(a.Scopes, r.Method, r.URL.EscapedPath())
	if !open {
		return nil, "no scope", errScope
	}
	if a.Signed && !alone {
		if ok, err := rm.agreed(ctx, a.ID, proof.user); !ok {
			return nil, "nobody agreed", errors.Join(err, errRefused)
		}
	}
	c := &caller{app: a}
	if proof.user != "" {
		p, err := rm.dir.Act(ctx, proof.user)
		if errors.Is(err, fault.Anonymous) {
			return nil, "no such account", errRefused
		}
		if err != nil {
			return nil, "", err
		}
		p.App, p.Scope, p.Stamp = a.ID, scope.Limit(a.Scopes), rm.stamp(secret)
		if err := rm.note(ctx, a.ID, p.ID); err != nil {
			return nil, "", err
		}
		c.person = p
	}
	if a.Signed {
		if err := hold(r, proof.claim.Hash); err != nil {
			return nil, "another body", err
		}
	}
	return c, "", nil
}

// proof is what a request shows.
type proof struct {
	id, version, user string
	secret            string     // of today's protocol
	claim             sign.Claim // of the signed one
	signed            bool
}

func readProof(r *http.Request, signed bool) (*proof, error) {
	if signed {
		c, err := sign.Read(r.Header)
		return &proof{id: c.App, version: c.AppVersion, user: c.User, claim: c, signed: true}, err
	}
	h := r.Header
	if len(h.Values(sharedHeader)) != 1 || len(h.Values(sign.AppID)) != 1 || h.Get(sign.AppVersion) == "" {
		return nil, errors.New("headers are missing")
	}
	text, err := base64.StdEncoding.DecodeString(h.Get(sharedHeader))
	if err != nil {
		return nil, errors.New("the secret cannot be read")
	}
	user, secret, ok := strings.Cut(string(text), ":")
	if !ok {
		return nil, errors.New("the secret cannot be read")
	}
	return &proof{id: h.Get(sign.AppID), version: h.Get(sign.AppVersion), user: user, secret: secret}, nil
}

// shown is what is counted as one guess, however often it comes.
func (p *proof) shown() string {
	if p.signed {
		return p.claim.Signature
	}
	return p.secret
}

func (p *proof) fits(secret, method string, targets []string) bool {
	if p.signed {
		return p.claim.Verify(secret, method, targets...)
	}
	return seal.Equal(secret, p.secret)
}

// proven finds the secret that fits. Whoever has not shown a right one from the same
// address lately waits like those who guess passwords.
func (rm *Room) proven(ctx context.Context, a *App, p *proof, method string, targets []string) (string, error) {
	found := ""
	for _, s := range a.secrets(rm.Now()) {
		if p.fits(s, method, targets) {
			found = s
		}
	}
	from := a.ID + " " + web.VisitOf(ctx).Addr.String()
	if found != "" && rm.trust.Has(from+rm.stamp(found), rm.Now()) {
		return found, nil
	}
	err := rm.try(ctx, a.ID, p.shown()+" "+strings.Join(targets, " "), func(context.Context) error {
		if found == "" {
			return errRefused
		}
		return nil
	})
	if err == nil && found == "" { // the same guess at the same time
		err = errRefused
	}
	if err == nil {
		rm.trust.Add(from+rm.stamp(found), rm.Now())
	}
	return found, err
}

func (rm *Room) try(ctx context.Context, app, shown string, check func(context.Context) error) error {
	return rm.dir.Try(ctx, "external app "+app, shown, "", web.Network(web.VisitOf(ctx).Addr), check)
}

// stamp stands for a secret in memory.
func (rm *Room) stamp(secret string) string { return rm.box.HashText("exapps " + secret)[:16] }

// targets are the ways in which an app may have written the address it signed: as it
// came here, and with or without the path below which the server is installed.
func (rm *Room) targets(r *http.Request) []string {
	sent := r.RequestURI
	if sent == "" || strings.Contains(sent, "://") {
		sent = r.URL.RequestURI()
	}
	u, err := url.Parse(rm.Base)
	if err != nil || u.EscapedPath() == "" || u.EscapedPath() == "/" {
		return []string{sent}
	}
	base := strings.TrimRight(u.EscapedPath(), "/")
	if short, ok := strings.CutPrefix(sent, base); ok && strings.HasPrefix(short, "/") {
		return []string{sent, short}
	}
	return []string{sent, base + sent}
}

// mayCallDisabled tells whether an app may call a path while it is disabled: to ask
// whether it is, and to tell how far it is while it starts.
func (a *App) mayCallDisabled(path string) bool {
	return scope.Is(path, apiRoot+"/ex-app/state") ||
		a.Status.Action != "" && (scope.Is(path, apiRoot+"/ex-app/status") || scope.Is(path, apiRoot+"/apps/status/"+a.ID))
}

// maxHeld is how long a signed body may be that is not streamed, in bytes.
const maxHeld = 1 << 20

// hold has the body of a request be the one that was signed, or end with an error. What
// fits is looked at before anything happens; of what is longer, only uploads are streamed,
// for they leave nothing when they break off.
func hold(r *http.Request, hash string) error {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	var head bytes.Buffer
	n, err := io.CopyN(&head, r.Body, maxHeld+1)
	switch {
	case err == nil && r.Method != http.MethodPut:
		return fault.New(fault.TooLarge, "A signed request of this kind may have a body of up to 1 MiB.")
	case err == nil:
		r.Body = signedBody{sign.Body(io.MultiReader(&head, r.Body), hash), r.Body}
		return nil
	case !errors.Is(err, io.EOF):
		return err
	case !seal.Equal(sign.Hash(head.Bytes()), hash):
		return errRefused
	}
	if n > 0 {
		r.Body = signedBody{&head, r.Body}
	}
	return nil
}

// signedBody is a body that was signed.
type signedBody struct {
	io.Reader
	io.Closer
}

// Read implements io.Reader; a forged body is told from a broken line.
func (b signedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, sign.ErrBody) {
		err = fault.Wrap(fault.Anonymous, err, "The body is not the one that was signed.")
	}
	return n, err
}

// Still tells whether an app may still act for a person as when the principal was made.
func (rm *Room) Still(ctx context.Context, p *who.Principal) error {
	a, err := rm.App(ctx, p.App)
	if errors.Is(err, fault.NotFound) {
		return errRefused
	}
	if err != nil {
		return err
	}
	good := slices.ContainsFunc(a.secrets(rm.Now()), func(s string) bool { return rm.stamp(s) == p.Stamp })
	if !a.Enabled || !good || !sameScope(scope.Limit(a.Scopes), p.Scope) {
		return errRefused
	}
	return nil
}

func sameScope(a, b *who.Scope) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Verbs == b.Verbs && slices.Equal(a.Rooms, b.Rooms)
}

// seenEvery is how exact the time is at which an app was last seen.
const seenEvery = time.Minute

// seen keeps when an app called, and its version if that is newer.
func (rm *Room) seen(ctx context.Context, a *App, version string, now time.Time) error {
	later := newer(version, a.Version)
	if !later && now.Sub(a.Seen) < seenEvery {
		return nil
	}
	if later {
		a.Version = version
	}
	a.Seen = now
	return rm.set(ctx, a.ID, "UPDATE exapps_app SET seen = ?, version = ? WHERE app = ?", now.Unix(), a.Version)
}

// newer tells whether a version is later than another, number by number: 1.10 is later
// than 1.9. One that cannot be read is not.
func newer(a, b string) bool {
	if !versionIDs.MatchString(a) {
		return false
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		x, y := numberAt(as, i), numberAt(bs, i)
		if x != y {
			return x > y
		}
	}
	return false
}

func numberAt(parts []string, i int) int64 {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.ParseInt(parts[i], 10, 64)
	if err != nil {
		return -1
	}
	return n
}
