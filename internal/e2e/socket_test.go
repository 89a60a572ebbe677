package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// ear is a person's client at the websocket, who asked to be told which files
// changed.
type ear struct {
	p    *person
	conn *websocket.Conn
}

// listens opens the socket and signs in. A false says that the server did not let
// them in.
func (p *person) listens() (*ear, bool) {
	p.s.Helper()
	conn, res, err := websocket.Dial(p.s.Context(), "ws"+strings.TrimPrefix(p.s.url, "http")+"/push/ws", nil)
	if err != nil {
		p.s.Fatalf("%s: no socket: %v", p.name(), err)
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	e := &ear{p, conn}
	p.s.Cleanup(e.close)
	login, secret := p.id, p.secret
	if p.link != "" { // the nearest that a visitor has to a credential
		login, secret = "", p.link
	}
	e.says(login)
	e.says(secret)
	if e.hears() != "authenticated" {
		return e, false
	}
	e.says("listen notify_file_id")
	return e, true
}

func (e *ear) close() { _ = e.conn.CloseNow() }

func (e *ear) says(text string) {
	e.p.s.Helper()
	if err := e.conn.Write(e.p.s.Context(), websocket.MessageText, []byte(text)); err != nil {
		e.p.s.Fatalf("%s at the socket: %v", e.p.name(), err)
	}
}

// hears is the next message.
func (e *ear) hears() string {
	e.p.s.Helper()
	ctx, cancel := context.WithTimeout(e.p.s.Context(), time.Minute)
	defer cancel()
	_, text, err := e.conn.Read(ctx)
	if err != nil {
		e.p.s.Fatalf("%s hears nothing at the socket: %v", e.p.name(), err)
	}
	return string(text)
}

// hearsOf tells whether the client hears of a file before it hears of something of
// its own that happens now: news come in the order in which they were made, so that
// nothing has to be waited for. News without names, as of a share that came or went,
// tell nothing, so that they are asked for again.
func (e *ear) hearsOf(id int64) bool {
	e.p.s.Helper()
	own := fmt.Sprintf("/heard-%d.txt", id)
	e.p.put(own, "now").want(201, 204)
	mine := fmt.Sprint(e.p.fileID(own))
	for {
		text := e.hears()
		if text == "notify_file" {
			e.p.put(own, "again").want(204)
			continue
		}
		ids, ok := strings.CutPrefix(text, "notify_file_id [")
		if !ok { // the stream, or a notification
			continue
		}
		switch all := strings.Split(strings.TrimSuffix(ids, "]"), ","); {
		case slices.Contains(all, fmt.Sprint(id)):
			return true
		case slices.Contains(all, mine):
			return false
		}
	}
}

// Who loses a share hears no more of what happens in it, at the socket that was
// open all the time.
func TestTheSocketForgetsWhatIsNoLongerShared(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		given := alice.shares("/plans", toUser, "bob", mayRead)
		id := alice.fileID("/plans/a.txt")
		bob.reads("/plans/a.txt", "first")
		e, ok := bob.listens()
		if !ok {
			t.Fatal("bob was not let in")
		}
		e.hearsOf(0) // from here on the server tells him names
		alice.put("/plans/a.txt", "second").want(204)
		if !e.hearsOf(id) {
			t.Error("bob heard nothing of what is shared with him")
		}
		alice.unshare(given).want(200)
		bob.get("/plans/a.txt").want(404)
		e.hearsOf(0) // until he was told that the share is gone
		alice.put("/plans/b.txt", "secret").want(201)
		if e.hearsOf(alice.fileID("/plans/b.txt")) {
			t.Error("bob heard of what is not shared with him any more")
		}
	})
}
