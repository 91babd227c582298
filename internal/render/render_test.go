package render_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicom/pixel"
	"github.com/leadglass/leadglass/internal/render"
)

// object is a data set of rows and columns of signed values of 16 bits, each
// argument a change to it.
func object(rows, columns int, values []int, change ...func(*dicom.Dataset)) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(dict.SOPClassUID, dict.SecondaryCaptureImageStorage)
	d.SetString(dict.SOPInstanceUID, "1.2.3")
	d.SetUint16(dict.Rows, uint16(rows))
	d.SetUint16(dict.Columns, uint16(columns))
	d.SetUint16(dict.SamplesPerPixel, 1)
	d.SetUint16(dict.BitsAllocated, 16)
	d.SetUint16(dict.BitsStored, 16)
	d.SetUint16(dict.HighBit, 15)
	d.SetUint16(dict.PixelRepresentation, 1)
	d.SetString(dict.PhotometricInterpretation, "MONOCHROME2")
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: b})
	for _, f := range change {
		f(d)
	}
	return d
}

func text(tag dicom.Tag, v ...string) func(*dicom.Dataset) {
	return func(d *dicom.Dataset) { d.SetString(tag, v...) }
}

func short(tag dicom.Tag, v int) func(*dicom.Dataset) {
	return func(d *dicom.Dataset) {
		d.Set(dicom.Element{Tag: tag, VR: dicom.SS, Value: binary.LittleEndian.AppendUint16(nil, uint16(v))})
	}
}

func items(tag dicom.Tag, sets ...*dicom.Dataset) func(*dicom.Dataset) {
	return func(d *dicom.Dataset) { d.SetSequence(tag, sets...) }
}

func set(change ...func(*dicom.Dataset)) *dicom.Dataset {
	d := new(dicom.Dataset)
	for _, f := range change {
		f(d)
	}
	return d
}

// table is an item of a sequence of lookup tables.
func table(first, bits int, entries ...uint16) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetUint16(dict.LUTDescriptor, uint16(len(entries)), uint16(first), uint16(bits))
	var b []byte
	for _, v := range entries {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	d.Set(dicom.Element{Tag: dict.LUTData, VR: dicom.OW, Value: b})
	return d
}

func written(t testing.TB, d *dicom.Dataset, syntax dicom.UID) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.SyntaxOf(syntax)}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const explicit = "1.2.840.10008.1.2.1"

func frame(t testing.TB, d *dicom.Dataset, opt render.Options) (image.Image, error) {
	t.Helper()
	b := written(t, d, explicit)
	return render.Frame(context.Background(), bytes.NewReader(b), int64(len(b)), opt)
}

// greys are the pixels of a grey picture.
func greys(t testing.TB, d *dicom.Dataset, opt render.Options) []uint8 {
	t.Helper()
	m, err := frame(t, d, opt)
	if err != nil {
		t.Fatal(err)
	}
	g, ok := m.(*image.Gray)
	if !ok {
		t.Fatalf("got a %T", m)
	}
	return g.Pix
}

