package origin_test

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/origin"
	"github.com/leadglass/leadglass/internal/render"
)

// picture is an object of 2 by 3 pixels and two frames, or without any.
func picture(t *testing.T, syntax dicom.UID, value []byte, fragments [][]byte) []byte {
	t.Helper()
	d := new(dicom.Dataset)
	d.SetString(dict.SOPClassUID, dict.SecondaryCaptureImageStorage)
	d.SetString(dict.SOPInstanceUID, "1.2.3")
	d.SetString(dict.PatientName, "Planted^Mark")
	d.SetUint16(dict.SamplesPerPixel, 1)
	d.SetString(dict.PhotometricInterpretation, "MONOCHROME2")
	d.SetString(dict.NumberOfFrames, "2")
	d.SetUint16(dict.Rows, 2)
	d.SetUint16(dict.Columns, 3)
	d.SetUint16(dict.BitsAllocated, 8)
	if value != nil || fragments != nil {
		d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OB, Value: value, Fragments: fragments})
	}
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.SyntaxOf(syntax)}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPictures(t *testing.T) {
	explicit := dicom.ExplicitVRLittleEndian.UID
	whole := picture(t, explicit, []byte{0, 50, 100, 150, 200, 250, 0, 1, 2, 3, 4, 5}, nil)
	render := func(ctx context.Context, b []byte, rd dicomweb.Rendering) ([]byte, error) {
		p := origin.NewPictures(render.Limits{}, 1)
		return p.Render(ctx, &dicomweb.Object{Size: int64(len(b))}, content{bytes.NewReader(b)}, rd)
	}
	b, err := render(t.Context(), whole, dicomweb.Rendering{MediaType: "image/png", Frame: 2, Window: dicomweb.Window{Center: 2.5, Width: 5, Function: "linear-exact"}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if g, _, _, _ := m.At(1, 1).RGBA(); m.Bounds().Dx() != 3 || g>>8 != 204 { // 4 of 5
		t.Errorf("got %v, %d", m.Bounds(), g>>8)
	}
	if b, err = render(t.Context(), whole, dicomweb.Rendering{MediaType: "image/jpeg", Thumbnail: true}); err != nil {
		t.Fatal(err)
	}
	if m, err = jpeg.Decode(bytes.NewReader(b)); err != nil || m.Bounds().Dx() != 128 {
		t.Errorf("got %v, %v", m, err)
	}
	for name, tt := range map[string]struct {
		b      []byte
		rd     dicomweb.Rendering
		status int
		detail string
	}{
		"report":    {picture(t, explicit, nil, nil), dicomweb.Rendering{}, http.StatusNotAcceptable, "no pixel data"},
		"jpeg_2000": {picture(t, "1.2.840.10008.1.2.4.90", nil, [][]byte{{}, {1, 2}}), dicomweb.Rendering{}, http.StatusNotAcceptable, "JPEG 2000"},
		"frame_3":   {whole, dicomweb.Rendering{Frame: 3}, http.StatusNotFound, ""},
		"damaged":   {picture(t, explicit, []byte{1, 2}, nil), dicomweb.Rendering{}, http.StatusNotAcceptable, "damaged"},
		"outside":   {whole, dicomweb.Rendering{Source: [4]float64{9, 9, 1, 1}}, http.StatusBadRequest, "outside"},
		"gif":       {whole, dicomweb.Rendering{MediaType: "image/gif"}, http.StatusNotAcceptable, "image/gif"},
	} {
		_, err := render(t.Context(), tt.b, tt.rd)
		var p *dicomweb.Problem
		if !errors.As(err, &p) || p.HTTP != tt.status || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%s: got %v, want %d %q", name, err, tt.status, tt.detail)
		}
		if err != nil && strings.Contains(err.Error(), "Planted") {
			t.Errorf("%s: the error has the name", name)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := render(ended, whole, dicomweb.Rendering{MediaType: "image/png"}); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: got %v", err)
	}
}
