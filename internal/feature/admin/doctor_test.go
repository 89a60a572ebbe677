package admin

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

// forgetful gives back other bytes than it was given.
type forgetful struct{ blob.Driver }

func (f forgetful) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	rc, err := f.Driver.Open(ctx, key, off, n)
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(rc, 100), rc}, err
}

// full has no room.
type full struct{ blob.Driver }

func (full) Put(context.Context, string, io.Reader, int64) (int64, error) {
	return 0, fault.New(fault.Full, "There is no room left on the disk.")
}

func TestStoresThatCannotBeTrusted(t *testing.T) {
	for _, c := range []struct {
		store blob.Driver
		want  verdict
		words string
	}{
		{mem.New(), fine, "read back in"},
		{forgetful{mem.New()}, fail, "what was read back is not what was written"},
		{full{mem.New()}, fail, "no room left"},
	} {
		p := &patient{conf: conf.Default(), ground: &Ground{Store: c.store}}
		got := p.store(t.Context())
		if len(got) != 1 || got[0].verdict != c.want || !strings.Contains(got[0].text.String(), c.words) {
			t.Errorf("%T: got %+v, want %s %q", c.store, got, c.want, c.words)
		}
		for info, err := range c.store.List(t.Context(), "") {
			t.Errorf("%T: %s is left, %v", c.store, info.Key, err)
		}
	}
}

func TestClocks(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, d *db.DB) {
		remote := d.Dialect() != db.SQLite // SQLite has no clock but ours
		for _, c := range []struct {
			now  time.Time
			want verdict
		}{
			{time.Now(), fine},
			{time.Now().Add(-time.Hour), map[bool]verdict{true: warn, false: fine}[remote]},
			{time.Unix(0, 0), fail},
		} {
			p := &patient{ground: &Ground{DB: d}, now: func() time.Time { return c.now }}
			if got := p.clock(t.Context()); len(got) != 1 || got[0].verdict != c.want {
				t.Errorf("%s: got %+v, want %s", c.now, got, c.want)
			}
		}
	})
}

func TestTimesAsTyped(t *testing.T) {
	for text, want := range map[string]time.Time{
		"1700000000":           time.Unix(1700000000, 0),
		"2026-01-31":           time.Date(2026, 1, 31, 0, 0, 0, 0, time.Local),
		"2026-01-31T15:04:05Z": time.Date(2026, 1, 31, 15, 4, 5, 0, time.UTC),
		"2026-01-31 15:04:05":  time.Date(2026, 1, 31, 15, 4, 5, 0, time.Local),
	} {
		if got, err := parseMoment(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
	if _, err := parseMoment("soon"); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for got, want := range map[string]string{
		size(0): "0 B", size(999): "999 B", size(79145863475): "79 GB", size(999_900_000): "1000 MB", size(5_250_000_000_000_000): "5.2 PB",
		took(123 * time.Microsecond): "0.1 ms", took(42 * time.Millisecond): "42 ms", took(1500 * time.Millisecond): "1.5 s",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
