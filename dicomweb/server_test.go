package dicomweb_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
)

// store is a backend in memory.
type store struct {
	objects []*object
	asked   dicomweb.Query
	want    dicomweb.Want
	results []*dicom.Dataset
	put     func([]byte) (*dicomweb.Stored, error)
	deleted dicomweb.Resource
	rd      dicomweb.Rendering
	ended   int
	sent    map[dicom.UID]int64
	failed  map[dicom.UID]int64
	endErr  error
}

type object struct {
	res    dicomweb.Resource
	syntax *dicom.TransferSyntax
	file   []byte
	broken bool
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

func (s *store) Search(_ context.Context, q dicomweb.Query) iter.Seq2[*dicom.Dataset, error] {
	s.asked = q
	return func(yield func(*dicom.Dataset, error) bool) {
		for i, d := range s.results {
			if i < q.Offset {
				continue
			}
			if i >= q.Offset+q.Limit || !yield(d, nil) {
				return
			}
		}
	}
}

func (s *store) Retrieve(_ context.Context, rt dicomweb.Retrieval) (dicomweb.Transfer, error) {
	s.want = rt.Want
	s.sent, s.failed = map[dicom.UID]int64{}, map[dicom.UID]int64{}
	var t transfer
	for _, o := range s.objects {
		r := rt.Resource
		if o.res.Study == r.Study && (r.Series == "" || r.Series == o.res.Series) && (r.Instance == "" || r.Instance == o.res.Instance) {
			t.list = append(t.list, o)
		}
	}
	if t.list == nil {
		return nil, &dicomweb.Problem{HTTP: 404}
	}
	t.s = s
	return &t, nil
}

type transfer struct {
	s    *store
	list []*object
}

func (t *transfer) Objects(context.Context) iter.Seq2[*dicomweb.Object, error] {
	return func(yield func(*dicomweb.Object, error) bool) {
		for _, o := range t.list {
			ok := yield(&dicomweb.Object{
				Resource: o.res, Syntax: o.syntax.UID, Size: int64(len(o.file)),
				Open: func(context.Context) (dicomweb.Content, error) {
					if o.broken {
						return nil, errors.New("disk")
					}
					return content{bytes.NewReader(o.file)}, nil
				},
			}, nil)
			if !ok {
				return
			}
		}
	}
}

func (t *transfer) Sent(o *dicomweb.Object, n int64)   { t.s.sent[o.Resource.Instance] += n }
func (t *transfer) Failed(o *dicomweb.Object, n int64) { t.s.failed[o.Resource.Instance] += n }
func (t *transfer) End(context.Context) error          { t.s.ended++; return nil }

func (s *store) Store(_ context.Context, study dicom.UID) (dicomweb.Intake, error) {
	return &intake{s}, nil
}

type intake struct{ s *store }

func (i *intake) Put(_ context.Context, r io.Reader) (*dicomweb.Stored, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return i.s.put(b)
}

func (i *intake) End(context.Context) error { i.s.ended++; return i.s.endErr }

func (s *store) Delete(_ context.Context, r dicomweb.Resource) (int, error) {
	s.deleted = r
	return 1, nil
}

func (s *store) Render(_ context.Context, o *dicomweb.Object, _ dicomweb.Content, rd dicomweb.Rendering) ([]byte, error) {
	s.rd = rd
	return []byte("picture of " + string(o.Resource.Instance)), nil
}

// instance makes a file of two frames of 2 by 2 pixels.
func instance(t testing.TB, n int, ts *dicom.TransferSyntax) *object {
	t.Helper()
	o := &object{res: dicomweb.Resource{Study: "1.2", Series: "1.2.3", Instance: dicom.UID(fmt.Sprintf("1.2.3.%d", n))}, syntax: ts}
	d := &dicom.Dataset{}
	d.SetString(dict.SOPClassUID, dict.SecondaryCaptureImageStorage)
	d.SetString(dict.SOPInstanceUID, string(o.res.Instance))
	d.SetString(dict.PatientName, "Planted^Mark")
	d.SetString(dict.StudyInstanceUID, "1.2")
	d.SetString(dict.SeriesInstanceUID, "1.2.3")
	d.SetString(dict.NumberOfFrames, "2")
	d.SetUint16(dict.SamplesPerPixel, 1)
	d.SetUint16(dict.Rows, 2)
	d.SetUint16(dict.Columns, 2)
	d.SetUint16(dict.BitsAllocated, 16)
	item := &dicom.Dataset{}
	item.Set(dicom.Element{Tag: dict.ICCProfile, VR: dicom.OB, Value: bytes.Repeat([]byte{7}, 2000)})
	d.SetSequence(dict.OpticalPathSequence, item)
	pixels := dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: []byte("frame--1FRAME--2")}
	if ts.Encapsulated {
		pixels = dicom.Element{Tag: dicom.PixelData, VR: dicom.OB, Fragments: [][]byte{{0, 0, 0, 0, 20, 0, 0, 0}, []byte("fr"), []byte("me"), []byte("FRAM")}}
	}
	d.Set(pixels)
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: ts}); err != nil {
		t.Fatal(err)
	}
	o.file = b.Bytes()
	return o
}

