package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/tools/drive"
)

// worker is one client with one connection and a folder of its own.
type worker struct {
	n        int
	c        *drive.Client
	r        *rand.Rand
	j        *journal
	regs     *registers
	tree     *node // own folder, as acknowledged
	count    int   // operations made up so far
	acked    int   // writes acknowledged
	flying   *op   // sent and not answered when the server died
	lost     time.Time
	chunks   int  // of flying, a chunked upload: chunks acknowledged
	happened bool // flying took effect, as seen after the restart
}

// errRefused is an answer that says that nothing was done, for now.
var errRefused = errors.New("refused for now")

// own and shared are the addresses of a worker's folder and of the common one.
func (w *worker) own(p string) string {
	return w.c.File(strings.TrimSuffix(fmt.Sprintf("w%d/%s", w.n, p), "/"))
}

func (w *worker) target(o *op) string {
	if o.shared || o.kind == give {
		return w.c.File("shared/" + o.to)
	}
	return w.own(o.to)
}

// run makes up operations and sends them until the context ends or the server
// stops answering. It returns an error for an answer that must not be.
func (w *worker) run(ctx context.Context) error {
	for ctx.Err() == nil {
		w.count++
		o := invent(w.r, w.tree, w.n, w.count)
		w.flying, w.chunks = &o, 0
		w.j.note("send %s", o)
		start := time.Now()
		status, err := w.send(ctx, &o)
		if err != nil { // maybe done, maybe not
			w.lost = time.Now()
			w.j.note("lost %s: %v", o, err)
			w.registerShared(&o, start, time.Time{}, 0)
			return nil
		}
		w.j.note("ack  %s: %d", o, status)
		w.flying = nil
		switch err := w.judge(&o, status); {
		case errors.Is(err, errRefused):
			continue
		case err != nil:
			return err
		}
		w.count2xx(status)
		w.registerShared(&o, start, time.Now(), status)
		if err := w.done(&o); err != nil {
			return err
		}
	}
	return nil
}

// count2xx counts a write. That there was nothing to delete, or that a folder
// was there already, acknowledges none.
func (w *worker) count2xx(status int) {
	if status < 300 {
		w.acked++
	}
}

// done brings an acknowledged operation into the model, with the etag and the
// id that the answer to a write tells.
func (w *worker) done(o *op) error {
	o.apply(w.tree)
	if o.shared || o.answer.etag == "" || o.kind != put && o.kind != chunked {
		return nil
	}
	n := w.tree.find(o.to)
	if n.etag == o.answer.etag {
		return fmt.Errorf("%s was answered with the etag of the old content, %s", o, n.etag)
	}
	if n.id != "" && o.answer.id != n.id {
		return fmt.Errorf("%s was answered with id %s, was %s", o, o.answer.id, n.id)
	}
	n.touched, n.etag, n.id = false, o.answer.etag, o.answer.id
	return nil
}

// registerShared records the operation's effect on a shared name, if any.
func (w *worker) registerShared(o *op, start, end time.Time, status int) {
	if !o.shared && o.kind != give || status >= 400 && status != http.StatusMethodNotAllowed {
		return
	}
	e := event{o: o, start: start, end: end, changed: status < 300}
	switch o.kind {
	case mkcol:
		e.sets = dirValue
	case put:
		e.sets = value(o.sha)
	case give:
		e.sets = value(w.tree.find(o.from).sha)
	}
	w.regs.add(o.to, e)
}

// judge tells whether a status is what this operation must get.
func (w *worker) judge(o *op, status int) error {
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		return errRefused
	}
	want := []int{http.StatusCreated}
	exists := w.tree.find(o.to) != nil
	switch {
	case o.shared && o.kind == put, o.kind == give:
		want = []int{http.StatusCreated, http.StatusNoContent}
	case o.shared && o.kind == remove:
		want = []int{http.StatusNoContent, http.StatusNotFound}
	case o.shared && o.kind == mkcol:
		want = []int{http.StatusCreated, http.StatusMethodNotAllowed}
	case o.kind == remove, exists:
		want = []int{http.StatusNoContent}
	}
	for _, s := range want {
		if s == status {
			return nil
		}
	}
	if (o.shared || o.kind == give) && (status == http.StatusLocked || status == http.StatusPreconditionFailed || status == http.StatusConflict) {
		return errRefused // two writers met
	}
	return fmt.Errorf("%s was answered with %d, want %v: %s", o, status, want, o.answer.text)
}

// send carries out an operation. An error means that no answer came.
func (w *worker) send(ctx context.Context, o *op) (int, error) {
	switch o.kind {
	case put:
		return w.ask(ctx, o, "PUT", w.target(o), o.body(), o.headers()...)
	case chunked:
		return w.upload(ctx, o)
	case mkcol:
		return w.ask(ctx, o, "MKCOL", w.target(o), nil)
	case move, give:
		return w.ask(ctx, o, "MOVE", w.own(o.from), nil, "Destination", w.c.Base+w.target(o), "Overwrite", "T")
	case copyTo:
		return w.ask(ctx, o, "COPY", w.own(o.from), nil, "Destination", w.c.Base+w.target(o), "Overwrite", "T")
	default:
		return w.ask(ctx, o, "DELETE", w.target(o), nil)
	}
}

// headers of a write: the modification time, and a checksum now and then.
func (o *op) headers() []string {
	var h []string
	if o.mtime != 0 {
		h = append(h, "X-OC-MTime", strconv.FormatInt(o.mtime, 10))
	}
	if o.n%2 == 0 {
		h = append(h, "OC-Checksum", "SHA1:"+o.sha)
	}
	return h
}

func (w *worker) ask(ctx context.Context, o *op, method, address string, body []byte, header ...string) (int, error) {
	a, err := w.c.Do(ctx, method, address, body, header...)
	if err != nil {
		return 0, err
	}
	o.answer = answer{etag: a.Header.Get("ETag"), id: a.Header.Get("OC-FileId"), text: string(a.Body[:min(len(a.Body), 300)])}
	return a.Status, nil
}

// chunk is the n-th part of a body in as many parts as the operation has, from 0.
func (o *op) chunk(body []byte, n int) []byte {
	each := len(body) / o.chunks
	if n == o.chunks-1 {
		return body[n*each:]
	}
	return body[n*each : (n+1)*each]
}

// upload is a chunked upload, from w.chunks on; its chunks go in order, since
// the order of arrival is tested elsewhere.
func (w *worker) upload(ctx context.Context, o *op) (int, error) {
	destination := []string{"Destination", w.c.Base + w.target(o)}
	if w.chunks == 0 {
		status, err := w.ask(ctx, o, "MKCOL", w.c.Upload(o.id), nil, destination...)
		again := status == http.StatusMethodNotAllowed && o.resumed
		if err != nil || status != http.StatusCreated && !again {
			return status, err
		}
	}
	body := o.body()
	for w.chunks < o.chunks {
		at := w.c.Upload(fmt.Sprintf("%s/%05d", o.id, w.chunks+1))
		status, err := w.ask(ctx, o, "PUT", at, o.chunk(body, w.chunks), destination...)
		if err != nil || status != http.StatusCreated && status != http.StatusNoContent {
			return status, err
		}
		w.chunks++
	}
	header := append(destination, "OC-Total-Length", strconv.FormatInt(o.size, 10))
	return w.ask(ctx, o, "MOVE", w.c.Upload(o.id+"/.file"), nil, append(header, o.headers()...)...)
}
