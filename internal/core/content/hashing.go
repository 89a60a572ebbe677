package content

import (
	"hash"
	"io"
)

// hashing is a reader that feeds a hash. For long bodies the hash runs one
// buffer behind on its own goroutine, so that two cores share the work.
type hashing struct {
	r    io.Reader
	h    hash.Hash
	read int64
	work chan []byte
	free chan []byte
	done chan struct{}
}

// hashAhead is the length in bytes from which hashing moves to its own
// goroutine; hashBuffer is the unit it works in.
const (
	hashAhead  = 1 << 20
	hashBuffer = 256 << 10
)

func newHashing(r io.Reader, h hash.Hash) *hashing { return &hashing{r: r, h: h} }

// Read implements io.Reader. At the end of the body the hash is complete; a
// body that was not read to its end is complete after finish.
func (g *hashing) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.read += int64(n)
	if g.work == nil && g.read > hashAhead && err == nil {
		g.start()
	}
	if g.work == nil {
		_, _ = g.h.Write(p[:n]) // a hash never fails
	} else {
		g.hand(p[:n])
	}
	if err != nil {
		g.finish()
	}
	return n, err
}

func (g *hashing) start() {
	g.work, g.free, g.done = make(chan []byte, 4), make(chan []byte, 5), make(chan struct{})
	for range cap(g.free) {
		g.free <- make([]byte, 0, hashBuffer)
	}
	go func(work <-chan []byte, free chan<- []byte, done chan<- struct{}) {
		defer close(done)
		for b := range work {
			_, _ = g.h.Write(b)
			free <- b[:0]
		}
	}(g.work, g.free, g.done)
}

func (g *hashing) hand(p []byte) {
	for len(p) > 0 {
		b := append(<-g.free, p[:min(len(p), hashBuffer)]...)
		p = p[len(b):]
		g.work <- b
	}
}

func (g *hashing) finish() {
	if g.work == nil {
		return
	}
	close(g.work)
	<-g.done
	g.work = nil
}
