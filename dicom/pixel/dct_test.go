package pixel_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/pixel"
)

// encodeBaseline makes a JPEG of 8 by 8 in one colour.
func encodeBaseline(colour bool) []byte {
	var b bytes.Buffer
	var m image.Image = image.NewGray(image.Rect(0, 0, 8, 8))
	if colour {
		c := image.NewRGBA(image.Rect(0, 0, 8, 8))
		for i := range 64 {
			c.Set(i%8, i/8, color.RGBA{200, 100, 50, 255})
		}
		m = c
	} else {
		for i := range 64 {
			m.(*image.Gray).Pix[i] = 77
		}
	}
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// encodeExtended is one block of 12 bits: DC 10 by 16 makes 2048 + 10*16/8, and
// one coefficient across the columns makes a wave.
func encodeExtended() []byte {
	out := append([]byte{0xFF, 0xD8}, segment(0xC1, 12, 0, 8, 0, 8, 1, 1, 0x11, 0)...)
	quant := []byte{0}
	for range 64 {
		quant = append(quant, 16)
	}
	out = append(out, segment(0xDB, quant...)...)
	counts := make([]byte, 16)
	counts[1] = 2 // two codes of two bits, 00 and 01
	out = append(out, segment(0xC4, append(append([]byte{0x00}, counts...), 0, 4)...)...)
	out = append(out, segment(0xC4, append(append([]byte{0x10}, counts...), 0x00, 0x03)...)...)
	w := &bitWriter{out: append(out, segment(0xDA, 1, 1, 0, 0, 63, 0)...)}
	w.bits(1, 2) // DC of 4 bits
	w.bits(10, 4)
	w.bits(1, 2) // no run, 3 bits
	w.bits(5, 3)
	w.bits(0, 2) // end of block
	w.flush()
	return append(w.out, 0xFF, 0xD9)
}

func TestExtended(t *testing.T) {
	f, err := frame(t, file(t, module(8, 8, 1, 16, 12, 11, 0, pixel.Monochrome2), jpg, dicom.OB, nil, []byte{}, even(encodeExtended())), 1)
	if err != nil {
		t.Fatal(err)
	}
	// 80 / 8 * sqrt(2) * cos((2x+1) pi/16) around 2048 + 20.
	row := []int64{2082, 2080, 2076, 2071, 2065, 2060, 2056, 2054}
	got := values(f)
	for i, v := range got {
		if v != row[i%8] {
			t.Fatalf("sample %d: got %d, want %d", i, v, row[i%8])
		}
	}
}

func TestBaseline(t *testing.T) {
	const uid = "1.2.840.10008.1.2.4.50"
	f, err := frame(t, file(t, module(8, 8, 1, 8, 8, 7, 0, pixel.Monochrome2), uid, dicom.OB, nil, []byte{}, even(encodeBaseline(false))), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values(f) {
		if v != 77 {
			t.Fatalf("grey %d: got %d", i, v)
		}
	}
	for _, p := range []pixel.Photometric{pixel.YBRFull422, pixel.YBRFull, pixel.RGB} { // the last is wrong of halved colour
		f, err := frame(t, file(t, module(8, 8, 3, 8, 8, 7, 0, p), uid, dicom.OB, nil, []byte{}, even(encodeBaseline(true))), 1)
		if err != nil {
			t.Fatal(err)
		}
		if f.Photometric != pixel.YBRFull {
			t.Errorf("%s: got %s", p, f.Photometric)
		}
		if err := f.ToRGB(); err != nil {
			t.Fatal(err)
		}
		for i, want := range []int64{200, 100, 50} {
			if v := f.Sample(3*30 + i); v < want-1 || v > want+1 {
				t.Errorf("%s: sample %d is %d, want %d", p, i, v, want)
			}
		}
	}
}

func BenchmarkLossless(b *testing.B) {
	form := losslessForm{rows: 512, columns: 512, parts: 1, precision: 12, predictor: 1}
	smooth := make([]int64, 512*512)
	for i := range smooth {
		smooth[i] = int64((i/512*3+i%512*5)%4096+i*7%13) % 4096
	}
	data := encodeLossless(smooth, form)
	f := pixel.Format{Rows: 512, Columns: 512, Frames: 1, Samples: 1, BitsAllocated: 16, BitsStored: 12, HighBit: 11, Photometric: pixel.Monochrome2}
	b.SetBytes(512 * 512 * 2)
	for b.Loop() {
		if _, err := pixel.DecodeJPEG(data, f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRLE(b *testing.B) {
	data := encodeRLE(make([]byte, 512*512), make([]byte, 512*512))
	f := pixel.Format{Rows: 512, Columns: 512, Frames: 1, Samples: 1, BitsAllocated: 16, BitsStored: 16, HighBit: 15, Photometric: pixel.Monochrome2}
	b.SetBytes(512 * 512 * 2)
	for b.Loop() {
		if _, err := pixel.DecodeRLE(data, f); err != nil {
			b.Fatal(err)
		}
	}
}
