package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"atrium/internal/core/identity"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/seal"
	"atrium/internal/infra/stats"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const secondPassword = "a long walk on the beach"

// secured is a real server, with accounts that need a second factor.
type secured struct {
	*testing.T
	h     *house
	url   string
	jar   http.CookieJar
	board *plug.Board
}

func secure(t *testing.T) *secured {
	t.Helper()
	c := conf.Default()
	c.Data = t.TempDir()
	c.DB.DSN = "sqlite:" + filepath.Join(c.Data, "atrium.db")
	c.Storage.Durability = "none"
	h, err := open(t.Context(), c, slog.New(slog.DiscardHandler), "test")
	if err != nil {
		t.Fatal(err)
	}
	h.hashes = seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4) // there are many logins
	h.people = identity.New(h.db, h.box, h.hashes)
	s := &secured{T: t, h: h}
	board, err := h.plugIn()
	if err != nil {
		t.Fatal(err)
	}
	h.mountOwn(board.Web)
	s.board = board
	cfg, err := h.doorConfig(t.Context(), board, stats.New())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Rate, cfg.UserRate = 0, 0
	server := httptest.NewServer(web.NewDoor(cfg, board.Web))
	t.Cleanup(func() {
		server.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	s.url = server.URL
	s.forget()
	for _, n := range []identity.NewUser{{ID: "tess", Password: secondPassword}, {ID: "admin", Password: secondPassword, Groups: []string{identity.AdminGroup}}} {
		if _, err := h.people.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// forget makes the browser a new one.
func (s *secured) forget() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	s.jar = jar
}

// command runs an admin command in the server's own house.
func (s *secured) command(args ...string) string {
	s.Helper()
	var out strings.Builder
	root := cli.Root("atrium", "", "test")
	root.SetOut(&out)
	root.SetErr(&out)
	for name, c := range s.board.CLI.All() {
		if name == args[0] {
			cli.Add(root, c)
		}
	}
	if code := cli.Run(s.Context(), root, args); code != cli.OK {
		s.Fatalf("%s: %d %s", args, code, &out)
	}
	return out.String()
}

type answer struct {
	status int
	to     string // where a redirection leads
	body   string
}

// ask sends a request of the browser; redirections are not followed.
func (s *secured) ask(method, path string, form url.Values) answer {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", s.url)
	}
	return s.send(&http.Client{Jar: s.jar}, req)
}

// basic sends a request of a program with the account's password.
func (s *secured) basic(method, path, uid string) answer {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	req.SetBasicAuth(uid, secondPassword)
	req.Header.Set("OCS-APIRequest", "true")
	return s.send(&http.Client{}, req)
}

func (s *secured) send(c *http.Client, req *http.Request) answer {
	s.Helper()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	if _, err := io.Copy(&b, res.Body); err != nil {
		s.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), b.String()}
}

// leads fails unless an answer is a redirection to a place.
func (s *secured) leads(a answer, to string) {
	s.Helper()
	if a.status != http.StatusSeeOther || a.to != to {
		s.Fatalf("got %d to %q, want 303 to %q\n%s", a.status, a.to, to, a.body)
	}
}

func (s *secured) login(uid, to string) answer {
	s.Helper()
	return s.ask("POST", "/login", url.Values{"user": {uid}, "password": {secondPassword}, "redirect_url": {to}})
}

func (s *secured) code(secret string) string {
	s.Helper()
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		s.Fatal(err)
	}
	return code
}

var secretIn = regexp.MustCompile(`<code class="secret">([A-Z2-7]+)</code>`)

// Somebody who must show a second factor sets one up at login, with nothing but
// HTML, and needs it from then on.
func TestSecondFactorIsSetUpAtLogin(t *testing.T) {
	s := secure(t)
	if got := s.basic("PROPFIND", "/remote.php/dav/files/tess/", "tess"); got.status != http.StatusMultiStatus {
		t.Fatalf("before: %d %s", got.status, got.body)
	}
	s.command("twofactorauth:enforce", "--on")
	if got := s.basic("PROPFIND", "/remote.php/dav/files/tess/", "tess"); got.status != http.StatusUnauthorized {
		t.Fatalf("with a password alone: %d", got.status)
	}
	s.leads(s.login("tess", "/apps/files/files?dir=/a"), "/login/selectchallenge?redirect_url=%2Fapps%2Ffiles%2Ffiles%3Fdir%3D%2Fa")
	s.leads(s.ask("GET", "/login/selectchallenge?redirect_url=/x", nil), "/login/setupchallenge?redirect_url=%2Fx")
	if got := s.ask("GET", "/login/setupchallenge", nil); !strings.Contains(got.body, "/login/setupchallenge/totp") {
		t.Fatalf("no way to set up an app: %s", got.body)
	}
	page := s.ask("GET", "/login/setupchallenge/totp", nil)
	again := s.ask("GET", "/login/setupchallenge/totp", nil)
	secret := secretIn.FindStringSubmatch(page.body)
	if secret == nil || !strings.Contains(again.body, secret[1]) || !strings.Contains(page.body, `<img src="data:image/svg`) {
		t.Fatalf("no secret, or another one each time: %s", page.body)
	}
	s.leads(s.ask("POST", "/login/setupchallenge/totp", url.Values{"challenge": {"000000"}}), "/login/setupchallenge/totp?error=wrong")
	s.leads(s.ask("GET", "/apps/files/files", nil), "/login?redirect_url=%2Fapps%2Ffiles%2Ffiles")

	done := s.ask("POST", "/login/setupchallenge/totp", url.Values{"challenge": {s.code(secret[1])}, "redirect_url": {"/apps/files/files"}})
	codes := regexp.MustCompile(`<li><code>([a-z0-9 ]+)</code>`).FindAllStringSubmatch(done.body, -1)
	if done.status != 200 || len(codes) != 10 || !strings.Contains(done.body, `href="/apps/files/files"`) {
		t.Fatalf("after the code: %d, %d backup codes\n%s", done.status, len(codes), done.body)
	}
	if got := s.ask("GET", "/apps/files/files", nil); got.status != 200 {
		t.Fatalf("signed in: %d", got.status)
	}

	// The next time the code of the same half minute is refused; a backup code
	// lets in once.
	s.forget()
	s.login("tess", "")
	s.leads(s.ask("GET", "/login/selectchallenge", nil), "/login/challenge/totp")
	s.leads(s.ask("POST", "/login/challenge/totp", url.Values{"challenge": {s.code(secret[1])}}), "/login/challenge/totp?error=wrong")
	s.leads(s.ask("POST", "/login/challenge/backup_codes", url.Values{"challenge": {" " + strings.ToUpper(codes[3][1])}, "redirect_url": {"/apps/files/x"}}), "/apps/files/x")
	s.forget()
	s.login("tess", "")
	s.leads(s.ask("POST", "/login/challenge/backup_codes", url.Values{"challenge": {codes[3][1]}}), "/login/challenge/backup_codes?error=wrong")
	s.leads(s.ask("POST", "/login/challenge/backup_codes", url.Values{"challenge": {codes[4][1]}, "redirect_url": {"//evil.example"}}), "/apps/files/")
}
