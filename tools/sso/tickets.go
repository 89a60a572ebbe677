package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// ticketsLoginFlow: the desktop client is let in by somebody of a directory, once by the
// password that the directory knows and once by a Kerberos ticket, and syncs.
func (h *house) ticketsLoginFlow() (err error) {
	known, err := services("slapd", "krb5")
	if err != nil {
		return err
	}
	forget, err := h.useDirectory(known["TEST_LDAP"])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forget()) }()
	if err := h.enteredBy("ldap", func(b *browser) error {
		return b.send(b.form("password"), url.Values{"user": {"alice"}, "password": {"pw"}})
	}); err != nil {
		return err
	}
	realm := known["TEST_KRB5"]
	if err := h.shell(h.base, "atrium kerberos:keytab:import "+filepath.Join(filepath.Dir(realm), "HTTP-localhost.keytab")+
		" && atrium kerberos:config --enabled=1 --allow-insecure-http=1"); err != nil {
		return err
	}
	return h.enteredBy("kerberos", func(b *browser) error { return h.showTicket(b, realm) })
}

// enteredBy connects the desktop client by a way in, and has it sync as alice.
func (h *house) enteredBy(name string, enter func(b *browser) error) error {
	b, err := h.browser()
	if err != nil {
		return err
	}
	login, pass, err := h.connect(b, func() error { return enter(b) })
	if err != nil || login != "alice" {
		return fmt.Errorf("by %s as %q: %w", name, login, err)
	}
	return h.sync(name, login, pass)
}

// useDirectory puts alice into a branch of her own of a directory, and has the server use
// it. forget takes both away.
func (h *house) useDirectory(address string) (forget func() error, err error) {
	c, err := ldap.DialURL(address)
	if err != nil {
		return nil, err
	}
	if err := c.Bind("cn=admin,dc=example,dc=org", "secret"); err != nil {
		return nil, err
	}
	branch := "ou=" + rand.Text() + ",dc=example,dc=org"
	alice := ldap.NewAddRequest("uid=alice,"+branch, nil)
	for name, value := range map[string]string{"objectClass": "inetOrgPerson", "cn": "Alice A.", "sn": "A.", "userPassword": "pw"} {
		alice.Attribute(name, []string{value})
	}
	unit := ldap.NewAddRequest(branch, nil)
	unit.Attribute("objectClass", []string{"organizationalUnit"})
	if err := errors.Join(c.Add(unit), c.Add(alice)); err != nil {
		return nil, err
	}
	script := "set -e\nid=$(atrium ldap:create-empty-config -p)\n"
	for _, set := range [][2]string{{"ldapHost", address}, {"ldapBase", branch}, {"ldapAgentName", "cn=reader,dc=example,dc=org"}, {"ldapAgentPassword", "reader"},
		{"ldapUserFilter", "(objectClass=inetOrgPerson)"}, {"ldapExpertUsernameAttr", "uid"}, {"ldapConfigurationActive", "1"}} {
		script += fmt.Sprintf("atrium ldap:set-config $id %s '%s'\n", set[0], set[1])
	}
	forget = func() error {
		return errors.Join(c.Del(ldap.NewDelRequest(alice.DN, nil)), c.Del(ldap.NewDelRequest(branch, nil)), c.Close())
	}
	return forget, h.shell(h.base, script)
}

// showTicket goes through the door of Kerberos with a ticket of alice, as curl shows it.
func (h *house) showTicket(b *browser, realm string) error {
	err := b.press("/apps/kerberos/login")
	for begun := time.Now(); err != nil && time.Since(begun) < patience; time.Sleep(50 * time.Millisecond) { // until the server has seen its settings
		err = errors.Join(b.open(b.at.String()), b.press("/apps/kerberos/login"))
	}
	if err != nil {
		return err
	}
	if b.status != http.StatusUnauthorized {
		return fmt.Errorf("no ticket was asked for: %d at %s", b.status, b)
	}
	run := func(in, name string, args ...string) ([]byte, error) {
		c := exec.CommandContext(h.ctx, name, args...)
		c.Env = append(os.Environ(), "KRB5_CONFIG="+realm, "KRB5CCNAME="+filepath.Join(h.base, "tickets"))
		c.Stdin, c.Stderr = strings.NewReader(in), os.Stderr
		return c.Output()
	}
	if _, err := run("pw\n", "kinit", "alice"); err != nil {
		return err
	}
	out, err := run("", "curl", "--silent", "--show-error", "--include", "--negotiate", "--user", ":", strings.Replace(b.at.String(), "127.0.0.1", "localhost", 1)) // whose key the service has
	if err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(out)), nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	to, err := b.at.Parse(answer.Header.Get("Location"))
	if err != nil {
		return err
	}
	b.http.Jar.SetCookies(b.at, answer.Cookies())
	return b.open(to.String())
}
