package app

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// An instance without accounts and without a password prints where it is set up,
// and sends everybody who comes by there.
func TestAnEmptyServerIsSetUpInABrowser(t *testing.T) {
	folder := t.TempDir()
	r := start(t, "ATRIUM_DATA="+folder, "ATRIUM_ADMIN_PASSWORD=", "ATRIUM_QUOTA_DEFAULT=5GiB")
	defer r.stop()
	link, found := strings.CutPrefix(strings.TrimSpace(r.first), "Set this server up at ")
	if !found || !strings.HasPrefix(link, r.url+"/setup?code=") {
		t.Fatalf("it says %q, want the address of the set-up", r.first)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	visit := func(method, at string, form url.Values) (where, page string) {
		t.Helper()
		req, err := http.NewRequest(method, at, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "text/html")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.Request.URL.Path, string(b)
	}
	for _, from := range []string{"/", "/login", "/apps/files/files"} {
		if where, _ := visit("GET", r.url+from, nil); where != "/setup" {
			t.Errorf("who comes to %s lands at %s, want /setup", from, where)
		}
	}
	visit("GET", link, nil)
	if where, page := visit("POST", r.url+"/setup/name", url.Values{"name": {"Harbour"}}); where != "/setup" || !strings.Contains(page, "Make the account") || !strings.Contains(page, "<span>Harbour</span>") {
		t.Errorf("after the name comes %s:\n%s", where, page)
	}
	const easy, good = "password123", "correct horse battery"
	if _, page := visit("POST", r.url+"/setup/account", url.Values{"user": {"olga"}, "password": {easy}, "again": {easy}}); !strings.Contains(page, "role=\"alert\"") {
		t.Errorf("a password that everybody guesses was taken:\n%s", page)
	}
	where, page := visit("POST", r.url+"/setup/account", url.Values{"user": {"olga"}, "password": {good}, "again": {good}})
	for _, want := range []string{folder, "Set by ATRIUM_DATA", "quota.default", "5 GiB"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s does not say %q:\n%s", where, want, page)
		}
	}
	browser.Jar = nil // a client that has yet to sign in
	if _, caps := visit("GET", r.url+"/ocs/v2.php/cloud/capabilities?format=json", nil); !strings.Contains(caps, `"name":"Harbour"`) {
		t.Errorf("clients are not told the name: %s", caps)
	}
	if where, _ := visit("GET", link, nil); where == "/setup" {
		t.Error("the address of the set-up works a second time")
	}
}
