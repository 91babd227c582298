package census_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/census"
)

func TestDICOM_Exact(t *testing.T) {
	for name, tt := range map[string]struct {
		archive *archive
		method  string
	}{
		"answers_in_full":      {archiveOf(1234, 7), "c-find at study level"},
		"doubt_unfounded":      {archiveOf(1500, 7), "c-find at study level"},
		"empty":                {archiveOf(0, 1), "c-find at study level"},
		"caps_loudly":          {with(archiveOf(3333, 7), func(a *archive) { a.cap, a.loud = 200, true }), "date windows"},
		"caps_silently":        {with(archiveOf(3333, 7), func(a *archive) { a.cap = 500 }), "date windows"},
		"caps_within_a_day":    {with(archiveOf(900, 450), func(a *archive) { a.cap = 100 }), "date windows"},
		"breaks_when_large":    {with(archiveOf(3333, 7), func(a *archive) { a.breaksAt = 300 }), "date windows"},
		"studies_silent":       {with(archiveOf(333, 7), func(a *archive) { a.silent = true }), "counted by series"},
		"series_silent_too":    {with(archiveOf(99, 7), func(a *archive) { a.silent, a.numb = true, true }), "counted by series"},
		"silent_and_capped":    {with(archiveOf(777, 7), func(a *archive) { a.silent, a.cap = true, 100 }), "counted by series"},
		"undated_in_full":      {with(archiveOf(1003, 7), func(a *archive) { a.studies[5].date = "" }), "c-find at study level"},
		"undated_and_doubted":  {with(archiveOf(1000, 7), func(a *archive) { a.studies[5].date = "" }), "c-find at study level"},
		"each_study_twice":     {with(archiveOf(1234, 7), func(a *archive) { a.twice = true }), "c-find at study level"},
		"twice_and_capped":     {with(archiveOf(3333, 7), func(a *archive) { a.twice, a.cap = true, 500 }), "date windows"},
		"joins_patients":       {with(archiveOf(1234, 7), func(a *archive) { a.joins = true }), "patients at patient level"},
		"before_1900_and_2100": {with(archiveOf(900, 7), func(a *archive) { a.cap = 200; a.studies[0].date = "18500101"; a.studies[1].date = "21000101" }), "date windows"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tt.archive.count(t, census.Budget{})
			studies, images, patients := int64(len(tt.archive.studies)), tt.archive.images(), int64(len(tt.archive.births))
			if got.Studies != studies || got.Images != images || got.Patients != patients || !got.Exact {
				t.Errorf("got %d studies %d images %d patients exact %v, want %d %d %d true\n%s",
					got.Studies, got.Images, got.Patients, got.Exact, studies, images, patients, got.Method)
			}
			if got.StudiesLow != studies || got.StudiesHigh != studies || got.ImagesLow != images || got.ImagesHigh != images {
				t.Errorf("the interval of an exact count is the count: %+v", got)
			}
			if !strings.Contains(got.Method, tt.method) {
				t.Errorf("method %q, want it to say %q", got.Method, tt.method)
			}
		})
	}
}

// TestDICOM_DoesNotMultiply: what an archive says to a date range that it does
// not understand is not added up.
func TestDICOM_DoesNotMultiply(t *testing.T) {
	for name, tt := range map[string]struct {
		archive *archive
		method  string
	}{
		"ranges_ignored":        {with(archiveOf(1500, 7), func(a *archive) { a.deaf = "ranges" }), "date ranges are not heeded, at least this many"},
		"ranges_ignored_capped": {with(archiveOf(3000, 7), func(a *archive) { a.deaf, a.cap, a.loud = "ranges", 1500, true }), "at least this many"},
		"ends_ignored":          {with(archiveOf(1500, 7), func(a *archive) { a.deaf = "ends" }), "at least this many"},
		"starts_ignored":        {with(archiveOf(1500, 7), func(a *archive) { a.deaf = "starts" }), "at least this many"},
		"open_ends_ignored":     {with(archiveOf(1500, 7), func(a *archive) { a.deaf = "open" }), "at least this many"},
		"ranges_refused":        {with(archiveOf(1500, 7), func(a *archive) { a.refuses = true }), "date windows are refused, at least this many"},
	} {
		t.Run(name, func(t *testing.T) {
			a := tt.archive
			a.births = nil
			got := a.count(t, census.Budget{})
			if got.Studies != 1500 || got.Exact || got.StudiesLow != 1500 {
				t.Errorf("got %+v, want 1500 studies, not exact", got)
			}
			if !strings.Contains(got.Method, tt.method) {
				t.Errorf("method %q, want it to say %q", got.Method, tt.method)
			}
			if !slices.ContainsFunc(a.asked, func(q string) bool { return strings.HasPrefix(q, "STUDY 99980630-99980701 ") }) {
				t.Errorf("asked %v, want a range without a study among them", a.asked)
			}
			if len(a.asked) > 60 {
				t.Errorf("%d questions, want at most 60", len(a.asked))
			}
		})
	}
}

// TestDICOM_PatientOncePerStudy: some archives answer at patient level with one
// answer for each study.
func TestDICOM_PatientOncePerStudy(t *testing.T) {
	a := with(archiveOf(1234, 7), func(a *archive) { a.perStudy = true })
	got := a.count(t, census.Budget{})
	if got.Patients != 617 || got.Studies != 1234 || got.Exact || !strings.Contains(got.Method, "once for each study") {
		t.Errorf("got %+v, want 617 patients of 1234 studies, not exact", got)
	}
}

func with(a *archive, f func(*archive)) *archive { f(a); return a }