var lossless = dicom.SyntaxOf("1.2.840.10008.1.2.4.70")

func serve(t testing.TB, b dicomweb.Backend, lim dicomweb.Limits) *httptest.Server {
	s := httptest.NewServer(http.StripPrefix("/dicom-web", dicomweb.NewHandler(b, dicomweb.HandlerOptions{Limits: lim})))
	t.Cleanup(s.Close)
	return s
}

// call asks and returns status, header and body.
func call(t testing.TB, s *httptest.Server, method, path string, header map[string]string, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, s.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	r.URL.Opaque = "//" + r.URL.Host + "/dicom-web" + path
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp, "cut: " + string(b)
	}
	return resp, string(b)
}

func partsOf(t testing.TB, resp *http.Response, body string) (all []string, heads []string) {
	t.Helper()
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err, resp.Status, body)
	}
	r := multipart.NewReader(strings.NewReader(body), params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return all, heads
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		all, heads = append(all, string(b)), append(heads, p.Header.Get("Content-Type"))
	}
}

func TestHandler_Objects(t *testing.T) {
	a, b := instance(t, 1, dicom.ExplicitVRLittleEndian), instance(t, 2, lossless)
	implicit := instance(t, 3, dicom.ImplicitVRLittleEndian)
	implicit.res.Study = "1.9"
	s := &store{objects: []*object{a, b, implicit}}
	srv := serve(t, s, dicomweb.Limits{})
	for _, c := range []struct {
		name, path, accept string
		status             int
		parts              int
	}{
		{"as_stored", "/studies/1.2", `multipart/related; type="application/dicom"; transfer-syntax=*`, 200, 2},
		{"unquoted", "/studies/1.2/series/1.2.3", `multipart/related; type=application/dicom; transfer-syntax=*`, 200, 2},
		{"anything", "/studies/1.2", "", 200, 2},
		{"default_syntax_leaves_out", "/studies/1.2", `multipart/related; type="application/dicom"`, 206, 1},
		{"one_syntax", "/studies/1.2", `multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.70`, 206, 1},
		{"none_possible", "/studies/1.2/series/1.2.3/instances/1.2.3.2", `multipart/related; type="application/dicom"`, 406, 0},
		{"changed", "/studies/1.9", `multipart/related; type="application/dicom"`, 200, 1},
		{"xml", "/studies/1.2", `application/dicom+xml`, 406, 0},
		{"missing", "/studies/1.3", "", 404, 0},
		{"q_zero", "/studies/1.2", `multipart/related; type="application/dicom"; q=0`, 406, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := map[string]string{}
			if c.accept != "" {
				header["Accept"] = c.accept
			}
			resp, body := call(t, srv, "GET", c.path, header, "")
			if resp.StatusCode != c.status {
				t.Fatalf("got %v, want %d: %s", resp.Status, c.status, body)
			}
			if c.parts == 0 {
				return
			}
			got, _ := partsOf(t, resp, body)
			if len(got) != c.parts {
				t.Fatalf("got %d parts, want %d", len(got), c.parts)
			}
			if c.name == "as_stored" && (got[0] != string(a.file) || got[1] != string(b.file)) {
				t.Error("the files are not those that were stored")
			}
			if c.name == "changed" && got[0] != string(instanceIn(t, "1.9")) {
				t.Error("not the same in Explicit VR Little Endian")
			}
			if resp.ContentLength < 0 && c.name != "changed" {
				t.Error("no Content-Length")
			}
		})
	}
	if want := int64(len(b.file)); s.sent == nil || want == 0 {
		t.Error("nothing was sent")
	}
}

