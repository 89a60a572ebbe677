package app

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// service is what a variable of scripts/services env names. The build machine must have
// it.
func service(t *testing.T, name string) string {
	t.Helper()
	at := os.Getenv(name)
	if at == "" && os.Getenv("CI") != "" {
		t.Fatalf("%s is not set: scripts/services up, and what scripts/services env prints", name)
	}
	return at
}

// inDirectory makes alice in a branch of her own of the directory, and has the server
// use it.
func inDirectory(s *secured, address string) {
	s.Helper()
	c, err := ldap.DialURL(address)
	if err != nil {
		s.Fatal(err)
	}
	branch := "ou=" + rand.Text() + ",dc=example,dc=org"
	entries := []*ldap.AddRequest{
		{DN: branch, Attributes: []ldap.Attribute{{Type: "objectClass", Vals: []string{"organizationalUnit"}}}},
		{DN: "uid=alice," + branch, Attributes: []ldap.Attribute{{Type: "objectClass", Vals: []string{"inetOrgPerson"}}, {Type: "cn", Vals: []string{"Alice A."}},
			{Type: "sn", Vals: []string{"A."}}}},
	}
	if err := c.Bind("cn=admin,dc=example,dc=org", "secret"); err != nil {
		s.Fatal(err)
	}
	for _, e := range entries {
		if err := c.Add(e); err != nil {
			s.Fatal(err)
		}
	}
	s.Cleanup(func() {
		for _, dn := range []string{entries[1].DN, branch} {
			if err := c.Del(ldap.NewDelRequest(dn, nil)); err != nil {
				s.Error(err)
			}
		}
		if err := c.Close(); err != nil {
			s.Error(err)
		}
	})
	id := strings.TrimSpace(s.command("ldap:create-empty-config", "-p"))
	for _, set := range [][2]string{{"ldapHost", address}, {"ldapBase", branch}, {"ldapAgentName", "cn=reader,dc=example,dc=org"}, {"ldapAgentPassword", "reader"},
		{"ldapUserFilter", "(objectClass=inetOrgPerson)"}, {"ldapConfigurationActive", "1"}} {
		s.command("ldap:set-config", id, set[0], set[1])
	}
}

// A client that logs in through the browser of somebody in the domain gets its app
// password by their ticket: nobody types anything. The account is that of the directory.
func TestKerberosInALoginFlow(t *testing.T) {
	realm, directory := service(t, "TEST_KRB5"), service(t, "TEST_LDAP")
	if realm == "" || directory == "" {
		return
	}
	s := secure(t)
	inDirectory(s, directory)
	if got := s.command("kerberos:config"); !strings.Contains(got, "allow-multiple-user-backends: 1") {
		t.Errorf("%s", got)
	}
	s.command("kerberos:keytab:import", filepath.Join(filepath.Dir(realm), "HTTP-localhost.keytab"))
	s.command("kerberos:config", "--enabled=1", "--allow-insecure-http=1", "--allow-multiple-user-backends=0")
	if got := s.command("kerberos:test", "alice@ATRIUM.TEST"); !strings.Contains(got, "HTTP/localhost@ATRIUM.TEST, aes256-cts-hmac-sha1-96, version 2") || !strings.Contains(got, `"Alice A."`) {
		t.Errorf("%s", got)
	}
	environ := append(os.Environ(), "KRB5_CONFIG="+realm, "KRB5CCNAME="+filepath.Join(t.TempDir(), "tickets"))
	run := func(in, name string, args ...string) []byte {
		t.Helper()
		c := exec.CommandContext(t.Context(), name, args...)
		c.Env, c.Stdin, c.Stderr = environ, strings.NewReader(in), os.Stderr
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s %v: %v", name, args, err)
		}
		return out
	}
	run("pw\n", "kinit", "alice")
	login, password := s.flow(func(begin string) answer {
		if !strings.HasPrefix(begin, "/apps/kerberos/login?redirectUrl=") {
			t.Fatalf("led to %q", begin)
		}
		at := strings.Replace(s.url, "127.0.0.1", "localhost", 1)
		out := run("", "curl", "--silent", "--show-error", "--include", "--negotiate", "--user", ":", at+begin)
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(out)), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		home, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		s.jar.SetCookies(home, res.Cookies())
		return answer{res.StatusCode, res.Header.Get("Location"), string(out)}
	})
	req, err := http.NewRequestWithContext(t.Context(), "PROPFIND", s.url+"/remote.php/dav/files/"+login+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(login, password)
	if got := s.send(&http.Client{}, req); got.status != http.StatusMultiStatus {
		t.Errorf("with the app password: %d %s", got.status, got.body)
	}
	if u, err := s.h.people.User(t.Context(), login); err != nil || u.Display != "Alice A." || u.Source != "user_ldap" {
		t.Errorf("%+v %v", u, err)
	}
}
