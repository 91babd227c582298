package dicom_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/leadglass/leadglass/dicom"
)

// image is a small file with a sequence, a private element and pixels.
func image(t testing.TB, ts *dicom.TransferSyntax, pixels int) *dicom.File {
	t.Helper()
	d := new(dicom.Dataset)
	d.SetString(0x00080016, "1.2.840.10008.5.1.4.1.1.2")
	d.SetString(0x00080018, "2.25.1")
	d.SetString(0x00100010, "Test^Only")
	item := new(dicom.Dataset)
	item.SetString(0x00081155, "2.25.2")
	d.SetSequence(0x00081140, item)
	d.Set(dicom.Element{Tag: 0x00091001, VR: dicom.UN, Value: []byte("AB")})
	d.SetUint16(0x00280010, 512)
	if ts.Encapsulated {
		d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OB, Fragments: [][]byte{{}, make([]byte, pixels)}})
	} else {
		d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: make([]byte, pixels)})
	}
	return &dicom.File{Dataset: d, TransferSyntax: ts}
}

func write(t testing.TB, f *dicom.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := dicom.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWrite_MetaInformation(t *testing.T) {
	b := write(t, image(t, bigEnd, 4))
	want := unhex(t, `
		02 00 00 00  55 4C 04 00  A0 00 00 00           ; 160 bytes of group 0002 follow
		02 00 01 00  4F 42 00 00  02 00 00 00  00 01
		02 00 02 00  55 49 1A 00  31 2E 32 2E 38 34 30 2E 31 30 30 30 38 2E 35 2E 31 2E 34 2E 31 2E 31 2E 32 00
		02 00 03 00  55 49 06 00  32 2E 32 35 2E 31
		02 00 10 00  55 49 14 00  31 2E 32 2E 38 34 30 2E 31 30 30 30 38 2E 31 2E 32 2E 32 00`)
	if string(b[128:132]) != "DICM" || !bytes.HasPrefix(b[132:], want) {
		t.Errorf("got\n%x\nwant\n%x", b[132:132+len(want)], want)
	}
	f, err := dicom.Read(bytes.NewReader(b), dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := f.Meta.Int(0x00020000); n != 160 || f.TransferSyntax != bigEnd || f.Meta.String(0x00020013) != "LEADGLASS" {
		t.Errorf("group length %d, %v", n, f.TransferSyntax)
	}
}

func TestWrite_EverySyntaxReadsBack(t *testing.T) {
	for _, ts := range []*dicom.TransferSyntax{implicit, explicit, bigEnd, deflated, jpeg} {
		b := write(t, image(t, ts, 1000))
		if len(b)%2 != 0 {
			t.Errorf("%s: %d bytes", ts.UID, len(b))
		}
		f, err := dicom.Read(iotest.HalfReader(bytes.NewReader(b)), dicom.Options{})
		if err != nil {
			t.Errorf("%s: %v", ts.UID, err)
			continue
		}
		got := []string{f.Dataset.String(0x00100010), f.Dataset.Sequence(0x00081140)[0].String(0x00081155),
			string(f.Dataset.Get(0x00091001).Value), f.Dataset.String(0x00280010)}
		if s := strings.Join(got, " "); s != "Test^Only 2.25.2 AB 512" {
			t.Errorf("%s: got %s", ts.UID, s)
		}
		e := f.Dataset.Get(dicom.PixelData)
		if ts.Encapsulated && (len(e.Fragments) != 2 || len(e.Fragments[1]) != 1000) || !ts.Encapsulated && len(e.Value) != 1000 {
			t.Errorf("%s: pixels %d, %d fragments", ts.UID, len(e.Value), len(e.Fragments))
		}
	}
}

// TestRead_EmptyDataset: nothing, or two bytes of deflated nothing, follow the
// meta information.
func TestRead_EmptyDataset(t *testing.T) {
	for _, ts := range []*dicom.TransferSyntax{explicit, deflated} {
		b := write(t, &dicom.File{Dataset: new(dicom.Dataset), TransferSyntax: ts})
		f, err := dicom.Read(bytes.NewReader(b), dicom.Options{})
		if err != nil || len(f.Dataset.Elements) != 0 || f.TransferSyntax != ts {
			t.Errorf("%s: %v, %v", syntaxName(ts), f, err)
		}
	}
}

// TestRead_Beginnings: what is left out at the front of a file.
func TestRead_Beginnings(t *testing.T) {
	var d dicom.Dataset
	d.SetString(0x00080060, "CT")
	d.SetString(0x00100020, "42")
	encoded := func(ts *dicom.TransferSyntax) []byte {
		b, err := dicom.Append(nil, &d, ts)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole := write(t, &dicom.File{Dataset: &d, TransferSyntax: explicit})
	noSyntax := append(append(make([]byte, 128), "DICM"...), unhex(t, `02 00 01 00 4F 42 00 00 02 00 00 00 00 01`)...)
	implicitMeta := append(unhex(t, `02 00 10 00 12 00 00 00 31 2E 32 2E 38 34 30 2E 31 30 30 30 38 2E 31 2E 32 00`), encoded(implicit)...)
	mislabelled := bytes.Replace(whole, []byte("\x14\x001.2.840.10008.1.2.1\x00"), []byte("\x14\x001.2.840.10008.1.2\x00\x00\x00"), 1)
	for _, tt := range []struct {
		name string
		b    []byte
		ts   *dicom.TransferSyntax
	}{
		{"whole", whole, explicit},
		{"no preamble", whole[132:], explicit},
		{"no meta information, implicit", encoded(implicit), implicit},
		{"no meta information, explicit", encoded(explicit), explicit},
		{"no meta information, big endian", encoded(bigEnd), bigEnd},
		{"no transfer syntax", append(noSyntax, encoded(explicit)...), explicit},
		{"meta information in implicit VR", implicitMeta, implicit},
		{"implicit VR declared, explicit written", mislabelled, explicit},
	} {
		f, err := dicom.Read(bytes.NewReader(tt.b), dicom.Options{})
		if err != nil || f.TransferSyntax != tt.ts || f.Dataset.String(0x00100020) != "42" || f.Dataset.String(0x00080060) != "CT" {
			t.Errorf("%s: %v, %v", tt.name, f, err)
		}
	}
	for _, b := range []string{"", "DICM", "GIF89a and so on", strings.Repeat("\x00", 200), "\x00\x10\x00\x10PN\x00\x00"} {
		if _, err := dicom.Read(strings.NewReader(b), dicom.Options{}); !errors.Is(err, dicom.ErrNotDICOM) {
			t.Errorf("%.10q: %v", b, err)
		}
	}
}

func TestRead_ReportsTheReadersError(t *testing.T) {
	broken := errors.New("cable")
	whole := write(t, image(t, explicit, 100))
	for _, n := range []int{0, 50, 140, 200, 400, len(whole) - 1} {
		in := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken))
		if _, err := dicom.Read(in, dicom.Options{}); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// forbidden fails the test when more than left bytes are read.
type forbidden struct {
	t    *testing.T
	r    io.Reader
	left int
}

func (f *forbidden) Read(p []byte) (int, error) {
	if f.left <= 0 {
		f.t.Fatal("read on into the pixels")
	}
	n, err := f.r.Read(p)
	f.left -= n
	return n, err
}

func TestRead_StopsBeforePixels(t *testing.T) {
	for _, ts := range []*dicom.TransferSyntax{implicit, explicit, bigEnd, jpeg} {
		f := image(t, ts, 1<<20)
		f.Dataset.Set(dicom.Element{Tag: 0x00091001, VR: dicom.UN, Value: make([]byte, 20_000)}) // longer than a window
		b := write(t, f)
		header := len(b) - 1<<20
		in := &forbidden{t, bytes.NewReader(b), header + dicom.ReadAhead}
		got, err := dicom.Read(in, dicom.Options{StopBefore: dicom.PixelData})
		if err != nil || got.Dataset.Get(dicom.PixelData) != nil || got.Dataset.String(0x00280010) != "512" {
			t.Errorf("%s: %v", ts.UID, err)
		}
		if taken := header + dicom.ReadAhead - in.left; taken > header+dicom.ReadAhead {
			t.Errorf("%s: read %d bytes for a header of %d", ts.UID, taken, header)
		}
	}
}

func TestOpen_HeaderThenPixels(t *testing.T) {
	for _, ts := range []*dicom.TransferSyntax{implicit, explicit, bigEnd, deflated, jpeg} {
		want := make([]byte, 30_001)
		for i := range want {
			want[i] = byte(i)
		}
		want = append(want, 0)
		in := image(t, ts, 0)
		e := in.Dataset.Get(dicom.PixelData)
		if e.Value = want; ts.Encapsulated {
			e.Value, e.Fragments = nil, [][]byte{{}, want}
		}
		f, r, err := dicom.Open(bytes.NewReader(write(t, in)), dicom.Options{StopBefore: dicom.PixelData})
		if err != nil {
			t.Fatal(err)
		}
		if f.Dataset, err = r.Decode(); err != nil {
			t.Fatal(err)
		}
		r.Resume()
		v, err := r.Next()
		for err == nil && (v.Kind == dicom.SequenceStart || v.Length == 0) {
			v, err = r.Next() // to the second fragment
		}
		if err != nil {
			t.Fatalf("%s: %v", ts.UID, err)
		}
		got, err := io.ReadAll(iotest.OneByteReader(r)) // one byte at a time: a unit of OW is two
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes of %d, equal %t, %v", ts.UID, len(got), len(want), bytes.Equal(got, want), err)
		}
		if f.Dataset.String(0x00100010) != "Test^Only" {
			t.Errorf("%s: the header changed while the pixels were read", ts.UID)
		}
	}
}

func TestReader_SkipsWhatIsNotRead(t *testing.T) {
	b := write(t, image(t, explicit, 100_000))
	_, r, err := dicom.Open(iotest.HalfReader(bytes.NewReader(b)), dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var tags []string
	for {
		v, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if v.Kind == dicom.ElementValue {
			tags = append(tags, v.Tag.String())
		}
		if v.Tag == 0x00100010 { // half of it
			io.ReadFull(r, make([]byte, 3))
			if rest, err := r.Value(); string(rest) != "t^Only " || err != nil {
				t.Errorf("the rest of the value is %q, %v", rest, err)
			}
		}
	}
	want := "(0008,0016) (0008,0018) (0008,1155) (0009,1001) (0010,0010) (0028,0010) (7FE0,0010)"
	if got := strings.Join(tags, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestReader_ReadsHalfUnits: in big endian Read turns whole numbers, and what it
// could not hand out is not lost.
func TestReader_ReadsHalfUnits(t *testing.T) {
	b := unhex(t, `00 40 A1 61 46 44 00 08 3F F0 00 00 00 00 00 01`)
	r := dicom.NewReader(bytes.NewReader(b), bigEnd, dicom.Options{})
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 3)
	if n, err := r.Read(p); n != 3 || err != nil || string(p) != "\x01\x00\x00" {
		t.Errorf("got %x, %v", p[:n], err)
	}
	if rest, err := r.Value(); string(rest) != "\x00\x00\x00\xF0\x3F" || err != nil {
		t.Errorf("the rest is %x, %v", rest, err)
	}
}

func TestReader_DecodesItems(t *testing.T) {
	b := write(t, image(t, explicit, 10))
	_, r, err := dicom.Open(bytes.NewReader(b), dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		v, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if v.Kind == dicom.SequenceStart {
			if _, err := r.Decode(); err == nil {
				t.Error("decoded between items")
			}
		}
		if v.Kind == dicom.ItemStart {
			break
		}
	}
	item, err := r.Decode()
	if err != nil || item.String(0x00081155) != "2.25.2" || len(item.Elements) != 1 {
		t.Errorf("got %v, %v", item, err)
	}
	if v, err := r.Next(); err != nil || v.Kind != dicom.SequenceEnd {
		t.Errorf("after the item: %v, %v", v, err)
	}
}

func TestReadFile_HeaderAllocations(t *testing.T) {
	if _, err := os.Stat(ctSlice); err != nil {
		t.Skip("python3-pydicom is not installed")
	}
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := dicom.ReadFile(ctSlice, dicom.Options{StopBefore: dicom.PixelData}); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%v allocations for the header of a CT slice", allocs)
	if allocs >= 60 {
		t.Errorf("%v allocations for the header of a CT slice, want fewer than 60", allocs)
	}
}
