package cli

import (
	"testing"
	"time"
)

func TestInstants(t *testing.T) {
	want := time.Date(2026, 1, 31, 12, 0, 0, 500, time.UTC)
	for _, text := range []string{"2026-01-31T12:00:00.0000005Z", "2026-01-31T13:00:00.0000005+01:00"} {
		if got, err := Instant(text); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	if got, err := Instant("1769860800"); err != nil || got.Unix() != 1769860800 {
		t.Errorf("got %v, %v", got, err)
	}
}

func FuzzInstant(f *testing.F) {
	for _, s := range []string{"2026-01-31T12:00:00Z", "0", "-1", "99999999999999999999", "yesterday"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if at, err := Instant(s); err == nil && at.Year() > 40000 {
			t.Errorf("%q is %v", s, at)
		}
	})
}
