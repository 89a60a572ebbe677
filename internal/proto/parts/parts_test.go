package parts_test

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"atrium/internal/proto/parts"
)

// all reads a body whose parts have a Content-Length.
func all(r *parts.Reader) (contents []string, err error) {
	for {
		h, err := r.Next()
		if err != nil {
			return contents, err
		}
		n, err := strconv.ParseInt(h["Content-Length"], 10, 64)
		if err != nil || n < 0 || n > 1<<20 {
			return contents, parts.ErrMalformed
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return contents, parts.ErrMalformed
		}
		if err := r.End(); err != nil {
			return contents, err
		}
		contents = append(contents, string(b))
	}
}

func TestPartsMayHoldAnything(t *testing.T) {
	want := []string{"plain", "", "\r\n--b\r\n", "--b--", strings.Repeat("\x00\xff", 100_000), "\n"}
	var body bytes.Buffer
	body.WriteString("a preamble\r\n")
	for _, c := range want {
		body.WriteString("--b \t\r\ncontent-length:  " + strconv.Itoa(len(c)) + "\r\nX-Y: z\r\n\r\n" + c + "\r\n")
	}
	body.WriteString("--b--\r\nan epilogue")
	got, err := all(parts.New(&body, "b"))
	if err != io.EOF || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%v, %q", err, got)
	}
	got, err = all(parts.New(strings.NewReader("--b\nContent-Length: 1\n\nx\n--b--"), "b"))
	if err != io.EOF || len(got) != 1 {
		t.Errorf("line feeds alone: %v, %q", err, got)
	}
}

func TestPartsThatAreRefused(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":           "",
		"no end":            "--b\r\nContent-Length: 1\r\n\r\nx\r\n",
		"broken header":     "--b\r\nContent-Length: 1\r\n",
		"long preamble":     strings.Repeat("x\r\n", 1000) + "--b--",
		"endless line":      "--b\r\nX: " + strings.Repeat("y", 1<<20),
		"endless header":    "--b\r\n" + strings.Repeat("X: y\r\n", 1000),
		"length too short":  "--b\r\nContent-Length: 1\r\n\r\nxy\r\n--b--",
		"length too long":   "--b\r\nContent-Length: 3\r\n\r\nx\r\n--b--",
		"other boundary":    "--c\r\nContent-Length: 1\r\n\r\nx\r\n--c--",
		"header, no colon":  "--b\r\nnonsense\r\n\r\n\r\n--b--",
		"boundary run on":   "--bb\r\n--b\r\n",
		"content, no break": "--b\r\nContent-Length: 1\r\n\r\nx--b--",
	} {
		if _, err := all(parts.New(strings.NewReader(body), "b")); !errors.Is(err, parts.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParts(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Length: 5\r\nX-File-Path: /a\r\n\r\nhello\r\n--b--\r\n"), "b")
	f.Add([]byte("--b\n\n--b--"), "b")
	f.Add([]byte("--\r\nContent-Length:0\r\n\r\n\r\n----"), "")
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		got, err := all(parts.New(bytes.NewReader(body), boundary))
		if err != io.EOF && !errors.Is(err, parts.ErrMalformed) {
			t.Fatal(err)
		}
		size := 0
		for _, c := range got {
			size += len(c)
		}
		if size > len(body) {
			t.Errorf("%d bytes of contents in %d", size, len(body))
		}
	})
}
