package dicomweb_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
)

func statusOf(t *testing.T, s *store, lim dicomweb.Limits, path string) int {
	t.Helper()
	resp, _ := call(t, serve(t, s, lim), "GET", path, nil, "")
	return resp.StatusCode
}

func TestLimit_QueryKeys(t *testing.T) {
	for n, want := range map[int]int{3: 204, 4: 413} {
		if got := statusOf(t, &store{}, dicomweb.Limits{QueryKeys: 3}, "/studies?"+strings.TrimSuffix(strings.Repeat("Modality=&", n), "&")); got != want {
			t.Errorf("%d keys: got %d, want %d", n, got, want)
		}
	}
}

func TestLimit_Frames(t *testing.T) {
	s := &store{objects: []*object{instance(t, 1, dicom.ExplicitVRLittleEndian)}}
	for list, want := range map[string]int{"1,2": 200, "1,2,1": 404} {
		if got := statusOf(t, s, dicomweb.Limits{Frames: 2}, "/studies/1.2/series/1.2.3/instances/1.2.3.1/frames/"+list); got != want {
			t.Errorf("%s: got %d, want %d", list, got, want)
		}
	}
}

// TestLimit_ServerParts: a study of more instances than one answer may have is
// not answered in part.
func TestLimit_ServerParts(t *testing.T) {
	s := &store{objects: []*object{instance(t, 1, lossless), instance(t, 2, lossless)}}
	for parts, want := range map[int]int{2: 200, 1: 413} {
		if got := statusOf(t, s, dicomweb.Limits{Parts: parts}, "/studies/1.2"); got != want {
			t.Errorf("%d parts: got %d, want %d", parts, got, want)
		}
	}
}

func TestLimit_ObjectBytes(t *testing.T) {
	o := instance(t, 1, dicom.ImplicitVRLittleEndian)
	s := &store{objects: []*object{o}}
	for over, want := range map[int]int{0: 200, -1: 406} {
		lim := dicomweb.Limits{ObjectBytes: int64(len(o.file) + over)}
		srv := serve(t, s, lim)
		resp, _ := call(t, srv, "GET", "/studies/1.2", map[string]string{"Accept": `multipart/related; type="application/dicom"`}, "")
		if resp.StatusCode != want {
			t.Errorf("%+d bytes: got %d, want %d", over, resp.StatusCode, want)
		}
	}
}

func TestLimit_InlineBytes(t *testing.T) {
	s := &store{objects: []*object{instance(t, 1, dicom.ExplicitVRLittleEndian)}}
	for limit, want := range map[int64]int{2000: 0, 1999: 1} { // the profile is of 2,000
		_, body := call(t, serve(t, s, dicomweb.Limits{InlineBytes: limit}), "GET", "/studies/1.2/metadata", nil, "")
		if got := strings.Count(body, `bulkdata/00480105/0/00282000"`); got != want {
			t.Errorf("%d bytes inline: %d URIs, want %d", limit, got, want)
		}
	}
}

func TestLimit_PageBytes(t *testing.T) {
	s := &store{}
	for i := range 4 {
		d := &dicom.Dataset{}
		d.SetString(dict.StudyInstanceUID, fmt.Sprintf("1.2.%d", i))
		d.SetString(dict.StudyDescription, strings.Repeat("x", 60))
		s.results = append(s.results, d)
	}
	resp, body := call(t, serve(t, s, dicomweb.Limits{PageBytes: 1}), "GET", "/studies", nil, "")
	if strings.Count(body, `"0020000D"`) != 1 || !strings.Contains(resp.Header.Get("Warning"), "additional results") {
		t.Errorf("got %s, %q", body, resp.Header)
	}
}

// TestHandler_DeadlineOfTheLastAnswer: a connection that rested for longer than
// Idle answers again.
func TestHandler_DeadlineOfTheLastAnswer(t *testing.T) {
	s := &store{objects: []*object{instance(t, 1, dicom.ExplicitVRLittleEndian)}, put: func([]byte) (*dicomweb.Stored, error) {
		return &dicomweb.Stored{}, nil
	}}
	srv := serve(t, s, dicomweb.Limits{Idle: 100 * time.Millisecond})
	for i, ask := range []func() (*http.Response, error){
		func() (*http.Response, error) { return srv.Client().Get(srv.URL + "/dicom-web/studies/1.2") },
		func() (*http.Response, error) {
			return srv.Client().Post(srv.URL+"/dicom-web/studies", "application/dicom", strings.NewReader("file"))
		},
		func() (*http.Response, error) { return srv.Client().Get(srv.URL + "/dicom-web/studies/1.2/metadata") },
		func() (*http.Response, error) { return srv.Client().Get(srv.URL + "/dicom-web/studies") },
	} {
		resp, err := ask()
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode > 204 {
			t.Errorf("request %d: %v, %v", i, resp.Status, err)
		}
		resp.Body.Close()
		time.Sleep(250 * time.Millisecond)
	}
}
