// Package blobtest holds what every blob.Driver must do, as tests that run
// over any of them.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
)

// Run tests the drivers that open makes; each call gives an empty one.
func Run(t *testing.T, open func(t *testing.T) blob.Driver) {
	for _, c := range []struct {
		name string
		test func(*testing.T, blob.Driver)
	}{
		{"round trip", roundTrip},
		{"size unknown", sizeUnknown},
		{"wrong length leaves nothing", wrongLength},
		{"broken body leaves nothing", brokenBody},
		{"cancelled put leaves nothing", cancelledPut},
		{"invisible until complete", invisibleUntilComplete},
		{"never written twice", neverTwice},
		{"ranges", ranges},
		{"missing", missing},
		{"delete", deletes},
		{"list", list},
		{"bad keys", badKeys},
		{"concurrent puts", concurrentPuts},
		{"concurrent puts of one key", oneWinner},
		{"join", join},
		{"copy", copies},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Pattern gives n bytes that differ along the way, so that a shifted or
// repeated block shows.
func Pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8)*31 ^ byte(i>>16)*17
	}
	return b
}

func roundTrip(t *testing.T, d blob.Driver) {
	for i, size := range []int{0, 1, 4096, 65536, 65537, 1 << 20, 1<<20 + 1, 20<<20 + 3} {
		key, want := fmt.Sprintf("size%d", i), Pattern(size)
		put(t, d, key, want)
		if got := read(t, d, key, 0, -1); !bytes.Equal(got, want) {
			t.Errorf("%d bytes came back as %d others", size, len(got))
		}
		info, err := d.Stat(t.Context(), key)
		if err != nil || info.Size != int64(size) || info.Key != key || info.ModTime.IsZero() {
			t.Errorf("Stat of %d bytes = %+v, %v", size, info, err)
		}
	}
}

func sizeUnknown(t *testing.T, d blob.Driver) {
	want := Pattern(3<<20 + 7)
	n, err := d.Put(t.Context(), "k", bytes.NewReader(want), -1)
	if err != nil || n != int64(len(want)) {
		t.Fatalf("Put = %d, %v", n, err)
	}
	if got := read(t, d, "k", 0, -1); !bytes.Equal(got, want) {
		t.Error("the bytes differ")
	}
}

func wrongLength(t *testing.T, d blob.Driver) {
	for _, size := range []int64{0, 99, 101, 5 << 20} {
		_, err := d.Put(t.Context(), "k", bytes.NewReader(Pattern(100)), size)
		wantKind(t, err, fault.Invalid)
		wantNothing(t, d, "k")
	}
	put(t, d, "k", Pattern(100))
}

