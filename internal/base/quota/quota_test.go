package quota

import (
	"errors"
	"testing"

	"atrium/internal/base/fault"
)

func TestQuotas(t *testing.T) {
	for _, c := range []struct {
		text  string
		bytes int64
		back  string
	}{
		{"none", None, "none"},
		{"Default", Default, "default"},
		{"0", 0, "0 B"},
		{"0 B", 0, "0 B"},
		{"1000", 1000, "1000 B"},
		{"5 GB", 5 << 30, "5 GB"},
		{"5gb", 5 << 30, "5 GB"},
		{"5 GiB", 5 << 30, "5 GB"},
		{"5G", 5 << 30, "5 GB"},
		{"1.5 GB", 3 << 29, "1536 MB"},
		{" 2 TB ", 2 << 40, "2 TB"},
		{"9223372036854775807", 1<<63 - 1, "9223372036854775807 B"},
	} {
		got, err := Parse(c.text)
		if err != nil || got != c.bytes || Format(got) != c.back {
			t.Errorf("%q: got %d %q %v, want %d %q", c.text, got, Format(got), err, c.bytes, c.back)
		}
	}
	for _, text := range []string{"", "GB", "-1", "-3", "5 XB", "5 GBB", "five GB", "1e3", "0x10", "1_000", "5 IB", "8192 PB", "1..5 GB", "NaN", "Inf"} {
		if got, err := Parse(text); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
}

func FuzzQuota(f *testing.F) {
	for _, s := range []string{"none", "5 GB", "1.5 GB", "9223372036854775807", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s)
		if err != nil {
			return
		}
		if q < 0 && q != None && q != Default {
			t.Fatalf("%q: got %d", s, q)
		}
		if back, err := Parse(Format(q)); err != nil || back != q {
			t.Fatalf("%q: %d became %q and that %d, %v", s, q, Format(q), back, err)
		}
	})
}
