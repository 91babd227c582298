package dicomweb_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/peertest"
)

const pydicomFiles = peertest.Files + "/"

// What pydicom reads from CT_small.dcm.
const (
	ctStudy    = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
	ctSeries   = "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322"
	ctInstance = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
)

// orthanc is Debian's Orthanc with its DICOMweb plugin on loopback.
type orthanc struct {
	base string
	http *http.Client
}

// startOrthanc skips the test where there is none.
func startOrthanc(t *testing.T, change map[string]any) *orthanc {
	t.Helper()
	peertest.Need(t, "Orthanc", peertest.OrthancDICOMweb)
	settings := map[string]any{
		"Plugins": []string{peertest.OrthancDICOMweb}, "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
		"DicomWeb": map[string]any{"Enable": true, "Root": "/dicom-web/"},
	}
	maps.Copy(settings, change)
	port := peertest.Orthanc(t, peertest.Port(t), settings)
	return &orthanc{base: "http://127.0.0.1:" + port, http: &http.Client{Timeout: 20 * time.Second}}
}

// store puts a file in by Orthanc's own interface.
func (o *orthanc) store(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(pydicomFiles + name)
	if err != nil {
		t.Skipf("python3-pydicom is not installed: %v", err)
	}
	resp, err := o.http.Post(o.base+"/instances", "application/dicom", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("storing %s: %s", name, resp.Status)
	}
}

