package pixel_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicom/pixel"
)

const (
	rle  = dicom.UID("1.2.840.10008.1.2.5")
	jpg  = dicom.UID("1.2.840.10008.1.2.4.70")
	line = dicom.UID("1.2.840.10008.1.2.1.98")
)

// module is an Image Pixel module.
func module(rows, columns, samples, allocated, stored, high, signed int, p pixel.Photometric) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(dict.SOPClassUID, dict.SecondaryCaptureImageStorage)
	d.SetString(dict.SOPInstanceUID, "1.2.3")
	d.SetUint16(dict.Rows, uint16(rows))
	d.SetUint16(dict.Columns, uint16(columns))
	d.SetUint16(dict.SamplesPerPixel, uint16(samples))
	d.SetUint16(dict.BitsAllocated, uint16(allocated))
	d.SetUint16(dict.BitsStored, uint16(stored))
	d.SetUint16(dict.HighBit, uint16(high))
	d.SetUint16(dict.PixelRepresentation, uint16(signed))
	d.SetString(dict.PhotometricInterpretation, string(p))
	return d
}

// file is a PS3.10 file of a data set with pixel data.
func file(t testing.TB, d *dicom.Dataset, syntax dicom.UID, vr dicom.VR, value []byte, fragments ...[]byte) []byte {
	t.Helper()
	e := dicom.Element{Tag: dicom.PixelData, VR: vr, Value: value}
	if fragments != nil {
		e.Fragments = fragments
	}
	d.Set(e)
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.SyntaxOf(syntax)}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, b []byte, lim pixel.Limits) (*pixel.Image, error) {
	t.Helper()
	return pixel.Open(bytes.NewReader(b), int64(len(b)), lim)
}

