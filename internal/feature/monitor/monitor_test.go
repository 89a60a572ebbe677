package monitor

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
	"atrium/internal/proto/web/webtest"
)

// people lets admin in, and otto, who may monitor; whoever else is nobody much.
type people struct{}

func (people) Authenticate(r *http.Request) (*who.Principal, error) {
	login, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	p := &who.Principal{ID: login, Via: who.ViaAppPassword}
	switch login {
	case "admin":
		p.Role = who.Admin
	case "otto":
		p.Rights = []string{"monitor"}
	}
	return p, nil
}

type rig struct {
	*testing.T
	*Room
	door *web.Door
}

// recorded are the shares of the server that was recorded.
func recorded(context.Context) ([]Tally, error) {
	return []Tally{{0, 1, false, 6}, {1, 1, false, 1}, {2, 1, false, 4}, {3, 4, false, 2}, {3, 4, true, 1}, {0, 17, false, 2}, {3, 17, false, 6}, {3, 17, true, 1},
		{0, 19, false, 3}, {4, 19, false, 1}, {0, 31, false, 2}, {3, 31, false, 3}}, nil
}

func each(t *testing.T, f func(r rig)) {
	dbtest.Each(t, []db.Schema{settings.Schema, identity.Schema, tree.Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
		rm := New(d, dir, tree.New(d), settings.New(d), Site{Version: "32.0.1.2", Server: "Atrium test", Data: t.TempDir()})
		rm.Requests, rm.Shares = func() (int64, int64) { return 0, 0 }, recorded
		m := web.NewMux()
		rm.Plug(&plug.Board{OCS: ocs.NewMux(m)})
		f(rig{t, rm, web.NewDoor(web.Config{Auth: []web.Authenticator{people{}}}, m)})
	})
}

func (r rig) serve(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.door.ServeHTTP(w, req)
	return w
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(r rig) {
		if err := r.settings.Set(t.Context(), "serverinfo", "token", "capture-token-1"); err != nil {
			t.Fatal(err)
		}
		for _, e := range webtest.Load(t, "testdata") {
			if len(e.As) > 0 {
				e.Request.SetBasicAuth(e.As[0], "x")
			}
			e.Compare(r.T, r.serve(e.Request), webtest.Rules{
				Loose: []string{"memcache.local", "memcache.distributed", "memcache.locking", "freespace", "cpuload", "element", "cpunum", "mem_total", "mem_free", "swap_total",
					"swap_free", "num_users", "num_files", "num_storages", "num_storages_local", "num_storages_home", "num_storages_other", "num_files_appdata", "webserver", "type",
					"version", "size", "last5minutes", "last1hour", "last24hours", "last7days", "last1month", "last3months", "last6months", "lastyear"},
				Ours:    []string{"php", "fpm"}, // there is no PHP
				Headers: []string{"Content-Type"},
			})
		}
	})
}

func TestWhoMayLook(t *testing.T) {
	each(t, func(r rig) {
		ask := func(path, login, token string) int {
			req := httptest.NewRequest("GET", "/ocs/v2.php/apps/"+path, nil)
			req.Header.Set("OCS-APIRequest", "true")
			if login != "" {
				req.SetBasicAuth(login, "x")
			}
			if token != "" {
				req.Header.Set("NC-Token", token)
			}
			return r.serve(req).Code
		}
		const info, samples = "serverinfo/api/v1/info", "administration/api/v1/samples?span=day"
		for _, c := range []struct {
			path, login, token string
			want               int
		}{
			{info, "otto", "", 200}, {info, "olga", "", 401}, {info, "", "", 401}, {info, "", "none is set", 401},
			{samples, "admin", "", 200}, {samples, "otto", "", 200}, {samples, "olga", "", 403}, {samples, "", "", 401},
			{samples + "s", "admin", "", 400},
		} {
			if got := ask(c.path, c.login, c.token); got != c.want {
				t.Errorf("%s as %q with %q: %d, want %d", c.path, c.login, c.token, got, c.want)
			}
		}
	})
}

func TestWhatIsCounted(t *testing.T) {
	each(t, func(r rig) {
		ctx, now := t.Context(), time.Unix(1_800_000_000, 0)
		r.Now, r.people.Now = func() time.Time { return now }, func() time.Time { return now }
		for _, uid := range []string{"olga", "otto", "eve"} {
			if _, err := r.people.Create(ctx, identity.NewUser{ID: uid, Password: "Kqz7-rain-oboe"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.people.AddToken(ctx, identity.Token{UID: "olga", Name: "phone", Kind: identity.KindApp}, "a secret"); err != nil {
			t.Fatal(err)
		}
		var out info
		now = now.Add(time.Hour / 2)
		if err := r.tellActive(ctx, &out); err != nil || out.Active[0].n != 0 || out.Active[1].n != 1 {
			t.Errorf("%v, %v", out.Active, err)
		}
		if err := r.tellStorage(ctx, &out); err != nil || out.Nextcloud.Storage.Users != 3 {
			t.Errorf("%+v, %v", out.Nextcloud.Storage, err)
		}
		if err := r.tellServer(ctx, &out); err != nil || out.Server.Database.Version == "" || out.Server.Database.Size == "0" {
			t.Errorf("%+v, %v", out.Server, err)
		}
	})
}

func TestTheRingKeepsADay(t *testing.T) {
	var kept ring
	for i := range int64(keep + 10) {
		kept.add(Sample{At: 60 * (i + 1), Requests: float32(i % 5), People: int32(i % 5), Storage: i})
	}
	if n := len(kept.since(0)); n != keep {
		t.Errorf("%d are kept", n)
	}
	last := kept.since(60 * int64(keep))
	if len(last) != 10 || last[0].At != 60*int64(keep+1) || last[9].At != 60*int64(keep+10) {
		t.Errorf("%+v", last)
	}
	got := thin(last, 300)
	if len(got) != 3 || got[1].Requests != 2 || got[1].People != 4 || got[1].Storage != got[1].At/60-1 {
		t.Errorf("%+v", got)
	}
}

func TestASampleIsWhatCameSinceTheLast(t *testing.T) {
	each(t, func(r rig) {
		var answered int64
		r.Requests = func() (int64, int64) { return answered, answered / 10 }
		if err := r.begin(); err != nil {
			t.Fatal(err)
		}
		r.last.At = r.last.At.Add(-2 * time.Minute)
		answered = 100
		if err := r.note(t.Context()); err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest("GET", "/ocs/v2.php/apps/administration/api/v1/samples?format=json", nil)
		req.SetBasicAuth("admin", "x")
		req.Header.Set("OCS-APIRequest", "true")
		_, data, _ := strings.Cut(r.serve(req).Body.String(), `"data":`)
		var got shown
		if err := json.Unmarshal([]byte(strings.TrimSuffix(data, "}}")), &got); err != nil {
			t.Fatal(err)
		}
		if got.Host == "" || got.Memory <= 0 || got.Disk < got.Free || got.To-got.From != 3600 || len(got.Samples) != 1 || got.Now.At < got.Samples[0].At {
			t.Fatalf("%+v", got)
		}
		s := got.Samples[0]
		if s.Requests < 49 || s.Requests > 50 || s.Failed < 4.9 || s.Failed > 5 || s.Shares != 32 || s.Busy < 0 || s.Busy > 1 || s.Memory <= 0 || s.Resident <= 0 {
			t.Errorf("%+v", s)
		}
	})
}
