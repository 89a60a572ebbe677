package push

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/web"
)

func TestAChangeReachesTheClientsOfItsOwner(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.put("alice", "/before")
		alice, bob := n.listen("alice", "alice"), n.listen("bob", "bob")
		file, home := n.put("alice", "/a")
		alice.hears("notify_file")
		alice.say("listen notify_file_id")
		other := n.listen("alice", "alice")
		other.say("listen notify_file_id")
		// What a client has said counts for what happens after it was read: a message
		// without ids may come before.
		for {
			n.put("alice", "/a")
			if text := other.next(); text != "notify_file" {
				ids := []int64{home, file}
				slices.Sort(ids)
				if want := fmt.Sprintf("notify_file_id [%d,%d]", ids[0], ids[1]); text != want {
					t.Errorf("heard %q, want %q", text, want)
				}
				break
			}
		}
		n.say(event.NoticesChanged{UIDs: []string{"bob"}})
		bob.hears("notify_notification") // and nothing of alice's files before
	})
}

func TestNotificationsAndActivitiesReachThoseConcerned(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		if err := n.dir.CreateGroup(t.Context(), "crew", ""); err != nil {
			t.Fatal(err)
		}
		if err := n.dir.AddMember(t.Context(), "crew", "bob"); err != nil {
			t.Fatal(err)
		}
		alice, bob := n.listen("alice", "alice"), n.listen("bob", "bob")
		file, _ := n.put("alice", "/a")
		alice.hears("notify_file")
		n.say(event.NoticesChanged{Groups: []string{"crew"}})
		bob.hears("notify_notification")
		n.say(event.ActivityGrew{UIDs: []string{"bob"}})
		bob.hears("notify_activity")
		n.say(event.ActivityGrew{Nodes: []int64{file}})
		alice.hears("notify_activity")
		n.say(event.ShareMade{Shared: event.Shared{Kind: 1, Owner: "alice", Sharer: "alice", Recipient: "crew"}})
		alice.hears("notify_file")
		bob.hears("notify_file")
		n.say(event.NoticesChanged{All: true})
		alice.hears("notify_notification")
		bob.hears("notify_notification")
	})
}

// Two nodes serve one database where there can be two: a change on one reaches a
// client of the other.
func TestAChangeReachesClientsOfAllNodes(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		nodes := []*node{newNode(t, d)}
		if d.Dialect() != db.SQLite {
			nodes = append(nodes, newNode(t, d), newNode(t, d))
		}
		var clients []*client
		for _, n := range nodes {
			clients = append(clients, n.listen("alice", "alice"))
		}
		for i, n := range nodes {
			n.put("alice", fmt.Sprint("/file", i))
			for _, c := range clients {
				c.hears("notify_file")
			}
		}
	})
}

// Many changes are few messages, and the last message comes after the last change.
func TestManyChangesAreFewMessages(t *testing.T) {
	n := newNode(t, dbtest.SQLite(t, schemas...), func(rm *Room) { rm.Calm = 200 * time.Millisecond })
	c := n.listen("alice", "alice")
	n.put("alice", "/f")
	c.hears("notify_file")
	c.say("listen notify_file_id")
	for text := ""; !strings.HasPrefix(text, "notify_file_id"); text = c.next() {
		n.put("alice", "/f") // until what the client said was read
	}
	want, got, begun := map[string]bool{}, map[string]bool{}, time.Now()
	for i := range 30 {
		id, _ := n.put("alice", fmt.Sprint("/f", i))
		want[fmt.Sprint(id)] = true
	}
	messages := 0
	for ; len(got) < len(want) && messages < 30; messages++ {
		var ids []int64
		text := c.next()
		if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "notify_file_id ")), &ids); err != nil {
			t.Fatalf("heard %q", text)
		}
		for _, id := range ids {
			if want[fmt.Sprint(id)] {
				got[fmt.Sprint(id)] = true
			}
		}
	}
	if most := 2 + int(time.Since(begun)/(n.room.Calm/2)); len(got) != len(want) || messages > most {
		t.Errorf("%d messages named %d of %d files", messages, len(got), len(want))
	}
}

