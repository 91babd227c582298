package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/fleet"
)

// archives are small ones of many shapes, so that all of each can be looked at.
func archives() []*fleet.Archive {
	var list []*fleet.Archive
	for seed := range uint64(70) {
		studies := 1 + seed*37
		list = append(list, fleet.NewArchive(seed, studies, studies*(1+seed%40)+seed, 1+studies*3/7))
	}
	return list
}

func TestContent_SumsHoldByConstruction(t *testing.T) {
	for seed, a := range archives() {
		studies := 1 + uint64(seed)*37
		images, patients := studies*(1+uint64(seed)%40)+uint64(seed), 1+studies*3/7
		var sum uint64
		for i := range studies {
			n := a.ImagesOf(i)
			if n == 0 {
				t.Fatalf("seed %d: study %d has no image", seed, i)
			}
			if sum += n; a.ImagesBefore(i+1) != sum {
				t.Fatalf("seed %d: the images before study %d are %d in closed form, %d added up", seed, i+1, a.ImagesBefore(i+1), sum)
			}
			var inSeries uint64
			for s := range a.SeriesOf(i) {
				inSeries += a.ImagesOfSeries(i, s)
			}
			if inSeries != n {
				t.Fatalf("seed %d: study %d has %d images in its series, want %d", seed, i, inSeries, n)
			}
		}
		if sum != images {
			t.Errorf("seed %d: %d images, want %d", seed, sum, images)
		}
		var ofPatients, ownImages uint64
		for p := range patients {
			if a.StudiesOf(p) == 0 {
				t.Fatalf("seed %d: patient %d has no study", seed, p)
			}
			ofPatients += a.StudiesOf(p)
			ownImages += a.ImagesOfPatient(p)
		}
		if ofPatients != studies || ownImages != images {
			t.Errorf("seed %d: patients have %d studies with %d images, want %d with %d", seed, ofPatients, ownImages, studies, images)
		}
	}
}

func TestContent_DatesAscendAndBisect(t *testing.T) {
	for seed, a := range archives() {
		studies := 1 + uint64(seed)*37
		perDay, lastDay, lastSecond := uint64(0), int64(0), 0
		for i := range studies {
			day, second := a.When(i)
			if i > 0 && (day < lastDay || day == lastDay && second < lastSecond) {
				t.Fatalf("seed %d: study %d began before the one before it", seed, i)
			}
			if day != lastDay {
				perDay = 0
			}
			if perDay++; perDay > a.Busiest() {
				t.Fatalf("seed %d: day %d holds more than %d studies", seed, day, a.Busiest())
			}
			if first := a.Since(day, second); first > i || first+perDay < i {
				t.Fatalf("seed %d: since the time of study %d: %d", seed, i, first)
			}
			if next := a.Since(day+1, 0); next <= i {
				t.Fatalf("seed %d: the day after study %d begins with %d", seed, i, next)
			}
			lastDay, lastSecond = day, second
		}
		for p := range 1 + studies*3/7 {
			born := a.Born(p)
			if p > 0 && born < a.Born(p-1) {
				t.Fatalf("seed %d: patient %d was born before the one before", seed, p)
			}
			if a.BornSince(born) > p || a.BornSince(born+1) <= p {
				t.Fatalf("seed %d: patient %d is not in the window of their birth date", seed, p)
			}
		}
	}
}

// TestQuery_CostsItsAnswers: every query that narrows looks at no more studies
// than it answers, in an archive of a size that nobody could go through.
func TestQuery_CostsItsAnswers(t *testing.T) {
	const studies, patients = 2_500_000, 900_000
	a := fleet.NewArchive(7, studies, 80_000_000, patients)
	day, _ := a.When(studies / 2)
	y, m, d := fleet.Civil(day)
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
		{"before", "STUDY", map[dicom.Tag]string{dict.StudyDate: "-20080229"}, int(a.Since(fleet.DayOf(2008, 3, 1), 0)), int(a.Since(fleet.DayOf(2008, 3, 1), 0))},
		{"never", "STUDY", map[dicom.Tag]string{dict.StudyDate: "20300101-"}, 0, 0},
		{"whole_day_by_time", "STUDY", map[dicom.Tag]string{dict.StudyDate: date, dict.StudyTime: "000000-235959.999999"}, onDay, onDay},
		{"study", "STUDY", map[dicom.Tag]string{dict.StudyInstanceUID: "1.3.6.1.4.1.99999.1.0.1000000017"}, 1, 0},
		{"two_studies", "STUDY", map[dicom.Tag]string{dict.StudyInstanceUID: `1.3.6.1.4.1.99999.1.0.1000000017\1.3.6.1.4.1.99999.1.0.1000000018\2.25.1`}, 2, 0},
		{"nobodys_study", "STUDY", map[dicom.Tag]string{dict.StudyInstanceUID: "2.25.99"}, 0, 0},
		{"patient", "STUDY", map[dicom.Tag]string{dict.PatientID: "QZX1000005"}, int(a.StudiesOf(4)), 0},
		{"patient_on_level", "PATIENT", map[dicom.Tag]string{dict.PatientID: "QZX1000005"}, 1, 0},
		{"born", "PATIENT", map[dicom.Tag]string{dict.PatientBirthDate: "19500101-19500131"},
			int(a.BornSince(fleet.DayOf(1950, 2, 1)) - a.BornSince(fleet.DayOf(1950, 1, 1))), int(a.BornSince(fleet.DayOf(1950, 2, 1)) - a.BornSince(fleet.DayOf(1950, 1, 1)))},
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
			answers, looked, ok := a.Find(id)
			if !ok || answers != tt.want || looked != tt.looked {
				t.Errorf("got %d answers after looking at %d, %v; want %d after %d", answers, looked, ok, tt.want, tt.looked)
			}
		})
	}
}

