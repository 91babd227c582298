package census_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/census"
)

// canned is an archive whose answers are encoded beforehand.
type canned [][]byte

func (canned) Close() {}

func (c canned) Find(_ context.Context, _ *dimse.Query, match func([]byte, *dicom.TransferSyntax) error) (*dimse.Response, error) {
	for _, b := range c {
		if err := match(b, dicom.ImplicitVRLittleEndian); err != nil {
			return nil, err
		}
	}
	return &dimse.Response{Status: dimse.Success}, nil
}

// BenchmarkDICOM counts answers as the largest archives send them.
func BenchmarkDICOM(b *testing.B) {
	for _, n := range []int{1_007, 50_003, 1_000_003} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			var c canned
			for i := range n {
				d := &dicom.Dataset{}
				d.SetString(dict.SpecificCharacterSet, "ISO_IR 100")
				d.SetString(dict.QueryRetrieveLevel, "STUDY")
				d.SetString(dict.RetrieveAETitle, "ARCHIVE")
				d.SetString(dict.StudyInstanceUID, fmt.Sprintf("1.2.840.113619.2.55.3.604688119.%d.%d", 1_000_000+i*7919, i))
				d.SetString(dict.NumberOfStudyRelatedInstances, strconv.Itoa(i%97))
				answer, err := dicom.Append(nil, d, dicom.ImplicitVRLittleEndian)
				if err != nil {
					b.Fatal(err)
				}
				c = append(c, answer)
			}
			b.ReportAllocs()
			for b.Loop() {
				got, err := census.DICOM(b.Context(), &census.Archive{
					Open:      func(context.Context) (census.Association, error) { return c, nil },
					Pause:     func(context.Context) error { return nil },
					StudyRoot: true, Now: time.Now, Rand: rand.New(rand.NewPCG(1, 2)),
				}, census.Budget{})
				if err != nil || got.Studies != int64(n) {
					b.Fatalf("got %+v, %v", got, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/answer")
		})
	}
}
