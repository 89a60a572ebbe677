package names

import (
	"cmp"
	"strings"
)

// Natural orders names as people do: runs of digits count as numbers, so that
// "9" comes before "10". Names that differ only in leading zeros are ordered as
// texts, so that the order is total.
func Natural(a, b string) int {
	return cmp.Or(natural(a, b), strings.Compare(a, b))
}

func natural(a, b string) int {
	for a != "" && b != "" {
		da, ra := digits(a)
		dbs, rb := digits(b)
		if da != "" && dbs != "" {
			x, y := strings.TrimLeft(da, "0"), strings.TrimLeft(dbs, "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
			a, b = ra, rb
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) (head, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}
