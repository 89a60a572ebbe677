package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// byName authenticates whoever the X-As header names.
type byName map[string]*who.Principal

func (b byName) Authenticate(r *http.Request) (*who.Principal, error) {
	name := r.Header.Get("X-As")
	if name == "" {
		return nil, nil
	}
	if p := b[name]; p != nil {
		return p, nil
	}
	return nil, fault.New(fault.Anonymous, "Unauthorised")
}

var people = byName{
	"alice": {ID: "alice", Via: who.ViaAppPassword},
	"tab":   {ID: "alice", Via: who.ViaSession, TokenID: 7},
	"sub":   {ID: "sub", Role: who.GroupAdmin, Via: who.ViaPassword},
	"root":  {ID: "root", Role: who.Admin, Via: who.ViaPassword},
	"lame":  {ID: "lame", Scope: &who.Scope{But: []string{who.FilesRoom}}, Via: who.ViaAppPassword},
}

func say(text string) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func serve(d *Door, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func TestRoutes(t *testing.T) {
	m := NewMux()
	echo := func(name string) Handler {
		return func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.WriteString(w, name+"|"+Param(r, "user")+"|"+Param(r, "size")+"|"+Param(r, "path"))
			return err
		}
	}
	m.Handle("GET", "/", Anyone, echo("root"))
	m.Handle("GET", "/index.php/avatar/{user}/{size}", Anyone, echo("avatar"))
	m.Handle("GET", "/avatar/guest/{user}/{size}", Anyone, echo("guest"))
	m.Handle("POST", "/avatar", Anyone|NoCSRF, echo("upload"))
	m.Handle("GET", "/thumb/{path...}", Anyone, echo("thumb"))
	m.Prefix("/thumb/dav", Anyone, echo("inner"))
	m.Prefix("/remote.php/dav", Anyone, echo("dav"))
	m.Prefix("/remote.php/dav/files", Anyone, echo("files"))
	d := NewDoor(Config{}, m)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/", 200, "root|||"},
		{"GET", "/index.php", 200, "root|||"},
		{"GET", "/index.php/", 200, "root|||"},
		{"GET", "/avatar/al%2Fice/64", 200, "avatar|al/ice|64|"},
		{"GET", "/index.php/avatar/guest/64", 200, "avatar|guest|64|"},
		{"GET", "//index.php//avatar/Some%20Guest/64/", 200, "avatar|Some Guest|64|"},
		{"GET", "/avatar/guest/x/64", 200, "guest|x|64|"},
		{"HEAD", "/avatar/a/64", 200, "avatar|a|64|"},
		{"POST", "/index.php/avatar/", 200, "upload|||"},
		{"DELETE", "/avatar", 405, ""},
		{"GET", "/thumb/a%20b/c%2Fd", 200, "thumb|||a b/c/d"},
		{"PROPFIND", "/thumb/dav/x", 200, "inner|||"},
		{"GET", "/thumb", 404, `{"message":"There is nothing at this address."}`},
		{"PROPFIND", "/remote.php/dav/files/alice/%2e%2e/x", 200, "files|||"},
		{"MKCOL", "/remote.php/dav", 200, "dav|||"},
		{"MKCOL", "/remote.php/davx", 404, `{"message":"There is nothing at this address."}`},
		{"GET", "/avatar", 405, ""},
		{"GET", "/index.php/index.php", 404, `{"message":"There is nothing at this address."}`},
	} {
		w := serve(d, c.method, c.path)
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, w.Code, w.Body, c.status, c.body)
		}
	}
	if got := serve(d, "GET", "/avatar").Header().Get("Allow"); got != "POST" {
		t.Errorf("Allow = %q", got)
	}
}

