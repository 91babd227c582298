package dicomweb_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicomweb"
)

// FuzzHandler_Get: no path, query or Accept makes the handler fail in a way that
// is not an answer; whatever it says of itself is a status of the standard.
func FuzzHandler_Get(f *testing.F) {
	for _, path := range []string{
		"/studies", "/studies/1.2", "/studies/1.2/metadata", "/studies/1.2/series/1.2.3/instances/1.2.3.1/frames/1,2",
		"/studies/1.2/series/1.2.3/instances/1.2.3.1/bulkdata/00480105/0/00282000", "/studies/1.2/rendered", "/wado", "/studies/1%2e2/..//",
	} {
		f.Add(path, "PatientName=a*&includefield=all,00081030&limit=1&offset=2&fuzzymatching=true", "multipart/related; type=\"application/dicom\"; transfer-syntax=*;q=0.5, */*")
	}
	f.Add("/wado", "requestType=WADO&studyUID=1.2&seriesUID=1.2.3&objectUID=1.2.3.1&region=0,0,1,1&windowCenter=1e3&windowWidth=1", "image/png, image/jpeg;q=0")
	s := &store{objects: []*object{instance(f, 1, dicom.ExplicitVRLittleEndian)}}
	h := dicomweb.NewHandler(s, dicomweb.HandlerOptions{})
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path, r.URL.RawQuery, r.URL.RawPath = path, query, ""
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case 200, 204, 206, 400, 404, 406, 413, 501:
		default:
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		for name, values := range w.Header() {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
				t.Errorf("%s has a line end: %q", name, values)
			}
		}
	})
}

// FuzzHandler_Store: no body is stored in part, and each has an answer.
func FuzzHandler_Store(f *testing.F) {
	f.Add(`multipart/related; type="application/dicom"; boundary=x`, "--x\r\nContent-Type: application/dicom\r\n\r\nfile\r\n--x--")
	f.Add(`multipart/related; type="application/dicom+json"; boundary=x`, "--x\r\nContent-Type: application/dicom+json\r\n\r\n[{\"00080018\":{\"vr\":\"UI\",\"Value\":[\"1.2\"]},\"7FE00010\":{\"vr\":\"OB\",\"BulkDataURI\":\"a\"}}]\r\n--x\r\nContent-Type: image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50\r\nContent-Location: a\r\n\r\nj\r\n--x--")
	f.Add("application/dicom", "file")
	f.Add("application/dicom+json", "[{}]")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		s := &store{put: func(b []byte) (*dicomweb.Stored, error) {
			if len(b) > len(body)+4096 {
				t.Errorf("%d bytes became %d", len(body), len(b))
			}
			return &dicomweb.Stored{}, nil
		}}
		h := dicomweb.NewHandler(s, dicomweb.HandlerOptions{Limits: dicomweb.Limits{ObjectBytes: 1 << 16}})
		r := httptest.NewRequest(http.MethodPost, "/studies", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case 200, 202, 400, 409, 413, 415:
		default:
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}

// FuzzHandler_Pixels: no stored file makes us read what is not its own. Run it with
// -fuzzminimizetime 20x: buffers that are kept make coverage vary, and minimising
// takes all the time there is.
func FuzzHandler_Pixels(f *testing.F) {
	for _, ts := range []*dicom.TransferSyntax{dicom.ExplicitVRLittleEndian, lossless, dicom.ExplicitVRBigEndian, dicom.DeflatedExplicitVRLittleEndian} {
		f.Add(instance(f, 1, ts).file)
	}
	s := &store{}
	h := dicomweb.NewHandler(s, dicomweb.HandlerOptions{Limits: dicomweb.Limits{ObjectBytes: 1 << 20}})
	f.Fuzz(func(t *testing.T, file []byte) {
		o := &object{res: dicomweb.Resource{Study: "1.2", Series: "1.2.3", Instance: "1.2.3.1"}, syntax: lossless, file: file}
		s.objects = []*object{o}
		for _, what := range []string{"/frames/1,2", "/pixeldata", "/bulkdata/7FE00010", "/metadata", "/bulkdata/00480105/0/00282000"} {
			r := httptest.NewRequest("GET", "/studies/1.2/series/1.2.3/instances/1.2.3.1"+what, nil)
			w := httptest.NewRecorder()
			func() {
				defer func() {
					if p := recover(); p != nil && p != http.ErrAbortHandler {
						panic(p)
					}
				}()
				h.ServeHTTP(w, r)
			}()
			if w.Code == 200 && w.Body.Len() == 0 {
				t.Errorf("%s: nothing with status 200", what)
			}
		}
	})
}
