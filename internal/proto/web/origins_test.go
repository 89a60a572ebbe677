package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

const page = "https://photos.example.com"

func crossing(origins func(context.Context) ([]string, error)) (call func(method, path string, header ...string) *httptest.ResponseRecorder) {
	m := NewMux()
	m.Prefix("/remote.php/dav", Anyone|NoCSRF, func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cookies", r.Header.Get("Cookie"))
		return nil
	})
	m.Handle("GET", "/ocs/v2.php/x", User, say("x"))
	m.Handle("GET", "/login", Anyone, say("login"))
	d := NewDoor(Config{Origins: origins}, m)
	return func(method, path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w
	}
}

func only(context.Context) ([]string, error) { return []string{page}, nil }

// A browser that asks first is told what the scripts of an allowed page may send,
// without a word about cookies.
func TestPreflightOfAnAllowedOrigin(t *testing.T) {
	call := crossing(only)
	for _, path := range []string{"/remote.php/dav/files/ada", "/index.php/ocs/v2.php/x", "/ocs/v2.php/x"} {
		w := call("OPTIONS", path, "Origin", page, "Access-Control-Request-Method", "PROPFIND", "Access-Control-Request-Headers", "authorization,depth")
		h := w.Header()
		if w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Allow-Methods") != crossMethods ||
			h.Get("Access-Control-Allow-Headers") != crossHeaders || h.Get("Access-Control-Max-Age") == "" || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %d %v", path, w.Code, h)
		}
		if h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: the answer speaks of cookies", path)
		}
	}
}

// An allowed page reads answers, errors too, and its cookies count for nothing.
func TestAnswersForAnAllowedOrigin(t *testing.T) {
	call := crossing(only)
	w := call("PROPFIND", "/remote.php/dav/files/ada", "Origin", page, "Cookie", "session=1")
	if h := w.Header(); w.Code != http.StatusOK || h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Expose-Headers") != crossExposed || h.Get("Cookies") != "" {
		t.Errorf("%d %v", w.Code, h)
	}
	if w := call("GET", "/ocs/v2.php/x", "Origin", page); w.Code != http.StatusUnauthorized || w.Header().Get("Access-Control-Allow-Origin") != page {
		t.Errorf("without a token: %d %v", w.Code, w.Header())
	}
	if w := call("OPTIONS", "/remote.php/dav/files/ada", "Origin", page); w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("the OPTIONS of WebDAV is no preflight: %d %v", w.Code, w.Header())
	}
}

// Other pages, and other addresses than the interfaces, are as they were.
func TestOriginsThatAreNotAllowed(t *testing.T) {
	call := crossing(only)
	for _, origin := range []string{"https://evil.example.com", "http://photos.example.com", page + ":8443", page + ".evil.example.com", "null"} {
		w := call("OPTIONS", "/remote.php/dav/files/ada", "Origin", origin, "Access-Control-Request-Method", "PUT", "Cookie", "session=1")
		if h := w.Header(); h.Get("Access-Control-Allow-Origin") != "" || h.Get("Access-Control-Allow-Methods") != "" || h.Get("Cookies") == "" || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", origin, h)
		}
	}
	if w := call("GET", "/login", "Origin", page); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("a page of ours can be read by others")
	}
	if w := crossing(nil)("GET", "/ocs/v2.php/x", "Origin", page); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("nobody is allowed, and somebody reads")
	}
	broken := crossing(func(context.Context) ([]string, error) { return nil, errors.New("no database") })
	if w := broken("GET", "/ocs/v2.php/x", "Origin", page); w.Code != http.StatusInternalServerError {
		t.Errorf("in doubt: %d", w.Code)
	}
}
