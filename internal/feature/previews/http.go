package previews

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/feature/previews/raster"
	"atrium/internal/proto/web"
)

// How long a client may keep a preview. What somebody else can take back, or what
// the id does not tell apart, is to be asked for again.
const (
	immutable = "private, max-age=86400, immutable"
	recheck   = "private, max-age=86400, must-revalidate"
	noStore   = "no-cache, no-store, must-revalidate"
)

// patience is how long a request waits for a preview that is being made.
const patience = 50 * time.Second

// Serve answers with the preview of an entry that a view shows, in the size that
// the query asks for (x, y, a, mode; client-api 12): for the rooms that have found
// out themselves what is to be shown, such as that of public links. It asks the
// view whether the entry may be read.
func (rm *Room) Serve(w http.ResponseWriter, r *http.Request, v *files.View, e *files.Entry) error {
	return rm.serve(w, r, v, e, recheck)
}

// WriteError writes an error as the recorded server does for previews: an empty
// list (30-core/275 to 280, 32-sharing/167).
func (rm *Room) WriteError(w http.ResponseWriter, r *http.Request, err error) { writeEmpty(w, r, err) }

func writeEmpty(w http.ResponseWriter, r *http.Request, err error) {
	switch fault.Of(err) {
	case fault.Invalid, fault.Denied, fault.NotFound:
		web.WriteJSON(w, web.Status(err), []int{})
	default:
		web.WriteError(w, r, err)
	}
}

// serveFile answers GET /core/preview and /core/preview.png, which take an id as
// well as a path (30-core/269 to 282).
func (rm *Room) serveFile(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if _, err := wished(q); err != nil {
		return err
	}
	v, err := rm.files.As(r.Context(), who.From(r.Context()))
	if err != nil {
		return err
	}
	var e *files.Entry
	switch id, path := q.Get("fileId"), q.Get("file"); {
	case id != "":
		n, bad := strconv.ParseInt(id, 10, 64)
		if bad != nil {
			return fault.Wrap(fault.Invalid, bad, "The file id is not a number.")
		}
		e, err = v.ByID(r.Context(), n)
	case path != "":
		e, err = v.Stat(r.Context(), path)
	default:
		return fault.New(fault.Invalid, "No file was named.")
	}
	if err != nil {
		return err
	}
	return rm.serve(w, r, v, e, immutable)
}

// serveThumbnail answers GET /apps/files/api/v1/thumbnail/{x}/{y}/{file...}
// (30-core/283 to 285).
func (rm *Room) serveThumbnail(w http.ResponseWriter, r *http.Request) error {
	x, errX := side(web.Param(r, "x"))
	y, errY := side(web.Param(r, "y"))
	if errX != nil || errY != nil || x == math.MaxInt || y == math.MaxInt {
		return fault.New(fault.Invalid, "Requested size must be numeric and a positive value.")
	}
	v, err := rm.files.As(r.Context(), who.From(r.Context()))
	if err != nil {
		return err
	}
	e, err := v.Stat(r.Context(), web.Param(r, "file"))
	if err == nil {
		err = rm.send(w, r, v, e, wish{x, y, raster.Crop}, noStore)
	}
	if errors.Is(err, fault.NotFound) {
		return fault.Wrap(fault.NotFound, err, "File not found.")
	}
	return err
}

// serveTrashed answers for a deleted file (13-dav-trash/016, 34-apps/138).
func (rm *Room) serveTrashed(w http.ResponseWriter, r *http.Request) error {
	return rm.look(w, r, rm.Trashed, recheck)
}

// serveVersion answers for a former content of a file (14-dav-versions/041,
// 34-apps/139, 140).
func (rm *Room) serveVersion(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("version") == "" {
		return fault.New(fault.Invalid, "No version was named.")
	}
	return rm.look(w, r, rm.Versions, immutable)
}