func instanceIn(t *testing.T, _ dicom.UID) []byte {
	return instance(t, 3, dicom.ExplicitVRLittleEndian).file
}

func TestHandler_Instance(t *testing.T) {
	a := instance(t, 1, dicom.ExplicitVRLittleEndian)
	s := &store{objects: []*object{a}}
	srv := serve(t, s, dicomweb.Limits{})
	const path = "/studies/1.2/series/1.2.3/instances/1.2.3.1"
	resp, body := call(t, srv, "GET", path, map[string]string{"Accept": "application/dicom"}, "")
	if resp.StatusCode != 200 || body != string(a.file) {
		t.Errorf("got %v, %d bytes", resp.Status, len(body))
	}
	if s.sent["1.2.3.1"] != int64(len(a.file)) || s.ended != 1 || len(s.failed) != 0 {
		t.Errorf("sent %v, failed %v, ended %d", s.sent, s.failed, s.ended)
	}
	resp, body = call(t, srv, "HEAD", path, map[string]string{"Accept": "application/dicom"}, "")
	if resp.StatusCode != 200 || body != "" || resp.ContentLength != int64(len(a.file)) || len(s.sent) != 0 {
		t.Errorf("HEAD: %v, length %d, sent %v", resp.Status, resp.ContentLength, s.sent)
	}
	resp, body = call(t, srv, "GET", "/wado?requestType=WADO&studyUID=1.2&seriesUID=1.2.3&objectUID=1.2.3.1&contentType=application/dicom", nil, "")
	if resp.StatusCode != 200 || body != string(a.file) {
		t.Errorf("WADO-URI: got %v, %d bytes", resp.Status, len(body))
	}
}

// TestHandler_Broken: what cannot be read in the middle ends the connection, so
// that nobody takes the answer for whole; at the beginning it is a status.
func TestHandler_Broken(t *testing.T) {
	a, b := instance(t, 1, dicom.ExplicitVRLittleEndian), instance(t, 2, dicom.ExplicitVRLittleEndian)
	b.broken = true
	s := &store{objects: []*object{a, b}}
	srv := serve(t, s, dicomweb.Limits{})
	srv.Config.ErrorLog = nil
	resp, body := call(t, srv, "GET", "/studies/1.2", nil, "")
	if resp.StatusCode != 200 || !strings.HasPrefix(body, "cut: ") {
		t.Errorf("got %v", resp.Status)
	}
	if _, ok := s.failed["1.2.3.2"]; !ok || s.sent["1.2.3.1"] == 0 || s.ended != 1 {
		t.Errorf("sent %v, failed %v, ended %d", s.sent, s.failed, s.ended)
	}
	if resp, _ := call(t, srv, "GET", "/studies/1.2/series/1.2.3/instances/1.2.3.2", nil, ""); resp.StatusCode != 500 {
		t.Errorf("got %v, want 500", resp.Status)
	}
	if resp, _ := call(t, srv, "GET", "/studies/1.2/metadata", nil, ""); resp.StatusCode != 500 {
		t.Errorf("metadata: got %v, want 500", resp.Status)
	}
}

