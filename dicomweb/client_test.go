package dicomweb_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
)

// newClient starts a server on loopback and returns a client of it.
func newClient(t *testing.T, lim dicomweb.Limits, h http.HandlerFunc) *dicomweb.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := dicomweb.NewClient(s.URL+"/dicom-web/", dicomweb.Options{
		UserAgent: "test/1",
		Header:    http.Header{"X-Test": {"yes"}},
		Limits:    lim,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer writes a body of a media type.
func answer(mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		io.WriteString(w, body)
	}
}

func study(uid string) string {
	return fmt.Sprintf(`{"0020000D":{"vr":"UI","Value":[%q]},"00201208":{"vr":"IS","Value":[3]}}`, uid)
}

func nothing(*dicom.Dataset) error { return nil }

func TestNewClient_BaseURL(t *testing.T) {
	for _, base := range []string{"", "pacs.example", "ftp://pacs.example/", "http:///x", "http://a:b@pacs/", "http://pacs/?a=b", "http://pacs/#f", "http://pacs:port/", "http://[::1/"} {
		_, err := dicomweb.NewClient(base, dicomweb.Options{})
		if err == nil {
			t.Errorf("%q: no error", base)
		} else if strings.Contains(err.Error(), "a:b") {
			t.Errorf("the error %q shows a password", err)
		}
	}
	for _, base := range []string{"http://pacs.example", "https://[::1]:8043/dicom-web/", "http://pacs/a%2Fb"} {
		if _, err := dicomweb.NewClient(base, dicomweb.Options{}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestSearch_Request(t *testing.T) {
	tests := []struct {
		name string
		q    dicomweb.Query
		want string
	}{
		{"studies", dicomweb.Query{}, "/dicom-web/studies"},
		{"series", dicomweb.Query{Level: dicomweb.Series}, "/dicom-web/series"},
		{"instances", dicomweb.Query{Level: dicomweb.Instances}, "/dicom-web/instances"},
		{"series_of_study", dicomweb.Query{Level: dicomweb.Series, Study: "1.2"}, "/dicom-web/studies/1.2/series"},
		{"instances_of_study", dicomweb.Query{Level: dicomweb.Instances, Study: "1.2"}, "/dicom-web/studies/1.2/instances"},
		{"instances_of_series", dicomweb.Query{Level: dicomweb.Instances, Study: "1.2", Series: "1.3"}, "/dicom-web/studies/1.2/series/1.3/instances"},
		{"matching", dicomweb.Query{Match: []dicomweb.Match{
			{Attribute: dicomweb.Attribute{dict.PatientName}, Value: "DOE*^J&? é"},
			{Attribute: dicomweb.Attribute{dict.StudyDate}, Value: "20240101-"},
			{Attribute: dicomweb.Attribute{dict.RequestAttributesSequence, dict.RequestedProcedureID}, Value: "P 1"},
		}}, "/dicom-web/studies?00100010=DOE*%5EJ%26?%20%C3%A9&00080020=20240101-&00400275.00401001=P%201"},
		{"all", dicomweb.Query{Include: []dicomweb.Attribute{{dict.StudyDescription}, dicomweb.All}, FuzzyMatching: true, Limit: 10, Offset: 20},
			"/dicom-web/studies?includefield=00081030&includefield=all&fuzzymatching=true&limit=10&offset=20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got *http.Request
			c := newClient(t, dicomweb.Limits{}, func(w http.ResponseWriter, r *http.Request) {
				got = r
				answer("application/dicom+json", "[]")(w, r)
			})
			if _, err := c.Search(t.Context(), tt.q, nothing); err != nil {
				t.Fatal(err)
			}
			if got.RequestURI != tt.want || got.Method != "GET" {
				t.Errorf("%s %s, want GET %s", got.Method, got.RequestURI, tt.want)
			}
			for name, want := range map[string]string{"Accept": "application/dicom+json", "User-Agent": "test/1", "X-Test": "yes"} {
				if v := got.Header.Get(name); v != want {
					t.Errorf("%s: %q, want %q", name, v, want)
				}
			}
		})
	}
}

func TestSearch_BadQuery(t *testing.T) {
	c := newClient(t, dicomweb.Limits{}, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for _, q := range []dicomweb.Query{
		{Level: 3},
		{Study: "1.2"},
		{Level: dicomweb.Series, Series: "1.2"},
		{Level: dicomweb.Instances, Series: "1.2"},
		{Level: dicomweb.Series, Study: "1.2/../.."},
		{Level: dicomweb.Series, Study: "1.2?x=y"},
		{Limit: -1},
		{Offset: -1},
	} {
		if _, err := c.Search(t.Context(), q, nothing); err == nil {
			t.Errorf("%+v: no error", q)
		}
	}
	if _, err := c.SearchPages(t.Context(), dicomweb.Query{}, nothing); err == nil {
		t.Error("pages without a limit: no error")
	}
}

func TestSearch_Answers(t *testing.T) {
	set := study("1.2.3")
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    dicomweb.Found
	}{
		{"json", answer("application/dicom+json", "["+set+"]"), dicomweb.Found{Results: 1}},
		{"json_charset", answer("application/dicom+json; charset=utf-8", "["+set+","+set+"]"), dicomweb.Found{Results: 2}},
		{"old_json", answer("application/json", "["+set+"]"), dicomweb.Found{Results: 1}},
		{"none", answer("application/dicom+json", "[]"), dicomweb.Found{}},
		{"no_body", answer("application/dicom+json", ""), dicomweb.Found{}},
		{"no_content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, dicomweb.Found{}},
		{"partial", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/dicom+json")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "["+set+"]")
		}, dicomweb.Found{Results: 1, More: true}},
		{"warning", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Warning", `299 pacs: There are 5 additional results that can be requested`)
			answer("application/dicom+json", "["+set+"]")(w, r)
		}, dicomweb.Found{Results: 1, More: true}},
		{"gzip", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/dicom+json")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, "["+set+"]")
			z.Close()
		}, dicomweb.Found{Results: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, dicomweb.Limits{}, tt.handler)
			images := int64(0)
			got, err := c.Search(t.Context(), dicomweb.Query{}, func(d *dicom.Dataset) error {
				n, _ := d.Int(dict.NumberOfStudyRelatedInstances)
				images += n
				return nil
			})
			if err != nil || got != tt.want || images != int64(3*tt.want.Results) {
				t.Errorf("got %+v, %v, %d images, want %+v", got, err, images, tt.want)
			}
		})
	}
}

