package app

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// promptListener acknowledges what clients send at once. The desktop client
// sends a request's header and its body in two pieces and waits, as Nagle's
// algorithm has it, for the first to be acknowledged; the kernel would take
// 40 ms to do so, for every small upload.
type promptListener struct{ net.Listener }

// Accept implements net.Listener.
func (l promptListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c, nil // it works without, only slower
	}
	return &promptConn{TCPConn: tcp, raw: raw}, nil
}

// promptConn keeps the methods of a TCP connection, among them ReadFrom, by
// which files are sent without passing through the process.
type promptConn struct {
	*net.TCPConn
	raw syscall.RawConn
}

// Read implements net.Conn.
func (c *promptConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 && n < len(p) { // all that has come; more may wait for our word
		_ = c.raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // only a hint
		})
	}
	return n, err
}
