package app

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"atrium/internal/infra/db/dbtest"
)

// An account that a script makes through the API can hold as much as it was
// given, from the first upload on.
func TestAccountsMadeThroughTheAPI(t *testing.T) {
	dbtest.EachDSN(t, schemas, func(t *testing.T, dsn string) {
		r := start(t, "ATRIUM_DB="+dsn)
		defer r.stop()
		call := func(as, password, method, path string, form url.Values) (code int, data map[string]any) {
			t.Helper()
			req, err := http.NewRequest(method, r.url+path, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth(as, password)
			req.Header.Set("OCS-APIRequest", "true")
			req.Header.Set("Accept", "application/json")
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Body.Close()
			var doc struct{ OCS struct{ Data map[string]any } }
			_ = json.NewDecoder(w.Body).Decode(&doc) // uploads answer without a document
			return w.StatusCode, doc.OCS.Data
		}
		admin := func(method, path string, form url.Values) map[string]any {
			t.Helper()
			code, data := call("admin", octopass, method, "/ocs/v2.php/cloud/"+path, form)
			if code != 200 {
				t.Fatalf("%s %s: %d", method, path, code)
			}
			return data
		}
		const password = "nine lives here, and more"
		admin("POST", "users", url.Values{"userid": {"alice"}, "password": {password}, "quota": {"6 B"}})
		admin("POST", "users", url.Values{"userid": {"bob"}, "email": {"bob@example.org"}})
		dav := "/remote.php/dav/files/alice/"
		if code, _ := call("alice", password, "PUT", dav+"a", url.Values{"k": {"1234"}}); code != 201 {
			t.Errorf("six bytes: %d", code)
		}
		if code, _ := call("alice", password, "PUT", dav+"b", url.Values{"k": {"5"}}); code != 507 {
			t.Errorf("beyond the quota: %d", code)
		}
		admin("PUT", "users/alice", url.Values{"key": {"quota"}, "value": {"12 B"}})
		if code, _ := call("alice", password, "PUT", dav+"b", url.Values{"k": {"5"}}); code != 201 {
			t.Errorf("after the quota was raised: %d", code)
		}
		users := admin("GET", "users/details?limit=25", nil)["users"].(map[string]any)
		quota := users["alice"].(map[string]any)["quota"].(map[string]any)
		if quota["used"] != 9.0 || quota["quota"] != 12.0 || quota["free"] != 3.0 || users["bob"] == nil {
			t.Errorf("%v", quota)
		}
		admin("PUT", "users/alice/disable", nil)
		if code, _ := call("alice", password, "PROPFIND", dav, nil); code != 401 {
			t.Errorf("a locked account: %d", code)
		}
	})
}
