package main

// searchMillion asks for names among the million files of startMillion: common
// parts, rare ones, and what nobody has.
func (b *bench) searchMillion() error {
	worst, which := 0.0, ""
	for _, term := range []string{"file", "file-00%d", "00%d.txt", "le-000%d.t", "nobody%d", "%d"} {
		ms, err := b.p95("/search/providers/files/search?limit=25&term=" + term + "&x=%[1]d")
		if err != nil {
			return err
		}
		if ms >= worst {
			worst, which = ms, term
		}
	}
	b.set("search-1m", worst, "slowest: %s", which)
	return nil
}
