package pixel_test

import (
	"bytes"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicom/pixel"
)

// fuzzFormat makes a format of few pixels of two bytes.
func fuzzFormat(a, b uint8) pixel.Format {
	f := pixel.Format{Rows: int(a%16) + 1, Columns: int(a/16) + 1, Frames: 1, Samples: 1, Photometric: pixel.Monochrome2, Signed: b&4 != 0}
	f.BitsAllocated = []int{8, 16, 32, 1}[b%4]
	f.BitsStored = f.BitsAllocated - int(b>>5)%f.BitsAllocated
	f.HighBit = f.BitsStored - 1
	if b&8 != 0 && f.BitsAllocated > 1 {
		f.Samples, f.Photometric = 3, pixel.YBRFull
	}
	return f
}

// check says what holds of every decoded frame.
func check(t *testing.T, f *pixel.Frame) {
	t.Helper()
	if len(f.Data) != f.Rows*f.Columns*f.Samples*f.Cell {
		t.Fatalf("%d bytes of %d by %d by %d by %d", len(f.Data), f.Rows, f.Columns, f.Samples, f.Cell)
	}
	lo, hi := int64(0), int64(1)<<f.Bits-1
	if f.Signed {
		lo, hi = -1<<(f.Bits-1), 1<<(f.Bits-1)-1
	}
	for i := range f.Rows * f.Columns * f.Samples {
		if v := f.Sample(i); v < lo || v > hi {
			t.Fatalf("sample %d is %d, of %d bits", i, v, f.Bits)
		}
	}
}

func FuzzDecodeRLE(f *testing.F) {
	f.Add(uint8(0x11), uint8(1), encodeRLE([]byte{1, 1, 0, 0}, []byte{5, 6, 7, 8}))
	f.Add(uint8(0x11), uint8(8), encodeRLE([]byte{1, 2, 3, 4}, []byte{5, 5, 5, 5}, []byte{6, 7, 8, 9}))
	f.Fuzz(func(t *testing.T, a, b uint8, data []byte) {
		if fr, err := pixel.DecodeRLE(data, fuzzFormat(a, b)); err == nil {
			check(t, fr)
		}
	})
}

func FuzzDecodeJPEG(f *testing.F) {
	for p := 1; p <= 7; p++ {
		f.Add(uint8(0x77), uint8(0), encodeLossless(noise(8, 8, 1, 8, 1), losslessForm{rows: 8, columns: 8, parts: 1, precision: 8, predictor: p}))
		f.Add(uint8(0x77), uint8(1), encodeLossless(noise(8, 8, 1, 16, 1), losslessForm{rows: 8, columns: 8, parts: 1, precision: 16, predictor: p, restart: 16}))
	}
	f.Add(uint8(0x77), uint8(8), encodeLossless(noise(8, 8, 3, 8, 1), losslessForm{rows: 8, columns: 8, parts: 3, precision: 8, predictor: 7}))
	f.Add(uint8(0x77), uint8(8), encodeLossless(noise(8, 8, 3, 8, 1), losslessForm{rows: 8, columns: 8, parts: 3, precision: 8, predictor: 2, separate: true}))
	f.Add(uint8(0x77), uint8(0), encodeBaseline(false))
	f.Add(uint8(0x77), uint8(8), encodeBaseline(true))
	f.Add(uint8(0x77), uint8(0x81), encodeExtended())
	f.Fuzz(func(t *testing.T, a, b uint8, data []byte) {
		if fr, err := pixel.DecodeJPEG(data, fuzzFormat(a, b)); err == nil {
			check(t, fr)
			_ = fr.ToRGB()
		}
	})
}

// FuzzOpen: whole files, of which every frame is asked for.
func FuzzOpen(f *testing.F) {
	d := module(2, 2, 1, 8, 8, 7, 0, pixel.Monochrome2)
	d.SetString(dict.NumberOfFrames, "2")
	f.Add(file(f, d, explicit, dicom.OB, make([]byte, 8)))
	f.Add(file(f, d, bigEnd, dicom.OW, make([]byte, 8)))
	f.Add(file(f, d, deflated, dicom.OW, make([]byte, 8)))
	f.Add(file(f, d, line, dicom.OB, nil, offsets(4, 0, 12), make([]byte, 4), make([]byte, 4)))
	f.Add(file(f, d, rle, dicom.OB, nil, []byte{}, encodeRLE([]byte{1, 2, 3, 4}), encodeRLE([]byte{1, 1, 1, 1})))
	d.Set(dicom.Element{Tag: dict.ExtendedOffsetTable, VR: dicom.OV, Value: offsets(8, 0, 12)})
	f.Add(file(f, d, line, dicom.OB, nil, []byte{}, make([]byte, 4), make([]byte, 4)))
	f.Add(file(f, module(8, 8, 1, 16, 12, 11, 0, pixel.Monochrome2), jpg, dicom.OB, nil, []byte{}, even(encodeExtended())))
	f.Fuzz(func(t *testing.T, b []byte) {
		im, err := pixel.Open(bytes.NewReader(b), int64(len(b)), pixel.Limits{Pixels: 1 << 12, FrameBytes: 1 << 16, Header: dicom.Limits{ElementBytes: 1 << 16, DatasetBytes: 1 << 16, InflatedBytes: 1 << 17, Elements: 1 << 10}})
		if err != nil {
			return
		}
		for n := range min(im.Format.Frames, 8) {
			if fr, err := im.Frame(n + 1); err == nil {
				check(t, fr)
			}
		}
		_, _ = pixel.PaletteOf(im.Header)
	})
}

func FuzzPaletteOf(f *testing.F) {
	f.Add(uint16(5), uint16(0), uint16(16), true, unhex(f, "0000 0200 0010 0020 0100 0300 0050"))
	f.Add(uint16(4), uint16(0), uint16(16), true, unhex(f, "0000 0200 0010 0020 0200 0100 0000 0000"))
	f.Add(uint16(4), uint16(0), uint16(8), false, unhex(f, "00 01 80 FF"))
	f.Fuzz(func(t *testing.T, n, first, bits uint16, segmented bool, value []byte) {
		tag := dicom.Tag(dict.RedPaletteColorLookupTableData)
		if segmented {
			tag = dict.SegmentedRedPaletteColorLookupTableData
		}
		p, err := pixel.PaletteOf(lut(t, [3]uint16{n, first, bits}, tag, value))
		if err == nil {
			p.Red.At(-1)
			p.Green.At(1 << 20)
		}
	})
}
