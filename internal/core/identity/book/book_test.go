package book

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	b := new(Book)
	for _, w := range []string{"alice\nalice adams\nalice@oracle.example", "bob\nbob brown\n", "carol\ncarol\ncarol@oracle.example"} {
		b.Add(w)
	}
	b.Put("bob\nrobert\nbob@oracle.example")
	b.Put("dave\ndave\n")
	for part, want := range map[string][]string{"oracle": {"alice", "bob", "carol"}, "bob b": nil, "robert": {"bob"}, "ave": {"dave"}, "e\na": {"alice"},
		"carol": {"carol"}, "zz": nil, "example": {"alice", "bob", "carol"}} {
		if got, ok := b.Find(part, 10); !ok || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", part, got, ok, want)
		}
	}
	for _, part := range []string{"oracle", "a"} {
		if got, ok := b.Find(part, 1); ok {
			t.Errorf("%q: %v, more than one", part, got)
		}
	}
	if got, ok := new(Book).Find("x", 1); len(got) > 0 || !ok {
		t.Errorf("in an empty book: %v, %v", got, ok)
	}
}

// FuzzFind holds the search to the obvious one.
func FuzzFind(f *testing.F) {
	f.Add("alice\na\nb", "bob\nb\nc", "b")
	f.Fuzz(func(t *testing.T, x, y, part string) {
		if part == "" || strings.Contains(x+y+part, "\x00") || first(x) == first(y) {
			return
		}
		b := new(Book)
		b.Add(x)
		b.Add(y)
		var want []string
		for _, w := range []string{x, y} {
			if strings.Contains(w, part) {
				want = append(want, first(w))
			}
		}
		slices.Sort(want)
		if got, ok := b.Find(part, 10); !ok || !slices.Equal(got, want) {
			t.Errorf("%q in %q and %q: %q, want %q", part, x, y, got, want)
		}
	})
}

func BenchmarkFindNothingIn100000(b *testing.B) {
	k := new(Book)
	for i := range 100_000 {
		k.Add(fmt.Sprintf("u%06d\nalma baumann %d\nalma.baumann.%d@example.org", i, i, i))
	}
	for b.Loop() {
		if got, _ := k.Find("nobody", 10); len(got) > 0 {
			b.Fatal(got)
		}
	}
}
