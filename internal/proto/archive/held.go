package archive

import (
	"net/http"
	"strconv"
)

// heldBack is how many bytes of an answer wait before its status line is sent:
// until then a failure can still be told.
const heldBack = 64 << 10

// Held is an answer that begins when there is enough of it.
type Held struct {
	w     http.ResponseWriter
	head  http.Header
	b     []byte
	begun bool
}

// NewHeld returns an answer with headers, to be written to w.
func NewHeld(w http.ResponseWriter, head http.Header) *Held { return &Held{w: w, head: head} }

// Write implements io.Writer.
func (h *Held) Write(p []byte) (int, error) {
	if len(h.b)+len(p) <= heldBack {
		h.b = append(h.b, p...)
		return len(p), nil
	}
	if err := h.flush(); err != nil {
		return 0, err
	}
	if len(p) < heldBack/2 {
		h.b = append(h.b, p...)
		return len(p), nil
	}
	return h.w.Write(p)
}

// Begin sends the status line and the headers.
func (h *Held) Begin() {
	if h.begun {
		return
	}
	h.begun = true
	for k, v := range h.head {
		h.w.Header()[k] = v
	}
	h.w.WriteHeader(http.StatusOK)
}

func (h *Held) flush() error {
	h.Begin()
	_, err := h.w.Write(h.b)
	h.b = h.b[:0]
	return err
}

// End sends the rest. A body that was never begun gets its length.
func (h *Held) End() error {
	if !h.begun {
		h.head.Set("Content-Length", strconv.Itoa(len(h.b)))
	}
	return h.flush()
}
