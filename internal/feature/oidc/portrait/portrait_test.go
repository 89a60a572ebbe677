package portrait

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"atrium/internal/base/fault"
)

func TestWhatMayBeFetched(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("plain")) }))
	defer plain.Close()
	m := http.NewServeMux()
	m.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte("picture"))
	})
	m.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), maxBytes+1)) })
	m.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	m.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	m.Handle("/moved", http.RedirectHandler("/good", http.StatusFound))
	m.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	m.Handle("/down", http.RedirectHandler(plain.URL, http.StatusFound))
	m.Handle("/near", http.RedirectHandler("https://169.254.169.254/", http.StatusFound))
	s := httptest.NewTLSServer(m)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	here := Place{TLS: &tls.Config{RootCAs: pool}, Home: "127.0.0.1"}
	for _, path := range []string{"/good", "/moved"} {
		if p, err := Fetch(t.Context(), here, s.URL+path, ""); err != nil || string(p.Raw) != "picture" || p.ETag != `"1"` {
			t.Errorf("%s: %+v %v", path, p, err)
		}
	}
	if p, err := Fetch(t.Context(), here, s.URL+"/good", `"1"`); err != nil || !p.Same {
		t.Errorf("unchanged: %+v %v", p, err)
	}
	for address, want := range map[string]error{
		s.URL + "/large": fault.Invalid, s.URL + "/empty": fault.Invalid, s.URL + "/missing": fault.Invalid, s.URL + "/round": fault.Invalid,
		s.URL + "/broken": fault.Unavailable, s.URL + "/down": fault.Denied, s.URL + "/near": fault.Denied, plain.URL: fault.Denied,
		"https://10.0.0.1/": fault.Denied, "gopher://127.0.0.1/": fault.Invalid, "https://a:b@127.0.0.1/": fault.Invalid, "": fault.Invalid,
	} {
		if p, err := Fetch(t.Context(), here, address, ""); !errors.Is(err, want) {
			t.Errorf("%s: %+v %v, want %v", address, p, err, want)
		}
	}
	far := here
	far.Home = "93.184.215.14"
	if _, err := Fetch(t.Context(), far, s.URL+"/good", ""); !errors.Is(err, fault.Denied) {
		t.Errorf("from this machine for a provider that is far: %v", err)
	}
	open := here
	open.Insecure = true
	if p, err := Fetch(t.Context(), open, plain.URL, ""); err != nil || string(p.Raw) != "plain" {
		t.Errorf("plain HTTP where it is allowed: %v", err)
	}
}

func FuzzData(f *testing.F) {
	f.Add("data:image/png;base64,aGFsbG8=")
	f.Add("data:image/jpeg;base64,/9j=")
	f.Add("https://example.com/me.png")
	f.Fuzz(func(t *testing.T, claim string) {
		raw, ok := Data(claim)
		if ok && (len(raw) == 0 || !strings.HasPrefix(claim, "data:image/")) {
			t.Errorf("%q: %q", claim, raw)
		}
	})
}
