package raster

import (
	"image"
	"image/color"
	"image/draw"

	xdraw "golang.org/x/image/draw"
)

// shrink makes w by h pixels of a part of a picture: first by averaging whole
// blocks of pixels, which costs one look at each and reads JPEG's planes as they
// are, then by a fine filter from up to twice the size.
func shrink(src image.Image, from image.Rectangle, w, h int) *image.RGBA {
	k := max(min(from.Dx()/w, from.Dy()/h), 1)
	if k > 1 {
		if y, ok := src.(*image.YCbCr); ok {
			src = blocksYCbCr(y, from, k)
		} else {
			src = blocks(src, from, k)
		}
		from = src.Bounds()
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if from.Dx() == w && from.Dy() == h {
		draw.Draw(out, out.Bounds(), src, from.Min, draw.Src)
		return out
	}
	xdraw.CatmullRom.Scale(out, out.Bounds(), src, from, xdraw.Src, nil)
	return out
}

func paste(dst *image.RGBA, src image.Image) {
	draw.Draw(dst, src.Bounds(), src, src.Bounds().Min, draw.Src)
}

// blocks averages blocks of k by k pixels. It converts k rows at a time, so that
// the memory is that of a band.
func blocks(src image.Image, from image.Rectangle, k int) *image.RGBA {
	w, h := from.Dx()/k, from.Dy()/k
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	band := image.NewRGBA(image.Rect(0, 0, w*k, k))
	sums := make([]uint32, w*4)
	n := uint32(k * k)
	for y := range h {
		draw.Draw(band, band.Bounds(), src, image.Pt(from.Min.X, from.Min.Y+y*k), draw.Src)
		clear(sums)
		for r := range k {
			row := band.Pix[r*band.Stride:]
			i := 0
			for x := range w {
				s := sums[x*4 : x*4+4 : x*4+4]
				for range k {
					p := row[i : i+4 : i+4]
					s[0] += uint32(p[0])
					s[1] += uint32(p[1])
					s[2] += uint32(p[2])
					s[3] += uint32(p[3])
					i += 4
				}
			}
		}
		row := out.Pix[y*out.Stride:]
		for i, s := range sums {
			row[i] = uint8((s + n/2) / n)
		}
	}
	return out
}

// blocksYCbCr averages the planes of a JPEG by themselves and converts only what
// comes of it.
func blocksYCbCr(src *image.YCbCr, from image.Rectangle, k int) *image.RGBA {
	w, h := from.Dx()/k, from.Dy()/k
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	fx, fy := ratio(src.SubsampleRatio)
	var ys, cbs, crs = make([]uint32, w), make([]uint32, w), make([]uint32, w)
	area := uint32(k * k)
	for y := range h {
		top := from.Min.Y + y*k
		clear(ys)
		for r := range k {
			add(ys, src.Y[src.YOffset(from.Min.X, top+r):], k)
		}
		clear(cbs)
		clear(crs)
		var lines uint32
		for cy := top / fy; cy <= (top+k-1)/fy; cy++ {
			off := src.COffset(from.Min.X, max(cy*fy, src.Rect.Min.Y))
			addThin(cbs, src.Cb[off:], from.Min.X, k, fx)
			addThin(crs, src.Cr[off:], from.Min.X, k, fx)
			lines++
		}
		row := out.Pix[y*out.Stride:]
		for x := range w {
			left := from.Min.X + x*k
			n := lines * uint32((left+k-1)/fx-left/fx+1)
			r, g, b := color.YCbCrToRGB(uint8((ys[x]+area/2)/area), uint8((cbs[x]+n/2)/n), uint8((crs[x]+n/2)/n))
			row[x*4], row[x*4+1], row[x*4+2], row[x*4+3] = r, g, b, 255
		}
	}
	return out
}

// add adds k samples each to the sums.
func add(sums []uint32, samples []uint8, k int) {
	for x := range sums {
		var s uint32
		for _, v := range samples[x*k : x*k+k] {
			s += uint32(v)
		}
		sums[x] += s
	}
}

// addThin does the same for samples that stand for several pixels side by side.
// samples begins with the one of the pixel at minX.
func addThin(sums []uint32, samples []uint8, minX, k, f int) {
	first := minX / f
	for x := range sums {
		left := minX + x*k
		var s uint32
		for _, v := range samples[left/f-first : (left+k-1)/f-first+1] {
			s += uint32(v)
		}
		sums[x] += s
	}
}

// ratio tells how many pixels a sample of colour stands for, across and down.
func ratio(r image.YCbCrSubsampleRatio) (x, y int) {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}
