package index_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/index"
)

// FuzzIndex takes any data set as a header, which is always added, and as the keys
// of a query, which are answered or refused by a limit.
func FuzzIndex(f *testing.F) {
	seed := generated(1).Instance.Header
	seed.SetString(dict.SpecificCharacterSet, `\ISO 2022 IR 87`)
	b, err := dicom.Append(nil, seed, dicom.ExplicitVRLittleEndian)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("\x10\x00\x10\x00PN\x08\x00*?*a'%[]"))
	x := open(f, index.Memory)
	f.Cleanup(func() { x.Close() })
	f.Fuzz(func(t *testing.T, b []byte) { anyDataset(t, x, b) })
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

// TestIndex_AnyBytes does what FuzzIndex does, without its instrumentation of
// SQLite, which makes an execution take seconds.
func TestIndex_AnyBytes(t *testing.T) {
	seed, err := dicom.Append(nil, generated(1).Instance.Header, dicom.ExplicitVRLittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	x := open(t, index.Memory)
	defer x.Close()
	random := rand.New(rand.NewPCG(3, 14))
	const evil = "*?^=\\\"'%_[]-\x00\x1b\xff ;"
	for range 2000 {
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
