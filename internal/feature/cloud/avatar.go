package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/image/draw"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// The sizes that exist; any other is rounded to one of them (30-core/252).
const (
	smallSide = 64
	largeSide = 512
)

// maxUpload and maxPixels bound a picture that somebody uploads: what it weighs
// and what it unpacks to.
const (
	maxUpload = 20 << 20
	maxPixels = 50_000_000
)

// picture is one avatar ready to be sent.
type picture struct {
	png    []byte
	tag    string
	custom bool
}

func (rm *Room) avatar(w http.ResponseWriter, r *http.Request) error { return rm.serve(w, r, light) }

func (rm *Room) avatarDark(w http.ResponseWriter, r *http.Request) error { return rm.serve(w, r, dark) }

func (rm *Room) guest(w http.ResponseWriter, r *http.Request) error {
	return rm.stranger(w, web.Param(r, "name"), r, light)
}

func (rm *Room) guestDark(w http.ResponseWriter, r *http.Request) error {
	return rm.stranger(w, web.Param(r, "name"), r, dark)
}

// side rounds the size that was asked for. What is no number means the small one.
func side(r *http.Request) int {
	n, err := strconv.Atoi(web.Param(r, "size"))
	if err == nil && n > smallSide {
		return largeSide
	}
	return smallSide
}

func (rm *Room) serve(w http.ResponseWriter, r *http.Request, t tint) error {
	uid, n := web.Param(r, "user"), side(r)
	p, err := rm.picture(r.Context(), uid, n, t)
	if errors.Is(err, fault.NotFound) {
		if r.URL.Query().Get("guestFallback") == "1" {
			return rm.stranger(w, uid, r, t)
		}
		web.WriteJSON(w, http.StatusNotFound, []int{})
		return nil
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf(`inline; filename="avatar%s.%d.png"`, [...]string{light: "", dark: "-dark"}[t], n))
	return send(w, r, p, "private, max-age=86400, immutable", http.StatusOK)
}

// stranger paints the initials of somebody who has no account.
func (rm *Room) stranger(w http.ResponseWriter, name string, r *http.Request, t tint) error {
	b, err := rm.avatars.paint(name, name, side(r), t)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `inline; filename="avatar.png"`)
	return send(w, r, picture{png: b, tag: tagOf(b)}, "private, max-age=1800, immutable", http.StatusCreated)
}

// davAvatar answers /remote.php/dav/avatars/{user}/{size}.png, in just that size.
func (rm *Room) davAvatar(w http.ResponseWriter, r *http.Request) error {
	size, kind, _ := strings.Cut(web.Param(r, "file"), ".")
	n, err := strconv.Atoi(size)
	if err != nil || n < 1 || kind != "png" && kind != "jpeg" && kind != "jpg" {
		return fault.New(fault.NotFound, "There is no such avatar.")
	}
	p, err := rm.picture(r.Context(), web.Param(r, "user"), min(n, largeSide), light)
	if err != nil {
		return err
	}
	w.Header().Set("Oc-Etag", `"`+p.tag+`"`)
	return send(w, r, p, "private, max-age=86400", http.StatusOK)
}

func send(w http.ResponseWriter, r *http.Request, p picture, cache string, status int) error {
	h := w.Header()
	h.Set("Etag", `"`+p.tag+`"`)
	h.Set("Cache-Control", cache)
	custom := "0"
	if p.custom {
		custom = "1"
	}
	h.Set("X-Nc-Iscustomavatar", custom)
	if r.Header.Get("If-None-Match") == h.Get("Etag") {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "image/png")
	h.Set("Content-Length", strconv.Itoa(len(p.png)))
	w.WriteHeader(status)
	_, err := w.Write(p.png)
	return err
}

// picture returns what somebody uploaded, else their initials.
func (rm *Room) picture(ctx context.Context, uid string, n int, t tint) (picture, error) {
	u, err := rm.dir.User(ctx, uid)
	if err != nil {
		return picture{}, err
	}
	column := "large"
	if n == smallSide {
		column = "small"
	}
	type row struct {
		tag string
		png []byte
	}
	own, err := db.One(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.tag, &v.png) },
		"SELECT tag, "+column+" FROM cloud_avatar WHERE uid = ?", uid)
	switch {
	case errors.Is(err, fault.NotFound):
		b, err := rm.avatars.paint(u.ID, u.Display, n, t)
		return picture{png: b, tag: tagOf(b)}, err
	case err != nil:
		return picture{}, err
	}
	p := picture{png: own.png, tag: fmt.Sprintf("%s-%d", own.tag, n), custom: true}
	if n != smallSide && n != largeSide {
		if p.png, err = resize(own.png, n); err != nil {
			return picture{}, err
		}
	}
	return p, nil
}

func tagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

func resize(stored []byte, n int) ([]byte, error) {
	img, err := png.Decode(bytes.NewReader(stored))
	if err != nil {
		return nil, fmt.Errorf("stored avatar: %w", err)
	}
	return scaled(img, img.Bounds(), n)
}

func scaled(img image.Image, from image.Rectangle, n int) ([]byte, error) {
	out := image.NewNRGBA(image.Rect(0, 0, n, n))
	draw.CatmullRom.Scale(out, out.Bounds(), img, from, draw.Src, nil)
	var b bytes.Buffer
	err := png.Encode(&b, out)
	return b.Bytes(), err
}

// refused is the answer to a picture we do not take (30-core/264).
func refused(w http.ResponseWriter, text string) error {
	web.WriteJSON(w, http.StatusBadRequest, map[string]any{"data": map[string]string{"message": text}})
	return nil
}

// refusedFor is the same for an error that is nobody's but the asker's.
func refusedFor(w http.ResponseWriter, err error) error {
	if errors.Is(err, fault.Denied) {
		return refused(w, fault.Text(err))
	}
	return err
}

// upload keeps a picture, cut to the square in its middle.
func (rm *Room) upload(w http.ResponseWriter, r *http.Request) error {
	uid := who.From(r.Context()).ID
	if err := rm.mayChange(r.Context(), uid); err != nil {
		return refusedFor(w, err)
	}
	raw, err := uploaded(r)
	if err != nil {
		if errors.Is(err, fault.TooLarge) {
			return err
		}
		return refused(w, "No image or file provided")
	}
	img, text := decode(raw)
	if text != "" {
		return refused(w, text)
	}
	if _, err := rm.keep(r.Context(), uid, img); err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, map[string]string{"status": "success"})
	return nil
}

// keep makes a picture somebody's avatar, and tells its tag.
func (rm *Room) keep(ctx context.Context, uid string, img image.Image) (tag string, err error) {
	middle := square(img.Bounds())
	large, err := scaled(img, middle, largeSide)
	if err != nil {
		return "", err
	}
	small, err := scaled(img, middle, smallSide)
	if err != nil {
		return "", err
	}
	tag = tagOf(large)
	_, err = rm.db.Exec(ctx, "INSERT INTO cloud_avatar (uid, tag, large, small) VALUES (?, ?, ?, ?) {{on uid set tag, large, small}}", uid, tag, large, small)
	if err != nil {
		return "", fmt.Errorf("avatar: %w", err)
	}
	return tag, nil
}

// drop takes somebody's avatar away.
func (rm *Room) drop(ctx context.Context, uid string) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM cloud_avatar WHERE uid = ?", uid)
	return err
}

// uploaded finds the first file of the form.
func uploaded(r *http.Request) ([]byte, error) {
	m, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := m.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

// decode reads a PNG or JPEG. text says why not.
func decode(raw []byte) (img image.Image, text string) {
	config, full := png.DecodeConfig, png.Decode
	if bytes.HasPrefix(raw, []byte{0xff, 0xd8}) {
		config, full = jpeg.DecodeConfig, jpeg.Decode
	}
	c, err := config(bytes.NewReader(raw))
	if err != nil {
		return nil, "Unknown filetype"
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return nil, "The selected image is too large"
	}
	if img, err = full(bytes.NewReader(raw)); err != nil {
		return nil, "Invalid image"
	}
	return img, ""
}

func square(b image.Rectangle) image.Rectangle {
	n := min(b.Dx(), b.Dy())
	at := image.Pt(b.Min.X+(b.Dx()-n)/2, b.Min.Y+(b.Dy()-n)/2)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(n, n))}
}

func (rm *Room) removePicture(w http.ResponseWriter, r *http.Request) error {
	uid := who.From(r.Context()).ID
	if err := rm.mayChange(r.Context(), uid); err != nil {
		return refusedFor(w, err)
	}
	if err := rm.drop(r.Context(), uid); err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, []int{})
	return nil
}
