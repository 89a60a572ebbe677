package passwords

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
)

type rig struct {
	*testing.T
	*Room
	spelt int
}

func each(t *testing.T, f func(r *rig)) {
	dbtest.Each(t, []db.Schema{settings.Schema, identity.Schema, Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		hashes := seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4)
		f(&rig{T: t, Room: New(d, identity.New(d, box, hashes), settings.New(d), hashes)})
	})
}

func (r *rig) set(name, value string) {
	r.Helper()
	if err := r.settings.Set(r.Context(), app, name, value); err != nil {
		r.Fatal(err)
	}
}

// why is what a password is refused for.
func (r *rig) why(uid, password string) string {
	r.Helper()
	err := r.Check(r.Context(), uid, password)
	if err == nil {
		return ""
	}
	if !errors.Is(err, fault.Invalid) {
		r.Fatal(err)
	}
	return fault.Text(err)
}

func TestWhatIsAGoodPassword(t *testing.T) {
	each(t, func(r *rig) {
		const common, short = "Password is among the 1,000,000 most common ones. Please make it unique.", "Password needs to be at least 10 characters long."
		for password, want := range map[string]string{ // the first two as recorded in 31-provisioning/042 and 34-apps
			"abc":                          common + " " + short,
			"Long-Enough-Pass-3":           "",
			"password123":                  common,
			"qwertyuiop":                   common,
			"correct horse battery staple": "",
			"ölprüfung am Dienstag":        "",
			strings.Repeat("x", 10000):     common,
		} {
			if got := r.why("", password); got != want {
				t.Errorf("%.30q: %q, want %q", password, got, want)
			}
		}
		if _, err := r.dir.Create(r.Context(), identity.NewUser{ID: "wilhelmina", Display: "Wilhelmina Zauberlehrling", Password: "wilhelmina"}); !errors.Is(err, fault.Invalid) {
			t.Errorf("one's own name: %v", err)
		}
		r.set("minLength", "12")
		r.set("enforceNumericCharacters", "1")
		r.set("enforceSpecialCharacters", "true")
		r.set("enforceUpperLowerCase", "yes")
		if got, want := r.why("", "gartenzaunlatte"), "Password needs to contain at least one lower and one upper case character. "+
			"Password needs to contain at least one numeric character. Password needs to contain at least one special character."; got != want {
			t.Errorf("%q", got)
		}
		rules, err := r.rules(r.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			p, err := rules.make()
			if err != nil || len(p) != 12 || r.why("", p) != "" {
				t.Fatalf("%q: %q, %v", p, r.why("", p), err)
			}
		}
		r.set("minLength", "many")
		if err := r.Check(r.Context(), "", "Long-Enough-Pass-3"); err == nil || errors.Is(err, fault.Invalid) {
			t.Errorf("a setting that makes no sense: %v", err)
		}
	})
}

func TestHistory(t *testing.T) {
	each(t, func(r *rig) {
		ctx := r.Context()
		words := func(i int) string { return fmt.Sprintf("Birnbaum-%d-Zaunkönig", i) }
		r.set("historySize", "2")
		if _, err := r.dir.Create(ctx, identity.NewUser{ID: "olga", Password: words(0)}); err != nil {
			t.Fatal(err)
		}
		change := func(i int) error { return r.dir.SetPassword(ctx, "olga", words(i)) }
		if err := change(0); !errors.Is(err, fault.Invalid) {
			t.Errorf("the same again: %v", err)
		}
		for i := 1; i <= 2; i++ {
			if err := change(i); err != nil {
				t.Fatal(err)
			}
		}
		if err := change(1); !errors.Is(err, fault.Invalid) {
			t.Errorf("the last but one: %v", err)
		}
		if err := change(0); err != nil {
			t.Errorf("one of long ago: %v", err)
		}
		rows := func() int64 {
			n, err := db.One(ctx, r.db, db.Scan1[int64], "SELECT COUNT(*) FROM oldpass")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := rows(); n != 2 {
			t.Errorf("%d hashes kept", n)
		}
		r.set("historySize", "0")
		if err := change(5); err != nil || rows() != 0 {
			t.Errorf("without a history: %v, %d hashes", err, rows())
		}
		r.set("historySize", "3")
		if err := change(6); err != nil {
			t.Fatal(err)
		}
		if err := r.dir.Remove(ctx, "olga"); err != nil || rows() != 0 {
			t.Errorf("after the account: %v, %d hashes", err, rows())
		}
	})
}

func TestListsOfBadPasswords(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	words := write("words", "acme-corporation\r\nZaunkönig-2026\n")
	var hashes []string
	hash := func(p string) string { return fmt.Sprintf("%X", sha1.Sum([]byte(p))) }
	for i := range 500 {
		hashes = append(hashes, hash(fmt.Sprint("leaked-", i)))
	}
	slices.Sort(hashes)
	sorted := write("sorted", strings.Join(hashes, ":17\n")+":1")
	lower := write("lower", strings.ToLower(strings.Join(hashes, "\n"))+"\n")
	for _, h := range hashes {
		path := filepath.Join(folder, "range", h[:5]+".txt")
		old, _ := os.ReadFile(path)
		write("range/"+h[:5]+".txt", string(old)+h[5:]+":3\r\n")
	}
	write("range/"+hash("never leaked")[:5], "0123\n")
	each(t, func(r *rig) {
		r.set("blocklist", words)
		if got := r.why("", "zaunKÖNIG-2026"); !strings.Contains(got, "list of those") {
			t.Errorf("a listed word: %q", got)
		}
		for _, list := range []string{sorted, lower, filepath.Join(folder, "range")} {
			for i := range 500 {
				if found, err := leaked(list, fmt.Sprint("leaked-", i)); !found || err != nil {
					t.Fatalf("%s: leaked-%d: %v, %v", list, i, found, err)
				}
			}
			if found, err := leaked(list, "never leaked"); found || err != nil {
				t.Errorf("%s: %v, %v", list, found, err)
			}
		}
		r.set("breachedPasswords", sorted)
		if got := r.why("", "leaked-77"); !strings.Contains(got, "compromised") {
			t.Errorf("%q", got)
		}
		for _, gone := range []string{filepath.Join(folder, "gone"), filepath.Join(folder, "range", "empty")} {
			r.set("breachedPasswords", gone)
			if err := r.Check(context.Background(), "", "Long-Enough-Pass-3"); !errors.Is(err, fault.Unavailable) {
				t.Errorf("a list that is not there: %v", err)
			}
		}
	})
}

func FuzzLeaked(f *testing.F) {
	f.Add([]byte("00:1\nFF:2\n"), "AA")
	f.Fuzz(func(t *testing.T, list []byte, want string) {
		_, _ = inSorted(strings.NewReader(string(list)), int64(len(list)), want)
	})
}
