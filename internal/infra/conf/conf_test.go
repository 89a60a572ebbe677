package conf

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// file writes a configuration and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "atrium.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// problems loads and returns what was wrong, one line each, with the folder
// of the file left out.
func problems(t *testing.T, src Source) []string {
	t.Helper()
	_, err := Load(src)
	if err == nil {
		return nil
	}
	var p Problems
	if !errors.As(err, &p) {
		t.Fatalf("error is %T", err)
	}
	var got []string
	for _, line := range strings.Split(err.Error(), "\n") {
		got = append(got, strings.ReplaceAll(line, filepath.Dir(src.File)+"/", ""))
	}
	return got
}

func TestNothingSetIsAWorkingInstance(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := Load(Source{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), c, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if got, want := c.DSN(), "sqlite:data/atrium.db"; got != want {
		t.Errorf("DSN = %q, want %q", got, want)
	}
	if got, want := c.BaseURL(), "http://localhost:8080"; got != want {
		t.Errorf("BaseURL = %q, want %q", got, want)
	}
	if !c.Durable() {
		t.Error("not durable")
	}
}

func TestFileInTheWorkingFolderIsRead(t *testing.T) {
	t.Chdir(filepath.Dir(file(t, "data = 'here'")))
	if c, err := Load(Source{}); err != nil || c.Data != "here" {
		t.Errorf("data = %q, %v", c.Data, err)
	}
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	path := file(t, `
data = "/file"
url = "https://file.example"
trusted_proxies = ["10.0.0.0/8", "::1"]
[http]
listen = "file:1"
[limits]
xml_bytes = 8192
requests_per_second = 2.5
login_delay = "1s"
[quota]
default = "10 GiB"
`)
	c, err := Load(Source{
		File: path,
		Environ: []string{"ATRIUM_DATA=/env", "ATRIUM_HTTP_LISTEN=env:2", "ATRIUM_URL=", "HOME=/x", "ATRIUM_DB=mysql://u:p@h/d",
			"ATRIUM_TRUSTED_HOSTS=cloud.example, *.cloud.example"},
		Flags: map[string]string{"http.listen": "flag:3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Data, c.URL, c.HTTP.Listen, c.DB.DSN, c.TrustedProxies[1].String(), strings.Join(c.TrustedHosts, "+"), c.Limits.XMLBytes, c.Limits.RequestsPerSecond, c.Limits.LoginDelay, c.Quota.Default}
	want := []any{"/env", "https://file.example", "flag:3", "mysql://u:p@h/d", "::1/128", "cloud.example+*.cloud.example", Size(8192), 2.5, time.Second, Size(10 << 30)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownKeysNameTheNearestAndTheLine(t *testing.T) {
	path := file(t, `# a comment
listen = ":1"
zzzzzzzzzzzz = 1

[htp]
listen = ":1"

[http]
lisen = ":1"
db = { dns = "sqlite:x" }
`)
	want := []string{
		"atrium.toml:2: listen: nobody knows this key; did you mean http.listen?",
		"atrium.toml:3: zzzzzzzzzzzz: nobody knows this key",
		"atrium.toml:5: htp: nobody knows this section; did you mean http?",
		"atrium.toml:9: http.lisen: nobody knows this key; did you mean http.listen?",
		"atrium.toml:10: http.db: nobody knows this section; did you mean db?",
	}
	got := problems(t, Source{File: path})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownVariablesAndFlagsNameTheNearest(t *testing.T) {
	t.Chdir(t.TempDir())
	want := []string{
		"ATRIUM_HTTP_LISTN: nobody knows this variable; did you mean ATRIUM_HTTP_LISTEN?",
		"ATRIUM_URL_FILE: nobody knows this variable; did you mean ATRIUM_DB_FILE?",
		"--htp.listen: nobody knows this flag; did you mean http.listen?",
	}
	got := problems(t, Source{Environ: []string{"ATRIUM_HTTP_LISTN=x", "ATRIUM_URL_FILE=x"}, Flags: map[string]string{"htp.listen": "x"}})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAllProblemsAreToldAtOnceWithTheirPlaces(t *testing.T) {
	path := file(t, `url = "ftp://x"
[log]
format = "xml"
level = 3
[limits]
header_bytes = "lots"
requests_per_second = -1
login_delay = "1h"
[names]
case_clash = ["allow"]
[tls]
cert = "only.pem"
[http]
listen = []
`)
	want := []string{
		`atrium.toml:6: limits.header_bytes: want a size such as 4096, 64 KiB, 1.5 GB or none`,
		`atrium.toml:3: log.format: "xml" is none of text, json`,
		`atrium.toml:4: log.level: "3" is none of debug, info, warn, error`,
		`atrium.toml:7: limits.requests_per_second: -1 is less than 0`,
		`limits.login_delay_max: is less than limits.login_delay`,
		`atrium.toml:14: http.listen: "" is not host:port`,
		`atrium.toml:1: url: "ftp://x" is not http:// or https:// and a host, without a path`,
		`ATRIUM_OTLP_ENDPOINT: otlp.endpoint: "x" is no http:// or https:// address`,
		`ATRIUM_SEARCH_URL: search.url: must be an http:// or https:// address without a name and password, for which there are search.user and search.password`,
		`ATRIUM_SEARCH_INDEX: search.index: "Mine" is no name of an index: small letters, digits, - and _, a letter first`,
		`ATRIUM_DB_DSN: db.dsn: must begin with sqlite:, postgres:// or mysql://`,
		`atrium.toml:12: tls.cert: tls.cert and tls.key go together`,
	}
	got := problems(t, Source{File: path, Environ: []string{"ATRIUM_OTLP_ENDPOINT=x", "ATRIUM_SEARCH_URL=https://u:secret@h", "ATRIUM_SEARCH_INDEX=Mine", "ATRIUM_DB_DSN=oracle://u:secret@h"}})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenFileTellsItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"a = 1\nb = \n":          "atrium.toml:2: ",
		"[http]\n[http]\n":       "atrium.toml",
		"data = 1\ndata = 2\n":   "atrium.toml",
		"data = 2020-01-01":      "atrium.toml:1: data: want a string",
		"http = 3":               "atrium.toml:1: http is a section: write [http]",
		"trusted_proxies = [1]":  "atrium.toml:1: trusted_proxies: want a list of strings",
		"[[http]]\nlisten = 'x'": "atrium.toml:1: http is a section: write [http]",
		"data = {a = 1}":         "atrium.toml:1: data: want a string",
		"http.listen.x = 1":      "atrium.toml:1: http.listen: want a string",
		"data.x = 1":             "atrium.toml:1: data: want a string",
	} {
		got := problems(t, Source{File: file(t, text)})
		if len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%q: %q, want one that begins with %q", text, got, want)
		}
	}
}

func TestMissingFile(t *testing.T) {
	dir := t.TempDir()
	absent := filepath.Join(dir, "absent.toml")
	for _, src := range []Source{{File: absent}, {Environ: []string{"ATRIUM_CONFIG=" + absent}}} {
		if _, err := Load(src); err == nil || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("Load = %v", err)
		}
	}
}

func TestSecretFromAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pw", []byte("p w\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Source{Environ: []string{"ATRIUM_ADMIN_PASSWORD_FILE=pw"}})
	if err != nil || c.Admin.Password != "p w" {
		t.Errorf("password = %q, %v", c.Admin.Password, err)
	}
	want := []string{
		"ATRIUM_DB_FILE: stat absent: no such file or directory",
		"ATRIUM_ADMIN_PASSWORD: is set, and so is ATRIUM_ADMIN_PASSWORD_FILE; keep one",
	}
	got := problems(t, Source{Environ: []string{"ATRIUM_ADMIN_PASSWORD_FILE=pw", "ATRIUM_ADMIN_PASSWORD=x", "ATRIUM_DB_FILE=absent"}})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTLSNeedsAReadablePair(t *testing.T) {
	cert := file(t, "not a certificate")
	for _, x := range []struct {
		tls  TLS
		want string
	}{
		{TLS{Cert: cert, Key: "absent"}, "tls.key: stat absent: no such file or directory"},
		{TLS{Cert: cert, Key: cert}, "tls.cert: tls: failed to find any PEM data in certificate input"},
		{TLS{Domain: "a.example", Cert: cert, Key: cert}, "tls.domain: cannot go with tls.cert and tls.key"},
		{TLS{Domain: "https://a.example"}, `tls.domain: "https://a.example" is no domain name`},
	} {
		c := Default()
		c.TLS = x.tls
		if got := c.Check(); !strings.Contains(got.Error(), x.want) {
			t.Errorf("%+v: %v, want %s", x.tls, got, x.want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for _, x := range []struct {
		set  func(c *Config)
		want string
	}{
		{func(c *Config) { c.URL = "https://x.example/" }, "https://x.example"},
		{func(c *Config) { c.HTTP.Listen = ":80" }, "http://localhost:80"},
		{func(c *Config) { c.HTTP.Listen = "0.0.0.0:80" }, "http://localhost:80"},
		{func(c *Config) { c.HTTP.Listen = "[::1]:80" }, "http://[::1]:80"},
		{func(c *Config) { c.HTTP.Listen, c.TLS.Cert = "h:443", "c" }, "https://h:443"},
		{func(c *Config) { c.TLS.Domain = "d.example" }, "https://d.example"},
	} {
		c := Default()
		x.set(&c)
		if got := c.BaseURL(); got != x.want {
			t.Errorf("BaseURL = %q, want %q", got, x.want)
		}
	}
}

func TestEveryKeyIsDocumentedUniqueAndTakesItsDefault(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		if k.Name == "" || strings.HasSuffix(k.Name, ".") || !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s has no name or no documentation", k.Name)
		}
		for _, name := range append(k.Env, k.Name) {
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		c := Default()
		before := format(reflect.ValueOf(c).FieldByIndex(k.index))
		if err := parse(reflect.ValueOf(&c).Elem().FieldByIndex(k.index), k.Default); err != nil {
			t.Errorf("%s does not take its default %q: %v", k.Name, k.Default, err)
		}
		if got := format(reflect.ValueOf(c).FieldByIndex(k.index)); got != before {
			t.Errorf("%s = %q after setting its default %q", k.Name, got, before)
		}
	}
	for _, name := range []string{"ATRIUM_DATA", "ATRIUM_HTTP_LISTEN", "ATRIUM_DB", "ATRIUM_URL", "ATRIUM_TRUSTED_PROXIES", "ATRIUM_ADMIN_USER",
		"ATRIUM_ADMIN_PASSWORD", "ATRIUM_LOG_FORMAT", "ATRIUM_TLS_DOMAIN", "ATRIUM_TLS_CERT", "ATRIUM_TLS_KEY", "ATRIUM_OTLP_ENDPOINT"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestSecretsAreRedacted(t *testing.T) {
	c := Default()
	c.DB.DSN, c.Admin.Password = "postgres://u:hush@h/d", "hush"
	for _, v := range c.Values() {
		if strings.Contains(v.Text, "hush") {
			t.Errorf("%s shows %q", v.Name, v.Text)
		}
	}
	for name, want := range map[string]string{"db.dsn": "***", "admin.password": "***", "http.listen": "localhost:8080", "quota.default": "none"} {
		if got, ok := c.Get(name); !ok || got != want {
			t.Errorf("Get %s = %q, %v", name, got, ok)
		}
	}
	if _, ok := c.Get("nosuch"); ok {
		t.Error("Get knows nosuch")
	}
}

func TestArguments(t *testing.T) {
	src, rest, err := ParseArgs([]string{"serve", "--http.listen=:1", "--data", "/d", "--config=c.toml", "--output=json", "-v", "--", "--url=x"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"http.listen": ":1", "data": "/d"}, src.Flags); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"serve", "--output=json", "-v", "--", "--url=x"}, rest); diff != "" {
		t.Error(diff)
	}
	if src.File != "c.toml" {
		t.Errorf("File = %q", src.File)
	}
	if _, _, err := ParseArgs([]string{"--data"}); err == nil {
		t.Error("a flag without a value is no error")
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{"0": 0, "4096": 4096, "64 KiB": 64 << 10, "64k": 64000, "1.5 GB": 1500000000, "2GiB": 2 << 30,
		" 7 EiB ": 7 << 60, "none": NoLimit, "9223372036854775807": 1<<63 - 1, "10 B": 10} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "B", "-1", "1 XB", "8 EiB", "1 KiBB", "NaN", "0x10", "1e3", "iB", "1 kk", "99999999999999999999"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", text, got)
		}
	}
	for size, want := range map[Size]string{0: "0", 1000: "1000", 1024: "1 KiB", 10 << 30: "10 GiB", 1536: "1536", NoLimit: "none"} {
		if got := fmt.Sprint(size); got != want {
			t.Errorf("%d is written %q, want %q", int64(size), got, want)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add("data = 'x'\n[http]\nlisten = ':1'\n")
	f.Add("[limits]\nheader_bytes = '1 KiB'\nlogin_delay='1h'\n[quota]\ndefault=3")
	f.Add("trusted_proxies=['10.0.0.0/8','fe80::1%eth0']\na.b.c={d=[1,2]}")
	f.Add("\"\" = 1\n[\"a.b\"]\n'http.listen' = 3")
	f.Fuzz(func(t *testing.T, text string) {
		l := loader{c: Default(), keys: Keys(), from: map[string]string{}}
		l.toml("f", []byte(text))
		l.check()
		for _, p := range l.problems {
			if p.Text == "" || p.Where == "" {
				t.Errorf("%q gives an empty problem %+v", text, p)
			}
		}
	})
}

func FuzzValues(f *testing.F) {
	for _, k := range Keys() {
		f.Add(k.Name, k.Default)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		l := loader{c: Default(), keys: Keys(), from: map[string]string{}}
		k, ok := l.key(name)
		if !ok {
			return
		}
		l.set(k, text, "here")
		if len(l.problems) > 0 {
			return
		}
		once, _ := l.c.Get(name)
		l.set(k, once, "again")
		if twice, _ := l.c.Get(name); len(l.problems) > 0 || twice != once {
			t.Errorf("%s = %q is written %q, which reads as %q, %v", name, text, once, twice, l.problems)
		}
	})
}
