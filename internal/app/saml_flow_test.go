package app

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"html"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

// provider is a SAML identity provider in this process, of another make than our
// service provider: crewjam's, which stands for a Keycloak.
type provider struct {
	*httptest.Server
	saml.IdentityProvider
	sp *saml.EntityDescriptor
}

// GetServiceProvider implements saml.ServiceProviderProvider.
func (p *provider) GetServiceProvider(_ *http.Request, id string) (*saml.EntityDescriptor, error) {
	if p.sp.EntityID != id {
		return nil, os.ErrNotExist
	}
	return p.sp, nil
}

// GetSession implements saml.SessionProvider: everybody is zoe.
func (*provider) GetSession(http.ResponseWriter, *http.Request, *saml.IdpAuthnRequest) *saml.Session {
	return &saml.Session{ID: "s", CreateTime: time.Now(), ExpireTime: time.Now().Add(time.Hour), Index: "index", NameID: "zoe", UserName: "zoe", UserCommonName: "Zoe", Groups: []string{"crew"}}
}

func newKey(t *testing.T) (*rsa.PrivateKey, *x509.Certificate, string, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(4e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file := func(kind string, der []byte) string {
		name := filepath.Join(t.TempDir(), "pem")
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return key, cert, file("CERTIFICATE", der), file("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
}

// newProvider sets up a provider on both sides, by commands and by metadata.
func newProvider(s *secured) *provider {
	s.Helper()
	key, cert, certFile, _ := newKey(s.T)
	_, _, ownCert, ownKey := newKey(s.T)
	p := &provider{sp: &saml.EntityDescriptor{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.Handler().ServeHTTP(w, r) }))
	s.Cleanup(p.Server.Close)
	at := func(path string) url.URL { u, _ := url.Parse(p.URL + path); return *u }
	p.IdentityProvider = saml.IdentityProvider{Key: key, Certificate: cert, Logger: log.Default(), MetadataURL: at("/metadata"), SSOURL: at("/sso"), LogoutURL: at("/slo"),
		ServiceProviderProvider: p, SessionProvider: p, SignatureMethod: dsig.RSASHA256SignatureMethod}
	s.command("saml:config:create")
	s.command("saml:config:set", "1", "--general-uid_mapping=uid", "--idp-entityId="+p.URL+"/metadata", "--idp-singleSignOnService.url="+p.URL+"/sso",
		"--idp-singleLogoutService.url="+p.URL+"/slo", "--idp-x509cert=@"+certFile, "--sp-x509cert=@"+ownCert, "--sp-privateKey=@"+ownKey, "--security-authnRequestsSigned=1",
		"--general-is_saml_request_using_post=1", "--security-wantAssertionsEncrypted=1", "--saml-attribute-mapping-group_mapping=eduPersonAffiliation",
		"--saml-attribute-mapping-displayName_mapping=cn")
	for name, value := range map[string]string{"type": "saml", "allow_insecure_http": "1"} {
		if err := s.h.settings.Set(s.Context(), "user_saml", name, value); err != nil {
			s.Fatal(err)
		}
	}
	if err := xml.Unmarshal([]byte(s.ask("GET", "/index.php/apps/user_saml/saml/metadata", nil).body), p.sp); err != nil {
		s.Fatal(err)
	}
	return p
}

var field = regexp.MustCompile(`name="(SAMLRequest|SAMLResponse)" value="([^"]*)"`)

// vouch carries our request to the provider and its answer back, as a browser does.
func (p *provider) vouch(s *secured, begin string) answer {
	s.Helper()
	page := s.ask("GET", begin, nil)
	sent := field.FindStringSubmatch(page.body)
	if sent == nil {
		s.Fatalf("no request: %d %s %s", page.status, page.to, page.body)
	}
	res, err := http.PostForm(p.URL+"/sso", url.Values{"SAMLRequest": {html.UnescapeString(sent[2])}})
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	if err := res.Write(&b); err != nil {
		s.Fatal(err)
	}
	said := field.FindStringSubmatch(b.String())
	if said == nil {
		s.Fatalf("no answer: %s", &b)
	}
	return s.ask("POST", "/apps/user_saml/saml/acs", url.Values{"SAMLResponse": {html.UnescapeString(said[2])}})
}

// flow logs a client in by the login flow v2, with a browser that nobody is signed in to.
// vouch does what the one way in on the login page asks for, and returns where it ends.
func (s *secured) flow(vouch func(begin string) answer) (login, password string) {
	s.Helper()
	var flow struct {
		Login string
		Poll  struct{ Token string }
	}
	if err := json.Unmarshal([]byte(s.post("/login/v2", "")), &flow); err != nil {
		s.Fatal(err)
	}
	arrived := s.ask("GET", strings.TrimPrefix(flow.Login, s.url), nil)
	page := s.ask("GET", strings.TrimPrefix(arrived.to, s.url), nil)
	grant := regexp.MustCompile(`href="(/login/v2/grant[^"]*)"`).FindStringSubmatch(page.body)
	if grant == nil {
		s.Fatalf("no way to grant: %d %s", page.status, page.body)
	}
	asked := s.ask("GET", html.UnescapeString(grant[1]), nil)
	sent := s.ask("GET", asked.to, nil) // the login page sends people on, as there is but one way in
	next := vouch(sent.to)
	s.leads(next, html.UnescapeString(grant[1]))
	form := url.Values{}
	for _, m := range stateToken.FindAllStringSubmatch(s.ask("GET", next.to, nil).body, -1) {
		form.Set(m[1], m[2])
	}
	if got := s.ask("POST", "/login/v2/grant", form); got.status != http.StatusOK {
		s.Fatalf("grant: %d %s", got.status, got.body)
	}
	var got struct{ LoginName, AppPassword string }
	if err := json.Unmarshal([]byte(s.ask("POST", "/login/v2/poll", url.Values{"token": {flow.Poll.Token}}).body), &got); err != nil {
		s.Fatal(err)
	}
	return got.LoginName, got.AppPassword
}

// A client that logs in through the browser of somebody with no password here gets its
// app password by their SAML provider, and keeps it when the browser logs out.
func TestSAMLInALoginFlow(t *testing.T) {
	s := secure(t)
	p := newProvider(s)
	login, password := s.flow(func(begin string) answer {
		if !strings.HasPrefix(begin, "/apps/user_saml/saml/login?idp=1&originalUrl=") {
			t.Fatalf("led to %q", begin)
		}
		return p.vouch(s, begin)
	})
	look := func(c *http.Client, basic bool) int {
		req, err := http.NewRequestWithContext(t.Context(), "PROPFIND", s.url+"/remote.php/dav/files/zoe/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("OCS-APIRequest", "true")
		if basic {
			req.SetBasicAuth(login, password)
		}
		return s.send(c, req).status
	}
	browser := &http.Client{Jar: s.jar}
	if code := look(browser, false); code != http.StatusMultiStatus {
		t.Errorf("WebDAV in the browser: %d", code)
	}
	if u, err := s.h.people.User(t.Context(), "zoe"); err != nil || u.Display != "Zoe" || u.Source != "user_saml" {
		t.Errorf("%+v %v", u, err)
	}
	token := regexp.MustCompile(`"token":"([^"]*)"`).FindStringSubmatch(s.ask("GET", "/csrftoken", nil).body)
	out := s.ask("GET", "/logout?requesttoken="+url.QueryEscape(token[1]), nil)
	if !strings.HasPrefix(out.to, p.URL+"/slo?SAMLRequest=") {
		t.Errorf("logout led to %d %q", out.status, out.to)
	}
	if code := look(browser, false); code != http.StatusUnauthorized {
		t.Errorf("WebDAV in the browser after the logout: %d", code)
	}
	if code := look(&http.Client{}, true); code != http.StatusMultiStatus {
		t.Errorf("with the app password: %d", code)
	}
}

// What the options of user_oidc:provider say is kept: they were once passed over.
func TestOpenIDProviderIsSetByItsOptions(t *testing.T) {
	s := secure(t)
	s.command("user_oidc:provider", "corp", "--clientid=atrium", "--discoveryuri=https://id.example.org/.well-known/openid-configuration", "--unique-uid=0", "--mapping-uid=upn")
	if p, err := s.h.openid.Named(t.Context(), "corp"); err != nil || p.Client != "atrium" || p.UniqueID || p.Mapping["uid"] != "upn" {
		t.Errorf("%+v %v", p, err)
	}
}
