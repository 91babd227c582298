package dicomweb_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
)

const published = pydicomFiles + "CT_small.dcm"

// slabStudy makes a study of CT slices of 512 KB with the header of a published file
// where there is one.
func slabStudy(b *testing.B, n int) *store {
	if _, err := os.Stat(published); err != nil {
		b.Skip("no published CT file here")
	}
	s := &store{}
	for i := range n {
		f, err := dicom.ReadFile(published, dicom.Options{})
		if err != nil {
			b.Fatal(err)
		}
		o := &object{syntax: dicom.ExplicitVRLittleEndian}
		o.res = dicomweb.Resource{Study: "1.2", Series: "1.2.3", Instance: dicom.UID(fmt.Sprintf("1.2.3.%d", i))}
		f.Dataset.SetString(dict.SOPInstanceUID, string(o.res.Instance))
		f.Dataset.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: make([]byte, 512<<10)})
		var w writer
		if err := dicom.Write(&w, f); err != nil {
			b.Fatal(err)
		}
		o.file = w
		s.objects = append(s.objects, o)
	}
	return s
}

type writer []byte

func (w *writer) Write(b []byte) (int, error) {
	*w = append(*w, b...)
	return len(b), nil
}

// BenchmarkHandler asks over loopback; the peer is in the same process and takes
// its share of the processors.
func BenchmarkHandler(b *testing.B) {
	s := slabStudy(b, 100)
	f, err := dicom.ReadFile(published, dicom.Options{StopBefore: dict.ContrastBolusAgent})
	if err != nil {
		b.Fatal(err)
	}
	s.results = []*dicom.Dataset{f.Dataset}
	srv := serve(b, s, dicomweb.Limits{})
	for name, path := range map[string]string{
		"metadata_of_100": "/studies/1.2/metadata",
		"study_of_52MB":   "/studies/1.2",
		"search":          "/studies?PatientID=1CT1",
		"instance_512KB":  "/studies/1.2/series/1.2.3/instances/1.2.3.7",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, _ := http.NewRequest("GET", srv.URL+"/dicom-web"+path, nil)
				r.Header.Set("Accept-Encoding", "identity")
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.CopyBuffer(writerOnly{io.Discard}, resp.Body, make([]byte, 256<<10))
				if err != nil || resp.StatusCode != 200 {
					b.Fatal(err, resp.Status)
				}
				resp.Body.Close()
				b.SetBytes(n)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
		})
	}
}

type writerOnly struct{ io.Writer }
