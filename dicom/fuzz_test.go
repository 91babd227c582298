package dicom_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/leadglass/leadglass/dicom"
)

// fuzzSyntaxes are the layouts that the first byte of an input chooses from.
var fuzzSyntaxes = []*dicom.TransferSyntax{implicit, explicit, bigEnd, jpeg, deflated}

// fuzzLimits keep one input short.
var fuzzLimits = dicom.Limits{ElementBytes: 1 << 16, DatasetBytes: 1 << 18, InflatedBytes: 1 << 18, Elements: 1 << 12, Depth: 16}

func addSeeds(f *testing.F) {
	f.Helper()
	for _, v := range readVectors(f) {
		for i, ts := range fuzzSyntaxes {
			if ts.UID == dicom.UID(v.TransferSyntax) {
				f.Add(uint8(i), v.bytes(f))
			}
		}
	}
	for _, tt := range layouts {
		for i, ts := range fuzzSyntaxes {
			if ts == tt.ts {
				f.Add(uint8(i), unhex(f, tt.data))
			}
		}
	}
}

// FuzzWalkBytes: the same bytes in memory and as a stream show the same steps.
func FuzzWalkBytes(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, choice uint8, b []byte) {
		ts := fuzzSyntaxes[int(choice)%len(fuzzSyntaxes)]
		got, err := steps(b, ts, fuzzLimits)
		var streamed []string
		streamErr := dicom.Walk(iotest.HalfReader(bytes.NewReader(b)), ts, dicom.Options{Limits: fuzzLimits}, func(v *dicom.Visit) error {
			streamed = append(streamed, step(v))
			return nil
		})
		if (err == nil) != (streamErr == nil) && !errors.Is(err, dicom.ErrVR) {
			t.Fatalf("in memory %v, as a stream %v", err, streamErr)
		}
		if s := strings.Join(streamed, " "); err == nil && s != got {
			t.Fatalf("in memory %s\nas a stream %s", got, s)
		}
	})
}

// flat prints a data set as steps does a walk.
func flat(d *dicom.Dataset, depth int) []string {
	var out []string
	for _, e := range d.Elements {
		switch {
		case e.Fragments != nil:
			out = append(out, fmt.Sprintf("%d%v%v<", depth, e.Tag, e.VR))
			for _, f := range e.Fragments {
				out = append(out, fmt.Sprintf("[%x]", f))
			}
			out = append(out, ">")
		case e.VR == dicom.SQ:
			out = append(out, fmt.Sprintf("%d%v%v<", depth, e.Tag, e.VR))
			for _, item := range e.Items {
				out = append(append(append(out, "{"), flat(item, depth+1)...), "}")
			}
			out = append(out, ">")
		default:
			out = append(out, fmt.Sprintf("%d%v%v=%x", depth, e.Tag, e.VR, e.Value))
		}
	}
	return out
}

// ascending says that no item, nor the data set, has its tags out of order.
func ascending(b []byte, ts *dicom.TransferSyntax) bool {
	ok := true
	last := []dicom.Tag{0}
	seen := []bool{false}
	dicom.WalkBytes(b, ts, fuzzLimits, func(v *dicom.Visit) error {
		top := len(last) - 1
		switch v.Kind {
		case dicom.ElementValue, dicom.SequenceStart:
			ok = ok && (!seen[top] || v.Tag > last[top])
			last[top], seen[top] = v.Tag, true
		case dicom.ItemStart:
			last, seen = append(last, 0), append(seen, false)
		case dicom.ItemEnd:
			last, seen = last[:top], seen[:top]
		}
		return nil
	})
	return ok
}

// FuzzDecode: Decode and WalkBytes agree, and what was written once is written
// the same again.
func FuzzDecode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, choice uint8, b []byte) {
		ts := fuzzSyntaxes[int(choice)%len(fuzzSyntaxes)]
		opt := dicom.Options{Limits: fuzzLimits}
		d, err := dicom.DecodeBytes(b, ts, opt)
		walked, walkErr := steps(b, ts, fuzzLimits)
		if (err == nil) != (walkErr == nil) {
			t.Fatalf("decoded %v, walked %v", err, walkErr)
		}
		d.Walk(func(_ dicom.Path, e *dicom.Element) error { // no accessor panics
			d.String(e.Tag)
			d.Strings(e.Tag)
			d.Ints(e.Tag)
			d.Floats(e.Tag)
			return nil
		})
		if err != nil {
			return
		}
		if ascending(b, ts) {
			if got := strings.Join(flat(d, 0), " "); got != walked {
				t.Fatalf("decoded %s\nwalked  %s", got, walked)
			}
		}
		rewrite(t, d, ts, opt)
	})
}

func rewrite(t *testing.T, d *dicom.Dataset, ts *dicom.TransferSyntax, opt dicom.Options) {
	t.Helper()
	once, err := dicom.Append(nil, d, ts)
	if err != nil {
		return // fragments where there cannot be any
	}
	opt.Limits = dicom.Limits{Depth: opt.Limits.Depth}
	again, err := dicom.DecodeBytes(once, ts, opt)
	if err != nil {
		t.Fatalf("%x does not read back: %v", once, err)
	}
	twice, err := dicom.Append(nil, again, ts)
	if err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("written %x\nagain   %x, %v", once, twice, err)
	}
	var streamed bytes.Buffer
	if err := dicom.Encode(&streamed, d, ts); err != nil || !bytes.Equal(streamed.Bytes(), once) {
		t.Fatalf("Append %x\nEncode %x, %v", once, streamed.Bytes(), err)
	}
}

func FuzzRead(f *testing.F) {
	for _, ts := range fuzzSyntaxes {
		b := write(f, image(f, ts, 16))
		f.Add(b)
		f.Add(b[132:])
	}
	for _, v := range readVectors(f) {
		f.Add(v.bytes(f))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		opt := dicom.Options{Limits: fuzzLimits}
		file, err := dicom.Read(bytes.NewReader(b), opt)
		if err != nil {
			return
		}
		opt.StopBefore = dicom.PixelData
		header, err := dicom.Read(bytes.NewReader(b), opt)
		if err != nil {
			t.Fatalf("whole file read, header not: %v", err)
		}
		if ascending(b, file.TransferSyntax) && header.Dataset.Get(dicom.PixelData) != nil {
			t.Fatal("pixels in the header")
		}
		var out bytes.Buffer
		if err := dicom.Write(&out, file); err != nil {
			return
		}
		if _, err := dicom.Read(&out, dicom.Options{}); err != nil {
			t.Fatalf("what was written does not read back: %v", err)
		}
	})
}
