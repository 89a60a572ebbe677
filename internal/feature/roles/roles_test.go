package roles

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

type rig struct {
	*testing.T
	*Room
}

func each(t *testing.T, f func(r rig)) {
	dbtest.Each(t, []db.Schema{identity.Schema, Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
		r := rig{t, New(d, dir)}
		r.ok(dir.CreateGroup(t.Context(), "staff", ""))
		for _, uid := range []string{"olga", "otto"} {
			_, err := dir.Create(t.Context(), identity.NewUser{ID: uid, Password: "x"})
			r.ok(err)
		}
		r.ok(dir.AddMember(t.Context(), "staff", "otto"))
		f(r)
	})
}

func (r rig) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// principal is who comes in by a password.
func (r rig) principal(uid string) *who.Principal {
	r.Helper()
	p, err := r.dir.SignIn(r.Context(), uid, "x", web.Network(web.VisitOf(r.Context()).Addr))
	r.ok(err)
	return p
}

func TestWhatRolesGrant(t *testing.T) {
	each(t, func(r rig) {
		ctx := t.Context()
		if p := r.principal("otto"); len(p.Rights) > 0 || p.Withheld != 0 {
			t.Errorf("%+v", p)
		}
		_, err := r.Set(ctx, "admin", Role{Name: "helpdesk", Rights: []string{"users", "groups", "users"}})
		r.ok(err)
		_, err = r.Set(ctx, "admin", Role{Name: "uploader", Withheld: []string{"delete", "update"}})
		r.ok(err)
		r.ok(r.Grant(ctx, "helpdesk", Holder{User, "olga"}))
		r.ok(r.Grant(ctx, "helpdesk", Holder{Group, "staff"}))
		r.ok(r.Grant(ctx, "uploader", Holder{Group, "staff"}))
		for range 2 { // seen at once, and again when it is remembered
			if p := r.principal("otto"); !reflect.DeepEqual(p.Rights, []string{"groups", "users"}) || p.Withheld != who.FileDelete|who.FileUpdate || !p.Holds("users") || p.Holds("audit") {
				t.Errorf("%+v", p)
			}
			if p := r.principal("olga"); len(p.Rights) != 2 || p.Withheld != 0 {
				t.Errorf("%+v", p)
			}
		}
		second, err := r.Set(ctx, "admin", Role{Name: "helpdesk", Rights: []string{"audit"}})
		if err != nil || second.Version != 2 {
			t.Errorf("%+v, %v", second, err)
		}
		if p := r.principal("olga"); !reflect.DeepEqual(p.Rights, []string{"audit"}) {
			t.Errorf("after the change: %+v", p)
		}
		r.ok(r.Revoke(ctx, "uploader", Holder{Group, "staff"}))
		if p := r.principal("otto"); p.Withheld != 0 {
			t.Errorf("after it was taken back: %+v", p)
		}
		r.ok(r.Remove(ctx, "admin", "helpdesk"))
		if p := r.principal("olga"); len(p.Rights) > 0 {
			t.Errorf("after the role is gone: %+v", p)
		}
		r.ok(r.Grant(ctx, "uploader", Holder{User, "olga"}))
		r.ok(r.dir.Remove(ctx, "olga"))
		if left, err := r.holders(ctx, "uploader"); err != nil || len(left.Users) > 0 {
			t.Errorf("%+v, %v", left, err)
		}
		third, err := r.Set(ctx, "admin", Role{Name: "helpdesk"})
		if err != nil || third.Version != 4 {
			t.Errorf("made anew: %+v, %v", third, err)
		}
		var history []int
		for v, err := range r.Versions(ctx, "helpdesk") {
			r.ok(err)
			history = append(history, len(v.Rights))
		}
		if !reflect.DeepEqual(history, []int{2, 1, 0, 0}) {
			t.Errorf("%v", history)
		}
	})
}

func TestRolesThatCannotBe(t *testing.T) {
	each(t, func(r rig) {
		ctx := t.Context()
		for _, bad := range []Role{{}, {Name: "Ä"}, {Name: "a", Rights: []string{"everything"}}, {Name: "a", Withheld: []string{"read"}}, {Name: strings.Repeat("a", 65)}} {
			if _, err := r.Set(ctx, "admin", bad); !errors.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		_, err := r.Set(ctx, "admin", Role{Name: "a"})
		r.ok(err)
		for _, err := range []error{r.Grant(ctx, "ghost", Holder{User, "olga"}), r.Grant(ctx, "a", Holder{User, "ghost"}), r.Grant(ctx, "a", Holder{Group, "ghost"}),
			r.Remove(ctx, "admin", "ghost"), r.Revoke(ctx, "ghost", Holder{User, "olga"})} {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestAPI(t *testing.T) {
	each(t, func(r rig) {
		m := web.NewMux()
		r.serve(ocs.NewMux(m))
		door := web.NewDoor(web.Config{Auth: []web.Authenticator{admin{}}}, m)
		call := func(method, path, body string) string {
			t.Helper()
			req := httptest.NewRequest(method, "/ocs/v2.php/apps/roles/api/v1/"+path, strings.NewReader(body))
			req.Header.Set("OCS-APIRequest", "true")
			req.Header.Set("Accept", "application/json")
			w := httptest.NewRecorder()
			door.ServeHTTP(w, req)
			_, data, _ := strings.Cut(w.Body.String(), `"data":`)
			return http.StatusText(w.Code) + " " + strings.TrimSuffix(data, "}}")
		}
		for _, c := range [][4]string{
			{"PUT", "roles/helpdesk", `{"display":"Help desk","rights":["users"]}`, `OK {"name":"helpdesk","display":"Help desk","rights":["users"],"withheld":[],"version":1}`},
			{"PUT", "roles/helpdesk", `{"rights":`, `Bad Request []`},
			{"PUT", "roles/helpdesk/groups/staff", "", `OK []`},
			{"PUT", "roles/helpdesk/users/olga", "", `OK []`},
			{"PUT", "roles/helpdesk/robots/olga", "", `Not Found []`},
			{"GET", "roles/helpdesk/holders", "", `OK {"users":["olga"],"groups":["staff"]}`},
			{"DELETE", "roles/helpdesk/users/olga", "", `OK []`},
			{"DELETE", "roles/helpdesk", "", `OK []`},
			{"GET", "roles", "", `OK []`},
		} {
			if got := call(c[0], c[1], c[2]); got != c[3] {
				t.Errorf("%s %s: %s, want %s", c[0], c[1], got, c[3])
			}
		}
	})
}

type admin struct{}

func (admin) Authenticate(*http.Request) (*who.Principal, error) {
	return &who.Principal{ID: "admin", Role: who.Admin, Via: who.ViaPassword}, nil
}