func TestFrame_Grey(t *testing.T) {
	values := []int{-100, 0, 10, 50, 100}
	ct := []int{924, 1024, 1034, 1074, 1124}
	window := func(c, w float64, f render.Function) render.Options {
		return render.Options{Window: render.Window{Center: c, Width: w, Function: f}}
	}
	sigmoid := func(x, c, w float64) uint8 { return uint8(255/(1+math.Exp(-4*(x-c)/w)) + 0.5) }
	rescale := []func(*dicom.Dataset){text(dict.RescaleSlope, "1"), text(dict.RescaleIntercept, "-1024")}
	header := []func(*dicom.Dataset){text(dict.WindowCenter, "40", "0"), text(dict.WindowWidth, "400", "10")}
	for _, tt := range []struct {
		name string
		d    *dicom.Dataset
		opt  render.Options
		want []uint8
	}{
		{"lowest_to_highest", object(1, 5, values), render.Options{}, []uint8{0, 128, 140, 191, 255}},
		// ((x - 39.5) / 399 + 0.5) * 255
		{"linear", object(1, 5, values), window(40, 400, render.Linear), []uint8{38, 102, 109, 134, 166}},
		{"linear_exact", object(1, 5, values), window(40, 400, render.LinearExact), []uint8{38, 102, 108, 134, 166}},
		{"linear_step", object(1, 5, values), window(10.5, 1, render.Linear), []uint8{0, 0, 0, 255, 255}},
		{"linear_ends", object(1, 5, values), window(25, 50, render.Linear), []uint8{0, 0, 52, 255, 255}},
		{"sigmoid", object(1, 5, values), window(40, 400, render.Sigmoid), []uint8{sigmoid(-100, 40, 400), sigmoid(0, 40, 400), sigmoid(10, 40, 400), sigmoid(50, 40, 400), sigmoid(100, 40, 400)}},
		{"first_of_the_header", object(1, 5, ct, append(header, rescale...)...), render.Options{}, []uint8{38, 102, 109, 134, 166}},
		{"asked_before_header", object(1, 5, ct, append(header, rescale...)...), window(0, 2, render.LinearExact), []uint8{0, 128, 255, 255, 255}},
		{"function_of_the_header", object(1, 5, values, append(header, text(dict.VOILUTFunction, "LINEAR_EXACT"))...), render.Options{}, []uint8{38, 102, 108, 134, 166}},
		{"slope", object(1, 5, values, text(dict.RescaleSlope, "2")), window(0, 400, render.LinearExact), []uint8{0, 128, 140, 191, 255}},
		{"slope_below_zero", object(1, 5, values, text(dict.RescaleSlope, "-1")), render.Options{}, []uint8{255, 128, 115, 64, 0}},
		{"monochrome1", object(1, 5, values, text(dict.PhotometricInterpretation, "MONOCHROME1")), render.Options{}, []uint8{255, 128, 115, 64, 0}},
		{"shape_inverse", object(1, 5, values, text(dict.PresentationLUTShape, "INVERSE")), render.Options{}, []uint8{255, 128, 115, 64, 0}},
		{"inverse_once", object(1, 5, values, text(dict.PresentationLUTShape, "INVERSE"), text(dict.PhotometricInterpretation, "MONOCHROME1")), render.Options{}, []uint8{255, 128, 115, 64, 0}},
		{"padding", object(1, 5, values, short(dict.PixelPaddingValue, -100)), render.Options{}, []uint8{0, 0, 25, 128, 255}},
		{"padding_range", object(1, 5, values, short(dict.PixelPaddingValue, -100), short(dict.PixelPaddingRangeLimit, 10)), render.Options{}, []uint8{0, 0, 0, 0, 255}},
		{"padding_of_monochrome1", object(1, 5, values, short(dict.PixelPaddingValue, -100), text(dict.PhotometricInterpretation, "MONOCHROME1")), render.Options{}, []uint8{0, 255, 230, 128, 0}},
		{"flat", object(1, 2, []int{7, 7}), render.Options{}, []uint8{128, 128}},
		{"voi_table", object(1, 5, values, items(dict.VOILUTSequence, table(0, 8, 0, 100, 255))), render.Options{}, []uint8{0, 0, 255, 255, 255}},
		{"voi_table_12", object(1, 3, []int{0, 1, 2}, items(dict.VOILUTSequence, table(0, 12, 0, 2048, 4095))), render.Options{}, []uint8{0, 128, 255}},
		{"voi_table_before_window", object(1, 3, []int{0, 1, 2}, append(header, items(dict.VOILUTSequence, table(0, 8, 1, 2, 3)))...), render.Options{}, []uint8{1, 2, 3}},
		{"modality_table", object(1, 3, []int{5, 6, 7}, items(dict.ModalityLUTSequence, table(6, 16, 1000, 0))), render.Options{}, []uint8{255, 255, 0}},
		{"shared_groups", object(1, 2, []int{0, 100}, items(dict.SharedFunctionalGroupsSequence, set(
			items(dict.PixelValueTransformationSequence, set(text(dict.RescaleSlope, "2"), text(dict.RescaleIntercept, "0"))),
			items(dict.FrameVOILUTSequence, set(text(dict.WindowCenter, "100"), text(dict.WindowWidth, "201")))))), render.Options{}, []uint8{1, 255}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := greys(t, tt.d, tt.opt); !bytes.Equal(got, tt.want) {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func frames(n string) func(*dicom.Dataset) { return text(dict.NumberOfFrames, n) }

func TestFrame_OfMany(t *testing.T) {
	window := func(c string) *dicom.Dataset {
		return set(items(dict.FrameVOILUTSequence, set(text(dict.WindowCenter, c), text(dict.WindowWidth, "2"), text(dict.VOILUTFunction, "LINEAR_EXACT"))))
	}
	d := object(1, 2, []int{0, 1, 10, 11, 20, 21}, frames("3"), items(dict.PerFrameFunctionalGroupsSequence, window("1"), window("11"), window("22")))
	for n, want := range map[int][]uint8{0: {0, 128}, 1: {0, 128}, 2: {0, 128}, 3: {0, 0}} {
		if n == 3 {
			want = []uint8{0, 0} // 20 and 21 are the lower end of 21 to 23
		}
		if got := greys(t, d, render.Options{Frame: n}); !bytes.Equal(got, want) {
			t.Errorf("frame %d: got %d, want %d", n, got, want)
		}
	}
	d = object(1, 1, []int{1, 2, 3}, frames("3"), short(dict.RepresentativeFrameNumber, 3), text(dict.WindowCenter, "3"), text(dict.WindowWidth, "2"), text(dict.VOILUTFunction, "LINEAR_EXACT"))
	if got := greys(t, d, render.Options{}); got[0] != 128 {
		t.Errorf("the representative frame: got %d", got)
	}
}

// TestFrame_32Bits: values that a table of all of them cannot hold.
func TestFrame_32Bits(t *testing.T) {
	d := object(1, 3, nil)
	d.SetUint16(dict.BitsAllocated, 32)
	d.SetUint16(dict.BitsStored, 32)
	d.SetUint16(dict.HighBit, 31)
	d.SetUint16(dict.PixelRepresentation, 0)
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: []byte{0, 0, 0, 0, 0, 0, 0, 0x80, 255, 255, 255, 255}})
	if got := greys(t, d, render.Options{}); !bytes.Equal(got, []uint8{0, 128, 255}) {
		t.Errorf("got %d", got)
	}
}

func TestFrame_Colour(t *testing.T) {
	rgb := func(p string, bits int, data []byte) *dicom.Dataset {
		d := object(1, 2, nil, text(dict.PhotometricInterpretation, p))
		d.SetUint16(dict.SamplesPerPixel, 3)
		d.SetUint16(dict.PixelRepresentation, 0)
		d.SetUint16(dict.BitsAllocated, uint16(bits))
		d.SetUint16(dict.BitsStored, uint16(bits))
		d.SetUint16(dict.HighBit, uint16(bits-1))
		d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: data})
		return d
	}
	palette := object(1, 2, []int{4, 5}, text(dict.PhotometricInterpretation, "PALETTE COLOR"))
	for i, v := range []uint16{0x0100, 0x0200, 0x0300} {
		palette.SetUint16(dict.RedPaletteColorLookupTableDescriptor+dicom.Tag(i), 2, 4, 16)
		palette.Set(dicom.Element{Tag: dict.RedPaletteColorLookupTableData + dicom.Tag(i), VR: dicom.OW, Value: binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, v), 0xFF00)})
	}
	for name, tt := range map[string]struct {
		d    *dicom.Dataset
		want [2]color.RGBA
	}{
		"rgb":     {rgb("RGB", 8, []byte{1, 2, 3, 4, 5, 6}), [2]color.RGBA{{1, 2, 3, 255}, {4, 5, 6, 255}}},
		"rgb_16":  {rgb("RGB", 16, []byte{9, 1, 9, 2, 9, 3, 9, 4, 9, 5, 9, 6}), [2]color.RGBA{{1, 2, 3, 255}, {4, 5, 6, 255}}},
		"ybr":     {rgb("YBR_FULL", 8, []byte{76, 85, 255, 128, 128, 128}), [2]color.RGBA{{254, 0, 0, 255}, {128, 128, 128, 255}}},
		"palette": {palette, [2]color.RGBA{{1, 2, 3, 255}, {255, 255, 255, 255}}},
	} {
		m, err := frame(t, tt.d, render.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for x, want := range tt.want {
			if got := color.RGBAModel.Convert(m.At(x, 0)); got != want {
				t.Errorf("%s: pixel %d: got %v, want %v", name, x, got, want)
			}
		}
	}
}

