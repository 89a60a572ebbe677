package davfiles

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// getFolder serves GET on a folder: an archive if one is asked for, else nothing
// (10-dav-files/149, 17-dav-misc/001…013, 026, 027).
func (c collection) getFolder(ctx context.Context, v *files.View, e *files.Entry, w http.ResponseWriter, req *http.Request) (*dav.Content, error) {
	format := formatOf(req)
	picks, understood := picksOf(req)
	if format == nil || !understood {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		return nil, nil
	}
	name := e.Base()
	if e.IsRoot() {
		name = "download"
	}
	tops, err := topsOf(ctx, v, e, picks)
	if err != nil {
		return nil, err
	}
	head := http.Header{"Content-Type": {format.media}, "Content-Disposition": {disposition(name + format.suffix)}}
	out := &held{w: w, head: head}
	if req.Method == http.MethodHead {
		out.begin()
		return nil, nil
	}
	a := &archive{ctx: ctx, view: v, pack: format.open(out), strip: strings.TrimSuffix(e.Path, "/"), buf: make([]byte, 64<<10)}
	if len(picks) == 0 {
		a.prefix = name
	} else {
		a.strip += "/"
	}
	for _, top := range tops {
		if err := a.add(top); err != nil {
			return nil, err // after the first bytes this cuts the connection
		}
	}
	if err := a.pack.close(); err != nil {
		return nil, err
	}
	return nil, out.end()
}

// format is a kind of archive.
type format struct {
	media, suffix string
	open          func(io.Writer) packer
}

var (
	zipFormat = &format{"application/zip", ".zip", newZip}
	tarFormat = &format{"application/x-tar", ".tar", newTar}
)

// formatOf finds the archive that a request asks for. Its Accept header must name
// exactly that type, since programs that accept anything want no archive
// (17-dav-misc/012); ?accept= does the same for links.
func formatOf(req *http.Request) *format {
	want := req.Header.Get("Accept")
	if q := req.URL.Query().Get("accept"); q != "" {
		want = q
	}
	switch want {
	case "zip", zipFormat.media:
		return zipFormat
	case "tar", tarFormat.media:
		return tarFormat
	}
	return nil
}

// picksOf reads which entries of the folder are wanted, none for all: X-NC-Files
// headers, one name each, or ?files= with a JSON string or list of strings. Other
// JSON is not understood, and then there is no archive (17-dav-misc/007).
func picksOf(req *http.Request) (picks []string, understood bool) {
	q := req.URL.Query().Get("files")
	if q == "" {
		return req.Header.Values("X-NC-Files"), true
	}
	var one string
	if json.Unmarshal([]byte(q), &one) == nil && q != "null" {
		return []string{one}, true
	}
	var several []*string
	if json.Unmarshal([]byte(q), &several) != nil || slices.Contains(several, nil) {
		return nil, false
	}
	for _, p := range several {
		picks = append(picks, *p)
	}
	return picks, several != nil
}

// topsOf finds what goes into an archive: the folder itself, or what was picked
// in it.
func topsOf(ctx context.Context, v *files.View, folder *files.Entry, picks []string) ([]*files.Entry, error) {
	if len(picks) == 0 {
		return []*files.Entry{folder}, nil
	}
	var out []*files.Entry
	for _, p := range picks {
		at := strings.TrimSuffix(folder.Path, "/") + "/" + p
		segs, err := names.Split(p)
		if err != nil || len(segs) == 0 {
			return nil, fault.New(fault.NotFound, "File with name "+at+" could not be located")
		}
		e, err := v.Stat(ctx, at)
		if fault.Of(err) == fault.NotFound {
			return nil, fault.Wrap(fault.NotFound, err, "File with name "+at+" could not be located")
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o *files.Entry) bool { return o.Path == e.Path }) {
			out = append(out, e)
		}
	}
	return out, nil
}

// archive puts entries and all below them into a packer.
type archive struct {
	ctx    context.Context // of the request that downloads
	view   *files.View
	pack   packer
	strip  string // what names in the archive do not show of a path
	prefix string // what they show instead
	buf    []byte
}

// add packs an entry and what is below it, depth first. A folder is listed to its
// end before its files are sent, so that no statement stays open while a client
// takes its time; memory grows with the entries of one branch, not with bytes.
func (a *archive) add(e *files.Entry) error {
	name := a.prefix + strings.TrimPrefix(e.Path, a.strip)
	if e.IsRoot() {
		name = a.prefix
	}
	if !e.IsDir() {
		return a.file(name, e)
	}
	if err := a.pack.folder(name, e); err != nil {
		return err
	}
	var below []*files.Entry
	for c, err := range a.view.List(a.ctx, e) {
		if err != nil {
			return err
		}
		below = append(below, c)
	}
	for i, c := range below {
		if err := a.add(c); err != nil {
			return err
		}
		below[i] = nil
	}
	return nil
}

