package indextest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/index"
)

func answers(t *testing.T, x index.Index) {
	three(t, x)
	q := keys(leadglass.StudyLevel, dict.StudyInstanceUID, "2", dict.PatientName, "", dict.StudyID, "", dict.ReferringPhysicianName, "",
		dict.NumberOfStudyRelatedInstances, "", dict.NumberOfPatientRelatedStudies, "", dict.PixelSpacing, "", dict.Modality, "")
	d := find(t, x, q)[0].Attributes
	for tag, want := range map[dicom.Tag]string{dict.PatientID: "P2", dict.PatientName: "Smith^John", dict.StudyID: "S2", dict.StudyInstanceUID: "2",
		dict.NumberOfStudyRelatedInstances: "1", dict.NumberOfPatientRelatedStudies: "1"} {
		if got := d.String(tag); got != want {
			t.Errorf("%v is %q, want %q", tag, got, want)
		}
	}
	if e := d.Get(dict.ReferringPhysicianName); e == nil || len(e.Value) != 0 {
		t.Error("an attribute without a value is not there, empty")
	}
	for _, tag := range []dicom.Tag{dict.PixelSpacing, dict.Modality, dict.StudyDate} {
		if d.Get(tag) != nil {
			t.Errorf("%v is there", tag)
		}
	}
}

func everything(t *testing.T, x index.Index) {
	three(t, x)
	q := keys(leadglass.SeriesLevel, dict.SeriesInstanceUID, "2.1")
	q.All = true
	d := find(t, x, q)[0].Attributes
	for _, tag := range []dicom.Tag{dict.PatientName, dict.StudyDescription, dict.SeriesNumber, dict.Modality, dict.NumberOfSeriesRelatedInstances, dict.ModalitiesInStudy} {
		if d.String(tag) == "" {
			t.Errorf("%v is not there", tag)
		}
	}
	if d.Get(dict.InstanceNumber) != nil {
		t.Error("an attribute of a level below is there")
	}
}

func characterSets(t *testing.T, x index.Index) {
	d := object("1", 1, 1)
	d.SetString(dict.SpecificCharacterSet, "ISO_IR 100")
	d.SetString(dict.PatientName, "Müller^Jürg")
	apply(t, x, d)
	for _, set := range []string{"ISO_IR 100", "ISO_IR 192"} {
		q := &leadglass.Query{Level: leadglass.StudyLevel, Keys: &dicom.Dataset{}}
		q.Keys.SetString(dict.SpecificCharacterSet, set)
		q.Keys.SetString(dict.PatientName, "MÜL*")
		got := find(t, x, q)
		if len(got) != 1 || got[0].Attributes.String(dict.PatientName) != "Müller^Jürg" ||
			got[0].Attributes.String(dict.SpecificCharacterSet) != "ISO_IR 192" {
			t.Errorf("in %s: not found as it was", set)
		}
	}
}

func levels(t *testing.T, x index.Index) {
	three(t, x)
	expect(t, x, "series by study", keys(leadglass.SeriesLevel, dict.StudyInstanceUID, "3"), "3.1", "3.2")
	expect(t, x, "series by modality", keys(leadglass.SeriesLevel, dict.Modality, "SR"), "3.2")
	expect(t, x, "series by patient", keys(leadglass.SeriesLevel, dict.PatientID, "P2"), "2.1")
	expect(t, x, "instances by series", keys(leadglass.InstanceLevel, dict.SeriesInstanceUID, "3.2"), "3.2.1")
	expect(t, x, "instance by UID", keys(leadglass.InstanceLevel, dict.SOPInstanceUID, `3.2.1\1.1.1`), "3.2.1", "1.1.1")
	expect(t, x, "instance in another study", keys(leadglass.InstanceLevel, dict.SOPInstanceUID, "3.2.1", dict.StudyInstanceUID, "1"))
	expect(t, x, "instances by class", keys(leadglass.InstanceLevel, dict.SOPClassUID, srClass), "3.2.1")
	expect(t, x, "patients", keys(leadglass.PatientLevel), "P1", "P2", "P30")
	expect(t, x, "patients by birth", keys(leadglass.PatientLevel, dict.PatientBirthDate, "19810304"), "P2")
}

