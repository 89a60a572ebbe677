package kerberos

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// boss is the administrator, who sends each request.
type boss struct{}

func (boss) Authenticate(*http.Request) (*who.Principal, error) {
	return &who.Principal{ID: "boss", Role: who.Admin, Via: who.ViaPassword}, nil
}

// answered is what tested becomes on the wire.
type answered struct {
	*Check
	SignIn map[string]any `json:"signIn"`
}

// call asks an endpoint as the administrator of https://cloud.example.com.
func (g *rig) call(want int, method, path string, form url.Values) (out answered) {
	g.Helper()
	m := web.NewMux()
	g.room.api(ocs.NewMux(m))
	r := httptest.NewRequest(method, "https://cloud.example.com/ocs/v2.php/apps/kerberos/api/v1/"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	web.NewDoor(web.Config{Auth: []web.Authenticator{boss{}}, Now: g.dir.Now}, m).ServeHTTP(w, r)
	var said struct {
		OCS struct{ Data json.RawMessage }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != want {
		g.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if want == http.StatusOK && path != "link" {
		if err := json.Unmarshal(said.OCS.Data, &out); err != nil {
			g.Fatal(err)
		}
	}
	return out
}

// problems are the names of what is wrong.
func (k answered) problems() string {
	var all []string
	for _, p := range k.Problems {
		all = append(all, p.What)
	}
	return strings.Join(all, " ")
}

// held is a keytab with keys of services.
func held(t *testing.T, cipher int32, services ...string) []byte {
	t.Helper()
	keys := keytab.New()
	for _, s := range services {
		if err := keys.AddEntry(s, "EXAMPLE.COM", "pw", time.Unix(1, 0), 3, cipher); err != nil {
			t.Fatal(err)
		}
	}
	text, err := keys.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What is wrong is said by name, each thing with the command that mends it.
func TestWhatIsWrong(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, schemas()...), "/none/conf")
	const service = "HTTP/cloud.example.com"
	file := filepath.Join(t.TempDir(), "atrium keytab")
	good := held(t, etypeID.AES256_CTS_HMAC_SHA1_96, service)
	for _, c := range []struct {
		name     string
		settings []string
		text     []byte
		problems string
		fix      string // of the last
	}{
		{"nothing", []string{"enabled", "0", "keytab", ""}, nil, "off no-keytab", "atrium kerberos:keytab:import atrium.keytab"},
		{"no file", []string{"enabled", "1", "keytab", file}, nil, "keytab-gone", "atrium kerberos:keytab:import atrium.keytab"},
		{"no keytab", nil, []byte("secret text"), "keytab-broken", "atrium kerberos:keytab:import atrium.keytab"},
		{"of a host", nil, held(t, etypeID.AES256_CTS_HMAC_SHA1_96, "host/cloud.example.com"), "no-host", `kadmin -q "ktadd -k atrium.keytab HTTP/cloud.example.com"`},
		{"of another", nil, held(t, etypeID.AES256_CTS_HMAC_SHA1_96, "HTTP/old.example.com"), "no-host", `kadmin -q "ktadd -k atrium.keytab HTTP/cloud.example.com"`},
		{"weak", nil, held(t, etypeID.RC4_HMAC, service), "weak no-host", `kadmin -q "ktadd -k atrium.keytab HTTP/cloud.example.com"`},
		{"good", nil, good, "", ""},
		{"set to none", []string{"service", "HTTP/old.example.com"}, good, "no-service", "atrium kerberos:config --service="},
		{"set to another", nil, held(t, etypeID.AES128_CTS_HMAC_SHA1_96, "HTTP/old.example.com", service), "other-service", "atrium kerberos:config --service="},
	} {
		g.set(c.settings...)
		if c.text != nil {
			if err := os.WriteFile(file, c.text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k := g.call(200, "GET", "test", nil)
		if k.problems() != c.problems || len(k.Problems) > 0 && k.Problems[len(k.Problems)-1].Fix != c.fix {
			t.Errorf("%s: %+v", c.name, k.Problems)
		}
		if said, err := json.Marshal(k); err != nil || strings.Contains(string(said), "secret") {
			t.Errorf("%s: %s %v", c.name, said, err)
		}
	}
	if os.Geteuid() != 0 { // who may read everything is denied nothing
		if err := os.Chmod(file, 0); err != nil {
			t.Fatal(err)
		}
		if k := g.call(200, "GET", "test", nil); k.problems() != "keytab-denied" || !strings.HasSuffix(k.Problems[0].Fix, "chmod 600 '"+file+"'") {
			t.Errorf("%+v", k.Problems)
		}
	}
}

// A keytab comes in by the API as by the command, and no key of it out again.
func TestKeytabByTheAPI(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, schemas()...), "/none/conf")
	g.set("keytab", "/none/keytab")
	text := held(t, etypeID.AES256_CTS_HMAC_SHA1_96, "HTTP/cloud.example.com")
	for _, bad := range []string{"", "no base64!", base64.StdEncoding.EncodeToString([]byte("nonsense")), base64.StdEncoding.EncodeToString(held(t, etypeID.AES256_CTS_HMAC_SHA1_96, "host/cloud.example.com"))} {
		g.call(400, "POST", "keytab", url.Values{"keytab": {bad}})
	}
	k := g.call(200, "POST", "keytab", url.Values{"keytab": {base64.StdEncoding.EncodeToString(text)}})
	want := heldKey{"HTTP/cloud.example.com@EXAMPLE.COM", "aes256-cts-hmac-sha1-96", 3, true, true}
	if k.From != inDatabase || k.File != "" || len(k.Keys) != 1 || k.Keys[0] != want || k.problems() != "" || k.Address != "https://cloud.example.com/apps/kerberos/login" {
		t.Errorf("%+v", k.Check)
	}
	if k := g.call(200, "POST", "test", url.Values{}); k.problems() != "clock-unknown" || k.Problems[0].Level != notes {
		t.Errorf("%+v", k.Problems)
	}
	must[*identity.User](t)(g.dir.Create(t.Context(), identity.NewUser{ID: "ada", Password: "pw"}))
	if k := g.call(200, "POST", "test", url.Values{"principal": {"ada@EXAMPLE.COM"}}); k.SignIn["refused"] == nil {
		t.Errorf("%+v", k.SignIn)
	}
	g.call(404, "POST", "link", url.Values{"principal": {"ada@EXAMPLE.COM"}, "user": {"nobody"}})
	g.call(400, "POST", "link", url.Values{"principal": {"ada"}, "user": {"ada"}})
	g.call(200, "POST", "link", url.Values{"principal": {"ada@EXAMPLE.COM"}, "user": {"ada"}})
	if k := g.call(200, "POST", "test", url.Values{"principal": {"ada@EXAMPLE.COM"}}); k.SignIn["account"] != "ada" || k.SignIn["refused"] != nil {
		t.Errorf("%+v", k.SignIn)
	}
}

// The real KDC is asked for its time.
func TestClocks(t *testing.T) {
	once(t, func(g *rig) {
		g.room.Conf = g.kdc
		k := must[*Check](t)(g.room.Check(t.Context(), true))
		if len(k.Clocks) != 1 || k.Clocks[0].Realm != "ATRIUM.TEST" || k.Clocks[0].Ahead < -2 || k.Clocks[0].Ahead > 2 {
			t.Errorf("%+v", k)
		}
		g.late = -time.Hour
		k = must[*Check](t)(g.room.Check(t.Context(), true))
		if p := k.Problems[len(k.Problems)-1]; p.What != "clock" || k.Clocks[0].Ahead < 3590 || p.Fix != "timedatectl set-ntp true" {
			t.Errorf("%+v", k)
		}
	})
}
