package files_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"atrium/internal/core/files"
)

// A PUT was answered with 405 "There is already an entry of this name" when
// another made the same new file at the same moment.
func TestManyMakeTheSameFile(t *testing.T) {
	each(t, func(k *desk) {
		for n := range 20 {
			path := fmt.Sprintf("/%d", n)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					body := strings.Repeat("x", i+1)
					if _, err := k.Write(k.ctx, path, files.Put{Body: strings.NewReader(body), Size: int64(len(body))}); err != nil {
						t.Errorf("%s: %v", path, err)
					}
				})
			}
			wg.Wait()
		}
		var size, count int64
		root, err := k.Stat(k.ctx, "/")
		if err != nil {
			t.Fatal(err)
		}
		for e, err := range k.List(k.ctx, root) {
			if err != nil {
				t.Fatal(err)
			}
			size, count = size+e.Size, count+1
		}
		if count != 20 || size != root.Size {
			t.Errorf("%d files of %d bytes together, the folder has %d", count, size, root.Size)
		}
	})
}
