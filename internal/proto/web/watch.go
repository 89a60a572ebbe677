package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// watchEvery is how often a request that lasts asks whether its credential is
// still good. With what the Authenticators believe unseen it stays below the
// second in which what is revoked must end.
const watchEvery = time.Second / 2

// watch ends a request whose credential is revoked while it runs: at once, even
// while a slow client keeps it waiting. Short requests cost a timer.
type watch struct {
	mu      sync.Mutex
	timer   *time.Timer
	revoked error
	over    bool // the handler is done, and the connection serves the next
}

// begin watches the request of somebody who is signed in.
func (x *exchange) begin(ctx context.Context, p *who.Principal) {
	if x.door.cfg.Still == nil {
		return
	}
	x.watch.timer = time.AfterFunc(watchEvery, func() { x.look(ctx, p) })
}

// Admit tells on whose behalf the handler of a Link route goes on: the principal
// travels in the context from here on, and the link by which they came is watched
// as a credential is. It is called once a request.
func Admit(r *http.Request, p *who.Principal) *http.Request {
	r = r.WithContext(who.With(r.Context(), p))
	if x, ok := r.Context().Value(visitKey{}).(*exchange); ok {
		x.begin(r.Context(), p)
	}
	return r
}

// look asks about the credential. Only a clear no ends the request; a database
// that does not answer does not.
func (x *exchange) look(ctx context.Context, p *who.Principal) {
	err := x.door.cfg.Still(ctx, p)
	w := &x.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
	case errors.Is(err, fault.Anonymous):
		w.revoked = err
		now := time.Now()
		_ = x.ctl.SetReadDeadline(now) // a recorder in a test has none
		_ = x.ctl.SetWriteDeadline(now)
	default:
		w.timer.Reset(watchEvery)
	}
}

// gone tells why the request must end; nil: it need not.
func (w *watch) gone() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.revoked
}

// instead returns why the request must end where an error came of that, else err.
func (w *watch) instead(err error) error {
	if err == nil {
		return nil
	}
	if gone := w.gone(); gone != nil {
		return gone
	}
	return err
}

// end stops watching. After it, nothing touches the connection any more.
func (w *watch) end() {
	if w.timer == nil {
		return
	}
	w.timer.Stop()
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
}
