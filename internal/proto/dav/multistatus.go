package dav

import (
	"context"
	"encoding/xml"
	"errors"
	"iter"
	"net/http"
	"strconv"
	"sync"
)

// batchSize is how many resources are loaded and written together.
const batchSize = 1000

// flushAt is how many bytes gather before they are sent.
const flushAt = 64 << 10

// shape is what a multistatus shows of each resource.
type shape struct {
	tags    []tag
	sets    []PropSet
	writers []Writer // by wanted name; nil: nobody knows it
	minimal bool     // leave out the 404 part
	bare    bool     // hrefs of folders without the slash, as reports of ownCloud's kind have them (11-dav-report-search)
}

// newShape asks the mount's properties for writers.
func newShape(ctx context.Context, mt *mount, top Resource, q *ask) (*shape, error) {
	want := q.names
	s := &shape{tags: q.tags, writers: make([]Writer, len(want))}
	for p := range mt.propsOn() {
		set, err := p.Open(ctx, top, want)
		if err != nil {
			return nil, err
		}
		used := false
		for i, w := range set.Writers {
			if s.writers[i] == nil && w != nil {
				s.writers[i], used = w, true
			}
		}
		if used {
			s.sets = append(s.sets, set)
		}
	}
	return s, nil
}

// load prepares the properties of a batch.
func (s *shape) load(ctx context.Context, batch []Resource) error {
	for _, set := range s.sets {
		if set.Load == nil {
			continue
		}
		if err := set.Load(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// defaults are the names for allprop, an empty prop element or no body.
func (mt *mount) defaults() (out []xml.Name) {
	for p := range mt.propsOn() {
		out = append(out, p.Default()...)
	}
	return out
}

// response appends one d:response.
func (s *shape) response(b []byte, at *place, r *Resource) []byte {
	b = append(b, "<d:response><d:href>"...)
	b = at.href(b, r.Path, r.Dir && !s.bare)
	b = append(b, "</d:href><d:propstat><d:prop>"...)
	empty := len(b)
	var missing [64]int16
	lost := missing[:0]
	for i, w := range s.writers {
		if w == nil {
			lost = append(lost, int16(i))
			continue
		}
		start := len(b)
		b = append(b, s.tags[i].open...)
		value := len(b)
		var ok bool
		if b, ok = w(b, r); !ok {
			b = b[:start]
			lost = append(lost, int16(i))
			continue
		}
		if len(b) == value {
			b = append(b[:start], s.tags[i].empty...)
		} else {
			b = append(b, s.tags[i].close...)
		}
	}
	const ok200 = "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
	if len(b) > empty || len(lost) == 0 || s.minimal {
		b = append(b, ok200...)
		if len(lost) > 0 && !s.minimal {
			b = append(b, "<d:propstat><d:prop>"...)
		}
	}
	if len(lost) > 0 && !s.minimal {
		for _, i := range lost {
			b = append(b, s.tags[i].empty...)
		}
		b = append(b, "</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>"...)
	}
	return append(b, "</d:response>"...)
}

// buffers are reused by multistatus bodies.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, flushAt+8<<10); return &b }}

// stream writes a multistatus of resources. Nothing is sent before the first
// batch was read and loaded; a failure after that cuts the connection, so that
// no client takes the part for the whole.
func (s *shape) stream(ctx context.Context, w http.ResponseWriter, at *place, rs iter.Seq2[Resource, error]) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	out := &output{w: w, b: append((*buf)[:0], multistatusOpen...)}
	defer func() { *buf = out.b }()
	batch := make([]Resource, 0, 1)
	flush := func() error {
		if err := s.load(ctx, batch); err != nil {
			return err
		}
		for i := range batch {
			out.b = s.response(out.b, at, &batch[i])
			if err := out.flush(flushAt); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return nil
	}
	for r, err := range rs {
		if errors.Is(err, ErrCut) {
			if err = flush(); err == nil {
				out.b = cutAt(out.b, at, &r)
				break
			}
		}
		if err != nil {
			return out.broken(err)
		}
		if batch = append(batch, r); len(batch) == batchSize {
			if err := flush(); err != nil {
				return out.broken(err)
			}
		}
	}
	if err := flush(); err != nil {
		return out.broken(err)
	}
	out.b = append(out.b, "</d:multistatus>\n"...)
	return out.end()
}

// ErrCut, yielded beside the collection that was asked, ends a list that is not whole.
// The answer tells so by a status 507 for that collection (RFC 5323 2.4, RFC 6578 3.6)
// and the postcondition of RFC 3744 9.4.
var ErrCut = errors.New("there is more than is sent")

func cutAt(b []byte, at *place, r *Resource) []byte {
	b = at.href(append(b, "<d:response><d:href>"...), r.Path, r.Dir)
	return append(b, "</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status>"+
		"<d:error><d:number-of-matches-within-limits/></d:error></d:response>"...)
}

// output sends a body in pieces; a short one gets its length.
type output struct {
	w    http.ResponseWriter
	b    []byte
	sent bool
}

func (o *output) flush(atLeast int) error {
	if len(o.b) < atLeast {
		return nil
	}
	o.start()
	_, err := o.w.Write(o.b)
	o.b = o.b[:0]
	return err
}

func (o *output) start() {
	if o.sent {
		return
	}
	o.sent = true
	h := o.w.Header()
	h.Set("Content-Type", xmlType)
	h.Add("Vary", "Brief,Prefer")
	o.w.WriteHeader(http.StatusMultiStatus)
}

func (o *output) end() error {
	if !o.sent {
		o.w.Header().Set("Content-Length", strconv.Itoa(len(o.b)))
	}
	return o.flush(0)
}

// broken reports a failure: as an error while nothing was sent, else by cutting
// the connection.
func (o *output) broken(err error) error {
	if !o.sent {
		return err
	}
	panic(http.ErrAbortHandler)
}