func brokenBody(t *testing.T, d blob.Driver) {
	broken := errors.New("the line is cut")
	for _, before := range []int{0, 100, 3 << 20} {
		r := io.MultiReader(bytes.NewReader(Pattern(before)), errReader{broken})
		if _, err := d.Put(t.Context(), "k", r, 4<<20); !errors.Is(err, broken) {
			t.Errorf("Put = %v, want the reader's error", err)
		}
		wantNothing(t, d, "k")
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

func cancelledPut(t *testing.T, d blob.Driver) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Put(ctx, "k", bytes.NewReader(Pattern(5<<20)), 5<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want context.Canceled", err)
	}
	wantNothing(t, d, "k")
}

func invisibleUntilComplete(t *testing.T, d blob.Driver) {
	r, w := io.Pipe()
	done := make(chan error)
	want := Pattern(3 << 20)
	go func() {
		_, err := d.Put(t.Context(), "k", r, int64(len(want)))
		done <- err
	}()
	for _, half := range [][]byte{want[:2<<20], want[2<<20:]} {
		if _, err := w.Write(half); err != nil {
			t.Fatal(err)
		}
		wantNothing(t, d, "k")
	}
	w.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := read(t, d, "k", 0, -1); !bytes.Equal(got, want) {
		t.Error("the bytes differ")
	}
}

func neverTwice(t *testing.T, d blob.Driver) {
	put(t, d, "k", []byte("first"))
	_, err := d.Put(t.Context(), "k", strings.NewReader("second"), 6)
	wantKind(t, err, fault.Exists)
	if got := read(t, d, "k", 0, -1); string(got) != "first" {
		t.Errorf("got %q, want the first body", got)
	}
}

func ranges(t *testing.T, d blob.Driver) {
	body := Pattern(1 << 20)
	size := int64(len(body))
	put(t, d, "k", body)
	for _, r := range [][2]int64{{0, 1}, {0, size}, {100, 1000}, {size - 1, 1}, {size - 1, -1}, {size, 0}, {size, -1}, {5, 0}, {65536, 65536}} {
		n := r[1]
		if n < 0 {
			n = size - r[0]
		}
		if got := read(t, d, "k", r[0], r[1]); !bytes.Equal(got, body[r[0]:r[0]+n]) {
			t.Errorf("range %v: %d wrong bytes", r, len(got))
		}
	}
	for _, r := range [][2]int64{{-1, 1}, {size + 1, -1}, {size, 1}, {0, size + 1}, {1, 1<<63 - 1}} {
		_, err := d.Open(t.Context(), "k", r[0], r[1])
		wantKind(t, err, fault.Invalid)
	}
	rc, err := d.Open(t.Context(), "k", 10, 20)
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	if f, ok := rc.(blob.Filer); ok {
		got, err := io.ReadAll(io.LimitReader(f.File(), f.Len()))
		if err != nil || !bytes.Equal(got, body[10:30]) {
			t.Errorf("File gave %d bytes, %v", len(got), err)
		}
	}
}

func missing(t *testing.T, d blob.Driver) {
	wantNothing(t, d, "nosuch")
	if err := d.Delete(t.Context(), "nosuch"); err != nil {
		t.Errorf("Delete of a missing key = %v", err)
	}
}

func deletes(t *testing.T, d blob.Driver) {
	for _, k := range []string{"a", "b", "c"} {
		put(t, d, k, []byte(k))
	}
	open, err := d.Open(t.Context(), "a", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := d.Delete(t.Context(), "a", "nosuch", "b"); err != nil {
		t.Fatal(err)
	}
	wantNothing(t, d, "a")
	wantNothing(t, d, "b")
	if got := read(t, d, "c", 0, -1); string(got) != "c" {
		t.Errorf("c = %q", got)
	}
	if got, err := io.ReadAll(open); err != nil || string(got) != "a" {
		t.Errorf("a reader that was open got %q, %v", got, err)
	}
	if err := d.Delete(t.Context()); err != nil {
		t.Errorf("Delete of no keys = %v", err)
	}
}

func list(t *testing.T, d blob.Driver) {
	var want []string
	for i := range 60 {
		key := fmt.Sprintf("x%d", i*7)
		put(t, d, key, Pattern(i))
		want = append(want, key)
	}
	put(t, d, "y", nil)
	slices.Sort(want)
	if got := keys(t, d, "x"); !slices.Equal(got, want) {
		t.Errorf("List x = %v, want %v", got, want)
	}
	if got := keys(t, d, ""); len(got) != 61 {
		t.Errorf("List gave %d keys, want 61", len(got))
	}
	if got := keys(t, d, "z"); got != nil {
		t.Errorf("List z = %v", got)
	}
	for info, err := range d.List(t.Context(), "x7") {
		if err != nil || (info.Key == "x7" && info.Size != 1) || info.ModTime.IsZero() {
			t.Errorf("List x7 gave %+v, %v", info, err)
		}
	}
	n := 0
	for range d.List(t.Context(), "") {
		if n++; n == 5 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range d.List(ctx, "") {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled List ended with %v", last)
	}
}

func badKeys(t *testing.T, d blob.Driver) {
	for _, k := range []string{"", ".", "..", "a/b", "../k", "A", "a.b", "a b", "ä", "a\x00", ".atrium-store", strings.Repeat("a", 65)} {
		_, err := d.Put(t.Context(), k, strings.NewReader("x"), 1)
		wantKind(t, err, fault.Invalid)
		_, err = d.Open(t.Context(), k, 0, -1)
		wantKind(t, err, fault.Invalid)
		_, err = d.Stat(t.Context(), k)
		wantKind(t, err, fault.Invalid)
		wantKind(t, d.Delete(t.Context(), k), fault.Invalid)
	}
	put(t, d, strings.Repeat("z", 64), []byte("longest"))
}

func concurrentPuts(t *testing.T, d blob.Driver) {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 25 {
				key, want := fmt.Sprintf("w%di%d", w, i), Pattern(w*1000+i)
				if _, err := d.Put(t.Context(), key, bytes.NewReader(want), int64(len(want))); err != nil {
					t.Errorf("put %s: %v", key, err)
				}
				if got := read(t, d, key, 0, -1); !bytes.Equal(got, want) {
					t.Errorf("%s came back different", key)
				}
				if i%5 == 0 {
					if err := d.Delete(t.Context(), key); err != nil {
						t.Errorf("delete %s: %v", key, err)
					}
				}
			}
		})
	}
	wg.Wait()
	if got, want := len(keys(t, d, "w")), 8*20; got != want {
		t.Errorf("%d blobs are left, want %d", got, want)
	}
}

