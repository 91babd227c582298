package scp_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/internal/scp"
)

// TestStatus_EveryCode fails when a code has no status of its own kind.
func TestStatus_EveryCode(t *testing.T) {
	want := map[leadglass.Code][4]dimse.Status{
		leadglass.Invalid:     {0xA900, 0xA900, 0xA900, 0x0115},
		leadglass.Denied:      {0x0124, 0x0124, 0x0124, 0x0124},
		leadglass.NotFound:    {0xC000, 0x0000, 0x0000, 0x0112},
		leadglass.Conflict:    {0x0111, 0xC000, 0xC000, 0x0119},
		leadglass.Limited:     {0xA700, 0xA700, 0xA702, 0x0213},
		leadglass.Unavailable: {0xA700, 0xA700, 0xA702, 0x0110},
		leadglass.Unsupported: {0x0122, 0xC000, 0xC000, 0x0123},
		leadglass.Internal:    {0x0110, 0xC000, 0xC000, 0x0110},
	}
	for _, code := range leadglass.Codes() {
		if got, ok := want[code]; !ok || scp.StatusesOf(code) != got {
			t.Errorf("%s: %v", code, scp.StatusesOf(code))
		}
	}
}

// TestTranscode: there and back again every native real file is the same data set.
func TestTranscode(t *testing.T) {
	names, _ := filepath.Glob(filepath.Join(peertest.Files, "*.dcm"))
	if len(names) == 0 {
		t.Skip("the files of python3-pydicom are not installed")
	}
	n := 0
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := dicom.Read(bytes.NewReader(b), dicom.Options{})
		if err != nil || f.TransferSyntax.Encapsulated || f.TransferSyntax.Deflated {
			continue
		}
		n++
		var first, there, back bytes.Buffer
		if err := dicom.Encode(&first, f.Dataset, dicom.ImplicitVRLittleEndian); err != nil {
			t.Fatal(err)
		}
		if err := scp.Transcode(&there, bytes.NewReader(first.Bytes()), dicom.ImplicitVRLittleEndian, dicom.ExplicitVRLittleEndian, 1<<20); err != nil {
			t.Errorf("%s: to explicit VR: %v", filepath.Base(name), err)
		}
		if err := scp.Transcode(&back, &there, dicom.ExplicitVRLittleEndian, dicom.ImplicitVRLittleEndian, 1<<20); err != nil {
			t.Errorf("%s: to implicit VR: %v", filepath.Base(name), err)
		}
		if !bytes.Equal(first.Bytes(), back.Bytes()) {
			t.Errorf("%s: %d bytes became %d", filepath.Base(name), first.Len(), back.Len())
		}
	}
	t.Logf("%d files", n)
}

// TestTranscode_Bulk: pixel data of an odd length, and a sequence after them.
func TestTranscode_Bulk(t *testing.T) {
	d := slice("1.1", "1.1.1", "1.1.1.1", "N")
	d.SetSequence(0xFFFAFFFA, identifier("", 0x00080018, "1.2"), identifier("", 0x00080018, "1.3"))
	in, err := dicom.Append(nil, d, dicom.ExplicitVRLittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := dicom.Append(nil, d, dicom.ImplicitVRLittleEndian)
	var out bytes.Buffer
	if err := scp.Transcode(&out, bytes.NewReader(in), dicom.ExplicitVRLittleEndian, dicom.ImplicitVRLittleEndian, 1<<20); err != nil || !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%v: %d bytes, want %d", err, out.Len(), len(want))
	}
	cut := in[:len(in)-40]
	if err := scp.Transcode(io.Discard, bytes.NewReader(cut), dicom.ExplicitVRLittleEndian, dicom.ImplicitVRLittleEndian, 1<<20); err == nil {
		t.Error("an object that is cut short is laid down as a whole one")
	}
}

func TestLimit_HeaderBytes(t *testing.T) {
	d := slice("1.1", "1.1.1", "1.1.1.1", "N")
	d.Set(dicom.Element{Tag: 0x00420011, VR: dicom.OB, Value: make([]byte, 1000)})
	in, err := dicom.Append(nil, d, dicom.ExplicitVRLittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	held := int64(0) // of all values before the pixel data
	for _, e := range d.Elements {
		if e.Tag < dicom.PixelData {
			held += int64(len(e.Value))
		}
	}
	for limit, fits := range map[int64]bool{held: true, held - 1: false} {
		err := scp.Transcode(io.Discard, bytes.NewReader(in), dicom.ExplicitVRLittleEndian, dicom.ImplicitVRLittleEndian, limit)
		var over *dicom.LimitError
		if fits != (err == nil) || !fits && !errors.As(err, &over) {
			t.Errorf("%d bytes with a limit of %d: %v", held, limit, err)
		}
	}
}

// FuzzTranscode: no bytes make it panic.
func FuzzTranscode(f *testing.F) {
	b, _ := dicom.Append(nil, slice("1.1", "1.1.1", "1.1.1.1", "N"), dicom.ExplicitVRLittleEndian)
	f.Add(b, false)
	b, _ = dicom.Append(nil, slice("1.1", "1.1.1", "1.1.1.1", "N"), dicom.ImplicitVRLittleEndian)
	f.Add(b, true)
	f.Fuzz(func(t *testing.T, b []byte, implicit bool) {
		from, to := dicom.ExplicitVRLittleEndian, dicom.ImplicitVRLittleEndian
		if implicit {
			from, to = to, from
		}
		_ = scp.Transcode(io.Discard, bytes.NewReader(b), from, to, 1<<16)
	})
}
