package census_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/census"
)

// odd is an archive of 3,333 studies, or as many as are given.
func odd(n int, f func(*archive)) *archive {
	a := with(archiveOf(n, 7), f)
	a.births = nil
	return a
}

// TestDICOM_OddPeers counts archives that cannot be counted without doubt: what
// is known, and why it is not more.
func TestDICOM_OddPeers(t *testing.T) {
	undated := func(n int) func(*archive) {
		return func(a *archive) {
			a.cap, a.loud = 500, true
			for i := range n {
				a.studies[i].date = ""
			}
		}
	}
	for name, tt := range map[string]struct {
		archive   *archive
		budget    census.Budget
		low, high int64 // the number of studies is both or between them
		exact     bool
		method    string
	}{
		"everything_again": {odd(1234, func(a *archive) { a.again = true }), census.Budget{}, 1234, 1234, true, "c-find at study level"},
		"everything_again_capped": {odd(3333, func(a *archive) { a.again, a.cap = true, 500 }), census.Budget{},
			3333, 3333, true, "date windows"},
		"everything_again_large": {odd(20_000, func(a *archive) { a.again = true }), census.Budget{}, 20_000, 20_000, true, "c-find at study level"},
		"undated_capped": {odd(3333, undated(5)), census.Budget{}, 3333, 3333, false,
			"and 5 more that are in none, at least this many"},
		"undated_past_the_cap": {odd(3333, undated(700)), census.Budget{}, 2633 + 500, 2633 + 500, false,
			"and 500 more that are in none, at least this many"},
		"untimed_in_a_full_day": {with(archiveOf(900, 450), func(a *archive) {
			a.cap, a.births = 100, nil
			for i := range 4 {
				a.studies[i].time = ""
			}
		}), census.Budget{}, 900, 900, false, "and 4 more that are in none, at least this many"},
		"full_second": {with(archiveOf(900, 450), func(a *archive) {
			a.cap, a.loud, a.births = 100, true, nil
			for i := range 450 {
				a.studies[i].time = "120000"
			}
		}), census.Budget{}, 550, 550, false, "1 of them capped and not to be cut further, at least this many"},
		"stale_answers": {odd(1500, func(a *archive) { a.stale = true }), census.Budget{}, 1500, 1500, false,
			"date ranges are not heeded, at least this many"},
		"endless": {odd(10, func(a *archive) { a.endless = "anything" }), census.Budget{Answers: 5000}, 5000, 5000, false,
			"date ranges are not heeded, at least this many"},
		"endless_in_its_dates": {odd(10, func(a *archive) { a.endless = "dates" }), census.Budget{Answers: 5000}, 5000, 5000, false,
			"fewer than came in one answer, at least this many"},
		"out_of_range_capped": {odd(900, func(a *archive) {
			a.cap = 200
			for i, d := range []string{"18500101", "21000101", "00010101", "99991231", "20270101"} {
				a.studies[i].date = d
			}
		}), census.Budget{}, 900, 900, true, "date windows"},
		"no_date_at_all": {odd(900, func(a *archive) {
			a.cap, a.loud = 200, true
			for i := range a.studies {
				a.studies[i].date = ""
			}
		}), census.Budget{}, 200, 200, false, "and 200 more that are in none, at least this many"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tt.archive.count(t, tt.budget)
			if got.Studies < tt.low || got.Studies > tt.high || got.Exact != tt.exact || !strings.Contains(got.Method, tt.method) {
				t.Errorf("got %+v,\nwant %d to %d studies, exact %v, %q", got, tt.low, tt.high, tt.exact, tt.method)
			}
			if got.StudiesLow > got.Studies || got.StudiesHigh < got.Studies || tt.exact && got.Images != tt.archive.images() {
				t.Errorf("got %+v, want %d images", got, tt.archive.images())
			}
		})
	}
}

// TestDICOM_MoreRepeatsThanAreToldApart: past the memory for it, a count of an
// archive that answers twice is an estimate.
func TestDICOM_MoreRepeatsThanAreToldApart(t *testing.T) {
	const n = 300_007
	c, images := cannedOf(t, n), int64(0)
	for i := range n {
		images += int64(i % 97)
	}
	got, err := census.DICOM(t.Context(), &census.Archive{
		Open:      func(context.Context) (census.Association, error) { return append(c, c...), nil },
		Pause:     func(context.Context) error { return nil },
		StudyRoot: true, Now: func() time.Time { return today }, Rand: rand.New(rand.NewPCG(1, 2)),
	}, census.Budget{})
	// The key of the hashes is another each time: ten standard errors are 2 %.
	near := func(got, want int64) bool { return got > want*98/100 && got < want*102/100 }
	if err != nil || got.Exact || !near(got.Studies, n) || !near(got.Images, images) || got.StudiesHigh-got.StudiesLow < n/1000 ||
		got.StudiesHigh-got.StudiesLow > n/20 || !strings.Contains(got.Method, "answers that repeat told apart by one in ") {
		t.Errorf("%v, got %+v, want an estimate of %d studies and %d images", err, got, n, images)
	}
}

// TestDICOM_RepeatsInAnyOrder mixes what comes twice, three times or once.
func TestDICOM_RepeatsInAnyOrder(t *testing.T) {
	a := odd(2000, func(a *archive) {
		for _, s := range a.studies[:500] {
			a.studies = append(a.studies, s, s)
		}
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(a.studies), func(i, j int) { a.studies[i], a.studies[j] = a.studies[j], a.studies[i] })
	})
	if got := a.count(t, census.Budget{}); got.Studies != 2000 || !got.Exact || got.Images != odd(2000, func(*archive) {}).images() {
		t.Errorf("got %+v, want 2000 studies", got)
	}
}

// TestDICOM_PatientOncePerStudySilently: one answer for each study, and no number
// of studies. The IDs tell, where they come.
func TestDICOM_PatientOncePerStudySilently(t *testing.T) {
	mute := func(a *archive) { a.perStudy, a.mute = true, true }
	if got := with(archiveOf(1234, 7), mute).count(t, census.Budget{}); got.Patients != 617 || !got.Exact {
		t.Errorf("got %+v, want 617 patients", got)
	}
	a := with(archiveOf(1234, 7), mute)
	a.nameless = true
	if got := a.count(t, census.Budget{}); got.Patients != 1234 || got.Exact || !strings.Contains(got.Method, "as many as studies, at most this many") {
		t.Errorf("got %+v, want at most 1234 patients", got)
	}
}