// ramp has a value for each place: row times 10 and column.
func ramp(rows, columns int, change ...func(*dicom.Dataset)) *dicom.Dataset {
	var v []int
	for i := range rows * columns {
		v = append(v, i/columns*10+i%columns)
	}
	return object(rows, columns, v, append(change, text(dict.WindowCenter, "128"), text(dict.WindowWidth, "256"))...)
}

func TestFrame_Size(t *testing.T) {
	for _, tt := range []struct {
		name          string
		d             *dicom.Dataset
		opt           render.Options
		width, height int
	}{
		{"as_it_is", ramp(4, 6), render.Options{}, 6, 4},
		{"smaller", ramp(40, 60), render.Options{Width: 30, Height: 30}, 30, 20},
		{"larger", ramp(4, 6), render.Options{Width: 60, Height: 60}, 60, 40},
		{"high", ramp(60, 40), render.Options{Width: 30, Height: 30}, 20, 30},
		{"thumbnail", ramp(60, 40), render.Options{Thumbnail: true}, 85, 128},
		{"thumbnail_asked", ramp(60, 40), render.Options{Thumbnail: true, Width: 30, Height: 30}, 20, 30},
		{"part", ramp(4, 6), render.Options{Source: [4]float64{1, 1, 3, 2}}, 3, 2},
		{"from_there", ramp(4, 6), render.Options{Source: [4]float64{1, 1, 0, 0}}, 5, 3},
		{"region", ramp(4, 6), render.Options{Region: [4]float64{0.5, 0, 1, 0.5}}, 3, 2},
		{"aspect_high", ramp(4, 6, text(dict.PixelAspectRatio, "2", "1")), render.Options{}, 6, 8},
		{"aspect_wide", ramp(4, 6, text(dict.PixelAspectRatio, "1", "2")), render.Options{}, 12, 4},
		{"spacing", ramp(4, 6, text(dict.PixelSpacing, "0.5", "0.25")), render.Options{}, 6, 8},
		{"aspect_in_viewport", ramp(4, 6, text(dict.PixelAspectRatio, "3", "1")), render.Options{Width: 24, Height: 24}, 12, 24},
		{"aspect_absurd", ramp(4, 6, text(dict.PixelAspectRatio, "1000", "1")), render.Options{}, 6, 4},
		{"aspect_of_nothing", ramp(4, 6, text(dict.PixelAspectRatio, "0", "0")), render.Options{}, 6, 4},
		{"one_pixel", ramp(1, 1), render.Options{Width: 7, Height: 5}, 5, 5},
		{"thin", ramp(1, 6), render.Options{Width: 2, Height: 2}, 2, 1},
	} {
		m, err := frame(t, tt.d, tt.opt)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if s := m.Bounds().Size(); s != image.Pt(tt.width, tt.height) {
			t.Errorf("%s: got %v, want %d by %d", tt.name, s, tt.width, tt.height)
		}
	}
}