// Who asks for names while something without one is due misses nothing of it.
func TestNamesAreWholeOrMissing(t *testing.T) {
	s := &socket{rm: lite(t).room, ready: true}
	told := func(ids ...int64) string {
		s.tell(ofFiles, ids, time.Hour)
		return s.text(ofFiles)
	}
	s.tell(ofFiles, []int64{1}, time.Hour)
	s.listenForIDs()
	if got := told(2); got != "notify_file" {
		t.Errorf("told %q of 1 and 2", got)
	}
	if got := told(3); got != "notify_file_id [3]" {
		t.Errorf("told %q of 3", got)
	}
}

func TestWaysIn(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		secret, _ := n.device("alice", nil)
		n.listen("alice", secret)
		code, token := n.post("/index.php/apps/notify_push/pre_auth", "alice")
		if code != http.StatusOK {
			t.Fatalf("pre_auth: %d %s", code, token)
		}
		n.put("alice", "/a")
		c := n.listen("", token)
		n.put("alice", "/a")
		c.hears("notify_file")
		for _, wrong := range [][]string{{"alice", "wrong"}, {"", "wrong"}, {"nobody", "x"}, {"", ""}} {
			c := n.dial(wrong...)
			c.hears("err: Invalid credentials")
			if code := c.ended(); code != websocket.StatusPolicyViolation {
				t.Errorf("%q ended with %d", wrong, code)
			}
		}
		n.room.Now = func() time.Time { return time.Now().Add(preAuthFor + time.Second) }
		n.dial("", token).hears("err: Invalid credentials")
		if code, _ := n.post("/index.php/apps/notify_push/pre_auth", ""); code != http.StatusUnauthorized {
			t.Errorf("pre_auth for nobody: %d", code)
		}
	})
}

func TestWhoSaysNothingIsSentAway(t *testing.T) {
	n := newNode(t, dbtest.SQLite(t, schemas...), func(rm *Room) { rm.Login = 30 * time.Millisecond })
	n.dial().hears("Authentication timeout")
	n.dial("alice").hears("Authentication timeout")
}

func TestOnlyWebsockets(t *testing.T) {
	n := lite(t)
	res, err := http.Get(n.url + socketPath)
	if err != nil || res.StatusCode != http.StatusBadRequest {
		t.Fatalf("%v %v", res, err)
	}
	_ = res.Body.Close()
}

// Whatever takes a credential away ends its sockets, on the node and elsewhere,
// and leaves the others.
func TestWhatIsRevokedEndsSockets(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		ctx := t.Context()
		stays := n.listen("alice", "alice")
		for name, f := range map[string]func(id int64) error{
			"removed": func(id int64) error { return n.dir.RemoveToken(ctx, "alice", id) },
			"wiped":   func(id int64) error { return n.dir.AskWipe(ctx, "alice", id) },
			"narrowed": func(id int64) error {
				return n.dir.ChangeToken(ctx, "alice", id, "x", &who.Scope{Verbs: who.Read}, time.Time{})
			},
			"expired": func(id int64) error { return n.dir.ChangeToken(ctx, "alice", id, "x", nil, time.Unix(1, 0)) },
		} {
			secret, id := n.device("alice", nil)
			c := n.listen("alice", secret)
			if err := f(id); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			c.hears("err: Invalid credentials")
			c.ended()
		}
		bob, secret := n.listen("bob", "bob"), identity.AppPassword()
		if _, err := n.dir.AddToken(ctx, identity.Token{UID: "bob", Login: "bob", Kind: identity.KindApp}, secret); err != nil {
			t.Fatal(err)
		}
		phone := n.listen("bob", secret)
		if err := n.dir.SetPassword(ctx, "bob", "another one of mine"); err != nil {
			t.Fatal(err)
		}
		bob.ended()
		if err := n.dir.Disable(ctx, "bob"); err != nil {
			t.Fatal(err)
		}
		phone.ended()
		n.put("alice", "/a")
		stays.hears("notify_file")
	})
}

