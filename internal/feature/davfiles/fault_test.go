package davfiles_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob/blobfault"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db/dbtest"
)

// outcome is an answer, or that the connection was cut.
type outcome struct {
	status int
	body   string
	cut    bool
}

func (r *rig) try(method, url, body string, headers ...string) outcome {
	r.Helper()
	res, err := http.DefaultTransport.RoundTrip(r.request(method, url, body, headers...))
	if err != nil {
		return outcome{cut: true}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return outcome{status: res.StatusCode, body: string(b), cut: err != nil}
}

// trial is a request that is made again and again while something else fails each
// time, and what must hold after it.
type trial struct {
	name    string
	prepare func(r *rig)
	do      func(r *rig) outcome
	check   func(r *rig, done bool)
}

var (
	oldBody = strings.Repeat("old ", 5000)
	newBody = strings.Repeat("newer ", 5000)
)

// oneOf checks that a file is missing ("") or has one of some contents.
func (r *rig) oneOf(path string, contents ...string) {
	r.Helper()
	if got := r.content(path); !slices.Contains(contents, got) {
		r.Errorf("%s holds %d bytes that nobody wrote so: %.20q", path, len(got), got)
	}
}

// content is what a file holds, "" if it is not there.
func (r *rig) content(path string) string {
	r.Helper()
	got := r.do("GET", home+path, "")
	if got.StatusCode == 404 {
		return ""
	}
	if got.StatusCode != 200 {
		r.Errorf("%s: %d", path, got.StatusCode)
	}
	return got.body
}

func pick(done bool, yes string, no ...string) []string {
	if done {
		return []string{yes}
	}
	return append(no, yes)
}

func (r *rig) cleared() {
	for _, path := range []string{"/f", "/g", "/d", "/e"} {
		if res := r.do("DELETE", home+path, ""); res.StatusCode != 204 && res.StatusCode != 404 {
			r.Errorf("DELETE %s: %d %s", path, res.StatusCode, res.body)
		}
	}
}

var trials = []trial{
	{"PUT", func(r *rig) { r.cleared() },
		func(r *rig) outcome { return r.try("PUT", home+"/f", newBody, "OC-Checksum: SHA1:"+sha1Of(newBody)) },
		func(r *rig, done bool) { r.oneOf("/f", pick(done, newBody, "")...) }},
	{"PUT over a file", func(r *rig) { r.cleared(); r.want(201, "PUT", home+"/f", oldBody) },
		func(r *rig) outcome { return r.try("PUT", home+"/f", newBody) },
		func(r *rig, done bool) { r.oneOf("/f", pick(done, newBody, oldBody)...) }},
	{"MKCOL", func(r *rig) { r.cleared() },
		func(r *rig) outcome { return r.try("MKCOL", home+"/d", "") },
		func(r *rig, done bool) {
			if got := r.do("PROPFIND", home+"/d", "").StatusCode; done && got != 207 {
				r.Errorf("the folder is not there: %d", got)
			}
		}},
	{"MOVE", func(r *rig) {
		r.cleared()
		r.want(201, "PUT", home+"/f", oldBody)
		r.want(201, "PUT", home+"/g", newBody)
	},
		func(r *rig) outcome { return r.try("MOVE", home+"/f", "", "Destination: "+home+"/g") },
		func(r *rig, done bool) {
			r.oneOf("/g", pick(done, oldBody, newBody)...)
			if f, g := r.content("/f"), r.content("/g"); (f == oldBody) == (g == oldBody) {
				r.Errorf("after the move the file is in both places or in none")
			}
		}},
	{"MOVE of a folder", func(r *rig) {
		r.cleared()
		r.want(201, "MKCOL", home+"/d", "")
		r.want(201, "PUT", home+"/d/f", oldBody)
	},
		func(r *rig) outcome { return r.try("MOVE", home+"/d", "", "Destination: "+home+"/e") },
		func(r *rig, done bool) {
			r.oneOf("/e/f", pick(done, oldBody, "")...)
			if f, g := r.content("/d/f"), r.content("/e/f"); f+g != oldBody {
				r.Errorf("after the move the file is in both places or in none")
			}
		}},
	{"COPY", func(r *rig) {
		r.cleared()
		r.want(201, "MKCOL", home+"/d", "")
		r.want(201, "PUT", home+"/d/f", oldBody)
	},
		func(r *rig) outcome { return r.try("COPY", home+"/d", "", "Destination: "+home+"/e") },
		func(r *rig, done bool) {
			r.oneOf("/d/f", oldBody)
			r.oneOf("/e/f", pick(done, oldBody, "")...)
			r.noneOrWhole("/e")
		}},
	{"DELETE", func(r *rig) { r.cleared(); r.want(201, "PUT", home+"/f", oldBody) },
		func(r *rig) outcome { return r.try("DELETE", home+"/f", "") },
		func(r *rig, done bool) { r.oneOf("/f", pick(done, "", oldBody)...) }},
	{"DELETE of a folder", func(r *rig) {
		r.cleared()
		r.want(201, "MKCOL", home+"/d", "")
		r.want(201, "PUT", home+"/d/f", oldBody)
	},
		func(r *rig) outcome { return r.try("DELETE", home+"/d", "") },
		func(r *rig, done bool) { r.oneOf("/d/f", pick(done, "", oldBody)...) }},
	{"the end of an upload", func(r *rig) {
		r.cleared()
		r.do("DELETE", "/remote.php/dav/uploads/alice/up", "")
		r.want(201, "MKCOL", "/remote.php/dav/uploads/alice/up", "")
		r.want(201, "PUT", "/remote.php/dav/uploads/alice/up/1", newBody)
		r.want(201, "PUT", "/remote.php/dav/uploads/alice/up/2", oldBody)
	}, func(r *rig) outcome {
		return r.try("MOVE", "/remote.php/dav/uploads/alice/up/.file", "", "Destination: "+home+"/f")
	}, func(r *rig, done bool) {
		r.oneOf("/f", pick(done, newBody+oldBody, "")...)
		r.want(201, "MOVE", "/remote.php/dav/uploads/alice/up/.file", "", "Destination: "+home+"/f") // again
		r.oneOf("/f", newBody+oldBody)
	}},
	{"a chunk", func(r *rig) {
		r.do("DELETE", "/remote.php/dav/uploads/alice/up", "")
		r.want(201, "MKCOL", "/remote.php/dav/uploads/alice/up", "")
	}, func(r *rig) outcome { return r.try("PUT", "/remote.php/dav/uploads/alice/up/1", newBody) },
		func(r *rig, done bool) {
			list := r.want(207, "PROPFIND", "/remote.php/dav/uploads/alice/up", "", "Depth: 1").body
			if there := strings.Contains(list, "/up/1</d:href>"); done && !there || there && !strings.Contains(list, fmt.Sprintf("<d:getcontentlength>%d<", len(newBody))) {
				r.Errorf("the chunk is not whole: %s", list)
			}
		}},
	{"bulk", func(r *rig) { r.cleared() },
		func(r *rig) outcome {
			o := r.try("POST", "/remote.php/dav/bulk", part("/f", newBody)+part("/g", oldBody)+"--b_1--", "Content-Type: multipart/related; boundary=b_1")
			if strings.Contains(o.body, `"error":true`) { // told file by file
				o.status = 507
			}
			return o
		}, func(r *rig, done bool) {
			r.oneOf("/f", pick(done, newBody, "")...)
			r.oneOf("/g", pick(done, oldBody, "")...)
		}},
	{"PROPFIND", func(r *rig) {
		if r.do("PROPFIND", home+"/many", "", "Depth: 0").StatusCode == 404 {
			r.fill("/many", 1500)
		}
	}, func(r *rig) outcome {
		o := r.try("PROPFIND", home+"/many", `<d:propfind `+spaces+` xmlns:z="urn:z"><d:prop><d:getetag/><z:dead/><oc:favorite/><d:quota-available-bytes/><d:lockdiscovery/></d:prop></d:propfind>`, "Depth: 1")
		if o.status == 207 && !o.cut && (strings.Count(o.body, "<d:response>") != 1501 || !strings.HasSuffix(strings.TrimSpace(o.body), "</d:multistatus>")) {
			r.Errorf("a listing of %d entries", strings.Count(o.body, "<d:response>"))
		}
		return o
	}, func(*rig, bool) {}},
	{"SEARCH", func(*rig) {}, func(r *rig) outcome {
		o := r.try("SEARCH", "/remote.php/dav/", basicsearch("/many", term("like", "d:displayname", "%name%"), ""), "Content-Type: text/xml")
		if o.status == 207 && !o.cut && strings.Count(o.body, "<d:response>") != 1500 {
			r.Errorf("%d finds", strings.Count(o.body, "<d:response>"))
		}
		return o
	}, func(*rig, bool) {}},
}

// noneOrWhole checks that a copied folder is whole if it is there.
func (r *rig) noneOrWhole(path string) {
	r.Helper()
	if res := r.do("PROPFIND", home+path, "", "Depth: 1"); res.StatusCode == 207 && strings.Count(res.body, "<d:response>") != 2 {
		r.Errorf("half a copy: %s", res.body)
	}
}

// fails tells whether an answer admits that something failed.
func (r *rig) fails(what string, o outcome) bool {
	r.Helper()
	switch {
	case o.cut || o.status == 503 || o.status == 507:
		return true
	case o.status >= 200 && o.status < 300:
		return false
	}
	r.Errorf("%s: %d\n%s", what, o.status, o.body)
	return true
}

// addsUp checks that what the home counts is what its files have.
func (r *rig) addsUp() {
	r.Helper()
	list := r.want(207, "PROPFIND", home+"/", `<d:propfind `+spaces+`><d:prop><oc:size/><d:getcontentlength/></d:prop></d:propfind>`, "Depth: infinity", "Brief: t").body
	number := func(s string) (n int64) {
		_, err := fmt.Sscan(s, &n)
		if err != nil {
			r.Error(err)
		}
		return n
	}
	total := number(regexp.MustCompile("<oc:size>([0-9]+)<").FindStringSubmatch(list)[1])
	var sum int64
	for _, m := range regexp.MustCompile("<d:getcontentlength>([0-9]+)<").FindAllStringSubmatch(list, -1) {
		sum += number(m[1])
	}
	if total != sum {
		r.Errorf("the home counts %d bytes, its files have %d", total, sum)
	}
}

// Each statement of each request fails once.
func TestWhenADatabaseStatementFails(t *testing.T) {
	r := one(t)
	for _, tr := range trials {
		for n := int64(1); ; n++ {
			tr.prepare(r)
			kind, count := []fault.Kind{fault.Unavailable, fault.Full}[n%2], atomic.Int64{}
			var failed atomic.Value
			r.db.Inject(func(query string) error {
				if count.Add(1) == n {
					failed.Store(query)
					return fault.New(kind, "The database is not well.")
				}
				return nil
			})
			o := tr.do(r)
			r.db.Inject(nil)
			refused := r.fails(fmt.Sprintf("%s, statement %d %.60v", tr.name, n, failed.Load()), o)
			tr.check(r, !refused)
			if count.Load() < n {
				if refused {
					t.Errorf("%s: %d though nothing failed", tr.name, o.status)
				}
				t.Logf("%s: %d statements", tr.name, n-1)
				break
			}
		}
		r.addsUp()
	}
}

// Each call of the place of the bytes fails once, at each of its moments.
func TestWhenTheDiskFails(t *testing.T) {
	b := blobfault.New(mem.New())
	r := newRig(t, dbtest.SQLite(t, schemas...), b)
	for _, tr := range trials {
		for _, op := range []blobfault.Op{blobfault.Put, blobfault.PutHalf, blobfault.PutAfter, blobfault.Delete} {
			for _, kind := range []fault.Kind{fault.Unavailable, fault.Full} {
				tr.prepare(r)
				b.Fail(op, fault.New(kind, "The disk is not well."))
				o := tr.do(r)
				b.Fail(op, nil)
				tr.check(r, !r.fails(tr.name+", "+string(op), o))
			}
		}
	}
	r.cleared()
	r.want(201, "PUT", home+"/f", newBody)
	for _, op := range []blobfault.Op{blobfault.Open, blobfault.Read} {
		b.Fail(op, fault.New(fault.Unavailable, "The disk is not well."))
		if o := r.try("GET", home+"/f", ""); !r.fails("GET", o) {
			t.Errorf("%s: a GET of a broken file is %d with %d bytes", op, o.status, len(o.body))
		}
		b.Fail(op, nil)
	}
	r.addsUp()
}