func TestFrame_Part(t *testing.T) {
	for name, tt := range map[string]struct {
		source [4]float64
		want   []uint8
	}{
		"part":    {[4]float64{1, 2, 2, 2}, []uint8{21, 22, 31, 32}},
		"flip_x":  {[4]float64{1, 2, -2, 2}, []uint8{22, 21, 32, 31}},
		"flip_y":  {[4]float64{1, 2, 2, -2}, []uint8{31, 32, 21, 22}},
		"outside": {[4]float64{5, 3, 100, 100}, []uint8{35}},
	} {
		if got := greys(t, ramp(4, 6), render.Options{Source: tt.source}); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

// TestFrame_Shrunk: averages, and a flat picture stays so.
func TestFrame_Shrunk(t *testing.T) {
	var v []int
	for i := range 64 * 64 {
		v = append(v, (i+i/64)%2*200) // a chessboard
	}
	d := object(64, 64, v, text(dict.WindowCenter, "128"), text(dict.WindowWidth, "256"))
	for _, g := range greys(t, d, render.Options{Width: 8, Height: 8}) {
		if g != 100 {
			t.Fatalf("got %d, want 100", g)
		}
	}
}

func TestFrame_Errors(t *testing.T) {
	report := object(1, 1, nil)
	report.Delete(dicom.PixelData)
	short := object(2, 2, []int{1})
	sixty := ramp(2, 2)
	sixty.SetUint16(dict.BitsAllocated, 64)
	for name, tt := range map[string]struct {
		d    *dicom.Dataset
		opt  render.Options
		want leadglass.Code
	}{
		"report":     {report, render.Options{}, leadglass.Unsupported},
		"bits_64":    {sixty, render.Options{}, leadglass.Unsupported},
		"frame_2":    {ramp(2, 2), render.Options{Frame: 2}, leadglass.NotFound},
		"frame_less": {ramp(2, 2), render.Options{Frame: -1}, leadglass.NotFound},
		"short":      {short, render.Options{}, leadglass.Invalid},
		"outside":    {ramp(2, 2), render.Options{Source: [4]float64{5, 5, 1, 1}}, leadglass.Invalid},
		"no_number":  {ramp(2, 2), render.Options{Source: [4]float64{math.NaN(), 0, 1, 1}}, leadglass.Invalid},
		"no_palette": {object(1, 1, []int{0}, text(dict.PhotometricInterpretation, "PALETTE COLOR")), render.Options{}, leadglass.Invalid},
		"no_table":   {object(1, 1, []int{0}, items(dict.VOILUTSequence, set())), render.Options{}, leadglass.Invalid},
		"pixels":     {ramp(2, 2), render.Options{Limits: render.Limits{Pixel: pixel.Limits{Pixels: 3}}}, leadglass.Limited},
	} {
		if _, err := frame(t, tt.d, tt.opt); leadglass.CodeOf(err) != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
	d := ramp(1, 1)
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OB, Fragments: [][]byte{{}, {1, 2}}})
	b := written(t, d, "1.2.840.10008.1.2.4.90")
	if _, err := render.Frame(context.Background(), bytes.NewReader(b), int64(len(b)), render.Options{}); leadglass.CodeOf(err) != leadglass.Unsupported {
		t.Errorf("JPEG 2000: got %v", err)
	}
	b = []byte("no DICOM, but long enough to be one, as far as its length goes")
	if _, err := render.Frame(context.Background(), bytes.NewReader(b), int64(len(b)), render.Options{}); err == nil {
		t.Error("no DICOM: no error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b = written(t, ramp(2, 2), explicit)
	if _, err := render.Frame(ctx, bytes.NewReader(b), int64(len(b)), render.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: got %v", err)
	}
}

// crosses checks that a limit of need is enough and one below is not.
func crosses(t *testing.T, name string, need int, try func(limit int) error) {
	t.Helper()
	for _, enough := range []int{need, need + 1, -1, 0} {
		if err := try(enough); err != nil {
			t.Errorf("%s %d, %d needed: %v", name, enough, need, err)
		}
	}
	if err := try(need - 1); leadglass.CodeOf(err) != leadglass.Limited {
		t.Errorf("%s %d, %d needed: got %v", name, need-1, need, err)
	}
}

func TestLimit_Side(t *testing.T) {
	crosses(t, "side", 12, func(n int) error {
		_, err := frame(t, ramp(4, 6), render.Options{Width: 12, Height: 12, Limits: render.Limits{Side: n}})
		return err
	})
}

func TestLimit_Pixels(t *testing.T) {
	crosses(t, "pixels", 96, func(n int) error {
		_, err := frame(t, ramp(4, 6), render.Options{Width: 12, Height: 12, Limits: render.Limits{Pixels: n}})
		return err
	})
}

func TestEncode(t *testing.T) {
	m, err := frame(t, ramp(20, 30), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := render.Encode(&b, m, render.PNG, 0); err != nil {
		t.Fatal(err)
	}
	back, err := png.Decode(&b)
	if err != nil || !bytes.Equal(back.(*image.Gray).Pix, m.(*image.Gray).Pix) {
		t.Errorf("PNG differs: %v", err)
	}
	sizes := map[int]int{}
	for _, q := range []int{0, 1, 100, 1000} {
		b.Reset()
		if err := render.Encode(&b, m, render.JPEG, q); err != nil {
			t.Fatal(err)
		}
		sizes[q] = b.Len()
		if _, err := jpeg.Decode(&b); err != nil {
			t.Errorf("quality %d: %v", q, err)
		}
	}
	if sizes[1] >= sizes[0] || sizes[0] >= sizes[100] || sizes[1000] != sizes[100] {
		t.Errorf("sizes by quality: %v", sizes)
	}
	if err := render.Encode(&b, m, "image/gif", 0); leadglass.CodeOf(err) != leadglass.Unsupported {
		t.Errorf("GIF: got %v", err)
	}
}

// FuzzFrame: no object makes a picture past the limits or a panic.
func FuzzFrame(f *testing.F) {
	f.Add(written(f, ramp(4, 6), explicit), 0, 0, 0.0, 0.0, "")
	f.Add(written(f, object(1, 3, []int{5, 6, 7}, items(dict.ModalityLUTSequence, table(6, 16, 1000, 0)), items(dict.VOILUTSequence, table(0, 8, 1, 2, 3))), explicit), 20, 30, 40.0, 400.0, "linear")
	f.Add(written(f, object(1, 3, []int{5, 6, 7}, text(dict.WindowCenter, "1e300"), text(dict.WindowWidth, "1e-300"), text(dict.PixelAspectRatio, "15", "1")), explicit), 20, 30, 0.0, 1e-9, "sigmoid")
	f.Fuzz(func(t *testing.T, b []byte, w, h int, x, y float64, function string) {
		opt := render.Options{Width: w, Height: h, Source: [4]float64{x, y, -y, x}, Window: render.Window{Center: x, Width: y, Function: render.Function(function)}}
		opt.Limits = render.Limits{Side: 256, Pixels: 1 << 14, Pixel: pixel.Limits{Pixels: 1 << 12, FrameBytes: 1 << 15, Header: dicom.Limits{ElementBytes: 1 << 16, DatasetBytes: 1 << 16, InflatedBytes: 1 << 16, Elements: 1 << 10}}}
		m, err := render.Frame(context.Background(), bytes.NewReader(b), int64(len(b)), opt)
		if err == nil && m.Bounds().Dx()*m.Bounds().Dy() > 1<<14 {
			t.Fatalf("a picture of %v", m.Bounds())
		}
	})
}

func benchmark(b *testing.B, opt render.Options, media render.MediaType) {
	var v []int
	for i := range 512 * 512 {
		v = append(v, (i/512*3+i%512*5+i*7%13)%4096-1024)
	}
	data := written(b, object(512, 512, v, text(dict.WindowCenter, "40"), text(dict.WindowWidth, "400")), explicit)
	for b.Loop() {
		m, err := render.Frame(context.Background(), bytes.NewReader(data), int64(len(data)), opt)
		if err != nil {
			b.Fatal(err)
		}
		var out bytes.Buffer
		if err := render.Encode(&out, m, media, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFrame_PNG(b *testing.B)  { benchmark(b, render.Options{}, render.PNG) }
func BenchmarkFrame_JPEG(b *testing.B) { benchmark(b, render.Options{}, render.JPEG) }
func BenchmarkThumbnail(b *testing.B)  { benchmark(b, render.Options{Thumbnail: true}, render.JPEG) }
