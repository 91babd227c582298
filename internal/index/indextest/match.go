package indextest

import (
	"slices"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/index"
)

// expect compares what is found, in order.
func expect(t *testing.T, x index.Index, why string, q *leadglass.Query, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if got := names(q.Level, find(t, x, q)); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", why, got, want)
	}
}

func empty(t *testing.T, x index.Index) {
	for l := leadglass.PatientLevel; l <= leadglass.InstanceLevel; l++ {
		expect(t, x, l.String(), keys(l))
		expect(t, x, l.String()+" without keys", &leadglass.Query{Level: l})
	}
}

// three are studies "1", "2" and "3", the newest last.
func three(t *testing.T, x index.Index) {
	t.Helper()
	apply(t, x,
		object("1", 1, 1),
		object("2", 1, 1, attrs{dict.PatientID: "P2", dict.PatientName: "Smith^John", dict.PatientSex: "M", dict.PatientBirthDate: "19810304",
			dict.StudyDate: "20260211", dict.StudyTime: "0930", dict.AccessionNumber: "a1", dict.StudyDescription: "[KNEE]*_%",
			dict.Modality: "MR", dict.SOPClassUID: mrClass, dict.StudyID: "S2", dict.PatientAge: "045Y"}),
		object("3", 1, 1, attrs{dict.PatientID: "P30", dict.PatientName: "Smithers^Ann", dict.PatientBirthDate: "",
			dict.StudyDate: "20260312", dict.StudyTime: "235959.5", dict.AccessionNumber: "B7", dict.StudyDescription: "head and neck",
			dict.ReferringPhysicianName: "Müller^Jürgen", dict.Modality: "US"}),
		object("3", 2, 1, attrs{dict.PatientID: "P30", dict.Modality: "SR", dict.SOPClassUID: srClass, dict.BodyPartExamined: "NECK"}),
	)
}

func matching(t *testing.T, x index.Index) {
	three(t, x)
	for _, c := range []struct {
		why  string
		tag  int
		key  string
		want []string
	}{
		{"universal", dict.AccessionNumber, "", []string{"3", "2", "1"}},
		{"star alone", dict.AccessionNumber, "*", []string{"3", "2", "1"}},
		{"stars alone match what is absent", dict.StudyID, "**", []string{"3", "2", "1"}},
		{"single value", dict.AccessionNumber, "A1", []string{"1"}},
		{"case counts", dict.AccessionNumber, "a1", []string{"2"}},
		{"padding does not", dict.AccessionNumber, "A1 ", []string{"1"}},
		{"nobody", dict.AccessionNumber, "A", nil},
		{"several values", dict.AccessionNumber, `A1\B7`, []string{"3", "1"}},
		{"patient ID", dict.PatientID, "P2", []string{"2"}},
		{"patient ID, beginning", dict.PatientID, "P*", []string{"3", "2", "1"}},
		{"patient ID, one more", dict.PatientID, "P3?", []string{"3"}},
		{"patient ID, case", dict.PatientID, "p2", nil},
		{"patient IDs", dict.PatientID, `P2\P30`, []string{"3", "2"}},
		{"patient IDs with wildcards", dict.PatientID, `P2\?30`, []string{"3", "2"}},
		{"wildcard at the end", dict.StudyDescription, "HEAD*", []string{"1"}},
		{"wildcards around", dict.StudyDescription, "*ea*", []string{"3"}},
		{"question marks", dict.StudyDescription, "????", []string{"1"}},
		{"question and star", dict.StudyDescription, "?*d", []string{}},
		{"brackets are themselves", dict.StudyDescription, "[KNEE]*", []string{"2"}},
		{"brackets are no class", dict.StudyDescription, "[H]EAD*", nil},
		{"percent is itself", dict.StudyDescription, "%", nil},
		{"underscore is itself", dict.StudyDescription, "_EAD", nil},
		{"list of UIDs", dict.StudyInstanceUID, `3\1\9`, []string{"3", "1"}},
		{"UID", dict.StudyInstanceUID, `2`, []string{"2"}},
		{"UIDs have no wildcards", dict.StudyInstanceUID, `?`, nil},
		{"any of the modalities", dict.ModalitiesInStudy, "SR", []string{"3"}},
		{"modalities of either", dict.ModalitiesInStudy, `MR\US`, []string{"3", "2"}},
		{"modalities, wildcard", dict.ModalitiesInStudy, `?R`, []string{"3", "2"}},
		{"classes", dict.SOPClassesInStudy, mrClass, []string{"2"}},
		{"made counts", dict.NumberOfStudyRelatedSeries, "2", []string{"3"}},
		{"numbers as numbers", dict.NumberOfStudyRelatedSeries, "02", []string{"3"}},
		{"sex", dict.PatientSex, "M", []string{"2"}},
		{"age is no pattern", dict.PatientAge, "045?", nil},
		{"empty value", dict.StudyID, `""`, []string{"3", "1"}},
		{"empty or a value", dict.StudyID, `""\S2`, []string{"3", "2", "1"}},
		{"empty, of which there is none", dict.PatientName, `""`, nil},
		{"empty date", dict.PatientBirthDate, `""`, []string{"3"}},
		{"unknown keys are ignored", dict.PixelSpacing, "1", []string{"3", "2", "1"}},
		{"keys of levels below are ignored", dict.Modality, "MR", []string{"3", "2", "1"}},
		{"availability", dict.InstanceAvailability, "ONLINE", []string{"3", "2", "1"}},
		{"availability, other", dict.InstanceAvailability, "NEARLINE", nil},
	} {
		expect(t, x, c.why, keys(leadglass.StudyLevel, c.tag, c.key), c.want...)
	}
	expect(t, x, "keys are joined by and", keys(leadglass.StudyLevel, dict.PatientSex, "F", dict.StudyDate, "20260201-"), "3")
}

