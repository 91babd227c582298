package scp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
)

// ctSlice is an object of 512 KiB.
func ctSlice(instance string) *dicom.Dataset {
	d := slice("1.1", "1.1.1", instance, "N")
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: make([]byte, 512<<10)})
	return d
}

// BenchmarkGet is a study of 100 CT slices by C-GET, both ends in this process.
func BenchmarkGet(b *testing.B) {
	for name, ts := range map[string]*dicom.TransferSyntax{"as_it_came": dicom.ExplicitVRLittleEndian, "laid_down_anew": dicom.ImplicitVRLittleEndian} {
		b.Run(name, func(b *testing.B) {
			h := serve(b, nil)
			for i := range 100 {
				h.fill(b, ts, ctSlice(fmt.Sprint("1.1.1.", i)))
			}
			c := h.dial(b, explicit())
			n := 0
			c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
				n++
				_, _ = io.Copy(io.Discard, rq.Data)
				return dimse.Success
			}
			for b.Loop() {
				rsp, err := c.Get(context.Background(), query(dimse.StudyRootGet, identifier("STUDY", 0x0020000D, "1.1")), nil)
				if err != nil || rsp.Completed != 100 {
					b.Fatal(rsp, err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "slices/s")
		})
	}
}

// BenchmarkEcho is what a request costs but for what it does.
func BenchmarkEcho(b *testing.B) {
	c := serve(b, nil).dial(b)
	for b.Loop() {
		if rsp, err := c.Echo(context.Background()); err != nil || rsp.Status != dimse.Success {
			b.Fatal(rsp, err)
		}
	}
}

// BenchmarkFind is a search of 1,000 rows with names that no ASCII has.
func BenchmarkFind(b *testing.B) {
	h := serve(b, nil)
	for i := range 1000 {
		h.fill(b, dicom.ExplicitVRLittleEndian, slice(fmt.Sprint("1.", i), fmt.Sprint("1.1.", i), fmt.Sprint("1.1.1.", i), "Müller^Jörg"))
	}
	c := h.dial(b)
	id := identifier("STUDY", 0x0020000D, "", 0x00100010, "", 0x00100020, "", 0x00080020, "")
	id.SetString(0x00080005, "ISO_IR 100")
	rows := 0
	for b.Loop() {
		rsp, err := c.Find(context.Background(), query(dimse.StudyRootFind, id), func(identifier []byte, _ *dicom.TransferSyntax) error {
			if !bytes.Contains(identifier, []byte("M\xFCller")) {
				b.Fatal("a row is not in Latin-1")
			}
			rows++
			return nil
		})
		if err != nil || rsp.Status != dimse.Success {
			b.Fatal(rsp, err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
