package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/infra/conf"
	"atrium/internal/infra/db/dbtest"
)

// running is a server of this process.
type running struct {
	*testing.T
	url   string
	first string // what it says of the first account
	stop  func()
}

// until asks again and again until something has come true, for a minute at most.
func (r *running) until(what string, done func() bool) {
	r.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); !done(); <-tick.C {
		if time.Now().After(end) {
			r.Errorf("%s: not in a minute", what)
			return
		}
	}
}

// inFlight is how many requests are being answered, this one not counted.
func (r *running) inFlight() (n int) {
	r.Helper()
	res, err := http.Get(r.url + "/metrics")
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	_, text, ok := strings.Cut(string(b), "\natrium_http_requests_in_flight ")
	if _, scanErr := fmt.Sscan(text, &n); err != nil || scanErr != nil || !ok {
		r.Fatalf("metrics: %v, %v", err, scanErr)
	}
	return n - 1
}

// layOut saves a server or command with an SQLite file that is not there the time to
// make its tables.
func layOut(t *testing.T, environ []string) {
	t.Helper()
	config, err := conf.Load(conf.Source{Environ: environ})
	if err != nil {
		return // it will say so itself
	}
	path, ok := strings.CutPrefix(config.DSN(), "sqlite:")
	if _, err := os.Stat(path); !ok || err == nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	dbtest.Like(t, path, schemas)
}

// start serves from an empty folder until stop, which waits for the end.
func start(t *testing.T, environ ...string) *running {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(environ, "ATRIUM_ADMIN_PASSWORD=") {
		environ = append(environ, "ATRIUM_ADMIN_PASSWORD=correct horse battery")
	}
	environ = append([]string{"ATRIUM_DATA=" + t.TempDir(), "ATRIUM_HTTP_LISTEN=" + addr, "ATRIUM_LOG_LEVEL=error"}, environ...)
	layOut(t, environ)
	read, write := io.Pipe()
	e := &env{src: conf.Source{Environ: environ}, version: "test", in: strings.NewReader(""), out: write, errOut: os.Stderr}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.serve(ctx) }()
	greeting := bufio.NewReader(read)
	var first string
	for range 2 { // the address, and the first account
		if first, err = greeting.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return &running{T: t, url: "http://" + addr, first: first, stop: func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	}}
}

func (r *running) do(client *http.Client, method, path string, body io.Reader) int {
	r.Helper()
	req, err := http.NewRequest(method, r.url+path, body)
	if err != nil {
		r.Fatal(err)
	}
	req.SetBasicAuth("admin", "correct horse battery")
	res, err := client.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		r.Fatal(err)
	}
	return res.StatusCode
}

// abandon begins an upload and hangs up in the middle.
func (r *running) abandon() {
	r.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		r.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "PUT /remote.php/dav/files/admin/half HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n"+
		"Authorization: Basic YWRtaW46Y29ycmVjdCBob3JzZSBiYXR0ZXJ5\r\n\r\n%s", strings.Repeat("x", 3<<20))
}

func descriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}

// A server that ends leaves nothing behind: no goroutine, no open file.
func TestNothingLeaks(t *testing.T) {
	round := func() {
		r := start(t)
		transport := &http.Transport{}
		client := &http.Client{Transport: transport}
		const home = "/remote.php/dav/files/admin"
		for i := range 30 {
			if got := r.do(client, "PUT", fmt.Sprintf("%s/f%d", home, i), strings.NewReader("hello")); got != 201 {
				t.Errorf("PUT: %d", got)
			}
		}
		r.abandon()
		if got := r.do(client, "PUT", home+"/big", io.LimitReader(zeros{}, 5<<20)); got != 201 {
			t.Errorf("big PUT: %d", got)
		}
		for path, want := range map[string]int{home + "/f1": 200, home + "/big": 200, home + "/half": 404, "/status.php": 200, "/readyz": 200} {
			if got := r.do(client, "GET", path, nil); got != want {
				t.Errorf("GET %s: %d, want %d", path, got, want)
			}
		}
		transport.CloseIdleConnections()
		r.stop()
	}
	round() // what is made once for the whole process is made here
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	for range 3 {
		round()
	}
	deadline := time.After(time.Minute)
	for runtime.NumGoroutine() > goroutines || descriptors(t) > files {
		select {
		case <-deadline:
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines and %d descriptors, before %d and %d\n%s", runtime.NumGoroutine(), descriptors(t),
				goroutines, files, stacks[:runtime.Stack(stacks, true)])
		default:
			runtime.Gosched()
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
