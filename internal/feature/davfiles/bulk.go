package davfiles

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/checksum"
	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/files"
	"atrium/internal/proto/parts"
)

// What one bulk upload gathers before it is written: so many files, or so many
// bytes. A longer part is streamed by itself.
const (
	bulkFiles = 200
	bulkBytes = 4 << 20
	bulkPart  = 512 << 10
	bulkMax   = 10_000 // parts of one request
)

// serveBulk serves POST /remote.php/dav/bulk: many small files in one
// multipart/related body (client-api 4.3, 12-dav-upload/054…071). Each part names
// its X-File-Path, its Content-Length and a checksum. The answer is a JSON object
// with what became of each path. A part that cannot be understood or is damaged
// ends the upload with 400; the parts before it are kept and told.
func (rm *Room) serveBulk(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return fault.New(fault.NotFound, "File not found: bulk in 'root'")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/related" {
		return fault.New(fault.Invalid, "Content-Type must be multipart/related")
	}
	if err != nil || params["boundary"] == "" || len(params["boundary"]) > 200 {
		return fault.New(fault.Invalid, "Error while parsing boundary in Content-Type header.")
	}
	ctx := r.Context()
	v, err := rm.view(ctx)
	if err != nil {
		return err
	}
	b := &bulk{room: rm, view: v, at: map[string]int{}, paths: map[string]bool{}}
	bad := b.read(ctx, parts.New(r.Body, params["boundary"]))
	b.flush(ctx)
	if b.lost != nil && b.kept == 0 {
		return b.lost
	}
	status := http.StatusOK
	if bad != nil {
		status = http.StatusBadRequest
	}
	body := b.json()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}

// bulk is one bulk upload.
type bulk struct {
	room  *Room
	view  *files.View
	items []files.Item
	names []string        // X-File-Path of the items
	paths map[string]bool // the cleaned paths of the items
	bytes int64
	told  []bulkAnswer
	at    map[string]int // X-File-Path → index in told
	kept  int
	lost  error // of a file that failed by no fault of its own
}

// bulkAnswer is what the client is told of one file.
type bulkAnswer struct {
	path  string
	value any
}

// bulkDone is the answer for a file that was written; bulkFailed for one that
// was not: the client sends that one again by itself.
type bulkDone struct {
	Error       bool   `json:"error"`
	ETag        string `json:"etag"` // without quotes
	FileID      string `json:"fileid"`
	Permissions string `json:"permissions"`
	MTime       string `json:"X-OC-MTime,omitempty"`
}

type bulkFailed struct {
	Error   bool   `json:"error"`
	Message string `json:"message"`
}

// read takes the parts one after the other until the end, or the first that is
// no good.
func (b *bulk) read(ctx context.Context, ps *parts.Reader) error {
	for n := 0; ; n++ {
		h, err := ps.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == bulkMax {
			return parts.ErrMalformed
		}
		p, err := partOf(h)
		if err != nil {
			return err
		}
		if err := b.take(ctx, ps, p); err != nil {
			return err
		}
	}
}

// take reads one part and keeps or writes it.
func (b *bulk) take(ctx context.Context, ps *parts.Reader, p bulkPartHead) error {
	clean, err := names.Split(p.path)
	key := strings.Join(clean, "/")
	if p.put.Size > bulkPart || b.bytes+p.put.Size > bulkBytes || len(b.items) == bulkFiles || b.paths[key] {
		b.flush(ctx)
	}
	if p.put.Size > bulkPart {
		return b.stream(ctx, ps, p)
	}
	body := make([]byte, p.put.Size)
	if _, rerr := io.ReadFull(ps, body); rerr != nil {
		return parts.ErrMalformed
	}
	for _, s := range p.put.Sums {
		s.Hash.Write(body)
		if !strings.EqualFold(hex.EncodeToString(s.Hash.Sum(nil)), s.Want) {
			return parts.ErrMalformed
		}
	}
	if err == nil {
		err = p.err
	}
	if err != nil {
		b.tell(p.path, files.Outcome{Err: err})
		return ps.End()
	}
	if err := ps.End(); err != nil {
		return err
	}
	p.put.Sums, p.put.Body = nil, bytes.NewReader(body)
	b.items = append(b.items, files.Item{Path: p.path, Put: p.put})
	b.names, b.bytes, b.paths[key] = append(b.names, p.path), b.bytes+p.put.Size, true
	return nil
}

