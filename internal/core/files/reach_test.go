package files_test

import (
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
)

// Seen leaves out what the viewer does not see, and what they may not read.
func TestSeenIsWhatTheViewShows(t *testing.T) {
	each(t, func(k *desk) {
		folder, file := k.office()
		other := k.stat("/photos/x.jpg").ID
		n := k.narrowed(who.Scope{Folders: []int64{folder, file}})
		seen, err := n.Seen(k.ctx, []int64{folder, file, other, 1 << 50})
		if err != nil || len(seen) != 2 || seen[folder].Path != "/docs/plans/2026" || seen[file].Path != "/lone.txt" {
			t.Errorf("got %v, %v", seen, err)
		}
		if rs := n.Reaches(); len(rs) != 2 || rs[0].Root != folder || rs[1].Root != file {
			t.Errorf("reaches %v", rs)
		}
		drop, err := k.Through(k.ctx, &who.Principal{Link: 1}, files.Mount{Space: k.stat("/").ID, Root: folder, Perm: files.Create})
		if err != nil {
			t.Fatal(err)
		}
		if seen, err := drop.Seen(k.ctx, []int64{folder, file}); err != nil || len(seen) != 0 {
			t.Errorf("a file drop shows %v, %v", seen, err)
		}
		if rs := drop.Reaches(); len(rs) != 0 {
			t.Errorf("a file drop reaches %v", rs)
		}
	})
}
