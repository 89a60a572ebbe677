package previews

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/feature/previews/raster"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/cage"
)

// edition is raised when previews of old are not good enough any more.
const edition = 1

// The sides that previews come in are powers of two between these, whatever is
// asked for: few of each picture are kept, and what is asked for is scaled down at
// most by half where it is shown.
const (
	smallest = 64
	largest  = 4096
)

// wish is what a client asks for.
type wish struct {
	x, y int // pixels; math.MaxInt for as many as there are
	mode string
}

// rung is the next side that previews come in.
func rung(n, most int) int {
	r := smallest
	for r < n && r < largest {
		r *= 2
	}
	return min(r, most)
}

// frame is the frame that a wish is made in: the next greater one, in the
// proportions of the wish where they matter.
func (c *config) frame(w wish) raster.Order {
	o := raster.Order{Mode: w.mode, W: rung(w.x, c.maxX), H: rung(w.y, c.maxY)}
	if w.mode == raster.Crop && w.x != w.y && w.x < largest && w.y < largest {
		long := max(w.x, w.y)
		scale := float64(rung(long, min(c.maxX, c.maxY))) / float64(long)
		o.W, o.H = max(int(math.Round(float64(w.x)*scale)), 1), max(int(math.Round(float64(w.y)*scale)), 1)
	}
	return o
}

func variant(k kind, o raster.Order) string {
	return fmt.Sprintf("%d-%s-%s-%dx%d", edition, k, o.Mode, o.W, o.H)
}

// errNone is the answer where there is no preview and will not be one.
var errNone = fault.New(fault.NotFound, "There is no preview of this file.")

// retryNone is how long it is believed that there is no preview.
const retryNone = 24 * time.Hour

// preview finds or makes the preview of a file that the caller may read.
func (rm *Room) preview(ctx context.Context, who string, e *files.Entry, w wish) (*kept, error) {
	c, err := rm.config(ctx)
	if err != nil {
		return nil, err
	}
	k := c.shows(e, rm.installed())
	if k == none {
		return nil, errNone
	}
	o := c.frame(w)
	name := variant(k, o)
	note := rm.circumstances(&c)
	if got, err := rm.find(e.Content, name, note); !errors.Is(err, fault.NotFound) || errors.Is(err, errNone) {
		return got, err
	}
	err = rm.flights.do(ctx, fmt.Sprintf("%d %s", e.Content, name), func(ctx context.Context) error {
		done, err := rm.turns.take(ctx, who)
		if err != nil {
			return err
		}
		defer done()
		return rm.make(ctx, e, k, o, &c, name, note)
	})
	if err != nil {
		return nil, err
	}
	return rm.find(e.Content, name, note)
}

// find looks a preview up: errNone if it is known that there is none, another
// fault.NotFound if nothing is known.
func (rm *Room) find(content int64, name, note string) (*kept, error) {
	got, err := rm.store.get(content, name, rm.now())
	if err != nil {
		return nil, err
	}
	if got.file != nil {
		return got, nil
	}
	if got.why == note && rm.now().Sub(got.at) < retryNone {
		return nil, errNone
	}
	return nil, fault.NotFound
}

// circumstances are what a failure depends on: if they change, it is tried again.
func (rm *Room) circumstances(c *config) string {
	return fmt.Sprintf("%d MB, %d pixels, %d s, %s", c.memory>>20, c.pixels, c.seconds, rm.installed())
}

// make makes a preview and keeps it. When the source is to blame that there is
// none, that is kept too, so that it is not tried at each look.
func (rm *Room) make(ctx context.Context, e *files.Entry, k kind, o raster.Order, c *config, name, note string) error {
	made, data, err := rm.draw(ctx, e, k, o, c)
	switch {
	case err == nil:
		return rm.store.put(e.Content, name, made, data)
	case errors.Is(err, errHuge), errors.Is(err, cage.ErrFailed), errors.Is(err, cage.ErrBounds), errors.Is(err, cage.ErrMissing):
		rm.Log.Debug("no preview", "node", e.ID, "kind", string(k), "error", err)
		return errors.Join(errNone, rm.store.put(e.Content, name, raster.Made{}, []byte(note)))
	}
	return err
}