func (a *archive) file(name string, e *files.Entry) error {
	rc, err := a.view.Open(a.ctx, e, 0, -1)
	if err != nil {
		return fmt.Errorf("archive of %q: %w", e.Path, err)
	}
	defer rc.Close()
	w, err := a.pack.file(name, e)
	if err != nil {
		return err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{rc}, a.buf)
	if err == nil && n != e.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("archive of %q, byte %d of %d: %w", e.Path, n, e.Size, err)
	}
	return nil
}

// packer writes one kind of archive.
type packer interface {
	folder(name string, e *files.Entry) error
	// file begins a file; its bytes are written before the next call.
	file(name string, e *files.Entry) (io.Writer, error)
	close() error
}

type zipPacker struct{ *zip.Writer }

func newZip(w io.Writer) packer {
	z := zip.NewWriter(w)
	var shared *flate.Writer // entries come one after the other
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		if shared != nil {
			shared.Reset(w)
			return shared, nil
		}
		var err error
		shared, err = flate.NewWriter(w, flate.BestSpeed)
		return shared, err
	})
	return zipPacker{z}
}

func (z zipPacker) folder(name string, e *files.Entry) error {
	_, err := z.CreateHeader(zipHeader(name+"/", e, zip.Store))
	return err
}

func (z zipPacker) file(name string, e *files.Entry) (io.Writer, error) {
	method := zip.Deflate
	if dense(e.Mime) || e.Size == 0 {
		method = zip.Store
	}
	return z.CreateHeader(zipHeader(name, e, method))
}

func (z zipPacker) close() error { return z.Close() }

// zipHeader tells an entry's time as MS-DOS does and in Info-ZIP's extended
// timestamp. Both count from later than we do: older times become 1980.
func zipHeader(name string, e *files.Entry, method uint16) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Method: method, Modified: e.MTime.UTC()}
	if first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC); h.Modified.Before(first) {
		h.Modified = first
	}
	if e.IsDir() {
		h.SetMode(fs.ModeDir | 0o755)
	} else {
		h.SetMode(0o644)
	}
	return h
}

// packed are types of application/ that do not get smaller.
var packed = map[string]bool{"application/zip": true, "application/gzip": true, "application/x-bzip2": true, "application/x-xz": true,
	"application/x-7z-compressed": true, "application/x-rar-compressed": true, "application/zstd": true, "application/java-archive": true,
	"application/pdf": true, "application/epub+zip": true, "application/x-deb": true, "application/x-rpm": true,
	"application/vnd.android.package-archive": true, "application/font-woff": true}

// dense tells whether a type is compressed already.
func dense(mime string) bool {
	kind, _, _ := strings.Cut(mime, "/")
	switch kind {
	case "image":
		return mime != "image/svg+xml" && mime != "image/bmp"
	case "audio", "video":
		return true
	}
	return packed[mime] || strings.Contains(mime, "openxmlformats") || strings.Contains(mime, "opendocument")
}

type tarPacker struct{ *tar.Writer }

func newTar(w io.Writer) packer { return tarPacker{tar.NewWriter(w)} }

func (t tarPacker) folder(name string, e *files.Entry) error {
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: e.MTime.Truncate(time.Second)})
}

func (t tarPacker) file(name string, e *files.Entry) (io.Writer, error) {
	err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: e.Size, ModTime: e.MTime.Truncate(time.Second)})
	return t.Writer, err
}

func (t tarPacker) close() error { return t.Close() }

// heldBack is how many bytes of an answer wait before its status line is sent:
// until then a failure can still be told.
const heldBack = 64 << 10

// held is a body that begins when there is enough of it.
type held struct {
	w     http.ResponseWriter
	head  http.Header
	b     []byte
	begun bool
}

func (h *held) Write(p []byte) (int, error) {
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

func (h *held) begin() {
	if h.begun {
		return
	}
	h.begun = true
	for k, v := range h.head {
		h.w.Header()[k] = v
	}
	h.w.WriteHeader(http.StatusOK)
}

func (h *held) flush() error {
	h.begin()
	_, err := h.w.Write(h.b)
	h.b = h.b[:0]
	return err
}

// end sends the rest. A body that was never begun gets its length.
func (h *held) end() error {
	if !h.begun {
		h.head.Set("Content-Length", strconv.Itoa(len(h.b)))
	}
	return h.flush()
}
