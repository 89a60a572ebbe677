package cloud

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"

	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/proto/web/webtest"
)

// What the recorded server announces or tells and we do not: pictures of its
// own, apps we do not have, where files lie on its disk. The section theming is of another room.
var rules = webtest.Rules{
	Replace: []string{"Nextcloud", "Atrium", "http://127.0.0.1:8081", "http://127.0.0.1", "https://nextcloud.com", "http://127.0.0.1",
		"a safe home for all your data", "Your files, where you want them", "#00679e", "#1f5fae", "/core/img/logo/logo.svg?v=2", "/core/img/logo/logo.svg"},
	Loose:   []string{"firstLoginTimestamp", "lastLoginTimestamp", "lastLogin"},
	Ours:    []string{"theming", "app_api", "background", "background-plain", "storageLocation", "actions", "timezone"},
	Headers: []string{"Content-Type", "Location", "Cache-Control", "Content-Disposition", "X-NC-IsCustomAvatar", "Access-Control-Allow-Origin", "X-Nextcloud-User-Status"},
	Present: []string{"ETag", "X-User-Id"},
}

func TestRecordedExchanges(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, identity.Schema, Schema))
	g.get("olga", "/status.php") // so that everybody has logged in once
	for _, e := range webtest.Load(t, "testdata") {
		r := rules
		if len(e.As) > 0 {
			e.Request.SetBasicAuth(e.As[0], e.As[0])
		}
		if e.Header.Get("Content-Type") == "text/html" { // the recorded web server adds a body to redirects
			e.Body = ""
			r.Headers = []string{"Location"}
		}
		if e.Status == 204 || strings.HasPrefix(e.Name, "221") {
			r.Headers = []string{"Location"}
		}
		if e.Header.Get("Cache-Control") == "" {
			r.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h string) bool { return h == "Cache-Control" })
		}
		if e.Name[:3] == "001" || e.Name[:3] == "002" || e.Name[:3] == "010" { // ours says the character set too
			r.Headers = []string{"Access-Control-Allow-Origin"}
		}
		if strings.HasPrefix(e.Name, "080") || e.Status == 404 && e.Request.URL.Path == "/index.php/avatar/ghost/64" {
			r.Present = nil
		}
		e.Compare(t, g.serve(e.Request), r)
	}
}

func data(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var doc struct{ Ocs struct{ Data map[string]any } }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return doc.Ocs.Data
}

func TestCapabilities(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, identity.Schema, Schema))
	const path = "/ocs/v2.php/cloud/capabilities?format=json"
	keys := func(as string) (out []string) {
		for k := range data(t, g.get(as, path))["capabilities"].(map[string]any) {
			out = append(out, k)
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff([]string{"bruteforce"}, keys("")); diff != "" {
		t.Errorf("nobody (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"bruteforce", "core", "dav"}, keys("olga")); diff != "" {
		t.Errorf("olga (-want +got)\n%s", diff)
	}
	w := g.get("olga", path)
	if again := g.get("olga", path, "If-None-Match", w.Header().Get("Etag")); again.Code != 304 {
		t.Errorf("unchanged: %d", again.Code)
	}
	core := data(t, w)["capabilities"].(map[string]any)["core"].(map[string]any)
	want := map[string]any{"pollinterval": 60.0, "webdav-root": "remote.php/webdav", "reference-api": false, "reference-regex": "",
		"mod-rewrite-working": true, "user": map[string]any{"language": "en", "locale": "", "timezone": "Europe/Stockholm"}}
	if diff := cmp.Diff(want, core); diff != "" {
		t.Errorf("core (-want +got)\n%s", diff)
	}
}

// The desktop client asks these at every connect and takes a 200 for a yes.
func TestWhatWeDoNotHaveIs404(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, identity.Schema, Schema))
	for _, path := range []string{"/ocs/v2.php/apps/terms_of_service/terms", "/ocs/v2.php/apps/external/api/v1", "/ocs/v2.php/apps/files/api/v1/directEditing",
		"/ocs/v2.php/apps/end_to_end_encryption/api/v1/public-key", "/index.php/apps/groupfolders/folders"} {
		if w := g.get("olga", path+"?format=json"); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// An index or database that fails must not look like an account without groups.
func TestBrokenDatabaseIsAnError(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, identity.Schema, Schema))
	g.get("olga", "/ocs/v2.php/cloud/capabilities?format=json")
	g.room.db.Inject(func(q string) error {
		if strings.Contains(q, "cloud_avatar") {
			return fault.New(fault.Unavailable, "The database does not answer.")
		}
		return nil
	})
	defer g.room.db.Inject(nil)
	if w := g.get("olga", "/avatar/otto/64"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestRemovedAccountTakesItsPictureAlong(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		ctx := t.Context()
		if _, err := g.room.db.Exec(ctx, "INSERT INTO cloud_avatar (uid, tag, large, small) VALUES ('oda', 't', ?, ?)", []byte("l"), []byte("s")); err != nil {
			t.Fatal(err)
		}
		if err := g.dir.Remove(ctx, "oda"); err != nil {
			t.Fatal(err)
		}
		n, err := db.One(ctx, g.room.db, db.Scan1[int], "SELECT COUNT(*) FROM cloud_avatar")
		if n != 0 || err != nil {
			t.Errorf("%d pictures left, %v", n, err)
		}
	})
}
