package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
)

// apiPolicy is the content security policy of everything that is no page: such
// an answer, opened in a browser, can load and run nothing.
const apiPolicy = "default-src 'none';base-uri 'none';manifest-src 'self';frame-ancestors 'none'"

func fixedHeaders() map[string][]string {
	return map[string][]string{
		"Content-Security-Policy":           {apiPolicy},
		"Referrer-Policy":                   {"no-referrer"},
		"X-Content-Type-Options":            {"nosniff"},
		"X-Frame-Options":                   {"SAMEORIGIN"},
		"X-Permitted-Cross-Domain-Policies": {"none"},
		"X-Robots-Tag":                      {"noindex, nofollow"},
	}
}

// headers sets what every answer bears. The slices are shared between requests:
// Header.Set replaces them, and Header.Add copies a full one.
func (x *exchange) headers(d *Door, _ *http.Request) {
	h := x.w.Header()
	for k, v := range d.fixed {
		h[k] = v
	}
	h["X-Request-Id"] = []string{x.ID}
	if x.Scheme == "https" {
		h["Strict-Transport-Security"] = d.hsts
	}
}

// Nonce returns the value that a script or style tag of this answer needs to be
// allowed, and allows it. It must be called before the first byte is sent.
func Nonce(w http.ResponseWriter, r *http.Request) string {
	x, ok := r.Context().Value(visitKey{}).(*exchange)
	if !ok {
		return ""
	}
	if x.nonce == "" {
		var b [18]byte
		_, _ = rand.Read(b[:]) // never fails
		x.nonce = base64.StdEncoding.EncodeToString(b[:])
	}
	frames := "'self'"
	if x.unframed {
		frames = "'none'"
		w.Header().Set("X-Frame-Options", "DENY")
	}
	w.Header().Set("Content-Security-Policy", pagePolicy(x.nonce, frames, x.leads))
	// With "no-referrer" a browser would send Origin: null along with our own
	// forms, which over plain HTTP leaves nothing to tell them from foreign ones.
	w.Header().Set("Referrer-Policy", "same-origin")
	w.Header().Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	return x.nonce
}

// Unframed keeps the page of this answer out of frames, so that no other page can lay
// itself over it, and lets its forms lead to an address besides our own: browsers hold
// redirects to that too. leads is an origin, a scheme with its colon, or "".
func Unframed(r *http.Request, leads string) {
	if x, ok := r.Context().Value(visitKey{}).(*exchange); ok {
		x.unframed, x.leads = true, leads
	}
}

// pagePolicy is the content security policy of pages: scripts and styles from
// ourselves or with the nonce of this answer, never inline ones.
func pagePolicy(nonce, frames, leads string) string {
	return "default-src 'none';base-uri 'none';object-src 'none';manifest-src 'self';" +
		"script-src 'self' 'nonce-" + nonce + "';style-src 'self' 'nonce-" + nonce + "';" +
		"img-src 'self' data: blob:;font-src 'self' data:;media-src 'self' blob:;connect-src 'self';" +
		"worker-src 'self' blob:;frame-src 'self' blob:;frame-ancestors " + frames + ";form-action 'self' nc: " + leads
}
