package census_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/census"
	"github.com/leadglass/leadglass/ul"
)

// canned is an archive whose answers are encoded beforehand.
type canned [][]byte

func (canned) Close() {}

func (c canned) Find(_ context.Context, _ *dimse.Query, match func([]byte, *dicom.TransferSyntax) error) (*dimse.Response, error) {
	for _, b := range c {
		if err := match(b, dicom.ImplicitVRLittleEndian); errors.Is(err, dimse.ErrCancel) {
			return &dimse.Response{Status: dimse.Cancel}, nil
		}
	}
	return &dimse.Response{Status: dimse.Success}, nil
}

// cannedOf is an archive of n studies as the largest ones answer.
func cannedOf(b testing.TB, n int) (c canned) {
	b.Helper()
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
	return c
}

func count(b *testing.B, n int, m *census.Memory, open func(context.Context) (census.Association, error)) {
	b.Helper()
	got, err := census.DICOM(b.Context(), &census.Archive{
		Open: open, Pause: func(context.Context) error { return nil },
		StudyRoot: true, Now: time.Now, Rand: rand.New(rand.NewPCG(1, 2)), Memory: m,
	}, census.Budget{})
	if err != nil || got.Studies != int64(n) {
		b.Fatalf("got %+v, %v", got, err)
	}
}

// BenchmarkDICOM counts answers without a network.
func BenchmarkDICOM(b *testing.B) {
	for _, n := range []int{1_007, 50_003, 1_000_003} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			c, m := cannedOf(b, n), new(census.Memory)
			b.ReportAllocs()
			for b.Loop() {
				count(b, n, m, func(context.Context) (census.Association, error) { return c, nil })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/answer")
		})
	}
}

// served answers each C-FIND with what is canned.
type served struct{ canned }

func (s served) Find(_ context.Context, _ *dimse.Query, match dimse.Matches) (dimse.Status, error) {
	for _, b := range s.canned {
		if err := match.SendEncoded(b); err != nil {
			return 0, err
		}
	}
	return dimse.Success, nil
}

// BenchmarkDICOM_Wire counts over an association on loopback.
func BenchmarkDICOM_Wire(b *testing.B) {
	for _, n := range []int{50_003, 400_003} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			address := dimsetest.Serve(b, served{cannedOf(b, n)}, dimse.Limits{})
			m := new(census.Memory)
			rq := dimsetest.Request("A", "B", dimsetest.Context{Class: dimse.StudyRootFind, Syntax: dicom.ImplicitVRLittleEndian.UID})
			for b.Loop() {
				count(b, n, m, func(ctx context.Context) (census.Association, error) {
					a, err := ul.Dial(ctx, address, rq, nil)
					if err != nil {
						return nil, err
					}
					return wire{dimse.NewClient(a, dimse.Limits{Responses: -1}), a}, nil
				})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/answer")
		})
	}
}

// wire is an association over a network.
type wire struct {
	*dimse.Client
	assoc *ul.Assoc
}

func (w wire) Close() { w.assoc.Abort(0) }