func namesMatch(t *testing.T, x index.Index) {
	three(t, x)
	apply(t, x,
		object("4", 1, 1, attrs{dict.PatientID: "P4", dict.PatientName: "Yamada^Tarou=山田^太郎=やまだ^たろう", dict.StudyDate: "20260401"}),
		object("5", 1, 1, attrs{dict.PatientID: "P5", dict.PatientName: "Müller-Lüdenscheidt^Øyvind^^Dr.", dict.StudyDate: "20260501"}),
		object("6", 1, 1, attrs{dict.PatientID: "P6", dict.PatientName: "GROß", dict.StudyDate: "20260601"}),
	)
	for _, c := range []struct {
		tag  int
		key  string
		want []string
	}{
		{dict.PatientName, "Doe^Jane", []string{"1"}},
		{dict.PatientName, "DOE^JANE", []string{"1"}},
		{dict.PatientName, "doe jane", []string{"1"}},
		{dict.PatientName, "doe^jane^^^", []string{"1"}},
		{dict.PatientName, "doe", nil},
		{dict.PatientName, "doe*", []string{"1"}},
		{dict.PatientName, "Doe^*", []string{"1"}},
		{dict.PatientName, "D?E^J*", []string{"1"}},
		{dict.PatientName, "*jane", []string{"1"}},
		{dict.PatientName, "*ane*", []string{"1"}},
		{dict.PatientName, "smith*", []string{"3", "2"}},
		{dict.PatientName, "smith^*", []string{"2"}},
		{dict.PatientName, "yamada*", []string{"4"}},
		{dict.PatientName, "山田*", []string{"4"}},
		{dict.PatientName, "*太郎", []string{"4"}},
		{dict.PatientName, "やま?^*", []string{"4"}},
		{dict.PatientName, "たろう", nil},
		{dict.PatientName, "yamada^tarou=山田^太郎", []string{"4"}},
		{dict.PatientName, "=山田*", []string{"4"}},
		{dict.PatientName, "==やまだ*", []string{"4"}},
		{dict.PatientName, "=yamada*", nil},
		{dict.PatientName, "muller-ludenscheidt*", []string{"5"}},
		{dict.PatientName, "MÜLLER*", []string{"5"}},
		{dict.PatientName, "*oyvind*", []string{"5"}},
		{dict.PatientName, "gross", []string{"6"}},
		{dict.PatientName, "Groß^*", []string{"6"}},
		{dict.PatientName, `doe*\gross`, []string{"6", "1"}},
		{dict.ReferringPhysicianName, "muller^jurgen", []string{"3"}},
		{dict.ReferringPhysicianName, "muller*", []string{"3"}},
	} {
		expect(t, x, c.key, keys(leadglass.StudyLevel, c.tag, c.key), c.want...)
		if c.tag == dict.PatientName {
			var patients []string
			for _, study := range c.want {
				patients = append(patients, map[string]string{"1": "P1", "2": "P2", "3": "P30", "4": "P4", "5": "P5", "6": "P6"}[study])
			}
			slices.Sort(patients)
			expect(t, x, "patients: "+c.key, keys(leadglass.PatientLevel, c.tag, c.key), patients...)
		}
	}
}

func fuzzy(t *testing.T, x index.Index) {
	three(t, x)
	apply(t, x, object("4", 1, 1, attrs{dict.PatientID: "P4", dict.PatientName: "Yamada^Tarou=山田^太郎", dict.StudyDate: "20260401"}))
	for key, want := range map[string][]string{
		"smi": {"3", "2"}, "SMI JO": {"2"}, "jo smi": {"2"}, "jo^smi": {"2"}, "mith": nil, "smi*": {"3", "2"}, "山": {"4"}, "tar": {"4"}, "Ja": {"1"},
	} {
		q := keys(leadglass.StudyLevel, dict.PatientName, key)
		q.Fuzzy = true
		expect(t, x, key, q, want...)
	}
	q := keys(leadglass.StudyLevel, dict.ReferringPhysicianName, "jurg")
	q.Fuzzy = true
	expect(t, x, "referring physician", q, "3")
}