// A credential that is limited hears of no files that it does not see.
func TestLimitedCredentials(t *testing.T) {
	n := lite(t)
	whole := n.listen("alice", "alice")
	inside, _ := n.put("alice", "/inside")
	whole.hears("notify_file")
	one, _ := n.device("alice", &who.Scope{Folders: []int64{inside}})
	none, _ := n.device("alice", &who.Scope{But: []string{who.FilesRoom}})
	narrow, blind := n.listen("alice", one), n.listen("alice", none)
	n.put("alice", "/outside")
	whole.hears("notify_file")
	n.say(event.NoticesChanged{UIDs: []string{"alice"}})
	narrow.hears("notify_notification")
	blind.hears("notify_notification")
	n.put("alice", "/inside")
	narrow.hears("notify_file")
}

func TestTheServerSaysGoodbye(t *testing.T) {
	d := dbtest.SQLite(t, schemas...)
	var c, guest *client
	t.Run("serving", func(t *testing.T) {
		n := newNode(t, d)
		c, guest = n.listen("alice", "alice"), n.dial("alice")
		ends := make(chan websocket.StatusCode, 2)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for _, c := range []*client{c, guest} {
			go func() { ends <- c.ended() }()
		}
		if err := n.room.Run(ctx); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if code := <-ends; code != websocket.StatusGoingAway {
				t.Errorf("ended with %d", code)
			}
		}
	})
}

func TestSocketsEndWhenTheRoomIsSwitchedOff(t *testing.T) {
	n := lite(t)
	c := n.listen("alice", "alice")
	n.switches.Turn(map[string]bool{"notify_push": true})
	if code := c.ended(); code != websocket.StatusGoingAway {
		t.Errorf("ended with %d", code)
	}
}

func TestTooManySocketsOfOne(t *testing.T) {
	n := lite(t)
	secret, _ := n.device("alice", nil)
	for range maxOfUser {
		n.listen("alice", secret)
	}
	n.dial("alice", secret).hears("err: Too many connections")
	n.listen("bob", "bob")
}

func TestWhoDoesNotAnswerIsGone(t *testing.T) {
	n := newNode(t, dbtest.SQLite(t, schemas...), func(rm *Room) { rm.Beat, rm.Answer = 30*time.Millisecond, 50*time.Millisecond })
	n.listen("alice", "alice") // never reads again
	for !n.room.hub.empty() {
		n.put("alice", "/a")
	}
}

func TestCapability(t *testing.T) {
	var got any
	m := web.NewMux()
	m.Handle("GET", "/caps", web.Anyone, func(_ http.ResponseWriter, r *http.Request) error {
		b, err := json.Marshal(caps(r.Context(), r))
		if err != nil {
			return err
		}
		return json.Unmarshal(b, &got)
	})
	web.NewDoor(web.Config{URL: "https://cloud.example.com/sub"}, m).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/caps", nil))
	want := map[string]any{"type": []any{"files", "activities", "notifications"}, "endpoints": map[string]any{
		"websocket": "wss://cloud.example.com/sub/push/ws", "pre_auth": "https://cloud.example.com/sub/index.php/apps/notify_push/pre_auth"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The clients that ask because of one message do not come all at once.
func TestManyClientsAreToldOneAfterTheOther(t *testing.T) {
	var most time.Duration
	for range 1000 {
		most = max(most, spread(10_000))
	}
	if spread(10) != 0 || most < spreadMost/2 || most > spreadMost {
		t.Errorf("10 clients wait %s, the last of 10,000 %s", spread(10), most)
	}
}
