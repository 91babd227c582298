package pixel

import (
	"fmt"
	"math"

	"github.com/leadglass/leadglass/dicom"
)

// Limits bounds what an object can make a reader of frames do. The zero value is
// the safe default; a negative value switches a limit off.
type Limits struct {
	Pixels     int64 // rows times columns of a frame
	Frames     int64
	FrameBytes int64 // of a frame, as it is decoded and as it is stored
	Fragments  int64 // items of encapsulated pixel data
	Ratio      int64 // bytes of a decoded frame for each of the compressed one
	// Header is for the data set before the pixel data.
	Header dicom.Limits
}

// The defaults. The standard's own bounds are 65,535 rows and columns, and 2^31
// frames.
const (
	// Mammograms have 20 million pixels, stitched radiographs 50.
	defaultPixels = 1 << 26
	// Whole slide images and long ultrasound loops stay below 100,000.
	defaultFrames = 1 << 20
	// All the pixels above in 32 bits, or in colour.
	defaultFrameBytes = 256 << 20
	// As many as frames.
	defaultFragments = 1 << 20
	// Blank images: RLE packs at most 64:1, lossless JPEG 16:1, JPEG with
	// halved colour 512:1.
	defaultRatio = 1 << 10
	// Per-frame functional groups of 10,000 frames have about 20 MiB.
	defaultHeaderBytes = 64 << 20
)

// LimitError says which limit an object crossed.
type LimitError struct {
	Name  string // as "frame_bytes"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("pixel: over the limit %s of %d", e.Name, e.Limit)
}

func (l Limits) orDefault() Limits {
	if l.Header.ElementBytes == 0 {
		l.Header.ElementBytes = defaultHeaderBytes
	}
	if l.Header.DatasetBytes == 0 {
		l.Header.DatasetBytes = defaultHeaderBytes
	}
	return Limits{
		Pixels:     inForce(l.Pixels, defaultPixels),
		Frames:     inForce(l.Frames, defaultFrames),
		FrameBytes: inForce(l.FrameBytes, defaultFrameBytes),
		Fragments:  inForce(l.Fragments, defaultFragments),
		Ratio:      inForce(l.Ratio, defaultRatio),
		Header:     l.Header,
	}
}

func inForce(n, def int64) int64 {
	switch {
	case n == 0:
		return def
	case n < 0:
		return math.MaxInt64
	}
	return n
}

// within says whether n keeps a limit.
func within(name string, n, limit int64) error {
	if n > limit {
		return &LimitError{name, limit}
	}
	return nil
}
