package webhooks

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web/webtest"
)

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		id := "2"
		for _, e := range webtest.Load(t, "testdata") {
			e.Request.URL.Path = strings.Replace(e.Request.URL.Path, "/webhooks/2", "/webhooks/"+id, 1)
			e.Request.SetBasicAuth(e.As[0], e.As[0])
			rules := webtest.Rules{Loose: []string{"id", "authData"}, Headers: []string{"Content-Type"}}
			switch {
			case strings.HasSuffix(e.Name, "create"):
				rules.Ours = []string{"secret"} // by which the receiver knows us
			case strings.HasSuffix(e.Name, "missing"):
				rules.Loose = append(rules.Loose, "message") // Nextcloud shows its SQL
			}
			w := g.serve(e.Request)
			e.Compare(t, w, rules)
			if strings.HasSuffix(e.Name, "create") && w.Code == 200 {
				id = fmt.Sprint(g.room.first(t).ID)
			}
		}
	})
}

// first is the oldest webhook.
func (rm *Room) first(t *testing.T) Hook {
	t.Helper()
	for h, err := range rm.Hooks(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	t.Fatal("no webhook")
	return Hook{}
}

// What arrives is what Nextcloud sends (34-apps/207), with the headers that were chosen
// and a signature.
func TestAFileIsTold(t *testing.T) {
	each(t, func(g *rig) {
		rc := g.receiver(nil)
		_, secret := g.register(rc.URL+"/hook2", nodeCreated,
			`, "eventFilter": {"user.uid": "olga"}, "headers": {"X-Extra": "1"}, "authMethod": "header", "authData": {"Authorization": "Bearer abc"}`)
		id := g.put("olga", "/hook-1795313856.txt")
		g.put("otto", "/not.txt")
		g.drain()
		got := rc.take()
		if len(got) != 1 {
			t.Fatalf("%d messages", len(got))
		}
		want := map[string]any{
			"event": map[string]any{"node": map[string]any{"id": float64(id), "path": "/olga/files/hook-1795313856.txt"}, "class": nodeCreated},
			"user":  map[string]any{"uid": "olga", "displayName": "Olga Ö. Capture"},
			"time":  float64(g.now.Unix()),
		}
		if diff := cmp.Diff(want, got[0].json); diff != "" {
			t.Error(diff)
		}
		h := got[0].Header
		sum, err := Sign(secret, h.Get("webhook-id"), h.Get("webhook-timestamp"), got[0].body)
		if err != nil || h.Get("webhook-signature") != sum || h.Get("webhook-timestamp") != fmt.Sprint(g.now.Unix()) {
			t.Errorf("%v, want %s, %v", h, sum, err)
		}
		if h.Get("X-Extra") != "1" || h.Get("Authorization") != "Bearer abc" || got[0].URL.Path != "/hook2" || got[0].Method != "POST" {
			t.Errorf("%s %s %v", got[0].Method, got[0].URL, h)
		}
		if n := g.count("webhook_delivery"); n != 0 {
			t.Errorf("%d deliveries are kept", n)
		}
		var kept string
		for _, h := range []Hook{g.room.first(t)} {
			kept = h.AuthData + h.secret
		}
		if strings.Contains(kept, "abc") || strings.Contains(kept, secret) {
			t.Errorf("secrets are kept in the clear: %s", kept)
		}
	})
}

func (g *rig) count(table string) int64 {
	g.Helper()
	n, err := db.One(g.Context(), g.db, db.Scan1[int64], "SELECT COUNT(*) FROM "+table)
	if err != nil {
		g.Fatal(err)
	}
	return n
}

// The example of the specification of Standard Webhooks.
func TestSignatureIsThatOfStandardWebhooks(t *testing.T) {
	got, err := Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", `{"test": 2432232314}`)
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := Sign("whsec_?", "", "", ""); !errors.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

// With no webhook an event costs no row, and no statement but for a look at who wants
// what every few seconds. With one for another kind it costs the same.
func TestWhatNobodyWantsCostsNothing(t *testing.T) {
	each(t, func(g *rig) {
		g.room.wanted.Store(nil)
		cost := func() int64 {
			ctx, n := db.Count(t.Context())
			for range 100 {
				if err := g.db.Tx(ctx, func(tx *db.DB) error {
					return g.bus.Publish(ctx, tx, event.FileWritten{Node: 1, Parent: 1, Name: "a"})
				}); err != nil {
					t.Fatal(err)
				}
			}
			return n.Load()
		}
		before := g.count("job")
		if n := cost(); n > 1 {
			t.Errorf("100 events cost %d statements", n)
		}
		g.register("http://192.0.2.1/", userCreated, "")
		if n := cost(); n > 1 {
			t.Errorf("100 events that nobody wants cost %d statements", n)
		}
		if n := g.count("job"); n != before {
			t.Errorf("%d jobs more", n-before)
		}
	})
}

// Who has left is called by the id, and a visitor has no account.
func TestWhoDidIt(t *testing.T) {
	g := lite(t)
	rc := g.receiver(nil)
	g.register(rc.URL, tagPut, "")
	g.register(rc.URL, tagTaken, `, "userIdFilter": "otto"`)
	g.say(event.TagChanged{What: event.TagPut, By: event.By{Actor: "eve"}}, event.TagChanged{What: event.TagPut, By: event.By{Link: 3}},
		event.TagChanged{What: event.TagTaken, By: event.By{Actor: "eve"}}, event.TagChanged{What: event.TagTaken, By: event.By{Actor: "otto"}})
	g.drain()
	users := map[string]int{}
	for _, r := range rc.take() {
		users[fmt.Sprint(r.json["user"])]++
	}
	if diff := cmp.Diff(map[string]int{"map[displayName:eve uid:eve]": 1, "<nil>": 1, "map[displayName:otto uid:otto]": 1}, users); diff != "" {
		t.Error(diff)
	}
}

// A receiver that fails gets the message again, under the same id, until it is given
// up; an administrator may have it sent again.
func TestRepeatsAndWhatIsGivenUp(t *testing.T) {
	each(t, func(g *rig) {
		rc := g.receiver(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		hook, _ := g.register(rc.URL, userCreated, "")
		g.say(event.AccountChanged{UID: "x", What: event.AccountMade})
		g.drain()
		ids := map[string]bool{}
		for _, r := range rc.take() {
			ids[r.Header.Get("webhook-id")] = true
		}
		for i, p := range pauses() {
			g.now = g.now.Add(p - time.Second)
			if p > grain {
				g.drain()
			}
			if n := len(rc.take()); n != 0 {
				t.Errorf("after failure %d it came %d times too early", i+1, n)
			}
			g.now = g.now.Add(grain + time.Second)
			g.drain()
			got := rc.take()
			if len(got) != 1 {
				t.Fatalf("after failure %d it came %d times", i+1, len(got))
			}
			ids[got[0].Header.Get("webhook-id")] = true
		}
		g.now = g.now.Add(48 * time.Hour)
		g.drain()
		if n := len(rc.take()); n != 0 || len(ids) != 1 {
			t.Errorf("%d messages after the last try, ids %v", n, ids)
		}
		dead := g.ask(200, "GET", "dead", "").([]any)
		if len(dead) != 1 {
			t.Fatalf("%v", dead)
		}
		one := dead[0].(map[string]any)
		if one["error"] != "the receiver answered 502 Bad Gateway" || one["tries"] != 7.0 || one["webhook"] != float64(hook) {
			t.Errorf("%v", one)
		}
		path := fmt.Sprintf("dead/%.0f", one["id"])
		rc.answer = nil
		g.ask(200, "POST", path+"/retry", "")
		g.ask(404, "POST", path+"/retry", "")
		g.ask(404, "DELETE", path, "")
		g.drain()
		if n := len(rc.take()); n != 1 || g.count("webhook_delivery") != 0 {
			t.Errorf("sent again %d times, %d deliveries left", n, g.count("webhook_delivery"))
		}
	})
}

// What was given up is forgotten by hand, with its webhook, or after a month.
func TestWhatWasGivenUpIsForgotten(t *testing.T) {
	g := lite(t)
	rc := g.receiver(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	hook, _ := g.register(rc.URL, userCreated, "")
	for range 3 {
		g.say(event.AccountChanged{UID: "x", What: event.AccountMade})
	}
	for range len(pauses()) + 1 {
		g.drain()
		g.now = g.now.Add(12 * time.Hour)
	}
	dead := g.ask(200, "GET", "dead?limit=2", "").([]any)
	last := dead[1].(map[string]any)["id"]
	if rest := g.ask(200, "GET", fmt.Sprintf("dead?before=%.0f", last), "").([]any); len(dead) != 2 || len(rest) != 1 {
		t.Errorf("%v, %v", dead, rest)
	}
	g.ask(200, "DELETE", fmt.Sprintf("dead/%.0f", last), "")
	g.ask(400, "GET", "dead?limit=0", "")
	if n := g.count("webhook_delivery"); n != 2 {
		t.Errorf("%d left", n)
	}
	if n, err := g.room.Retry(t.Context()); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for range len(pauses()) + 1 {
		g.drain()
		g.now = g.now.Add(12 * time.Hour)
	}
	g.now = g.now.Add(keepDead)
	if err := g.room.sweep(t.Context()); err != nil || g.count("webhook_delivery") != 0 {
		t.Errorf("%d left, %v", g.count("webhook_delivery"), err)
	}
	g.say(event.AccountChanged{UID: "x", What: event.AccountMade})
	g.drain()
	g.ask(200, "DELETE", fmt.Sprint("webhooks/", hook), "")
	if n := g.count("webhook_delivery"); n != 0 {
		t.Errorf("%d left", n)
	}
	g.drain()
}

// A receiver that does not answer keeps nobody else's messages, and has a rest.
func TestASlowReceiverHoldsUpNobody(t *testing.T) {
	g := lite(t)
	g.room.inside.Timeout = 50 * time.Millisecond
	end := make(chan struct{})
	slow, quick := g.receiver(func(http.ResponseWriter, *http.Request) { <-end }), g.receiver(nil)
	t.Cleanup(func() { close(end) })
	g.register(slow.URL, userCreated, "")
	g.register(quick.URL, userCreated, "")
	for range 3 * atOnce {
		g.say(event.AccountChanged{UID: "x", What: event.AccountMade})
	}
	g.drain()
	if n, m := len(slow.take()), len(quick.take()); n > atOnce || m != 3*atOnce {
		t.Errorf("the slow one was asked %d times, the quick one %d times", n, m)
	}
}

func TestAnswersAreNotReadWhole(t *testing.T) {
	g := lite(t)
	rc := g.receiver(func(w http.ResponseWriter, r *http.Request) {
		for range 1 << 14 { // 16 MiB
			if _, err := w.Write(make([]byte, 1<<10)); err != nil || r.Context().Err() != nil {
				return
			}
		}
		t.Error("the whole answer was taken")
	})
	g.register(rc.URL, userCreated, "")
	g.say(event.AccountChanged{UID: "x", What: event.AccountMade})
	g.drain()
	if len(rc.take()) != 1 || g.count("webhook_delivery") != 0 {
		t.Error("it did not count as taken")
	}
}

// Nothing is sent into our own network unless an administrator allows that, and no
// redirect is followed.
func TestWhereWebhooksGo(t *testing.T) {
	g := lite(t)
	inner := g.receiver(nil)
	outer := g.receiver(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inner.URL, http.StatusTemporaryRedirect)
	})
	g.register(outer.URL, userCreated, "")
	g.say(event.AccountChanged{UID: "x", What: event.AccountMade})
	g.drain()
	if len(outer.take()) != 1 || len(inner.take()) != 0 {
		t.Error("a redirect was followed")
	}
	if err := g.room.settings.Set(t.Context(), app, allowLocal.Name, "no"); err != nil {
		t.Fatal(err)
	}
	g.say(event.AccountChanged{UID: "y", What: event.AccountMade})
	g.drain()
	if n := len(outer.take()); n != 0 {
		t.Errorf("%d messages to a private address", n)
	}
	why, err := db.List(t.Context(), g.db, db.Scan1[string], "SELECT err FROM webhook_delivery WHERE err LIKE '%public addresses%'")
	if len(why) != 1 || err != nil {
		t.Errorf("%v, %v", why, err)
	}
}

func TestWhatCannotBeRegistered(t *testing.T) {
	g := lite(t)
	const good = `"httpMethod": "POST", "uri": "https://x.org/", "event": "OCP\\User\\Events\\UserCreatedEvent"`
	for _, more := range []string{`, "uri": "gopher://x.org"`, `, "uri": "/x"`, `, "uri": "https://"`, `, "uri": "https://` + strings.Repeat("a", 201) + `"`,
		`, "httpMethod": "CONNECT"`, `, "httpMethod": ""`, `, "headers": {"Host": "y.org"}`, `, "headers": {"webhook-id": "1"}`, `, "headers": {"a b": "1"}`,
		`, "headers": {"a": "1\r\nb: 2"}`, `, "headers": "x"`, `, "authMethod": "header", "authData": {"content-length": "1"}`,
		`, "eventFilter": {"$where": "1"}`, `, "eventFilter": "x"`, `, "eventFilter": {"a": "/(/"}`, `, "userIdFilter": "` + strings.Repeat("u", 65) + `"`} {
		g.ask(400, "POST", "webhooks", "{"+good+more+"}")
	}
	id, _ := g.register("https://x.org/", userCreated, "")
	g.ask(400, "POST", fmt.Sprint("webhooks/", id), "{"+good+`, "authMethod": "magic"}`)
	g.ask(404, "POST", "webhooks/x", "{"+good+"}")
	if n := g.count("webhook"); n != 1 {
		t.Errorf("%d webhooks", n)
	}
}

// The secret is told once; another one may be asked for.
func TestSecretIsToldOnce(t *testing.T) {
	g := lite(t)
	rc := g.receiver(nil)
	id, first := g.register(rc.URL, userCreated, "")
	path := fmt.Sprint("webhooks/", id)
	if s, ok := g.ask(200, "GET", path, "").(map[string]any)["secret"]; ok {
		t.Errorf("shown again: %v", s)
	}
	second := g.ask(200, "POST", path+"/secret", "").(map[string]any)["secret"].(string)
	g.ask(404, "POST", "webhooks/1/secret", "")
	g.say(event.AccountChanged{UID: "x", What: event.AccountMade})
	g.drain()
	r := rc.take()[0]
	sum, err := Sign(second, r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.body)
	if first == second || r.Header.Get("webhook-signature") != sum || err != nil {
		t.Errorf("%s is not %s, %v", r.Header.Get("webhook-signature"), sum, err)
	}
}

// A webhook goes on when its maker leaves, and nobody's name is kept with it.
func TestMakerLeaves(t *testing.T) {
	each(t, func(g *rig) {
		g.register("https://x.org/", userCreated, "")
		if err := g.db.Tx(t.Context(), func(tx *db.DB) error { return forgetMaker(t.Context(), tx, "admin") }); err != nil {
			t.Fatal(err)
		}
		if h := g.room.first(t); h.UID != "" {
			t.Errorf("%+v", h)
		}
	})
}

// Who neither administers the server nor holds the right sees and changes nothing.
func TestOnlyWhoMayRegisters(t *testing.T) {
	g := lite(t)
	for _, call := range []string{"GET webhooks", "POST webhooks", "POST webhooks/1", "DELETE webhooks/1", "GET dead", "POST dead/1/retry", "POST webhooks/1/secret"} {
		method, path, _ := strings.Cut(call, " ")
		r := httptest.NewRequest(method, "/ocs/v2.php/apps/webhook_listeners/api/v1/"+path, nil)
		r.Header.Set("OCS-APIRequest", "true")
		r.SetBasicAuth("olga", "olga")
		if w := g.serve(r); w.Code != 403 {
			t.Errorf("%s: %d", call, w.Code)
		}
	}
}
