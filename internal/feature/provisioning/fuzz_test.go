package provisioning

import (
	"net/http/httptest"
	"strings"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
)

// FuzzBodies reads whatever is sent as the parameters of a search by phone and of
// a DELETE: it is understood or the sender's mistake.
func FuzzBodies(f *testing.F) {
	f.Add("application/json", `{"location":"SE","search":{"k1":["0701234568"]}}`, "")
	f.Add("application/x-www-form-urlencoded", "location=SE&search[k1][]=0701&groupid=a", "search=[]")
	f.Add("application/json", `{"search":[1,{"a":null}]}`, "groupid=%zz")
	f.Fuzz(func(t *testing.T, kind, body, query string) {
		for _, method := range []string{"POST", "DELETE"} {
			r := httptest.NewRequest(method, "/x", strings.NewReader(body))
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", kind)
			_, err := numbers(&ocs.Request{Request: r, Version: 2})
			if err != nil && fault.Of(err) != fault.Invalid {
				t.Errorf("%s: %v", method, err)
			}
			r = httptest.NewRequest(method, "/x", strings.NewReader(body))
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", kind)
			if _, err := bodyParam(&ocs.Request{Request: r, Version: 2}, "groupid"); err != nil && fault.Of(err) != fault.Invalid {
				t.Errorf("%s: %v", method, err)
			}
		}
	})
}