func TestPolicies(t *testing.T) {
	m := NewMux()
	m.Handle("GET", "/anyone", Anyone, say("ok"))
	m.Handle("GET", "/public", Public, say("ok"))
	m.Handle("GET", "/user", User|Page, say("ok"))
	m.Handle("GET", "/files", User|Basic, say("ok"), In(who.FilesRoom))
	m.Handle("GET", "/groups", GroupAdmin, say("ok"))
	m.Handle("GET", "/admin", Admin, say("ok"))
	d := NewDoor(Config{Auth: []Authenticator{people}}, m)
	want := map[string][]int{ // in the order below
		"/anyone": {200, 200, 200, 200, 200, 200},
		"/public": {200, 401, 200, 200, 200, 200},
		"/user":   {401, 401, 200, 200, 200, 200},
		"/files":  {401, 401, 200, 200, 200, 403},
		"/groups": {401, 401, 403, 200, 200, 403},
		"/admin":  {401, 401, 403, 403, 200, 403},
	}
	for path, codes := range want {
		for i, as := range []string{"", "ghost", "alice", "sub", "root", "lame"} {
			if w := serve(d, "GET", path, "X-As", as); w.Code != codes[i] {
				t.Errorf("%s as %q: %d, want %d", path, as, w.Code, codes[i])
			}
		}
	}
}

func TestNotSignedIn(t *testing.T) {
	m := NewMux()
	m.Handle("GET", "/apps/files", User|Page, say("ok"))
	m.Prefix("/dav", User|Basic, say("ok"))
	d := NewDoor(Config{Auth: []Authenticator{people}}, m)

	w := serve(d, "GET", "/index.php/apps/files/?dir=/a", "Accept", "text/html,*/*")
	if got := w.Header().Get("Location"); w.Code != 303 || got != "/login?redirect_url=%2Findex.php%2Fapps%2Ffiles%2F%3Fdir%3D%2Fa" {
		t.Errorf("browser: %d %q", w.Code, got)
	}
	w = serve(d, "GET", "/apps/files", "Accept", "*/*")
	if w.Code != 401 || w.Body.String() != `{"message":"Current user is not logged in"}` || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("program: %d %s %v", w.Code, w.Body, w.Header())
	}
	w = serve(d, "PROPFIND", "/dav/x")
	if got := w.Header().Get("WWW-Authenticate"); got != `Basic realm="Atrium", charset="UTF-8"` {
		t.Errorf("DAV challenge: %q", got)
	}
	w = serve(d, "PROPFIND", "/dav/x", "X-Requested-With", "XMLHttpRequest")
	if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "DummyBasic ") {
		t.Errorf("challenge to a script: %q", got)
	}
}

func TestCSRF(t *testing.T) {
	m := NewMux()
	m.Handle("POST", "/thing", User, say("ok"))
	m.Handle("GET", "/thing", User, say("ok"))
	m.Handle("POST", "/open", Anyone|NoCSRF, say("ok"))
	m.Handle("POST", "/login", Public, say("ok"))
	m.Handle("GET", "/ocs", User|Strict, say("ok"))
	tokens := RequestTokens{Key: []byte("k")}
	d := NewDoor(Config{Auth: []Authenticator{people}, Tokens: tokens}, m)
	good, foreign := tokens.Make(7), tokens.Make(8)
	for _, c := range []struct {
		name, method, path, as string
		header                 []string
		want                   int
	}{
		{"session without proof", "POST", "/thing", "tab", nil, 412},
		{"session reads", "GET", "/thing", "tab", nil, 200},
		{"session with token", "POST", "/thing", "tab", []string{"requesttoken", good}, 200},
		{"token in query", "POST", "/thing?requesttoken=" + good, "tab", nil, 200},
		{"token of another session", "POST", "/thing", "tab", []string{"requesttoken", foreign}, 412},
		{"no token", "POST", "/thing", "tab", []string{"requesttoken", "AAAA"}, 412},
		{"own header", "POST", "/thing", "tab", []string{"OCS-APIRequest", "true"}, 200},
		{"browser says same origin", "POST", "/thing", "tab", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"browser says cross site", "POST", "/thing", "tab", []string{"Sec-Fetch-Site", "cross-site", "requesttoken", good}, 412},
		{"app password needs none", "POST", "/thing", "alice", nil, 200},
		{"app of an extension", "POST", "/thing", "alice", []string{"Origin", "moz-extension://x"}, 200},
		{"a foreign form, Basic", "POST", "/thing", "alice", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 412},
		{"an extension, Basic", "POST", "/thing", "alice", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"}, 200},
		{"strict, Basic, anybody's token in the query", "GET", "/ocs?requesttoken=" + tokens.Make(0), "alice", nil, 412},
		{"strict, Basic, token in a header", "GET", "/ocs", "alice", []string{"requesttoken", tokens.Make(0)}, 200},
		{"nobody, from elsewhere", "POST", "/login", "", []string{"Origin", "https://evil.example"}, 412},
		{"nobody, from here", "POST", "/login", "", []string{"Origin", "http://example.com"}, 200},
		{"open to all", "POST", "/open", "", []string{"Origin", "https://evil.example"}, 200},
		{"strict, Basic, bare", "GET", "/ocs", "alice", nil, 412},
		{"strict, Basic, header", "GET", "/ocs", "alice", []string{"OCS-APIRequest", "true"}, 200},
		{"strict, session, same origin only", "GET", "/ocs", "tab", []string{"Sec-Fetch-Site", "same-origin"}, 412},
		{"strict, session, token", "GET", "/ocs", "tab", []string{"requesttoken", good}, 200},
	} {
		if w := serve(d, c.method, c.path, append([]string{"X-As", c.as}, c.header...)...); w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.want)
		}
	}
}