// draw makes a preview in the cage.
func (rm *Room) draw(ctx context.Context, e *files.Entry, k kind, o raster.Order, c *config) (raster.Made, []byte, error) {
	src, err := rm.open(ctx, e)
	if err != nil {
		return raster.Made{}, nil, err
	}
	defer src.close()
	o.Kind, o.MaxPixels, o.MaxMemory, o.Quality = raster.Picture, c.pixels, c.memory, c.quality
	switch k {
	case text, markdown:
		o.Kind, o.Plain = raster.Text, k == text
	case audio:
		o.Kind = raster.Audio
	case picture:
		made, data, err := rm.rasterise(ctx, src.file, o, c)
		if err == nil || rm.installed().vips == "" || !errors.Is(err, cage.ErrFailed) && !errors.Is(err, cage.ErrBounds) {
			return made, data, err
		}
		return rm.drawBy(ctx, k, src, o, c) // what Go does not read, or not in this memory
	default:
		return rm.drawBy(ctx, k, src, o, c)
	}
	return rm.rasterise(ctx, src.file, o, c)
}

// drawBy makes a preview with the help of a program.
func (rm *Room) drawBy(ctx context.Context, k kind, src *source, o raster.Order, c *config) (made raster.Made, data []byte, err error) {
	dir, remove, err := rm.cage.Folder()
	if err != nil {
		return made, nil, err
	}
	defer remove()
	side := max(o.W, o.H)
	if o.Mode != raster.Fit { // the shorter side of most pictures then fills the frame
		side = min(2*side, largest)
	}
	name, upright, err := rm.convert(ctx, k, src, side, c, dir)
	if err != nil {
		return made, nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return made, nil, fmt.Errorf("%w: it made nothing", cage.ErrFailed)
	}
	defer f.Close()
	o.Upright = upright
	return rm.rasterise(ctx, f, o, c)
}

// mostPicture bounds a preview, in bytes.
const mostPicture = 64 << 20

// errHuge is a source that claims more pixels than are allowed. No program is to try
// it instead: some take minutes over nothing.
var errHuge = errors.New("too many pixels")

// rasterise runs package raster in the cage.
func (rm *Room) rasterise(ctx context.Context, f *os.File, o raster.Order, c *config) (made raster.Made, data []byte, err error) {
	order, err := json.Marshal(o)
	if err != nil {
		return made, nil, err
	}
	var out bytes.Buffer
	if err := rm.cage.Run(ctx, cage.Job{Worker: rasterWorker, Order: string(order), In: f, Out: &out, Most: mostPicture, Limits: c.limits()}); err != nil {
		return made, nil, err
	}
	line, data, _ := bytes.Cut(out.Bytes(), []byte("\n"))
	err = json.Unmarshal(line, &made)
	if err == nil && made.Huge {
		return made, nil, errHuge
	}
	if err != nil || made.W <= 0 || made.H <= 0 || made.W > largest || made.H > largest || len(data) == 0 {
		return made, nil, fmt.Errorf("%w: %q, %d bytes", cage.ErrFailed, line, len(data))
	}
	return made, data, nil
}

// source is the bytes of a file for another process.
type source struct {
	file   *os.File
	ending string // of the file's name, such as .odt
	close  func()
}

// mostSpooled bounds what is copied of files that are not one file on this disk.
const mostSpooled = 1 << 30

// open opens the bytes of an entry; what is not one file on this disk is copied.
func (rm *Room) open(ctx context.Context, e *files.Entry) (*source, error) {
	rc, err := rm.content.Open(ctx, e.Content, 0, -1)
	if err != nil {
		return nil, err
	}
	s := &source{ending: path.Ext(e.Base()), close: func() { _ = rc.Close() }}
	if len(s.ending) > 8 {
		s.ending = ""
	}
	if f, ok := rc.(blob.Filer); ok && f.File() != nil {
		s.file = f.File()
		return s, nil
	}
	defer rc.Close()
	if s.file, s.close, err = rm.cage.Spool(rc, mostSpooled); err != nil {
		return nil, err
	}
	return s, nil
}
