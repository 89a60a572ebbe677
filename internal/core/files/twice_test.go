package files_test

import (
	"fmt"
	"sync"
	"testing"

	"atrium/internal/core/files"
)

// TestPurgesAtOnce has several nodes purge and sweep the same things, of which each has a
// copy that stays: a reference that two of them took back would be the copy's.
func TestPurgesAtOnce(t *testing.T) {
	each(t, func(k *desk) {
		for round := range 4 {
			from, to := fmt.Sprint("/from", round), fmt.Sprint("/to", round)
			k.mkdir(from)
			for i := range 40 {
				k.put(fmt.Sprint(from, "/f", i), fmt.Sprint(round, i))
			}
			if _, _, err := k.Copy(k.ctx, k.stat(from), to, files.CopyOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := k.Remove(k.ctx, k.stat(from), nil); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range 6 {
				all.Go(func() {
					err := k.Purge(k.ctx)
					if err == nil {
						_, err = k.content.Sweep(k.ctx)
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			k.sweep()
			for i := range 40 {
				if got := k.get(fmt.Sprint(to, "/f", i)); got != fmt.Sprint(round, i) {
					t.Errorf("the copy of %d is %q", i, got)
				}
			}
		}
	})
}