func TestHandler_Metadata(t *testing.T) {
	s := &store{objects: []*object{instance(t, 1, dicom.ExplicitVRLittleEndian), instance(t, 2, lossless)}}
	srv := serve(t, s, dicomweb.Limits{})
	for _, enc := range []string{"", "gzip"} {
		resp, body := call(t, srv, "GET", "/studies/1.2/metadata", map[string]string{"Accept-Encoding": enc}, "")
		if enc == "gzip" {
			if resp.Header.Get("Content-Encoding") != "gzip" {
				t.Fatal("not compressed")
			}
			z, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			body = string(b)
		}
		var got []map[string]struct {
			VR          string
			Value       []any
			BulkDataURI string
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || len(got) != 2 {
			t.Fatalf("%v: %s", err, body)
		}
		base := srv.URL + "/dicom-web/studies/1.2/series/1.2.3/instances/1.2.3.1/bulkdata/"
		if got[0]["7FE00010"].BulkDataURI != base+"7FE00010" || got[0]["7FE00010"].VR != "OW" || got[1]["7FE00010"].VR != "OB" {
			t.Errorf("pixel data: %+v", got[0]["7FE00010"])
		}
		icc := got[0]["00480105"].Value[0].(map[string]any)["00282000"].(map[string]any)["BulkDataURI"]
		if icc != base+"00480105/0/00282000" {
			t.Errorf("profile: %v", icc)
		}
		resp, value := call(t, srv, "GET", strings.TrimPrefix(icc.(string), srv.URL+"/dicom-web"), nil, "")
		if value != strings.Repeat("\a", 2000) && !strings.Contains(value, strings.Repeat("\a", 2000)) {
			t.Errorf("bulk data: %v, %d bytes", resp.Status, len(value))
		}
	}
	if s.want != dicomweb.WantBulk || s.ended != 4 {
		t.Errorf("want %d, ended %d", s.want, s.ended)
	}
}

func TestHandler_Frames(t *testing.T) {
	s := &store{objects: []*object{
		instance(t, 1, dicom.ExplicitVRLittleEndian), instance(t, 2, lossless),
		instance(t, 3, dicom.ExplicitVRBigEndian), instance(t, 4, dicom.DeflatedExplicitVRLittleEndian),
	}}
	srv := serve(t, s, dicomweb.Limits{Frames: 3})
	const any = `multipart/related; type="application/octet-stream"; transfer-syntax=*`
	for _, c := range []struct {
		name, path, accept string
		status             int
		want, head         string
	}{
		{"native", "1/frames/2,1", "", 200, "FRAME--2|frame--1", "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"},
		{"big_endian", "3/frames/2", "", 200, "FRAME--2", ""},
		{"deflated", "4/frames/1", "", 200, "frame--1", ""},
		{"encapsulated", "2/frames/1,2", any, 200, "frme|FRAM", "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.70"},
		{"as_jpeg", "2/frames/1", `multipart/related; type="image/jpeg"`, 200, "frme", "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.70"},
		{"not_decompressed", "2/frames/1", `multipart/related; type="application/octet-stream"`, 406, "", ""},
		{"past_the_end", "1/frames/3", "", 404, "", ""},
		{"zero", "1/frames/0", "", 404, "", ""},
		{"too_many", "1/frames/1,1,1,1", "", 404, "", ""},
		{"all", "1/pixeldata", "", 200, "frame--1|FRAME--2", ""},
		{"bulk_native", "1/bulkdata/7FE00010", "", 200, "frame--1FRAME--2", ""},
		{"bulk_encapsulated", "2/bulkdata/7FE00010", any, 200, "frme|FRAM", ""},
		{"no_such_bulk", "1/bulkdata/00420011", "", 404, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := map[string]string{}
			if c.accept != "" {
				h["Accept"] = c.accept
			}
			resp, body := call(t, srv, "GET", "/studies/1.2/series/1.2.3/instances/1.2.3."+c.path, h, "")
			if resp.StatusCode != c.status {
				t.Fatalf("got %v, want %d: %s", resp.Status, c.status, body)
			}
			if c.status != 200 {
				return
			}
			got, heads := partsOf(t, resp, body)
			if strings.Join(got, "|") != c.want || c.head != "" && heads[0] != c.head {
				t.Errorf("got %q, %q", got, heads)
			}
		})
	}
	resp, body := call(t, srv, "GET", "/studies/1.2/series/1.2.3/instances/1.2.3.1/frames/1", map[string]string{"Accept": "application/octet-stream"}, "")
	if body != "frame--1" {
		t.Errorf("alone: %v %q", resp.Status, body)
	}
}