func TestProxies(t *testing.T) {
	trusted, err := ParseProxies([]string{"10.0.0.0/8", "::1", " 192.0.2.1 "})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseProxies([]string{"proxy.example"}); err == nil {
		t.Error("a name passed for an address")
	}
	for _, c := range []struct{ remote, xff, want string }{
		{"203.0.113.9:1", "1.1.1.1", "203.0.113.9"},
		{"10.0.0.1:1", "1.1.1.1", "1.1.1.1"},
		{"10.0.0.1:1", "6.6.6.6, 1.1.1.1, 10.9.9.9", "1.1.1.1"},
		{"10.0.0.1:1", "1.1.1.1:4711", "1.1.1.1"},
		{"10.0.0.1:1", "[2001:db8::5]:80", "2001:db8::5"},
		{"10.0.0.1:1", "1.1.1.1, unknown", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:1", "::ffff:1.1.1.1", "1.1.1.1"},
		{"10.0.0.1:1", "", "10.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.xff != "" {
			r.Header.Set("X-Forwarded-For", c.xff)
		}
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "cloud.example")
		var x exchange
		x.locate(r, trusted)
		if got := x.Addr.String(); got != c.want {
			t.Errorf("%s, X-Forwarded-For %q: %s, want %s", c.remote, c.xff, got, c.want)
		}
		wantBase := "https://cloud.example"
		if strings.HasPrefix(c.remote, "203") {
			wantBase = "http://example.com"
		}
		if got := x.Base(); got != wantBase {
			t.Errorf("%s: base %s, want %s", c.remote, got, wantBase)
		}
	}
}

