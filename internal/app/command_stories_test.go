package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/cli/clitest"
)

const octopass = "correct horse battery"

// later lets the running server's clock go on, past what it may believe.
func later(h *house) {
	now := h.people.Now().Add(time.Second)
	h.people.Now = func() time.Time { return now }
	h.files.Now = h.people.Now
}

// put writes a file as somebody whom the running server let in.
func put(t *testing.T, h *house, p *who.Principal, path, body string) error {
	t.Helper()
	v, err := h.files.As(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Write(t.Context(), path, files.Put{Body: strings.NewReader(body), Size: int64(len(body))})
	return err
}

// A running server follows what commands do, within a second and without a
// restart.
func TestARunningServerFollowsCommands(t *testing.T) {
	dbtest.EachDSN(t, schemas, func(t *testing.T, dsn string) {
		c := newConsole(t, "ATRIUM_DB="+dsn)
		h := c.begin()
		signIn := func(login, secret string) (*who.Principal, error) {
			later(h)
			return h.people.SignIn(t.Context(), login, secret, netip.Prefix{})
		}
		c.must("user:add alice --password-from-env --group editors")
		p, err := signIn("alice", octopass)
		if err != nil || len(p.Groups) != 1 || p.Groups[0] != "editors" {
			t.Fatalf("%+v, %v", p, err)
		}
		secret := strings.Fields(c.must("user:auth-tokens:add alice"))[2]
		if p, err = signIn("alice", secret); err != nil || !p.MaySeeFiles() {
			t.Fatalf("app password: %+v, %v", p, err)
		}
		if err := h.people.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := c.must("user:lastseen alice"); !strings.HasPrefix(got, "alice's last login: 20") {
			t.Error(got)
		}

		c.must("user:setting alice files quota '6 B'")
		if err := put(t, h, p, "/a", "123456"); err != nil {
			t.Error(err)
		}
		if err := put(t, h, p, "/b", "7"); !errors.Is(err, fault.Full) {
			t.Errorf("over the quota: %v", err)
		}
		later(h)
		if u, err := h.people.User(t.Context(), "alice"); err != nil || u.Quota != 6 {
			t.Errorf("%+v, %v", u, err)
		}
		c.must("user:setting alice files quota --delete")
		if err := put(t, h, p, "/b", "7"); err != nil {
			t.Error(err)
		}

		c.must("user:disable alice")
		if _, err := signIn("alice", secret); !errors.Is(err, fault.Anonymous) {
			t.Errorf("disabled: %v", err)
		}
		c.must("user:enable alice")
		c.must("group:adduser admin alice")
		if p, err := signIn("alice", secret); err != nil || p.Role != who.Admin {
			t.Errorf("%+v, %v", p, err)
		}
		t.Setenv("OC_PASS", "another horse")
		c.must("user:resetpassword alice --password-from-env")
		if _, err := signIn("alice", octopass); !errors.Is(err, fault.Anonymous) {
			t.Errorf("the old password: %v", err)
		}
		if _, err := signIn("alice", "another horse"); err != nil {
			t.Error(err)
		}
	})
}

// Who is deleted leaves nothing, and nothing to who comes after under the name.
func TestADeletedAccountTakesItsFilesAlong(t *testing.T) {
	dbtest.EachDSN(t, schemas, func(t *testing.T, dsn string) {
		c := newConsole(t, "ATRIUM_DB="+dsn)
		h := c.begin()
		c.must("user:add alice --password-from-env")
		alice := &who.Principal{ID: "alice"}
		for _, path := range []string{"/a", "/b"} {
			if err := put(t, h, alice, path, "of "+path); err != nil {
				t.Fatal(err)
			}
		}
		secret := strings.Fields(c.must("user:auth-tokens:add alice"))[2]
		c.must("user:delete alice")
		later(h)
		for _, s := range []string{octopass, secret} {
			if _, err := h.people.SignIn(t.Context(), "alice", s, netip.Prefix{}); !errors.Is(err, fault.Anonymous) {
				t.Errorf("a deleted account signs in: %v", err)
			}
		}
		c.must("user:add alice --password-from-env")
		if used, _, err := h.files.Usage(t.Context(), "alice"); used != 0 || err != nil {
			t.Errorf("the new alice holds %d bytes, %v", used, err)
		}
		if err := h.clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := h.content.Sweep(t.Context()); n != 0 || err != nil {
			t.Errorf("%d contents are left, %v", n, err)
		}
		left, err := filepath.Glob("data/blobs/?/?/*")
		if err != nil || len(left) != 0 {
			t.Errorf("blobs are left: %v, %v", left, err)
		}
	})
}

// A command in the wrong folder begins nothing there.
func TestCommandsBeginNothing(t *testing.T) {
	c := newConsole(t)
	for _, line := range []string{"user:list", "user:add alice --password-from-env", "config:system:list", "app:list", "background-job:list"} {
		out, errOut, code := c.run(line)
		if code != cli.Failed || out != "" || !strings.Contains(errOut, "There is no Atrium here: data/atrium.db does not exist.") {
			t.Errorf("%s: code %d\n%s%s", line, code, out, errOut)
		}
	}
	for line, want := range map[string]string{
		"":                      "user:add",
		"help user:add":         "--password-from-env",
		"user:add --help":       "--generate-password",
		"completion bash":       "__start_atrium",
		"__complete user:":      "user:list",
		"status":                "installed: false",
		"maintenance:mode --on": "There is no maintenance mode.",
		"config:check":          "valid",
		"-V":                    "atrium test",
	} {
		if out := c.must(line); !strings.Contains(out, want) {
			t.Errorf("%s: got %s, want %s", line, out, want)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestConfigCheckTellsAllAtOnce(t *testing.T) {
	c := newConsole(t, "ATRIUM_LOG_LEVEL=loud", "ATRIUM_DATTA=x")
	if err := os.WriteFile("atrium.toml", []byte("url = \"ftp://x\"\n\n[http]\nlisten = \"80\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errOut, code := c.run("config:check")
	if code != cli.Failed || errOut != "" {
		t.Errorf("code %d, %s", code, errOut)
	}
	for _, want := range []string{"ATRIUM_LOG_LEVEL: ", "ATRIUM_DATTA: ", "atrium.toml:1: ", "atrium.toml:4: "} {
		if strings.Count(out, want) != 1 {
			t.Errorf("want %s once in\n%s", want, out)
		}
	}
	if out, _, code := c.run("config:check --output=json"); code != cli.Failed || strings.Count(out, `"where":`) != 4 {
		t.Errorf("code %d, %s", code, out)
	}
	if _, errOut, code := c.run("user:list"); code != cli.Failed || !strings.Contains(errOut, "ATRIUM_DATTA") {
		t.Errorf("code %d, %s", code, errOut)
	}
}

func TestPasswordsAreTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"s3cret horse\ns3cret horse\n": "",
		"s3cret horse\ns3cret house\n": "The two passwords are not the same.",
		"\n\n":                         "The password must not be empty.",
	} {
		t.Run(want, func(t *testing.T) {
			c := newConsole(t)
			h := c.begin()
			keys, tty := clitest.Terminal(t)
			c.in = tty
			if _, err := io.WriteString(keys, typed); err != nil {
				t.Fatal(err)
			}
			out, errOut, code := c.run("user:add alice")
			if want != "" {
				if code != cli.Failed || !strings.Contains(errOut, want) {
					t.Errorf("code %d, %s%s", code, out, errOut)
				}
				return
			}
			if code != cli.OK || strings.Contains(out+errOut, "s3cret") {
				t.Errorf("code %d, %s%s", code, out, errOut)
			}
			if _, err := h.people.SignIn(t.Context(), "alice", "s3cret horse", netip.Prefix{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPasswordsFromTheEnvironment(t *testing.T) {
	c := newConsole(t)
	h := c.begin()
	t.Setenv("OC_PASS", "")
	for _, line := range []string{"user:add alice", "user:resetpassword admin", "user:auth-tokens:add admin"} {
		if _, errOut, code := c.run(line + " --password-from-env"); code != cli.Failed || !strings.Contains(errOut, "OC_PASS is empty") {
			t.Errorf("%s: code %d, %s", line, code, errOut)
		}
	}
	t.Setenv("NC_PASS", "nine lives here")
	c.must("user:add alice --password-from-env")
	if _, err := h.people.SignIn(t.Context(), "alice", "nine lives here", netip.Prefix{}); err != nil {
		t.Error(err)
	}
	generated := strings.Fields(c.must("user:add bob --generate-password"))
	if _, err := h.people.SignIn(t.Context(), "bob", generated[len(generated)-1], netip.Prefix{}); err != nil {
		t.Error(err)
	}
}

// Secrets are in no listing.
func TestListingsGiveNothingAway(t *testing.T) {
	c := newConsole(t, "ATRIUM_ADMIN_PASSWORD=swordfish one", "ATRIUM_DB=sqlite:swordfish.db")
	h := c.begin()
	secret, err := h.settings.Get(t.Context(), "core", "secret")
	if err != nil {
		t.Fatal(err)
	}
	c.must("config:app:set mail smtp_password --value=swordfish")
	c.must("config:system:set mail_smtppassword --value=swordfish")
	for _, line := range []string{"config:list", "config:system:list", "config:system:list -v", "config:app:list", "config:app:list mail"} {
		if out := c.must(line); strings.Contains(out, "swordfish") || strings.Contains(out, secret) {
			t.Errorf("%s gives a secret away:\n%s", line, out)
		}
	}
	out := c.must("config:list --private")
	if strings.Count(out, `"swordfish"`) != 2 || strings.Contains(out, secret) || strings.Contains(out, "swordfish one") {
		t.Errorf("--private:\n%s", out)
	}
}

func TestBackgroundJobs(t *testing.T) {
	c := newConsole(t)
	h := c.begin()
	kind := jobs.Define(h.jobs, "test.fail", func(context.Context, int) error { return errors.New("it never works") })
	if err := kind.Add(t.Context(), h.db, 7); err != nil {
		t.Fatal(err)
	}
	if out := c.must("background-job:list --output=json"); out != `{"waiting":[{"class":"test.fail","waiting":1}],"failed":[]}`+"\n" {
		t.Error(out)
	}
	h.jobs.Tries = 1
	h.jobs.Log = slog.New(slog.DiscardHandler)
	if err := h.jobs.Drain(t.Context()); err == nil {
		t.Fatal("the job did not fail")
	}
	if out := c.must("background-job:list"); !strings.Contains(out, "Failed too often:") || !strings.Contains(out, "it never works") {
		t.Error(out)
	}
	var list struct{ Failed []struct{ ID json.Number } }
	if err := json.Unmarshal([]byte(c.must("background-job:list --output=json")), &list); err != nil || len(list.Failed) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	id := list.Failed[0].ID.String()
	if out := c.must("background-job:execute " + id); out != "The server tries job "+id+" again.\n" {
		t.Error(out)
	}
	if _, _, code := c.run("background-job:execute " + id); code != cli.Failed {
		t.Errorf("twice: code %d", code)
	}
}
