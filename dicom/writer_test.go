package dicom_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// TestWriter_SameAsWrite sends files through a Reader and a Writer, the pixels
// as a stream, and gets the same bytes as Write has.
func TestWriter_SameAsWrite(t *testing.T) {
	for _, ts := range []*dicom.TransferSyntax{implicit, explicit, bigEnd, deflated, jpeg} {
		want := write(t, image(t, ts, 100_000))
		f, r, err := dicom.Open(bytes.NewReader(want), dicom.Options{StopBefore: dicom.PixelData})
		if err != nil {
			t.Fatal(err)
		}
		if f.Dataset, err = r.Decode(); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		w, err := dicom.Create(&got, f)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Elements(f.Dataset); err != nil {
			t.Fatal(err)
		}
		r.Resume()
		if err := pass(w, r); err != nil {
			t.Fatalf("%s: %v", ts.UID, err)
		}
		if err := w.Close(); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: %d bytes, want %d, equal %t, %v", ts.UID, got.Len(), len(want), bytes.Equal(got.Bytes(), want), err)
		}
	}
}

// pass copies the steps from the pixels on.
func pass(w *dicom.Writer, r *dicom.Reader) error {
	for {
		v, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch v.Kind {
		case dicom.ElementValue:
			err = w.Value(v.Tag, v.VR, int64(v.Length), r)
		case dicom.Fragment:
			err = w.Fragment(int64(v.Length), r)
		case dicom.SequenceEnd:
			err = w.EndFragments()
		}
		if err != nil {
			return err
		}
	}
}

func TestWriter_Errors(t *testing.T) {
	some := func() io.Reader { return bytes.NewReader(make([]byte, 10)) }
	for _, tt := range []struct {
		name string
		ts   *dicom.TransferSyntax
		do   func(*dicom.Writer) error
		want error
	}{
		{"native pixels", jpeg, func(w *dicom.Writer) error { return w.Value(dicom.PixelData, dicom.OW, 10, some()) }, dicom.ErrNative},
		{"fragments", explicit, func(w *dicom.Writer) error { return w.Fragment(10, some()) }, dicom.ErrFragments},
		{"too short a stream", explicit, func(w *dicom.Writer) error { return w.Value(0x00420011, dicom.OB, 12, some()) }, io.ErrUnexpectedEOF},
		{"too long", explicit, func(w *dicom.Writer) error { return w.Value(0x00420011, dicom.OB, 1<<32, some()) }, dicom.ErrTooLong},
	} {
		w := dicom.NewWriter(io.Discard, tt.ts)
		if err := tt.do(w); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if err := w.Close(); !errors.Is(err, tt.want) {
			t.Errorf("%s: Close forgot the error: %v", tt.name, err)
		}
	}
	w := dicom.NewWriter(io.Discard, explicit)
	if err := w.Value(0x00420011, dicom.OB, 9, some()); err == nil {
		t.Error("odd length")
	}
}

// TestWriter_StreamsPixels: 20 MB cost one buffer.
func TestWriter_StreamsPixels(t *testing.T) {
	got := allocated(func() {
		w := dicom.NewWriter(io.Discard, bigEnd)
		if err := w.Value(dicom.PixelData, dicom.OW, 20_000_000, zeros{}); err != nil {
			t.Fatal(err)
		}
	})
	if got > 200_000 {
		t.Errorf("%d bytes allocated", got)
	}
}
