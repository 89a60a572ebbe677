package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/stats"
	"atrium/internal/proto/web"
)

// node is one of several servers over one database.
type node struct {
	*testing.T
	h    *house
	door http.Handler
}

func (c *console) node() *node {
	c.Helper()
	h := c.begin()
	b, err := h.plugIn()
	if err != nil {
		c.Fatal(err)
	}
	if _, err := h.turn(c.Context()); err != nil {
		c.Fatal(err)
	}
	cfg, err := h.doorConfig(c.Context(), b, stats.New())
	if err != nil {
		c.Fatal(err)
	}
	cfg.Rate, cfg.UserRate = 0, 0
	return &node{c.T, h, web.NewDoor(cfg, b.Web)}
}

// ask sends a request as admin and returns the HTTP status and the OCS answer.
func (n *node) ask(method, path string) (int, reply) {
	n.Helper()
	r := httptest.NewRequest(method, "/ocs/v2.php"+path+"?format=json", nil)
	r.SetBasicAuth("admin", octopass)
	r.Header.Set("OCS-APIRequest", "true")
	w := httptest.NewRecorder()
	n.door.ServeHTTP(w, r)
	var a struct {
		OCS struct {
			Meta struct{ StatusCode int }
			Data json.RawMessage
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		n.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Code, reply{a.OCS.Meta.StatusCode, string(a.OCS.Data)}
}

type reply struct {
	code int
	data string
}

const statusRoute = "/apps/user_status/api/v1/predefined_statuses"

// works tells whether a node serves the status of people, which all that belongs
// to it must agree on.
func (n *node) works() bool {
	n.Helper()
	code, a := n.ask("GET", statusRoute)
	_, caps := n.ask("GET", "/cloud/capabilities")
	on := code == 200
	if !on && (code != 404 || a.code != 998) {
		n.Errorf("a room that is off answers %d, %d %s", code, a.code, a.data)
	}
	if strings.Contains(caps.data, `"user_status":`) != on {
		n.Errorf("capabilities do not agree with the route, which works: %v", on)
	}
	_, apps := n.ask("GET", "/cloud/apps")
	_, info := n.ask("GET", "/cloud/apps/user_status")
	if !strings.Contains(apps.data, `"user_status"`) || strings.Contains(info.data, `"active":true`) != on {
		n.Errorf("it is listed as %s; on: %v", info.data, on)
	}
	return on
}

// A room is switched off and on while the server runs, through the API or by a
// command, and every node follows.
func TestRoomsAreSwitched(t *testing.T) {
	dbtest.EachDSN(t, schemas, func(t *testing.T, dsn string) {
		c := newConsole(t, "ATRIUM_DB="+dsn, "ATRIUM_ADMIN_PASSWORD="+octopass)
		here, there := c.node(), c.node()
		follow := func() {
			t.Helper()
			for _, n := range []*node{here, there} {
				if _, err := n.h.turn(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !here.works() || !there.works() {
			t.Fatal("it is off at the start")
		}
		if code, _ := here.ask("DELETE", "/cloud/apps/user_status"); code != 200 || here.works() {
			t.Errorf("switched off through the API: %d", code)
		}
		follow()
		if there.works() || c.node().works() {
			t.Error("another node, or one that starts, has not followed")
		}
		if got := c.must("app:enable user_status"); got != "user_status test enabled\n" {
			t.Error(got)
		}
		follow()
		if !here.works() || !there.works() {
			t.Error("the command has not switched it on")
		}
		if got := c.must("app:disable user_status"); got != "user_status test disabled\n" {
			t.Error(got)
		}
		follow()
		if here.works() {
			t.Error("the command has not switched it off")
		}
		if code, _ := here.ask("POST", "/cloud/apps/user_status"); code != 200 || !here.works() {
			t.Errorf("switched on through the API: %d", code)
		}
	})
}

// What the house stands on stays on, whatever the settings say.
func TestSomeRoomsAreAlwaysOn(t *testing.T) {
	c := newConsole(t, "ATRIUM_ADMIN_PASSWORD="+octopass)
	n := c.node()
	for app, want := range map[string][2]int{"files": {500, 996}, "signin": {500, 996}, "provisioning": {500, 996}, "admin": {500, 996},
		"nosuch": {200, 200}, "user_status": {200, 200}} {
		if code, a := n.ask("DELETE", "/cloud/apps/"+app); code != want[0] || a.code != want[1] {
			t.Errorf("%s: %d, %d", app, code, a.code)
		}
	}
	for _, r := range []string{"files", "signin", "provisioning"} {
		if err := n.h.settings.Set(t.Context(), r, enabledName, "no"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.h.turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, _ := n.ask("GET", "/cloud/users/admin"); code != 200 {
		t.Errorf("provisioning by settings: %d", code)
	}
}
