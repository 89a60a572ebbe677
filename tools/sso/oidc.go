package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"atrium/tools/drive"
)

// atLogin is a browser at the login page.
func (h *house) atLogin() (*browser, error) {
	b, err := h.browser()
	if err != nil {
		return nil, err
	}
	return b, b.open(h.url() + "/login")
}

// enterByOIDC signs somebody in by the button of the login page.
func (h *house) enterByOIDC(name string) (*browser, error) {
	b, err := h.atLogin()
	if err != nil {
		return nil, err
	}
	if err := b.press("/apps/user_oidc/login/"); err != nil {
		return nil, err
	}
	return b, b.signInAtKeycloak(name)
}

// expect compares somebody with what the provider says of them.
func (h *house) expect(b *browser, want person) error {
	got, err := h.whoAmI(b)
	if err != nil {
		return err
	}
	if got.ID != want.ID || got.Name != want.Name || got.Mail != want.Mail || got.Quota.Quota != want.Quota.Quota || !slices.Equal(got.Groups, want.Groups) {
		return fmt.Errorf("the account is %+v, want %+v", *got, want)
	}
	return nil
}

// unlimited is a quota of none, on the wire.
const unlimited = -3

func someone(id, name string, quota int64, groups ...string) person {
	p := person{ID: id, Name: name, Mail: id + "@example.com", Groups: groups}
	p.Quota.Quota = quota
	return p
}

// oidcSignIn: accounts are made of claims, and the group for it administers.
func (h *house) oidcSignIn() error {
	ada, err := h.enterByOIDC("ada")
	if err != nil {
		return err
	}
	if err := h.expect(ada, someone("ada", "Ada Lovelace", 5<<30, "crew")); err != nil {
		return err
	}
	grace, err := h.enterByOIDC("grace")
	if err != nil {
		return err
	}
	if err := h.expect(grace, someone("grace", "Grace Hopper", unlimited, "admin", "crew")); err != nil {
		return err
	}
	status, body, err := h.ocs(grace.http, "", "/apps/user_oidc/api/v1/provider")
	if err != nil || status != http.StatusOK || strings.Contains(string(body), "the-secret-of-atrium") {
		return fmt.Errorf("an administrator asks for the providers: %d: %w: %s", status, err, body)
	}
	return nil
}

// oidcClaimsChange: what changes at the provider is so here with the next sign-in.
func (h *house) oidcClaimsChange() error {
	if err := errors.Join(
		h.kc.change(h.ctx, "ada", map[string]any{"lastName": "King", "attributes": map[string][]string{"quota": {"1 GB"}}}),
		h.kc.move(h.ctx, http.MethodPut, "ada", "cooks"), h.kc.move(h.ctx, http.MethodDelete, "ada", "crew"),
		h.kc.move(h.ctx, http.MethodDelete, "grace", "cloud-admins")); err != nil {
		return err
	}
	for _, want := range []person{someone("ada", "Ada King", 1<<30, "cooks"), someone("grace", "Grace Hopper", unlimited, "crew")} {
		b, err := h.enterByOIDC(want.ID)
		if err != nil {
			return err
		}
		if err := h.expect(b, want); err != nil {
			return err
		}
	}
	return errors.Join(
		h.kc.change(h.ctx, "ada", map[string]any{"lastName": "Lovelace", "attributes": map[string][]string{"quota": {"5 GB"}}}),
		h.kc.move(h.ctx, http.MethodPut, "ada", "crew"), h.kc.move(h.ctx, http.MethodDelete, "ada", "cooks"),
		h.kc.move(h.ctx, http.MethodPut, "grace", "cloud-admins"))
}

// leave logs out as the page does.
func (h *house) leave(b *browser) error {
	if err := b.open(h.url() + "/csrftoken"); err != nil {
		return err
	}
	var said struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(b.body, &said); err != nil {
		return err
	}
	return b.open(h.url() + "/logout?requesttoken=" + url.QueryEscape(said.Token))
}

