package exapps

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/feature/exapps/route"
	"atrium/internal/feature/exapps/sign"
	"atrium/internal/proto/web"
)

const proxyRoot = apiRoot + "/proxy"

var errNoRoute = fault.New(fault.NotFound, "There is nothing at this address.")

// proxy carries a person's request to an app and the answer back, as they come
// (34-apps/374 to 377). Unlike the recorded server it does not hand the person's password
// and cookies to the app, nor the app's cookies to the browser.
func (rm *Room) proxy(w http.ResponseWriter, r *http.Request) error {
	ctx, p := r.Context(), who.From(r.Context())
	a, err := rm.App(ctx, web.Param(r, "app"))
	if errors.Is(err, fault.NotFound) {
		return errNoRoute
	}
	if err != nil {
		return err
	}
	path := web.Param(r, "path")
	t := route.Of(a.Routes, r.Method, path)
	if !a.Enabled || climbs(path) || t == nil || !t.Open(p) {
		return errNoRoute
	}
	uid := ""
	if p != nil {
		uid = p.ID
		if a.Signed && p.App == "" { // who uses an app lets it act for them
			if err := rm.agrees(ctx, rm.db, a.ID, uid); err != nil {
				return err
			}
		}
	}
	hash := sign.Empty
	if a.Signed && r.Body != nil {
		body, err := whole(r.Body)
		if err != nil {
			return err
		}
		hash, r.Body, r.ContentLength = sign.Hash(body), http.NoBody, int64(len(body))
		if len(body) > 0 {
			r.Body = readCloser{bytes.NewReader(body)}
		}
	}
	target := a.address()
	target.Path, target.RawPath, target.RawQuery = "/"+path, behind(r.URL.EscapedPath()), r.URL.RawQuery
	return rm.forward(w, r, a, t, forwarded{target, uid, hash})
}

// forwarded is where a request goes on, for whom, and the hash of its body.
type forwarded struct {
	target *url.URL
	uid    string
	hash   string
}

type readCloser struct{ *bytes.Reader }

// Close implements io.Closer.
func (readCloser) Close() error { return nil }

func (rm *Room) forward(w http.ResponseWriter, r *http.Request, a *App, t *route.Route, to forwarded) (failed error) {
	addr := web.VisitOf(r.Context()).Addr.String()
	out := httputil.ReverseProxy{
		Transport:     rm.calls.To(a.ID),
		FlushInterval: -1,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL, p.Out.Host = to.target, to.target.Host
			h := p.Out.Header
			for _, name := range append([]string{"Authorization", "Cookie", "Requesttoken", sharedHeader, versionHeader, requestHeader,
				sign.Version, sign.AppID, sign.AppVersion, sign.UserID, sign.DataHash, sign.SignTime, sign.Signature, sign.RequestID,
				"X-Origin-Ip", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"}, t.Exclude...) {
				h.Del(name)
			}
			h.Set("X-Origin-Ip", addr)
			rm.prove(p.Out, a, to.uid, to.hash)
		},
		ModifyResponse: func(answer *http.Response) error {
			ours(answer.Header)
			for name := range answer.Header { // in place of what we say, not besides
				w.Header().Del(name)
			}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			failed = err
			if _, ok := errors.AsType[*fault.Fault](err); !ok {
				failed = fault.Wrap(fault.Unavailable, err, "The external app broke off.")
			}
		},
	}
	out.ServeHTTP(w, r)
	return failed
}

// ours makes an answer of an app one that we may give: without its proofs and cookies, and
// with its pages shut off from what a person's browser may do here.
func ours(h http.Header) {
	for _, name := range []string{sharedHeader, versionHeader, requestHeader, sign.Signature, sign.DataHash, sign.SignTime, sign.Version,
		sign.AppID, sign.AppVersion, sign.UserID, "Set-Cookie", "X-User-Id", "X-Request-Id", "Strict-Transport-Security", "Clear-Site-Data",
		"Service-Worker-Allowed", "Content-Security-Policy"} {
		h.Del(name)
	}
	h.Set("Content-Security-Policy", "sandbox allow-scripts allow-forms allow-popups allow-downloads; default-src 'self' 'unsafe-inline' data: blob:; frame-ancestors 'self'")
}

// behind is the escaped path behind /apps/app_api/proxy/{app}, as it was sent.
func behind(escaped string) string {
	rest := strings.TrimPrefix(escaped, "/index.php")
	for range 4 { // apps, app_api, proxy and the app
		rest = strings.TrimLeft(rest, "/")
		_, rest, _ = strings.Cut(rest, "/")
	}
	return "/" + strings.TrimLeft(rest, "/")
}

// climbs tells whether a path leads out of what it seems to lie in.
func climbs(path string) bool {
	for seg := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if seg == ".." || seg == "." {
			return true
		}
	}
	return strings.ContainsRune(path, 0)
}

// target is the path of a handler that an app has declared: "api/act".
func handlerTarget(handler string) (string, error) {
	u, err := url.Parse("/" + strings.TrimLeft(handler, "/"))
	if err != nil || u.Host != "" || climbs(u.Path) {
		return "", fault.New(fault.Invalid, "The handler “{handler}” is no path of the app.", "handler", handler)
	}
	return u.RequestURI(), nil
}
