package render

import (
	"image"
	"math"

	"golang.org/x/image/draw"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// aspectOf is how much higher than wide a pixel is, 1 where nothing says so. What
// spacing says of an aspect that no detector has is not believed.
func aspectOf(d *dicom.Dataset, n int) float64 {
	measures := groupOf(d, n, dict.PixelMeasuresSequence)
	for _, v := range [][]float64{
		d.Floats(dict.PixelAspectRatio), measures.Floats(dict.PixelSpacing), d.Floats(dict.ImagerPixelSpacing), d.Floats(dict.NominalScannedPixelSpacing),
	} {
		if len(v) < 2 || !(v[0] > 0) || !(v[1] > 0) {
			continue
		}
		if a := v[0] / v[1]; a >= 1.0/maxAspect && a <= maxAspect {
			return a
		}
	}
	return 1
}

// fit cuts out what is wanted and scales it to the viewport (PS3.18 section
// 8.3.5.1.3): as large as it can be in it without distortion.
func fit(m image.Image, aspect float64, opt Options) (image.Image, error) {
	from, flipX, flipY, err := source(m.Bounds(), opt)
	if err != nil {
		return nil, err
	}
	w, h := float64(from.Dx()), float64(from.Dy())
	if aspect > 1 {
		h *= aspect
	} else {
		w /= aspect
	}
	width, height := opt.Width, opt.Height
	if opt.Thumbnail && (width == 0 || height == 0) {
		width, height = DefaultThumbnail, DefaultThumbnail
	}
	if width > 0 && height > 0 {
		k := min(float64(width)/w, float64(height)/h)
		w, h = w*k, h*k
	}
	to := image.Rect(0, 0, max(1, int(math.Round(w))), max(1, int(math.Round(h))))
	if to.Dx() > opt.Limits.Side || to.Dy() > opt.Limits.Side {
		return nil, leadglass.Errorf(leadglass.Limited, "render: a picture of %d by %d is over the limit side of %d", to.Dx(), to.Dy(), opt.Limits.Side)
	}
	if int64(to.Dx())*int64(to.Dy()) > int64(opt.Limits.Pixels) {
		return nil, leadglass.Errorf(leadglass.Limited, "render: a picture of %d by %d is over the limit pixels of %d", to.Dx(), to.Dy(), opt.Limits.Pixels)
	}
	out := scale(m, from, to)
	turnOver(out, flipX, flipY)
	return out, nil
}

// source is the part of the picture that is shown.
func source(b image.Rectangle, opt Options) (r image.Rectangle, flipX, flipY bool, err error) {
	w, h := float64(b.Dx()), float64(b.Dy())
	x0, y0, x1, y1 := 0.0, 0.0, w, h
	if s := opt.Source; s != [4]float64{} {
		x0, y0 = s[0], s[1]
		flipX, flipY = s[2] < 0, s[3] < 0
		if s[2] != 0 {
			x1 = x0 + math.Abs(s[2])
		}
		if s[3] != 0 {
			y1 = y0 + math.Abs(s[3])
		}
	}
	if s := opt.Region; s != [4]float64{} {
		x0, y0, x1, y1 = x0+s[0]*(x1-x0), y0+s[1]*(y1-y0), x0+s[2]*(x1-x0), y0+s[3]*(y1-y0)
	}
	bound := func(v, most float64) int { return int(math.Round(min(max(v, 0), most))) }
	if math.IsNaN(x0 + y0 + x1 + y1) {
		return r, false, false, leadglass.Errorf(leadglass.Invalid, "render: a region that is no number")
	}
	r = image.Rect(bound(x0, w), bound(y0, h), bound(x1, w), bound(y1, h))
	if r.Empty() {
		return r, false, false, leadglass.Errorf(leadglass.Invalid, "render: what is to be shown is outside of the image")
	}
	return r, flipX, flipY, nil
}

// scale makes a picture of the size of to; it is never the one it was made of.
// What is more than twice as large is first averaged: that is quicker, and no
// kernel has to be as wide.
func scale(m image.Image, from, to image.Rectangle) draw.Image {
	by := min(from.Dx()/(2*to.Dx()), from.Dy()/(2*to.Dy()))
	if by > 1 {
		m = shrink(m, from, by)
		from = m.Bounds()
	}
	_, isGrey := m.(*image.Gray)
	if from.Size() == to.Size() {
		var out draw.Image = image.NewRGBA(to)
		if isGrey {
			out = image.NewGray(to)
		}
		draw.Draw(out, to, m, from.Min, draw.Src)
		return out
	}
	out := image.NewRGBA(to)
	draw.CatmullRom.Scale(out, to, m, from, draw.Src, nil)
	if !isGrey {
		return out
	}
	g := image.NewGray(to)
	for i := range g.Pix {
		g.Pix[i] = out.Pix[4*i]
	}
	return g
}

// shrink averages squares of by times by pixels; what is over at the right and
// the bottom is left out.
func shrink(m image.Image, from image.Rectangle, by int) image.Image {
	to := image.Rect(0, 0, from.Dx()/by, from.Dy()/by)
	switch m := m.(type) {
	case *image.Gray:
		out := image.NewGray(to)
		average(out.Pix, out.Stride, m.Pix[m.PixOffset(from.Min.X, from.Min.Y):], m.Stride, to, by, 1)
		return out
	case *image.RGBA:
		out := image.NewRGBA(to)
		average(out.Pix, out.Stride, m.Pix[m.PixOffset(from.Min.X, from.Min.Y):], m.Stride, to, by, 4)
		return out
	}
	return m
}

func average(dst []uint8, dstStride int, src []uint8, srcStride int, to image.Rectangle, by, n int) {
	sums := make([]uint32, to.Dx()*n)
	for y := range to.Dy() {
		clear(sums)
		for k := range by {
			row := src[(y*by+k)*srcStride:]
			for x := range to.Dx() {
				for i := range by {
					for s := range n {
						sums[x*n+s] += uint32(row[(x*by+i)*n+s])
					}
				}
			}
		}
		for i, sum := range sums {
			dst[y*dstStride+i] = uint8((sum + uint32(by*by/2)) / uint32(by*by))
		}
	}
}

func turnOver(m draw.Image, x, y bool) {
	b := m.Bounds()
	swap := func(x0, y0, x1, y1 int) {
		a, c := m.At(x0, y0), m.At(x1, y1)
		m.Set(x0, y0, c)
		m.Set(x1, y1, a)
	}
	for j := 0; x && j < b.Dy(); j++ {
		for i := range b.Dx() / 2 {
			swap(i, j, b.Dx()-1-i, j)
		}
	}
	for j := 0; y && j < b.Dy()/2; j++ {
		for i := range b.Dx() {
			swap(i, j, i, b.Dy()-1-j)
		}
	}
}
