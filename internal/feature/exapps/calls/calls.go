// Package calls carries requests to programs that may be slow, broken or gone, so that
// none of them slows anybody else: each has so many places at once and no queue, and one
// that fails again and again is left alone for a while. It knows addresses and HTTP, and
// nothing of what is asked.
package calls

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"atrium/internal/base/fault"
)

// The bounds of one program.
const (
	AtOnce   = 32               // requests under way
	failures = 5                // in a row, after which it is left alone
	rest     = 15 * time.Second // for so long
	connect  = 5 * time.Second
	patience = 60 * time.Second // for the head of an answer
	maxHead  = 64 << 10         // bytes of the head of an answer
)

// Caller calls programs by their names. It follows no redirects, keeps no cookies and
// asks no proxy.
type Caller struct {
	Now func() time.Time

	transport http.RoundTripper
	mu        sync.Mutex
	lines     map[string]*line
}

// line is how things stand with one program.
type line struct {
	busy   int
	failed int
	until  time.Time // it is left alone until then
}

// New returns a Caller. It opens no connection yet.
func New() *Caller {
	return &Caller{Now: time.Now, lines: map[string]*line{}, transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
		TLSHandshakeTimeout: connect, ResponseHeaderTimeout: patience, MaxResponseHeaderBytes: maxHead,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second, DisableCompression: true,
	}}
}

// To returns the way to one program.
func (c *Caller) To(name string) http.RoundTripper { return way{c, name} }

// Forget forgets how things stood with a program.
func (c *Caller) Forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lines, name)
}

// Close lets idle connections go.
func (c *Caller) Close() error {
	if t, ok := c.transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
	return nil
}

type way struct {
	*Caller
	name string
}

// ErrBusy is the answer in place of a program that has as much to do as it may have, or
// that has just failed several times.
var ErrBusy = fault.New(fault.Unavailable, "The external app is busy or does not answer. Please try again later.")

// RoundTrip implements http.RoundTripper. The place is free again when the body of the
// answer is closed.
func (w way) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := w.enter(w.name); err != nil {
		return nil, err
	}
	answer, err := w.transport.RoundTrip(r)
	if err != nil {
		w.leave(w.name)
		if r.Context().Err() == nil {
			w.note(w.name, false)
		}
		return nil, fault.Wrap(fault.Unavailable, err, "The external app does not answer.")
	}
	w.note(w.name, true)
	leave := sync.OnceFunc(func() { w.leave(w.name) })
	if both, ok := answer.Body.(io.ReadWriteCloser); ok { // a connection that speaks another protocol from here on
		answer.Body = socket{both, leave}
	} else {
		answer.Body = content{answer.Body, leave}
	}
	return answer, nil
}

func (c *Caller) enter(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lines[name]
	if l == nil {
		l = &line{}
		c.lines[name] = l
	}
	now := c.Now()
	if l.busy >= AtOnce || now.Before(l.until) {
		return ErrBusy
	}
	if l.failed >= failures {
		l.until = now.Add(rest) // one may try; others wait for what comes of it
	}
	l.busy++
	return nil
}

func (c *Caller) leave(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.lines[name]; l != nil && l.busy > 0 {
		l.busy--
	}
}

func (c *Caller) note(name string, answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lines[name]
	switch {
	case l == nil:
	case answered:
		l.failed, l.until = 0, time.Time{}
	default:
		if l.failed++; l.failed >= failures {
			l.until = c.Now().Add(rest)
		}
	}
}

type content struct {
	io.ReadCloser
	leave func()
}

// Close implements io.Closer.
func (b content) Close() error {
	b.leave()
	return b.ReadCloser.Close()
}

type socket struct {
	io.ReadWriteCloser
	leave func()
}

// Close implements io.Closer.
func (s socket) Close() error {
	s.leave()
	return s.ReadWriteCloser.Close()
}

// ErrLong is for an answer that is longer than it may be.
var ErrLong = errors.New("the answer is too long")

// Read reads an answer of at most so many bytes, and closes it.
func Read(answer *http.Response, most int64) ([]byte, error) {
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err == nil && int64(len(b)) > most {
		err = ErrLong
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The external app broke off.")
	}
	return b, nil
}
