package render

import (
	"context"
	"errors"
	"image"
	"io"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicom/pixel"
)

// Options say how to render.
type Options struct {
	Frame int // from 1; 0 is the one that stands for the object
	// Width and Height are the viewport that the picture fits in; 0 for one pixel
	// for each of the object.
	Width, Height int
	// Source is x, y, width and height of what is shown, in pixels of the object; a
	// width or height below 0 turns it over, 0 is all there is.
	Source [4]float64
	// Region is left, top, right and bottom of what is shown, from 0 to 1; all 0 for
	// everything.
	Region [4]float64
	Window Window
	// Thumbnail makes a picture of DefaultThumbnail if no viewport is set.
	Thumbnail bool
	Limits    Limits
}

// Limits bounds what an object or a request can make this package do. The zero
// value is the safe default; a negative value switches a limit off.
type Limits struct {
	Pixel  pixel.Limits
	Side   int // rows or columns of a picture
	Pixels int // of a picture
}

const (
	// DefaultThumbnail is the side of a thumbnail: what viewers show in lists.
	DefaultThumbnail = 128
	// The largest picture that a viewport can ask for; stitched radiographs have
	// 10,000 rows, which a JPEG can hold and a screen cannot.
	defaultSide = 1 << 14
	// As pixel's own for a frame.
	defaultPixels = 1 << 26
	// Pixels that are longer than that by their spacing are a mistake in it.
	maxAspect = 16
)

func (l Limits) orDefault() Limits {
	def := func(n, d int) int {
		switch {
		case n == 0:
			return d
		case n < 0:
			return 1 << 30
		}
		return n
	}
	l.Side, l.Pixels = def(l.Side, defaultSide), def(l.Pixels, defaultPixels)
	return l
}

// Frame renders a frame of a PS3.10 file of size bytes.
func Frame(ctx context.Context, c io.ReaderAt, size int64, opt Options) (image.Image, error) {
	opt.Limits = opt.Limits.orDefault()
	im, err := pixel.Open(c, size, opt.Limits.Pixel)
	if err != nil {
		return nil, coded(err)
	}
	n := opt.Frame
	if n == 0 {
		n = representative(im)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := im.Frame(n)
	if err != nil {
		return nil, coded(err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m, err := picture(im.Header, f, n, opt.Window)
	if err != nil {
		return nil, coded(err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return fit(m, aspectOf(im.Header, n), opt)
}

// representative is the frame that stands for all (PS3.3 section C.7.6.6.1.1),
// else the first.
func representative(im *pixel.Image) int {
	if n, ok := im.Header.Int(dict.RepresentativeFrameNumber); ok && n > 0 && n <= int64(im.Format.Frames) {
		return int(n)
	}
	return 1
}

// coded gives an error of the pixels its code.
func coded(err error) error {
	var (
		syntax *pixel.UnsupportedSyntax
		format *pixel.UnsupportedFormat
		over   *pixel.LimitError
		header *dicom.LimitError
		broken *pixel.CorruptError
		bytes  *dicom.SyntaxError
	)
	switch {
	case errors.Is(err, pixel.ErrNoFrame):
		return leadglass.Errorf(leadglass.NotFound, "render: %w", err)
	case errors.Is(err, pixel.ErrNoPixels), errors.As(err, &syntax), errors.As(err, &format):
		return leadglass.Errorf(leadglass.Unsupported, "render: %w", err)
	case errors.As(err, &over), errors.As(err, &header):
		return leadglass.Errorf(leadglass.Limited, "render: %w", err)
	case errors.As(err, &broken), errors.As(err, &bytes):
		return leadglass.Errorf(leadglass.Invalid, "render: %w", err)
	}
	return leadglass.Errorf(leadglass.Internal, "render: %w", err)
}
