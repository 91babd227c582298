package dicom_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// tree is a data set with each kind of element.
func tree() *dicom.Dataset {
	d, item := new(dicom.Dataset), new(dicom.Dataset)
	item.SetString(0x0020000E, "1.3")
	d.SetString(0x00080060, "CT")
	d.SetSequence(0x00081115, item, new(dicom.Dataset))
	d.Set(dicom.Element{Tag: 0x00091001, VR: dicom.SQ, Items: []*dicom.Dataset{new(dicom.Dataset)}})
	d.SetUint16(0x00280010, 512)
	return d
}

func TestAppend_Layouts(t *testing.T) {
	for _, tt := range []struct {
		name string
		ts   *dicom.TransferSyntax
		want string
	}{
		{"implicit", implicit, `
			08 00 60 00  02 00 00 00  43 54
			08 00 15 11  1C 00 00 00                 ; 28 bytes
			  FE FF 00 E0  0C 00 00 00
			    20 00 0E 00  04 00 00 00  31 2E 33 00
			  FE FF 00 E0  00 00 00 00
			09 00 01 10  FF FF FF FF                 ; undefined: no dictionary knows this sequence
			  FE FF 00 E0  00 00 00 00
			FE FF DD E0  00 00 00 00
			28 00 10 00  02 00 00 00  00 02`},
		{"explicit", explicit, `
			08 00 60 00  43 53 02 00  43 54
			08 00 15 11  53 51 00 00  1C 00 00 00
			  FE FF 00 E0  0C 00 00 00
			    20 00 0E 00  55 49 04 00  31 2E 33 00
			  FE FF 00 E0  00 00 00 00
			09 00 01 10  53 51 00 00  08 00 00 00
			  FE FF 00 E0  00 00 00 00
			28 00 10 00  55 53 02 00  00 02`},
		{"big_endian", bigEnd, `
			00 08 00 60  43 53 00 02  43 54
			00 08 11 15  53 51 00 00  00 00 00 1C
			  FF FE E0 00  00 00 00 0C
			    00 20 00 0E  55 49 00 04  31 2E 33 00
			  FF FE E0 00  00 00 00 00
			00 09 10 01  53 51 00 00  00 00 00 08
			  FF FE E0 00  00 00 00 00
			00 28 00 10  55 53 00 02  02 00`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			prefix := []byte("kept")
			got, err := dicom.Append(prefix, tree(), tt.ts)
			if want := append(prefix, unhex(t, tt.want)...); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got  %x\nwant %x, %v", got, want, err)
			}
			var w bytes.Buffer
			if err := dicom.Encode(&w, tree(), tt.ts); err != nil || !bytes.Equal(w.Bytes(), got[len(prefix):]) {
				t.Errorf("Encode gives %x, %v", w.Bytes(), err)
			}
		})
	}
}

func TestAppend_Fragments(t *testing.T) {
	d := new(dicom.Dataset)
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Fragments: [][]byte{{}, {0xFF, 0xD8, 0xFF}}})
	got, err := dicom.Append(nil, d, jpeg)
	want := unhex(t, `
		E0 7F 10 00  4F 42 00 00  FF FF FF FF   ; OB, whatever it said
		FE FF 00 E0  00 00 00 00                ; an empty offset table
		FE FF 00 E0  04 00 00 00  FF D8 FF 00   ; padded
		FE FF DD E0  00 00 00 00`)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x, %v", got, want, err)
	}
	for _, ts := range []*dicom.TransferSyntax{implicit, explicit, bigEnd, deflated} {
		if _, err := dicom.Append(nil, d, ts); !errors.Is(err, dicom.ErrFragments) {
			t.Errorf("%s: %v", syntaxName(ts), err)
		}
	}
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: []byte{1, 2}})
	if _, err := dicom.Append(nil, d, jpeg); !errors.Is(err, dicom.ErrNative) {
		t.Errorf("native pixels: %v", err)
	}
}

