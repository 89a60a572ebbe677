package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// ErrCSRF refuses a request that another site may have made a browser send.
var ErrCSRF = fault.New(fault.Stale, "CSRF check failed")

// RequestTokens makes and checks the tokens that our own pages send along to
// prove that they are ours. A token is bound to a session, differs each time,
// and needs no storage: 12 random bytes and their HMAC with the session's
// number, in URL-safe base64.
type RequestTokens struct{ Key []byte }

const tokenSalt = 12

// Make returns a token for a session; 0 stands for visitors who have none.
func (t RequestTokens) Make(session int64) string {
	var b [tokenSalt + sha256.Size]byte
	_, _ = rand.Read(b[:tokenSalt]) // never fails
	t.sum(b[:tokenSalt], session, b[tokenSalt:tokenSalt])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Check tells whether Make made the token for this session.
func (t RequestTokens) Check(token string, session int64) bool {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != tokenSalt+sha256.Size {
		return false
	}
	return hmac.Equal(b[tokenSalt:], t.sum(b[:tokenSalt], session, nil))
}

func (t RequestTokens) sum(salt []byte, session int64, dst []byte) []byte {
	m := hmac.New(sha256.New, t.Key)
	m.Write(salt)
	_ = binary.Write(m, binary.BigEndian, session)
	return m.Sum(dst)
}

func safeMethod(m string) bool {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodOptions, "PROPFIND", "REPORT", "SEARCH":
		return true
	}
	return false
}

// checkCSRF guards against other sites' pages. A browser attaches cookies, and
// Basic credentials it remembers, to requests that others start; a proof of our
// own code is a header that a foreign page cannot set (OCS-APIRequest), a
// request token, or the browser's own word that the page is ours.
func (d *Door) checkCSRF(r *http.Request, p *who.Principal, policy Policy) error {
	safe := safeMethod(r.Method)
	strict := policy&Strict != 0
	if policy&NoCSRF != 0 || safe && !strict {
		return nil
	}
	if p == nil {
		if !safe && d.cross.Check(r) != nil { // no session to protect but somebody may be signed in as another
			return ErrCSRF
		}
		return nil
	}
	own := r.Header.Get("OCS-APIRequest") == "true"
	if p.Via != who.ViaSession {
		// A token in the query or body proves nothing here, as it is bound to no
		// session; one in a header does, since no foreign form can set headers.
		own = own || d.cfg.Tokens.Check(r.Header.Get("requesttoken"), 0)
		if strict && !own || !own && forced(r) {
			return ErrCSRF
		}
		return nil
	}
	if !safe && d.cross.Check(r) != nil {
		return ErrCSRF
	}
	if own || d.cfg.Tokens.Check(sentToken(r), p.TokenID) {
		return nil
	}
	if !strict && r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return nil
	}
	return ErrCSRF
}

// forced tells whether a foreign page made the browser send this with a form,
// an image or a link, to which it adds Basic credentials it remembers. Scripts
// of foreign pages never get that far, and apps and browser extensions are told
// from them by the mode.
func forced(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		mode := r.Header.Get("Sec-Fetch-Mode")
		return mode == "navigate" || mode == "no-cors"
	}
	return false
}

// sentToken looks for the request token in the header, the query and, for a
// form, the body.
func sentToken(r *http.Request) string {
	if t := r.Header.Get("requesttoken"); t != "" {
		return t
	}
	if strings.Contains(r.URL.RawQuery, "requesttoken=") {
		return r.URL.Query().Get("requesttoken")
	}
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return r.PostFormValue("requesttoken")
	}
	return ""
}
