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

// oidcProvider is a running one of the package oidc-provider, and its folder.
type oidcProvider struct{ at, dir string }

// otherProvider: all of it at a provider of another make.
func (h *house) otherProvider() error {
	if err := h.setUpOP(); err != nil {
		return err
	}
	for _, run := range []func() error{h.opSignIn, h.opLogout, h.opLoginFlow} {
		if err := run(); err != nil {
			return err
		}
	}
	return h.shell(h.base, "atrium user_oidc:provider:delete op --force")
}

// setUpOP follows the guide, whose client the provider reads at each request.
func (h *house) setUpOP() error {
	g, err := h.guide("oidc-provider.md", map[string]string{"secret.txt": "a-secret-that-only-two-know-of-each-other\n"})
	if err != nil {
		return err
	}
	clients, err := h.blocks(g, jsons)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(h.op.dir, "clients.json"), []byte(clients), 0o600); err != nil {
		return err
	}
	return h.follow(g, "")
}

// opDoor is the button of the login page for the provider.
const opDoor = "Login with op"

// signInAtOP fills the provider's login form.
func (b *browser) signInAtOP(name string) error {
	f := b.form("password")
	if f == nil || !strings.HasPrefix(b.at.Path, "/interaction/") {
		return fmt.Errorf("this is no login page of oidc-provider: %s", b)
	}
	if err := b.send(f, url.Values{"login": {name}, "password": {passwordOf(name)}}); err != nil {
		return err
	}
	if b.status >= http.StatusBadRequest || strings.HasPrefix(b.at.Path, "/interaction/") {
		return fmt.Errorf("%s did not get in: %s", name, b)
	}
	return nil
}

// leaveOP answers the provider's question whether to log out.
func (b *browser) leaveOP() error {
	f := b.form("xsrf")
	if f == nil || !strings.HasPrefix(b.at.Path, "/session/end") {
		return fmt.Errorf("oidc-provider does not ask whether to log out: %s", b)
	}
	return b.send(f, url.Values{"logout": {"yes"}})
}

// enterByOP signs somebody in by the button of the login page.
func (h *house) enterByOP(name string) (*browser, error) {
	b, err := h.atLogin()
	if err != nil {
		return nil, err
	}
	if err := b.pressLabel(opDoor); err != nil {
		return nil, err
	}
	return b, b.signInAtOP(name)
}

// opSignIn: accounts are made of what the userinfo endpoint says.
func (h *house) opSignIn() error {
	for _, want := range []person{someone("frank", "Frank Fern", 3<<30, "crew"), someone("gina", "Gina Gold", unlimited, "cooks", "crew"),
		someone("hugo", "Hugo Hare", 1<<30, "admin", "crew")} {
		b, err := h.enterByOP(want.ID)
		if err != nil {
			return err
		}
		if err := h.expect(b, want); err != nil {
			return err
		}
	}
	return nil
}

// opLogout: who logs out on either side has logged out on the other.
func (h *house) opLogout() error {
	b, err := h.enterByOP("frank")
	if err != nil {
		return err
	}
	if err := errors.Join(h.leave(b), b.leaveOP()); err != nil {
		return err
	}
	if !strings.HasPrefix(b.at.String(), h.s.URL()+"/login") {
		return fmt.Errorf("after the logout: %s", b)
	}
	if err := errors.Join(b.pressLabel(opDoor), b.signInAtOP("frank")); err != nil { // who is asked for the password again
		return err
	}
	other, err := h.enterByOP("frank")
	if err != nil {
		return err
	}
	if err := errors.Join(b.open(h.op.at+"/session/end"), b.leaveOP(), h.ended(b)); err != nil {
		return err
	}
	_, err = h.whoAmI(other) // which is another session there, and goes on
	return err
}

// opLoginFlow: the desktop client is let in by way of the provider, and syncs.
func (h *house) opLoginFlow() error {
	b, err := h.browser()
	if err != nil {
		return err
	}
	login, pass, err := h.connect(b, func() error { return errors.Join(b.pressLabel(opDoor), b.signInAtOP("gina")) })
	if err != nil {
		return err
	}
	return h.sync("op", login, pass)
}
