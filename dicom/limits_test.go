package dicom_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// crosses checks that read succeeds at a limit and fails one below.
func crosses(t *testing.T, name string, need int64, read func(limit int64) error) {
	t.Helper()
	for _, enough := range []int64{need, need + 1, -1, 0} {
		if err := read(enough); err != nil {
			t.Errorf("%s %d, %d needed: %v", name, enough, need, err)
		}
	}
	var over *dicom.LimitError
	if err := read(need - 1); !errors.As(err, &over) || over.Name != name || over.Limit != need-1 {
		t.Errorf("%s %d, %d needed: got %v", name, need-1, need, err)
	}
}

// both reads b from memory and as a stream, which must agree.
func both(t *testing.T, b []byte, ts *dicom.TransferSyntax, lim dicom.Limits) error {
	t.Helper()
	_, err := dicom.DecodeBytes(b, ts, dicom.Options{Limits: lim})
	_, streamed := dicom.Decode(bytes.NewReader(b), ts, dicom.Options{Limits: lim})
	walked := dicom.WalkBytes(b, ts, lim, func(*dicom.Visit) error { return nil })
	if (err == nil) != (streamed == nil) || (err == nil) != (walked == nil) {
		t.Errorf("in memory %v, as a stream %v, walked %v", err, streamed, walked)
	}
	return err
}

const twoValues = `
	10 00 20 00  4C 4F 04 00  31 32 33 34
	10 00 21 00  4C 4F 06 00  31 32 33 34 35 36`

func TestLimit_ElementBytes(t *testing.T) {
	b := unhex(t, twoValues)
	crosses(t, "element_bytes", 6, func(n int64) error { return both(t, b, explicit, dicom.Limits{ElementBytes: n}) })
}

func TestLimit_DatasetBytes(t *testing.T) {
	b := unhex(t, twoValues)
	crosses(t, "dataset_bytes", 10, func(n int64) error { return both(t, b, explicit, dicom.Limits{DatasetBytes: n}) })
}

func TestLimit_Elements(t *testing.T) {
	b := unhex(t, `
		08 00 15 11  53 51 00 00  14 00 00 00
		FE FF 00 E0  0C 00 00 00                ; items count
		20 00 0E 00  55 49 04 00  31 2E 33 00
		10 00 20 00  4C 4F 00 00`)
	crosses(t, "elements", 4, func(n int64) error { return both(t, b, explicit, dicom.Limits{Elements: int(n)}) })
	pixels := unhex(t, `
		E0 7F 10 00  4F 42 00 00  FF FF FF FF
		FE FF 00 E0  00 00 00 00                ; so do fragments
		FE FF 00 E0  00 00 00 00
		FE FF DD E0  00 00 00 00`)
	crosses(t, "elements", 3, func(n int64) error { return both(t, pixels, jpeg, dicom.Limits{Elements: int(n)}) })
}

// nested returns sequences within sequences.
func nested(depth int) []byte {
	var b []byte
	for range depth {
		b = append(b, 0x08, 0, 0x15, 0x11, 'S', 'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF)
	}
	for range depth {
		b = append(b, 0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0)
	}
	return b
}

func TestLimit_Depth(t *testing.T) {
	crosses(t, "depth", 10, func(n int64) error { return both(t, nested(10), explicit, dicom.Limits{Depth: int(n)}) })
	crosses(t, "depth", 64, func(n int64) error {
		return both(t, nested(64), explicit, dicom.Limits{Depth: int(n)})
	})
	var over *dicom.LimitError
	if err := both(t, nested(65), explicit, dicom.Limits{}); !errors.As(err, &over) || over.Limit != 64 {
		t.Errorf("the default let 65 levels pass: %v", err)
	}
}

// TestDepth_Off: without the limit no depth overflows a stack.
func TestDepth_Off(t *testing.T) {
	b := nested(20_000)
	d, err := dicom.DecodeBytes(b, explicit, dicom.Options{Limits: dicom.Limits{Depth: -1}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := dicom.Append(nil, d, explicit)
	if err != nil || len(again) != 20*20_000 {
		t.Errorf("%d bytes, %v", len(again), err)
	}
}

func TestLimit_InflatedBytes(t *testing.T) {
	d := new(dicom.Dataset)
	d.Set(dicom.Element{Tag: 0x00420011, VR: dicom.OB, Value: make([]byte, 1<<20)})
	b, err := dicom.Append(nil, d, deflated)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes hold %d", len(b), 1<<20+12)
	crosses(t, "inflated_bytes", 1<<20+12, func(n int64) error {
		return both(t, b, deflated, dicom.Limits{InflatedBytes: n})
	})
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestClaimedLength_CostsNoMemory: four gigabytes are claimed, 100 KB arrive.
func TestClaimedLength_CostsNoMemory(t *testing.T) {
	const arrives = 100_000
	header := []byte{0x42, 0, 0x11, 0, 'O', 'B', 0, 0}
	b := append(binary.LittleEndian.AppendUint32(header, 0xFFFFFFFE), make([]byte, arrives)...)
	var err error
	got := allocated(func() {
		_, err = dicom.Decode(bytes.NewReader(b), explicit, dicom.Options{Limits: dicom.Limits{ElementBytes: -1, DatasetBytes: -1}})
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("got %v", err)
	}
	if got > 5*arrives {
		t.Errorf("%d bytes allocated for %d that arrived", got, arrives)
	}
	var over *dicom.LimitError
	got = allocated(func() { _, err = dicom.Decode(bytes.NewReader(b), explicit, dicom.Options{}) })
	if !errors.As(err, &over) || got > 50_000 {
		t.Errorf("with limits: %d bytes, %v", got, err)
	}
}

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestReader_StreamsPixels: 500 MB of pixels pass through one window.
func TestReader_StreamsPixels(t *testing.T) {
	const pixels = 500_000_000
	header := []byte{0x28, 0, 0x10, 0, 'U', 'S', 2, 0, 0, 2, 0xE0, 0x7F, 0x10, 0, 'O', 'W', 0, 0}
	header = binary.LittleEndian.AppendUint32(header, pixels)
	in := io.MultiReader(bytes.NewReader(header), io.LimitReader(zeros{}, pixels), bytes.NewReader([]byte{0xFC, 0xFF, 0xFC, 0xFF, 'O', 'B', 0, 0, 0, 0, 0, 0}))
	got := allocated(func() {
		r := dicom.NewReader(in, explicit, dicom.Options{StopBefore: dicom.PixelData})
		d, err := r.Decode()
		if rows, _ := d.Int(0x00280010); err != nil || rows != 512 {
			t.Fatalf("header: %v", err)
		}
		r.Resume()
		v, err := r.Next()
		if err != nil || v.Tag != dicom.PixelData || v.Length != pixels {
			t.Fatalf("pixels: %v, %v", v, err)
		}
		n, err := io.Copy(io.Discard, r)
		if n != pixels || err != nil {
			t.Fatalf("copied %d, %v", n, err)
		}
		if v, err = r.Next(); err != nil || v.Tag != 0xFFFCFFFC {
			t.Fatalf("after the pixels: %v, %v", v, err)
		}
		if _, err = r.Next(); err != io.EOF {
			t.Fatalf("at the end: %v", err)
		}
	})
	if got > 100_000 {
		t.Errorf("%d bytes allocated", got)
	}
}