func (o *orthanc) client(t *testing.T) *dicomweb.Client {
	t.Helper()
	c, err := dicomweb.NewClient(o.base+"/dicom-web", dicomweb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// search returns the values of a tag in the results.
func search(t *testing.T, c *dicomweb.Client, q dicomweb.Query, tag dicom.Tag) []string {
	t.Helper()
	var got []string
	found, err := c.Search(t.Context(), q, func(d *dicom.Dataset) error {
		got = append(got, d.String(tag))
		return nil
	})
	if err != nil || found.Results != len(got) {
		t.Fatalf("%+v: %+v, %v", q, found, err)
	}
	slices.Sort(got)
	return got
}

func match(value string, path ...dicom.Tag) []dicomweb.Match {
	return []dicomweb.Match{{Attribute: path, Value: value}}
}

func TestInterop_OrthancSearch(t *testing.T) {
	o := startOrthanc(t, nil)
	c := o.client(t)
	if got := search(t, c, dicomweb.Query{}, dict.StudyInstanceUID); len(got) != 0 {
		t.Errorf("an empty archive has %q", got)
	}
	for _, name := range []string{"CT_small.dcm", "MR_small.dcm", "rtplan.dcm"} {
		o.store(t, name)
	}
	tests := []struct {
		name string
		q    dicomweb.Query
		tag  dicom.Tag
		want string
	}{
		{"all", dicomweb.Query{}, dict.ModalitiesInStudy, "[CT MR RTPLAN]"},
		{"name", dicomweb.Query{Match: match("CompressedSamples?CT1", dict.PatientName)}, dict.StudyInstanceUID, "[" + ctStudy + "]"},
		{"wildcard", dicomweb.Query{Match: match("compressedsamples?MR*", dict.PatientName)}, dict.PatientID, "[4MR1]"},
		{"id", dicomweb.Query{Match: match("1CT1", dict.PatientID)}, dict.PatientName, "[CompressedSamples^CT1]"},
		{"date", dicomweb.Query{Match: match("20040101-20040131", dict.StudyDate)}, dict.StudyDate, "[20040119]"},
		{"date_out", dicomweb.Query{Match: match("19000101-19001231", dict.StudyDate)}, dict.StudyDate, "[]"},
		{"uid", dicomweb.Query{Match: match(ctStudy, dict.StudyInstanceUID)}, dict.NumberOfStudyRelatedInstances, "[1]"},
		{"include", dicomweb.Query{Match: match("1CT1", dict.PatientID), Include: []dicomweb.Attribute{{dict.StudyDescription}}}, dict.StudyDescription, "[e+1]"},
		{"limit", dicomweb.Query{Limit: 2, Match: match("*CT*", dict.PatientName)}, dict.PatientID, "[1CT1]"},
		{"fuzzy", dicomweb.Query{FuzzyMatching: true, Match: match("CompressedSamples?CT1", dict.PatientName)}, dict.PatientID, "[1CT1]"},
		{"series", dicomweb.Query{Level: dicomweb.Series, Match: match("CT", dict.Modality)}, dict.SeriesInstanceUID, "[" + ctSeries + "]"},
		{"series_of_study", dicomweb.Query{Level: dicomweb.Series, Study: ctStudy}, dict.NumberOfSeriesRelatedInstances, "[1]"},
		{"instances", dicomweb.Query{Level: dicomweb.Instances}, dict.Modality, "[CT MR RTPLAN]"},
		{"instances_of_study", dicomweb.Query{Level: dicomweb.Instances, Study: ctStudy}, dict.SOPInstanceUID, "[" + ctInstance + "]"},
		{"instances_of_series", dicomweb.Query{Level: dicomweb.Instances, Study: ctStudy, Series: ctSeries}, dict.Rows, "[128]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fmt.Sprint(search(t, c, tt.q, tt.tag)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	pages := map[dicom.UID]bool{}
	found, err := c.SearchPages(t.Context(), dicomweb.Query{Limit: 2}, func(d *dicom.Dataset) error {
		pages[d.UID(dict.StudyInstanceUID)] = true
		return nil
	})
	if err != nil || found != (dicomweb.Found{Results: 3}) || len(pages) != 3 {
		t.Errorf("by pages: %+v, %v, %d studies", found, err, len(pages))
	}
}

// TestInterop_OrthancRetrieve wants what was put in, and status 404 of a study
// that cannot exist.
func TestInterop_OrthancRetrieve(t *testing.T) {
	o := startOrthanc(t, nil)
	o.store(t, "CT_small.dcm")
	o.store(t, "JPEG2000.dcm")
	c := o.client(t)
	stored, err := dicom.ReadFile(pydicomFiles+"CT_small.dcm", dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Retrieve(t.Context(), dicomweb.Resource{Study: ctStudy}, func(p *dicomweb.Part) error {
		f, err := dicom.Read(p, dicom.Options{})
		if err != nil {
			return err
		}
		if p.ContentType != "application/dicom" || f.Dataset.UID(dict.SOPInstanceUID) != ctInstance {
			t.Errorf("got %s of %s", f.Dataset.UID(dict.SOPInstanceUID), p.ContentType)
		}
		if !bytes.Equal(f.Dataset.Get(dicom.PixelData).Value, stored.Dataset.Get(dicom.PixelData).Value) {
			t.Error("the pixels are not those that were stored")
		}
		return nil
	})
	if n != 1 || err != nil {
		t.Errorf("got %d objects, %v", n, err)
	}
	n, err = c.Metadata(t.Context(), dicomweb.Resource{Study: ctStudy}, func(d *dicom.Dataset) error {
		if got := d.PersonName(dict.PatientName).Alphabetic.Given; got != "CT1" {
			t.Errorf("got %q", got)
		}
		if rows, _ := d.Int(dict.Rows); rows != 128 {
			t.Errorf("%d rows", rows)
		}
		if e := d.Get(dicom.PixelData); e != nil && len(e.Value) != 0 {
			t.Error("metadata with pixels")
		}
		return nil
	})
	if n != 1 || err != nil {
		t.Errorf("metadata of %d instances, %v", n, err)
	}
	for study, want := range map[dicom.UID]int{ctStudy: 200, dicom.NewUID(): 404} {
		if got, err := c.Status(t.Context(), dicomweb.Resource{Study: study}); got != want || err != nil {
			t.Errorf("status %d, %v, want %d", got, err, want)
		}
	}
}

// TestInterop_OrthancRefuses wants a Problem of a server that asks for a password.
func TestInterop_OrthancRefuses(t *testing.T) {
	o := startOrthanc(t, map[string]any{"AuthenticationEnabled": true, "RegisteredUsers": map[string]string{"reader": "password of a test"}})
	_, err := o.client(t).Search(t.Context(), dicomweb.Query{}, nothing)
	var p *dicomweb.Problem
	if !errors.As(err, &p) || p.HTTP != http.StatusUnauthorized || !p.Refused() || p.Scheme != "Basic" {
		t.Errorf("got %v", err)
	}
	req, _ := http.NewRequest(http.MethodGet, o.base, nil)
	req.SetBasicAuth("reader", "password of a test")
	c, err := dicomweb.NewClient(o.base+"/dicom-web", dicomweb.Options{Header: req.Header})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := c.Search(t.Context(), dicomweb.Query{}, nothing); err != nil || found.Results != 0 {
		t.Errorf("with the password: %+v, %v", found, err)
	}
}

// TestInterop_OrthancModel compares what Orthanc makes of files in JSON with
// what we make of them: the same names, texts and numbers.
func TestInterop_OrthancModel(t *testing.T) {
	o := startOrthanc(t, nil)
	c := o.client(t)
	for _, name := range []string{"CT_small.dcm", "rtplan.dcm", "../charset_files/chrH31.dcm", "../charset_files/chrX1.dcm", "../charset_files/chrGreek.dcm"} {
		o.store(t, name)
		f, err := dicom.ReadFile(pydicomFiles+name, dicom.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ours, err := dicom.DecodeJSON(bytes.NewReader(dicom.AppendJSON(nil, f.Dataset, dicom.JSONOptions{})), dicom.JSONOptions{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Metadata(t.Context(), dicomweb.Resource{Study: f.Dataset.UID(dict.StudyInstanceUID)}, func(theirs *dicom.Dataset) error {
			compared := 0
			for _, e := range ours.Elements {
				got, want := theirs.Strings(e.Tag), ours.Strings(e.Tag)
				if e.Tag.IsPrivate() || e.Tag == dict.SpecificCharacterSet || e.Tag == dicom.PixelData || len(want) == 0 {
					continue
				}
				compared++
				same := slices.Equal(got, want)
				if e.VR == dicom.DS || e.VR == dicom.IS { // as numbers: Orthanc's have lost their zeros
					same = slices.Equal(theirs.Floats(e.Tag), ours.Floats(e.Tag))
				}
				if !same {
					t.Errorf("%s %v: Orthanc has %d values that differ from our %d", name, e.Tag, len(got), len(want))
				}
			}
			if compared < 10 {
				t.Errorf("%s: %d elements compared", name, compared)
			}
			return nil
		})
		if n != 1 || err != nil {
			t.Errorf("%s: %d instances, %v", name, n, err)
		}
	}
}
