package app

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/cli"
)

// diagnosis is what doctor says of one thing.
type diagnosis struct{ Check, Result, Detail, Fix string }

// doctor runs it and returns its findings by check, and its exit code.
func (c *console) doctor() (map[string]diagnosis, int) {
	c.Helper()
	out, errOut, code := c.run("doctor --output=json")
	var list []diagnosis
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		c.Fatalf("%v\n%s%s", err, out, errOut)
	}
	found := map[string]diagnosis{}
	for _, d := range list {
		found[d.Check] = d
	}
	return found, code
}

// wants says how a check must end and which words must be in it.
func (c *console) wants(found map[string]diagnosis, check, result string, words ...string) {
	c.Helper()
	d := found[check]
	if d.Result != result {
		c.Errorf("%s: got %+v, want %s", check, d, result)
	}
	for _, w := range words {
		if !strings.Contains(d.Detail+"|"+d.Fix, w) {
			c.Errorf("%s: got %+v, want %q in it", check, d, w)
		}
	}
	if d.Result != "ok" && d.Fix == "" {
		c.Errorf("%s: %+v names no way out", check, d)
	}
}

// alive is a server as far as doctor asks it.
func alive(t *testing.T, answer string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestDoctorFindsAHealthyServer(t *testing.T) {
	dbtest.EachDSN(t, schemas, func(t *testing.T, dsn string) {
		s := alive(t, "ok\n")
		c := newConsole(t, "ATRIUM_DB="+dsn, "ATRIUM_URL="+s.URL, "ATRIUM_HTTP_LISTEN="+s.Listener.Addr().String())
		c.begin()
		found, code := c.doctor()
		for _, check := range []string{"configuration", "database", "administrators", "store", "data folder", "address", "server", "trusted proxies", "clock"} {
			c.wants(found, check, "ok")
		}
		if code != cli.OK {
			t.Errorf("code %d: %+v", code, found)
		}
		if left, err := filepath.Glob("data/blobs/?/?/*"); err != nil || len(left) != 0 {
			t.Errorf("probes are left: %v, %v", left, err)
		}
		out, _, _ := c.run("doctor")
		if !strings.Contains(out, "\nok    store            A small file is written, safe and read back in ") {
			t.Error(out)
		}
	})
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	nobody := gone.Addr().String()
	other := alive(t, "It works!")
	for name, ill := range map[string]struct {
		environ []string
		harm    func(t *testing.T)
		check   string
		result  string
		words   []string
	}{
		"no store":    {nil, func(t *testing.T) { remove(t, "data/blobs/.atrium-store") }, "store", "fail", []string{"mounted", "data/blobs"}},
		"not durable": {[]string{"ATRIUM_STORAGE_DURABILITY=none"}, nil, "store", "warn", []string{"fsync", "ATRIUM_STORAGE_DURABILITY"}},
		"open folder": {nil, func(t *testing.T) { mode(t, "data", 0o755) }, "data folder", "warn", []string{"chmod 700 "}},
		"secret in an open file": {nil, func(t *testing.T) {
			write(t, "atrium.toml", "[admin]\npassword = \"first one\"\n")
			mode(t, "atrium.toml", 0o644)
		}, "secrets", "fail", []string{"admin.password", "chmod 600 atrium.toml"}},
		"no database server":    {[]string{"ATRIUM_DB=postgres://x@" + nobody + "/x"}, nil, "instance", "fail", []string{"ATRIUM_DB"}},
		"no database":           {[]string{"ATRIUM_DB=sqlite:junk.db"}, func(t *testing.T) { write(t, "junk.db", strings.Repeat("this is no database ", 1000)) }, "instance", "fail", nil},
		"database gone":         {nil, func(t *testing.T) { remove(t, "data/atrium.db") }, "instance", "warn", []string{"atrium serve"}},
		"nonsense":              {[]string{"ATRIUM_LOG_LEVEL=loud"}, nil, "configuration", "fail", []string{"ATRIUM_LOG_LEVEL"}},
		"no address":            {nil, nil, "address", "warn", []string{"localhost:8080", "ATRIUM_URL"}},
		"in the clear":          {[]string{"ATRIUM_URL=http://cloud.example.com"}, nil, "address", "warn", []string{"https"}},
		"distrusted proxy":      {[]string{"ATRIUM_URL=https://cloud.example.com"}, nil, "address", "warn", []string{"ATRIUM_TRUSTED_PROXIES"}},
		"another's certificate": {[]string{"ATRIUM_URL=https://cloud.example.com", "ATRIUM_TLS_DOMAIN=cloud.example.org"}, nil, "address", "fail", []string{"cloud.example.org"}},
		"everybody is trusted":  {[]string{"ATRIUM_TRUSTED_PROXIES=10.0.0.1,0.0.0.0/0"}, nil, "trusted proxies", "fail", []string{"0.0.0.0/0"}},
		"many are trusted":      {[]string{"ATRIUM_TRUSTED_PROXIES=64.0.0.0/2"}, nil, "trusted proxies", "warn", []string{"64.0.0.0/2"}},
		"not running":           {[]string{"ATRIUM_HTTP_LISTEN=" + nobody}, nil, "server", "warn", []string{nobody, "atrium serve"}},
		"somebody else answers": {[]string{"ATRIUM_HTTP_LISTEN=" + other.Listener.Addr().String(), "ATRIUM_URL=" + other.URL}, nil, "server", "fail", []string{"Something else answers"}},
		"not reached":           {[]string{"ATRIUM_HTTP_LISTEN=" + other.Listener.Addr().String(), "ATRIUM_URL=http://" + nobody}, nil, "server", "fail", []string{"firewall"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newConsole(t)
			h := c.begin()
			if err := h.db.Ping(context.Background()); err != nil {
				t.Fatal(err)
			}
			c.environ = ill.environ
			if ill.harm != nil {
				ill.harm(t)
			}
			found, code := c.doctor()
			c.wants(found, ill.check, ill.result, ill.words...)
			if ill.result == "fail" && code != cli.Failed {
				t.Errorf("code %d", code)
			}
		})
	}
}

func TestDoctorMissesAnAdministrator(t *testing.T) {
	c := newConsole(t)
	c.begin()
	c.must("user:disable admin")
	found, _ := c.doctor()
	c.wants(found, "administrators", "warn", "atrium group:adduser admin UID")
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, path string, m os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, m); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