func TestHosts(t *testing.T) {
	for host, want := range map[string]bool{
		"cloud.example": true, "Cloud.Example:8443": true, "a.sub.example": true, "sub.example": false,
		"evil.example": false, "cloud.example.evil": false, "": false, "a/b": false, "[::1]:80": true,
	} {
		err := checkHost(host, []string{"cloud.example", "*.sub.example", "[::1]"})
		if (err == nil) != want {
			t.Errorf("host %q: %v", host, err)
		}
	}
	m := NewMux()
	m.Handle("GET", "/status.php", Anyone, say("ok"))
	w := serve(NewDoor(Config{Hosts: []string{"cloud.example"}}, m), "GET", "http://other.example/status.php")
	if w.Code != 400 || w.Body.String() != `{"code":15,"error":"Trusted domain error."}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRateLimit(t *testing.T) {
	now := time.Unix(1000, 0)
	m := NewMux()
	m.Handle("GET", "/a", Public, say("ok"))
	m.Handle("GET", "/b", Public, say("ok"), PerMinute(2))
	d := NewDoor(Config{Auth: []Authenticator{people}, Rate: 1, Burst: 3, Now: func() time.Time { return now }}, m)
	for i, want := range []int{200, 200, 200, 429} {
		if w := serve(d, "GET", "/a"); w.Code != want {
			t.Fatalf("call %d: %d, want %d", i, w.Code, want)
		} else if want == 429 && w.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
		}
	}
	if w := serve(d, "GET", "/a", "X-As", "alice"); w.Code != 200 {
		t.Errorf("somebody signed in at the same address: %d", w.Code)
	}
	now = now.Add(time.Second)
	if w := serve(d, "GET", "/a"); w.Code != 200 {
		t.Errorf("after a second: %d", w.Code)
	}
	for i, want := range []int{200, 200, 429} {
		if w := serve(d, "GET", "/b", "X-As", "alice"); w.Code != want {
			t.Errorf("limited route, call %d: %d, want %d", i, w.Code, want)
		}
	}
}

func TestErrorsInHandlers(t *testing.T) {
	m := NewMux()
	m.Handle("GET", "/inner", Anyone, func(http.ResponseWriter, *http.Request) error { return errors.New("secret") })
	m.Handle("GET", "/panic", Anyone, func(http.ResponseWriter, *http.Request) error { panic("secret") })
	m.Handle("GET", "/own", Anyone, func(http.ResponseWriter, *http.Request) error { return fault.Locked },
		Errors(func(w http.ResponseWriter, _ *http.Request, err error) { w.WriteHeader(Status(err)) }))
	m.Handle("GET", "/half", Anyone, func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		return errors.New("lost the disk")
	})
	var logged bytes.Buffer
	d := NewDoor(Config{Log: slog.New(slog.NewJSONHandler(&logged, nil))}, m)
	for _, path := range []string{"/inner", "/panic"} {
		w := serve(d, "GET", path, "X-Request-Id", "abcdefgh-1")
		if w.Code != 500 || !strings.Contains(w.Body.String(), "abcdefgh-1") || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if !strings.Contains(logged.String(), "secret") {
		t.Error("the cause is not in the log")
	}
	if w := serve(d, "GET", "/own"); w.Code != 423 || w.Body.Len() != 0 {
		t.Errorf("own table: %d %s", w.Code, w.Body)
	}
	s := httptest.NewServer(d)
	defer s.Close()
	res, err := http.Get(s.URL + "/half")
	if err == nil {
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	if err == nil {
		t.Error("half an answer looked whole")
	}
}

func TestSecretsStayOutOfTheLog(t *testing.T) {
	m := NewMux()
	m.Handle("GET", "/login/v2/flow/{token}", Anyone, say("ok"))
	var logged bytes.Buffer
	d := NewDoor(Config{Log: slog.New(slog.NewJSONHandler(&logged, nil))}, m)
	serve(d, "GET", "/login/v2/flow/s3cret?requesttoken=s3cret", "Authorization", "Basic s3cret", "Cookie", "a=s3cret")
	if got := logged.String(); strings.Contains(got, "s3cret") || !strings.Contains(got, "/login/v2/flow/{token}") {
		t.Error(got)
	}
}

func TestPagesForPeople(t *testing.T) {
	d := NewDoor(Config{}, NewMux())
	w := serve(d, "GET", "/nope/nope", "Accept", "text/html")
	csp := w.Header().Get("Content-Security-Policy")
	if w.Code != 404 || !strings.Contains(w.Body.String(), "Page not found") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "nonce-") {
		t.Errorf("%d %s\n%s", w.Code, csp, w.Body)
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{"198.51.100.7": "198.51.100.0/24", "2001:db8:1:2:3::4": "2001:db8:1:2::/64"} {
		if got := Network(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("Network(%s) = %s", in, got)
		}
	}
}
