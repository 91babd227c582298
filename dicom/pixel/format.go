package pixel

import (
	"fmt"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// Photometric says what samples mean (PS3.3 section C.7.6.3.1.2).
type Photometric string

// The interpretations that are understood.
const (
	Monochrome1  Photometric = "MONOCHROME1" // the lowest value is white
	Monochrome2  Photometric = "MONOCHROME2" // the lowest value is black
	PaletteColor Photometric = "PALETTE COLOR"
	RGB          Photometric = "RGB"
	YBRFull      Photometric = "YBR_FULL"
	YBRFull422   Photometric = "YBR_FULL_422"
)

// Samples is how many samples a pixel has, 0 for an unknown interpretation.
func (p Photometric) Samples() int {
	switch p {
	case Monochrome1, Monochrome2, PaletteColor:
		return 1
	case RGB, YBRFull, YBRFull422:
		return 3
	}
	return 0
}

// Format is what an object says about its pixels (PS3.3 section C.7.6.3).
type Format struct {
	Rows, Columns int
	Frames        int
	Samples       int
	BitsAllocated int // 1, 8, 16 or 32
	BitsStored    int
	HighBit       int
	Signed        bool
	Planar        bool // the samples are in planes of their own
	Photometric   Photometric
}

// FormatOf reads the Image Pixel module.
func FormatOf(d *dicom.Dataset, lim Limits) (Format, error) {
	lim = lim.orDefault()
	f := Format{Photometric: Photometric(d.String(dict.PhotometricInterpretation)), Frames: 1}
	var ok [2]bool
	f.Rows, ok[0] = number(d, dict.Rows, 0)
	f.Columns, ok[1] = number(d, dict.Columns, 0)
	if !ok[0] || !ok[1] || f.Rows < 1 || f.Columns < 1 || f.Rows > 0xFFFF || f.Columns > 0xFFFF {
		return f, corrupt("no rows or columns")
	}
	if n, ok := d.Int(dict.NumberOfFrames); ok && n > 0 {
		if err := within("frames", n, lim.Frames); err != nil {
			return f, err
		}
		f.Frames = int(n)
	}
	f.Samples, _ = number(d, dict.SamplesPerPixel, max(1, f.Photometric.Samples()))
	planar, _ := number(d, dict.PlanarConfiguration, 0)
	f.Planar = planar == 1 && f.Samples > 1
	if err := within("pixels", int64(f.Rows)*int64(f.Columns), lim.Pixels); err != nil {
		return f, err
	}
	if err := f.cells(d); err != nil {
		return f, err
	}
	if err := f.colours(); err != nil {
		return f, err
	}
	return f, within("frame_bytes", f.bytes(), lim.FrameBytes)
}

// cells reads what a cell holds.
func (f *Format) cells(d *dicom.Dataset) error {
	signed, _ := number(d, dict.PixelRepresentation, 0)
	f.Signed = signed == 1
	f.BitsAllocated, _ = number(d, dict.BitsAllocated, 0)
	switch f.BitsAllocated {
	case 1:
		f.BitsStored, f.HighBit, f.Signed = 1, 0, false
		return nil
	case 8, 16, 32:
	default:
		return &UnsupportedFormat{fmt.Sprintf("cells of %d bits", f.BitsAllocated)}
	}
	f.BitsStored, _ = number(d, dict.BitsStored, f.BitsAllocated)
	f.HighBit, _ = number(d, dict.HighBit, f.BitsStored-1)
	if f.BitsStored < 1 || f.BitsStored > f.BitsAllocated || f.HighBit < f.BitsStored-1 || f.HighBit >= f.BitsAllocated {
		return corrupt("%d bits stored up to bit %d in cells of %d", f.BitsStored, f.HighBit, f.BitsAllocated)
	}
	return nil
}

// colours checks that samples and their meaning agree. An object that does not
// say what they mean has grey or RGB.
func (f *Format) colours() error {
	if f.Photometric == "" {
		f.Photometric = Monochrome2
		if f.Samples == 3 {
			f.Photometric = RGB
		}
	}
	switch n := f.Photometric.Samples(); {
	case n == 0:
		return &UnsupportedFormat{f.Photometric.named()}
	case n != f.Samples:
		return corrupt("%d samples a pixel of %s", f.Samples, f.Photometric)
	case n == 3 && f.BitsAllocated == 1:
		return &UnsupportedFormat{"colours of one bit"}
	}
	return nil
}

// named names an interpretation for an error, which shows nothing that an object
// may have in the place of one.
func (p Photometric) named() string {
	switch p {
	case "HSV", "ARGB", "CMYK", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "XYB":
		return "photometric interpretation " + string(p)
	}
	return "an unknown photometric interpretation"
}

// cell is how many bytes a sample has in a Frame.
func (f *Format) cell() int { return max(1, f.BitsAllocated/8) }

// pixels is how many a frame has.
func (f *Format) pixels() int { return f.Rows * f.Columns }

// bytes is how many a decoded frame has; it is computed before limits are known
// to hold and cannot overflow, with at most 2^32 pixels.
func (f *Format) bytes() int64 {
	return int64(f.Rows) * int64(f.Columns) * int64(f.Samples) * int64(f.cell())
}

// number reads an integer, def where there is none.
func number(d *dicom.Dataset, tag dicom.Tag, def int) (int, bool) {
	n, ok := d.Int(tag)
	if !ok || n < 0 || n > 1<<31-1 {
		return def, false
	}
	return int(n), true
}
