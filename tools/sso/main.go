// Command sso signs people in at real identity providers, and lets a built server
// meet what they say: by OpenID Connect and SAML, by an Apache before it, in a browser,
// for programs that use the login flow, and for pages of others that bring tokens. The
// server is set up by the commands of the guides in docs/admin, as they stand there.
// scripts/services runs the providers; Keycloak's realm "company" is made anew by each run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"atrium/tools/drive"
)

// house is the server under test, the providers, and the scratch folder of a run.
type house struct {
	ctx    context.Context
	base   string // scratch folder
	s      *drive.Server
	front  string // address of a proxy before the server, "" for none
	kc     *keycloak
	ssp    simpleSAMLphp
	op     oidcProvider
	lemon  lemonLDAP
	apache apache
	krb5   string // configuration of the realm
	spa    *site
}

// scenario is one story.
type scenario struct {
	name string
	run  func(*house) error
}

func scenarios() []scenario {
	return []scenario{
		{"oidc-sign-in", (*house).oidcSignIn},
		{"oidc-claims-change", (*house).oidcClaimsChange},
		{"oidc-logout-here", (*house).oidcLogoutHere},
		{"oidc-logout-there", (*house).oidcLogoutThere},
		{"oidc-only-way-in", (*house).oidcOnlyWayIn},
		{"oidc-login-flow", (*house).oidcLoginFlow},
		{"oidc-by-key", (*house).oidcByKey},
		{"oidc-provider", (*house).otherProvider},
		{"oidc-lemonldap", (*house).lemonLDAPSignIn},
		{"shared-provider", (*house).sharedProvider},
		{"shared-provider-refused", (*house).sharedProviderRefused},
		{"sample-page", (*house).samplePage},
		{"saml-keycloak", (*house).samlKeycloak},
		{"saml-keycloak-logout", (*house).samlKeycloakLogout},
		{"saml-simplesamlphp", (*house).samlSimple},
		{"saml-simplesamlphp-logout", (*house).samlSimpleLogout},
		{"proxy-mellon", (*house).proxyMellon},
		{"proxy-kerberos", (*house).proxyKerberos},
		{"in-chromium", (*house).inChromium},
		{"saml-login-flow", (*house).samlLoginFlow},
		{"same-account", (*house).sameAccount},
		{"tickets-login-flow", (*house).ticketsLoginFlow},
	}
}

func main() {
	bin := flag.String("bin", "bin/atrium", "the server's binary")
	only := flag.String("only", "", "run scenarios whose name matches this regular expression")
	keep := flag.Bool("keep", false, "keep the scratch folder")
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	exitOn(err)
	base, err := os.MkdirTemp("", "atrium-sso-")
	exitOn(err)
	begun := time.Now()
	h, err := open(*bin, base)
	exitOn(err)
	fmt.Printf("ok    %-26s %s\n", "set-up", time.Since(begun).Round(time.Millisecond))
	passed, failed := 0, 0
	for _, sc := range scenarios() {
		if !wanted.MatchString(sc.name) {
			continue
		}
		begun := time.Now()
		err := sc.run(h)
		took := time.Since(begun).Round(time.Millisecond)
		if err != nil {
			failed++
			fmt.Printf("FAIL  %-26s %s: %v\n", sc.name, took, err)
			continue
		}
		passed++
		fmt.Printf("ok    %-26s %s\n", sc.name, took)
	}
	if err := h.s.Stop(time.Minute); err != nil {
		failed++
		fmt.Println("FAIL  SIGTERM:", err)
	}
	if failed > 0 || *keep {
		fmt.Printf("sso: kept %s\n", base)
	} else {
		exitOn(os.RemoveAll(base))
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sso:", err)
		os.Exit(2)
	}
}

// open starts the server and makes the realm that knows its address.
func open(bin, base string) (*house, error) {
	services, err := services("keycloak", "simplesamlphp", "oidc-provider", "lemonldap", "apache", "krb5")
	if err != nil {
		return nil, err
	}
	h := &house{ctx: context.Background(), base: base, s: &drive.Server{Bin: bin, Data: filepath.Join(base, "data")}, kc: newKeycloak(services["TEST_KEYCLOAK"]),
		ssp:    simpleSAMLphp{at: services["TEST_SIMPLESAMLPHP"], dir: services["TEST_SIMPLESAMLPHP_DIR"]},
		op:     oidcProvider{at: services["TEST_OIDC_PROVIDER"], dir: services["TEST_OIDC_PROVIDER_DIR"]},
		lemon:  lemonLDAP{at: services["TEST_LEMONLDAP"], dir: services["TEST_LEMONLDAP_DIR"]},
		apache: apache{at: services["TEST_APACHE"], dir: services["TEST_APACHE_DIR"]}, krb5: services["TEST_KRB5"]}
	if err := h.s.Start(); err != nil {
		return nil, err
	}
	if err := h.s.Ready(h.ctx, time.Minute); err != nil {
		return nil, err
	}
	if err := h.openSite(); err != nil {
		return nil, err
	}
	realm, err := os.ReadFile("tools/sso/testdata/realm.json")
	if err != nil {
		return nil, err
	}
	if err := h.kc.makeRealm(h.ctx, h.real(string(realm))); err != nil {
		return nil, err
	}
	g, err := h.guide("oidc-keycloak.md", map[string]string{"secret.txt": "the-secret-of-atrium\n"})
	if err != nil {
		return nil, err
	}
	// The addresses of a run have no TLS.
	if err := h.follow(g, "atrium config:app:set user_oidc allow_insecure_http --value=1"); err != nil {
		return nil, err
	}
	return h, errors.Join(h.setUpSAML(), h.makeFolders())
}

// url is the base of the addresses that people use.
func (h *house) url() string {
	if h.front != "" {
		return h.front
	}
	return h.s.URL()
}

// export is a line that scripts/services prints.
var export = regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`)

// services starts what is named, and tells what scripts/services says of it.
func services(names ...string) (map[string]string, error) {
	up := exec.Command("scripts/services", append([]string{"up"}, names...)...)
	up.Stderr = os.Stderr
	if err := up.Run(); err != nil {
		return nil, err
	}
	out, err := exec.Command("scripts/services", append([]string{"env"}, names...)...).Output()
	said := map[string]string{}
	for _, m := range export.FindAllStringSubmatch(string(out), -1) {
		said[m[1]] = m[2]
	}
	return said, err
}

// folder makes a local scratch folder.
func (h *house) folder(name string) (string, error) {
	p := filepath.Join(h.base, name)
	return p, os.MkdirAll(p, 0o755)
}
