package accountmail

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// as signs in whom the request names, the boss as an administrator.
type as struct{}

func (as) Authenticate(r *http.Request) (*who.Principal, error) {
	login, _, _ := r.BasicAuth()
	p := &who.Principal{ID: login, Display: "Olga <b>", Via: who.ViaAppPassword}
	if login == "boss" || login == "nomail" {
		p.Role = who.Admin
	}
	return p, nil
}

func TestAdministratorsLookAtLetters(t *testing.T) {
	each(t, func(r *rig) {
		r.account(identity.NewUser{ID: "boss", Display: "Boss", Mail: "boss@example.org", Password: "x"})
		r.account(identity.NewUser{ID: "nomail", Password: "x"})
		m := web.NewMux()
		r.plugLetters(&plug.Board{Web: m, OCS: ocs.NewMux(m)})
		door := web.NewDoor(web.Config{Auth: []web.Authenticator{as{}}}, m)
		ask := func(login, method, path string) *httptest.ResponseRecorder {
			req := httptest.NewRequest(method, path, nil)
			req.SetBasicAuth(login, "x")
			req.Header.Set("OCS-APIRequest", "true")
			req.Header.Set("Accept", "application/json")
			w := httptest.NewRecorder()
			door.ServeHTTP(w, req)
			return w
		}
		const api, page = "/ocs/v2.php/apps/administration/api/v1/letters", "/apps/administration/letters"
		if body := ask("boss", "GET", api).Body.String(); !strings.Contains(body, `"account.welcome","account.reset"`) || !strings.Contains(body, `{"code":"de","name":"Deutsch"}`) {
			t.Error(body)
		}
		if body := ask("boss", "GET", api+"/account.password-set/de").Body.String(); !strings.Contains(body, "Passwort") || !strings.Contains(body, `"page":"\/apps\/administration\/letters\/account.password-set\/de"`) {
			t.Error(body)
		}
		w := ask("boss", "GET", page+"/account.welcome/en")
		if body, policy := w.Body.String(), w.Header().Get("Content-Security-Policy"); w.Code != 200 || !strings.Contains(body, "Olga &lt;b&gt;") || !strings.HasSuffix(policy, ";sandbox") ||
			strings.Contains(policy, "script-src") {
			t.Errorf("%d %s %s", w.Code, policy, body)
		}
		for _, c := range []struct {
			login, method, path string
			want                int
		}{
			{"olga", "GET", api, 403}, {"olga", "GET", page + "/account.welcome/en", 403}, {"olga", "POST", api + "/account.welcome/en", 403},
			{"boss", "GET", api + "/account.none/en", 404}, {"boss", "GET", api + "/account.welcome/xx", 404}, {"boss", "GET", page + "/account.none/en", 404},
			{"nomail", "POST", api + "/account.welcome/en", 400}, {"boss", "POST", api + "/account.welcome/de", 200},
		} {
			if w := ask(c.login, c.method, c.path); w.Code != c.want {
				t.Errorf("%s %s as %s: %d %s", c.method, c.path, c.login, w.Code, w.Body)
			}
		}
		if got := r.post.Letters(); len(got) != 1 || got[0].To != "boss@example.org" || !strings.Contains(got[0].HTML, `lang="de"`) {
			t.Errorf("%+v", got)
		}
	})
}
