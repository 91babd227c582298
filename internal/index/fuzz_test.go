package index_test

import (
	"context"
	"crypto/sha256"
	"fmt"
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
	f.Fuzz(func(t *testing.T, b []byte) {
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
	})
}
