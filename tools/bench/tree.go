package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// seed fills a folder with tiny files, several requests at a time: through the
// bulk endpoint, or with single PUTs where there is none.
func (b *bench) seed(folder string, files int) error {
	if err := b.mkcol(folder); err != nil {
		return err
	}
	const batch = 1000
	var (
		wg    sync.WaitGroup
		next  = make(chan int)
		conns = 4
		errs  = make(chan error, conns)
	)
	for range conns {
		wg.Go(func() { errs <- b.seedSome(folder, next, batch, files) })
	}
	var err error
feed:
	for at := 0; at < files; at += batch {
		select {
		case next <- at:
		case err = <-errs:
			break feed
		}
	}
	close(next)
	wg.Wait()
	close(errs)
	for e := range errs {
		if err == nil {
			err = e
		}
	}
	return err
}

// seeded is file n of a folder that seed fills.
func seeded(folder string, n int) (path string, content []byte) {
	return fmt.Sprintf("/%s/file-%06d.txt", folder, n), fmt.Appendf(nil, "%s %d", folder, n)
}

// seedSome sends the batches that begin at the numbers it is given.
func (b *bench) seedSome(folder string, next <-chan int, batch, files int) error {
	c, err := dial(b.s.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for at := range next {
		size := min(batch, files-at)
		file := func(n int) (string, []byte) { return seeded(folder, at+n) }
		var body, answer bytes.Buffer
		bulkBody(&body, size, file)
		status, err := c.ask(append(b.bulkHead(body.Len()), body.Bytes()...), &answer)
		if status == http.StatusNotFound && err == nil {
			if err := b.seedSingly(c, size, file); err != nil {
				return err
			}
			continue
		}
		if err == nil && (status != http.StatusOK || strings.Contains(answer.String(), `"error":true`)) {
			err = fmt.Errorf("bulk: status %d: %.200s", status, answer.String())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) seedSingly(c *conn, files int, file func(n int) (string, []byte)) error {
	for n := range files {
		path, content := file(n)
		head := b.head("PUT", b.c.File(path[1:]), int64(len(content)))
		if _, err := b.timed(c, append(head, content...), http.StatusCreated); err != nil {
			return fmt.Errorf("PUT %s: %w", path, err)
		}
	}
	return nil
}

func (b *bench) folders() error {
	for _, f := range []struct {
		id      string
		entries int
		repeats int
	}{{"propfind-1k", 1000, 21}, {"propfind-10k", 10_000, 9}, {"propfind-100k", 100_000, 5}} {
		big := f.entries == 100_000 && !(b.skip("move-100k") && b.skip("peak-100k"))
		if b.skip(f.id) && !big {
			continue
		}
		folder := fmt.Sprintf("list-%d", f.entries)
		if err := b.seed(folder, f.entries); err != nil {
			return err
		}
		if err := b.propfind(f.id, folder, f.entries, f.repeats); err != nil {
			return err
		}
	}
	if b.skip("move-100k") {
		return nil
	}
	return b.moves()
}

// counter counts a word in a stream whose pieces may cut it.
type counter struct {
	word []byte
	rest []byte
	n    int
}

func (c *counter) Write(p []byte) (int, error) {
	b := append(c.rest, p...)
	c.n += bytes.Count(b, c.word)
	c.rest = append(c.rest[:0], b[max(0, len(b)-len(c.word)+1):]...)
	return len(p), nil
}

func (b *bench) propfind(id, folder string, entries, repeats int) error {
	c, err := dial(b.s.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	req := append(b.head("PROPFIND", b.c.File(folder), int64(len(desktopProps)), "Depth", "1", "Content-Type", "application/xml"), desktopProps...)
	whole := counter{word: []byte("</d:response>")}
	if status, err := c.ask(req, &whole); err != nil || status != http.StatusMultiStatus || whole.n != entries+1 {
		return fmt.Errorf("%s: status %d with %d responses, want %d: %w", folder, status, whole.n, entries+1, err)
	}
	idle, err := b.s.Memory()
	if err != nil {
		return err
	}
	peak := b.watchPeak()
	var times []time.Duration
	for range repeats {
		d, err := b.timed(c, req, http.StatusMultiStatus)
		if err != nil {
			return err
		}
		times = append(times, d)
	}
	b.set(id, median(times), "")
	if id == "propfind-100k" {
		b.set("peak-100k", float64(max(0, peak()-idle))/1e6, "beyond the %d MB before", idle/1e6)
	}
	return nil
}

// watchPeak samples the server's memory until the result is asked for.
func (b *bench) watchPeak() (peak func() int64) {
	stop, result := make(chan struct{}), make(chan int64)
	go func() {
		var top int64
		for {
			if m, err := b.s.Memory(); err == nil {
				top = max(top, m)
			}
			select {
			case <-stop:
				result <- top
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-result
	}
}

// moves renames the biggest folder back and forth, and into another one.
func (b *bench) moves() error {
	if err := b.mkcol("elsewhere"); err != nil {
		return err
	}
	c, err := dial(b.s.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	var times []time.Duration
	from := "list-100000"
	for _, to := range []string{"renamed", "elsewhere/there", "again", "elsewhere/back", "list-100000"} {
		req := b.head("MOVE", b.c.File(from), -1, "Destination", b.s.URL()+b.c.File(to))
		d, err := b.timed(c, req, http.StatusCreated)
		if err != nil {
			return fmt.Errorf("MOVE %s to %s: %w", from, to, err)
		}
		times = append(times, d)
		from = to
	}
	b.set("move-100k", median(times), "")
	return nil
}

// startMillion seeds a tree of a million files and starts the server on it.
func (b *bench) startMillion() error {
	if err := b.mkcol("million"); err != nil {
		return err
	}
	for n := range 100 {
		if err := b.seed(fmt.Sprintf("million/%03d", n), 10_000); err != nil {
			return err
		}
		if n%10 == 9 {
			fmt.Fprintf(os.Stderr, "bench: %d of 100 folders\n", n+1)
		}
	}
	var times []time.Duration
	for range 3 {
		if err := b.s.Stop(time.Minute); err != nil {
			return err
		}
		d, err := b.startTime()
		if err != nil {
			return err
		}
		times = append(times, d)
	}
	b.set("start-1m", median(times)/1000, "")
	return nil
}

// startTime starts the server and tells how long it took to be ready.
func (b *bench) startTime() (time.Duration, error) {
	begun := time.Now()
	if err := b.s.Start(); err != nil {
		return 0, err
	}
	err := b.s.Ready(b.ctx, time.Minute)
	return time.Since(begun), err
}