// oidcLogoutHere: who logs out here has logged out at the provider, and is back.
func (h *house) oidcLogoutHere() error {
	b, err := h.enterByOIDC("bob")
	if err != nil {
		return err
	}
	if err := h.leave(b); err != nil {
		return err
	}
	if !strings.HasPrefix(b.at.String(), h.s.URL()+"/login") {
		return fmt.Errorf("after the logout: %s", b)
	}
	if _, err := h.whoAmI(b); !errors.Is(err, errNobody) {
		return fmt.Errorf("the session goes on: %w", err)
	}
	if err := b.press("/apps/user_oidc/login/"); err != nil {
		return err
	}
	return b.signInAtKeycloak("bob") // which fails if nobody asks for a password
}

// oidcLogoutThere: a session that ends at the provider ends here. It is the person's
// only one: of several that an administrator ends at once, Keycloak 26.4 was seen to
// tell of one.
func (h *house) oidcLogoutThere() error {
	if err := h.kc.signOut(h.ctx, "bob"); err != nil {
		return err
	}
	b, err := h.enterByOIDC("bob")
	if err != nil {
		return err
	}
	if err := h.kc.signOut(h.ctx, "bob"); err != nil {
		return err
	}
	return h.ended(b)
}

// ended waits until nobody is signed in any more in a browser.
func (h *house) ended(b *browser) error {
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(50 * time.Millisecond) {
		if _, err := h.whoAmI(b); err != nil {
			if errors.Is(err, errNobody) {
				return nil
			}
			return err
		}
	}
	return errors.New("the session goes on")
}

// oidcOnlyWayIn: where there is no other way in, nobody has to press a button.
func (h *house) oidcOnlyWayIn() error {
	alone := "atrium config:app:set user_oidc allow_multiple_user_backends --value=0; atrium config:app:set user_saml type --value="
	beside := "atrium config:app:set user_oidc allow_multiple_user_backends --value=1; atrium config:app:set user_saml type --value=saml"
	if err := h.shell(h.base, alone); err != nil {
		return err
	}
	b, err := h.atLogin()
	if err != nil {
		return err
	}
	if err := b.signInAtKeycloak("ada"); err != nil {
		return err
	}
	if err := h.expect(b, someone("ada", "Ada Lovelace", 5<<30, "crew")); err != nil {
		return err
	}
	other, err := h.browser()
	if err != nil {
		return err
	}
	if err := other.open(h.s.URL() + "/login?direct=1"); err != nil {
		return err
	}
	if other.at.Path != "/login" || other.form("password") == nil {
		return fmt.Errorf("the way past the provider: %s", other)
	}
	return h.shell(h.base, beside)
}

// oidcByKey: Keycloak knows this server by its public keys, which it reads here, also
// when another pair has taken the place of the first.
func (h *house) oidcByKey() error {
	err := h.kc.admin(h.ctx, http.MethodPost, "/company/clients", map[string]any{"clientId": "keyed", "protocol": "openid-connect", "clientAuthenticatorType": "client-jwt",
		"standardFlowEnabled": true, "redirectUris": []string{h.s.URL() + "/apps/user_oidc/code"},
		"attributes": map[string]string{"use.jwks.url": "true", "jwks.url": h.s.URL() + "/apps/user_oidc/jwks", "token.endpoint.auth.signing.alg": ""},
		"protocolMappers": []map[string]any{{"name": "face", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": map[string]string{
			"claim.name": "picture", "claim.value": h.spa.url + "/face.png", "jsonType.label": "String", "id.token.claim": "true"}}}}, nil)
	if err != nil {
		return err
	}
	setUp := "atrium user_oidc:provider keyed --clientid=keyed --auth-method=private_key_jwt --discoveryuri=" + h.kc.at +
		"/realms/company/.well-known/openid-configuration --unique-uid=0 --provider-based-id=1 --mapping-uid=preferred_username; atrium user_oidc:check keyed"
	for _, before := range []string{setUp, "atrium user_oidc:keys --rotate --now --alg=ES256"} {
		if err := h.shell(h.base, before); err != nil {
			return err
		}
		b, err := h.atLogin()
		if err != nil {
			return err
		}
		if err := errors.Join(b.pressLabel("Login with keyed"), b.signInAtKeycloak("bob")); err != nil {
			return err
		}
		if got, err := h.whoAmI(b); err != nil || got.ID != "keyed-bob" {
			return fmt.Errorf("after %q: %+v %w", before, got, err)
		}
	}
	return errors.Join(h.hasFace("keyed-bob"), h.shell(h.base, "atrium user_oidc:provider:delete keyed"))
}

