package census_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/census"
)

// web is a QIDO-RS service in memory.
type web struct {
	studies  int
	cap      int  // results of a page
	deaf     bool // ignores the offset
	shuffles bool // and begins each page elsewhere
	silent   bool // does not say how many images a study has
	numb     bool // nor a series
	fails    int  // from this page on
	searches int
}

func (w *web) Search(_ context.Context, q dicomweb.Query, each func(*dicom.Dataset) error) (dicomweb.Found, error) {
	w.searches++
	if w.fails > 0 && w.searches >= w.fails {
		return dicomweb.Found{}, errors.New("503")
	}
	if q.Level == dicomweb.Series {
		d := &dicom.Dataset{}
		if !w.numb {
			d.SetString(dict.NumberOfSeriesRelatedInstances, "7")
		}
		return dicomweb.Found{Results: 1}, each(d)
	}
	from, n := q.Offset, min(q.Limit, w.cap)
	if w.deaf {
		from = 0
	}
	if w.shuffles {
		from = w.searches % 7
	}
	shown := 0
	for i := from; i < min(from+n, w.studies); i++ {
		d := &dicom.Dataset{}
		d.SetString(dict.StudyInstanceUID, fmt.Sprintf("2.25.%d", i))
		d.SetString(dict.PatientID, strconv.Itoa(i/2))
		if !w.silent {
			d.SetString(dict.NumberOfStudyRelatedInstances, "7")
		}
		if err := each(d); err != nil {
			return dicomweb.Found{}, err
		}
		shown++
	}
	return dicomweb.Found{Results: shown}, nil
}

func TestQIDO(t *testing.T) {
	for name, tt := range map[string]struct {
		web    web
		budget census.Budget
		want   census.Count
	}{
		"one_page":       {web{studies: 9, cap: 1000}, census.Budget{}, census.Count{Patients: 5, Studies: 9, Images: 63, Exact: true}},
		"empty":          {web{cap: 1000}, census.Budget{}, census.Count{Exact: true}},
		"pages":          {web{studies: 2500, cap: 1000}, census.Budget{}, census.Count{Patients: 1250, Studies: 2500, Images: 17500, Exact: true}},
		"page_is_full":   {web{studies: 1000, cap: 1000}, census.Budget{}, census.Count{Patients: 500, Studies: 1000, Images: 7000, Exact: true}},
		"pages_capped":   {web{studies: 250, cap: 100}, census.Budget{}, census.Count{Patients: 125, Studies: 250, Images: 1750, Exact: true}},
		"offset_ignored": {web{studies: 1000, cap: 1000, deaf: true}, census.Budget{}, census.Count{Patients: 500, Studies: 1000, Images: 7000, Exact: true}},
		"shuffled":       {web{studies: 1006, cap: 1000, shuffles: true}, census.Budget{}, census.Count{Patients: 503, Studies: 1006, Images: 7042}},
		"silent":         {web{studies: 30, cap: 1000, silent: true}, census.Budget{}, census.Count{Patients: 15, Studies: 30, Images: 210, Exact: true}},
		"silent_sample":  {web{studies: 30, cap: 1000, silent: true}, census.Budget{Studies: 10}, census.Count{Patients: 15, Studies: 30, Images: 210}},
		"series_numb":    {web{studies: 30, cap: 1000, silent: true, numb: true}, census.Budget{}, census.Count{Patients: 15, Studies: 30}},
		"over_budget":    {web{studies: 5000, cap: 1000}, census.Budget{Answers: 1500}, census.Count{Patients: 1000, Studies: 2000, Images: 14000}},
		"breaks_off":     {web{studies: 5000, cap: 1000, fails: 3}, census.Budget{}, census.Count{Patients: 1000, Studies: 2000, Images: 14000}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := census.QIDO(t.Context(), &census.Web{Search: &tt.web, Pause: func(context.Context) error { return nil }}, tt.budget)
			if err != nil {
				t.Fatal(err)
			}
			if got.Patients != tt.want.Patients || got.Studies != tt.want.Studies || got.Images != tt.want.Images || got.Exact != tt.want.Exact {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestQIDO_Unreachable(t *testing.T) {
	w := web{studies: 5, cap: 10, fails: 1}
	if _, err := census.QIDO(t.Context(), &census.Web{Search: &w, Pause: func(context.Context) error { return nil }}, census.Budget{}); err == nil {
		t.Error("a service that fails counts")
	}
}
