package davfiles

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/files"
	"atrium/internal/proto/archive"
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
	if e.IsTop() {
		name = "download"
	}
	tops, err := topsOf(ctx, v, e, picks)
	if err != nil {
		return nil, err
	}
	head := http.Header{"Content-Type": {format.media}, "Content-Disposition": {dav.Disposition(name + format.suffix)},
		"Last-Modified": {e.MTime.UTC().Format(http.TimeFormat)}}
	out := archive.NewHeld(w, head)
	if req.Method == http.MethodHead {
		out.Begin()
		return nil, nil
	}
	a := &packing{ctx: ctx, view: v, pack: format.open(out), strip: strings.TrimSuffix(e.Path, "/"), buf: make([]byte, 64<<10)}
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
	if err := a.pack.Close(); err != nil {
		return nil, err
	}
	return nil, out.End()
}

// format is a kind of archive.
type format struct {
	media, suffix string
	open          func(io.Writer) archive.Packer
}

var (
	zipFormat = &format{"application/zip", ".zip", archive.NewZip}
	tarFormat = &format{"application/x-tar", ".tar", archive.NewTar}
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

// packing puts entries and all below them into a packer.
type packing struct {
	ctx    context.Context // of the request that downloads
	view   *files.View
	pack   archive.Packer
	strip  string // what names in the archive do not show of a path
	prefix string // what they show instead
	buf    []byte
}

// add packs an entry and what is below it, depth first. A folder is listed to its
// end before its files are sent, so that no statement stays open while a client
// takes its time; memory grows with the entries of one branch, not with bytes.
func (a *packing) add(e *files.Entry) error {
	name := a.prefix + strings.TrimPrefix(e.Path, a.strip)
	if e.IsRoot() {
		name = a.prefix
	}
	if !e.IsDir() {
		return a.file(name, e)
	}
	if err := a.pack.Folder(archive.Entry{Name: name, MTime: e.MTime}); err != nil {
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

func (a *packing) file(name string, e *files.Entry) error {
	return archive.Add(a.pack, archive.Entry{Name: name, Size: e.Size, MTime: e.MTime, Mime: e.Mime},
		func() (io.ReadCloser, error) { return a.view.Open(a.ctx, e, 0, -1) }, a.buf)
}