// frame opens and decodes.
func frame(t testing.TB, b []byte, n int) (*pixel.Frame, error) {
	t.Helper()
	im, err := open(t, b, pixel.Limits{})
	if err != nil {
		return nil, err
	}
	return im.Frame(n)
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// values are all samples of a frame.
func values(f *pixel.Frame) (all []int64) {
	for i := range f.Rows * f.Columns * f.Samples {
		all = append(all, f.Sample(i))
	}
	return all
}

func equal(a []int64, b ...int64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

const (
	implicit = dicom.UID("1.2.840.10008.1.2")
	explicit = dicom.UID("1.2.840.10008.1.2.1")
	bigEnd   = dicom.UID("1.2.840.10008.1.2.2")
	deflated = dicom.UID("1.2.840.10008.1.2.1.99")
)

func TestNative(t *testing.T) {
	tests := []struct {
		name   string
		d      *dicom.Dataset
		planar bool
		frames string
		vr     dicom.VR
		value  string
		n      int
		want   []int64
	}{
		{"unsigned_12", module(1, 2, 1, 16, 12, 11, 0, pixel.Monochrome2), false, "", dicom.OW, "34F2 FF0F", 1, []int64{0x234, 0xFFF}},
		{"signed_12", module(1, 2, 1, 16, 12, 11, 1, pixel.Monochrome2), false, "", dicom.OW, "CEFF FF07", 1, []int64{-50, 0x7FF}},
		{"high_bit", module(1, 2, 1, 16, 12, 15, 1, pixel.Monochrome2), false, "", dicom.OW, "4023 F0FF", 1, []int64{0x234, -1}},
		{"signed_8", module(1, 2, 1, 8, 8, 7, 1, pixel.Monochrome2), false, "", dicom.OB, "FF7F", 1, []int64{-1, 127}},
		{"signed_6_of_8", module(1, 2, 1, 8, 6, 5, 1, pixel.Monochrome2), false, "", dicom.OB, "FF1F", 1, []int64{-1, 31}},
		{"unsigned_32", module(1, 1, 1, 32, 32, 31, 0, pixel.Monochrome2), false, "", dicom.OW, "010000FF", 1, []int64{0xFF000001}},
		{"signed_32", module(1, 1, 1, 32, 32, 31, 1, pixel.Monochrome2), false, "", dicom.OW, "FEFFFFFF", 1, []int64{-2}},
		{"second_frame", module(1, 2, 1, 8, 8, 7, 0, pixel.Monochrome2), false, "2", dicom.OB, "01020304", 2, []int64{3, 4}},
		{"odd_frames", module(1, 3, 1, 8, 8, 7, 0, pixel.Monochrome2), false, "3", dicom.OW, "01020304050607080900", 2, []int64{4, 5, 6}},
		{"bits", module(1, 10, 1, 1, 1, 0, 0, pixel.Monochrome2), false, "", dicom.OB, "0503", 1, []int64{1, 0, 1, 0, 0, 0, 0, 0, 1, 1}},
		{"bits_second_frame", module(1, 3, 1, 1, 1, 0, 0, pixel.Monochrome2), false, "2", dicom.OB, "2800", 2, []int64{1, 0, 1}},
		{"rgb", module(1, 2, 3, 8, 8, 7, 0, pixel.RGB), false, "", dicom.OB, "010203040506", 1, []int64{1, 2, 3, 4, 5, 6}},
		{"rgb_planes", module(1, 2, 3, 8, 8, 7, 0, pixel.RGB), true, "", dicom.OB, "010203040506", 1, []int64{1, 3, 5, 2, 4, 6}},
		{"rgb_16_planes", module(1, 2, 3, 16, 16, 15, 0, pixel.RGB), true, "", dicom.OW, "010002000300040005000600", 1, []int64{1, 3, 5, 2, 4, 6}},
		{"ybr_422", module(1, 2, 3, 8, 8, 7, 0, pixel.YBRFull422), false, "", dicom.OB, "01020304", 1, []int64{1, 3, 4, 2, 3, 4}},
	}
	for _, tt := range tests {
		for _, syntax := range []dicom.UID{implicit, explicit, bigEnd, deflated} {
			t.Run(tt.name+"_"+string(syntax), func(t *testing.T) {
				if tt.planar {
					tt.d.SetUint16(dict.PlanarConfiguration, 1)
				}
				if tt.frames != "" {
					tt.d.SetString(dict.NumberOfFrames, tt.frames)
				}
				if syntax == bigEnd && tt.d.String(dict.BitsAllocated) == "32" {
					t.Skip("Write turns words, and cells of 32 bits are turned as a whole: see TestPydicom")
				}
				f, err := frame(t, file(t, tt.d, syntax, tt.vr, unhex(t, tt.value)), tt.n)
				if err != nil {
					t.Fatal(err)
				}
				if got := values(f); !equal(got, tt.want...) {
					t.Errorf("got %d, want %d", got, tt.want)
				}
			})
		}
	}
}

func TestNative_Short(t *testing.T) {
	d := module(2, 2, 1, 16, 16, 15, 0, pixel.Monochrome2)
	d.SetString(dict.NumberOfFrames, "2")
	whole := file(t, d, explicit, dicom.OW, make([]byte, 16))
	for _, tt := range []struct {
		b    []byte
		n    int
		want error
	}{
		{whole, 2, nil},
		{whole, 3, pixel.ErrNoFrame},
		{whole, 0, pixel.ErrNoFrame},
		{whole[:len(whole)-1], 1, nil},
		{whole[:len(whole)-1], 2, io.ErrUnexpectedEOF},
		{file(t, d, explicit, dicom.OW, make([]byte, 14)), 1, nil},
		{file(t, d, explicit, dicom.OW, make([]byte, 14)), 2, io.ErrUnexpectedEOF},
		{file(t, d, deflated, dicom.OW, make([]byte, 14)), 2, io.ErrUnexpectedEOF},
	} {
		if _, err := frame(t, tt.b, tt.n); !errors.Is(err, tt.want) {
			t.Errorf("frame %d of %d bytes: got %v, want %v", tt.n, len(tt.b), err, tt.want)
		}
	}
}

func TestOpen_Refuses(t *testing.T) {
	ok := func() *dicom.Dataset { return module(1, 2, 1, 8, 8, 7, 0, pixel.Monochrome2) }
	change := func(tag dicom.Tag, v uint16) *dicom.Dataset {
		d := ok()
		d.SetUint16(tag, v)
		return d
	}
	odd := ok()
	odd.SetString(dict.PhotometricInterpretation, "CMYK")
	var format *pixel.UnsupportedFormat
	var broken *pixel.CorruptError
	for name, tt := range map[string]struct {
		d    *dicom.Dataset
		kind any
	}{
		"no_rows":      {change(dict.Rows, 0), &broken},
		"bits_64":      {change(dict.BitsAllocated, 64), &format},
		"bits_12":      {change(dict.BitsAllocated, 12), &format},
		"stored_9":     {change(dict.BitsStored, 9), &broken},
		"high_bit_8":   {change(dict.HighBit, 8), &broken},
		"high_bit_3":   {change(dict.HighBit, 3), &broken},
		"two_samples":  {change(dict.SamplesPerPixel, 2), &broken},
		"four_colours": {odd, &format},
	} {
		if _, err := open(t, file(t, tt.d, explicit, dicom.OB, []byte{1, 2}), pixel.Limits{}); !errors.As(err, tt.kind) {
			t.Errorf("%s: got %v, want a %T", name, err, tt.kind)
		}
	}
	d := ok()
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, b.Bytes(), pixel.Limits{}); !errors.Is(err, pixel.ErrNoPixels) {
		t.Errorf("without pixel data: got %v", err)
	}
	d.Set(dicom.Element{Tag: dict.FloatPixelData, VR: dicom.OF, Value: make([]byte, 8)})
	b.Reset()
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, b.Bytes(), pixel.Limits{}); !errors.As(err, &format) {
		t.Errorf("floating point: got %v", err)
	}
}

