package census_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
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
	more     bool // says that there is more
	total    int64
	endless  bool // pages without end, each study new
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
	if w.endless {
		from, n, w.studies = q.Offset, 1<<40, 1<<40
	}
	found := dicomweb.Found{More: w.more, Total: w.total}
	for i := from; i < min(from+n, w.studies); i++ {
		d := &dicom.Dataset{}
		d.SetString(dict.StudyInstanceUID, fmt.Sprintf("2.25.%d", i))
		d.SetString(dict.PatientID, strconv.Itoa(i/2))
		if !w.silent {
			d.SetString(dict.NumberOfStudyRelatedInstances, "7")
		}
		found.Results++
		if err := each(d); errors.Is(err, dicom.ErrStop) {
			return found, nil
		} else if err != nil {
			return found, err
		}
	}
	return found, nil
}

func TestQIDO(t *testing.T) {
	for name, tt := range map[string]struct {
		web    web
		budget census.Budget
		want   census.Count
	}{
		"one_page":       {web{studies: 9, cap: 1000}, census.Budget{}, exactly(5, 9, 63, "qido-rs, 2 pages")},
		"empty":          {web{cap: 1000}, census.Budget{}, exactly(0, 0, 0, "qido-rs, 1 pages")},
		"pages":          {web{studies: 2500, cap: 1000}, census.Budget{}, exactly(1250, 2500, 17500, "qido-rs, 4 pages")},
		"page_is_full":   {web{studies: 1000, cap: 1000}, census.Budget{}, exactly(500, 1000, 7000, "qido-rs, 2 pages")},
		"pages_capped":   {web{studies: 250, cap: 100}, census.Budget{}, exactly(125, 250, 1750, "qido-rs, 4 pages")},
		"offset_ignored": {web{studies: 234, cap: 1000, deaf: true}, census.Budget{}, exactly(117, 234, 1638, "qido-rs, 2 pages")},
		"silent":         {web{studies: 30, cap: 1000, silent: true}, census.Budget{}, exactly(15, 30, 210, "qido-rs, 2 pages")},
		"says_as_many":   {web{studies: 30, cap: 1000, total: 30}, census.Budget{}, exactly(15, 30, 210, "qido-rs, 2 pages")},
		"offset_ignored_full": {web{studies: 5000, cap: 1000, deaf: true}, census.Budget{},
			atLeast(500, 1000, 7000, "qido-rs, 2 pages; the service gives the same page again, at least this many")},
		"offset_ignored_capped": {web{studies: 5000, cap: 100, deaf: true}, census.Budget{},
			atLeast(50, 100, 700, "qido-rs, 2 pages; the service gives the same page again, at least this many")},
		"offset_ignored_with_more": {web{studies: 5000, cap: 77, deaf: true, more: true}, census.Budget{},
			atLeast(39, 77, 539, "qido-rs, 2 pages; the service gives the same page again, at least this many")},
		"shuffled": {web{studies: 1006, cap: 1000, shuffles: true}, census.Budget{},
			atLeast(503, 1006, 7042, "qido-rs, 8 pages; the service gives the same page again, at least this many")},
		"says_more": {web{studies: 30, cap: 1000, total: 50}, census.Budget{},
			census.Count{Patients: 15, Studies: 30, StudiesLow: 30, StudiesHigh: 50, Images: 210, ImagesLow: 210, ImagesHigh: 210,
				Method: "qido-rs, 2 pages; the service says that it has 50, at least this many"}},
		"over_budget": {web{studies: 5000, cap: 1000}, census.Budget{Answers: 1500},
			atLeast(750, 1500, 10500, "qido-rs, 2 pages; more studies than the budget, at least this many")},
		"over_queries": {web{studies: 5000, cap: 100}, census.Budget{Queries: 7},
			atLeast(350, 700, 4900, "qido-rs, 7 pages; more studies than the budget, at least this many")},
		"endless": {web{endless: true}, census.Budget{Answers: 3000},
			atLeast(1500, 3000, 21000, "qido-rs, 1 pages; more studies than the budget, at least this many")},
		"breaks_off": {web{studies: 5000, cap: 1000, fails: 3}, census.Budget{},
			atLeast(1000, 2000, 14000, "qido-rs, 3 pages; the service failed before the last page, at least this many")},
		"series_numb": {web{studies: 30, cap: 1000, silent: true, numb: true}, census.Budget{},
			census.Count{Patients: 15, Studies: 30, StudiesLow: 30, StudiesHigh: 30, Method: "qido-rs, 2 pages; images of 30 studies not counted"}},
		"silent_sample": {web{studies: 30, cap: 1000, silent: true}, census.Budget{Studies: 10},
			atLeast(15, 30, 210, "qido-rs, 2 pages; images of 30 studies estimated from 10 of them")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := census.QIDO(t.Context(), &census.Web{Search: &tt.web, Pause: func(context.Context) error { return nil }}, tt.budget)
			if err != nil || got != tt.want {
				t.Errorf("%v\ngot  %+v\nwant %+v", err, got, tt.want)
			}
		})
	}
}

// exactly and atLeast are counts whose interval is the number.
func exactly(patients, studies, images int64, method string) census.Count {
	c := atLeast(patients, studies, images, method)
	c.Exact = true
	return c
}

func atLeast(patients, studies, images int64, method string) census.Count {
	return census.Count{
		Patients: patients, Studies: studies, StudiesLow: studies, StudiesHigh: studies,
		Images: images, ImagesLow: images, ImagesHigh: images, Method: method,
	}
}

// TestQIDO_MorePatientsThanAreToldApart counts a service with more than the
// memory for them holds.
func TestQIDO_MorePatientsThanAreToldApart(t *testing.T) {
	w := web{studies: 500_000, cap: 1000}
	got, err := census.QIDO(t.Context(), &census.Web{Search: &w, Pause: func(context.Context) error { return nil }}, census.Budget{})
	if err != nil || got.Studies != 500_000 || got.Images != 3_500_000 || got.StudiesHigh != 500_000 {
		t.Errorf("%v, got %+v, want 500,000 studies", err, got)
	}
	if off := math.Abs(float64(got.Patients)/250_000 - 1); off > 0.02 || got.Exact || !strings.Contains(got.Method, "patients estimated from one in 2") {
		t.Errorf("got %+v, want about 250,000 patients, estimated", got)
	}
}

func TestQIDO_Unreachable(t *testing.T) {
	w := web{studies: 5, cap: 10, fails: 1}
	if _, err := census.QIDO(t.Context(), &census.Web{Search: &w, Pause: func(context.Context) error { return nil }}, census.Budget{}); err == nil {
		t.Error("a service that fails counts")
	}
}
