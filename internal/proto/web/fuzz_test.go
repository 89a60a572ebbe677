package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func FuzzForwardedFor(f *testing.F) {
	for _, s := range []string{"1.1.1.1", "6.6.6.6, 10.0.0.1", "[::1]:80", ",,,", "unknown", "1.1.1.1%eth0", "::ffff:1.2.3.4"} {
		f.Add(s, "https,http", "cloud.example")
	}
	trusted, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, xff, proto, host string) {
		r := &http.Request{RemoteAddr: "10.0.0.1:9", Host: "own.example", Header: http.Header{
			"X-Forwarded-For": {xff}, "X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}}}
		var x exchange
		x.locate(r, trusted)
		if !x.Addr.IsValid() || x.Addr.Zone() != "" || x.Addr.Is4In6() {
			t.Errorf("address %v", x.Addr)
		}
		if x.Scheme != "http" && x.Scheme != "https" {
			t.Errorf("scheme %q", x.Scheme)
		}
		if u, err := url.Parse(x.Base() + "/x"); validHost(x.Host) && err == nil && u.Path != "/x" {
			t.Errorf("base %q", x.Base())
		}
		// the same client behind one more hop that nobody trusts stays that hop
		if got := forwardedFor([]string{xff + ", 203.0.113.5"}, netip.MustParseAddr("10.0.0.1"), trusted); got.String() != "203.0.113.5" {
			t.Errorf("%q before an untrusted hop made %v", xff, got)
		}
	})
}

func FuzzMux(f *testing.F) {
	for _, s := range []string{"/", "//", "/a%2Fb/c", "/index.php/x", "/x/..%2f..", "/%zz", "/rest/a/b", "/pre/x"} {
		f.Add(s)
	}
	m := NewMux()
	m.Handle("GET", "/{a}/{b}", Anyone, notFound)
	m.Handle("GET", "/rest/{r...}", Anyone, notFound)
	m.Prefix("/pre", Anyone, notFound)
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.Parse("http://h/" + strings.TrimPrefix(path, "/"))
		if err != nil {
			return
		}
		got := m.find("GET", u.EscapedPath())
		if got.route != nil && got.route.Pattern == "/{a}/{b}" && (got.vals[0] == "" || got.vals[1] == "") {
			t.Errorf("%q matched with an empty segment", path)
		}
	})
}

func FuzzRequestToken(f *testing.F) {
	tk := RequestTokens{Key: []byte("key")}
	f.Add(tk.Make(3))
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if tk.Check(s, 4) {
			t.Errorf("%q passed for a session that never got one", s)
		}
	})
}

func FuzzRequestID(f *testing.F) {
	f.Add("abcdefgh")
	f.Add("a\nb")
	f.Fuzz(func(t *testing.T, s string) {
		id := requestID(s)
		w := httptest.NewRecorder()
		w.Header().Set("X-Request-Id", id)
		if len(id) < 8 || len(id) > 64 || strings.ContainsAny(id, "\r\n \x00") {
			t.Errorf("id %q", id)
		}
	})
}
