package dicomweb_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicomweb"
)

// wantLimit wants a LimitError of that name and number.
func wantLimit(t *testing.T, err error, name string, limit int64) {
	t.Helper()
	var ours *dicomweb.LimitError
	var theirs *dicom.LimitError
	switch {
	case errors.As(err, &ours) && ours.Name == name && ours.Limit == limit:
	case errors.As(err, &theirs) && theirs.Name == name && theirs.Limit == limit:
	default:
		t.Errorf("got %v, want the limit %s of %d", err, name, limit)
	}
}

// searchLimit searches with a limit that the answer crosses by one, and with
// one that it does not.
func searchLimit(t *testing.T, body, name string, limit int64, with func(int64) dicomweb.Limits) {
	t.Helper()
	h := answer("application/dicom+json", body)
	_, err := newClient(t, with(limit), h).Search(t.Context(), dicomweb.Query{}, nothing)
	wantLimit(t, err, name, limit)
	if _, err := newClient(t, with(limit+1), h).Search(t.Context(), dicomweb.Query{}, nothing); err != nil {
		t.Errorf("within the limit: %v", err)
	}
	if _, err := newClient(t, with(-1), h).Search(t.Context(), dicomweb.Query{}, nothing); err != nil {
		t.Errorf("without the limit: %v", err)
	}
}

func TestLimit_BodyBytes(t *testing.T) {
	body := "[" + study("1") + "," + study("2") + "]"
	searchLimit(t, body, "body_bytes", int64(len(body))-1, func(n int64) dicomweb.Limits { return dicomweb.Limits{BodyBytes: n} })
}

func TestLimit_SearchBytes(t *testing.T) {
	body := "[" + study("1") + "," + study("2") + "]"
	searchLimit(t, body, "search_bytes", int64(len(body))-1, func(n int64) dicomweb.Limits { return dicomweb.Limits{SearchBytes: n} })
}

// TestLimit_SearchBytes_Bomb inflates more white space than may be read.
func TestLimit_SearchBytes_Bomb(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	io.WriteString(z, "[")
	space := bytes.Repeat([]byte(" "), 1<<20)
	for range 64 {
		z.Write(space)
	}
	z.Close()
	h := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		answer("application/dicom+json", bomb.String())(w, nil)
	}
	_, err := newClient(t, dicomweb.Limits{SearchBytes: 32 << 20}, h).Search(t.Context(), dicomweb.Query{}, nothing)
	wantLimit(t, err, "search_bytes", 32<<20)
}