func oneWinner(t *testing.T, d blob.Driver) {
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			body := bytes.Repeat([]byte{byte('a' + i)}, 1000)
			_, errs[i] = d.Put(t.Context(), "k", bytes.NewReader(body), 1000)
		})
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		if err == nil && winner >= 0 {
			t.Errorf("writers %d and %d both won", winner, i)
		}
		if err == nil {
			winner = i
			continue
		}
		wantKind(t, err, fault.Exists)
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	if got, want := read(t, d, "k", 0, -1), bytes.Repeat([]byte{byte('a' + winner)}, 1000); !bytes.Equal(got, want) {
		t.Error("the blob is not the winner's")
	}
}

func join(t *testing.T, d blob.Driver) {
	want := Pattern(5<<20 + 11)
	put(t, d, "p1", want[:100])
	put(t, d, "p2", nil)
	put(t, d, "p3", want[100:2<<20])
	put(t, d, "p4", want[2<<20:])
	n, err := blob.Join(t.Context(), d, "whole", []string{"p1", "p2", "p3", "p4"})
	if err != nil || n != int64(len(want)) {
		t.Fatalf("Join = %d, %v", n, err)
	}
	if got := read(t, d, "whole", 0, -1); !bytes.Equal(got, want) {
		t.Error("the joined bytes differ")
	}
	if got := read(t, d, "p1", 0, -1); !bytes.Equal(got, want[:100]) {
		t.Error("a part is gone or changed")
	}
	_, err = blob.Join(t.Context(), d, "half", []string{"p1", "nosuch"})
	wantKind(t, err, fault.NotFound)
	wantNothing(t, d, "half")
	_, err = blob.Join(t.Context(), d, "p3", []string{"p1"})
	wantKind(t, err, fault.Exists)
}

func copies(t *testing.T, d blob.Driver) {
	c, ok := d.(blob.Copier)
	if !ok {
		return // not every place can
	}
	want := Pattern(1<<20 + 5)
	put(t, d, "src", want)
	if err := c.Copy(t.Context(), "dst", "src"); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(t.Context(), "src"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, d, "dst", 0, -1); !bytes.Equal(got, want) {
		t.Error("the copied bytes differ")
	}
	wantKind(t, c.Copy(t.Context(), "other", "nosuch"), fault.NotFound)
}

func put(t *testing.T, d blob.Driver, key string, body []byte) {
	t.Helper()
	n, err := d.Put(t.Context(), key, bytes.NewReader(body), int64(len(body)))
	if err != nil || n != int64(len(body)) {
		t.Fatalf("Put %s = %d, %v, want %d", key, n, err, len(body))
	}
}

func read(t *testing.T, d blob.Driver, key string, off, n int64) []byte {
	t.Helper()
	r, err := d.Open(t.Context(), key, off, n)
	if err != nil {
		t.Errorf("Open %s: %v", key, err)
		return nil
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("read %s: %v", key, err)
	}
	return b
}

func keys(t *testing.T, d blob.Driver, prefix string) []string {
	t.Helper()
	var got []string
	for info, err := range d.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		got = append(got, info.Key)
	}
	slices.Sort(got)
	return got
}

func wantNothing(t *testing.T, d blob.Driver, key string) {
	t.Helper()
	_, err := d.Stat(t.Context(), key)
	wantKind(t, err, fault.NotFound)
	_, err = d.Open(t.Context(), key, 0, -1)
	wantKind(t, err, fault.NotFound)
	if got := keys(t, d, key); got != nil {
		t.Errorf("List shows %v", got)
	}
}

func wantKind(t *testing.T, err error, want fault.Kind) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v (%v), want %v", err, fault.Of(err), want)
	}
}
