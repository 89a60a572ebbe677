package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// soakPictures are looked at one after the other, all different; one in ten is
// broken or made to harm.
const soakPictures = 10_000

// soak has the server show 10,000 pictures that it has never seen, and looks for
// the most memory that it and the processes take which it starts.
func (b *bench) soak() error {
	if err := b.mkcol("soak"); err != nil {
		return err
	}
	stop, peak := b.watchChildren()
	defer stop()
	var (
		wg             sync.WaitGroup
		next           = make(chan int)
		shown, refused atomic.Int64
		errs           [gridConns]error
		begun          = time.Now()
		most           int64
	)
	for i := range gridConns {
		wg.Go(func() {
			for n := range next {
				ok, err := b.soakOne(n)
				if err != nil {
					errs[i] = err
				} else if ok {
					shown.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	for n := range soakPictures {
		next <- n
		if n%100 == 0 {
			m, err := b.s.Memory()
			if err != nil {
				return err
			}
			most = max(most, m)
		}
	}
	close(next)
	wg.Wait()
	stop()
	b.set("soak-server", float64(most)/1e6, "%d shown, %d refused", shown.Load(), refused.Load())
	b.set("soak-peak", float64(peak.Load())/1e6, "")
	b.set("soak-rate", soakPictures/time.Since(begun).Seconds(), "upload and all")
	err := errors.Join(errs[:]...)
	if got := refused.Load(); err == nil && got != soakPictures/10 {
		return fmt.Errorf("%d pictures were refused, want each tenth", got)
	}
	return err
}

// soakOne stores picture n and asks for its preview.
func (b *bench) soakOne(n int) (shown bool, err error) {
	name, data, err := soakPicture(n)
	if err != nil {
		return false, err
	}
	path := fmt.Sprintf("soak/%05d-%s", n, name)
	if a, err := b.c.Do(b.ctx, "PUT", b.c.File(path), data); err != nil || a.Status >= 300 {
		return false, fmt.Errorf("PUT %s: status %d: %w", path, a.Status, err)
	}
	a, err := b.c.Do(b.ctx, "GET", "/core/preview.png?file=/"+path+"&x=256&y=256&a=0&forceIcon=0", nil)
	switch {
	case err != nil:
		return false, err
	case a.Status == http.StatusOK:
		return true, nil
	case a.Status == http.StatusNotFound:
		return false, nil
	}
	return false, fmt.Errorf("preview of %s: status %d: %s", path, a.Status, a.Body)
}

// soakPicture is a picture that is like no other.
func soakPicture(n int) (name string, data []byte, err error) {
	img := image.NewPaletted(image.Rect(0, 0, 480+n%320, 360+n%240), color.Palette{color.White, color.Black, color.RGBA{uint8(n), uint8(n >> 8), 80, 255}})
	for i := range img.Pix {
		img.Pix[i] = uint8((i/(1+n%97) + i/img.Stride + n) % 3)
	}
	var out bytes.Buffer
	switch n % 10 {
	case 0, 1, 2, 3, 4:
		name, err = "a.jpg", jpeg.Encode(&out, img, nil)
	case 5, 6, 7:
		name, err = "a.png", png.Encode(&out, img)
	case 8:
		name, err = "a.gif", gif.Encode(&out, img, nil)
	default:
		return harmful(n)
	}
	return name, out.Bytes(), err
}

// harmful are a picture that ends early, one that claims to be 50,000 pixels wide and
// high, and one that is none.
func harmful(n int) (name string, data []byte, err error) {
	var out bytes.Buffer
	err = png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8)))
	data = append(out.Bytes(), fmt.Sprint(n)...)
	switch n / 10 % 3 {
	case 0:
		return "cut.png", append(data[:40:40], fmt.Sprint(n)...), err
	case 1:
		binary.BigEndian.PutUint32(data[16:], 50_000)
		binary.BigEndian.PutUint32(data[20:], 50_000)
		binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
		return "bomb.png", data, err
	}
	return "none.jpg", noise(20_000, uint64(n)), err
}
