package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"atrium/tools/drive"
)

// site is where the sample page of another program is served.
type site struct {
	url      string
	settings map[string]string // what the page reads at settings.json
}

func (h *house) openSite() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h.spa = &site{url: "http://" + l.Addr().String()}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir("examples/spa")))
	mux.HandleFunc("/settings.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(h.spa.settings) // a browser that hangs up is no fault
	})
	mux.HandleFunc("/face.png", func(w http.ResponseWriter, _ *http.Request) {
		_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 64, 64))) // the same
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // ends with the process
	return nil
}

// makeFolders gives ada the folders that tokens are about.
func (h *house) makeFolders() error {
	b, err := h.browser()
	if err != nil {
		return err
	}
	login, pass, err := h.connect(b, func() error {
		return errors.Join(b.press("/apps/user_oidc/login/"), b.signInAtKeycloak("ada"))
	})
	if err != nil {
		return err
	}
	c := drive.NewClient(h.s.URL(), login, pass, 1, time.Minute)
	for _, folder := range []string{"Photos", "Letters"} { // new accounts may have some
		if a, err := c.Do(h.ctx, "MKCOL", c.File(folder), nil); err != nil || a.Status != http.StatusCreated && a.Status != http.StatusMethodNotAllowed {
			return fmt.Errorf("MKCOL %s: status %d: %w", folder, a.Status, err)
		}
		if a, err := c.Do(h.ctx, "PUT", c.File(folder+"/one.txt"), []byte("one")); err != nil || a.Status >= 300 {
			return fmt.Errorf("PUT: status %d: %w", a.Status, err)
		}
	}
	return nil
}

