package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"atrium/tools/drive"
)

// conn is one keep-alive connection that costs next to nothing to drive.
type conn struct {
	net.Conn
	br *bufio.Reader
}

func dial(addr string) (*conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReaderSize(c, 256<<10)}, nil
}

// head is everything of a request before its body. A length below zero sends none.
func (b *bench) head(method, path string, length int64, header ...string) []byte {
	var h bytes.Buffer
	fmt.Fprintf(&h, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\n", method, path, b.s.Addr,
		base64.StdEncoding.EncodeToString([]byte(drive.User+":"+b.pass)))
	if length >= 0 {
		fmt.Fprintf(&h, "Content-Length: %d\r\n", length)
	}
	for i := 0; i+1 < len(header); i += 2 {
		fmt.Fprintf(&h, "%s: %s\r\n", header[i], header[i+1])
	}
	h.WriteString("\r\n")
	return h.Bytes()
}

// ask sends a whole request and reads the whole answer.
func (c *conn) ask(request []byte, w io.Writer) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	return c.answer(w)
}

// answer reads one response; its body goes to w.
func (c *conn) answer(w io.Writer) (status int, err error) {
	line, err := c.br.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("status line %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length, chunked := int64(0), false
	for {
		if line, err = c.br.ReadSlice('\n'); err != nil {
			return 0, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.ParseInt(string(value), 10, 64)
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")) && bytes.EqualFold(value, []byte("close")):
			err = errors.New("the server closes the connection")
		}
		if err != nil {
			return status, err
		}
	}
	if chunked {
		return status, c.chunks(w)
	}
	return status, c.pass(w, length)
}

// chunks reads a body in chunked transfer encoding.
func (c *conn) chunks(w io.Writer) error {
	for {
		line, err := c.br.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if err := c.pass(w, n); err != nil {
			return err
		}
		if _, err := c.br.ReadSlice('\n'); err != nil || n == 0 {
			return err
		}
	}
}

// pass hands n bytes on without copying them.
func (c *conn) pass(w io.Writer, n int64) error {
	for n > 0 {
		if _, err := c.br.Peek(1); err != nil {
			return err
		}
		b, err := c.br.Peek(int(min(n, int64(c.br.Buffered()))))
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		c.br.Discard(len(b))
		n -= int64(len(b))
	}
	return nil
}

// hammer sends requests over a number of connections for a while, one at a
// time on each, and returns answers per second. next makes the n-th request of
// a connection; it may use the buffer, and ends the connection with nil.
func (b *bench) hammer(conns int, d time.Duration, want int, next func(conn, n int, buf []byte) []byte) (float64, error) {
	var (
		wg    sync.WaitGroup
		count atomic.Int64
		errs  = make([]error, conns)
		begun = time.Now()
		end   = begun.Add(d)
	)
	for i := range conns {
		wg.Go(func() {
			c, err := dial(b.s.Addr)
			if err != nil {
				errs[i] = err
				return
			}
			defer c.Close()
			var buf []byte
			for n := 0; time.Now().Before(end); n++ {
				if buf = next(i, n, buf[:0]); buf == nil {
					return
				}
				status, err := c.ask(buf, io.Discard)
				if err == nil && status != want {
					err = fmt.Errorf("status %d, want %d", status, want)
				}
				if err != nil {
					errs[i] = err
					return
				}
				count.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(count.Load()) / time.Since(begun).Seconds(), errors.Join(errs...)
}

// timed is how long one request takes, from its first byte to the answer's last.
func (b *bench) timed(c *conn, request []byte, want int) (time.Duration, error) {
	begun := time.Now()
	status, err := c.ask(request, io.Discard)
	if err == nil && status != want {
		err = fmt.Errorf("status %d, want %d", status, want)
	}
	return time.Since(begun), err
}

// median of some durations, in milliseconds.
func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000
}
