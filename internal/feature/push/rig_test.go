package push

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"atrium/internal/base/switches"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/lock/sqlock"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

var schemas = []db.Schema{sqlock.Schema, bus.Schema, identity.Schema, tree.Schema, content.Schema, Schema}

// node is a server with nothing but this room, over files and accounts.
type node struct {
	testing.TB
	db    *db.DB
	bus   *bus.Bus
	dir   *identity.Directory
	files *files.Service
	room  *Room
	url   string

	switches switches.Set
}

type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
}

// each runs f on a node over every database.
func each(t *testing.T, f func(t *testing.T, n *node)) {
	t.Helper()
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(t, newNode(t, d)) })
}

func lite(t *testing.T) *node { return newNode(t, dbtest.SQLite(t, schemas...)) }

// newNode serves until the test ends, and makes alice and bob, whose passwords are
// their names.
func newNode(t *testing.T, d *db.DB, how ...func(*Room)) *node {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	n := &node{TB: t, db: d, bus: bus.New(d, sqlock.New(d)), dir: identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))}
	n.bus.Poll = 20 * time.Millisecond
	n.files = files.New(d, tree.New(d), content.New(d, mem.New()), func(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error {
		return n.bus.Publish(ctx, tx, ev)
	})
	n.room = New(d, n.dir, n.files, box)
	n.room.Calm, n.room.Look, n.room.Follow = time.Millisecond, 20*time.Millisecond, 20*time.Millisecond
	for _, f := range how {
		f(n.room)
	}
	m := web.NewMux()
	m.Switches = &n.switches
	n.switches.Begin("notify_push")
	n.room.Plug(&plug.Board{Web: m, Bus: n.bus, Hook: &n.files.Hooks})
	srv := httptest.NewServer(web.NewDoor(web.Config{Auth: []web.Authenticator{basic{n.dir}}}, m))
	n.url = srv.URL
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 2)
	go func() { ended <- n.room.Run(ctx) }()
	go func() { n.bus.Run(ctx); ended <- nil }()
	t.Cleanup(func() {
		cancel()
		for range cap(ended) {
			if err := <-ended; err != nil {
				t.Errorf("run: %v", err)
			}
		}
		srv.Close()
	})
	for _, uid := range []string{"alice", "bob"} {
		if _, err := n.dir.User(t.Context(), uid); err == nil {
			continue // another node has
		}
		if _, err := n.dir.Create(t.Context(), identity.NewUser{ID: uid, Password: uid}); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// put writes a file of somebody and returns its id and the home's.
func (n *node) put(uid, path string) (file, home int64) {
	n.Helper()
	v, err := n.files.As(n.Context(), &who.Principal{ID: uid})
	if err != nil {
		n.Fatal(err)
	}
	w, err := v.Write(n.Context(), path, files.Put{Body: strings.NewReader(path), Size: int64(len(path))})
	if err != nil {
		n.Fatal(err)
	}
	root, err := v.Stat(n.Context(), "/")
	if err != nil {
		n.Fatal(err)
	}
	return w.ID, root.ID
}

// say publishes an event.
func (n *node) say(ev bus.Event) {
	n.Helper()
	if err := n.db.Tx(n.Context(), func(tx *db.DB) error { return n.bus.Publish(n.Context(), tx, ev) }); err != nil {
		n.Fatal(err)
	}
}

// device makes an app password.
func (n *node) device(uid string, s *who.Scope) (secret string, id int64) {
	n.Helper()
	secret = identity.AppPassword()
	t, err := n.dir.AddToken(n.Context(), identity.Token{UID: uid, Login: uid, Name: "test", Kind: identity.KindApp, Scope: s}, secret)
	if err != nil {
		n.Fatal(err)
	}
	return secret, t.ID
}

// client is one end of a socket.
type client struct {
	testing.TB
	conn *websocket.Conn
}

// dial opens a socket and says some messages.
func (n *node) dial(says ...string) *client {
	n.Helper()
	conn, res, err := websocket.Dial(n.Context(), n.url+socketPath, nil)
	if err != nil {
		n.Fatalf("dial: %v %v", err, res)
	}
	n.Cleanup(func() { _ = conn.CloseNow() })
	c := &client{n.TB, conn}
	for _, s := range says {
		c.say(s)
	}
	return c
}

// listen is a client that is in.
func (n *node) listen(login, secret string) *client {
	n.Helper()
	c := n.dial(login, secret)
	c.hears("authenticated")
	return c
}

func (c *client) say(s string) {
	c.Helper()
	if err := c.conn.Write(c.Context(), websocket.MessageText, []byte(s)); err != nil {
		c.Fatalf("say %q: %v", s, err)
	}
}

// next waits for a message; "" is the end, or silence for a minute.
func (c *client) next() string {
	ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
	defer cancel()
	_, text, err := c.conn.Read(ctx)
	if err != nil {
		return ""
	}
	return string(text)
}

func (c *client) hears(want string) {
	c.Helper()
	if got := c.next(); got != want {
		c.Errorf("heard %q, want %q", got, want)
	}
}

// ended waits for the end of the socket, after what else is said.
func (c *client) ended() websocket.StatusCode {
	for {
		if _, _, err := c.conn.Read(c.Context()); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func (n *node) post(path, uid string) (int, string) {
	n.Helper()
	r, err := http.NewRequestWithContext(n.Context(), "POST", n.url+path, nil)
	if err != nil {
		n.Fatal(err)
	}
	if uid != "" {
		r.SetBasicAuth(uid, uid)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		n.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		n.Fatal(err)
	}
	return res.StatusCode, string(b)
}