func momentsMatch(t *testing.T, x index.Index) {
	three(t, x)
	apply(t, x, object("4", 1, 1, attrs{dict.PatientID: "P4", dict.StudyDate: "", dict.StudyTime: "", dict.AcquisitionDateTime: "20260105120000.5+0100"}))
	for _, c := range []struct {
		why  string
		tag  int
		key  string
		want []string
	}{
		{"day", dict.StudyDate, "20260211", []string{"2"}},
		{"day of old", dict.StudyDate, "2026.02.11", []string{"2"}},
		{"range", dict.StudyDate, "20260110-20260211", []string{"2", "1"}},
		{"from", dict.StudyDate, "20260211-", []string{"3", "2"}},
		{"until", dict.StudyDate, "-20260211", []string{"2", "1"}},
		{"range of nothing", dict.StudyDate, "20260212-20260301", nil},
		{"backwards", dict.StudyDate, "20260301-20260101", nil},
		{"days", dict.StudyDate, `20260110\20260312`, []string{"3", "1"}},
		{"no date", dict.StudyDate, "yesterday", nil},
		{"time", dict.StudyTime, "101500", []string{"1"}},
		{"time with less", dict.StudyTime, "1015", []string{"1"}},
		{"hour", dict.StudyTime, "09", []string{"2"}},
		{"time of old", dict.StudyTime, "10:15:00", []string{"1"}},
		{"times", dict.StudyTime, "0900-1015", []string{"2", "1"}},
		{"time until", dict.StudyTime, "-093000", []string{"2"}},
		{"fractions", dict.StudyTime, "235959.4-235959.6", []string{"3"}},
		{"births", dict.PatientBirthDate, "19700102", []string{"1", "4"}},
		{"births from", dict.PatientBirthDate, "1980-", nil},
		{"births after", dict.PatientBirthDate, "19800101-", []string{"2"}},
	} {
		expect(t, x, c.why, keys(leadglass.StudyLevel, c.tag, c.key), c.want...)
	}
	both := keys(leadglass.StudyLevel, dict.StudyDate, "20260110-20260312", dict.StudyTime, "1000-1100")
	expect(t, x, "date and time apart", both, "1")
	both.DateTime = true
	expect(t, x, "date and time together", both, "2", "1")
	both = keys(leadglass.StudyLevel, dict.StudyDate, "20260110-20260312", dict.StudyTime, "1016-")
	both.DateTime = true
	expect(t, x, "from a moment", both, "3", "2")
	expect(t, x, "a moment", keys(leadglass.InstanceLevel, dict.AcquisitionDateTime, "20260105-20260106"), "4.1.1")
	expect(t, x, "a month", keys(leadglass.InstanceLevel, dict.AcquisitionDateTime, "202601"), "4.1.1")
	expect(t, x, "with an offset", keys(leadglass.InstanceLevel, dict.AcquisitionDateTime, "20260105110000-0100-20260105130000-0100"), "4.1.1")
	expect(t, x, "not at that moment", keys(leadglass.InstanceLevel, dict.AcquisitionDateTime, "20260106-"))
}

func sequences(t *testing.T, x index.Index) {
	request := func(step, procedure string) *dicom.Dataset {
		return header(attrs{dict.ScheduledProcedureStepID: step, dict.RequestedProcedureID: procedure})
	}
	a, b := object("1", 1, 1), object("2", 1, 1, attrs{dict.StudyDate: "20260201"})
	a.SetSequence(dict.RequestAttributesSequence, request("STEP1", "PROC1"), request("STEP2", "PROC2"))
	b.SetSequence(dict.RequestAttributesSequence, request("STEP1", "PROC9"))
	apply(t, x, a, b)
	query := func(step, procedure string) *leadglass.Query {
		q, item := keys(leadglass.SeriesLevel), &dicom.Dataset{}
		item.SetString(dict.ScheduledProcedureStepID, step)
		if procedure != "" {
			item.SetString(dict.RequestedProcedureID, procedure)
		}
		q.Keys.SetSequence(dict.RequestAttributesSequence, item)
		return q
	}
	expect(t, x, "either", query("STEP1", ""), "2.1", "1.1")
	expect(t, x, "both keys in one item", query("STEP1", "PROC1"), "1.1")
	expect(t, x, "not across items", query("STEP1", "PROC2"))
	expect(t, x, "wildcards within", query("*2", ""), "1.1")
	got := find(t, x, query("STEP2", ""))[0].Attributes.Sequence(dict.RequestAttributesSequence)
	if len(got) != 2 || got[1].String(dict.ScheduledProcedureStepID) != "STEP2" || got[1].Get(dict.RequestedProcedureID) != nil {
		t.Errorf("the answer has not just what was asked for of each item: %d items", len(got))
	}
	q := keys(leadglass.SeriesLevel)
	q.Keys.SetSequence(dict.RequestAttributesSequence)
	got = find(t, x, q)[1].Attributes.Sequence(dict.RequestAttributesSequence)
	if len(got) != 2 || got[1].String(dict.RequestedProcedureID) != "PROC2" {
		t.Errorf("an empty sequence key does not return all: %d items", len(got))
	}
}
