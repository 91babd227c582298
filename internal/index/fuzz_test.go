package index_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/index"
)

// FuzzAnswer takes any data set as a header and any as the keys of a query: what
// the two come to, with no database between, which would take all the time.
// TestIndex_AnyBytes has it between.
func FuzzAnswer(f *testing.F) {
	seed := encoded(f, generated(1).Instance.Header)
	f.Add(seed, seed, uint8(3))
	foreign := generated(1).Instance.Header
	foreign.SetString(dict.SpecificCharacterSet, `\ISO 2022 IR 87`)
	f.Add(encoded(f, foreign), []byte("\x10\x00\x10\x00PN\x08\x00*?*a'%[]"), uint8(0))
	f.Add(seed, []byte("\x08\x00\x20\x00DA\x12\x0020200101-20240101"), uint8(1))
	f.Fuzz(func(t *testing.T, header, keys []byte, level uint8) {
		h, _ := dicom.DecodeBytes(header, dicom.ExplicitVRLittleEndian, dicom.Options{})
		k, _ := dicom.DecodeBytes(keys, dicom.ExplicitVRLittleEndian, dicom.Options{})
		if h == nil || k == nil {
			return
		}
		i := &index.Instance{Header: h, Ref: leadglass.Ref{Study: h.UID(dict.StudyInstanceUID), Series: h.UID(dict.SeriesInstanceUID), Instance: h.UID(dict.SOPInstanceUID)}}
		q := &leadglass.Query{Level: leadglass.Level(level % 4), Keys: k, All: level&4 > 0, Fuzzy: level&8 > 0, DateTime: level&16 > 0}
		answers(t, i, q)
		q.Keys, q.All = nil, true
		if !answers(t, i, q) {
			t.Error("no keys do not match")
		}
	})
}

// answers asks, and sends the answer.
func answers(t *testing.T, i *index.Instance, q *leadglass.Query) (match bool) {
	t.Helper()
	d, err := index.Answer(i, q)
	if err != nil && leadglass.CodeOf(err) != leadglass.Limited {
		t.Fatalf("level %d: %v", q.Level, err)
	}
	if d == nil {
		return false
	}
	b, err := dicom.Append(nil, d, dicom.ExplicitVRLittleEndian)
	if err != nil {
		t.Fatalf("an answer that cannot be sent: %v", err)
	}
	if _, err := dicom.DecodeBytes(b, dicom.ExplicitVRLittleEndian, dicom.Options{}); err != nil {
		t.Fatalf("an answer that cannot be read: %v", err)
	}
	return true
}

func encoded(t testing.TB, d *dicom.Dataset) []byte {
	t.Helper()
	b, err := dicom.Append(nil, d, dicom.ExplicitVRLittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// anyDataset adds, finds and removes what the bytes are.
func anyDataset(t *testing.T, x index.Index, b []byte) {
	t.Helper()
	d, _ := dicom.DecodeBytes(b, dicom.ExplicitVRLittleEndian, dicom.Options{})
	if d == nil {
		return
	}
	uid := dicom.UID(fmt.Sprintf("2.%x", sha256.Sum256(b)))
	i := &index.Instance{Header: d, Ref: leadglass.Ref{Study: d.UID(dict.StudyInstanceUID), Series: d.UID(dict.SeriesInstanceUID), Instance: uid}}
	if err := x.Apply(context.Background(), []index.Change{index.Add{Instance: i}}, "p"); err != nil {
		t.Fatalf("Apply: %v", err)
	}
	if got, err := x.Lookup(context.Background(), uid); got == nil || err != nil {
		t.Fatalf("Lookup: %v", err)
	}
	for l := leadglass.PatientLevel; l <= leadglass.InstanceLevel; l++ {
		n := 0
		for _, err := range x.Find(context.Background(), &leadglass.Query{Level: l, Keys: d, All: true}) {
			if err != nil && leadglass.CodeOf(err) != leadglass.Limited {
				t.Fatalf("Find: %v", err)
			}
			if n++; n == 10 {
				break
			}
		}
	}
	if err := x.Apply(context.Background(), []index.Change{index.Remove{Ref: leadglass.Ref{Instance: uid}}}, "p"); err != nil {
		t.Fatalf("Remove: %v", err)
	}
}

// TestIndex_AnyBytes adds, finds and removes what random changes make of a header,
// in a database. A fuzz target would spend its time on SQLite's own branches.
func TestIndex_AnyBytes(t *testing.T) {
	seed := encoded(t, generated(1).Instance.Header)
	x := open(t, index.Memory)
	defer x.Close()
	random := rand.New(rand.NewPCG(3, 14))
	const evil = "*?^=\\\"'%_[]-\x00\x1b\xff ;"
	rounds := 500
	if os.Getenv("LONG") != "" || os.Getenv("INTEROP") == "1" {
		rounds = 5000
	}
	for range rounds {
		b := slices.Clone(seed)
		for range 1 + random.IntN(30) {
			if at := random.IntN(len(b)); random.IntN(3) > 0 {
				b[at] = evil[random.IntN(len(evil))]
			} else {
				b[at] = byte(random.Uint32())
			}
		}
		anyDataset(t, x, b)
	}
}
