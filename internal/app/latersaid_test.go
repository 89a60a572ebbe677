package app

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// What is found and what goes wrong is said in the language of who asks, with its
// values in it, over OCS and WebDAV: that of the account, else that of the program.
func TestFindingsAndErrorsAreSaidInTheLanguageOfWhoAsks(t *testing.T) {
	c := newConsole(t, "ATRIUM_ADMIN_PASSWORD="+octopass)
	n := c.node()
	send := func(method, path, language string, form url.Values) string {
		r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.SetBasicAuth("admin", octopass)
		r.Header.Set("OCS-APIRequest", "true")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept-Language", language)
		w := httptest.NewRecorder()
		n.door.ServeHTTP(w, r)
		return w.Body.String()
	}
	message := func(body string) string {
		var a struct {
			OCS struct{ Meta struct{ Message string } }
		}
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return a.OCS.Meta.Message
	}
	const setting = "/ocs/v2.php/apps/administration/api/v1/settings/core/shareapi_expire_after_n_days?format=json"
	for language, want := range map[string]string{"": "This must be a whole number from 1 to 3650.", "nl": "This must be a whole number from 1 to 3650.",
		"de": "Das muss eine ganze Zahl von 1 bis 3650 sein.", "fr-CH, de;q=0.5": "Ce doit être un nombre entier de 1 à 3650."} {
		if got := message(send("PUT", setting, language, url.Values{"value": {"-3"}})); got != want {
			t.Errorf("%q: got %q, want %q", language, got, want)
		}
	}
	if got := send("GET", "/ocs/v2.php/apps/administration/api/v1/health?format=json", "es", nil); !strings.Contains(got, "puede iniciar sesi\\u00f3n.") {
		t.Errorf("findings: %s", got)
	}
	if got := send("PUT", "/remote.php/dav/files/admin/a%5Cb", "de", nil); !strings.Contains(got, "Dateiname") {
		t.Errorf("a name that cannot be: %s", got)
	}
}