// tokenFor is an access token that a page gets at Keycloak for somebody, as
// examples/spa asks for it: by code and PKCE, without a secret.
func (h *house) tokenFor(client, name, scope string) (string, error) {
	b, err := h.browser()
	if err != nil {
		return "", err
	}
	verifier, at := rand.Text()+rand.Text(), h.kc.at+"/realms/company/protocol/openid-connect"
	challenge := sha256.Sum256([]byte(verifier))
	q := url.Values{"client_id": {client}, "response_type": {"code"}, "scope": {scope}, "redirect_uri": {h.spa.url + "/"}, "state": {rand.Text()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"}}
	if err := errors.Join(b.open(at+"/auth?"+q.Encode()), b.signInAtKeycloak(name)); err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {b.at.Query().Get("code")},
		"redirect_uri": {h.spa.url + "/"}, "code_verifier": {verifier}}
	r, err := http.NewRequestWithContext(h.ctx, http.MethodPost, at+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", h.spa.url)
	var said struct {
		Token string `json:"access_token"`
	}
	err = h.kc.do(r, &said)
	return said.Token, err
}

// page is the script of the other site's page, which calls with a token as a browser
// lets it: only where the answer says that it may.
type page struct {
	h     *house
	token string
}

// call asks the browser's question first, and then sends the request.
func (p page) call(method, path string, header ...string) (status int, body string, err error) {
	ask, err := p.send(http.MethodOptions, path, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", "authorization,depth,ocs-apirequest")
	if err != nil {
		return 0, "", err
	}
	ask.Body.Close()
	if h := ask.Header; ask.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != p.h.spa.url ||
		!strings.Contains(h.Get("Access-Control-Allow-Methods"), method) || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
		return 0, "", fmt.Errorf("a browser would not let the page ask: %s %v", ask.Status, h)
	}
	answer, err := p.send(method, path, append(header, "Authorization", "Bearer "+p.token)...)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.Header.Get("Access-Control-Allow-Origin") != p.h.spa.url || len(answer.Cookies()) > 0) {
		err = fmt.Errorf("a browser would not show the page the answer: %v", answer.Header)
	}
	return answer.StatusCode, string(text), err
}

func (p page) send(method, path string, header ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(p.h.ctx, method, p.h.s.URL()+path, strings.NewReader(""))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Origin", p.h.spa.url)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return http.DefaultClient.Do(r)
}

// attempt is a call and the status it has to end with.
type attempt struct {
	method, path string
	want         int
}

func (p page) try(all ...attempt) error {
	for _, a := range all {
		status, body, err := p.call(a.method, a.path, "Depth", "1", "OCS-APIRequest", "true")
		if err != nil || status != a.want {
			return fmt.Errorf("%s %s: %d, want %d: %w: %.300s", a.method, a.path, status, a.want, err, body)
		}
	}
	return nil
}

const files = "/remote.php/dav/files/ada"

// sharedProvider: another program's page calls with tokens of the provider, which open
// what their scope names, for the page and for a second service behind it.
func (h *house) sharedProvider() error {
	read, err := h.tokenFor("photos", "ada", "openid files:read:/Photos")
	if err != nil {
		return err
	}
	if err := (page{h, read}).try(
		attempt{"PROPFIND", files + "/Photos/", http.StatusMultiStatus}, attempt{"GET", files + "/Photos/one.txt", http.StatusOK},
		attempt{"PUT", files + "/Photos/two.txt", http.StatusForbidden}, attempt{"DELETE", files + "/Photos/one.txt", http.StatusForbidden},
		attempt{"PROPFIND", files + "/Letters/", http.StatusNotFound}, attempt{"GET", files + "/Letters/one.txt", http.StatusNotFound},
		attempt{"PROPFIND", "/remote.php/dav/files/bob/", http.StatusNotFound},
		attempt{"GET", "/ocs/v2.php/apps/user_oidc/api/v1/provider", http.StatusForbidden}); err != nil {
		return err
	}
	write, err := h.tokenFor("photos", "ada", "openid files:read,write:/Photos")
	if err != nil {
		return err
	}
	if err := (page{h, write}).try(
		attempt{"PUT", files + "/Photos/three.txt", http.StatusCreated}, attempt{"PUT", files + "/Letters/three.txt", http.StatusNotFound}); err != nil {
		return err
	}
	account, err := h.tokenFor("photos", "ada", "openid account:read")
	if err != nil {
		return err
	}
	if got, err := h.self(http.DefaultClient, account); err != nil || got.ID != "ada" {
		return fmt.Errorf("the account by a token for it: %v: %w", got, err)
	}
	if err := (page{h, account}).try(attempt{"PROPFIND", files + "/", http.StatusForbidden}); err != nil {
		return err
	}
	return h.behindThePage(read)
}

// sharedProviderRefused: tokens that name nothing of ours, or were not meant for us, or
// are no access tokens, open nothing; and pages of other sites are not let ask.
func (h *house) sharedProviderRefused() error {
	for client, scope := range map[string]string{"photos": "openid", "elsewhere": "openid files:read:/Photos"} {
		token, err := h.tokenFor(client, "ada", scope)
		if err != nil {
			return err
		}
		if err := (page{h, token}).try(attempt{"PROPFIND", files + "/Photos/", http.StatusUnauthorized},
			attempt{"GET", "/ocs/v2.php/cloud/user", http.StatusUnauthorized}); err != nil {
			return fmt.Errorf("client %s: %w", client, err)
		}
	}
	r, err := http.NewRequestWithContext(h.ctx, http.MethodOptions, h.s.URL()+files+"/", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Origin", "https://evil.example.com")
	r.Header.Set("Access-Control-Request-Method", "PROPFIND")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.Header.Get("Access-Control-Allow-Origin") != "" {
		return fmt.Errorf("any page may ask: %v", answer.Header)
	}
	return nil
}

// behindThePage: a second service reads a folder here with the token that the page
// brings, and takes no token that is not for it.
func (h *house) behindThePage(token string) error {
	at, stop, err := h.secondService()
	if err != nil {
		return err
	}
	defer stop()
	names, status, err := h.pictures(at, token)
	if err != nil || status != http.StatusOK || !slices.Contains(names, "one.txt") {
		return fmt.Errorf("the second service: %d %v: %w", status, names, err)
	}
	stranger, err := h.tokenFor("elsewhere", "ada", "openid files:read:/Photos")
	if err != nil {
		return err
	}
	if _, status, err := h.pictures(at, stranger); err != nil || status != http.StatusUnauthorized {
		return fmt.Errorf("the second service takes a token that is not for it: %d: %w", status, err)
	}
	return nil
}

// secondService runs examples/resource-server, and waits until it is there.
func (h *house) secondService() (at string, stop func(), err error) {
	bin := filepath.Join(h.base, "resource-server")
	if out, err := exec.Command("go", "build", "-o", bin, "./examples/resource-server").CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("%w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	at = l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(h.ctx)
	cmd := exec.CommandContext(ctx, bin, "-listen", at, "-issuer", h.kc.at+"/realms/company", "-atrium", h.s.URL(), "-page", h.spa.url)
	cmd.Stderr, cmd.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		cancel()
		return "", nil, err
	}
	stop = func() {
		cancel()
		_ = cmd.Wait() // it was killed
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", at); err == nil {
			conn.Close()
			return at, stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the second service does not start")
}

// pictures asks the second service.
func (h *house) pictures(at, token string) (names []string, status int, err error) {
	r, err := http.NewRequestWithContext(h.ctx, http.MethodGet, "http://"+at+"/pictures", nil)
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, answer.StatusCode, nil
	}
	err = json.NewDecoder(answer.Body).Decode(&names)
	return names, answer.StatusCode, err
}
