package web

import (
	"errors"
	"io"
	"net/http"
	"time"

	"atrium/internal/base/fault"
)

// exchange is everything the door keeps for one request, in one allocation: the
// Visit, the response writer that counts, and the body that is measured.
type exchange struct {
	Visit
	door  *Door
	w     http.ResponseWriter
	ctl   *http.ResponseController
	stall time.Duration // how long the other side may make no progress

	status  int
	sent    int64
	wrote   time.Time // when the write deadline was last moved
	handler *Route

	unframed bool   // see Unframed
	leads    string // where the forms of the page may lead besides

	watch watch

	body     io.ReadCloser
	room     int64 // bytes the body may still have, negative: any number
	received int64
	read     time.Time // when the read deadline was last moved
	ended    bool
}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.w.Header() }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if (status >= 200 || status == http.StatusSwitchingProtocols) && x.status == 0 {
		x.status = status
	}
	x.moveWrite()
	x.w.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	x.moveWrite()
	if err := x.watch.gone(); err != nil {
		return 0, err
	}
	n, err := x.w.Write(p)
	x.sent += int64(n)
	return n, x.watch.instead(err)
}

// slice is how much is handed to the kernel at once: a client must take that
// much within the stall time, and sendfile stays possible.
const slice = 4 << 20

// ReadFrom lets a file reach the socket without passing through us.
func (x *exchange) ReadFrom(src io.Reader) (total int64, err error) {
	rf, ok := x.w.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{x}, src)
	}
	if x.status == 0 {
		x.status = http.StatusOK
	}
	from, left := src, int64(1<<62)
	if l, ok := src.(*io.LimitedReader); ok { // two of them around a file would hide it from sendfile
		from, left = l.R, l.N
		defer func() { l.N -= total }()
	}
	for left > 0 {
		part := io.LimitedReader{R: from, N: min(left, slice)}
		x.moveWrite()
		if err := x.watch.gone(); err != nil {
			return total, err
		}
		n, err := rf.ReadFrom(&part)
		total, left = total+n, left-n
		x.sent += n
		if err != nil || part.N > 0 {
			return total, x.watch.instead(err)
		}
	}
	return total, nil
}

// Flush implements http.Flusher.
func (x *exchange) Flush() { _ = x.FlushError() }

// FlushError is what http.ResponseController prefers.
func (x *exchange) FlushError() error {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	x.moveWrite()
	return x.ctl.Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// moveWrite gives the client another stall time to take what we send. Without
// it, one that stops reading would hold a goroutine and a file for ever.
func (x *exchange) moveWrite() {
	if x.stall <= 0 {
		return
	}
	now := time.Now()
	if now.Sub(x.wrote) < x.stall/8 { // moving it costs more than reading the clock
		return
	}
	x.wrote = now
	_ = x.ctl.SetWriteDeadline(now.Add(x.stall)) // a recorder in a test has none
}

// bodyReader is the request's body under watch: it ends with fault.TooLarge when it
// is longer than allowed, and with an error when no byte came for the stall time.
type bodyReader struct{ x *exchange }

func (b bodyReader) Read(p []byte) (int, error) {
	x := b.x
	if x.room == 0 && !x.ended {
		// one byte more than allowed tells a body that just fits from one that does not
		var one [1]byte
		n, err := x.body.Read(one[:])
		if n > 0 {
			return 0, errTooLarge()
		}
		x.finish(err)
		return 0, err
	}
	if x.room > 0 && int64(len(p)) > x.room {
		p = p[:x.room]
	}
	x.moveRead()
	if err := x.watch.gone(); err != nil {
		return 0, err
	}
	n, err := x.body.Read(p)
	x.received += int64(n)
	if x.room > 0 {
		x.room -= int64(n)
	}
	x.finish(err)
	if err != nil && !x.ended {
		err = x.watch.instead(err)
	}
	return n, err
}

func (b bodyReader) Close() error { return b.x.body.Close() }

func errTooLarge() error { return fault.New(fault.TooLarge, "The request is too large.") }

func (x *exchange) moveRead() {
	if x.stall <= 0 {
		return
	}
	now := time.Now()
	if now.Sub(x.read) < x.stall/8 {
		return
	}
	x.read = now
	_ = x.ctl.SetReadDeadline(now.Add(x.stall))
}

// finish takes the deadline off at the end of the body: the server goes on
// reading to notice a client that hangs up, and a handler may take its time.
func (x *exchange) finish(err error) {
	if err == nil || x.ended {
		return
	}
	if errors.Is(err, io.EOF) {
		x.ended = true
		if !x.read.IsZero() {
			_ = x.ctl.SetReadDeadline(time.Time{})
		}
	}
}

// leave is called when the handler is done. The server reads what is left of a
// body before it answers; give a slow client little time for that.
func (x *exchange) leave() {
	x.watch.end()
	if x.body != nil && !x.ended && x.stall > 0 {
		_ = x.ctl.SetReadDeadline(time.Now().Add(min(x.stall, 2*time.Second)))
	}
}