func TestHandler_Rendered(t *testing.T) {
	s := &store{objects: []*object{instance(t, 1, dicom.ExplicitVRLittleEndian), instance(t, 2, lossless)}}
	srv := serve(t, s, dicomweb.Limits{})
	const one = "/studies/1.2/series/1.2.3/instances/1.2.3.1"
	for _, c := range []struct {
		path   string
		status int
		want   string
		rd     dicomweb.Rendering
	}{
		{one + "/rendered?viewport=10,20,1,2,3,4&window=40,400,linear&quality=90", 200, "picture of 1.2.3.1", dicomweb.Rendering{
			MediaType: "image/jpeg", Width: 10, Height: 20, Source: [4]float64{1, 2, 3, 4}, Window: dicomweb.Window{Center: 40, Width: 400, Function: "linear"}, Quality: 90}},
		{one + "/frames/2/rendered?accept=image/png", 200, "picture of 1.2.3.1", dicomweb.Rendering{MediaType: "image/png", Frame: 2}},
		{one + "/frames/1/thumbnail", 200, "picture of 1.2.3.1", dicomweb.Rendering{MediaType: "image/jpeg", Frame: 1, Thumbnail: true}},
		{"/studies/1.2/thumbnail?viewport=64,64", 200, "picture of 1.2.3.2", dicomweb.Rendering{MediaType: "image/jpeg", Thumbnail: true, Width: 64, Height: 64}},
		{"/wado?requestType=WADO&studyUID=1.2&seriesUID=1.2.3&objectUID=1.2.3.1&frameNumber=2&rows=5&columns=6&windowCenter=1&windowWidth=2&region=0,0,0.5,1&imageQuality=7", 200, "picture of 1.2.3.1",
			dicomweb.Rendering{MediaType: "image/jpeg", Frame: 2, Height: 5, Width: 6, Quality: 7, Window: dicomweb.Window{Center: 1, Width: 2, Function: "linear"}, Region: [4]float64{0, 0, 0.5, 1}}},
		{one + "/rendered?viewport=0,1", 400, "", dicomweb.Rendering{}},
		{one + "/rendered?viewport=9999,1", 400, "", dicomweb.Rendering{}},
		{one + "/rendered?window=a,1,linear", 400, "", dicomweb.Rendering{}},
		{one + "/rendered?window=NaN,1,linear", 400, "", dicomweb.Rendering{}},
		{one + "/rendered?quality=101", 400, "", dicomweb.Rendering{}},
		{one + "/rendered?accept=video/mp4", 406, "", dicomweb.Rendering{}},
		{"/wado?requestType=X", 400, "", dicomweb.Rendering{}},
		{"/wado?requestType=WADO&studyUID=1.2", 400, "", dicomweb.Rendering{}},
		{"/wado?requestType=WADO&studyUID=1.2&seriesUID=1.2.3&objectUID=1.2.3.1&anonymize=yes", 501, "", dicomweb.Rendering{}},
	} {
		t.Run(c.path, func(t *testing.T) {
			resp, body := call(t, srv, "GET", c.path, nil, "")
			if resp.StatusCode != c.status || c.status == 200 && (body != c.want || s.rd != c.rd) {
				t.Errorf("got %v %q, %+v", resp.Status, body, s.rd)
			}
		})
	}
	resp, body := call(t, srv, "GET", "/studies/1.2/rendered", nil, "")
	if got, _ := partsOf(t, resp, body); len(got) != 2 {
		t.Errorf("got %d pictures, want 2", len(got))
	}
}