// TestLimits_Endless wants the end of answers that have none, within memory that
// does not grow with what was read.
func TestLimits_Endless(t *testing.T) {
	for name, tt := range map[string]struct {
		start, again string
		limit        string
		of           int64
		lim          dicomweb.Limits
	}{
		"array_of_arrays":  {"", "[", "", 0, dicomweb.Limits{}}, // no data set: not DICOM JSON
		"empty_sets":       {"[{}", ",{}", "results", 1 << 10, dicomweb.Limits{Results: 1 << 10}},
		"studies":          {"[" + study("1"), "," + study("2"), "results", 1 << 10, dicomweb.Limits{Results: 1 << 10}},
		"white_space":      {"[", " \n", "search_bytes", 1 << 20, dicomweb.Limits{SearchBytes: 1 << 20}},
		"sequences":        {"[", `{"00081115":{"vr":"SQ","Value":[`, "depth", 64, dicomweb.Limits{}},
		"values":           {`[{"00081030":{"vr":"LO","Value":["a"`, `,"a"`, "element_bytes", 1 << 10, dicomweb.Limits{ElementBytes: 1 << 10}},
		"string":           {`[{"00081030":{"vr":"LO","Value":["`, "aaaaaaaa", "element_bytes", 1 << 10, dicomweb.Limits{ElementBytes: 1 << 10}},
		"items":            {`[{"00081115":{"vr":"SQ","Value":[{}`, ",{}", "elements", 1 << 10, dicomweb.Limits{Elements: 1 << 10}},
		"objects_in_names": {`[{"00100010":{"vr":"PN","Value":[`, `{"Alphabetic":`, "", 0, dicomweb.Limits{}},
		"unknown_members":  {`[{"00081030":{"vr":"LO","x":`, `[`, "", 0, dicomweb.Limits{}},
		"inline_binary":    {`[{"00420011":{"vr":"OB","InlineBinary":"`, "AAAA", "element_bytes", 1 << 10, dicomweb.Limits{ElementBytes: 1 << 10}},
	} {
		t.Run(name, func(t *testing.T) {
			h := func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/dicom+json")
				io.WriteString(w, tt.start)
				for piece := strings.Repeat(tt.again, 1<<10); r.Context().Err() == nil; {
					if _, err := io.WriteString(w, piece); err != nil {
						return
					}
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := newClient(t, tt.lim, h).Search(ctx, dicomweb.Query{}, nothing)
			switch {
			case err == nil || ctx.Err() != nil:
				t.Errorf("got %v", err)
			case tt.limit != "":
				wantLimit(t, err, tt.limit, tt.of)
			}
		})
	}
}

func TestLimit_Results(t *testing.T) {
	body := "[" + study("1") + "," + study("2") + "," + study("3") + "]"
	searchLimit(t, body, "results", 2, func(n int64) dicomweb.Limits { return dicomweb.Limits{Results: int(n)} })
}

func TestLimit_ElementBytes(t *testing.T) {
	searchLimit(t, `[{"00081030":{"vr":"LO","Value":["1234567890"]}}]`, "element_bytes", 9,
		func(n int64) dicomweb.Limits { return dicomweb.Limits{ElementBytes: n} })
}

func TestLimit_DatasetBytes(t *testing.T) {
	searchLimit(t, `[{"00081030":{"vr":"LO","Value":["1234567890"]}}]`, "dataset_bytes", 41, // 10 bytes and what a value costs
		func(n int64) dicomweb.Limits { return dicomweb.Limits{DatasetBytes: n} })
}

func TestLimit_Elements(t *testing.T) {
	searchLimit(t, "["+study("1")+"]", "elements", 1, func(n int64) dicomweb.Limits { return dicomweb.Limits{Elements: int(n)} })
}

func TestLimit_Depth(t *testing.T) {
	searchLimit(t, `[{"00081115":{"vr":"SQ","Value":[{"00081115":{"vr":"SQ","Value":[{"00080060":{"vr":"CS"}}]}}]}}]`, "depth", 1,
		func(n int64) dicomweb.Limits { return dicomweb.Limits{Depth: int(n)} })
}

func TestLimit_Redirects(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		if n := strings.Count(r.URL.Path, "x"); n < 3 {
			http.Redirect(w, r, "/"+strings.Repeat("x", n+1), http.StatusFound)
			return
		}
		answer("application/dicom+json", "[]")(w, r)
	}
	_, err := newClient(t, dicomweb.Limits{Redirects: 2}, h).Search(t.Context(), dicomweb.Query{}, nothing)
	wantLimit(t, err, "redirects", 2)
	if _, err := newClient(t, dicomweb.Limits{}, h).Search(t.Context(), dicomweb.Query{}, nothing); err != nil {
		t.Errorf("within the limit: %v", err)
	}
}

func TestLimit_Pages(t *testing.T) {
	_, err := newClient(t, dicomweb.Limits{Pages: 2}, paged(30, 10, false)).SearchPages(t.Context(), dicomweb.Query{Limit: 10}, nothing)
	wantLimit(t, err, "pages", 2)
}

