package fleet_test

import (
	"fmt"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/fleet"
	"github.com/leadglass/leadglass/internal/fleet/content"
)

// holdings are those of one archive.
func holdings(seed, studies, images, patients uint64) *content.Holdings {
	return &content.Holdings{Seed: seed, Studies: studies, Images: images, Patients: patients, FirstDay: content.DayOf(2008, 2, 29), Days: 4206}
}

// TestQuery_CostsItsAnswers: every query that narrows looks at no more studies
// than it answers, in an archive of a size that nobody could go through.
func TestQuery_CostsItsAnswers(t *testing.T) {
	const studies, patients = 2_500_000, 900_000
	a := holdings(7, studies, 80_000_000, patients)
	day, _ := a.When(studies / 2)
	y, m, d := content.Civil(day)
	date := fmt.Sprintf("%04d%02d%02d", y, m, d)
	onDay := int(a.Since(day+1, 0) - a.Since(day, 0))
	for _, tt := range []struct {
		name   string
		level  string
		keys   map[dicom.Tag]string
		want   int
		looked int
	}{
		{"day", "STUDY", map[dicom.Tag]string{dict.StudyDate: date}, onDay, onDay},
		{"day_range", "STUDY", map[dicom.Tag]string{dict.StudyDate: date + "-" + date}, onDay, onDay},
		{"before", "STUDY", map[dicom.Tag]string{dict.StudyDate: "-20080229"}, int(a.Since(content.DayOf(2008, 3, 1), 0)), int(a.Since(content.DayOf(2008, 3, 1), 0))},
		{"never", "STUDY", map[dicom.Tag]string{dict.StudyDate: "20300101-"}, 0, 0},
		{"whole_day_by_time", "STUDY", map[dicom.Tag]string{dict.StudyDate: date, dict.StudyTime: "000000-235959.999999"}, onDay, onDay},
		{"study", "STUDY", map[dicom.Tag]string{dict.StudyInstanceUID: "1.3.6.1.4.1.99999.1.0.1000000017"}, 1, 0},
		{"two_studies", "STUDY", map[dicom.Tag]string{dict.StudyInstanceUID: `1.3.6.1.4.1.99999.1.0.1000000017\1.3.6.1.4.1.99999.1.0.1000000018\2.25.1`}, 2, 0},
		{"nobodys_study", "STUDY", map[dicom.Tag]string{dict.StudyInstanceUID: "2.25.99"}, 0, 0},
		{"patient", "STUDY", map[dicom.Tag]string{dict.PatientID: "QZX1000005"}, int(a.StudiesOf(4)), 0},
		{"patient_on_level", "PATIENT", map[dicom.Tag]string{dict.PatientID: "QZX1000005"}, 1, 0},
		{"born", "PATIENT", map[dicom.Tag]string{dict.PatientBirthDate: "19500101-19500131"},
			int(a.BornSince(content.DayOf(1950, 2, 1)) - a.BornSince(content.DayOf(1950, 1, 1))), int(a.BornSince(content.DayOf(1950, 2, 1)) - a.BornSince(content.DayOf(1950, 1, 1)))},
		{"series", "SERIES", map[dicom.Tag]string{dict.StudyInstanceUID: "1.3.6.1.4.1.99999.1.0.1000000017"}, int(a.SeriesOf(16)), 0},
		{"images", "IMAGE", map[dicom.Tag]string{dict.StudyInstanceUID: "1.3.6.1.4.1.99999.1.0.1000000017"}, int(a.ImagesOf(16)), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := &dicom.Dataset{}
			id.SetString(dict.QueryRetrieveLevel, tt.level)
			id.SetString(dict.PatientName)
			for tag, value := range tt.keys {
				id.SetString(tag, value)
			}
			answers, looked, ok := fleet.Find(a, id)
			if !ok || answers != tt.want || looked != tt.looked {
				t.Errorf("got %d answers after looking at %d, %v; want %d after %d", answers, looked, ok, tt.want, tt.looked)
			}
		})
	}
}

func TestQuery_RefusesWhatIsNone(t *testing.T) {
	a := holdings(1, 10, 20, 3)
	for _, keys := range []map[dicom.Tag]string{
		{}, {dict.QueryRetrieveLevel: "BODY"}, {dict.QueryRetrieveLevel: "STUDY", dict.StudyDate: "yesterday"},
		{dict.QueryRetrieveLevel: "PATIENT", dict.PatientBirthDate: "2019-13-41"},
	} {
		id := &dicom.Dataset{}
		for tag, v := range keys {
			id.SetString(tag, v)
		}
		if n, _, ok := fleet.Find(a, id); ok {
			t.Errorf("%v gave %d answers, want a refusal", keys, n)
		}
	}
}
