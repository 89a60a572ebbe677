package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// lemonLDAP is a running LemonLDAP::NG, and its folder.
type lemonLDAP struct{ at, dir string }

// setUpLemon follows the guide. The portal reads its configuration when it starts.
func (h *house) setUpLemon() error {
	g, err := h.guide("oidc-lemonldap.md", map[string]string{"secret.txt": "a-secret-that-only-two-know-of-each-other\n"})
	if err != nil {
		return err
	}
	said, err := h.blocks(g, jsons)
	if err != nil {
		return err
	}
	path := filepath.Join(h.lemon.dir, "conf/lmConf-1.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	conf := map[string]any{}
	if err := errors.Join(json.Unmarshal(text, &conf), json.Unmarshal([]byte(said), &conf)); err != nil {
		return err
	}
	if text, err = json.Marshal(conf); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	for _, verb := range []string{"down", "up"} {
		if out, err := exec.Command("scripts/services", verb, "lemonldap").CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	return h.follow(g, "")
}

// lemonDoor is the button of the login page for the portal.
const lemonDoor = "Login with lemon"

// signInAtLemon fills the portal's login form. People of its demonstration have their
// names for passwords.
func (b *browser) signInAtLemon(name string) error {
	f := b.form("password")
	if f == nil || !strings.HasPrefix(b.at.Path, "/oauth2/") {
		return fmt.Errorf("this is no login page of LemonLDAP::NG: %s", b)
	}
	if err := b.send(f, url.Values{"user": {name}, "password": {name}}); err != nil {
		return err
	}
	if b.status >= http.StatusBadRequest || strings.HasPrefix(b.at.Path, "/oauth2/") {
		return fmt.Errorf("%s did not get in: %s", name, b)
	}
	return nil
}

// lemonLDAPSignIn: accounts, groups, quota and administrators from the ID token, and a
// logout that ends the portal's session.
func (h *house) lemonLDAPSignIn() error {
	if err := h.setUpLemon(); err != nil {
		return err
	}
	var b *browser
	for id, want := range map[string]person{"rtyler": someone("rtyler", "Rose Tyler", unlimited, "earthlings", "users"),
		"dwho": someone("dwho", "Doctor Who", 4<<30, "admin", "users")} {
		var err error
		if b, err = h.atLogin(); err != nil {
			return err
		}
		if err := errors.Join(b.pressLabel(lemonDoor), b.signInAtLemon(id)); err != nil {
			return err
		}
		want.Mail = id + "@badwolf.org"
		if err := h.expect(b, want); err != nil {
			return err
		}
	}
	if err := h.leave(b); err != nil {
		return err
	}
	if !strings.HasPrefix(b.at.String(), h.s.URL()+"/login") {
		return fmt.Errorf("after the logout: %s", b)
	}
	if err := errors.Join(b.pressLabel(lemonDoor), b.signInAtLemon("rtyler")); err != nil { // who is asked for the password again
		return err
	}
	return h.shell(h.base, "atrium user_oidc:provider:delete lemon --force")
}
