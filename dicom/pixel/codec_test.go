package pixel_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicom/pixel"
)

// noise are samples with steps of all sizes.
func noise(rows, columns, parts, precision int, seed uint64) []int64 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]int64, rows*columns*parts)
	for i := range out {
		out[i] = r.Int64N(1 << precision)
		if i >= parts && r.IntN(3) > 0 {
			out[i] = min(max(out[i-parts]+r.Int64N(5)-2, 0), 1<<precision-1)
		}
	}
	return out
}

type losslessForm struct {
	columns, rows, parts, precision int
	predictor, shift, restart       int
	separate                        bool // a scan for each component
}

// bitWriter writes the bits of a scan.
type bitWriter struct {
	out []byte
	acc uint64
	n   uint
}

func (w *bitWriter) bits(v uint64, n uint) {
	w.acc, w.n = w.acc<<n|v&(1<<n-1), w.n+n
	for w.n >= 8 {
		w.n -= 8
		c := byte(w.acc >> w.n)
		w.out = append(w.out, c)
		if c == 0xFF {
			w.out = append(w.out, 0)
		}
	}
}

func (w *bitWriter) flush() {
	if w.n > 0 {
		w.bits(1<<(8-w.n)-1, 8-w.n)
	}
}

// lengths gives the 17 categories of differences codes of 2 to 14 bits, so that
// both ways to look one up are used.
var lengths = []byte{0, 1, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0}

