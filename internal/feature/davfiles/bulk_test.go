package davfiles_test

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob/blobfault"
	"atrium/internal/infra/blob/disk"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db/dbtest"
)

// part is one part of a bulk upload with the right length and checksum; further
// header lines win.
func part(path, body string, headers ...string) string {
	h := fmt.Sprintf("X-File-Path: %s\r\nContent-Length: %d\r\nX-File-MD5: %x\r\n", path, len(body), md5.Sum([]byte(body)))
	for _, line := range headers {
		h += line + "\r\n"
	}
	return "--b_1\r\n" + h + "\r\n" + body + "\r\n"
}

type bulkReply map[string]struct {
	Error       bool
	Message     string
	ETag        string
	FileID      string
	Permissions string
}

func (r *rig) bulk(status int, parts ...string) bulkReply {
	r.Helper()
	res := r.want(status, "POST", "/remote.php/dav/bulk", strings.Join(parts, "")+"--b_1--\r\n", `Content-Type: multipart/related; boundary="b_1"`)
	var out bulkReply
	if res.body == "[]" {
		return nil
	}
	if err := json.Unmarshal([]byte(res.body), &out); err != nil {
		r.Fatalf("%s: %v", res.body, err)
	}
	return out
}

func TestBulkUpload(t *testing.T) {
	each(t, func(r *rig) {
		r.want(201, "MKCOL", home+"/d", "")
		first := r.want(201, "PUT", home+"/d/old", "old").Header.Get("OC-FileId")
		big := strings.Repeat("0123456789", 100_000)
		got := r.bulk(200,
			part("/a.txt", "hello", "X-OC-Mtime: 1500000000"),
			part("/d/old", "new", "X-OC-Mtime: 1", "X-File-Mtime: 1600000000"),
			part("/empty", ""),
			part("/d/big", big),
			part("/none/x", "lost"),
			part("/a.txt", "again\r\n--b_1--\r\n"),
			part("/a\\b", "bad name"),
			part("/../bob/x", "outside"),
			part("/d", "a folder"),
			part("/å ü.txt", "unicode", "OC-Checksum: SHA1:a98e6ac2a8b9d9d5b1d5d9d8b30ae3bb8de1a2a9 MD5:d3de9ac2cdef4c2a5b3a7eae1dfb8a2e", "OC-Checksum: MD5:"+fmt.Sprintf("%x", md5.Sum([]byte("unicode")))),
			part("/time", "x", "X-OC-Mtime: 0x10"),
		)
		for path, failed := range map[string]bool{"/a.txt": false, "/d/old": false, "/empty": false, "/d/big": false, "/none/x": true,
			"/a\\b": true, "/../bob/x": true, "/d": true, "/å ü.txt": false, "/time": true} {
			if a, told := got[path]; !told || a.Error != failed || failed == (a.Message == "") {
				t.Errorf("%s: %+v", path, a)
			}
		}
		if len(got) != 10 || got["/d/old"].FileID != first || got["/empty"].Permissions != "RGDNVW" {
			t.Errorf("%+v", got)
		}
		get := r.want(200, "GET", home+"/a.txt", "")
		if get.body != "again\r\n--b_1--\r\n" || get.Header.Get("ETag") != `"`+got["/a.txt"].ETag+`"` {
			t.Errorf("%q, etag %s, told %s", get.body, get.Header.Get("ETag"), got["/a.txt"].ETag)
		}
		if lm := r.want(200, "GET", home+"/d/old", "").Header.Get("Last-Modified"); lm != "Sun, 13 Sep 2020 12:26:40 GMT" {
			t.Errorf("Last-Modified %s", lm)
		}
		if r.want(200, "GET", home+"/d/big", "").body != big {
			t.Error("the long part is damaged")
		}
	})
}

