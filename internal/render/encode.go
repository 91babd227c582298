package render

import (
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/leadglass/leadglass"
)

// MediaType is what a picture is written as.
type MediaType string

// The media types of pictures.
const (
	JPEG MediaType = "image/jpeg"
	PNG  MediaType = "image/png"
)

// DefaultQuality is that of a JPEG whose quality nobody asked for: reading is
// done from the originals.
const DefaultQuality = 90

// Encode writes a picture; the quality, from 1 to 100, is for JPEG, 0 is the
// default.
func Encode(w io.Writer, m image.Image, t MediaType, quality int) error {
	var err error
	switch t {
	case PNG:
		e := png.Encoder{CompressionLevel: png.BestSpeed} // the default takes thrice the time to save a tenth
		err = e.Encode(w, m)
	case JPEG:
		if quality <= 0 {
			quality = DefaultQuality
		}
		err = jpeg.Encode(w, m, &jpeg.Options{Quality: min(quality, 100)})
	default:
		return leadglass.Errorf(leadglass.Unsupported, "render: pictures are not written as %q", t)
	}
	if err != nil {
		return fmt.Errorf("render: writing a picture: %w", err)
	}
	return nil
}
