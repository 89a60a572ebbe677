package homes

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
)

func TestAHomeStandsUnderItsName(t *testing.T) {
	dbtest.Each(t, []db.Schema{bus.Schema, jobs.Schema, identity.Schema, Schema}, func(t *testing.T, d *db.DB) {
		ctx, data := t.Context(), t.TempDir()
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		dir := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
		rm := New(d, dir, data)
		b := &plug.Board{Jobs: jobs.New(d), Bus: bus.New(d, mem.New())}
		rm.Plug(b)
		for _, uid := range []string{"ada", "bob"} {
			if _, err := dir.Create(ctx, identity.NewUser{ID: uid, Password: "a long password"}); err != nil {
				t.Fatal(err)
			}
			files := filepath.Join(data, "users", uid, "files")
			if err := errors.Join(os.MkdirAll(files, 0o700), os.WriteFile(filepath.Join(files, "of.txt"), []byte(uid), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		leads := func(name, want string) {
			t.Helper()
			if err := b.Jobs.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(data, folder, name, "files", "of.txt"))
			if string(got) != want || want == "" && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s leads to %q, want %q: %v", name, got, want, err)
			}
		}
		set := func(uid, name string, want error) {
			t.Helper()
			if err := rm.SetHome(ctx, uid, name); !errors.Is(err, want) {
				t.Errorf("%q: %v, want %v", name, err, want)
			}
		}
		set("ada", "lovelace", nil)
		leads("lovelace", "ada")
		set("ada", "", nil)
		set("bob", "lovelace", fault.Conflict)
		for _, name := range []string{"/srv/homes/ada", "a/b", "..", ".", "a\\b", " a", "a\x00b"} {
			set("bob", name, fault.Invalid)
		}
		leads("lovelace", "ada")
		if err := os.WriteFile(filepath.Join(data, folder, "others.txt"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/etc", filepath.Join(data, folder, "etc")); err != nil {
			t.Fatal(err)
		}
		set("ada", "king", nil)
		leads("king", "ada")
		leads("lovelace", "")
		set("bob", "lovelace", nil)
		leads("lovelace", "bob")
		if err := dir.Remove(ctx, "bob"); err != nil {
			t.Fatal(err)
		}
		if err := rm.Mend(ctx); err != nil {
			t.Fatal(err)
		}
		leads("lovelace", "")
		for _, name := range []string{"others.txt", "etc", "king"} {
			if _, err := os.Lstat(filepath.Join(data, folder, name)); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWithoutAReadableTreeANameIsOnlyKept(t *testing.T) {
	d := dbtest.SQLite(t, bus.Schema, jobs.Schema, identity.Schema, Schema)
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	rm := New(d, identity.New(d, box, seal.NewPasswords()), data)
	b := &plug.Board{Jobs: jobs.New(d)}
	rm.Plug(b)
	if err := errors.Join(rm.SetHome(t.Context(), "ada", "lovelace"), b.Jobs.Drain(t.Context())); err != nil {
		t.Fatal(err)
	}
	all, err := rm.All(t.Context())
	if err != nil || len(all) != 1 || all[0] != (Home{"ada", "lovelace"}) {
		t.Errorf("%v %v", all, err)
	}
	if there, err := os.ReadDir(filepath.Join(data, folder)); err != nil || len(there) != 0 {
		t.Errorf("%v %v", there, err)
	}
}