func ordered(t *testing.T, x index.Index) {
	apply(t, x,
		object("5", 1, 1, attrs{dict.StudyDate: "20260101", dict.StudyTime: "10"}), object("4", 1, 1, attrs{dict.StudyDate: "20260101", dict.StudyTime: "10"}),
		object("3", 1, 1, attrs{dict.StudyDate: "20260101", dict.StudyTime: "11"}), object("2", 1, 1, attrs{dict.StudyDate: ""}),
		object("1", 1, 1, attrs{dict.StudyDate: "20260102", dict.StudyTime: ""}))
	want := []string{"1", "3", "4", "5", "2"}
	expect(t, x, "by date", keys(leadglass.StudyLevel), want...)
	expect(t, x, "by patient", keys(leadglass.StudyLevel, dict.PatientID, "P1"), want...)
	expect(t, x, "by name", keys(leadglass.StudyLevel, dict.PatientName, "doe*"), want...)
}

func paging(t *testing.T, x index.Index) {
	var all []*dicom.Dataset
	for i := range 700 {
		all = append(all, object(fmt.Sprint(1000+i), 1, 1, attrs{dict.PatientID: fmt.Sprint("Q", i%350), dict.StudyDate: fmt.Sprintf("202601%02d", 1+i%28)}))
	}
	apply(t, x, all...)
	for _, q := range []*leadglass.Query{keys(leadglass.StudyLevel), keys(leadglass.StudyLevel, dict.PatientName, "doe*"), keys(leadglass.SeriesLevel), keys(leadglass.InstanceLevel)} {
		got := names(q.Level, find(t, x, q))
		slices.Sort(got)
		if n := len(slices.Compact(got)); n != 700 || len(got) != 700 {
			t.Errorf("%v: %d answers, %d of them different, want 700", q.Level, len(got), n)
		}
	}
	if got := find(t, x, keys(leadglass.PatientLevel)); len(got) != 350 || len(got[349].Studies) != 2 {
		t.Errorf("%d patients, want 350 of two studies", len(got))
	}
	n := 0
	for _, err := range x.Find(context.Background(), keys(leadglass.StudyLevel)) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 200 { // a consumer that writes in between: no lock is held
			apply(t, x, object("9", 1, 1))
		}
	}
	if n < 700 {
		t.Errorf("%d answers while something was added, want 700 at least", n)
	}
}

// count is what a patient, study and series say of themselves.
func countOf(t *testing.T, x index.Index, study string) string {
	t.Helper()
	q := keys(leadglass.StudyLevel, dict.StudyInstanceUID, study, dict.NumberOfPatientRelatedStudies, "", dict.NumberOfPatientRelatedSeries, "",
		dict.NumberOfPatientRelatedInstances, "", dict.NumberOfStudyRelatedSeries, "", dict.NumberOfStudyRelatedInstances, "", dict.ModalitiesInStudy, "")
	got := find(t, x, q)
	if len(got) != 1 {
		return "none"
	}
	d := got[0].Attributes
	return fmt.Sprintf("%s/%s/%s %s/%s %s", d.String(dict.NumberOfPatientRelatedStudies), d.String(dict.NumberOfPatientRelatedSeries),
		d.String(dict.NumberOfPatientRelatedInstances), d.String(dict.NumberOfStudyRelatedSeries), d.String(dict.NumberOfStudyRelatedInstances),
		strings.Join(d.Strings(dict.ModalitiesInStudy), "+"))
}

func expectCount(t *testing.T, x index.Index, study, want string) {
	t.Helper()
	if got := countOf(t, x, study); got != want {
		t.Errorf("counts of study %s: %s, want %s", study, got, want)
	}
}

func countsKept(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1), object("1", 1, 2), object("1", 2, 1, attrs{dict.Modality: "SR"}))
	apply(t, x, object("1", 1, 3), object("2", 1, 1))
	expectCount(t, x, "1", "2/3/5 2/4 CT+SR")
	apply(t, x, object("1", 1, 3)) // again
	expectCount(t, x, "1", "2/3/5 2/4 CT+SR")
}

func facts(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1, attrs{dict.InstitutionName: "St. Elsewhere", dict.IssuerOfPatientID: "HOSP"}),
		object("1", 2, 1, attrs{dict.Modality: "SR", dict.BodyPartExamined: "NECK"}))
	s := find(t, x, keys(leadglass.StudyLevel))[0].Studies
	if len(s) != 1 || s[0].UID != "1" || s[0].Patient != "P1" || s[0].Issuer != "HOSP" || s[0].Accession != "A1" || s[0].Date != "20260110" ||
		!slices.Equal(s[0].Modalities, []string{"CT", "SR"}) || !slices.Equal(s[0].BodyParts, []string{"HEAD", "NECK"}) ||
		s[0].Institution != "St. Elsewhere" || s[0].Series != 2 || s[0].Instances != 2 || s[0].Bytes != 2000 {
		t.Errorf("facts are not those of the objects: %d studies", len(s))
	}
}

