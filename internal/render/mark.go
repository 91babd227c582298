package render

import (
	"image"
	"image/color"
	"image/draw"

	ximage "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// A mark is repeated, so that no part of a picture that shows much is without one.
const (
	markEvery = 6   // one line of marks in that many lines' height
	markAlpha = 110 // of 255: what is under it can still be read
	markWidth = 768 // pixels of width from which on letters are twice as large
)

// Mark writes a text all over a picture: who it was shown to, and when. It is
// ASCII; other characters are shown as boxes.
func Mark(m image.Image, text string) image.Image {
	out := image.NewRGBA(m.Bounds())
	draw.Draw(out, out.Bounds(), m, m.Bounds().Min, draw.Src)
	stamp := stampOf(text, 1+m.Bounds().Dx()/markWidth)
	b, s := out.Bounds(), stamp.Bounds()
	for line, y := 0, b.Min.Y; y < b.Max.Y; line, y = line+1, y+s.Dy()*markEvery {
		shift := line % 2 * s.Dx() / 2
		for x := b.Min.X - shift; x < b.Max.X; x += s.Dx() {
			draw.Draw(out, s.Add(image.Pt(x, y)), stamp, image.Point{}, draw.Over)
		}
	}
	return out
}

// stampOf is the text in letters of that size, light on a dark edge.
func stampOf(text string, size int) *image.RGBA {
	face := basicfont.Face7x13
	small := image.NewRGBA(image.Rect(0, 0, font.MeasureString(face, text+"   ").Ceil(), face.Height+2))
	for _, layer := range []struct {
		x, y int
		c    color.NRGBA
	}{{1, 1, color.NRGBA{0, 0, 0, markAlpha}}, {0, 0, color.NRGBA{255, 255, 255, markAlpha}}} {
		d := font.Drawer{Dst: small, Src: image.NewUniform(layer.c), Face: face, Dot: fixed.P(layer.x, layer.y+face.Ascent)}
		d.DrawString(text)
	}
	if size <= 1 {
		return small
	}
	large := image.NewRGBA(image.Rect(0, 0, small.Bounds().Dx()*size, small.Bounds().Dy()*size))
	ximage.NearestNeighbor.Scale(large, large.Bounds(), small, small.Bounds(), draw.Src, nil)
	return large
}