func segment(mark byte, body ...byte) []byte {
	return append([]byte{0xFF, mark, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

// encodeLossless is process 14 the other way round, written from T.81 annex H.
func encodeLossless(samples []int64, f losslessForm) []byte {
	out := []byte{0xFF, 0xD8}
	head := []byte{byte(f.precision), byte(f.rows >> 8), byte(f.rows), byte(f.columns >> 8), byte(f.columns), byte(f.parts)}
	for c := range f.parts {
		head = append(head, byte(c+1), 0x11, 0)
	}
	out = append(out, segment(0xC3, head...)...)
	table := append([]byte{0}, lengths...)
	for s := range 17 {
		table = append(table, byte(s))
	}
	out = append(out, segment(0xC4, table...)...)
	if f.restart > 0 {
		out = append(out, segment(0xDD, byte(f.restart>>8), byte(f.restart))...)
	}
	groups := [][]int{{}}
	for c := range f.parts {
		if f.separate {
			groups = append(groups[:c], []int{c})
		} else {
			groups[0] = append(groups[0], c)
		}
	}
	for _, g := range groups {
		out = append(out, encodeScan(samples, f, g)...)
	}
	return append(out, 0xFF, 0xD9)
}

func encodeScan(samples []int64, f losslessForm, parts []int) []byte {
	head := []byte{byte(len(parts))}
	for _, c := range parts {
		head = append(head, byte(c+1), 0)
	}
	w := &bitWriter{out: segment(0xDA, append(head, byte(f.predictor), 0, byte(f.shift))...)}
	at := func(y, x, c int) int64 { return samples[(y*f.columns+x)*f.parts+c] >> f.shift }
	fresh, restarts := 0, 0
	for y := range f.rows {
		for x := range f.columns {
			if i := y*f.columns + x; f.restart > 0 && i > 0 && i%f.restart == 0 {
				w.flush()
				w.out = append(w.out, 0xFF, 0xD0+byte(restarts%8))
				fresh, restarts = y, restarts+1
			}
			for _, c := range parts {
				var p int64
				switch {
				case y == fresh && x == 0:
					p = 1 << (f.precision - f.shift - 1)
				case y == fresh:
					p = at(y, x-1, c)
				case x == 0:
					p = at(y-1, 0, c)
				default:
					l, u, d := at(y, x-1, c), at(y-1, x, c), at(y-1, x-1, c)
					p = [8]int64{0, l, u, d, l + u - d, l + (u-d)>>1, u + (l-d)>>1, (l + u) >> 1}[f.predictor]
				}
				w.difference(int32(int16(at(y, x, c) - p)))
			}
		}
	}
	w.flush()
	return w.out
}

func (w *bitWriter) difference(d int32) {
	if d == -1<<15 {
		d = 1 << 15
	}
	s := uint(0)
	for v := max(d, -d); v > 0; v >>= 1 {
		s++
	}
	code, k := uint64(0), uint(0)
	for length, n := range lengths {
		if s < k+uint(n) {
			w.bits(code+uint64(s-k), uint(length+1))
			break
		}
		k += uint(n)
		code = (code + uint64(n)) << 1
	}
	if s > 0 && s < 16 {
		v := d
		if d < 0 {
			v = d - 1
		}
		w.bits(uint64(uint32(v)), s)
	}
}

func TestLossless(t *testing.T) {
	const rows, columns = 13, 17
	for predictor := 1; predictor <= 7; predictor++ {
		for _, precision := range []int{2, 7, 8, 9, 12, 15, 16} {
			for _, form := range []losslessForm{{parts: 1}, {parts: 3}, {parts: 3, separate: true}, {parts: 1, shift: 1}, {parts: 1, restart: columns}, {parts: 3, restart: 2 * columns}} {
				form.rows, form.columns, form.predictor, form.precision = rows, columns, predictor, precision
				cell, p := 8, pixel.Monochrome2
				if precision > 8 {
					cell = 16
				}
				if form.parts == 3 {
					p = pixel.RGB
				}
				want := noise(rows, columns, form.parts, precision, uint64(predictor))
				f, err := pixel.DecodeJPEG(encodeLossless(want, form), pixel.Format{
					Rows: rows, Columns: columns, Frames: 1, Samples: form.parts, BitsAllocated: cell, BitsStored: precision, HighBit: precision - 1, Photometric: p,
				})
				if err != nil {
					t.Fatalf("%+v: %v", form, err)
				}
				for i := range want {
					want[i] = want[i] >> form.shift << form.shift
				}
				if !equal(values(f), want...) {
					t.Errorf("%+v: differs", form)
				}
			}
		}
	}
}

// TestLossless_Signed: two's complement of 12 bits in cells of 16.
func TestLossless_Signed(t *testing.T) {
	want := noise(4, 4, 1, 12, 3)
	b := encodeLossless(want, losslessForm{rows: 4, columns: 4, parts: 1, precision: 12, predictor: 6})
	f, err := frame(t, file(t, module(4, 4, 1, 16, 12, 11, 1, pixel.Monochrome2), jpg, dicom.OB, nil, []byte{}, even(b)), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values(f) {
		w := want[i]
		if w >= 1<<11 {
			w -= 1 << 12
		}
		if v != w {
			t.Errorf("sample %d: got %d, want %d", i, v, w)
		}
	}
}

// TestJPEG_Prefixes: what ends too early is an error, never a picture.
func TestJPEG_Prefixes(t *testing.T) {
	whole := encodeLossless(noise(8, 8, 1, 12, 9), losslessForm{rows: 8, columns: 8, parts: 1, precision: 12, predictor: 4, restart: 16})
	f := pixel.Format{Rows: 8, Columns: 8, Frames: 1, Samples: 1, BitsAllocated: 16, BitsStored: 12, HighBit: 11, Photometric: pixel.Monochrome2}
	if _, err := pixel.DecodeJPEG(whole, f); err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) - 3 { // the last byte of the scan may be padding only
		if _, err := pixel.DecodeJPEG(whole[:n], f); err == nil {
			t.Errorf("%d of %d bytes: no error", n, len(whole))
		}
	}
}

func TestJPEG_Refuses(t *testing.T) {
	good := losslessForm{rows: 8, columns: 8, parts: 1, precision: 8, predictor: 1}
	whole := encodeLossless(noise(8, 8, 1, 8, 9), good)
	format := pixel.Format{Rows: 8, Columns: 8, Frames: 1, Samples: 1, BitsAllocated: 8, BitsStored: 8, HighBit: 7, Photometric: pixel.Monochrome2}
	changed := func(at int, v byte) []byte {
		b := append([]byte(nil), whole...)
		b[at] = v
		return b
	}
	within := good
	within.restart = 4
	for name, b := range map[string][]byte{
		"other_rows":      changed(8, 9),
		"no_rows":         changed(8, 0),
		"two_components":  changed(11, 2),
		"bits_12":         changed(6, 12),
		"bits_17":         changed(6, 17),
		"arithmetic":      changed(3, 0xCB),
		"restarts_within": encodeLossless(noise(8, 8, 1, 8, 9), within),
	} {
		if _, err := pixel.DecodeJPEG(b, format); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// encodeRLE packs segments, each with runs and literals.
func encodeRLE(segments ...[]byte) []byte {
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(segments)))
	var body []byte
	for _, s := range segments {
		head = binary.LittleEndian.AppendUint32(head, uint32(64+len(body)))
		for len(s) > 0 {
			n := 1
			for n < len(s) && n < 128 && s[n] == s[0] {
				n++
			}
			if n > 1 {
				body = append(body, byte(257-n), s[0])
			} else {
				body = append(body, 0, s[0])
			}
			s = s[n:]
		}
		if len(body)%2 == 1 {
			body = append(body, 0x80)
		}
	}
	return append(append(head, make([]byte, 64-len(head))...), body...)
}

func TestRLE(t *testing.T) {
	for _, tt := range []struct {
		samples, cell int
		segments      [][]byte
		want          []int64
	}{
		{1, 8, [][]byte{{1, 2, 2, 2}}, []int64{1, 2, 2, 2}},
		{1, 16, [][]byte{{1, 1, 0, 0}, {5, 6, 7, 8}}, []int64{0x105, 0x106, 7, 8}},
		{1, 32, [][]byte{{0, 0, 0, 0x80}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 4, 5, 6}}, []int64{0x10203, 0x10204, 0x10205, 0x80010206}},
		{3, 8, [][]byte{{1, 2, 3, 4}, {5, 5, 5, 5}, {6, 7, 8, 9}}, []int64{1, 5, 6, 2, 5, 7, 3, 5, 8, 4, 5, 9}},
	} {
		p := pixel.Monochrome2
		if tt.samples == 3 {
			p = pixel.RGB
		}
		d := module(2, 2, tt.samples, tt.cell, tt.cell, tt.cell-1, 0, p)
		f, err := frame(t, file(t, d, rle, dicom.OB, nil, []byte{}, encodeRLE(tt.segments...)), 1)
		if err != nil {
			t.Errorf("%d samples of %d bits: %v", tt.samples, tt.cell, err)
		} else if got := values(f); !equal(got, tt.want...) {
			t.Errorf("%d samples of %d bits: got %x, want %x", tt.samples, tt.cell, got, tt.want)
		}
	}
}

func TestRLE_Refuses(t *testing.T) {
	format := pixel.Format{Rows: 2, Columns: 2, Frames: 1, Samples: 1, BitsAllocated: 16, BitsStored: 16, HighBit: 15, Photometric: pixel.Monochrome2}
	whole := encodeRLE([]byte{1, 2, 3, 4}, []byte{5, 6, 7, 8})
	for n := range whole {
		if _, err := pixel.DecodeRLE(whole[:n], format); err == nil {
			t.Errorf("%d of %d bytes: no error", n, len(whole))
		}
	}
	var broken *pixel.CorruptError
	for _, at := range []int{0, 4, 8} { // the count, then each offset
		b := append([]byte(nil), whole...)
		b[at+3] = 0x80
		if _, err := pixel.DecodeRLE(b, format); !errors.As(err, &broken) {
			t.Errorf("byte %d: got %v", at+3, err)
		}
	}
	if _, err := pixel.DecodeRLE(append(whole[:len(whole)-2], 0x80, 0x80), format); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("nothing but no-operations: got %v", err)
	}
}

// lut is a module of palettes.
func lut(t testing.TB, descriptor [3]uint16, data dicom.Tag, value []byte) *dicom.Dataset {
	d := new(dicom.Dataset)
	for i := range dicom.Tag(3) {
		d.SetUint16(dict.RedPaletteColorLookupTableDescriptor+i, descriptor[:]...)
		d.Set(dicom.Element{Tag: data + i, VR: dicom.OW, Value: value})
	}
	return d
}

func TestPalette(t *testing.T) {
	const whole, segmented = dict.RedPaletteColorLookupTableData, dict.SegmentedRedPaletteColorLookupTableData
	for _, tt := range []struct {
		name       string
		descriptor [3]uint16
		data       dicom.Tag
		value      string
		want       string
	}{
		{"bytes", [3]uint16{4, 0, 8}, whole, "00 01 80 FF", "[0 257 32896 65535]"},
		{"bytes_in_words", [3]uint16{4, 0, 8}, whole, "0000 0100 8000 FF00", "[0 257 32896 65535]"},
		{"words", [3]uint16{2, 0, 16}, whole, "0001 FFFF", "[256 65535]"},
		{"words_of_bytes", [3]uint16{2, 0, 16}, whole, "0100 FF00", "[257 65535]"},
		{"segments", [3]uint16{5, 0, 16}, segmented, "0000 0200 0010 0020 0100 0300 0050", "[4096 8192 12288 16384 20480]"},
		{"repeated", [3]uint16{4, 0, 16}, segmented, "0000 0200 0010 0020 0200 0100 0000 0000", "[4096 8192 4096 8192]"},
		{"segments_of_bytes", [3]uint16{4, 0, 8}, segmented, "00 02 00 FF 01 02 FD 00", "[0 65535 65278 65021]"},
	} {
		p, err := pixel.PaletteOf(lut(t, tt.descriptor, tt.data, unhex(t, tt.value)))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if got := fmt.Sprint(p.Blue.Entries); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	p, err := pixel.PaletteOf(lut(t, [3]uint16{2, 10, 16}, whole, unhex(t, "0001 FFFF")))
	if err != nil {
		t.Fatal(err)
	}
	for v, want := range map[int64]uint16{-5: 256, 10: 256, 11: 65535, 1 << 40: 65535} {
		if got := p.Red.At(v); got != want {
			t.Errorf("at %d: got %d, want %d", v, got, want)
		}
	}
	for name, d := range map[string]*dicom.Dataset{
		"short":          lut(t, [3]uint16{4, 0, 16}, whole, make([]byte, 6)),
		"of_65536_short": lut(t, [3]uint16{0, 0, 16}, whole, make([]byte, 6)),
		"bits":           lut(t, [3]uint16{4, 0, 17}, whole, make([]byte, 8)),
		"line_first":     lut(t, [3]uint16{4, 0, 16}, segmented, unhex(t, "0100 0400 0050")),
		"kind":           lut(t, [3]uint16{4, 0, 16}, segmented, unhex(t, "0300 0400 0050")),
		"past_the_end":   lut(t, [3]uint16{4, 0, 16}, segmented, unhex(t, "0200 0100 FF00 0000")),
		"to_itself":      lut(t, [3]uint16{4, 0, 16}, segmented, unhex(t, "0200 0100 0000 0000")),
		"none":           new(dicom.Dataset),
	} {
		if _, err := pixel.PaletteOf(d); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestLimit_Segments: a table may not repeat nothing without end.
func TestLimit_Segments(t *testing.T) {
	table := func(empty int) *dicom.Dataset {
		b := make([]byte, 0, 6*empty+8)
		for range empty {
			b = append(b, 0, 0, 0, 0)
		}
		b = append(b, 0, 0, 2, 0, 1, 1, 2, 2)
		return lut(t, [3]uint16{2, 0, 16}, dict.SegmentedRedPaletteColorLookupTableData, b)
	}
	if _, err := pixel.PaletteOf(table(1<<16 - 1)); err != nil {
		t.Error(err)
	}
	var over *pixel.LimitError
	if _, err := pixel.PaletteOf(table(1 << 16)); !errors.As(err, &over) || over.Name != "segments" {
		t.Errorf("got %v", err)
	}
}

// TestYBR: the values of PS3.3 section C.7.6.3.1.2.
func TestYBR(t *testing.T) {
	d := module(1, 3, 3, 8, 8, 7, 0, pixel.YBRFull)
	f, err := frame(t, file(t, d, explicit, dicom.OB, []byte{76, 85, 255, 128, 128, 128, 29, 255, 107, 0}), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ToRGB(); err != nil {
		t.Fatal(err)
	}
	if got := values(f); !equal(got, 254, 0, 0, 128, 128, 128, 0, 0, 254) || f.Photometric != pixel.RGB {
		t.Errorf("got %d of %s", got, f.Photometric)
	}
}
