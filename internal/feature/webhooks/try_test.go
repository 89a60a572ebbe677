package webhooks

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"atrium/internal/core/event"
)

// A test is sent at once, signed and with all headers, and says that it is one. It is
// not repeated.
func TestATestIsSent(t *testing.T) {
	each(t, func(g *rig) {
		rc := g.receiver(nil)
		id, secret := g.register(rc.URL, nodeCreated, `, "authMethod": "header", "authData": {"Authorization": "Bearer abc"}`)
		path := fmt.Sprintf("webhooks/%d", id)
		if is := g.ask(200, "POST", path+"/test", "{}").(map[string]any); is["delivered"] != true || is["error"] != "" {
			t.Errorf("%v", is)
		}
		// What is kept of the authentication stays when it comes back as it was shown.
		shown := g.ask(200, "GET", path, "").(map[string]any)
		shown["httpMethod"] = "PUT"
		body, err := json.Marshal(shown)
		if err != nil {
			t.Fatal(err)
		}
		g.ask(200, "POST", path, string(body))
		g.ask(200, "POST", path+"/test", "{}")
		got := rc.take()
		if len(got) != 2 || got[0].json["test"] != true || got[0].Header.Get("Authorization") != "Bearer abc" || got[1].Header.Get("Authorization") != "Bearer abc" || got[1].Method != "PUT" {
			t.Fatalf("%+v", got)
		}
		h := got[0].Header
		if sum, err := Sign(secret, h.Get("webhook-id"), h.Get("webhook-timestamp"), got[0].body); err != nil || sum != h.Get("webhook-signature") {
			t.Errorf("%v, want %s, %v", h, sum, err)
		}
		rc.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
		if is := g.ask(200, "POST", path+"/test", "{}").(map[string]any); is["delivered"] != false || is["error"] != "the receiver answered 418 I'm a teapot" || is["private"] != false {
			t.Errorf("%v", is)
		}
		if err := g.room.settings.Set(t.Context(), app, allowLocal.Name, "no"); err != nil {
			t.Fatal(err)
		}
		if is := g.ask(200, "POST", path+"/test", "{}").(map[string]any); is["delivered"] != false || is["private"] != true {
			t.Errorf("%v", is)
		}
		g.ask(404, "POST", "webhooks/1/test", "{}")
		if n := g.count("webhook_delivery"); n != 0 {
			t.Errorf("%d deliveries are kept", n)
		}
	})
}

// The samples have the members of real messages, and filters are tried with them.
func TestFiltersAreTried(t *testing.T) {
	g := lite(t)
	rc := g.receiver(nil)
	g.register(rc.URL, nodeCreated, "")
	g.register(rc.URL, userDeleted, "")
	g.put("olga", "/a.txt")
	g.say(event.AccountChanged{Actor: "admin", UID: "gone", What: event.AccountRemoved})
	g.drain()
	for _, got := range rc.take() {
		real := got.json["event"].(map[string]any)
		raw, err := json.Marshal(g.room.sample(real["class"].(string)))
		if err != nil {
			t.Fatal(err)
		}
		var made map[string]any
		if err := json.Unmarshal(raw, &made); err != nil || !slices.Equal(members(made), members(got.json)) || !slices.Equal(members(made["event"]), members(real)) {
			t.Errorf("%s is no sample of %s, %v", raw, got.body, err)
		}
	}
	if all := g.ask(200, "GET", "events", "").([]any); len(all) != len(Classes()) || all[0].(map[string]any)["sample"].(map[string]any)["event"] == nil {
		t.Errorf("%v", all)
	}
	class, _ := json.Marshal(nodeCreated)
	for _, c := range []struct {
		filter, more string
		matches      bool
		failure      string
	}{
		{`{"user.uid": "olga"}`, "", true, ""},
		{`{"event.node.path": "/^\\/[^\\/]*\\/files\\/Inbox\\//"}`, "", true, ""},
		{`{"user.uid": "bob"}`, "", false, ""},
		{`{"user.uid": "bob"}`, `, "message": {"user": {"uid": "bob"}}`, true, ""},
		{`{"user.uid": {"$near": 1}}`, "", false, `The filter has no operator "$near".`},
		{`{"user.uid"`, "", false, "The filter is not JSON."},
	} {
		text, err := json.Marshal(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		is := g.ask(200, "POST", "filter", `{"event": `+string(class)+`, "eventFilter": `+string(text)+c.more+`}`).(map[string]any)
		if is["matches"] != c.matches || is["failure"] != c.failure {
			t.Errorf("%s: %v", c.filter, is)
		}
	}
	g.ask(400, "POST", "filter", `{"event": "None", "eventFilter": "{}"}`)
	g.ask(400, "POST", "filter", `{"event": "None", "eventFilter": "{}", "message": "[]"}`)
}

func members(of any) []string { return slices.Sorted(maps.Keys(of.(map[string]any))) }

// What did not arrive is counted for each webhook, and all that was given up is sent
// again or forgotten together.
func TestBacklogs(t *testing.T) {
	each(t, func(g *rig) {
		var all []Delivery
		for i := range 3 {
			all = append(all, Delivery{Hook: int64(7 + i/2), Host: "h", Message: fmt.Sprint(i), Event: nodeCreated, Body: "{}"})
		}
		if err := g.room.post(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if _, err := g.db.Exec(t.Context(), "UPDATE webhook_delivery SET died = 1, err = 'broken' WHERE message = '0'"); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(g.ask(200, "GET", "backlog", ""))
		if want := "[map[dead:1 error:broken waiting:1 webhook:7] map[dead:0 error: waiting:1 webhook:8]]"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := g.ask(200, "POST", "dead/retry", "{}").(map[string]any)["count"]; got != 1.0 {
			t.Errorf("%v sent again", got)
		}
		if _, err := g.db.Exec(t.Context(), "UPDATE webhook_delivery SET died = 1 WHERE hook = 7"); err != nil {
			t.Fatal(err)
		}
		if got := g.ask(200, "DELETE", "dead", "").(map[string]any)["count"]; got != 2.0 || g.count("webhook_delivery") != 1 {
			t.Errorf("%v forgotten", got)
		}
	})
}