// What cannot be understood ends the upload; what came before it is kept.
func TestABulkUploadThatBreaksOff(t *testing.T) {
	r := one(t)
	good := part("/good", "good")
	r.want(201, "PUT", home+"/good", "")
	for name, bad := range map[string]string{
		"wrong checksum":      part("/x", "abc", "X-File-MD5: 00000000000000000000000000000000"),
		"unknown checksum":    part("/x", "abc", "OC-Checksum: CRC32:00000000"),
		"no checksum":         "--b_1\r\nX-File-Path: /x\r\nContent-Length: 3\r\n\r\nabc\r\n",
		"no length":           "--b_1\r\nX-File-Path: /x\r\nX-File-MD5: 900150983cd24fb0d6963f7d28e17f72\r\n\r\nabc\r\n",
		"negative length":     part("/x", "abc", "Content-Length: -1"),
		"too short a length":  part("/x", "abc", "Content-Length: 2"),
		"too long a length":   part("/x", "abc", "Content-Length: 4"),
		"far too long":        part("/x", "abc", "Content-Length: 99999999999999"),
		"no path":             part("", "abc"),
		"header without end":  "--b_1\r\n" + strings.Repeat("X: y\r\n", 100),
		"line without end":    "--b_1\r\nX: " + strings.Repeat("y", 100_000),
		"header without name": "--b_1\r\nnonsense\r\n\r\n",
	} {
		r.want(204, "PUT", home+"/good", "before", "If-None-Match: x")
		got := r.bulk(400, good, bad, part("/later", "later"))
		if len(got) != 1 || got["/good"].Error {
			t.Errorf("%s: %+v", name, got)
		}
		if body := r.want(200, "GET", home+"/good", "").body; body != "good" {
			t.Errorf("%s: good holds %q", name, body)
		}
		r.want(404, "GET", home+"/later", "")
		r.want(404, "GET", home+"/x", "")
	}
	if got := r.bulk(200); got != nil {
		t.Errorf("an empty upload: %+v", got)
	}
	r.want(400, "POST", "/remote.php/dav/bulk", "x", "Content-Type: multipart/form-data; boundary=b_1")
	r.want(400, "POST", "/remote.php/dav/bulk", "x", "Content-Type: multipart/related")
	r.want(404, "GET", "/remote.php/dav/bulk", "")
	r.user = ""
	r.want(401, "POST", "/remote.php/dav/bulk", "x", "Content-Type: multipart/related; boundary=b_1")
}

func TestBulkAndLocks(t *testing.T) {
	r := one(t)
	r.want(201, "PUT", home+"/locked", "mine")
	r.want(200, "LOCK", home+"/locked", `<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>`)
	got := r.bulk(200, part("/locked", "yours"), part("/free", "x"))
	if !got["/locked"].Error || got["/free"].Error {
		t.Errorf("%+v", got)
	}
}

// A disk that fails is told as such, not as a wish to send each file again.
func TestBulkOnABrokenDisk(t *testing.T) {
	b := blobfault.New(mem.New())
	r := newRig(t, dbtest.SQLite(t, schemas...), b)
	b.Fail(blobfault.Put, fault.New(fault.Unavailable, "The disk is gone."))
	r.want(503, "POST", "/remote.php/dav/bulk", part("/a", "x")+part("/b", "y")+"--b_1--", "Content-Type: multipart/related; boundary=b_1")
	r.want(404, "GET", home+"/a", "")
}

func TestBulkIsAnnouncedToThoseWhoCan(t *testing.T) {
	r := one(t)
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Linux) mirall/3.16.4 (Nextcloud, debian-6.1 ClientArchitecture: x86_64 OsArchitecture: x86_64)": `"bulkupload":"1.0"`,
		"Mozilla/5.0 (Linux) mirall/3.7.3-1+deb12u1 (Debian built) (Nextcloud, debian)":                               "",
		"": `"bulkupload":"1.0"`,
	} {
		for name, f := range r.board.Caps.All() {
			if name != "dav" {
				continue
			}
			b, _ := json.Marshal(f(t.Context(), r.request("GET", "/", "", "User-Agent: "+agent)))
			if got := strings.Contains(string(b), `"bulkupload"`); got != (want != "") {
				t.Errorf("%q: %s", agent, b)
			}
		}
	}
}

// BenchmarkBulk is what tools/bench measures from outside: requests of a hundred
// files of 4 KiB over four connections, on a disk, durable.
func BenchmarkBulk(b *testing.B) {
	store, _, err := disk.Create(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	r := newRig(b, dbtest.SQLite(b, schemas...), store)
	body := strings.Repeat("x", 4096)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range next {
				var buf strings.Builder
				for i := range 100 {
					buf.WriteString(part(fmt.Sprintf("/%d-%d", n, i), body))
				}
				if res := r.do("POST", "/remote.php/dav/bulk", buf.String()+"--b_1--", "Content-Type: multipart/related; boundary=b_1"); res.StatusCode != 200 || strings.Contains(res.body, "true") {
					b.Errorf("%d %s", res.StatusCode, res.body)
				}
			}
		})
	}
	for n := 0; b.Loop(); n++ {
		next <- n
	}
	close(next)
	wg.Wait()
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "files/s")
}
