package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

func count(w http.ResponseWriter, r *http.Request) error {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return err
	}
	WriteJSON(w, 200, n)
	return nil
}

func TestBodyLimit(t *testing.T) {
	m := NewMux()
	m.Handle("PUT", "/ten", Anyone|NoCSRF, count, MaxBody(10))
	m.Prefix("/any", Anyone|NoCSRF, count)
	d := NewDoor(Config{}, m)
	put := func(path, body string, chunked bool) int {
		r := httptest.NewRequest("PUT", path, strings.NewReader(body))
		if chunked {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	for _, chunked := range []bool{false, true} {
		if got := put("/ten", "0123456789", chunked); got != 200 {
			t.Errorf("chunked %v, a body that fits: %d", chunked, got)
		}
		if got := put("/ten", "0123456789x", chunked); got != 413 {
			t.Errorf("chunked %v, a body too long: %d", chunked, got)
		}
		if got := put("/any", strings.Repeat("x", 3<<20), chunked); got != 200 {
			t.Errorf("chunked %v, no limit: %d", chunked, got)
		}
	}
}

// A client that stops sending in the middle of a body is cut off.
func TestSlowBody(t *testing.T) {
	m := NewMux()
	got := make(chan error, 1)
	m.Prefix("/", Anyone|NoCSRF, func(w http.ResponseWriter, r *http.Request) error {
		x := r.Context().Value(visitKey{}).(*exchange)
		x.stall = 50 * time.Millisecond
		_, err := io.Copy(io.Discard, r.Body)
		got <- err
		return err
	})
	s := httptest.NewServer(NewDoor(Config{}, m))
	defer s.Close()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.ReadAll(c)
	if err := <-got; err == nil {
		t.Error("a body that never ended was read to its end")
	}
}

// Copying a file to the client keeps its bytes, over the sendfile path too.
func TestReadFromFile(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB: two slices
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, want, 0o600); err != nil {
		t.Fatal(err)
	}
	m := NewMux()
	m.Handle("GET", "/f", Anyone, func(w http.ResponseWriter, r *http.Request) error {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		http.ServeContent(w, r, "f", time.Time{}, f)
		return nil
	})
	s := httptest.NewServer(NewDoor(Config{}, m))
	defer s.Close()
	for rng, want := range map[string][]byte{"": want, "bytes=5-4999999": want[5:5000000]} {
		r, _ := http.NewRequest("GET", s.URL+"/f", nil)
		if rng != "" {
			r.Header.Set("Range", rng)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("range %q: %d bytes, %v; want %d", rng, len(got), err, len(want))
		}
	}
}

// A download or upload ends soon after the credential behind it was revoked.
func TestRevokedWhileBytesFlow(t *testing.T) {
	revoked := false
	still := func(context.Context, *who.Principal) error {
		if revoked {
			return fault.Anonymous
		}
		return fault.Unavailable // a database that does not answer ends nothing
	}
	d := NewDoor(Config{Still: still}, NewMux())
	var got bytes.Buffer
	x := &exchange{door: d, w: &plainWriter{&got, http.Header{}}, stall: time.Second, room: -1}
	x.ctl = http.NewResponseController(x.w)
	x.body = io.NopCloser(strings.NewReader("abc"))
	x.begin(t.Context(), people["alice"])
	defer x.watch.end()
	step := func() error {
		x.look(t.Context(), people["alice"]) // a while later
		_, err := x.Write([]byte("x"))
		if err == nil {
			_, err = bodyReader{x}.Read(make([]byte, 1))
		}
		return err
	}
	if err := step(); err != nil {
		t.Errorf("before: %v", err)
	}
	revoked = true
	if err := step(); !errors.Is(err, fault.Anonymous) || got.String() != "x" {
		t.Errorf("after: %v, sent %q", err, got.String())
	}
	if _, err := (bodyReader{x}).Read(make([]byte, 1)); !errors.Is(err, fault.Anonymous) {
		t.Errorf("upload: %v", err)
	}
}

// plainWriter is a ResponseWriter over a buffer.
type plainWriter struct {
	*bytes.Buffer
	h http.Header
}

func (p *plainWriter) Header() http.Header { return p.h }
func (p *plainWriter) WriteHeader(int)     {}

// A client that asks for much and reads nothing does not hold us for ever.
func TestClientThatDoesNotRead(t *testing.T) {
	m := NewMux()
	got := make(chan error, 1)
	m.Handle("GET", "/endless", Anyone, func(w http.ResponseWriter, r *http.Request) error {
		block := make([]byte, 1<<20)
		for {
			if _, err := w.Write(block); err != nil {
				got <- err
				return err
			}
		}
	})
	s := httptest.NewServer(NewDoor(Config{Stall: 50 * time.Millisecond}, m))
	defer s.Close()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-got; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
}

func TestTooLargeIsAFault(t *testing.T) {
	if got := fault.Of(errTooLarge()); got != fault.TooLarge {
		t.Errorf("kind %v", got)
	}
}

// discard is a ResponseWriter that costs nothing, so that the benchmark shows
// the chain alone.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func BenchmarkDoor(b *testing.B) {
	m := NewMux()
	m.Prefix("/remote.php/dav", User|Basic, say("ok"))
	for _, p := range []string{"/status.php", "/index.php/204", "/ocs/v2.php/cloud/user", "/index.php/avatar/{user}/{size}"} {
		m.Handle("GET", p, Anyone, say("ok"))
	}
	d := NewDoor(Config{Auth: []Authenticator{people}}, m)
	r := httptest.NewRequest("PROPFIND", "/remote.php/dav/files/alice/Documents/report%20final.txt", nil)
	r.Header.Set("X-As", "alice")
	w := discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		d.ServeHTTP(w, r)
	}
}
