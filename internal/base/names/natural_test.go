package names

import (
	"slices"
	"testing"
)

func TestNaturalOrder(t *testing.T) {
	want := []string{"", "0", "00", "01", "1", "2", "9", "00010", "10", "11", "99999999999999999999998", "99999999999999999999999", "a", "a2", "a10", "a10b", "b1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, Natural)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func FuzzNatural(f *testing.F) {
	f.Add("00001", "2", "10")
	f.Add("a1b", "a01b", "a1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if Natural(a, b) != -Natural(b, a) {
			t.Errorf("%q and %q", a, b)
		}
		if Natural(a, b) < 0 && Natural(b, c) < 0 && Natural(a, c) >= 0 {
			t.Errorf("%q < %q < %q, but not the first and the last", a, b, c)
		}
		if (Natural(a, b) == 0) != (a == b) {
			t.Errorf("%q equals %q", a, b)
		}
	})
}