func TestHandler_Search(t *testing.T) {
	s := &store{}
	for i := range 5 {
		d := &dicom.Dataset{}
		d.SetString(dict.StudyInstanceUID, fmt.Sprintf("1.2.%d", i))
		s.results = append(s.results, d)
	}
	srv := serve(t, s, dicomweb.Limits{PageResults: 3})
	resp, body := call(t, srv, "GET", "/studies?PatientID=1*&00080020=2020-&includefield=StudyDescription,00081030&includefield=all&fuzzymatching=true&limit=2&offset=1&Nonsense=1", nil, "")
	if resp.StatusCode != 200 {
		t.Fatal(resp.Status, body)
	}
	w := resp.Header.Values("Warning")
	if len(w) != 2 || !strings.Contains(w[0], "Nonsense") || !strings.Contains(w[1], "additional results") || !strings.HasPrefix(w[0], "299 ") {
		t.Errorf("warnings %q", w)
	}
	if l := resp.Header.Get("Link"); !strings.Contains(l, "limit=2&offset=3") || !strings.HasSuffix(l, `; rel="next"`) {
		t.Errorf("link %q", l)
	}
	if s.asked.Limit != 3 || s.asked.Offset != 1 || !s.asked.FuzzyMatching || len(s.asked.Match) != 2 || len(s.asked.Include) != 3 {
		t.Errorf("asked %+v", s.asked)
	}
	var got []map[string]struct{ Value []any }
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got) != 2 || got[0]["0020000D"].Value[0] != "1.2.1" {
		t.Errorf("%v: %s", err, body)
	}
	if url := got[0]["00081190"].Value[0]; url != srv.URL+"/dicom-web/studies/1.2.1" {
		t.Errorf("RetrieveURL %v", url)
	}
	if resp, _ := call(t, srv, "GET", "/studies?offset=5", nil, ""); resp.StatusCode != 204 {
		t.Errorf("nothing: %v", resp.Status)
	}
	for path, want := range map[string]int{
		"/studies?limit=x": 400, "/studies?offset=-1": 400, "/studies?fuzzymatching=maybe": 400, "/studies?a=%zz": 400,
		"/series": 200, "/instances": 200, "/studies/1.2/series": 200, "/studies/1.2/instances": 200, "/studies/1.2/series/1.3/instances": 200,
		"/studies/1.2/studies": 404, "/studies/1.2/series/1.3/series": 404,
	} {
		if resp, _ := call(t, srv, "GET", path, nil, ""); resp.StatusCode != want {
			t.Errorf("%s: got %v, want %d", path, resp.Status, want)
		}
	}
	resp, _ = call(t, srv, "GET", "/studies", map[string]string{"Accept": "application/dicom+xml"}, "")
	if resp.StatusCode != 406 {
		t.Errorf("XML: %v", resp.Status)
	}
	// The client of this package pages through all of it.
	c, err := dicomweb.NewClient(srv.URL+"/dicom-web", dicomweb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.SearchPages(context.Background(), dicomweb.Query{Limit: 2}, func(*dicom.Dataset) error { return nil })
	if err != nil || found.Results != 5 {
		t.Errorf("found %+v, %v", found, err)
	}
}

// TestHandler_Paths: what is no path of the standard is nothing, however it is
// written.
func TestHandler_Paths(t *testing.T) {
	srv := serve(t, &store{objects: []*object{instance(t, 1, dicom.ExplicitVRLittleEndian)}}, dicomweb.Limits{})
	for _, path := range []string{
		"/studies/", "/studies//", "//studies", "/studies/1.2/", "/studies/1..2", "/studies/01.2", "/studies/1.2/../1.3", "/studies/./1.2",
		"/studies/1%2E2", "/studies%2F1.2", "/studies/1.2%00", "/studies/1.2%2fmetadata", "/Studies/1.2", "/studies/1.2/metadata/",
		"/studies/1.2/series", "/studies/x", "/studies/1.2/instances/1.2.3.1", "/studies/1.2/frames/1",
		"/studies/1.2/series/1.2.3/instances/1.2.3.1/frames/", "/studies/1.2/series/1.2.3/instances/1.2.3.1/frames/1,,2",
		"/studies/1.2/series/1.2.3/instances/1.2.3.1/frames/+1", "/studies/1.2/series/1.2.3/instances/1.2.3.1/bulkdata/7FE0001",
		"/studies/" + strings.Repeat("1", 65), "/studies/1.2/metadata;x=1", "/wado/1",
	} {
		want := 404
		if path == "/studies/1.2/series" {
			want = 204
		}
		if resp, body := call(t, srv, "GET", path, nil, ""); resp.StatusCode != want {
			t.Errorf("%s: got %v %s", path, resp.Status, body)
		}
	}
	resp, _ := call(t, srv, "PUT", "/studies", nil, "")
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD, POST, OPTIONS" {
		t.Errorf("PUT: %v, %q", resp.Status, resp.Header.Get("Allow"))
	}
	if resp, body := call(t, srv, "OPTIONS", "/", nil, ""); resp.StatusCode != 200 || !strings.Contains(body, "STOW-RS") {
		t.Errorf("OPTIONS: %v %s", resp.Status, body)
	}
	if resp, _ := call(t, srv, "GET", "/studies?"+strings.Repeat("a&", 300), nil, ""); resp.StatusCode != 413 {
		t.Errorf("many keys: %v", resp.Status)
	}
}

