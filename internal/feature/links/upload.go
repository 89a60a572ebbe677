package links

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"

	"atrium/internal/base/checksum"
	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/web"
)

// received is a file that came in, as its receipt shows it.
type received struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
	At     string `json:"time"` // RFC 3339
	Error  string `json:"error,omitempty"`
}

// Bytes is the size as people read it.
func (f received) Bytes() string { return size(f.Size) }

// When is the time as people read it.
func (f received) When() *moment {
	t, err := time.Parse(time.RFC3339, f.At)
	if err != nil {
		return &moment{f.At, f.At}
	}
	return momentOf(t)
}

type receiptPage struct {
	frame
	Files  []received
	Failed int
	At     *moment
	From   string // the name that the visitor gave
	Back   string
}

// upload answers POST /s/{token}/upload, a form with the fields nickname and dir and
// then files. Nothing is replaced: a file under a taken name gets a free one. The
// answer is a receipt, as a page or, to a script, as JSON.
func (rm *Room) upload(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.arrive(w, r, "showShare")
	if l == nil || err != nil {
		return err
	}
	if r, err = rm.admit(r, l); err != nil {
		return err
	}
	if !l.Adds() {
		return fault.New(fault.Denied, "You may not upload here.")
	}
	in := &intake{rm: rm, l: l, dir: "/"}
	if err := in.read(r); err != nil {
		return err
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		web.WriteJSON(w, http.StatusOK, map[string]any{"files": in.files})
		return nil
	}
	v, err := rm.view(r)
	if err != nil {
		return err
	}
	top, err := v.Stat(r.Context(), "/")
	if err != nil {
		return err
	}
	p := receiptPage{frame: rm.frameOf(w, r, top.Base()), Files: in.files, At: momentOf(rm.Now()), From: in.nick, Back: pageURL(l, "", "path", in.dir)}
	for _, f := range in.files {
		if f.Error != "" {
			p.Failed++
		}
	}
	return rm.pages.receipt.Render(w, r, http.StatusOK, web.Tongue(r).Say("Receipt"), p)
}

// intake takes the files of one form in.
type intake struct {
	rm        *Room
	l         *Link
	nick, dir string
	files     []received
}

// Bounds of a form.
const (
	maxField = 4 << 10 // bytes of a field that is no file
	maxFiles = 1000
)

func (in *intake) read(r *http.Request) error {
	form, err := r.MultipartReader()
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The form could not be read.")
	}
	for {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fault.Wrap(fault.Invalid, err, "The form came in incomplete.")
		case part.FileName() != "":
			err = in.take(r, part)
		case part.FormName() == "files": // nothing was chosen
		default:
			err = in.field(part)
		}
		if err != nil {
			return err
		}
	}
}

func (in *intake) field(part *multipart.Part) error {
	b, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil || len(b) > maxField {
		return fault.New(fault.Invalid, "The form could not be read.")
	}
	switch part.FormName() {
	case "nickname":
		in.nick, err = cleanNickname(string(b))
	case "dir":
		if !in.l.Drop() {
			in.dir = path.Join("/", string(b))
		}
	}
	return err
}

// take stores one file. What is wrong with it stands in the receipt; only what ends
// the whole request is an error.
func (in *intake) take(r *http.Request, part *multipart.Part) error {
	if len(in.files) >= maxFiles {
		return fault.New(fault.TooLarge, "These are too many files for one form.")
	}
	ctx := r.Context()
	p := *who.From(ctx)
	p.Display = in.nick
	ctx = who.With(ctx, &p)
	got := received{Name: path.Base(strings.ReplaceAll(part.FileName(), `\`, "/")), At: in.rm.Now().UTC().Format(time.RFC3339)}
	at, err := in.rm.landing(ctx, "/"+in.l.Token+strings.TrimSuffix(in.dir, "/")+"/"+got.Name)
	if err == nil {
		err = in.store(ctx, &p, strings.TrimPrefix(at, "/"+in.l.Token), part, &got)
	}
	switch fault.Of(err) {
	case fault.Invalid, fault.Denied, fault.Conflict, fault.Exists, fault.Locked, fault.Full, fault.NotFound:
		if err != nil {
			got.Error = web.Text(r, err)
			err = nil
			_, err = io.Copy(io.Discard, part)
		}
	}
	if err != nil {
		return err
	}
	in.files = append(in.files, got)
	return nil
}

func (in *intake) store(ctx context.Context, p *who.Principal, at string, part io.Reader, got *received) error {
	m := in.l.Mount
	m.Perm &^= files.Update // so that nothing is replaced
	v, err := in.rm.files.Through(ctx, p, m)
	if err != nil {
		return err
	}
	sum := sha256.New()
	w, err := v.Write(ctx, at, files.Put{Body: part, Size: -1, Sums: []checksum.Sum{{Hash: sum}}})
	if err != nil {
		return err
	}
	got.Size, got.SHA256 = w.Size, hex.EncodeToString(sum.Sum(nil))
	if !in.l.Drop() {
		got.Name = w.Base()
	}
	return nil
}
