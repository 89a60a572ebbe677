package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// simpleSAMLphp is a running one, and the folder with its configuration.
type simpleSAMLphp struct{ at, dir string }

// setUpSAML follows the guides of both providers.
func (h *house) setUpSAML() error {
	cert, err := h.kc.certificate(h.ctx)
	if err != nil {
		return err
	}
	g, err := h.guide("saml-keycloak.md", map[string]string{"idp.pem": cert})
	if err != nil {
		return err
	}
	if err := h.follow(g, "atrium config:app:set user_saml allow_insecure_http --value=1"); err != nil {
		return err
	}
	metadata, err := g.file("atrium.xml")
	if err != nil {
		return err
	}
	mappers, err := os.ReadFile("tools/sso/testdata/mappers.json")
	if err != nil {
		return err
	}
	if err := h.kc.importClient(h.ctx, metadata, mappers, nil); err != nil {
		return err
	}
	return h.setUpSimple()
}

func (h *house) setUpSimple() error {
	cert, err := os.ReadFile(filepath.Join(h.ssp.dir, "cert/idp.pem"))
	if err != nil {
		return err
	}
	g, err := h.guide("saml-simplesamlphp.md", map[string]string{"idp.pem": string(cert)})
	if err != nil {
		return err
	}
	if err := h.follow(g, ""); err != nil {
		return err
	}
	own, err := g.file("sp.pem")
	if err != nil {
		return err
	}
	said, err := h.blocks(g, php)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(h.ssp.dir, "cert/atrium.pem"), []byte(own), 0o600),
		os.WriteFile(filepath.Join(h.ssp.dir, "metadata/saml20-sp-remote.php"), []byte("<?php\n"+said), 0o600))
}

// The buttons of the login page for the providers, in the order they were set up.
const (
	keycloakDoor = "/apps/user_saml/saml/login?idp=1"
	simpleDoor   = "/apps/user_saml/saml/login?idp=2"
)

// signInAtSimple fills SimpleSAMLphp's login form.
func (b *browser) signInAtSimple(name string) error {
	f := b.form("password")
	if f == nil || !strings.Contains(b.at.Path, "/module.php/") {
		return fmt.Errorf("this is no login page of SimpleSAMLphp: %s", b)
	}
	if err := b.send(f, url.Values{"username": {name}, "password": {passwordOf(name)}}); err != nil {
		return err
	}
	if b.status >= http.StatusBadRequest || strings.Contains(b.at.Path, "/module.php/") {
		return fmt.Errorf("%s did not get in: %s", name, b)
	}
	return nil
}

// enterBySAML signs somebody in at Keycloak.
func (h *house) enterBySAML(name string) (*browser, error) {
	b, err := h.atLogin()
	if err != nil {
		return nil, err
	}
	if err := b.press(keycloakDoor); err != nil {
		return nil, err
	}
	return b, b.signInAtKeycloak(name)
}

// enterBySimple signs somebody in at SimpleSAMLphp.
func (h *house) enterBySimple(name string) (*browser, error) {
	b, err := h.atLogin()
	if err != nil {
		return nil, err
	}
	if err := b.press(simpleDoor); err != nil {
		return nil, err
	}
	return b, b.signInAtSimple(name)
}

// samlKeycloak: an account of attributes, in an answer that is signed and encrypted.
func (h *house) samlKeycloak() error {
	b, err := h.enterBySAML("carol")
	if err != nil {
		return err
	}
	if err := h.expect(b, someone("carol", "Carol Shaw", 2<<30, "SAML_cooks", "SAML_crew")); err != nil {
		return err
	}
	if err := errors.Join(h.kc.move(h.ctx, http.MethodDelete, "carol", "cooks"),
		h.kc.change(h.ctx, "carol", map[string]any{"lastName": "Show", "attributes": map[string][]string{"quota": {"none"}}})); err != nil {
		return err
	}
	if b, err = h.enterBySAML("carol"); err != nil {
		return err
	}
	return h.expect(b, someone("carol", "Carol Show", unlimited, "SAML_crew"))
}

// samlKeycloakLogout: who logs out on either side has logged out on the other.
func (h *house) samlKeycloakLogout() error {
	b, err := h.enterBySAML("carol")
	if err != nil {
		return err
	}
	if err := h.leave(b); err != nil {
		return err
	}
	if !strings.HasPrefix(b.at.String(), h.s.URL()+"/login") {
		return fmt.Errorf("after the logout: %s", b)
	}
	if err := errors.Join(b.press(keycloakDoor), b.signInAtKeycloak("carol")); err != nil { // who is asked for the password again
		return err
	}
	if err := b.open(h.kc.at + "/realms/company/protocol/openid-connect/logout"); err != nil {
		return err
	}
	f := b.form("session_code")
	if f == nil {
		return fmt.Errorf("keycloak does not ask whether to log out: %s", b)
	}
	if err := b.send(f, url.Values{"confirmLogout": {"Logout"}}); err != nil {
		return err
	}
	return h.ended(b)
}