func TestHandler_OnlyWhatTheBackendDoes(t *testing.T) {
	srv := serve(t, struct{}{}, dicomweb.Limits{})
	for _, c := range [][2]string{{"GET", "/studies"}, {"GET", "/studies/1.2"}, {"POST", "/studies"}, {"DELETE", "/studies/1.2"}, {"GET", "/studies/1.2/rendered"}} {
		if resp, _ := call(t, srv, c[0], c[1], nil, ""); resp.StatusCode != 501 {
			t.Errorf("%v: got %v, want 501", c, resp.Status)
		}
	}
}

func TestHandler_Store(t *testing.T) {
	a := instance(t, 1, dicom.ExplicitVRLittleEndian)
	var kept []string
	s := &store{put: func(b []byte) (*dicomweb.Stored, error) {
		kept = append(kept, string(b))
		if bytes.Contains(b, []byte("1.2.3.9")) {
			return nil, &dicomweb.Problem{HTTP: 409, Failure: dicomweb.FailureMismatch}
		}
		return &dicomweb.Stored{Resource: a.res, Class: "1.2.840.10008.5.1.4.1.1.7"}, nil
	}}
	srv := serve(t, s, dicomweb.Limits{BodyBytes: 1 << 20, PartBytes: 1 << 16, ObjectBytes: 1 << 16})
	form := func(kinds ...string) string {
		var b strings.Builder
		for _, k := range kinds {
			b.WriteString("--x\r\nContent-Type: application/dicom\r\n\r\n" + k + "\r\n")
		}
		return b.String() + "--x--\r\n"
	}
	bad := instance(t, 9, dicom.ExplicitVRLittleEndian)
	const related = `multipart/related; type="application/dicom"; boundary=x`
	for _, c := range []struct {
		name, contentType, body string
		status                  int
		want                    []string
	}{
		{"one", related, form(string(a.file)), 200, []string{`"00081199"`, `"00081155":{"vr":"UI","Value":["1.2.3.1"]}`, "/dicom-web/studies/1.2/series/1.2.3/instances/1.2.3.1"}},
		{"some", related, form(string(a.file), string(bad.file)), 202, []string{`"00081198"`, `"00081197":{"vr":"US","Value":[43264]}`, `"1.2.3.9"`}},
		{"none", related, form(string(bad.file)), 409, []string{`"00081198"`}},
		{"single", "application/dicom", string(a.file), 200, nil},
		{"no_parts", related, "--x--\r\n", 400, nil},
		{"cut", related, strings.TrimSuffix(form(string(a.file)), "--x--\r\n"), 400, nil},
		{"second_cut", related, form(string(a.file), string(a.file))[:len(a.file)+300], 202, nil},
		{"cut_in_part", related, form(string(a.file))[:300], 400, nil},
		{"no_multipart", related, "nonsense", 400, nil},
		{"text", "text/plain", "nonsense", 415, nil},
		{"no_type", "", "nonsense", 415, nil},
		{"xml", `multipart/related; type="application/dicom+xml"; boundary=x`, "", 415, nil},
		{"wrong_part", related, "--x\r\nContent-Type: text/html\r\n\r\nx\r\n--x--", 415, nil},
		{"long_part", related, form(strings.Repeat("a", 1<<16+1)), 413, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.ended = 0
			resp, body := call(t, srv, "POST", "/studies", map[string]string{"Content-Type": c.contentType}, c.body)
			if resp.StatusCode != c.status {
				t.Fatalf("got %v, want %d: %s", resp.Status, c.status, body)
			}
			for _, w := range c.want {
				if !strings.Contains(body, w) {
					t.Errorf("no %s in %s", w, body)
				}
			}
			if c.status != 415 && s.ended != 1 {
				t.Errorf("ended %d times", s.ended)
			}
		})
	}
	if kept[0] != string(a.file) {
		t.Error("not the bytes that were sent")
	}
	s.endErr = &dicomweb.Problem{HTTP: 503}
	if resp, _ := call(t, srv, "POST", "/studies", map[string]string{"Content-Type": related}, form(string(a.file))); resp.StatusCode != 503 {
		t.Errorf("not recorded: got %v, want 503", resp.Status)
	}
}

