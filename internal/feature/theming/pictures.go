package theming

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strconv"
	"strings"

	"golang.org/x/image/webp"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// pictures are what can be put in the place of ours, by Nextcloud's names.
var pictures = []string{"logo", "logoheader", "favicon", "background"}

// The limits of a picture: its file in bytes, and what it takes when it is shown.
const (
	maxPicture = 8 << 20
	maxForm    = maxPicture + 64<<10 // with what a form adds
	maxPixels  = 24 << 20
)

type picture struct {
	kind  string // such as "image/png"
	bytes []byte
}

// formats are the pictures that can be chosen beside SVG, by what they begin with.
var formats = []struct {
	begin, kind string
	config      func(io.Reader) (image.Config, error)
}{
	{"\x89PNG\r\n\x1a\n", "image/png", png.DecodeConfig}, {"\xff\xd8\xff", "image/jpeg", jpeg.DecodeConfig},
	{"GIF8", "image/gif", gif.DecodeConfig}, {"RIFF", "image/webp", webp.DecodeConfig},
}

// judge tells what a file is by its contents, whatever its name says, and returns
// what is kept of it.
func judge(b []byte) (p picture, err error) {
	if len(b) > maxPicture {
		return p, fault.New(fault.TooLarge, "This picture is too large: it may have 8 MB.")
	}
	if looksLikeSVG(b) {
		clean, err := cleanSVG(b)
		return picture{"image/svg+xml", clean}, err
	}
	for _, f := range formats {
		if !strings.HasPrefix(string(b[:min(len(b), 8)]), f.begin) {
			continue
		}
		c, err := f.config(bytes.NewReader(b))
		if err != nil {
			return p, fault.Wrap(fault.Invalid, err, "This picture cannot be read.")
		}
		if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
			return p, fault.New(fault.Invalid, "This picture has too many pixels: it may have 24 million.")
		}
		return picture{f.kind, b}, nil
	}
	return p, fault.New(fault.Invalid, "This is no picture that can be shown here. PNG, JPEG, WebP, GIF and SVG can.")
}

// keep puts a picture in the place of ours.
func (rm *Room) keep(ctx context.Context, key string, p picture) error {
	sum := sha256.Sum256(p.bytes)
	_, err := rm.db.Exec(ctx, "INSERT INTO theming_image (name, kind, tag, bytes) VALUES (?, ?, ?, ?) {{on name set kind, tag, bytes}}",
		key, p.kind, hex.EncodeToString(sum[:16]), p.bytes)
	if err != nil {
		return fmt.Errorf("picture %s: %w", key, err)
	}
	if err := rm.settings.Set(ctx, app, key+"Mime", p.kind); err != nil {
		return err
	}
	return rm.bust(ctx)
}

// drop puts ours back.
func (rm *Room) drop(ctx context.Context, key string) error {
	if err := rm.settings.Delete(ctx, app, key+"Mime"); err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if _, err := rm.db.Exec(ctx, "DELETE FROM theming_image WHERE name = ?", key); err != nil {
		return fmt.Errorf("picture %s: %w", key, err)
	}
	return rm.bust(ctx)
}

// bust makes the addresses of pictures new.
func (rm *Room) bust(ctx context.Context) error {
	last, err := rm.settings.Default(ctx, app, "cachebuster", "0")
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(last) // what is no number begins anew
	return rm.settings.Set(ctx, app, "cachebuster", strconv.Itoa(n+1))
}

func (rm *Room) load(ctx context.Context, key string) (picture, error) {
	p, err := db.One(ctx, rm.db, func(r db.Row) (p picture, err error) { return p, r.Scan(&p.kind, &p.bytes) },
		"SELECT kind, bytes FROM theming_image WHERE name = ?", key)
	if err != nil {
		return p, fmt.Errorf("picture %s: %w", key, err)
	}
	return p, nil
}
