package export

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
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
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

type rig struct {
	*testing.T
	*Room
}

func each(t *testing.T, f func(r rig)) {
	dbtest.Each(t, []db.Schema{identity.Schema, tree.Schema, content.Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		quiet := func(context.Context, *db.DB, interface{ EventName() string }) error { return nil }
		dir := identity.New(d, box, seal.NewPasswords())
		r := rig{t, New(dir, files.New(d, tree.New(d), content.New(d, mem.New()), quiet))}
		for _, uid := range []string{"olga", "otto"} {
			_, err := dir.Create(t.Context(), identity.NewUser{ID: uid})
			r.ok(err)
		}
		f(r)
	})
}

func (r rig) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r rig) view(uid string) *files.View {
	r.Helper()
	v, err := r.files.As(r.Context(), &who.Principal{ID: uid})
	r.ok(err)
	return v
}

func (r rig) put(uid, path, body string) {
	r.Helper()
	_, err := r.view(uid).Write(r.Context(), path, files.Put{Body: strings.NewReader(body), Size: int64(len(body)), MTime: time.Unix(1_500_000_000, 0)})
	r.ok(err)
}

// tree is what a user has: paths and bodies.
func (r rig) tree(uid string) map[string]string {
	r.Helper()
	v, out := r.view(uid), map[string]string{}
	var walk func(e *files.Entry)
	walk = func(e *files.Entry) {
		for c, err := range v.List(r.Context(), e) {
			r.ok(err)
			if c.IsDir() {
				out[c.Path+"/"] = ""
				walk(c)
				continue
			}
			rc, err := v.Open(r.Context(), c, 0, -1)
			r.ok(err)
			b, err := io.ReadAll(rc)
			r.ok(errors.Join(err, rc.Close()))
			out[c.Path] = string(b)
			if c.MTime.Unix() != 1_500_000_000 {
				r.Errorf("%s has the time %v", c.Path, c.MTime)
			}
		}
	}
	root, err := v.Stat(r.Context(), "/")
	r.ok(err)
	walk(root)
	return out
}

func (r rig) export(uid string) *zip.Reader {
	r.Helper()
	var b bytes.Buffer
	r.ok(r.write(r.Context(), &who.Principal{ID: uid}, &b))
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	r.ok(err)
	return z
}

func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}

func TestThereAndBack(t *testing.T) {
	each(t, func(r rig) {
		ctx := t.Context()
		for _, dir := range []string{"/Ö", "/Ö/empty", "/Ö/deep"} {
			_, err := r.view("olga").Mkdir(ctx, dir)
			r.ok(err)
		}
		r.put("olga", "/Ö/deep/a.txt", "hello")
		r.put("olga", "/b", strings.Repeat("x", 100_000))
		r.put("olga", "/none", "")
		r.put("olga", "/.profile", "hers")
		r.ok(r.dir.SetField(ctx, "olga", "website", "https://olga.example.org"))
		z := r.export("olga")
		var warned []string
		read := func() tally {
			t.Helper()
			got, err := r.read(ctx, "otto", z, func(s string) { warned = append(warned, s) })
			r.ok(err)
			return got
		}
		if got := read(); got.files != 4 || got.beside != 0 || got.fields == 0 {
			t.Errorf("%+v, %q", got, warned)
		}
		want := r.tree("olga")
		if got := r.tree("otto"); !same(got, want) || len(want) != 7 {
			t.Errorf("%v\nwant %v", got, want)
		}
		u, err := r.dir.User(ctx, "otto")
		r.ok(err)
		p, err := r.dir.Profile(ctx, u)
		r.ok(err)
		if got := p.Get("website").Value; got != "https://olga.example.org" {
			t.Errorf("%q", got)
		}
		if got := read(); got.files != 0 || got.there != 4 {
			t.Errorf("a second time: %+v", got)
		}
		r.put("otto", "/Ö/deep/a.txt", "other")
		r.put("otto", "/.profile", "his")
		for range 2 { // and that only once
			read()
		}
		want["/Ö/deep/a.txt"], want["/Ö/deep/a (2).txt"] = "other", "hello"
		want["/.profile"], want["/.profile (2)"] = "his", "hers"
		if got := r.tree("otto"); !same(got, want) {
			t.Errorf("%v\nwant %v", got, want)
		}
	})
}