func TestHandler_StoreJSON(t *testing.T) {
	var kept []byte
	s := &store{put: func(b []byte) (*dicomweb.Stored, error) {
		kept = b
		return &dicomweb.Stored{Resource: dicomweb.Resource{Study: "1.2", Series: "1.2.3", Instance: "1.2.3.1"}}, nil
	}}
	srv := serve(t, s, dicomweb.Limits{ObjectBytes: 1 << 10})
	const attributes = `[{"00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.7"]},"00080018":{"vr":"UI","Value":["1.2.3.1"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Müller^X"}]},"7FE00010":{"vr":"OB","BulkDataURI":"b1"}}]`
	message := "--x\r\nContent-Type: application/dicom+json\r\n\r\n" + attributes + "\r\n--x\r\nContent-Type: %s\r\nContent-Location: %s\r\n\r\n%s\r\n--x--"
	header := map[string]string{"Content-Type": `multipart/related; type="application/dicom+json"; boundary=x`}
	resp, body := call(t, srv, "POST", "/studies", header, fmt.Sprintf(message, "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50", "b1", "jpeg"))
	if resp.StatusCode != 200 {
		t.Fatal(resp.Status, body)
	}
	f, err := dicom.Read(bytes.NewReader(kept), dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if e := f.Dataset.Get(dicom.PixelData); f.TransferSyntax.UID != "1.2.840.10008.1.2.4.50" || e == nil || len(e.Fragments) != 2 || string(e.Fragments[1]) != "jpeg" {
		t.Errorf("syntax %v, pixels %v", f.TransferSyntax.UID, e)
	}
	if f.Dataset.PersonName(dict.PatientName).DICOM() != "Müller^X" {
		t.Error("the name is another")
	}
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"no_bulk":  {fmt.Sprintf(message, "application/octet-stream", "b2", "jpeg"), 400},
		"too_long": {fmt.Sprintf(message, "application/octet-stream", "b1", strings.Repeat("x", 1<<10)), 413},
		"deep":     {"--x\r\nContent-Type: application/dicom+json\r\n\r\n" + strings.Repeat(`[{"00081199":{"vr":"SQ","Value":`, 20) + "\r\n--x--", 400},
		"no_json":  {"--x\r\nContent-Type: application/dicom+json\r\n\r\nnonsense\r\n--x--", 400},
	} {
		if resp, body := call(t, srv, "POST", "/studies", header, c.body); resp.StatusCode != c.want {
			t.Errorf("%s: got %v, want %d: %s", name, resp.Status, c.want, body)
		}
	}
}

func TestHandler_Delete(t *testing.T) {
	s := &store{}
	srv := serve(t, s, dicomweb.Limits{})
	resp, _ := call(t, srv, "DELETE", "/studies/1.2/series/1.2.3", nil, "")
	if resp.StatusCode != 204 || s.deleted != (dicomweb.Resource{Study: "1.2", Series: "1.2.3"}) {
		t.Errorf("got %v, %+v", resp.Status, s.deleted)
	}
}

// TestLimit_ServerIdle: a peer that stops reading, or sending, is left.
func TestLimit_ServerIdle(t *testing.T) {
	a := instance(t, 1, dicom.ExplicitVRLittleEndian)
	a.file = append(a.file, make([]byte, 64<<20)...)
	s := &store{objects: []*object{a}}
	ended := make(chan struct{})
	h := dicomweb.NewHandler(s, dicomweb.HandlerOptions{Limits: dicomweb.Limits{Idle: 200 * time.Millisecond}})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		h.ServeHTTP(w, r)
	}))
	defer srv.Close()
	resp, err := http.Get(srv.URL + "/studies/1.2")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("still writing")
	}
	if n := s.failed["1.2.3.1"]; n == 0 || n >= int64(len(a.file)) {
		t.Errorf("%d bytes counted as failed", n)
	}
}
