package guard_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/guard"
)

// rows are the matches of a search as text: UID of the study or ID of the patient.
func (h *house) rows(t *testing.T, q *leadglass.Query, p guard.Page) (rows []string, matches []*leadglass.Match) {
	t.Helper()
	for m, err := range h.Find(t.Context(), request(leadglass.Find), q, p) {
		if err != nil {
			t.Fatal(err)
		}
		h.release(m.Ref)
		matches = append(matches, m)
		switch q.Level {
		case leadglass.PatientLevel:
			rows = append(rows, string(m.Ref.Patient))
		case leadglass.StudyLevel:
			rows = append(rows, string(m.Ref.Study))
		default:
			rows = append(rows, string(m.Ref.Series)+"/"+string(m.Ref.Instance))
		}
	}
	return rows, matches
}

func TestFind_RecordsFirst(t *testing.T) {
	h := build(guard.Limits{})
	h.rows(t, &leadglass.Query{Level: leadglass.StudyLevel}, guard.Page{})
	calls := h.trace.Calls()
	if record := first(calls, "record"); record < 0 || record > first(calls, "find") || record > first(calls, "release") {
		t.Errorf("calls %v", calls)
	}
	records := h.recorder.Records()
	if len(records) != 1 {
		t.Fatalf("%d records", len(records))
	}
	r := records[0]
	if r.Event != leadglass.QueryEvent || r.Action != leadglass.Execute || r.Outcome != leadglass.Succeeded || r.Query != "Q" ||
		r.Subject != "" || len(r.Studies) != 0 || !r.Time.Equal(begun) || r.Purpose != leadglass.Treatment ||
		r.DeclaredBy != leadglass.ByRequest || r.ID != "r1" || r.Correlation != "c" || r.Peer.ID != "ann" {
		t.Errorf("record %+v", r)
	}
}

func TestFind_HiddenIsNotThere(t *testing.T) {
	h := build(guard.Limits{})
	for name, c := range map[string]struct {
		level leadglass.Level
		page  guard.Page
		want  []string
	}{
		"patients":       {leadglass.PatientLevel, guard.Page{}, []string{"P1", "P2"}},
		"studies":        {leadglass.StudyLevel, guard.Page{}, []string{"1.1", "2.1"}},
		"second":         {leadglass.StudyLevel, guard.Page{Offset: 1}, []string{"2.1"}},
		"one":            {leadglass.StudyLevel, guard.Page{Limit: 1}, []string{"1.1"}},
		"second_one":     {leadglass.StudyLevel, guard.Page{Offset: 1, Limit: 1}, []string{"2.1"}},
		"past_the_end":   {leadglass.StudyLevel, guard.Page{Offset: 2, Limit: 1}, nil},
		"as_many_as_are": {leadglass.StudyLevel, guard.Page{Limit: 2}, []string{"1.1", "2.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := h.rows(t, &leadglass.Query{Level: c.level}, c.page); !slices.Equal(got, c.want) {
				t.Errorf("rows %v, want %v", got, c.want)
			}
		})
	}
	rows, _ := h.rows(t, &leadglass.Query{Level: leadglass.InstanceLevel}, guard.Page{})
	for _, row := range rows {
		if !strings.HasPrefix(row, "1.1.") && !strings.HasPrefix(row, "2.1.") {
			t.Errorf("instance %s", row)
		}
	}
	if len(rows) != 8 {
		t.Errorf("instances %v", rows)
	}
}

// TestFind_Counts: the counts of a patient are those of what may be seen, at each
// level, and match as such.
func TestFind_Counts(t *testing.T) {
	h := build(guard.Limits{})
	for _, level := range []leadglass.Level{leadglass.PatientLevel, leadglass.StudyLevel, leadglass.SeriesLevel} {
		_, matches := h.rows(t, &leadglass.Query{Level: level}, guard.Page{})
		for _, m := range matches {
			got := [3]string{
				m.Attributes.String(dict.NumberOfPatientRelatedStudies),
				m.Attributes.String(dict.NumberOfPatientRelatedSeries),
				m.Attributes.String(dict.NumberOfPatientRelatedInstances),
			}
			if got != [3]string{"1", "2", "4"} || len(m.Studies) != 1 {
				t.Errorf("%v: counts %v, %d studies", level, got, len(m.Studies))
			}
		}
	}
	for want, rows := range map[string]int{"1": 2, "01": 2, "2": 0, "x": 0} {
		for _, level := range []leadglass.Level{leadglass.PatientLevel, leadglass.StudyLevel} {
			q := &leadglass.Query{Level: level, Keys: new(dicom.Dataset)}
			q.Keys.SetString(dict.NumberOfPatientRelatedStudies, want)
			if got, _ := h.rows(t, q, guard.Page{}); len(got) != rows {
				t.Errorf("%v with %q studies: %v, want %d", level, want, got, rows)
			}
			if q.Keys.String(dict.NumberOfPatientRelatedStudies) != want {
				t.Error("the query of the caller has changed")
			}
		}
	}
}

// TestFind_OtherIssuer: the same ID of another issuer is another patient.
func TestFind_OtherIssuer(t *testing.T) {
	h := build(guard.Limits{})
	other := instances("1.5", false)
	for _, o := range other {
		o.Study.Issuer = "elsewhere"
	}
	h.archive.Add(other...)
	_, matches := h.rows(t, &leadglass.Query{Level: leadglass.StudyLevel}, guard.Page{})
	for _, m := range matches {
		if got := m.Attributes.String(dict.NumberOfPatientRelatedStudies); got != "1" {
			t.Errorf("study %s: %s studies", m.Ref.Study, got)
		}
	}
}

