package davfiles_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/web"
)

// desktopProps is what the desktop client asks of a folder (client-api 3.1).
const desktopProps = `<?xml version="1.0"?><d:propfind ` + spaces + `><d:prop><d:resourcetype/><d:getlastmodified/><d:getcontentlength/>` +
	`<d:getetag/><d:quota-available-bytes/><d:quota-used-bytes/><oc:size/><oc:id/><oc:fileid/><oc:downloadURL/><oc:dDC/><oc:permissions/>` +
	`<oc:checksums/><nc:is-encrypted/><nc:metadata-files-live-photo/><oc:share-types/><oc:data-fingerprint/><nc:share-attributes/>` +
	`<nc:is-mount-root/><nc:lock/><nc:lock-owner/><nc:lock-owner-displayname/><nc:lock-owner-type/><nc:lock-owner-editor/><nc:lock-time/>` +
	`<nc:lock-timeout/><nc:lock-token/></d:prop></d:propfind>`

// fill puts many small files into a folder.
func (r *rig) fill(folder string, n int) {
	r.Helper()
	v, err := r.files.As(r.Context(), &who.Principal{ID: "alice"})
	if err != nil {
		r.Fatal(err)
	}
	if _, err := v.Mkdir(r.Context(), folder); err != nil {
		r.Fatal(err)
	}
	for at := 0; at < n; at += 500 {
		var items []files.Item
		for i := at; i < min(at+500, n); i++ {
			items = append(items, files.Item{Path: fmt.Sprintf("%s/a file with a name %06d.txt", folder, i), Put: files.Put{Body: strings.NewReader("x"), Size: 1}})
		}
		for _, o := range v.WriteMany(r.Context(), items) {
			if o.Err != nil {
				r.Fatal(o.Err)
			}
		}
	}
	r.want(207, "PROPFIND", home+folder, "", "Depth: 0") // carries the writes up
}

// Big folders cost no more than they must.
func TestBigListings(t *testing.T) {
	each(t, func(r *rig) {
		r.fill("/thousand", 1000)
		r.fill("/ten", 10_000)
		r.listingsCostTheSameStatements()
		r.listingsAreCheap()
		r.slowReadersHoldNobodyUp()
	})
}

// What a listing asks of the database does not grow with the folder.
func (r *rig) listingsCostTheSameStatements() {
	least := func(url, depth string, entries int) int64 {
		least := int64(1000) // of some tries: now and then a cache runs out
		for range 3 {
			res := r.want(207, "PROPFIND", home+url, desktopProps, "Depth: "+depth)
			if got := strings.Count(res.body, "<d:response>"); got != entries+1 {
				r.Errorf("%d responses for %d entries", got, entries)
			}
			least = min(least, r.asked.Load().Load())
		}
		return least
	}
	few, many := least("/thousand", "1", 1000), least("/ten", "1", 10_000)
	if few != many || many > 6 {
		r.Errorf("%d statements for 1,000 entries, %d for 10,000", few, many)
	}
	if n := least("/ten/a%20file%20with%20a%20name%20000001.txt", "0", 0); n > 4 {
		r.Errorf("%d statements for one file", n)
	}
}

// sink is an answer that nobody keeps.
type sink struct {
	header http.Header
	size   int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { s.size += len(b); return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// The memory that a listing takes for each entry is bounded, and what it keeps
// does not grow with the folder.
func (r *rig) listingsAreCheap() {
	door := web.NewDoor(web.Config{Auth: []web.Authenticator{byName{}}}, r.board.Web)
	list := func() (allocs, bytesEach float64, size int) {
		req := r.request("PROPFIND", home+"/ten", desktopProps, "Depth: 1")
		req.RequestURI, req.RemoteAddr = req.URL.Path, "127.0.0.1:1"
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := &sink{header: http.Header{}}
		door.ServeHTTP(w, req)
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / 10_000, float64(after.TotalAlloc-before.TotalAlloc) / 10_000, w.size
	}
	list()
	allocs, each, size := list()
	if size < 10_000*300 {
		r.Fatalf("the listing has %d bytes", size)
	}
	r.Logf("%.1f allocations and %.0f bytes for each of 10,000 entries", allocs, each)
	if allocs > 30 || each > 3000 {
		r.Errorf("%.1f allocations and %.0f bytes for each entry", allocs, each)
	}
}

// A client that is slow to read its listing holds nobody else up.
func (r *rig) slowReadersHoldNobodyUp() {
	var open []*http.Response
	done := make(chan error, 1)
	go func() {
		for range 30 { // more than there are connections
			res, err := http.DefaultTransport.RoundTrip(r.request("PROPFIND", home+"/ten", desktopProps, "Depth: 1"))
			if err != nil {
				done <- err
				return
			}
			open = append(open, res)
		}
		done <- nil
	}()
	select {
	case err := <-done:
		if err != nil {
			r.Error(err)
		}
	case <-time.After(3 * time.Minute): // without the limit of a stall, which would let this pass
		r.Fatal("a listing waits for other people's clients")
	}
	for _, res := range open {
		res.Body.Close()
	}
}
