package push

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// maxMessage bounds what a client sends, in bytes: a name, a password, a word.
const maxMessage = 4096

// maxIDs is how many files a message names; of more it says only that there are some.
const maxIDs = 100

// socket is one client that waits for news.
type socket struct {
	rm    *Room
	conn  *websocket.Conn
	p     *who.Principal
	slice int

	out   sync.Mutex // held while messages are sent
	mu    sync.Mutex
	ready bool             // is told of news
	named bool             // wants to know which files
	due   [kinds]bool      // something of this kind is to be told
	ids   map[int64]bool   // of these files
	any   bool             // of files that have no name here
	quiet [kinds]time.Time // not to be told before
	timer *time.Timer      // nil: nothing is due
	at    time.Time        // when it fires
}

// arrive answers GET /push/ws. The request is over when the connection is a
// websocket; a goroutine of the hub goes on with it.
func (rm *Room) arrive(w http.ResponseWriter, r *http.Request) error {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return fault.New(fault.Invalid, "This address is for websockets.")
	}
	if rm.hub.isClosed() {
		return errClosing
	}
	from := web.Network(web.VisitOf(r.Context()).Addr)
	// The browser's cookie opens nothing here, so any site may try.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil // it has answered
	}
	conn.SetReadLimit(maxMessage)
	s := &socket{rm: rm, conn: conn}
	if !rm.hub.open(s, func(s *socket) { s.serve(from) }) {
		s.end("", websocket.StatusGoingAway)
	}
	return nil
}

// serve signs a client in and reads what it says until it goes.
func (s *socket) serve(from netip.Prefix) {
	defer func() { _ = s.conn.CloseNow() }()
	late := time.AfterFunc(s.rm.Login, func() {
		s.rm.hub.run(func() { s.end("Authentication timeout", websocket.StatusPolicyViolation) })
	})
	p, err := s.signIn(from)
	if !late.Stop() {
		return
	}
	if err != nil {
		s.end(excuse(err), websocket.StatusPolicyViolation)
		return
	}
	s.p = p
	if !s.rm.hub.add(s) {
		s.end("err: Too many connections", websocket.StatusTryAgainLater)
		return
	}
	if err := s.rm.catchUp(); err != nil {
		s.end(excuse(err), websocket.StatusTryAgainLater)
		return
	}
	if !s.greet() {
		return
	}
	for {
		text, err := s.read()
		if err != nil {
			return
		}
		if strings.TrimSpace(text) == "listen notify_file_id" {
			s.listenForIDs()
		}
	}
}

// listenForIDs has the socket name files from now on. What is due already was not
// noted by name, so the next message names none.
func (s *socket) listenForIDs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.named {
		s.named, s.any = true, s.due[ofFiles]
	}
}

// greet tells the client that it is in. Nothing is told before, and need not be:
// the client now looks at everything once.
func (s *socket) greet() bool {
	s.out.Lock()
	defer s.out.Unlock()
	s.mu.Lock()
	s.ready = true
	s.mu.Unlock()
	return s.send("authenticated", s.rm.Answer)
}

func excuse(err error) string {
	switch {
	case errors.Is(err, fault.Anonymous):
		return "err: Invalid credentials"
	case fault.Text(err) != "":
		return "err: " + fault.Text(err)
	}
	return "err: Internal error"
}

// signIn reads the two messages that a client begins with: the login name and
// the password, or nothing and the token that pre_auth gave.
func (s *socket) signIn(from netip.Prefix) (*who.Principal, error) {
	login, err := s.read()
	if err != nil {
		return nil, err
	}
	secret, err := s.read()
	if err != nil {
		return nil, err
	}
	ctx := context.Background() // the client may go, and a guess still counts
	if login == "" {
		return s.rm.byPreAuth(ctx, secret)
	}
	p, err := s.rm.people.SignIn(ctx, login, secret, from)
	s.rm.people.Seen(p, from)
	return p, err
}

// read waits without a deadline: pings find out who is gone.
func (s *socket) read() (string, error) {
	_, text, err := s.conn.Read(context.Background())
	return string(text), err
}

func (s *socket) send(text string, wait time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, []byte(text)) == nil
}

// endWithin is how long a client has to take the last message.
const endWithin = time.Second / 4

// end says why the connection ends, and ends it, also when nobody listens.
func (s *socket) end(why string, code websocket.StatusCode) {
	cut := time.AfterFunc(endWithin, func() { _ = s.conn.CloseNow() })
	defer cut.Stop()
	if why == "" || s.send(why, endWithin) {
		_ = s.conn.Close(code, "")
	}
	_ = s.conn.CloseNow()
}

func (s *socket) ping(wait time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if s.conn.Ping(ctx) != nil {
		_ = s.conn.CloseNow()
	}
}

// tell notes that there is news of a kind, to be said after wait or as soon as the
// socket has had its pause. ids are the files, none when they are not known.
func (s *socket) tell(k kind, ids []int64, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ready {
		return
	}
	s.due[k] = true
	if k == ofFiles {
		s.note(ids)
	}
	now := s.rm.Now()
	at := now.Add(wait)
	if s.quiet[k].After(at) {
		at = s.quiet[k]
	}
	switch {
	case s.timer == nil:
		s.timer, s.at = time.AfterFunc(at.Sub(now), s.wake), at
	case at.Before(s.at) && s.timer.Stop():
		s.timer.Reset(at.Sub(now))
		s.at = at
	}
}

func (s *socket) note(ids []int64) {
	if s.any = s.any || len(ids) == 0 || len(s.ids)+len(ids) > maxIDs; s.any || !s.named {
		return
	}
	if s.ids == nil {
		s.ids = map[int64]bool{}
	}
	for _, id := range ids {
		s.ids[id] = true
	}
}

func (s *socket) wake() { s.rm.hub.run(s.flush) }

// flush sends what is due now, and comes back for what is not yet.
func (s *socket) flush() {
	s.out.Lock()
	defer s.out.Unlock()
	for _, text := range s.take() {
		if !s.send(text, s.rm.Answer) {
			_ = s.conn.CloseNow()
			return
		}
	}
}

func (s *socket) take() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = nil
	now := s.rm.Now()
	var next time.Time
	for k := range kinds {
		switch {
		case !s.due[k]:
			continue
		case s.quiet[k].After(now):
			if next.IsZero() || s.quiet[k].Before(next) {
				next = s.quiet[k]
			}
			continue
		}
		s.due[k] = false
		s.quiet[k] = now.Add(s.rm.Calm/2 + rand.N(s.rm.Calm))
		out = append(out, s.text(k))
	}
	if !next.IsZero() {
		s.timer, s.at = time.AfterFunc(next.Sub(now), s.wake), next
	}
	return out
}

// text is the message of a kind. It forgets what it tells.
func (s *socket) text(k kind) string {
	if k != ofFiles {
		return kindTexts[k]
	}
	ids, known := s.ids, s.named && !s.any
	s.ids, s.any = nil, false
	if !known {
		return kindTexts[k]
	}
	var list []string
	for id := range ids {
		list = append(list, strconv.FormatInt(id, 10))
	}
	slices.Sort(list)
	return "notify_file_id [" + strings.Join(list, ",") + "]"
}