func (h *house) samlSimple() error {
	b, err := h.enterBySimple("dave")
	if err != nil {
		return err
	}
	if err := h.expect(b, someone("dave", "Dave Duck", 5<<30, "SAML_crew")); err != nil {
		return err
	}
	if b, err = h.enterBySimple("erin"); err != nil {
		return err
	}
	return h.expect(b, someone("erin", "Erin Egg", unlimited, "SAML_cooks", "SAML_crew"))
}

func (h *house) samlSimpleLogout() error {
	b, err := h.enterBySimple("dave")
	if err != nil {
		return err
	}
	if err := h.leave(b); err != nil {
		return err
	}
	if !strings.HasPrefix(b.at.String(), h.s.URL()+"/login") {
		return fmt.Errorf("after the logout: %s", b)
	}
	if err := errors.Join(b.press(simpleDoor), b.signInAtSimple("dave")); err != nil { // who is asked for the password again
		return err
	}
	if err := b.open(h.ssp.at + "/saml2/idp/SingleLogoutService.php?ReturnTo=" + url.QueryEscape(h.ssp.at+"/logout.php")); err != nil {
		return err
	}
	return h.ended(b)
}

// samlLoginFlow: the desktop client is let in by way of both, and syncs.
func (h *house) samlLoginFlow() error {
	for name, enter := range map[string]func(b *browser) error{
		"carol": func(b *browser) error { return errors.Join(b.press(keycloakDoor), b.signInAtKeycloak("carol")) },
		"dave":  func(b *browser) error { return errors.Join(b.press(simpleDoor), b.signInAtSimple("dave")) },
	} {
		b, err := h.browser()
		if err != nil {
			return err
		}
		login, pass, err := h.connect(b, func() error { return enter(b) })
		if err != nil {
			return err
		}
		if err := h.sync("saml-"+name, login, pass); err != nil {
			return err
		}
	}
	return nil
}

// sameAccount: somebody whose way in changes keeps the account and all that is in it:
// from OpenID Connect to SAML at one provider and at another, and to a password.
func (h *house) sameAccount() error {
	b, err := h.atLogin()
	if err != nil {
		return err
	}
	if err := errors.Join(b.press(keycloakDoor), b.signInAtKeycloak("ada")); err == nil {
		return fmt.Errorf("an account that came from elsewhere was entered by its name: %s", b)
	}
	if err := h.shell(h.base, "atrium config:app:set user_saml general-adopt_accounts --value=1"); err != nil {
		return err
	}
	for name, enter := range map[string]func(string) (*browser, error){"Keycloak": h.enterBySAML, "SimpleSAMLphp": h.enterBySimple} {
		if b, err = enter("ada"); err != nil {
			return err
		}
		if err := h.hasPhotos(b); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := h.enterByOIDC("grace"); err != nil {
		return err
	}
	if _, err := h.enterBySAML("grace"); err == nil {
		return errors.New("an administrator was entered by her name")
	}
	if err := h.shell(h.base, "atrium saml:link 1 grace grace"); err != nil {
		return err
	}
	if b, err = h.enterBySAML("grace"); err != nil {
		return err
	}
	p, err := h.whoAmI(b)
	if err != nil || p.ID != "grace" {
		return fmt.Errorf("grace comes in as %+v: %w", p, err)
	}
	return h.toPassword()
}

// toPassword: who no longer signs in elsewhere keeps the account too.
func (h *house) toPassword() error {
	const password = "nobody-Guesses-5-words"
	if err := h.shell(h.base, "atrium user:release ada; OC_PASS="+password+" atrium user:resetpassword --password-from-env ada"); err != nil {
		return err
	}
	b, err := h.atLogin()
	if err != nil {
		return err
	}
	f := b.form("password")
	if f == nil {
		return fmt.Errorf("no form for a password: %s", b)
	}
	if err := b.send(f, url.Values{"user": {"ada"}, "password": {password}}); err != nil {
		return err
	}
	return h.hasPhotos(b)
}

// hasPhotos tells whether the account in a browser is ada's with her files.
func (h *house) hasPhotos(b *browser) error {
	p, err := h.whoAmI(b)
	if err != nil || p.ID != "ada" {
		return fmt.Errorf("ada comes in as %+v: %w", p, err)
	}
	if err := b.open(h.s.URL() + files + "/Photos/one.txt"); err != nil {
		return err
	}
	if string(b.body) != "one" {
		return fmt.Errorf("ada's file: %s", b)
	}
	return nil
}
