package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"atrium/internal/infra/db/dbtest"
)

// largeSize is more than all buffers between a server and a client that does not read hold.
const largeSize = 48 << 20

const horse = "correct horse battery"

// visitor is somebody with one credential: a password, or the cookie of a session.
type visitor struct {
	*running
	uid, secret string
	client      *http.Client
}

func (r *running) visitor(uid, secret string) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.Fatal(err)
	}
	return &visitor{running: r, uid: uid, secret: secret, client: &http.Client{Jar: jar, Transport: &http.Transport{}}}
}

// send asks for a path; the caller closes the body.
func (v *visitor) send(method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(v.Context(), method, v.url+path, body)
	if err != nil {
		return nil, err
	}
	if v.secret != "" {
		req.SetBasicAuth(v.uid, v.secret)
	}
	req.Header.Set("OCS-APIRequest", "true")
	return v.client.Do(req)
}

// ask is send with the answer read.
func (v *visitor) ask(method, path, body string) (int, string) {
	v.Helper()
	res, err := v.send(method, path, strings.NewReader(body))
	if err != nil {
		v.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(b)
}

// login makes a session of the password.
func (v *visitor) login() *visitor {
	v.Helper()
	res, err := v.client.PostForm(v.url+"/login", url.Values{"user": {v.uid}, "password": {v.secret}})
	if err != nil {
		v.Fatal(err)
	}
	_ = res.Body.Close()
	v.secret = ""
	if code, _ := v.ask("GET", "/settings/personal/authtokens", ""); code != 200 {
		v.Fatalf("the session of %s: %d", v.uid, code)
	}
	return v
}

// app makes an app password, and returns its bearer and its number.
func (v *visitor) app() (*visitor, int64) {
	v.Helper()
	code, body := v.ask("POST", "/settings/personal/authtokens", `{"name":"test"}`)
	var m struct {
		Token       string
		DeviceToken struct{ ID int64 }
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil || code != 200 {
		v.Fatalf("app password: %d %s", code, body)
	}
	return v.visitor(v.uid, m.Token), m.DeviceToken.ID
}

func (v *visitor) large() string { return "/remote.php/dav/files/" + v.uid + "/large" }

// begun is a transfer under way.
type begun struct {
	v    *visitor
	body io.ReadCloser // of a download
	up   *io.PipeWriter
	done chan string // what became of an upload
}

// download begins to fetch the large file, and stops reading.
func (v *visitor) download() *begun {
	v.Helper()
	res, err := v.send("GET", v.large(), nil)
	if err != nil {
		v.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, res.Body, 1<<20); err != nil || res.StatusCode != 200 {
		v.Fatalf("download: %d %v", res.StatusCode, err)
	}
	return &begun{v: v, body: res.Body}
}

// upload begins to send a file, and stops.
func (v *visitor) upload() *begun {
	v.Helper()
	read, write := io.Pipe()
	b := &begun{v: v, up: write, done: make(chan string, 1)}
	go func() {
		res, err := v.send("PUT", v.large()+"2", read)
		if err != nil {
			b.done <- "broken"
			return
		}
		_ = res.Body.Close()
		b.done <- strconv.Itoa(res.StatusCode)
	}()
	if _, err := write.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
		v.Fatal(err)
	}
	return b
}

// ended tells how the transfer ended, for the client that goes on now.
func (b *begun) ended() (cut bool) {
	if b.body != nil {
		n, err := io.Copy(io.Discard, b.body)
		_ = b.body.Close()
		return err != nil && n < largeSize-1<<20
	}
	select {
	case how := <-b.done:
		return how == "401" || how == "broken"
	default:
		_ = b.up.Close()
		<-b.done
		return false
	}
}

// For each way to take a credential away, what runs with it ends, even for a client
// that does not read just now, and what runs with others does not. Half of the ways
// are taken in another process. With -v the test tells how soon.
func TestWhatIsRevokedEndsTransfers(t *testing.T) {
	dbtest.EachDSN(t, schemas, func(t *testing.T, dsn string) {
		environ := []string{"ATRIUM_DB=" + dsn, "ATRIUM_DATA=" + t.TempDir(), "ATRIUM_STORAGE_DURABILITY=none", "ATRIUM_LOG_LEVEL=error"}
		c := newConsole(t, environ...)
		r := start(t, environ...)
		defer r.stop()
		command := func(line string) func(*visitor, int64) {
			return func(v *visitor, id int64) {
				c.must(strings.NewReplacer("{uid}", v.uid, "{id}", strconv.FormatInt(id, 10)).Replace(line))
			}
		}
		call := func(method, path, body string) func(*visitor, int64) {
			return func(v *visitor, id int64) {
				if code, text := v.ask(method, strings.ReplaceAll(path, "{id}", strconv.FormatInt(id, 10)), body); code != 200 {
					v.Errorf("%s %s: %d %s", method, path, code, text)
				}
			}
		}
		const tokens = "/settings/personal/authtokens"
		cases := []*ending{
			{name: "disabled", do: command("user:disable {uid}"), app: true, session: true, password: true},
			{name: "deleted", do: command("user:delete {uid}"), app: true, session: true, password: true},
			{name: "revoked by a command", do: command("user:auth-tokens:delete {uid} {id}"), app: true},
			{name: "password changed", do: command("user:resetpassword {uid} --password-from-env"), session: true, password: true},
			{name: "revoked in the page", do: call("DELETE", tokens+"/{id}", ""), app: true},
			{name: "wiped", do: call("POST", tokens+"/wipe/{id}", ""), app: true},
			{name: "narrowed", do: call("PUT", tokens+"/{id}", `{"scope":{"filesystem":false}}`), app: true},
			{name: "other sessions ended", do: call("DELETE", tokens, ""), session: true},
		}
		for i, e := range cases {
			e.begin(r, c, fmt.Sprintf("user%d", i))
		}
		t.Setenv("OC_PASS", "another horse battery")
		running := r.inFlight()
		for _, e := range cases {
			running -= e.ends()
			e.do(e.here, e.id)
		}
		began := time.Now()
		r.until("what is revoked ends", func() bool { return r.inFlight() <= running })
		t.Logf("ended after %v", time.Since(began).Round(time.Millisecond))
		for _, e := range cases {
			for _, x := range []struct {
				what string
				b    *begun
				want bool
			}{{"app password's download", e.byApp, e.app}, {"app password's upload", e.upByApp, e.app}, {"session's download", e.bySession, e.session}, {"password's download", e.byPassword, e.password}} {
				if got := x.b.ended(); got != x.want {
					t.Errorf("%s: the %s was cut: %v", e.name, x.what, got)
				}
			}
		}
	})
}

// ending is a way in which credentials end, and what runs while they do.
type ending struct {
	name                   string
	do                     func(here *visitor, token int64)
	app, session, password bool // whether what runs with it ends

	here                                  *visitor // the session that stays
	id                                    int64
	byApp, upByApp, bySession, byPassword *begun
}

// ends is how many transfers end.
func (e *ending) ends() (n int) {
	for _, ends := range []bool{e.app, e.app, e.session, e.password} { // with an app password run two
		if ends {
			n++
		}
	}
	return n
}

func (e *ending) begin(r *running, c *console, uid string) {
	c.must("user:add " + uid + " --password-from-env")
	person := r.visitor(uid, horse)
	res, err := person.send("PUT", person.large(), io.LimitReader(zeros{}, largeSize))
	if err != nil || res.StatusCode != 201 {
		r.Fatalf("PUT: %v %v", res, err)
	}
	_ = res.Body.Close()
	e.here = r.visitor(uid, horse).login()
	var app *visitor
	app, e.id = e.here.app()
	e.byApp, e.upByApp = app.download(), app.upload()
	e.bySession, e.byPassword = r.visitor(uid, horse).login().download(), person.download()
}
