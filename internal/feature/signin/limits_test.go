package signin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db/dbtest"
)

const tokensPath = "/settings/personal/authtokens"

type made struct {
	Token, LoginName string
	DeviceToken      device
	QR               *qrCode
}

// tree is a file tree of two nodes.
func tree(_ context.Context, _ *who.Principal, ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	for _, id := range ids {
		if id == 7 || id == 8 {
			out[id] = "/folder " + strconv.FormatInt(id, 10)
		}
	}
	return out, nil
}

func TestAppPasswordsWithLimits(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	g.room.Paths = tree
	b := g.browser()
	b.login("olga", olgaPassword, "")
	token := decoded[struct{ Token string }](t, b.get("/csrftoken")).Token
	for _, c := range []struct {
		body string
		want scope
		end  int64
	}{
		{`{"name":"a"}`, scope{Filesystem: true}, 0},
		{`{"name":"a","scope":{"filesystem":false}}`, scope{But: []string{"files"}}, 0},
		{`{"name":"a","kind":"calendar"}`, scope{Rooms: []string{"calendar", "contacts"}}, 0},
		{`{"name":"a","kind":"backup","expires":1800086400}`, scope{Filesystem: true, Verbs: []string{"read"}}, 1800086400},
		{`{"name":"a","kind":"folder","scope":{"rooms":["files"],"folders":[7]}}`, scope{Filesystem: true, Rooms: []string{"files"}, Folders: []folder{{7, "/folder 7"}}}, 0},
		{`{"name":"a","scope":{"rooms":[],"verbs":["read","write","share"]}}`, scope{Filesystem: true}, 0},
	} {
		w := b.json("POST", tokensPath, token, c.body)
		got := decoded[made](t, w)
		if diff := cmp.Diff(c.want, got.DeviceToken.Scope); diff != "" || got.DeviceToken.Expires != c.end {
			t.Errorf("%s: %s (-want +got)\n%s", c.body, w.Body, diff)
		}
		list := decoded[[]device](t, b.json("GET", tokensPath, "", ""))
		if diff := cmp.Diff(got.DeviceToken, list[len(list)-1]); diff != "" {
			t.Errorf("%s: in the list (-want +got)\n%s", c.body, diff)
		}
	}
	for _, body := range []string{`{"kind":"toaster"}`, `{"kind":"folder"}`, `{"scope":{"folders":[9]}}`, `{"scope":{"verbs":["write"]}}`,
		`{"scope":{"rooms":["no such!"]}}`, `{"expires":1700000000}`, `{"qr":"bar"}`, `[`, `{"scope":{"rooms":["self"]}}`} {
		if w := b.json("POST", tokensPath, token, body); w.Code != 400 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestLimitsChange(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	g.room.Paths = tree
	b := g.browser()
	b.login("olga", olgaPassword, "")
	token := decoded[struct{ Token string }](t, b.get("/csrftoken")).Token
	m := decoded[made](t, b.json("POST", tokensPath, token, `{"name":"a","kind":"folder","scope":{"rooms":["files"],"folders":[7]}}`))
	path := tokensPath + "/" + strconv.FormatInt(m.DeviceToken.ID, 10)
	for _, c := range []struct {
		body string
		want scope
	}{
		{`{"name":"b"}`, scope{Filesystem: true, Rooms: []string{"files"}, Folders: []folder{{7, "/folder 7"}}}},
		{`{"scope":{"filesystem":false}}`, scope{Rooms: []string{"files"}, But: []string{"files"}, Folders: []folder{{7, "/folder 7"}}}},
		{`{"scope":{"filesystem":true}}`, scope{Filesystem: true, Rooms: []string{"files"}, Folders: []folder{{7, "/folder 7"}}}},
		{`{"scope":{"verbs":["read"],"folders":[8]},"expires":1800086400}`, scope{Filesystem: true, Verbs: []string{"read"}, Folders: []folder{{8, "/folder 8"}}}},
		{`{"scope":{"rooms":[]}}`, scope{Filesystem: true}},
	} {
		if w := b.json("PUT", path, token, c.body); w.Code != 200 {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
		list := decoded[[]device](t, b.json("GET", tokensPath, "", ""))
		if diff := cmp.Diff(c.want, list[1].Scope); diff != "" || list[1].Name != "b" {
			t.Errorf("%s (-want +got)\n%s", c.body, diff)
		}
	}
	session := decoded[[]device](t, b.json("GET", tokensPath, "", ""))[0]
	if w := b.json("PUT", fmt.Sprintf("%s/%d", tokensPath, session.ID), token, `{"name":"x"}`); w.Code != 400 {
		t.Errorf("a session is given a name: %d", w.Code)
	}
}

// Whatever an app password may do, it makes, changes, reads or ends no other one.
func TestAnAppPasswordLeavesTheOthersAlone(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	add := func(s *who.Scope) (string, int64) {
		secret := identity.AppPassword()
		tok, err := g.dir.AddToken(t.Context(), identity.Token{UID: "olga", Login: "olga", Kind: identity.KindApp, Scope: s}, secret)
		if err != nil {
			t.Fatal(err)
		}
		return secret, tok.ID
	}
	_, other := add(nil)
	for name, s := range map[string]*who.Scope{"unlimited": nil, "account": {Rooms: []string{who.AccountRoom}}, "all verbs": {But: []string{"x"}}, "reader": {Verbs: who.Read}} {
		secret, own := add(s)
		for _, id := range []int64{other, own} {
			one := fmt.Sprintf("%s/%d", tokensPath, id)
			for _, c := range [][2]string{{"POST", tokensPath}, {"PUT", one}, {"DELETE", one}, {"DELETE", tokensPath + "?of=all"}, {"POST", fmt.Sprintf("%s/wipe/%d", tokensPath, id)},
				{"GET", "/ocs/v2.php/core/getapppassword"}, {"POST", "/login/v2/grant"}} {
				if w := g.call(c[0], c[1], "olga", secret, url.Values{}); w.Code != 403 {
					t.Errorf("%s: %s %s: %d", name, c[0], c[1], w.Code)
				}
			}
		}
		want := 200
		if s.Limits() {
			want = 403
		}
		if w := g.call("GET", tokensPath, "olga", secret, nil); w.Code != want {
			t.Errorf("%s: the list: %d", name, w.Code)
		}
		// it may renew itself, and stays as limited as it was
		w := g.call("POST", "/ocs/v2.php/core/apppassword/rotate?format=json", "olga", secret, nil)
		next := decoded[struct {
			OCS struct{ Data appPassword }
		}](t, w).OCS.Data.AppPassword
		p, err := g.dir.Bearer(t.Context(), next)
		if err != nil || !cmp.Equal(p.Scope, s) {
			t.Errorf("%s: renewed: %+v, %v", name, p, err)
		}
	}
}

func TestEndingTheOthers(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	here, there := g.browser(), g.browser()
	there.login("olga", olgaPassword, "")
	here.login("olga", olgaPassword, "")
	token := decoded[struct{ Token string }](t, here.get("/csrftoken")).Token
	app := decoded[made](t, here.json("POST", tokensPath, token, `{"name":"laptop"}`)).Token
	if w := here.json("DELETE", tokensPath, token, ""); w.Body.String() != `{"revoked":1}` {
		t.Errorf("sessions: %d %s", w.Code, w.Body)
	}
	if there.get("/whoami").Code == 200 || here.get("/whoami").Code != 200 {
		t.Error("the wrong session ended")
	}
	if w := g.call("GET", "/whoami", "olga", app, nil); w.Code != 200 {
		t.Errorf("the app password: %d", w.Code)
	}
	if w := here.json("DELETE", tokensPath+"?of=all", token, ""); w.Body.String() != `{"revoked":1}` {
		t.Errorf("all: %d %s", w.Code, w.Body)
	}
	if w := g.call("GET", "/whoami", "olga", app, nil); w.Code != 401 {
		t.Errorf("the app password, after all: %d", w.Code)
	}
	if w := here.json("DELETE", tokensPath+"?of=some", token, ""); w.Code != 400 {
		t.Errorf("some: %d", w.Code)
	}
}

func TestQRCodes(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	b := g.browser()
	b.login("olga", olgaPassword, "")
	token := decoded[struct{ Token string }](t, b.get("/csrftoken")).Token
	ask := func(how string) (string, string) {
		m := decoded[made](t, b.json("POST", tokensPath, token, `{"name":"phone","qr":"`+how+`"}`))
		if m.QR == nil || !strings.HasPrefix(m.QR.SVG, "<svg ") || m.QR.Expires != g.now.Add(codeLife).Unix() || !m.DeviceToken.Waiting {
			t.Fatalf("%+v", m)
		}
		return m.QR.URI, m.Token
	}
	uri, secret := ask("login")
	if want := "nc://login/user:olga&password:" + secret + "&server:http://example.com"; uri != want {
		t.Errorf("%s, want %s", uri, want)
	}
	if w := g.call("GET", "/whoami", "olga", secret, nil); w.Code != 200 {
		t.Errorf("the phone: %d", w.Code)
	}
	_, late := ask("login")
	uri, once := ask("onetime")
	if want := "nc://onetime-login/user:olga&password:" + once + "&server:http://example.com"; uri != want {
		t.Errorf("%s, want %s", uri, want)
	}
	if w := g.call("GET", "/whoami", "olga", once, nil); w.Code != 401 {
		t.Errorf("a one-time token signs in: %d", w.Code)
	}
	const path = "/ocs/v2.php/core/getapppassword-onetime?format=json"
	w := g.call("GET", path, "olga", once, nil)
	var answer struct {
		OCS struct{ Data appPassword }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		t.Fatalf("exchange: %d %s", w.Code, w.Body)
	}
	if w := g.call("GET", "/whoami", "olga", answer.OCS.Data.AppPassword, nil); w.Code != 200 {
		t.Errorf("the exchanged app password: %d", w.Code)
	}
	if w := g.call("GET", path, "olga", once, nil); w.Code != 401 {
		t.Errorf("exchanged twice: %d", w.Code)
	}
	if w := g.call("GET", path, "", "", nil); w.Code != 401 {
		t.Errorf("nobody: %d", w.Code)
	}
	g.now = g.now.Add(codeLife + time.Second)
	if w := g.call("GET", "/whoami", "olga", secret, nil); w.Code != 200 {
		t.Errorf("the phone, later: %d", w.Code)
	}
	if w := g.call("GET", "/whoami", "olga", late, nil); w.Code != 401 {
		t.Errorf("a code that nobody scanned: %d", w.Code)
	}
}
