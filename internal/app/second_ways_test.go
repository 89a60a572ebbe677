package app

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// app sets up an authenticator app for whoever is signed in and returns its secret.
func (s *secured) app() string {
	s.Helper()
	var made struct{ Secret string }
	if err := json.Unmarshal([]byte(s.post("/apps/twofactor_totp/settings/enable", `{"state":1}`)), &made); err != nil {
		s.Fatal(err)
	}
	if got := s.post("/apps/twofactor_totp/settings/enable", `{"state":2,"code":"`+s.code(made.Secret)+`"}`); got != `{"state":2}` {
		s.Fatalf("set up: %s", got)
	}
	return made.Secret
}

// post sends JSON as our own page does.
func (s *secured) post(path, body string) string {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), "POST", s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("OCS-APIRequest", "true")
	return s.send(&http.Client{Jar: s.jar}, req).body
}

// The session in which somebody sets up a factor goes on, all others end.
func TestSecondFactorEndsSessionsFromBefore(t *testing.T) {
	s := secure(t)
	s.leads(s.login("tess", "/apps/files/files"), "/apps/files/files")
	other := s.jar
	s.forget()
	s.login("tess", "")
	s.app()
	if got := s.ask("GET", "/apps/files/files", nil); got.status != http.StatusOK {
		t.Errorf("the session in which it was set up: %d", got.status)
	}
	s.jar = other
	s.leads(s.ask("GET", "/apps/files/files", nil), "/login?redirect_url=%2Fapps%2Ffiles%2Ffiles")
	s.leads(s.login("tess", ""), "/login/selectchallenge")
}

func TestSecondFactorByAnAdministratorsCode(t *testing.T) {
	s := secure(t)
	s.command("twofactorauth:enforce", "--on")
	code, _, _ := strings.Cut(s.command("twofactorauth:admin:generate-code", "tess"), "\n")
	s.login("tess", "/apps/files/files")
	s.leads(s.ask("GET", "/login/selectchallenge", nil), "/login/challenge/admin")
	// While the code is good, nobody who only knows the password sets anything up.
	s.leads(s.ask("GET", "/login/setupchallenge/totp", nil), "/login/selectchallenge")
	s.leads(s.ask("POST", "/login/challenge/admin", url.Values{"challenge": {"2345678923"}}), "/login/challenge/admin?error=wrong")
	s.leads(s.ask("POST", "/login/challenge/admin", url.Values{"challenge": {code}}), "/settings/user/security")
	if got := s.ask("GET", "/apps/files/files", nil); got.status != http.StatusOK {
		t.Errorf("afterwards: %d", got.status)
	}
	s.forget()
	s.login("tess", "")
	s.leads(s.ask("POST", "/login/challenge/admin", url.Values{"challenge": {code}}), "/login/selectchallenge")
	if got := s.command("twofactorauth:state", "tess"); !strings.Contains(got, "is enabled for user tess") || !strings.Contains(got, "Disabled providers:\n- totp") {
		t.Errorf("state: %s", got)
	}
}

// Of many requests with one code, or with one half session, one opens a session.
func TestSecondFactorOpensOneSession(t *testing.T) {
	s := secure(t)
	s.login("tess", "")
	s.app()
	var codes struct{ Codes []string }
	if err := json.Unmarshal([]byte(s.post("/apps/twofactor_backupcodes/settings/create", "")), &codes); err != nil {
		t.Fatal(err)
	}
	race := func(code func(i int) string) (won int) {
		s.forget()
		s.login("tess", "")
		half := s.cookie("atrium_half")
		var wg sync.WaitGroup
		var mu sync.Mutex
		for i := range 6 {
			wg.Go(func() {
				form := url.Values{"challenge": {code(i)}}
				req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/login/challenge/backup_codes", strings.NewReader(form.Encode()))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.AddCookie(&http.Cookie{Name: "atrium_half", Value: half})
				if got := s.send(&http.Client{}, req); got.to == "/apps/files/" {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return won
	}
	if got := race(func(int) string { return codes.Codes[0] }); got != 1 {
		t.Errorf("with one code: %d sessions", got)
	}
	if got := race(func(i int) string { return codes.Codes[1+i] }); got != 1 {
		t.Errorf("with one half session and a code each: %d sessions", got)
	}
}

var stateToken = regexp.MustCompile(`name="(stateToken|requesttoken)" value="([^"]*)"`)

// A client that logs in through the browser gets its app password once both
// factors were shown, and needs no second factor itself.
func TestSecondFactorInALoginFlow(t *testing.T) {
	s := secure(t)
	s.login("tess", "")
	secret := s.app()
	s.forget()
	var flow struct {
		Login string
		Poll  struct{ Token string }
	}
	if err := json.Unmarshal([]byte(s.post("/login/v2", "")), &flow); err != nil {
		t.Fatal(err)
	}
	arrived := s.ask("GET", strings.TrimPrefix(flow.Login, s.url), nil)
	page := s.ask("GET", strings.TrimPrefix(arrived.to, s.url), nil)
	grant := regexp.MustCompile(`href="(/login/v2/grant[^"]*)"`).FindStringSubmatch(page.body)
	if grant == nil {
		t.Fatalf("no way to grant: %d %s", page.status, page.body)
	}
	asked := s.ask("GET", strings.ReplaceAll(grant[1], "&amp;", "&"), nil)
	to, err := url.Parse(asked.to)
	if err != nil {
		t.Fatal(err)
	}
	next := s.login("tess", to.Query().Get("redirect_url"))
	next = s.ask("GET", next.to, nil)
	challenge, err := url.Parse(next.to)
	if err != nil || challenge.Path != "/login/challenge/totp" {
		t.Fatalf("led to %q: %v", next.to, err)
	}
	code := codeAfter(t, secret)
	next = s.ask("POST", "/login/challenge/totp", url.Values{"challenge": {code}, "redirect_url": {challenge.Query().Get("redirect_url")}})
	s.leads(next, to.Query().Get("redirect_url"))
	form := url.Values{}
	for _, m := range stateToken.FindAllStringSubmatch(s.ask("GET", next.to, nil).body, -1) {
		form.Set(m[1], m[2])
	}
	if got := s.ask("POST", "/login/v2/grant", form); got.status != http.StatusOK {
		t.Fatalf("grant: %d %s", got.status, got.body)
	}
	var got struct{ LoginName, AppPassword string }
	if err := json.Unmarshal([]byte(s.ask("POST", "/login/v2/poll", url.Values{"token": {flow.Poll.Token}}).body), &got); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "PROPFIND", s.url+"/remote.php/dav/files/tess/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(got.LoginName, got.AppPassword)
	if a := s.send(&http.Client{}, req); a.status != http.StatusMultiStatus {
		t.Errorf("with the app password: %d", a.status)
	}
}

// codeAfter is the code of the next half minute, since that of this one was used.
func codeAfter(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}