func TestAppend_GroupLengths(t *testing.T) {
	d := new(dicom.Dataset)
	for _, group := range []uint16{0x0000, 0x0002, 0x0008} {
		d.Set(dicom.Element{Tag: dicom.NewTag(group, 0), VR: dicom.UL, Value: []byte{9, 9, 9, 9}}) // wrong
	}
	d.SetUint16(0x00000100, 0x30)
	d.SetString(0x00020010, "1.2")
	d.SetString(0x00080060, "CT")
	got, err := dicom.Append(nil, d, implicit)
	want := unhex(t, `
		00 00 00 00  04 00 00 00  0A 00 00 00   ; a command set needs its length (PS3.7 section 6.3.1)
		00 00 00 01  02 00 00 00  30 00
		02 00 00 00  04 00 00 00  0C 00 00 00   ; so does meta information
		02 00 10 00  04 00 00 00  31 2E 32 00
		08 00 60 00  02 00 00 00  43 54         ; nobody else`)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x, %v", got, want, err)
	}
}

// TestAppend_LongValueOfShortVR: 16 bits of length are not enough.
func TestAppend_LongValueOfShortVR(t *testing.T) {
	for n, want := range map[int]string{65534: "LO", 65536: "UN"} {
		d := new(dicom.Dataset)
		d.Set(dicom.Element{Tag: 0x00100020, VR: dicom.LO, Value: bytes.Repeat([]byte("A"), n)})
		b, err := dicom.Append(nil, d, explicit)
		if err != nil || string(b[4:6]) != want {
			t.Fatalf("%d bytes: VR %s, %v", n, b[4:6], err)
		}
		again, err := dicom.DecodeBytes(b, explicit, dicom.Options{ResolveUN: true})
		if err != nil || again.Get(0x00100020).VR != dicom.LO || len(again.String(0x00100020)) != n {
			t.Errorf("%d bytes do not read back: %v", n, err)
		}
	}
}

func TestAppend_DictionaryVR(t *testing.T) {
	d := new(dicom.Dataset)
	d.Set(dicom.Element{Tag: 0x00100010, Value: []byte("A^B ")})
	b, err := dicom.Append(nil, d, explicit)
	if err != nil || string(b[4:6]) != "PN" {
		t.Errorf("VR %s, %v", b[4:6], err)
	}
}

func TestEncode_LongValuesAreNotCopied(t *testing.T) {
	const n = 50 << 20
	d := new(dicom.Dataset)
	d.SetUint16(0x00280010, 512)
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: make([]byte, n)})
	got := allocated(func() {
		if err := dicom.Encode(io.Discard, d, explicit); err != nil {
			t.Fatal(err)
		}
	})
	if got > 1<<20 {
		t.Errorf("%d bytes allocated to write %d", got, n)
	}
}

// full fails after some bytes.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestWrite_ReportsTheWritersError(t *testing.T) {
	for _, ts := range []*dicom.TransferSyntax{explicit, bigEnd, deflated} {
		f := image(t, ts, 100_000)
		for _, n := range []int{0, 140, 500} {
			if err := dicom.Write(&full{n}, f); err == nil || !strings.Contains(err.Error(), "disk full") {
				t.Errorf("%s, %d bytes: %v", syntaxName(ts), n, err)
			}
		}
	}
	if err := dicom.Write(io.Discard, &dicom.File{Dataset: new(dicom.Dataset)}); err == nil {
		t.Error("wrote a file without a transfer syntax")
	}
}

func TestDataset_Walk(t *testing.T) {
	var got []string
	tree().Walk(func(p dicom.Path, e *dicom.Element) error {
		got = append(got, p.String()+e.Tag.String())
		if e.Tag == 0x00091001 {
			return dicom.ErrStop
		}
		return nil
	})
	want := "(0008,0060) (0008,1115) (0008,1115)[0].(0020,000E) (0009,1001)"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}