// TestFind_NamedStudies: where studies are named those that may not be seen are not
// searched, so that the work is the same as for those that are not there.
func TestFind_NamedStudies(t *testing.T) {
	ask := func(level leadglass.Level, uids ...string) (rows, calls []string) {
		h := build(guard.Limits{})
		q := &leadglass.Query{Level: level, Keys: new(dicom.Dataset)}
		q.Keys.SetString(dict.StudyInstanceUID, uids...)
		rows, _ = h.rows(t, q, guard.Page{})
		if got := q.Keys.Strings(dict.StudyInstanceUID); !slices.Equal(got, uids) {
			t.Errorf("the query of the caller is about %v now", got)
		}
		return rows, h.trace.Calls()
	}
	for _, level := range []leadglass.Level{leadglass.StudyLevel, leadglass.SeriesLevel, leadglass.InstanceLevel} {
		for hidden, missing := range map[string]string{"1.2": "9.9", `1.2\3.1`: `9.9\9.8`} {
			none, calls := ask(level, strings.Split(hidden, `\`)...)
			_, others := ask(level, strings.Split(missing, `\`)...)
			if len(none) > 0 || first(calls, "find") >= 0 || !slices.Equal(calls, others) {
				t.Errorf("%v, %s: rows %v, calls %v; of what is missing %v", level, hidden, none, calls, others)
			}
		}
		if rows, calls := ask(level, "1.2", "1.1", "9.9"); len(rows) != []int{0, 1, 2, 4}[level] || first(calls, "find") < 0 {
			t.Errorf("%v: rows %v, calls %v", level, rows, calls)
		}
		if rows, _ := ask(level, "1.*"); len(rows) == 0 {
			t.Errorf("%v: no rows of a pattern", level)
		}
	}
}

func TestFind_StopsWhereItIsLeft(t *testing.T) {
	h := build(guard.Limits{})
	for range h.Find(t.Context(), request(leadglass.Find), &leadglass.Query{Level: leadglass.StudyLevel}, guard.Page{}) {
		break
	}
	for _, err := range h.Find(t.Context(), request(leadglass.Get), &leadglass.Query{}, guard.Page{}) {
		check(t, err, leadglass.Invalid, "")
	}
	h.archive.Fail = func(string) error { return leadglass.Errorf(leadglass.Invalid, "archive: no such key") }
	for _, err := range h.Find(t.Context(), request(leadglass.Find), &leadglass.Query{}, guard.Page{}) {
		check(t, err, leadglass.Invalid, "")
	}
}

// TestLimit_Named: more studies than that are searched for all at once.
func TestLimit_Named(t *testing.T) {
	for named, want := range map[int]int{2: 2, 3: 0} {
		h := build(guard.Limits{Named: 2})
		q := &leadglass.Query{Level: leadglass.StudyLevel, Keys: new(dicom.Dataset)}
		q.Keys.SetString(dict.StudyInstanceUID, []string{"1.1", "2.1", "9.9"}[:named]...)
		h.rows(t, q, guard.Page{})
		lookups := 0
		calls := h.trace.Calls()
		for _, call := range calls[:first(calls, "find")] {
			if call == "studies" {
				lookups++
			}
		}
		if lookups != want {
			t.Errorf("%d studies named: %d look-ups, want %d", named, lookups, want)
		}
	}
}

// TestLimit_Nothing: an answer of nothing takes that long, whatever is hidden; others
// do not wait.
func TestLimit_Nothing(t *testing.T) {
	const least = 150 * time.Millisecond
	for name, c := range map[string]struct {
		limit time.Duration
		waits bool
		do    func(*house)
	}{
		"found":           {least, false, func(h *house) { h.rows(t, &leadglass.Query{Level: leadglass.StudyLevel}, guard.Page{}) }},
		"hidden_search":   {least, true, func(h *house) { h.rows(t, named("1.2"), guard.Page{}) }},
		"missing_search":  {least, true, func(h *house) { h.rows(t, named("9.9"), guard.Page{}) }},
		"had":             {least, false, func(h *house) { _ = h.retrieve(t, leadglass.Get, of("1.1")) }},
		"hidden":          {least, true, func(h *house) { _ = h.retrieve(t, leadglass.Get, of("1.2")) }},
		"missing":         {least, true, func(h *house) { _ = h.retrieve(t, leadglass.Get, of("9.9")) }},
		"off":             {-1, false, func(h *house) { _ = h.retrieve(t, leadglass.Get, of("9.9")) }},
		"hidden_deleted":  {least, true, func(h *house) { _, _ = h.Delete(t.Context(), request(leadglass.Delete, of("1.2"))) }},
		"missing_commit":  {least, true, func(h *house) { _, _ = h.Commit(t.Context(), request(leadglass.Commit, leadglass.Ref{Instance: "9"})) }},
		"of_the_log_only": {least, false, func(h *house) { _ = h.Allow(t.Context(), request(leadglass.Manage)) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, start := build(guard.Limits{Nothing: c.limit}), time.Now()
			if c.do(h); (time.Since(start) >= least) != c.waits {
				t.Errorf("it took %v", time.Since(start))
			}
		})
	}
}

func named(study string) *leadglass.Query {
	q := &leadglass.Query{Level: leadglass.StudyLevel, Keys: new(dicom.Dataset)}
	q.Keys.SetString(dict.StudyInstanceUID, study)
	return q
}
