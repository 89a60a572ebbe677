package push

import (
	"context"
	"io"
	"net/http"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity/passes"
)

// preAuthFor is how long a token of pre_auth opens a socket.
const preAuthFor = 15 * time.Second

// office makes the tokens of pre_auth. The socket ends with the credential that
// asked for one.
func (rm *Room) office() *passes.Office {
	return &passes.Office{Use: "push pre_auth", Now: rm.Now, People: rm.people, Box: rm.box}
}

// preAuth answers POST …/notify_push/pre_auth: a browser, which cannot tell a
// script its cookie, gets what opens a socket in its place.
func (rm *Room) preAuth(w http.ResponseWriter, r *http.Request) error {
	token, err := rm.office().Make(who.From(r.Context()), 0, preAuthFor)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err = io.WriteString(w, token)
	return err
}

// byPreAuth finds out who got a token.
func (rm *Room) byPreAuth(ctx context.Context, token string) (*who.Principal, error) {
	p, _, err := rm.office().Take(ctx, token)
	return p, err
}