func (rm *Room) look(w http.ResponseWriter, r *http.Request, look Look, cache string) error {
	q := r.URL.Query()
	if _, err := wished(q); err != nil {
		return err
	}
	id, errID := number(q, "fileId")
	version, errVersion := number(q, "version")
	if errID != nil || errVersion != nil || id == 0 && q.Get("file") == "" {
		return fault.New(fault.Invalid, "No file was named.")
	}
	if look == nil {
		return errNone
	}
	v, e, err := look(r.Context(), who.From(r.Context()), q.Get("file"), id, version)
	if err != nil {
		return err
	}
	return rm.serve(w, r, v, e, cache)
}

// number reads a number of a query, 0 where there is none.
func number(q url.Values, name string) (int64, error) {
	s := q.Get(name)
	if s == "" {
		return 0, nil
	}
	return strconv.ParseInt(s, 10, 64)
}

// wished reads what a client wants: x and y in pixels (32 where nothing is said,
// as many as there are where it is negative), a for the whole picture instead of
// its middle, and mode.
func wished(q url.Values) (wish, error) {
	x, errX := side(q.Get("x"))
	y, errY := side(q.Get("y"))
	if errX != nil || errY != nil {
		return wish{}, fault.New(fault.Invalid, "The size of the preview is not a positive number.")
	}
	w := wish{x, y, raster.Crop}
	if a := strings.ToLower(q.Get("a")); a != "" && a != "0" && a != "false" {
		w.mode = raster.Fit
		if q.Get("mode") == "cover" {
			w.mode = raster.Cover
		}
	}
	return w, nil
}

// side reads a number of pixels.
func side(s string) (int, error) {
	if s == "" {
		return 32, nil
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return 0, err
	case n == 0:
		return 0, errors.New("no pixels")
	case n < 0:
		return math.MaxInt, nil
	}
	return n, nil
}

func (rm *Room) serve(w http.ResponseWriter, r *http.Request, v *files.View, e *files.Entry, cache string) error {
	want, err := wished(r.URL.Query())
	if err != nil {
		return err
	}
	return rm.send(w, r, v, e, want, cache)
}

// send answers with a preview, after asking whether the viewer may read the file.
func (rm *Room) send(w http.ResponseWriter, r *http.Request, v *files.View, e *files.Entry, want wish, cache string) error {
	if e.IsDir() {
		return errNone
	}
	if err := v.MayRead(r.Context(), e); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	got, err := rm.preview(ctx, v.Who().ID, e, want)
	if err != nil {
		if ctx.Err() != nil && r.Context().Err() == nil {
			return fault.Wrap(fault.Unavailable, err, "The preview is not made yet. Please try again.")
		}
		return err
	}
	defer got.Close()
	h := w.Header()
	h.Set("Content-Type", got.Type)
	h.Set("Cache-Control", cache)
	if cache != noStore {
		h.Set("Expires", rm.now().UTC().Add(24*time.Hour).Format(http.TimeFormat))
	}
	h.Set("Etag", etag(e.Content, got, want))
	h.Set("Content-Disposition", `inline; filename="`+filename(got, want)+`"`)
	http.ServeContent(w, r, "", e.MTime, got.picture())
	return nil
}

// etag is that of one picture of one content.
func etag(content int64, k *kept, w wish) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %s %dx%d %d %s", edition, content, w.mode, k.W, k.H, k.size, k.Type))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// filename is what the recorded server calls previews: 256-192.jpg, 64-64-crop.png,
// 640-480-max.jpg where it is the whole picture in its own size.
func filename(k *kept, w wish) string {
	kind := ""
	switch {
	case k.Full:
		kind = "-max"
	case w.mode == raster.Crop:
		kind = "-crop"
	}
	ending := ".png"
	if k.Type == "image/jpeg" {
		ending = ".jpg"
	}
	return fmt.Sprintf("%d-%d%s%s", k.W, k.H, kind, ending)
}