// archiveOf makes an archive with one file besides the account.
func archiveOf(t *testing.T, account, name, body string) *zip.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range [][2]string{{accountName, account}, {name, body}} {
		if f[0] == "" {
			continue
		}
		e, err := w.Create(f[0])
		if err == nil {
			_, err = e.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		t.Fatal(err)
	}
	return z
}

func TestArchivesThatAreNone(t *testing.T) {
	each(t, func(r rig) {
		for what, z := range map[string]*zip.Reader{
			"no account":       archiveOf(t, "", "", ""),
			"a newer one":      archiveOf(t, `{"format":2}`, "files/a", "x"),
			"no JSON":          archiveOf(t, `{"format":`, "files/a", "x"),
			"above":            archiveOf(t, `{"format":1}`, "files/../../a", "x"),
			"absolute":         archiveOf(t, `{"format":1}`, "/etc/passwd", "x"),
			"backslashes":      archiveOf(t, `{"format":1}`, `files/..\a`, "x"),
			"something else":   archiveOf(t, `{"format":1}`, "photos/a", "x"),
			"a control letter": archiveOf(t, `{"format":1}`, "files/a\x01", "x"),
		} {
			if _, err := r.read(t.Context(), "otto", z, func(string) {}); !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got := r.tree("otto"); len(got) > 0 {
			t.Errorf("%v", got)
		}
		var warned []string
		z := archiveOf(t, `{"format":1,"profile":[{"name":"phone","value":"no number"},{"name":"shoe size","value":"42"}]}`, "files/a", "x")
		if got, err := r.read(t.Context(), "otto", z, func(s string) { warned = append(warned, s) }); err != nil || got.refused != 2 || len(warned) != 2 {
			t.Errorf("%+v, %v, %q", got, err, warned)
		}
	})
}

func TestDownload(t *testing.T) {
	each(t, func(r rig) {
		r.put("olga", "/a", "hello")
		m := web.NewMux()
		r.Plug(&plug.Board{Web: m})
		get := func(p *who.Principal) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			web.NewDoor(web.Config{Auth: []web.Authenticator{as{p}}}, m).ServeHTTP(w, httptest.NewRequest("GET", "/settings/export", nil))
			return w
		}
		w := get(&who.Principal{ID: "olga", Via: who.ViaSession, Confirmed: time.Now()})
		z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
		if err != nil || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment; filename=olga-") {
			t.Fatalf("%d %v, %v", w.Code, w.Header(), err)
		}
		var names []string
		for _, f := range z.File {
			names = append(names, f.Name)
		}
		if !slices.Equal(names, []string{"account.json", "files/", "files/a"}) {
			t.Errorf("%q", names)
		}
		for what, p := range map[string]*who.Principal{
			"a session of long ago": {ID: "olga", Via: who.ViaSession},
			"a limited password":    {ID: "olga", Via: who.ViaAppPassword, Scope: &who.Scope{Folders: []int64{7}}},
		} {
			if w := get(p); w.Code != http.StatusForbidden {
				t.Errorf("%s: %d", what, w.Code)
			}
		}
	})
}

type as struct{ p *who.Principal }

func (a as) Authenticate(*http.Request) (*who.Principal, error) { return a.p, nil }

func FuzzPlace(f *testing.F) {
	for _, s := range []string{"files/a", "files/../a", "files//a", "files/./a", "/files/a", "files/a\\b", "files"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		p, err := place(name)
		if err == nil && (!strings.HasPrefix(p, "/") || slices.Contains(strings.Split(p, "/"), "..")) {
			t.Errorf("%q leads to %q", name, p)
		}
	})
}
