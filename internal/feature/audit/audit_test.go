package audit

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	lock "atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

func TestTheLog(t *testing.T) {
	dbtest.Each(t, []db.Schema{bus.Schema, Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		rm, b, ctx := New(d, box), bus.New(d, lock.New()), t.Context()
		now := time.Unix(1_800_000_000, 0)
		rm.Now = func() time.Time { return now }
		m := web.NewMux()
		rm.Plug(&plug.Board{Bus: b, OCS: ocs.NewMux(m)})
		for _, ev := range []event.AccountChanged{
			{UID: "olga", What: event.AccountMade, Actor: "admin", Addr: "192.0.2.1"},
			{UID: "otto", What: event.AccountMade, Actor: "admin"},
			{UID: "olga", What: event.AppPasswordMade, Detail: "Ö phone", Actor: "olga", Agent: "curl/8"},
		} {
			if err := d.Tx(ctx, func(tx *db.DB) error { return b.Publish(ctx, tx, ev) }); err != nil {
				t.Fatal(err)
			}
			if err := b.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Hour)
		}
		var got []Entry
		for e, err := range rm.Entries(ctx, Filter{UID: "olga", Limit: 10}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if len(got) != 2 || got[0].What != event.AppPasswordMade || got[0].Detail != "Ö phone" || got[0].Agent != "curl/8" || got[1].Addr != "192.0.2.1" {
			t.Errorf("%+v", got)
		}
		for e, err := range rm.Entries(ctx, Filter{Since: time.Unix(1_800_000_000, 0).Add(90 * time.Minute)}) {
			if err != nil || e.ID != 3 {
				t.Errorf("%+v, %v", e, err)
			}
		}
		door := web.NewDoor(web.Config{Auth: []web.Authenticator{auditor{}}}, m)
		get := func(query string) (int, string) {
			r := httptest.NewRequest("GET", "/ocs/v2.php/apps/audit/api/v1/entries?format=json&"+query, nil)
			r.Header.Set("OCS-APIRequest", "true")
			w := httptest.NewRecorder()
			door.ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		const first = `[{"id":1,"at":"2027-01-15T08:00:00Z","user":"olga","what":"account-made","detail":"","by":"admin","address":"192.0.2.1","program":""}]`
		if code, body := get("user=olga&limit=2"); code != 200 || !strings.HasSuffix(body, strings.TrimPrefix(first, "[")+"}}") {
			t.Errorf("%d %s", code, body)
		}
		checkFilters(t, get)
		for _, bad := range []string{"limit=0", "limit=1001", "limit=x", "since=yesterday", "until=tomorrow", "before=x"} {
			if code, body := get(bad); code != 400 {
				t.Errorf("%s: %d %s", bad, code, body)
			}
		}
		if n, err := rm.Verify(ctx); n != 3 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		for _, tamper := range []string{"UPDATE audit SET actor = 'olga' WHERE id = 2", "DELETE FROM audit WHERE id = 1"} {
			if _, err := d.Exec(ctx, tamper); err != nil {
				t.Fatal(err)
			}
			if _, err := rm.Verify(ctx); !errors.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", tamper, err)
			}
		}
	})
}

// checkFilters asks for entries 1 to 3 by who, what and when.
func checkFilters(t *testing.T, get func(query string) (int, string)) {
	t.Helper()
	for query, want := range map[string]string{
		"person=admin": "2 1", "person=olga": "3 1", "what=account-made": "2 1", "person=olga&what=account-made": "1", "before=3": "2 1", "before=3&limit=1": "2",
		"since=2027-01-15T09:00:00Z&until=2027-01-15T10:00:00Z": "2", "until=2027-01-15T09:30:00Z": "2 1", "person=eve": "",
	} {
		_, body := get(query)
		var ids []string
		for _, m := range regexp.MustCompile(`"id":(\d+)`).FindAllStringSubmatch(body, -1) {
			ids = append(ids, m[1])
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: entries %q, want %q", query, got, want)
		}
	}
}

type auditor struct{}

func (auditor) Authenticate(*http.Request) (*who.Principal, error) {
	return &who.Principal{ID: "alice", Via: who.ViaPassword, Rights: []string{"audit"}}, nil
}