// stream writes a long part as it comes.
func (b *bulk) stream(ctx context.Context, ps *parts.Reader, p bulkPartHead) error {
	body := &io.LimitedReader{R: ps, N: p.put.Size}
	p.put.Body = body
	var o files.Outcome
	if o.Err = p.err; o.Err == nil {
		o.Written, o.Err = b.view.Write(ctx, p.path, p.put)
	}
	if _, err := io.Copy(io.Discard, body); err != nil || body.N > 0 {
		return parts.ErrMalformed
	}
	b.tell(p.path, o)
	return ps.End()
}

// flush writes what was gathered.
func (b *bulk) flush(ctx context.Context) {
	if len(b.items) == 0 {
		return
	}
	for i, o := range b.view.WriteMany(ctx, b.items) {
		b.tell(b.names[i], o)
	}
	clear(b.paths)
	b.items, b.names, b.bytes = b.items[:0], b.names[:0], 0
}

func (b *bulk) tell(path string, o files.Outcome) {
	a := bulkAnswer{path: path}
	switch kind := fault.Of(o.Err); {
	case o.Err == nil:
		b.kept++
		a.value = bulkDone{ETag: strings.Trim(etagText(o.ETag), `"`), FileID: b.room.fileID(o.ID),
			Permissions: string(appendLetters(nil, o.Entry)), MTime: "accepted"}
	case kind == fault.Internal || kind == fault.Unavailable:
		b.lost = o.Err
		a.value = bulkFailed{true, "The file could not be stored."}
	default:
		a.value = bulkFailed{true, fault.Text(o.Err)}
	}
	if i, again := b.at[path]; again {
		b.told[i] = a
		return
	}
	b.at[path] = len(b.told)
	b.told = append(b.told, a)
}

// json is the answer, in the order of the parts; without any an empty list, as
// recorded (12-dav-upload/066).
func (b *bulk) json() []byte {
	if len(b.told) == 0 {
		return []byte("[]")
	}
	out := []byte{'{'}
	for i, a := range b.told {
		if i > 0 {
			out = append(out, ',')
		}
		key, _ := json.Marshal(a.path) // strings and flat structs always encode
		value, _ := json.Marshal(a.value)
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}')
}

// bulkPartHead is what a part's header says.
type bulkPartHead struct {
	path string
	put  files.Put // without the body
	err  error     // why the file cannot be written, though the part is well-formed
}

func partOf(h map[string]string) (p bulkPartHead, err error) {
	p.path = h["X-File-Path"]
	p.put.Size, err = strconv.ParseInt(h["Content-Length"], 10, 64)
	if p.path == "" || err != nil || p.put.Size < 0 {
		return p, parts.ErrMalformed
	}
	if sum := h["Oc-Checksum"]; sum != "" {
		p.put.Sums = checksum.Parse(sum)
	} else if sum := h["X-File-Md5"]; sum != "" {
		p.put.Sums = checksum.Parse("MD5:" + sum)
	}
	if p.put.Sums == nil {
		return p, parts.ErrMalformed
	}
	for _, name := range []string{"X-Oc-Mtime", "X-File-Mtime"} { // the latter wins
		if s, sent := h[name]; sent {
			sec, nanos, ok := parseSeconds(s)
			if !ok {
				p.err = fault.New(fault.Invalid, fmt.Sprintf("%s is not a time in seconds between 1901 and 2106.", name))
			}
			p.put.MTime = time.Unix(sec, nanos)
		}
	}
	return p, nil
}
