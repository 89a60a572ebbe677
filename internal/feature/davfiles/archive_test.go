package davfiles_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob/blobfault"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db/dbtest"
)

// unzip shows an archive as name → content.
func unzip(t *testing.T, body string) map[string]string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(rc)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		out[f.Name] = string(b)
	}
	return out
}

func archived(r *rig) {
	r.want(201, "MKCOL", home+"/z", "")
	r.want(201, "MKCOL", home+"/z/in", "")
	r.want(201, "MKCOL", home+"/z/empty", "")
	r.want(201, "PUT", home+"/z/a.txt", "a", "X-OC-MTime: 1500000001")
	r.want(201, "PUT", home+"/z/p.png", "png", "X-OC-MTime: -100")
	r.want(201, "PUT", home+"/z/in/%C3%A5%20b.txt", strings.Repeat("b", 5000))
}

func TestAFolderAsZip(t *testing.T) {
	each(t, func(r *rig) {
		archived(r)
		res := r.want(200, "GET", home+"/z/", "", "Accept: application/zip")
		want := map[string]string{"z/": "", "z/a.txt": "a", "z/p.png": "png", "z/empty/": "", "z/in/": "", "z/in/å b.txt": strings.Repeat("b", 5000)}
		if diff := cmp.Diff(want, unzip(t, res.body)); diff != "" {
			t.Error(diff)
		}
		if got := res.Header.Get("Content-Disposition"); got != `attachment; filename*=UTF-8''z.zip; filename="z.zip"` {
			t.Errorf("Content-Disposition %s", got)
		}
		z, _ := zip.NewReader(strings.NewReader(res.body), int64(len(res.body)))
		for _, f := range z.File {
			switch f.Name {
			case "z/a.txt":
				if !f.Modified.Equal(time.Unix(1500000001, 0)) {
					t.Errorf("modified %v", f.Modified)
				}
			case "z/p.png":
				if f.Method != zip.Store || f.Modified.Year() != 1980 {
					t.Errorf("method %d, modified %v", f.Method, f.Modified)
				}
			case "z/in/å b.txt":
				if f.Method != zip.Deflate || f.CompressedSize64 > 100 {
					t.Errorf("method %d, %d bytes", f.Method, f.CompressedSize64)
				}
			}
		}
	})
}

func TestPickedFilesAsZip(t *testing.T) {
	r := one(t)
	archived(r)
	names := func(res reply) (out []string) {
		for _, n := range []string{"a.txt", "p.png", "in/", "in/å b.txt", "z/"} {
			if _, ok := unzip(t, res.body)[n]; ok {
				out = append(out, n)
			}
		}
		return out
	}
	for _, c := range []struct {
		query, header string
		want          []string
	}{
		{"", "a.txt", []string{"a.txt"}},
		{"?accept=zip&files=" + url.QueryEscape(`["a.txt","in","a.txt"]`), "", []string{"a.txt", "in/", "in/å b.txt"}},
		{"?accept=application/zip&files=" + url.QueryEscape(`"p.png"`), "", []string{"p.png"}},
		{"?accept=zip&files=" + url.QueryEscape(`["in/å b.txt"]`), "", []string{"in/å b.txt"}},
	} {
		hs := []string{"Accept: application/zip"}
		if c.header != "" {
			hs = append(hs, "X-NC-Files: "+c.header)
		}
		if diff := cmp.Diff(c.want, names(r.want(200, "GET", home+"/z"+c.query, "", hs...))); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
	}
	for _, none := range []string{"a.txt, b.txt", "../x", "none.txt", "."} {
		r.want(404, "GET", home+"/z/", "", "Accept: application/zip", "X-NC-Files: "+none)
	}
	for _, q := range []string{"[1]", "{", "null", "[null]", "{}"} {
		res := r.want(200, "GET", home+"/z/?accept=zip&files="+url.QueryEscape(q), "")
		if res.body != "" || res.Header.Get("Content-Type") != "text/html; charset=UTF-8" {
			t.Errorf("files=%s: %q, %v", q, res.body, res.Header)
		}
	}
	for _, accept := range []string{"", "*/*", "application/zip, */*"} {
		if res := r.want(200, "GET", home+"/z/", "", "Accept: "+accept); res.body != "" {
			t.Errorf("Accept %q gave an archive", accept)
		}
	}
	head := r.want(200, "HEAD", home+"/z/in", "", "Accept: application/zip")
	if head.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("HEAD: %v", head.Header)
	}
	if _, ok := unzip(t, r.want(200, "GET", "/remote.php/webdav/", "", "Accept: application/zip").body)["download/z/a.txt"]; !ok {
		t.Error("the home is not in a folder of its own")
	}
}

func TestAFolderAsTar(t *testing.T) {
	r := one(t)
	archived(r)
	long := strings.Repeat("å", 120)
	r.want(201, "PUT", home+"/z/in/"+url.PathEscape(long), "long")
	res := r.want(200, "GET", home+"/z/", "", "Accept: application/x-tar")
	got := map[string]string{}
	tr := tar.NewReader(strings.NewReader(res.body))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(tr)
		got[h.Name] = fmt.Sprintf("%d %.1s", h.ModTime.Unix(), b)
		if h.Typeflag == tar.TypeDir {
			got[h.Name] = "folder"
		}
	}
	want := map[string]string{"z/": "folder", "z/a.txt": "1500000001 a", "z/p.png": "-100 p", "z/empty/": "folder", "z/in/": "folder"}
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s: %q, want %q", name, got[name], v)
		}
	}
	for _, name := range []string{"z/in/å b.txt", "z/in/" + long} {
		if _, ok := got[name]; !ok {
			t.Errorf("no %s in %v", name, got)
		}
	}
}

// An archive that cannot be finished is an error while nothing was sent, and a
// broken connection after that: never a whole archive with less in it.
func TestAnArchiveIsNeverShort(t *testing.T) {
	broken := fault.New(fault.Unavailable, "The disk is gone.")
	b := blobfault.New(mem.New())
	r := newRig(t, dbtest.SQLite(t, schemas...), b)
	r.want(201, "MKCOL", home+"/z", "")
	for i := range 4 {
		r.want(201, "PUT", fmt.Sprintf("%s/z/%d.png", home, i), strings.Repeat("x", 100<<10))
	}
	for _, accept := range []string{"application/zip", "application/x-tar"} {
		for _, op := range []blobfault.Op{blobfault.Open, blobfault.Read} {
			for n := range 4 {
				b.FailNthAt(n+1, op, broken)
				res, err := r.stream("GET", home+"/z", "Accept: "+accept)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				res.Body.Close()
				switch {
				case n == 0 && res.StatusCode == 503:
				case res.StatusCode == 200 && err != nil:
				default:
					t.Errorf("%s, %s %d: status %d, %d bytes, error %v", accept, op, n, res.StatusCode, len(body), err)
				}
			}
		}
	}
}

// The memory of a download does not grow with its bytes.
func TestAnArchiveStreams(t *testing.T) {
	r := one(t)
	r.want(201, "MKCOL", home+"/z", "")
	body := string(bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16))
	for i := range 16 {
		r.want(201, "PUT", fmt.Sprintf("%s/z/%d.jpg", home, i), body)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res, err := r.stream("GET", home+"/z", "Accept: application/zip")
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, res.Body)
	res.Body.Close()
	runtime.ReadMemStats(&after)
	if err != nil || n < 64<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d KiB allocated for an archive of %d KiB", used>>10, n>>10)
	}
}
