package proof

import (
	"strings"
	"testing"
)

func FuzzQuestions(f *testing.F) {
	f.Add(`{"files": [{"sha1": "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "size": 5}]}`)
	f.Add(`{"files": null}`)
	f.Fuzz(func(t *testing.T, s string) {
		q, n, err := parse(strings.NewReader(s))
		if err != nil {
			return
		}
		total := 0
		for _, as := range q {
			total += len(as)
		}
		if total != n || n > maxPairs {
			t.Errorf("%d of %d pairs", total, n)
		}
	})
}