func TestQuery_RefusesWhatIsNone(t *testing.T) {
	a := fleet.NewArchive(1, 10, 20, 3)
	for _, keys := range []map[dicom.Tag]string{
		{}, {dict.QueryRetrieveLevel: "BODY"}, {dict.QueryRetrieveLevel: "STUDY", dict.StudyDate: "yesterday"},
		{dict.QueryRetrieveLevel: "PATIENT", dict.PatientBirthDate: "2019-13-41"},
	} {
		id := &dicom.Dataset{}
		for tag, v := range keys {
			id.SetString(tag, v)
		}
		if n, _, ok := a.Find(id); ok {
			t.Errorf("%v gave %d answers, want a refusal", keys, n)
		}
	}
}

func TestCalendar(t *testing.T) {
	for day := fleet.DayOf(1899, 12, 31); day < fleet.DayOf(2101, 1, 1); day++ {
		want := time.Unix(day*86400, 0).UTC()
		y, m, d := fleet.Civil(day)
		if y != want.Year() || m != int(want.Month()) || d != want.Day() || fleet.DayOf(y, m, d) != day {
			t.Fatalf("day %d is %d-%d-%d, want %s", day, y, m, d, want.Format(time.DateOnly))
		}
	}
	for text, want := range map[string]int64{"19700102": 1, "1970.01.03": 2, "": -1, "1970": -1, "19701301": -1, "1970010x": -1} {
		if got, ok := fleet.ParseDate(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("date %q: got %d, %v; want %d", text, got, ok, want)
		}
	}
	for text, want := range map[string]int{"00": 0, "0102": 3720, "235959.999999": 86399, "2": -1, "240000": -1, "ab": -1} {
		if got, ok := fleet.ParseTime(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("time %q: got %d, %v; want %d", text, got, ok, want)
		}
	}
}

func TestApportion_AddsUp(t *testing.T) {
	for _, tt := range []struct {
		total   uint64
		weights []uint64
		want    []uint64
	}{
		{10, []uint64{1, 1, 1}, []uint64{4, 3, 3}},
		{7, []uint64{0, 0}, []uint64{4, 3}},
		{100, []uint64{50, 30, 20}, []uint64{50, 30, 20}},
		{1, []uint64{1, 5, 1}, []uint64{0, 1, 0}},
		{737_000_000, []uint64{1 << 40, 1 << 41, 3}, []uint64{245_666_667, 491_333_333, 0}},
		{5, nil, []uint64{}},
	} {
		if got := fleet.Apportion(tt.total, tt.weights); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%d by %v: got %v, want %v", tt.total, tt.weights, got, tt.want)
		}
	}
}

func TestPatientIDs_GoBothWays(t *testing.T) {
	for form, first := range []string{"QZX1000001", "866-40-0001", "DOD1866400001"} {
		if got := fleet.PatientID(form, 0); got != first {
			t.Errorf("form %d begins with %q, want %q", form, got, first)
		}
		for p := uint64(0); p < 99_000; p += 13 {
			if got, ok := fleet.PatientOfID(form, fleet.PatientID(form, p)); !ok || got != p {
				t.Fatalf("form %d: %q is patient %d, %v; want %d", form, fleet.PatientID(form, p), got, ok, p)
			}
		}
		for _, id := range []string{"", "X", first + "0", "000-00-0000", "QZX0000001", "DOD0000000001"} {
			if p, ok := fleet.PatientOfID(form, id); ok && form == 1 {
				t.Errorf("form %d: %q is patient %d, want nobody", form, id, p)
			}
		}
	}
}
