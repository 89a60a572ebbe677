package administration

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/settings"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/logs"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

func TestAdministratorsSeeWhatWasLogged(t *testing.T) {
	log, recent, err := logs.New(io.Discard, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("quiet")
	log.Warn("slow", "password", "hush")
	log.Error("broken", "err", "no disk")
	rm := New(settings.New(dbtest.SQLite(t, []db.Schema{settings.Schema}...)), conf.Config{}, conf.Source{})
	rm.Log = recent
	m := web.NewMux()
	rm.Plug(&plug.Board{OCS: ocs.NewMux(m)})
	ask := func(p *who.Principal, query string) (int, string) {
		r := httptest.NewRequest("GET", "/ocs/v2.php/apps/administration/api/v1/log?format=json&"+query, nil)
		r.Header.Set("OCS-APIRequest", "true")
		w := httptest.NewRecorder()
		web.NewDoor(web.Config{Auth: []web.Authenticator{as{p}}}, m).ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	boss := &who.Principal{ID: "boss", Role: who.Admin}
	code, body := ask(boss, "")
	first, second := strings.Index(body, `"level":"error","message":"broken","more":[{"key":"err","value":"no disk"}]`), strings.Index(body, `"level":"warn","message":"slow","more":[{"key":"password","value":"***"}]`)
	if code != 200 || first < 0 || second < first || strings.Contains(body, "quiet") {
		t.Errorf("%d %s", code, body)
	}
	if code, body := ask(boss, "level=error"); code != 200 || !strings.Contains(body, "broken") || strings.Contains(body, "slow") {
		t.Errorf("errors alone: %d %s", code, body)
	}
	if code, _ := ask(boss, "level=loud"); code != 400 {
		t.Errorf("a level that is none: %d", code)
	}
	if code, _ := ask(&who.Principal{ID: "olga", Rights: []string{"audit", "monitor"}}, ""); code != 403 {
		t.Errorf("not an administrator: %d", code)
	}
}
