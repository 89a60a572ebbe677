package main

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// proof asks which of 10,000 pictures an account of 100,000 files holds, as a phone
// does before it deletes them: half are there.
func (b *bench) proof() error {
	const folder, files, asked, times = "proof", 100_000, 10_000, 9
	if err := b.seed(folder, files); err != nil {
		return err
	}
	var body bytes.Buffer
	body.WriteString(`{"files":[`)
	for n := range asked {
		_, text := seeded(folder, n*(2*files/asked))
		fmt.Fprintf(&body, `%.*s{"sha1":"%x","size":%d}`, min(n, 1), ",", sha1.Sum(text), len(text))
	}
	body.WriteString(`]}`)
	var took []time.Duration
	for range times {
		begun := time.Now()
		a, err := b.c.Do(b.ctx, "POST", "/ocs/v2.php/apps/atrium/api/v1/proof?format=json", body.Bytes(),
			"OCS-APIRequest", "true", "Content-Type", "application/json")
		if err != nil {
			return err
		}
		took = append(took, time.Since(begun))
		if held := bytes.Count(a.Body, []byte(`"index":`)); a.Status != http.StatusOK || held != asked/2 {
			return fmt.Errorf("proof: status %d, %d held, want %d: %.200s", a.Status, held, asked/2, a.Body)
		}
	}
	b.set("proof-10k", median(took), "slowest of %d: %v", times, slices.Max(took).Round(time.Millisecond))
	return nil
}
