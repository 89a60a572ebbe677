package readable

import (
	"fmt"
	"strings"
	"testing"

	"atrium/internal/core/files"
)

// How fast the tree catches up with new files in 20 folders: events, links and
// marks. A PUT costs as much of the processor, spread over time.
func BenchmarkCatchUp(b *testing.B) {
	r := one(b)
	for i := range 20 {
		r.mkdir(fmt.Sprintf("/%d", i))
	}
	r.drain()
	const batch = 5000
	b.ResetTimer()
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		for i := 0; i < batch; i += 500 {
			items := make([]files.Item, 500)
			for k := range items {
				items[k] = files.Item{Path: fmt.Sprintf("/%d/f%d-%d", (i+k)%20, n, i+k), Put: files.Put{Body: strings.NewReader("x"), Size: 1}}
			}
			for _, o := range r.WriteMany(r.ctx, items) {
				if o.Err != nil {
					b.Fatal(o.Err)
				}
			}
		}
		b.StartTimer()
		if err := r.board.Bus.Drain(r.ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/file")
}

// How fast a whole tree is compared.
func BenchmarkCheck(b *testing.B) {
	r := one(b)
	const count = 5000
	items := make([]files.Item, count)
	for k := range items {
		items[k] = files.Item{Path: fmt.Sprint("/f", k), Put: files.Put{Body: strings.NewReader("x"), Size: 1}}
	}
	r.WriteMany(r.ctx, items)
	r.drain()
	for b.Loop() {
		r.clean()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/file")
}