func TestDICOM_AsksForNoNameAndNoID(t *testing.T) {
	a := with(archiveOf(777, 7), func(a *archive) { a.silent, a.cap = true, 100 })
	a.count(t, census.Budget{})
	allowed := map[dicom.Tag]bool{
		dict.QueryRetrieveLevel: true, dict.StudyInstanceUID: true, dict.SeriesInstanceUID: true, dict.SOPInstanceUID: true,
		dict.NumberOfPatientRelatedStudies: true, dict.NumberOfStudyRelatedInstances: true, dict.NumberOfSeriesRelatedInstances: true,
		dict.StudyDate: true, dict.StudyTime: true, dict.PatientBirthDate: true,
	}
	for tag := range a.keys {
		if !allowed[tag] {
			t.Errorf("asked for %08X", uint32(tag))
		}
	}
}

func TestDICOM_CapCostsLittle(t *testing.T) {
	a := with(archiveOf(20000, 20), func(a *archive) { a.cap = 500 })
	a.births = nil
	a.count(t, census.Budget{})
	if a.answers > 4*len(a.studies) {
		t.Errorf("%d answers for %d studies, want at most four times as many", a.answers, len(a.studies))
	}
	if len(a.asked) > 400 {
		t.Errorf("%d questions, want at most 400", len(a.asked))
	}
}

func TestDICOM_TimeoutsAreFew(t *testing.T) {
	a := with(archiveOf(20000, 20), func(a *archive) { a.breaksAt = 500 })
	a.births = nil
	got := a.count(t, census.Budget{})
	if got.Studies != 20000 || !got.Exact {
		t.Errorf("got %+v", got)
	}
	if a.opened > 30 {
		t.Errorf("broke the peer %d times, want at most 30", a.opened)
	}
}

func TestDICOM_EstimateHoldsTheTruth(t *testing.T) {
	for name, tt := range map[string]struct {
		archive *archive
		budget  census.Budget
	}{
		"more_answers_than_the_budget": {archiveOf(60000, 20), census.Budget{Answers: 5000}},
		"more_queries_than_the_budget": {with(archiveOf(60000, 20), func(a *archive) { a.cap = 100 }), census.Budget{Queries: 40}},
		"more_silent_studies":          {with(archiveOf(5003, 20), func(a *archive) { a.silent = true }), census.Budget{Studies: 200}},
	} {
		t.Run(name, func(t *testing.T) {
			a := tt.archive
			a.births = nil
			got := a.count(t, tt.budget)
			studies, images := int64(len(a.studies)), a.images()
			if got.Exact {
				t.Fatalf("called exact: %+v", got)
			}
			if studies < got.StudiesLow || studies > got.StudiesHigh || images < got.ImagesLow || images > got.ImagesHigh {
				t.Errorf("%d studies in %d–%d? %d images in %d–%d?\n%s", studies, got.StudiesLow, got.StudiesHigh, images, got.ImagesLow, got.ImagesHigh, got.Method)
			}
			if width := float64(got.StudiesHigh-got.StudiesLow) / float64(studies); width > 0.5 {
				t.Errorf("an interval %.0f %% wide says nothing: %+v", 100*width, got)
			}
			if !strings.Contains(got.Method, "estimated") {
				t.Errorf("method %q does not say that it estimates", got.Method)
			}
		})
	}
}

// TestDICOM_IntervalIsHonest draws many samples of an archive with weekends and
// a start in the middle of a year: 95 % intervals must hold the truth about as
// often as they say.
func TestDICOM_IntervalIsHonest(t *testing.T) {
	a := &archive{}
	for day := range 1500 {
		at := today.AddDate(0, 0, -1-day)
		if at.Weekday() == time.Sunday {
			continue
		}
		for i := range 3 + day%5 {
			a.studies = append(a.studies, study{uid: fmt.Sprintf("2.25.%d.%d", day, i), date: at.Format("20060102"), time: "120000", images: 1 + i*day%7})
		}
	}
	studies, images := int64(len(a.studies)), a.images()
	const draws = 20
	held := 0
	for seed := range uint64(draws) {
		got := a.drawn(t, census.Budget{Answers: 500}, seed)
		if got.StudiesLow <= studies && studies <= got.StudiesHigh && got.ImagesLow <= images && images <= got.ImagesHigh {
			held++
		}
	}
	if held < draws-3 {
		t.Errorf("%d of %d intervals hold the truth", held, draws)
	}
}

func TestDICOM_Unreachable(t *testing.T) {
	tries := 0
	_, err := census.DICOM(t.Context(), &census.Archive{
		Open:      func(context.Context) (census.Association, error) { tries++; return nil, errors.New("refused") },
		Pause:     func(context.Context) error { return nil },
		StudyRoot: true, Now: func() time.Time { return today }, Rand: rand.New(rand.NewPCG(1, 2)),
	}, census.Budget{})
	if err == nil || tries > 20 {
		t.Errorf("err %v after %d tries, want an error after at most 20", err, tries)
	}
}

func TestDICOM_TimeBudget(t *testing.T) {
	a := archiveOf(60000, 20)
	a.births = nil
	now := today
	got, err := census.DICOM(t.Context(), &census.Archive{
		Open:      func(context.Context) (census.Association, error) { return a, nil },
		Pause:     func(context.Context) error { now = now.Add(time.Second); return nil },
		StudyRoot: true, Now: func() time.Time { now = now.Add(time.Second); return now }, Rand: rand.New(rand.NewPCG(1, 2)),
	}, census.Budget{Time: 20 * time.Second})
	if err != nil || got.Exact || got.Studies == 0 {
		t.Errorf("got %+v, %v; want an estimate", got, err)
	}
}
