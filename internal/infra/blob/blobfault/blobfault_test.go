package blobfault_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/blobfault"
	"atrium/internal/infra/blob/blobtest"
	"atrium/internal/infra/blob/mem"
)

var full = fault.Wrap(fault.Full, unix.ENOSPC, "There is no room left on the disk.")

func TestConformanceWhenNothingFails(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Driver { return blobfault.New(mem.New()) })
}

func TestEveryMomentFailsOnceItsTurnComes(t *testing.T) {
	ctx, body := t.Context(), blobtest.Pattern(100)
	for op, call := range map[blobfault.Op]func(d blob.Driver) error{
		blobfault.Put:      func(d blob.Driver) error { return put(t, d, "new", body) },
		blobfault.PutHalf:  func(d blob.Driver) error { return put(t, d, "new", body) },
		blobfault.PutAfter: func(d blob.Driver) error { return put(t, d, "new", body) },
		blobfault.Open: func(d blob.Driver) error {
			_, err := d.Open(ctx, "k", 0, -1)
			return err
		},
		blobfault.Read: func(d blob.Driver) error {
			r, err := d.Open(ctx, "k", 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if err != nil && len(got) != 50 {
				t.Errorf("read %d bytes before the error, want 50", len(got))
			}
			return err
		},
		blobfault.Stat:       func(d blob.Driver) error { _, err := d.Stat(ctx, "k"); return err },
		blobfault.Delete:     func(d blob.Driver) error { return d.Delete(ctx, "k", "l") },
		blobfault.DeleteHalf: func(d blob.Driver) error { return d.Delete(ctx, "k", "l") },
		blobfault.List:       func(d blob.Driver) error { return list(t, d, 0) },
		blobfault.ListHalf:   func(d blob.Driver) error { return list(t, d, 1) },
	} {
		t.Run(string(op), func(t *testing.T) {
			m := mem.New()
			for _, k := range []string{"k", "l"} {
				if err := put(t, m, k, body); err != nil {
					t.Fatal(err)
				}
			}
			d := blobfault.New(m)
			d.FailNthAt(1, op, full)
			if err := call(d); !errors.Is(err, fault.Full) {
				t.Errorf("first call = %v, want Full", err)
			}
			want := map[blobfault.Op][2]bool{ // are "new" and "k" there?
				blobfault.PutAfter: {true, true}, blobfault.DeleteHalf: {false, false},
			}
			wantThere, ok := want[op]
			if !ok {
				wantThere = [2]bool{false, true}
			}
			if got := [2]bool{there(t, m, "new"), there(t, m, "k")}; got != wantThere {
				t.Errorf("there: %v, want %v", got, wantThere)
			}
			d.Fail(op, full)
			if err := call(d); !errors.Is(err, fault.Full) && op != blobfault.PutAfter {
				t.Errorf("second call = %v, want Full", err)
			}
			d.Fail(op, nil)
			if err := call(d); err != nil && op != blobfault.PutAfter {
				t.Errorf("third call = %v", err)
			}
			if got := d.Calls(); got != 3 {
				t.Errorf("Calls = %d, want 3", got)
			}
		})
	}
}

func put(t *testing.T, d blob.Driver, key string, body []byte) error {
	_, err := d.Put(t.Context(), key, bytes.NewReader(body), int64(len(body)))
	return err
}

func there(t *testing.T, d blob.Driver, key string) bool {
	_, err := d.Stat(t.Context(), key)
	return err == nil
}

func list(t *testing.T, d blob.Driver, before int) error {
	n := 0
	for _, err := range d.List(t.Context(), "") {
		if err != nil {
			if n != before {
				t.Errorf("%d blobs before the error, want %d", n, before)
			}
			return err
		}
		n++
	}
	return nil
}