// hasFace waits for the picture of an account, which is fetched after the sign-in.
func (h *house) hasFace(uid string) error {
	b, err := h.enterByOIDC("ada")
	if err != nil {
		return err
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(50 * time.Millisecond) {
		answer, err := b.http.Get(h.s.URL() + "/avatar/" + uid + "/64")
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.Header.Get("X-Nc-Iscustomavatar") == "1" {
			return nil
		}
	}
	return fmt.Errorf("%s has no picture", uid)
}

// connect lets a program in by the login flow, which signs in with enter where the
// browser stands at the login page, and returns its app password.
func (h *house) connect(b *browser, enter func() error) (login, pass string, err error) {
	answer, err := http.Post(h.url()+"/index.php/login/v2", "", nil)
	if err != nil {
		return "", "", err
	}
	var flow struct {
		Login string `json:"login"`
		Poll  struct {
			Token    string `json:"token"`
			Endpoint string `json:"endpoint"`
		} `json:"poll"`
	}
	err = json.NewDecoder(answer.Body).Decode(&flow)
	answer.Body.Close()
	if err != nil {
		return "", "", err
	}
	if err := errors.Join(b.open(flow.Login), b.press("/login/v2/grant")); err != nil {
		return "", "", err
	}
	if err := enter(); err != nil {
		return "", "", err
	}
	f := b.form("stateToken")
	if f == nil || b.form("password") != nil {
		return "", "", fmt.Errorf("this is no page that grants without a password: %s", b)
	}
	if err := b.send(f, nil); err != nil {
		return "", "", err
	}
	if answer, err = http.PostForm(flow.Poll.Endpoint, url.Values{"token": {flow.Poll.Token}}); err != nil {
		return "", "", err
	}
	defer answer.Body.Close()
	var given struct {
		Login string `json:"loginName"`
		Pass  string `json:"appPassword"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&given); err != nil || given.Pass == "" {
		return "", "", fmt.Errorf("the program gets no password, with the browser at %s: %w", b, err)
	}
	return given.Login, given.Pass, nil
}

// oidcLoginFlow: the desktop client is let in by way of the provider, and syncs.
func (h *house) oidcLoginFlow() error {
	b, err := h.browser()
	if err != nil {
		return err
	}
	login, pass, err := h.connect(b, func() error {
		return errors.Join(b.press("/apps/user_oidc/login/"), b.signInAtKeycloak("bob"))
	})
	if err != nil {
		return err
	}
	return h.sync("oidc", login, pass)
}

// sync lets the desktop client's engine bring a file up, and down elsewhere.
func (h *house) sync(name, login, pass string) error {
	up, err := h.folder(name + "-up")
	if err != nil {
		return err
	}
	down, err := h.folder(name + "-down")
	if err != nil {
		return err
	}
	c := drive.NewClient(h.s.URL(), login, pass, 1, time.Minute)
	if a, err := c.Do(h.ctx, "MKCOL", c.File("sync-"+name), nil); err != nil || a.Status != http.StatusCreated {
		return fmt.Errorf("MKCOL: status %d: %w", a.Status, err)
	}
	if err := os.WriteFile(filepath.Join(up, "hello.txt"), []byte("hello from "+name), 0o600); err != nil {
		return err
	}
	for _, folder := range []string{up, down} {
		if _, err := h.s.NextcloudCmd(h.base, login, pass, folder, "/sync-"+name); err != nil {
			return err
		}
	}
	return drive.SameTrees(up, down)
}
