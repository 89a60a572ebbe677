package calls

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
)

func ask(t *testing.T, c *Caller, name, address string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return c.To(name).RoundTrip(r)
}

// A program that answers nobody holds so many requests and no more, and no other waits
// for it.
func TestASlowProgramSlowsNobody(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-release
	}))
	defer slow.Close()
	defer close(release)
	quick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }))
	defer quick.Close()
	c := New()
	defer c.Close()
	var held []*http.Response
	for range AtOnce {
		answer, err := ask(t, c, "slow", slow.URL)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, answer)
	}
	if _, err := ask(t, c, "slow", slow.URL); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	answer, err := ask(t, c, "quick", quick.URL)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := Read(answer, 10); string(b) != "ok" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	for _, a := range held {
		a.Body.Close()
		a.Body.Close() // a place is given back once
	}
	again, err := ask(t, c, "slow", slow.URL)
	if err != nil {
		t.Fatalf("all places are free again: %v", err)
	}
	again.Body.Close()
}

// A program that is gone is asked a few times, then left alone, then tried by one.
func TestACrashedProgramIsLeftAlone(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + gone.Addr().String()
	gone.Close()
	c, now := New(), time.Unix(1_800_000_000, 0)
	c.Now = func() time.Time { return now }
	for range failures {
		if _, err := ask(t, c, "gone", address); errors.Is(err, ErrBusy) || !errors.Is(err, fault.Unavailable) {
			t.Errorf("while it is tried: %v", err)
		}
	}
	if _, err := ask(t, c, "gone", address); !errors.Is(err, ErrBusy) {
		t.Errorf("when it is left alone: %v", err)
	}
	now = now.Add(rest)
	if _, err := ask(t, c, "gone", address); errors.Is(err, ErrBusy) {
		t.Error("it is tried again after a while")
	}
	if _, err := ask(t, c, "gone", address); !errors.Is(err, ErrBusy) {
		t.Errorf("after one try: %v", err)
	}
	back := httptest.NewServer(http.NotFoundHandler())
	defer back.Close()
	now = now.Add(rest)
	for range 2 {
		answer, err := ask(t, c, "gone", back.URL)
		if err != nil {
			t.Fatalf("when it is back: %v", err)
		}
		answer.Body.Close()
	}
}

// Who hangs up on us is no failure of the program.
func TestAnAskerWhoGoesIsNoFailure(t *testing.T) {
	c := New()
	for range failures + 1 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:1/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.To("x").RoundTrip(r); err == nil || errors.Is(err, ErrBusy) {
			t.Fatal(err)
		}
	}
}

// An answer without an end is cut.
func TestAFloodIsCut(t *testing.T) {
	flood := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	}))
	defer flood.Close()
	answer, err := ask(t, New(), "flood", flood.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(answer, 1<<20); !errors.Is(err, ErrLong) {
		t.Error(err)
	}
}