func objects(t *testing.T, x index.Index) {
	apply(t, x, object("1", 2, 10), object("1", 2, 9), object("1", 1, 1), object("2", 1, 1))
	list := func(ref leadglass.Ref) string {
		var all []string
		for i, err := range x.Objects(context.Background(), ref) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(i.Ref.Instance))
		}
		return strings.Join(all, " ")
	}
	for _, c := range []struct {
		ref  leadglass.Ref
		want string
	}{
		{leadglass.Ref{Study: "1"}, "1.1.1 1.2.9 1.2.10"},
		{leadglass.Ref{Study: "1", Series: "1.2"}, "1.2.9 1.2.10"},
		{leadglass.Ref{Instance: "1.2.9"}, "1.2.9"},
		{leadglass.Ref{Study: "2", Instance: "1.2.9"}, ""},
		{leadglass.Ref{Patient: "P1"}, "1.1.1 1.2.9 1.2.10 2.1.1"},
		{leadglass.Ref{Patient: "P2", Study: "1"}, ""},
		{leadglass.Ref{}, ""},
	} {
		if got := list(c.ref); got != c.want {
			t.Errorf("objects of study %q series %q instance %q: %q, want %q", c.ref.Study, c.ref.Series, c.ref.Instance, got, c.want)
		}
	}
	want := instance(object("1", 2, 9))
	got, err := x.Lookup(context.Background(), "1.2.9")
	if err != nil || got == nil || got.Ref != want.Ref || got.Class != want.Class || got.Syntax != want.Syntax || got.Size != want.Size ||
		got.HeaderSize != want.HeaderSize || got.Digest != want.Digest || got.Where != want.Where || got.Source != want.Source || !got.Received.Equal(want.Received) {
		t.Errorf("Lookup does not return what was added (%v)", err)
	}
	if got, err := x.Lookup(context.Background(), "1.2.99"); got != nil || err != nil {
		t.Errorf("Lookup of nothing: %v, %v", got != nil, err)
	}
}

func listStudies(t *testing.T, x index.Index, ref leadglass.Ref) string {
	t.Helper()
	var all []string
	for s, err := range x.Studies(context.Background(), ref) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(s.UID)+strings.Join(s.Labels, "+"))
	}
	return strings.Join(all, " ")
}

func studies(t *testing.T, x index.Index) {
	three(t, x)
	for want, ref := range map[string]leadglass.Ref{"3 2 1": {}, "2": {Study: "2"}, "3": {Instance: "3.2.1"}, "1": {Patient: "P1"}, "": {Study: "7"}} {
		if got := listStudies(t, x, ref); got != want {
			t.Errorf("studies: %q, want %q", got, want)
		}
	}
}

func duplicates(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1))
	other := object("2", 1, 1, attrs{dict.SOPInstanceUID: "1.1.1", dict.PatientID: "P2"})
	apply(t, x, other)
	if got := listStudies(t, x, leadglass.Ref{}); got != "1" {
		t.Errorf("an instance that is there has made studies %q", got)
	}
	expect(t, x, "patients", keys(leadglass.PatientLevel), "P1")
}

func conflicts(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1), object("1", 1, 2, attrs{dict.PatientID: "P2", dict.PatientName: "Else^Someone", dict.StudyDate: "20200101", dict.Modality: "MR"}),
		object("2", 1, 1, attrs{dict.PatientName: "Else^Someone"}))
	expect(t, x, "the first patient of a study stays", keys(leadglass.PatientLevel), "P1")
	expect(t, x, "the first name stays", keys(leadglass.StudyLevel, dict.PatientName, "Doe^Jane"), "1", "2")
	expect(t, x, "the first date stays", keys(leadglass.StudyLevel, dict.StudyDate, "2020-20201231"))
	expect(t, x, "the first modality stays", keys(leadglass.SeriesLevel, dict.Modality, "MR"))
}

func withoutPatientID(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1, attrs{dict.PatientID: ""}), object("2", 1, 1, attrs{dict.PatientID: ""}), object("2", 1, 2, attrs{dict.PatientID: ""}))
	expect(t, x, "a patient for each study", keys(leadglass.PatientLevel), "", "")
	expectCount(t, x, "2", "1/1/2 1/2 CT")
}

