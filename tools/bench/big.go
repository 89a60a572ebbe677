package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	gib   = 1 << 30
	piece = 1 << 20
)

// stream sends a request whose body is one piece again and again, and reads the answer.
func (c *conn) stream(head []byte, size int64, fill []byte) (int, error) {
	if _, err := c.Write(head); err != nil {
		return 0, err
	}
	for sent := int64(0); sent < size; {
		n, err := c.Write(fill[:min(size-sent, int64(len(fill)))])
		if err != nil {
			return 0, err
		}
		sent += int64(n)
	}
	return c.answer(io.Discard)
}

// nginx runs a plain nginx with its dav module, to measure against.
func (b *bench) nginx() (addr string, stop func(), err error) {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		if bin, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			return "", nil, errors.New("nginx is not installed (Debian: nginx-light)")
		}
	}
	folder := filepath.Join(b.base, "nginx")
	if err := os.MkdirAll(filepath.Join(folder, "files"), 0o755); err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	l.Close()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	conf := fmt.Sprintf(`%s daemon off; worker_processes 2; pid %[2]s/pid; error_log %[2]s/error.log;
events {}
http {
	access_log off; sendfile on; client_max_body_size 0;
	client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/t1; fastcgi_temp_path %[2]s/t2; uwsgi_temp_path %[2]s/t3; scgi_temp_path %[2]s/t4;
	server { listen %[3]s; root %[2]s/files; location / { dav_methods PUT DELETE MKCOL COPY MOVE; } }
}
`, user, folder, addr)
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return "", nil, err
	}
	cmd := exec.Command(bin, "-c", file, "-p", folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Stderr = io.Discard
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		os.RemoveAll(folder)
	}
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return addr, stop, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("nginx did not start")
}

// big sends and fetches 1 GiB three times, taking turns with nginx.
func (b *bench) big() error {
	addr, stop, err := b.nginx()
	if err != nil {
		return err
	}
	defer stop()
	times := map[string][]time.Duration{}
	for n := range 3 {
		file := b.c.File(fmt.Sprintf("big-%d.bin", n))
		plain := strings.NewReplacer(b.s.Addr, addr)
		for _, side := range []struct{ name, addr string }{{"nginx", addr}, {"ours", b.s.Addr}} {
			path := file
			if side.name == "nginx" {
				path = fmt.Sprintf("/big-%d.bin", n)
			}
			put := []byte(plain.Replace(string(b.head("PUT", path, gib, "Content-Type", "application/octet-stream"))))
			get := []byte(plain.Replace(string(b.head("GET", path, -1))))
			up, down, err := roundTrip(side.addr, put, get)
			if err != nil {
				return fmt.Errorf("%s: %w", side.name, err)
			}
			times["put "+side.name] = append(times["put "+side.name], up)
			times["get "+side.name] = append(times["get "+side.name], down)
		}
		if a, err := b.c.Do(b.ctx, "DELETE", file, nil); err != nil || a.Status != http.StatusNoContent {
			return fmt.Errorf("DELETE: status %d: %w", a.Status, err)
		}
	}
	for _, verb := range []string{"put", "get"} {
		ours, theirs := median(times[verb+" ours"]), median(times[verb+" nginx"])
		b.set(verb+"-1g", 100*theirs/ours, "%.0f MB/s, nginx %.0f MB/s", gib/ours/1000, gib/theirs/1000)
	}
	return nil
}

// roundTrip puts 1 GiB and gets it back.
func roundTrip(addr string, put, get []byte) (up, down time.Duration, err error) {
	c, err := dial(addr)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	fill := noise(piece, 7)
	begun := time.Now()
	status, err := c.stream(put, gib, fill)
	up = time.Since(begun)
	if err != nil || status != http.StatusCreated {
		return 0, 0, fmt.Errorf("PUT: status %d: %w", status, err)
	}
	var got tally
	begun = time.Now()
	status, err = c.ask(get, &got)
	down = time.Since(begun)
	if err != nil || status != http.StatusOK || got != gib {
		return 0, 0, fmt.Errorf("GET: status %d, %d bytes: %w", status, got, err)
	}
	return up, down, nil
}

// tally counts bytes.
type tally int64

func (t *tally) Write(p []byte) (int, error) {
	*t += tally(len(p))
	return len(p), nil
}

// finish uploads 10 GiB in 100 chunks and times the MOVE that makes it a file,
// then the same MOVE again.
func (b *bench) finish() error {
	const chunks, size = 100, 10 * gib
	id := "bench-upload"
	destination := []string{"Destination", b.s.URL() + b.c.File("huge.bin"), "OC-Total-Length", fmt.Sprint(size)}
	if a, err := b.c.Do(b.ctx, "MKCOL", b.c.Upload(id), nil, destination...); err != nil || a.Status != http.StatusCreated {
		return fmt.Errorf("MKCOL: status %d: %w", a.Status, err)
	}
	c, err := dial(b.s.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	fill := noise(piece, 9)
	left := int64(size)
	for n := range chunks {
		part := left / int64(chunks-n)
		left -= part
		status, err := c.stream(b.head("PUT", b.c.Upload(fmt.Sprintf("%s/%05d", id, n+1)), part, destination...), part, fill)
		if err != nil || status != http.StatusCreated {
			return fmt.Errorf("chunk %d: status %d: %w", n+1, status, err)
		}
	}
	move := b.head("MOVE", b.c.Upload(id+"/.file"), -1, destination...)
	first, err := b.timed(c, move, http.StatusCreated)
	if err != nil {
		return err
	}
	b.set("finish-10g", float64(first.Microseconds())/1000, "")
	list, _, err := b.c.List(b.ctx, b.c.File("huge.bin"), "0")
	if err != nil || list[0].Size != size {
		return fmt.Errorf("the file is not there whole: %v, %w", list, err)
	}
	_, err = b.c.Do(b.ctx, "DELETE", b.c.File("huge.bin"), nil)
	return err
}
