package main

import (
	"bufio"
	"bytes"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"time"
)

func TestAnswersAreReadWhole(t *testing.T) {
	wire := "HTTP/1.1 207 Multi-Status\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
		"HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\nfghi" +
		"HTTP/1.1 204 No Content\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"
	c := &conn{br: bufio.NewReader(strings.NewReader(wire))}
	for _, want := range []struct {
		status int
		body   string
		err    error
	}{{207, "abcde", nil}, {201, "fghi", nil}, {204, "", nil}, {200, "cut", io.EOF}} {
		var body bytes.Buffer
		status, err := c.answer(&body)
		if status != want.status || body.String() != want.body || err != want.err {
			t.Errorf("got %d %q %v, want %v", status, body.String(), err, want)
		}
	}
}

func TestCounterSeesWordsThatAreCut(t *testing.T) {
	text := "x</d:response>yy</d:response></d:response>"
	for size := 1; size < len(text); size++ {
		c := counter{word: []byte("</d:response>")}
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			c.Write([]byte(rest[:min(size, len(rest))]))
		}
		if c.n != 3 {
			t.Errorf("in pieces of %d: got %d, want 3", size, c.n)
		}
	}
}

func TestBulkBodyIsMultipart(t *testing.T) {
	var body bytes.Buffer
	bulkBody(&body, 2, func(n int) (string, []byte) { return "/a/" + string(rune('x'+n)), []byte("hello") })
	r := multipart.NewReader(&body, "bench")
	for _, want := range []string{"/a/x", "/a/y"} {
		p, err := r.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(p)
		if p.Header.Get("X-File-Path") != want || string(got) != "hello" || err != nil {
			t.Errorf("got %v %q %v, want %s", p.Header, got, err, want)
		}
		if p.Header.Get("X-File-MD5") != "5d41402abc4b2a76b9719d911017c592" {
			t.Errorf("got MD5 %s", p.Header.Get("X-File-MD5"))
		}
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Errorf("got %v, want the end", err)
	}
}

func TestReport(t *testing.T) {
	now := &figures{When: time.Unix(0, 0).UTC(), Machine: "m", Values: map[string]float64{
		"propfind-1k": 31, "put-4k": 1200, "bulk-4k": 1100, "move-100k": 1.5,
	}}
	last := &figures{Values: map[string]float64{"propfind-1k": 15, "put-4k": 1150, "move-100k": 3}}
	var got strings.Builder
	missed := report(&got, now, last, map[string]string{"put-4k": "a note"})
	want := `1970-01-01, m

| work | must | aim | last | measured | |
|---|--:|--:|--:|--:|---|
| PROPFIND depth 1, 1,000 entries | 30 ms | 8 ms | 15 ms | **31 ms** | 2.1 times WORSE **missed** |
| PUT 4 KiB, 8 connections, durable | 1000 /s | 2500 /s | 1150 /s | **1200 /s** | as before a note |
| bulk upload of 4 KiB files | 1200 files/s | 4000 files/s |  | **1100 files/s** | **missed** |
| MOVE of a folder with 100,000 files | 50 ms | 5 ms | 3 ms | **1.5 ms** | 2.0 times better |
`
	if got.String() != want || missed != 2 {
		t.Errorf("got %d missed and\n%s\nwant\n%s", missed, got.String(), want)
	}
}

func TestMedian(t *testing.T) {
	if got := median([]time.Duration{3e6, 1e6, 2e6}); got != 2 {
		t.Errorf("got %v ms, want 2", got)
	}
}

func TestFiguresSurviveTheFile(t *testing.T) {
	path := t.TempDir() + "/f.json"
	f := figures{When: time.Unix(5, 0).UTC(), Machine: "m", Values: map[string]float64{"put-4k": 7}}
	if err := f.save(path); err != nil {
		t.Fatal(err)
	}
	got, err := load(path)
	if err != nil || got.Values["put-4k"] != 7 || !got.When.Equal(f.When) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEveryRowIsMeasuredByOneGroup(t *testing.T) {
	seen := map[string]int{}
	for _, g := range groups(true) {
		for _, id := range g.rows {
			seen[id]++
		}
	}
	for _, r := range table {
		if seen[r.id] != 1 {
			t.Errorf("%s is measured %d times", r.id, seen[r.id])
		}
	}
	if len(seen) != len(table) {
		t.Errorf("got %d rows in groups, %d in the table", len(seen), len(table))
	}
}