func issuers(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1, attrs{dict.IssuerOfPatientID: "A"}), object("2", 1, 1, attrs{dict.IssuerOfPatientID: "B"}))
	expect(t, x, "a patient for each issuer", keys(leadglass.PatientLevel), "P1", "P1")
	expect(t, x, "by issuer", keys(leadglass.StudyLevel, dict.PatientID, "P1", dict.IssuerOfPatientID, "B"), "2")
}

func remove(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1), object("1", 1, 2), object("1", 2, 1, attrs{dict.Modality: "SR", dict.SOPClassUID: srClass}), object("2", 1, 1))
	change(t, x, index.Remove{Ref: leadglass.Ref{Instance: "1.1.1"}})
	expectCount(t, x, "1", "2/3/3 2/2 CT+SR")
	change(t, x, index.Remove{Ref: leadglass.Ref{Study: "1", Series: "1.2"}})
	expectCount(t, x, "1", "2/2/2 1/1 CT")
	change(t, x, index.Remove{Ref: leadglass.Ref{Study: "1", Instance: "1.1.2"}}) // the last
	expectCount(t, x, "1", "none")
	expectCount(t, x, "2", "1/1/1 1/1 CT")
	change(t, x, index.Remove{Ref: leadglass.Ref{Patient: "P1"}})
	expect(t, x, "an emptied patient", keys(leadglass.PatientLevel))
	apply(t, x, object("1", 1, 1))
	expectCount(t, x, "1", "1/1/1 1/1 CT")
	change(t, x, index.Add{Instance: instance(object("1", 1, 2))}, index.Remove{Ref: leadglass.Ref{Study: "1"}}, index.Add{Instance: instance(object("1", 1, 3))})
	expectCount(t, x, "1", "1/1/1 1/1 CT")
}

func removeNothing(t *testing.T, x index.Index) {
	three(t, x)
	change(t, x, index.Remove{}, index.Remove{Ref: leadglass.Ref{Study: "9"}}, index.Remove{Ref: leadglass.Ref{Study: "1", Instance: "3.1.1"}})
	expect(t, x, "all are there", keys(leadglass.StudyLevel), "3", "2", "1")
}

func labels(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1))
	change(t, x, index.SetLabels{Study: "1", Labels: []string{"VIP", `a"\b`}})
	if got := listStudies(t, x, leadglass.Ref{}); got != `1VIP+a"\b` {
		t.Errorf("labels: %q", got)
	}
	apply(t, x, object("1", 1, 2))
	change(t, x, index.SetLabels{Study: "1"}, index.SetLabels{Study: "none", Labels: []string{"x"}})
	if got := listStudies(t, x, leadglass.Ref{}); got != "1" {
		t.Errorf("labels that were taken away: %q", got)
	}
}

func merge(t *testing.T, x index.Index) {
	three(t, x)
	change(t, x, index.MergePatient{From: "P1", Into: "P2"})
	expect(t, x, "patients", keys(leadglass.PatientLevel), "P2", "P30")
	expect(t, x, "studies", keys(leadglass.StudyLevel, dict.PatientID, "P2"), "2", "1")
	expect(t, x, "the demographics of the new", keys(leadglass.StudyLevel, dict.PatientName, "smith*", dict.PatientID, "P2"), "2", "1")
	expect(t, x, "the old name", keys(leadglass.StudyLevel, dict.PatientName, "doe*"))
	expectCount(t, x, "1", "2/2/2 1/1 CT")
	apply(t, x, object("1", 1, 2), object("8", 1, 1)) // with the old ID, later
	expect(t, x, "later", keys(leadglass.PatientLevel), "P2", "P30")
	expectCount(t, x, "8", "3/3/4 1/1 CT")
}

func mergeIntoNobody(t *testing.T, x index.Index) {
	three(t, x)
	change(t, x, index.MergePatient{From: "P1", Into: "NEW"}, index.MergePatient{From: "P1", Into: "P1"}, index.MergePatient{From: "", Into: "P2"})
	expect(t, x, "patients", keys(leadglass.PatientLevel), "NEW", "P2", "P30")
	q := keys(leadglass.StudyLevel, dict.PatientName, "doe*")
	if got := find(t, x, q); len(got) != 1 || got[0].Attributes.String(dict.PatientID) != "NEW" || got[0].Studies[0].Patient != "NEW" {
		t.Error("the answer does not name the new patient")
	}
}