func TestUnsupportedSyntax_NamesIt(t *testing.T) {
	for uid, name := range map[dicom.UID]string{
		"1.2.840.10008.1.2.4.80": "JPEG-LS", "1.2.840.10008.1.2.4.90": "JPEG 2000", "1.2.840.10008.1.2.4.201": "High-Throughput JPEG 2000",
		"1.2.840.10008.1.2.4.103": "MPEG-4 AVC", "1.2.840.10008.1.2.4.107": "HEVC", "1.2.840.10008.1.2.4.110": "JPEG XL",
		"1.2.840.10008.1.2.4.55": "JPEG of a retired process", "1.2.3.4": "an unknown compression",
	} {
		for _, p := range []pixel.Photometric{pixel.Monochrome2, "YBR_RCT"} {
			_, err := frame(t, file(t, module(1, 1, max(1, p.Samples()), 8, 8, 7, 0, p), uid, dicom.OB, nil, nil, []byte{1, 2}), 1)
			var u *pixel.UnsupportedSyntax
			if !errors.As(err, &u) || u.Name != name || u.Syntax != uid || u.Reason == "" {
				t.Errorf("%s: got %v, want %s", uid, err, name)
			}
		}
	}
}

// offsets is a table of offsets.
func offsets(width int, list ...int) []byte {
	var b []byte
	for _, n := range list {
		if width == 8 {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		} else {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
	}
	return b
}

// TestFragments: which fragments are a frame's. The syntax has native frames in
// fragments, so that bytes show.
func TestFragments(t *testing.T) {
	a, b, c := []byte{1, 2}, []byte{3, 4}, []byte{5, 6}
	tests := []struct {
		name      string
		columns   int
		frames    string
		extended  []byte
		fragments [][]byte
		want      [][]int64 // of each frame, nil for an error
	}{
		{"one", 2, "1", nil, [][]byte{{}, a}, [][]int64{{1, 2}}},
		{"one_in_three", 6, "1", nil, [][]byte{{}, a, b, c}, [][]int64{{1, 2, 3, 4, 5, 6}}},
		{"each_its_own", 2, "3", nil, [][]byte{{}, a, b, c}, [][]int64{{1, 2}, {3, 4}, {5, 6}}},
		{"table", 2, "3", nil, [][]byte{offsets(4, 0, 10, 20), a, b, c}, [][]int64{{1, 2}, {3, 4}, {5, 6}}},
		{"table_of_two", 2, "2", nil, [][]byte{offsets(4, 0, 20), a, b, c}, [][]int64{{1, 2}, {5, 6}}},
		{"second_of_two", 2, "2", nil, [][]byte{offsets(4, 0, 10), a, b, c}, [][]int64{{1, 2}, {3, 4}}},
		{"extended", 2, "2", offsets(8, 0, 20), [][]byte{{}, a, b, c}, [][]int64{{1, 2}, {5, 6}}},
		{"extended_first", 2, "2", offsets(8, 0, 20), [][]byte{offsets(4, 0, 10), a, b, c}, [][]int64{{1, 2}, {5, 6}}},
		{"wrong_table", 2, "3", nil, [][]byte{offsets(4, 0, 9, 20), a, b, c}, [][]int64{{1, 2}, {3, 4}, {5, 6}}},
		{"table_past_the_end", 2, "3", nil, [][]byte{offsets(4, 0, 10, 1<<31), a, b, c}, [][]int64{{1, 2}, {3, 4}, {5, 6}}},
		{"extended_negative", 2, "2", offsets(8, -8, 0), [][]byte{{}, a, b}, [][]int64{{1, 2}, {3, 4}}},
		{"nothing_tells", 2, "2", nil, [][]byte{{}, a, b, c}, [][]int64{nil, nil}},
		{"too_few", 2, "3", nil, [][]byte{{}, a, b}, [][]int64{nil, nil, nil}},
		{"none", 2, "1", nil, [][]byte{{}}, [][]int64{nil}},
		{"short", 4, "1", nil, [][]byte{{}, a}, [][]int64{nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := module(1, tt.columns, 1, 8, 8, 7, 0, pixel.Monochrome2)
			d.SetString(dict.NumberOfFrames, tt.frames)
			if tt.extended != nil {
				d.Set(dicom.Element{Tag: dict.ExtendedOffsetTable, VR: dicom.OV, Value: tt.extended})
			}
			im, err := open(t, file(t, d, line, dicom.OB, nil, tt.fragments...), pixel.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for i := len(tt.want) - 1; i >= 0; i-- { // the last first: nothing depends on the order
				f, err := im.Frame(i + 1)
				if tt.want[i] == nil {
					if err == nil {
						t.Errorf("frame %d: got %d, want an error", i+1, values(f))
					}
					continue
				}
				if err != nil {
					t.Errorf("frame %d: %v", i+1, err)
				} else if got := values(f); !equal(got, tt.want[i]...) {
					t.Errorf("frame %d: got %d, want %d", i+1, got, tt.want[i])
				}
			}
		})
	}
}

// TestFragments_ByMarker: frames of JPEG in several fragments, without a table.
func TestFragments_ByMarker(t *testing.T) {
	one := encodeLossless(noise(8, 8, 1, 8, 1), losslessForm{columns: 8, rows: 8, parts: 1, precision: 8, predictor: 1})
	two := encodeLossless(noise(8, 8, 1, 8, 2), losslessForm{columns: 8, rows: 8, parts: 1, precision: 8, predictor: 1})
	d := module(8, 8, 1, 8, 8, 7, 0, pixel.Monochrome2)
	d.SetString(dict.NumberOfFrames, "2")
	b := file(t, d, jpg, dicom.OB, nil, []byte{}, even(one[:20]), even(one[20:]), even(two))
	for n, want := range map[int][]int64{1: noise(8, 8, 1, 8, 1), 2: noise(8, 8, 1, 8, 2)} {
		f, err := frame(t, b, n)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(values(f), want...) {
			t.Errorf("frame %d differs", n)
		}
	}
}

func even(b []byte) []byte {
	if len(b)%2 == 1 {
		return append(bytes.Clone(b), 0)
	}
	return b
}

// crosses checks that read succeeds at a limit and fails one below.
func crosses(t *testing.T, name string, need int64, read func(limit int64) error) {
	t.Helper()
	for _, enough := range []int64{need, need + 1, -1, 0} {
		if err := read(enough); err != nil {
			t.Errorf("%s %d, %d needed: %v", name, enough, need, err)
		}
	}
	var over *pixel.LimitError
	if err := read(need - 1); !errors.As(err, &over) || over.Name != name || over.Limit != need-1 {
		t.Errorf("%s %d, %d needed: got %v", name, need-1, need, err)
	}
}

func all(t *testing.T, b []byte, lim pixel.Limits) error {
	im, err := open(t, b, lim)
	if err != nil {
		return err
	}
	for n := range im.Format.Frames {
		if _, err := im.Frame(n + 1); err != nil {
			return err
		}
	}
	return nil
}

func TestLimit_Pixels(t *testing.T) {
	b := file(t, module(3, 5, 1, 8, 8, 7, 0, pixel.Monochrome2), explicit, dicom.OB, make([]byte, 16))
	crosses(t, "pixels", 15, func(n int64) error { return all(t, b, pixel.Limits{Pixels: n}) })
}

func TestLimit_Frames(t *testing.T) {
	d := module(1, 2, 1, 8, 8, 7, 0, pixel.Monochrome2)
	d.SetString(dict.NumberOfFrames, "3")
	b := file(t, d, explicit, dicom.OB, make([]byte, 6))
	crosses(t, "frames", 3, func(n int64) error { return all(t, b, pixel.Limits{Frames: n}) })
}

func TestLimit_FrameBytes(t *testing.T) {
	b := file(t, module(3, 5, 1, 16, 16, 15, 0, pixel.Monochrome2), explicit, dicom.OW, make([]byte, 30))
	crosses(t, "frame_bytes", 30, func(n int64) error { return all(t, b, pixel.Limits{FrameBytes: n}) })
	stored := file(t, module(1, 2, 1, 8, 8, 7, 0, pixel.Monochrome2), line, dicom.OB, nil, []byte{}, make([]byte, 40))
	crosses(t, "frame_bytes", 40, func(n int64) error { return all(t, stored, pixel.Limits{FrameBytes: n}) })
}

func TestLimit_Fragments(t *testing.T) {
	d := module(1, 2, 1, 8, 8, 7, 0, pixel.Monochrome2)
	d.SetString(dict.NumberOfFrames, "3")
	b := file(t, d, line, dicom.OB, nil, []byte{}, []byte{1, 2}, []byte{3, 4}, []byte{5, 6})
	crosses(t, "fragments", 3, func(n int64) error { return all(t, b, pixel.Limits{Fragments: n}) })
}

func TestLimit_Ratio(t *testing.T) {
	// 64 bytes of header and 32 of runs for 2,048 pixels.
	b := file(t, module(32, 64, 1, 8, 8, 7, 0, pixel.Monochrome2), rle, dicom.OB, nil, []byte{}, encodeRLE(make([]byte, 2048)))
	crosses(t, "ratio", 2048/96+1, func(n int64) error { return all(t, b, pixel.Limits{Ratio: n}) })
}
