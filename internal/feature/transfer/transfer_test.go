package transfer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

func TestTransfer(t *testing.T) {
	dbtest.Each(t, []db.Schema{identity.Schema, jobs.Schema, tree.Schema, content.Schema, Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		quiet := func(context.Context, *db.DB, interface{ EventName() string }) error { return nil }
		svc := files.New(d, tree.New(d), content.New(d, mem.New()), quiet)
		rm := New(d, identity.New(d, box, seal.NewPasswords()), svc, quiet, nil)
		rm.Now = func() time.Time { return time.Date(2026, 5, 4, 23, 0, 0, 0, time.UTC) }
		rm.dir.OnRemoved(svc.DropHome)
		view := func(uid string) *files.View {
			t.Helper()
			v, err := svc.As(t.Context(), &who.Principal{ID: uid})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		put := func(path string) {
			t.Helper()
			if _, err := view("olga").Write(t.Context(), path, files.Put{Body: strings.NewReader("x"), Size: 1}); err != nil {
				t.Fatal(err)
			}
		}
		for _, uid := range []string{"olga", "otto"} {
			if _, err := rm.dir.Create(t.Context(), identity.NewUser{ID: uid}); err != nil {
				t.Fatal(err)
			}
		}
		put("/a")
		put("/b")
		run := func(name string, args ...string) error {
			t.Helper()
			b := plug.Board{OCS: ocs.NewMux(web.NewMux()), Jobs: jobs.New(d)}
			rm.Plug(&b)
			for n, c := range b.CLI.All() {
				if n == name {
					c.SetContext(t.Context())
					c.SetArgs(args)
					c.SilenceErrors, c.SilenceUsage = true, true
					return c.Execute()
				}
			}
			t.Fatalf("no command %s", name)
			return nil
		}
		if err := run("files:transfer-ownership", "olga", "otto", "--path", "/b"); err != nil {
			t.Fatal(err)
		}
		if err := run("user:transfer", "olga", "olga", "--delete"); !errors.Is(err, fault.Invalid) {
			t.Errorf("to itself: %v", err)
		}
		if u, err := rm.dir.User(t.Context(), "olga"); err != nil || !u.Enabled {
			t.Errorf("what was refused has disabled the account: %v, %v", u, err)
		}
		if err := run("user:transfer", "olga", "otto", "--delete"); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{"/Transferred from olga on 2026-05-04/a", "/Transferred from olga on 2026-05-04/b"} {
			if _, err := view("otto").Stat(t.Context(), p); err != nil {
				t.Errorf("%s: %v", p, err)
			}
		}
		if _, err := rm.dir.User(t.Context(), "olga"); !errors.Is(err, fault.NotFound) {
			t.Errorf("the account is still there: %v", err)
		}
		if err := run("files:transfer-ownership", "otto", "ghost"); !errors.Is(err, fault.NotFound) {
			t.Errorf("to nobody: %v", err)
		}
	})
}