func mergeChain(t *testing.T, x index.Index) {
	three(t, x)
	change(t, x, index.MergePatient{From: "P1", Into: "P2"}, index.MergePatient{From: "P2", Into: "P30"})
	apply(t, x, object("8", 1, 1), object("9", 1, 1, attrs{dict.PatientID: "P2"}))
	expect(t, x, "patients", keys(leadglass.PatientLevel), "P30")
	expectCount(t, x, "8", "5/6/6 1/1 CT")
}

func position(t *testing.T, x index.Index) {
	ctx := context.Background()
	if at, err := x.Position(ctx); at != "" || err != nil {
		t.Errorf("of a new index: %q, %v", at, err)
	}
	for _, want := range []index.Position{"a 1", "a 2"} {
		if err := x.Apply(ctx, nil, want); err != nil {
			t.Fatal(err)
		}
		if at, err := x.Position(ctx); at != want || err != nil {
			t.Errorf("%q, %v, want %q", at, err, want)
		}
	}
}

func atomic(t *testing.T, x index.Index) {
	apply(t, x, object("1", 1, 1))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := x.Apply(ctx, []index.Change{index.Add{Instance: instance(object("2", 1, 1))}}, "later"); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply when it is over: %v", err)
	}
	if err := x.Apply(context.Background(), []index.Change{index.Add{Instance: instance(object("2", 1, 1))}, nil}, "later"); err == nil {
		t.Error("Apply of no change at all succeeds")
	}
	expect(t, x, "nothing of it is there", keys(leadglass.StudyLevel), "1")
	if at, _ := x.Position(context.Background()); at != "p" {
		t.Errorf("position %q", at)
	}
	apply(t, x, object("2", 1, 1))
	expectCount(t, x, "2", "2/2/2 1/1 CT")
}

func atTheSameTime(t *testing.T, x index.Index) {
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for n := range 25 {
				if err := x.Apply(context.Background(), []index.Change{index.Add{Instance: instance(object(fmt.Sprint(w), 1, n))}}, "p"); err != nil {
					t.Error(err)
				}
				for _, err := range x.Find(context.Background(), keys(leadglass.SeriesLevel)) {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	expectCount(t, x, "3", "4/4/100 1/25 CT")
}

func metacharacters(t *testing.T, x index.Index) {
	evil := `'; DROP TABLE study; --"`
	apply(t, x, object("1", 1, 1, attrs{dict.AccessionNumber: evil, dict.PatientName: evil, dict.PatientID: evil, dict.StudyDescription: evil}))
	for _, tag := range []int{dict.AccessionNumber, dict.PatientName, dict.PatientID, dict.StudyDescription} {
		expect(t, x, "itself", keys(leadglass.StudyLevel, tag, evil), "1")
		expect(t, x, "its beginning", keys(leadglass.StudyLevel, tag, evil[:8]+"*"), "1")
	}
	expect(t, x, "in a UID", keys(leadglass.StudyLevel, dict.StudyInstanceUID, evil))
}

func hostile(t *testing.T, x index.Index) {
	three(t, x)
	refused := func(why string, q *leadglass.Query) {
		t.Helper()
		for _, err := range x.Find(context.Background(), q) {
			if leadglass.CodeOf(err) != leadglass.Limited {
				t.Errorf("%s: %v, want a limit", why, err)
			}
			return
		}
		t.Errorf("%s: nothing, want a limit", why)
	}
	many := keys(leadglass.StudyLevel)
	for i := range 10_000 {
		many.Keys.Elements = append(many.Keys.Elements, dicom.Element{Tag: dicom.Tag(0x00090000 + i), VR: dicom.LO, Value: []byte("x ")})
	}
	refused("10,000 keys", many)
	refused("100,000 UIDs", keys(leadglass.StudyLevel, dict.StudyInstanceUID, strings.Repeat(`1.2\`, 100_000)))
	refused("many wildcards", keys(leadglass.StudyLevel, dict.StudyDescription, strings.Repeat("*a?", 30)))
	refused("a long key", keys(leadglass.StudyLevel, dict.StudyDescription, strings.Repeat("a", 5000)))
	refused("many values", keys(leadglass.StudyLevel, dict.StudyDescription, strings.Repeat(`a\`, 500)))
	expect(t, x, "one run of wildcards", keys(leadglass.StudyLevel, dict.StudyDescription, strings.Repeat("*?", 20)))
	apply(t, x, object("8", 1, 1, attrs{dict.PatientID: "L", dict.PatientName: strings.Repeat("n ", 32<<10), dict.StudyDate: "20270101"}))
	expect(t, x, "a name of 64 KB", keys(leadglass.StudyLevel, dict.PatientID, "L"), "8")
}