func TestSearch_Stop(t *testing.T) {
	c := newClient(t, dicomweb.Limits{}, answer("application/dicom+json", "["+study("1")+","+study("2")+","+study("3")+"]"))
	n := 0
	got, err := c.Search(t.Context(), dicomweb.Query{}, func(*dicom.Dataset) error {
		if n++; n == 2 {
			return dicom.ErrStop
		}
		return nil
	})
	if err != nil || got != (dicomweb.Found{Results: 2, More: true}) {
		t.Errorf("got %+v, %v", got, err)
	}
	broken := errors.New("disk full")
	if _, err := c.Search(t.Context(), dicomweb.Query{}, func(*dicom.Dataset) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// TestSearch_Problems wants typed errors that tell nothing of query or answer.
func TestSearch_Problems(t *testing.T) {
	secret := dicomweb.Query{Match: []dicomweb.Match{{Attribute: dicomweb.Attribute{dict.PatientName}, Value: "SECRET"}}}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="SECRET"`)
			w.WriteHeader(code)
			io.WriteString(w, "SECRET")
		}
	}
	for _, tt := range []struct {
		code    int
		refused bool
	}{{401, true}, {403, true}, {400, false}, {404, false}, {500, false}, {503, false}, {304, false}} {
		c := newClient(t, dicomweb.Limits{}, status(tt.code))
		_, err := c.Search(t.Context(), secret, nothing)
		var p *dicomweb.Problem
		if !errors.As(err, &p) || p.HTTP != tt.code || p.Refused() != tt.refused || p.Scheme != "Basic" {
			t.Errorf("%d: got %v", tt.code, err)
		}
		if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("the error %q shows a value", err)
		}
	}
	c := newClient(t, dicomweb.Limits{}, answer("text/html", "<title>SECRET</title>"))
	_, err := c.Search(t.Context(), secret, nothing)
	var media *dicomweb.MediaTypeError
	if !errors.As(err, &media) || media.Got != "text/html" {
		t.Errorf("got %v", err)
	}
	c = newClient(t, dicomweb.Limits{}, answer("application/dicom+json", `[{"00100010":{"vr":"PN","Value":["SECRET"`))
	_, err = c.Search(t.Context(), secret, nothing)
	if !errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
}

func TestSearch_NoServer(t *testing.T) {
	s := httptest.NewServer(nil)
	base := s.URL
	s.Close()
	c, err := dicomweb.NewClient(base, dicomweb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Search(t.Context(), dicomweb.Query{Match: []dicomweb.Match{{Attribute: dicomweb.Attribute{dict.PatientID}, Value: "SECRET"}}}, nothing)
	if err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
}

func TestClient_Redirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed to another server") }))
	defer elsewhere.Close()
	c := newClient(t, dicomweb.Limits{}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/studies?00100010=SECRET", http.StatusFound)
	})
	_, err := c.Search(t.Context(), dicomweb.Query{}, nothing)
	if !errors.Is(err, dicomweb.ErrRedirect) || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
	c = newClient(t, dicomweb.Limits{}, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/moved/studies") {
			http.Redirect(w, r, "/moved/studies", http.StatusMovedPermanently)
			return
		}
		answer("application/dicom+json", "["+study("1")+"]")(w, r)
	})
	if got, err := c.Search(t.Context(), dicomweb.Query{}, nothing); err != nil || got.Results != 1 {
		t.Errorf("on the same server: %+v, %v", got, err)
	}
}

// paged answers with the studies from offset on, at most most of them.
func paged(total, most int, ignore bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		offset, limit := 0, total
		fmt.Sscan(r.FormValue("offset"), &offset)
		fmt.Sscan(r.FormValue("limit"), &limit)
		if ignore {
			offset = 0
		}
		var sets []string
		for i := offset; i < total && len(sets) < min(limit, most); i++ {
			sets = append(sets, study(fmt.Sprintf("2.25.%d", i)))
		}
		if offset+len(sets) < total {
			w.Header().Set("Warning", `299 pacs "There are additional results that can be requested"`)
		}
		answer("application/dicom+json", "["+strings.Join(sets, ",")+"]")(w, r)
	}
}

func TestSearchPages(t *testing.T) {
	tests := []struct {
		name                         string
		total, most, limit, requests int
	}{
		{"whole_pages", 20, 100, 10, 3},
		{"rest", 25, 100, 10, 3},
		{"server_caps", 25, 7, 10, 4},
		{"one_page", 3, 100, 10, 1},
		{"none", 0, 100, 10, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			c := newClient(t, dicomweb.Limits{}, func(w http.ResponseWriter, r *http.Request) {
				requests++
				paged(tt.total, tt.most, false)(w, r)
			})
			seen := map[dicom.UID]bool{}
			got, err := c.SearchPages(t.Context(), dicomweb.Query{Limit: tt.limit}, func(d *dicom.Dataset) error {
				seen[d.UID(dict.StudyInstanceUID)] = true
				return nil
			})
			if err != nil || got != (dicomweb.Found{Results: tt.total}) || len(seen) != tt.total || requests != tt.requests {
				t.Errorf("got %+v, %v, %d studies in %d requests, want %d in %d", got, err, len(seen), requests, tt.total, tt.requests)
			}
		})
	}
}

func TestSearchPages_OffsetIgnored(t *testing.T) {
	c := newClient(t, dicomweb.Limits{}, paged(30, 10, true))
	got, err := c.SearchPages(t.Context(), dicomweb.Query{Limit: 10}, nothing)
	if !errors.Is(err, dicomweb.ErrPaging) || got.Results != 10 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSearchPages_Stop(t *testing.T) {
	c := newClient(t, dicomweb.Limits{}, paged(30, 10, false))
	n := 0
	got, err := c.SearchPages(t.Context(), dicomweb.Query{Limit: 10}, func(*dicom.Dataset) error {
		if n++; n == 15 {
			return dicom.ErrStop
		}
		return nil
	})
	if err != nil || got != (dicomweb.Found{Results: 15, More: true}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestClient_Deadline(t *testing.T) {
	release := make(chan struct{})
	c := newClient(t, dicomweb.Limits{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/dicom+json")
		io.WriteString(w, "["+study("1")+",")
		w.(http.Flusher).Flush()
		<-release
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got, err := c.Search(ctx, dicomweb.Query{}, nothing)
	if !errors.Is(err, context.DeadlineExceeded) || got.Results != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestMetadata(t *testing.T) {
	var got string
	c := newClient(t, dicomweb.Limits{}, func(w http.ResponseWriter, r *http.Request) {
		got = r.RequestURI
		answer("application/dicom+json", `[{"00080018":{"vr":"UI","Value":["1.4"]},"7FE00010":{"vr":"OW","BulkDataURI":"b"}}]`)(w, r)
	})
	n, err := c.Metadata(t.Context(), dicomweb.Resource{Study: "1.2", Series: "1.3"}, func(d *dicom.Dataset) error {
		if uid := d.UID(dict.SOPInstanceUID); uid != "1.4" {
			t.Errorf("got %q", uid)
		}
		return nil
	})
	if n != 1 || err != nil || got != "/dicom-web/studies/1.2/series/1.3/metadata" {
		t.Errorf("got %d, %v of %s", n, err, got)
	}
}

func TestStatus(t *testing.T) {
	for _, code := range []int{200, 204, 400, 401, 403, 404, 406, 500} {
		body := &endless{}
		var accept, uri string
		c := newClient(t, dicomweb.Limits{}, func(w http.ResponseWriter, r *http.Request) {
			accept, uri = r.Header.Get("Accept"), r.RequestURI
			w.WriteHeader(code)
			if code == 200 {
				io.Copy(w, io.LimitReader(body, 1<<30))
			}
		})
		got, err := c.Status(t.Context(), dicomweb.Resource{Study: "2.25.1"})
		if err != nil || got != code {
			t.Errorf("got %d, %v, want %d", got, err, code)
		}
		if accept != `multipart/related; type="application/dicom"; transfer-syntax=*` || uri != "/dicom-web/studies/2.25.1" {
			t.Errorf("asked %s for %s", uri, accept)
		}
	}
}

// endless is a body without end.
type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte("a"), len(p)))
	return len(p), nil
}

func TestResource_Bad(t *testing.T) {
	c := newClient(t, dicomweb.Limits{}, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for _, r := range []dicomweb.Resource{{}, {Series: "1"}, {Study: "1", Instance: "1"}, {Study: "a"}, {Study: "1.2/series"}} {
		if _, err := c.Status(t.Context(), r); err == nil {
			t.Errorf("%+v: no error", r)
		}
		if _, err := c.Metadata(t.Context(), r, nothing); err == nil {
			t.Errorf("%+v: no error", r)
		}
		if _, err := c.Retrieve(t.Context(), r, nil); err == nil {
			t.Errorf("%+v: no error", r)
		}
	}
}
