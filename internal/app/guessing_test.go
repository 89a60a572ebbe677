package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// guesses is how many wrong passwords the attack sends.
const guesses = 10_000

// timing is how long the requests of one kind of person took.
type timing []time.Duration

func (t timing) String() string {
	if len(t) == 0 {
		return "none"
	}
	slices.Sort(t)
	at := func(share float64) time.Duration { return t[int(share*float64(len(t)-1))].Round(10 * time.Microsecond) }
	return fmt.Sprintf("%d requests, median %v, p99 %v, worst %v", len(t), at(.5), at(.99), at(1))
}

// neighbour is somebody who works behind the address that guesses.
type neighbour struct {
	name, uid, secret string
	client            *http.Client
	wrong             []string // answers that should not be
	took              timing
}

// work asks for the own root, and again, until ctx ends.
func (n *neighbour) work(ctx context.Context, base string) {
	for ctx.Err() == nil {
		began := time.Now()
		code, _, err := request(n.client, "PROPFIND", base+"/remote.php/dav/files/"+n.uid+"/", n.uid, n.secret)
		n.took = append(n.took, time.Since(began))
		if err != nil || code != http.StatusMultiStatus {
			n.wrong = append(n.wrong, fmt.Sprintf("%d %v", code, err))
		}
	}
}

func request(c *http.Client, method, url, uid, secret string) (int, string, error) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return 0, "", err
	}
	req.SetBasicAuth(uid, secret)
	req.Header.Set("Depth", "0")
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// Ten thousand guesses at one account, from one address, leave everybody else
// behind that address alone, and the account's own device too; and hardly any of
// them is tried. With -v the test tells how long the others waited.
func TestGuessingHarmsNobodyElse(t *testing.T) {
	environ := []string{"ATRIUM_DATA=" + t.TempDir(), "ATRIUM_LOG_LEVEL=error", "ATRIUM_LIMITS_LOGIN_DELAY=10ms", "ATRIUM_LIMITS_LOGIN_DELAY_MAX=100ms"}
	c := newConsole(t, environ...)
	r := start(t, environ...)
	defer r.stop()
	for _, uid := range []string{"victim", "bob", "carol", "dora"} {
		c.must("user:add " + uid + " --password-from-env")
	}
	app := func(uid string) string { return strings.Fields(c.must("user:auth-tokens:add " + uid))[2] }
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	people := []*neighbour{{name: "the victim's device", uid: "victim", secret: app("victim")}, {name: "a device of another account", uid: "bob", secret: app("bob")},
		{name: "somebody whose password is known", uid: "carol", secret: horse}}
	for _, n := range people {
		n.client = client
	}
	phase := func(act func()) {
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for _, n := range people {
			wg.Go(func() { n.work(ctx, r.url) })
		}
		act()
		stop()
		wg.Wait()
		for _, n := range people {
			t.Logf("%s: %v", n.name, n.took)
			n.took = nil
		}
	}
	t.Log("in quiet")
	phase(func() { <-time.After(time.Second) })
	t.Log("during the attack")
	var tried, refused, other atomic.Int64
	phase(func() {
		attack(client, r.url, &tried, &refused, &other)
		began := time.Now()
		if code, _, err := request(client, "PROPFIND", r.url+"/remote.php/dav/files/dora/", "dora", horse); code != http.StatusMultiStatus {
			t.Errorf("a first login with a password: %d %v", code, err)
		}
		t.Logf("a first login with a password took %v", time.Since(began).Round(time.Millisecond))
	})
	t.Logf("%d guesses: %d tried, %d refused untried", guesses, tried.Load(), refused.Load())
	if tried.Load() > 20 || refused.Load() < guesses-20 || other.Load() != 0 {
		t.Errorf("of %d guesses %d were tried, %d refused, %d answered otherwise", guesses, tried.Load(), refused.Load(), other.Load())
	}
	for _, n := range people {
		if len(n.wrong) > 0 {
			t.Errorf("%s was refused %d times: %v", n.name, len(n.wrong), n.wrong[0])
		}
	}
	if code, _, _ := request(client, "PROPFIND", r.url+"/remote.php/dav/files/victim/", "victim", horse); code != http.StatusTooManyRequests {
		t.Errorf("a new password for the victim, from the same address: %d", code)
	}
	lifted(t, c, r, client)
}

// attack sends the guesses, many at once.
func attack(client *http.Client, base string, tried, refused, other *atomic.Int64) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for {
				i := next.Add(1)
				if i > guesses {
					return
				}
				switch code, _, _ := request(client, "PROPFIND", base+"/remote.php/dav/files/victim/", "victim", "guess "+strconv.FormatInt(i, 10)); code {
				case http.StatusUnauthorized:
					tried.Add(1)
				case http.StatusTooManyRequests:
					refused.Add(1)
				default:
					other.Add(1)
				}
			}
		})
	}
	wg.Wait()
}

