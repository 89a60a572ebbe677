package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A grid as the web page shows it, on the six connections of a browser.
const (
	gridPhotos  = 200
	gridSources = 20 // different photos, each copied until there are enough
	gridConns   = 6
)

// previews looks at photos of 12 megapixels: what it costs to decode one, and how
// long a grid of 200 takes that were looked at before.
func (b *bench) previews() error {
	if err := b.mkcol("photos"); err != nil {
		return err
	}
	photo, err := photoOf(4000, 3000)
	if err != nil {
		return err
	}
	var times []time.Duration
	stop, peak := b.watchChildren()
	defer stop()
	for n := range gridSources {
		path := fmt.Sprintf("photos/%03d-0.jpg", n)
		if a, err := b.c.Do(b.ctx, "PUT", b.c.File(path), append(photo, fmt.Sprint(n)...)); err != nil || a.Status >= 300 {
			return fmt.Errorf("PUT: status %d: %v", a.Status, err)
		}
		begun := time.Now()
		if err := b.preview(path); err != nil {
			return err
		}
		times = append(times, time.Since(begun))
		for k := 1; k < gridPhotos/gridSources; k++ {
			to := b.s.URL() + b.c.File(fmt.Sprintf("photos/%03d-%d.jpg", n, k))
			if a, err := b.c.Do(b.ctx, "COPY", b.c.File(path), nil, "Destination", to); err != nil || a.Status >= 300 {
				return fmt.Errorf("COPY: status %d: %v", a.Status, err)
			}
		}
	}
	stop()
	b.set("preview-12mp", median(times), "%d MB of JPEG, process and all; one at a time, niced", len(photo)/1e6)
	b.set("preview-peak", float64(peak.Load())/1e6, "")
	return b.grid()
}

// grid asks for all photos at once.
func (b *bench) grid() error {
	var times []time.Duration
	for range 5 {
		next := make(chan int)
		errs := make([]error, gridConns)
		var wg sync.WaitGroup
		begun := time.Now()
		for i := range gridConns {
			wg.Go(func() {
				for n := range next {
					if err := b.preview(fmt.Sprintf("photos/%03d-%d.jpg", n%gridSources, n/gridSources)); err != nil {
						errs[i] = err
					}
				}
			})
		}
		for n := range gridPhotos {
			next <- n
		}
		close(next)
		wg.Wait()
		times = append(times, time.Since(begun))
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
	}
	b.set("preview-grid", median(times), "%.0f previews/s", gridPhotos/(median(times)/1000))
	return nil
}

func (b *bench) preview(path string) error {
	a, err := b.c.Do(b.ctx, "GET", "/core/preview.png?file=/"+path+"&x=256&y=256&a=0", nil)
	if err == nil && a.Status != http.StatusOK {
		err = fmt.Errorf("preview of %s: status %d: %s", path, a.Status, a.Body)
	}
	return err
}

// watchChildren looks for the most memory that a process of the server takes.
func (b *bench) watchChildren() (stop func(), peak *atomic.Int64) {
	peak = new(atomic.Int64)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				peak.Store(max(peak.Load(), b.s.ChildMemory()))
			}
		}
	}()
	return sync.OnceFunc(func() { close(done); <-ended }), peak
}

// photoOf is a picture with enough in it to be as large as a photo.
func photoOf(w, h int) ([]byte, error) {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	rough := noise(len(img.Y), 9)
	for y := range h {
		for x := range w {
			g := color.GrayModel.Convert(color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), uint8((x + y) >> 4), 255}).(color.Gray)
			img.Y[y*img.YStride+x] = g.Y/2 + rough[y*img.YStride+x]/8
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(100+i>>15), uint8(140+i>>16)
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90})
	return b.Bytes(), err
}