// retrieveLimit is searchLimit for multipart answers.
func retrieveLimit(t *testing.T, body, name string, limit int64, with func(int64) dicomweb.Limits) {
	t.Helper()
	h := answer("multipart/related; boundary=b", body)
	each := func(p *dicomweb.Part) error { _, err := io.Copy(io.Discard, p); return err }
	for _, each := range []func(*dicomweb.Part) error{each, func(*dicomweb.Part) error { return nil }} {
		_, err := newClient(t, with(limit), h).Retrieve(t.Context(), dicomweb.Resource{Study: "1"}, each)
		wantLimit(t, err, name, limit)
		if _, err := newClient(t, with(limit+1), h).Retrieve(t.Context(), dicomweb.Resource{Study: "1"}, each); err != nil {
			t.Errorf("within the limit: %v", err)
		}
		if _, err := newClient(t, with(-1), h).Retrieve(t.Context(), dicomweb.Resource{Study: "1"}, each); err != nil {
			t.Errorf("without the limit: %v", err)
		}
	}
}

func TestLimit_Parts(t *testing.T) {
	retrieveLimit(t, parts("a", "b", "c"), "parts", 2, func(n int64) dicomweb.Limits { return dicomweb.Limits{Parts: int(n)} })
}

func TestLimit_PartBytes(t *testing.T) {
	retrieveLimit(t, parts(strings.Repeat("a", 100)), "part_bytes", 99, func(n int64) dicomweb.Limits { return dicomweb.Limits{PartBytes: n} })
}

func TestLimit_PartHeaderBytes(t *testing.T) {
	retrieveLimit(t, parts("a"), "part_header_bytes", int64(len(partHeader))-1, func(n int64) dicomweb.Limits { return dicomweb.Limits{PartHeaderBytes: n} })
}

// TestLimit_PartHeaderBytes_Endless wants the end of a header that has none, and
// of what stands before the first part.
func TestLimit_PartHeaderBytes_Endless(t *testing.T) {
	for _, start := range []string{"--b\r\nX: ", ""} {
		in := &counted{r: io.MultiReader(strings.NewReader(start), &endless{})}
		_, err := dicomweb.ReadParts(in, "b", dicomweb.Limits{}, func(*dicomweb.Part) error { return nil })
		wantLimit(t, err, "part_header_bytes", 16<<10)
		if in.n > 64<<10 {
			t.Errorf("read %d bytes", in.n)
		}
	}
}

type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestLimit_Idle(t *testing.T) {
	const idle = 60 * time.Millisecond
	for name, h := range map[string]func(w http.ResponseWriter, release chan struct{}){
		"no_head": func(w http.ResponseWriter, release chan struct{}) { <-release },
		"no_body": func(w http.ResponseWriter, release chan struct{}) {
			w.Header().Set("Content-Type", "application/dicom+json")
			io.WriteString(w, "[")
			w.(http.Flusher).Flush()
			<-release
		},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			c := newClient(t, dicomweb.Limits{Idle: idle}, func(w http.ResponseWriter, _ *http.Request) { h(w, release) })
			t.Cleanup(func() { close(release) })
			start := time.Now()
			_, err := c.Search(t.Context(), dicomweb.Query{}, nothing)
			wantLimit(t, err, "idle", int64(idle))
			if d := time.Since(start); d < idle || d > 20*idle {
				t.Errorf("it took %v", d)
			}
		})
	}
	// Slow, but never idle; and a callback may take its time.
	c := newClient(t, dicomweb.Limits{Idle: 10 * idle}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/dicom+json")
		for i, b := range []byte("[" + study("1") + "]") {
			w.Write([]byte{b})
			if i%20 == 0 {
				w.(http.Flusher).Flush()
				time.Sleep(idle)
			}
		}
	})
	got, err := c.Search(t.Context(), dicomweb.Query{}, func(*dicom.Dataset) error { time.Sleep(11 * idle); return nil })
	if err != nil || got.Results != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestLimitError_Text(t *testing.T) {
	if got := (&dicomweb.LimitError{Name: "parts", Limit: 2}).Error(); got != "dicomweb: over the limit parts of 2" {
		t.Error(got)
	}
	if got := fmt.Sprint(&dicomweb.Problem{HTTP: 404}); got != "HTTP status 404 Not Found" {
		t.Error(got)
	}
}