// lifted sees the attack in the list of another process, and forgives it there.
func lifted(t *testing.T, c *console, r *running, client *http.Client) {
	t.Helper()
	var list []struct {
		Account, Network string
		Count            int
	}
	if err := json.Unmarshal([]byte(c.must("security:bruteforce:list --output json")), &list); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(list, func(l struct {
		Account, Network string
		Count            int
	}) bool {
		return l.Account == "victim" && l.Network == "127.0.0.0/24" && l.Count >= 10
	}) {
		t.Errorf("the list: %+v", list)
	}
	if got := c.must("security:bruteforce:attempts 127.0.0.1 --output json"); !strings.HasPrefix(got, `{"bypass-listed":false,"attempts":1`) {
		t.Errorf("attempts: %s", got)
	}
	c.must("security:bruteforce:reset 127.0.0.1")
	if got := c.must("security:bruteforce:attempts 127.0.0.1"); got != "  - bypass-listed: false\n  - attempts: 0\n  - delay: 0\n" {
		t.Errorf("attempts after the reset: %q", got)
	}
	r.until("the victim is let in after the reset", func() bool {
		code, _, _ := request(client, "PROPFIND", r.url+"/remote.php/dav/files/victim/", "victim", horse)
		return code == http.StatusMultiStatus
	})
}

func TestCommandsThatLimitAppPasswords(t *testing.T) {
	c := newConsole(t)
	h := c.begin()
	c.must("user:add alice --password-from-env")
	p, err := h.people.SignIn(t.Context(), "alice", horse, netip.Prefix{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := h.files.As(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	e, err := v.Mkdir(t.Context(), "/Scans")
	if err != nil {
		t.Fatal(err)
	}
	made := func(options string) string {
		secret := strings.Fields(c.must("user:auth-tokens:add alice " + options))[2]
		p, err := h.people.Bearer(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(p.Scope)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for options, want := range map[string]string{
		"":                                      "null",
		"--kind client":                         "null",
		"--kind backup":                         `{"verbs":1}`,
		"--kind folder --folder /Scans":         fmt.Sprintf(`{"rooms":["files"],"folders":[%d]}`, e.ID),
		"--room files --verb read,write":        `{"rooms":["files"],"verbs":3}`,
		"--not-room files --expires 2999-01-01": `{"but":["files"]}`,
	} {
		if got := made(options); got != want {
			t.Errorf("%s: %s, want %s", options, got, want)
		}
	}
	for _, options := range []string{"--kind folder", "--kind toaster", "--verb write", "--room NO!", "--folder /missing", "--expires 1999-01-01", "--expires tomorrow"} {
		if out, _, code := c.run("user:auth-tokens:add alice " + options); code == 0 {
			t.Errorf("%s: %s", options, out)
		}
	}
	if got := c.must("user:auth-tokens:list alice"); !strings.Contains(got, "only files, 1 folders") || !strings.Contains(got, "until 2999-01-01T") || !strings.Contains(got, "not files") {
		t.Error(got)
	}
	c.must("security:bruteforce:reset --user alice")
	for _, line := range []string{"security:bruteforce:reset", "security:bruteforce:attempts here", "security:bruteforce:reset here"} {
		if _, _, code := c.run(line); code == 0 {
			t.Errorf("%s succeeded", line)
		}
	}
}

func TestLimitsAreListed(t *testing.T) {
	c := newConsole(t, "ATRIUM_LIMITS_REQUESTS_PER_SECOND=10", "ATRIUM_LIMITS_ROUTE_FACTOR=0.5")
	c.begin()
	var list []struct {
		Requests, Client string
		Per              float64 `json:"per_minute"`
		Once             int     `json:"at_once"`
	}
	if err := json.Unmarshal([]byte(c.must("security:limits --output json")), &list); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"all address": 600, "all account": 60_000, "POST /login/v2 address or account": 60}
	for _, l := range list {
		if n, ok := want[l.Requests+" "+l.Client]; ok && n == l.Per && l.Once > 0 {
			delete(want, l.Requests+" "+l.Client)
		}
	}
	if len(want) > 0 {
		t.Errorf("not listed as they should be: %v\n%+v", want, list)
	}
	c.environ = append(c.environ, "ATRIUM_LIMITS_ROUTE_FACTOR=0")
	if got := c.must("security:limits"); strings.Contains(got, "/login/v2") {
		t.Error(got)
	}
}
