package davfiles_test

import (
	"context"
	"strings"
	"testing"

	"atrium/internal/core/content"
	"atrium/internal/core/files"
)

// between runs something once when a file is about to be written, after the
// request has read what it needs and before its transaction.
type between struct{ f func() }

func (b *between) Check(context.Context, files.Op, *files.Entry) error {
	if f := b.f; f != nil {
		b.f = nil
		f()
	}
	return nil
}

// TestChunksThatChangeWhileAnUploadEnds has a client send, delete and give up
// chunks while the end of their upload is under way, as one does that lost its
// connection. Either the file is what the end took, or there is none and the
// client is told; nothing counts on a chunk that nobody holds.
func TestChunksThatChangeWhileAnUploadEnds(t *testing.T) {
	const up = "/remote.php/dav/uploads/alice/u"
	for name, c := range map[string]struct {
		meddle func(r *rig)
		ends   int
		then   string // after the client has ended it again, "" when there is nothing to end
	}{
		"sent again":      {func(r *rig) { r.want(204, "PUT", up+"/1", "HELLO ") }, 503, "HELLO world"},
		"one more":        {func(r *rig) { r.want(201, "PUT", up+"/3", "!") }, 503, "hello world!"},
		"one deleted":     {func(r *rig) { r.want(204, "DELETE", up+"/2", "") }, 503, "hello "},
		"given up":        {func(r *rig) { r.want(204, "DELETE", up, "") }, 409, ""},
		"ended elsewhere": {func(r *rig) { r.want(201, "MOVE", up+"/.file", "", "Destination: "+home+"/big") }, 409, "hello world"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(r *rig) {
				b := &between{}
				r.files.Hooks.Guards = append(r.files.Hooks.Guards, b)
				r.want(201, "MKCOL", up, "")
				r.want(201, "PUT", up+"/1", "hello ")
				r.want(201, "PUT", up+"/2", "world")
				b.f = func() { c.meddle(r) }
				r.want(c.ends, "MOVE", up+"/.file", "", "Destination: "+home+"/big")
				if b.f != nil {
					t.Fatal("nothing came between")
				}
				if c.then != "" {
					r.want(201, "MOVE", up+"/.file", "", "Destination: "+home+"/big")
				}
				if err := r.files.SettleAll(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.allThere()
				if c.then == "" {
					r.want(404, "GET", home+"/big", "")
				} else if got := r.want(200, "GET", home+"/big", "").body; got != c.then {
					t.Errorf("the file is %q", got)
				}
			})
		})
	}
}

// allThere sweeps, and looks for anything that is not as it must be.
func (r *rig) allThere() {
	r.Helper()
	if _, err := r.store.Sweep(r.Context()); err != nil {
		r.Fatal(err)
	}
	var found []string
	err := r.files.Verify(r.Context(), content.Bytes, []content.Counter{r.room.Contents}, func(f string) { found = append(found, f) })
	if err != nil || found != nil {
		r.Errorf("%v\n%s", err, strings.Join(found, "\n"))
	}
}
