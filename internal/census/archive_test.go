package census_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/census"
)

var today = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

type study struct {
	uid, date, time string
	images          int
}

// archive is a DICOM archive in memory with the manners of real ones.
type archive struct {
	studies  []study
	births   []string // of the patients
	cap      int      // answers, 0 all
	loud     bool     // past the cap the status is a failure
	breaksAt int      // a larger answer breaks the association
	silent   bool     // does not say how many images a study has
	numb     bool     // nor a series
	joins    bool     // answers that look the same are one
	deaf     string   // does not look at "ranges", their "ends" or "starts", those that are "open"
	refuses  bool     // fails where a range is asked for
	twice    bool     // answers for each study twice
	perStudy bool     // gives a patient once for each study
	mute     bool     // does not say how many studies a patient has
	nameless bool     // nor the ID
	again    bool     // answers with everything, then with everything once more
	stale    bool     // answers every other question with the answer to the one before
	endless  string   // answers "anything" or "dates" that can be without end
	before   []*dicom.Dataset
	asked    []string // "LEVEL date-range"
	opened   int
	keys     map[dicom.Tag]bool
	answers  int
}

func (a *archive) Close() {}

func (a *archive) Find(_ context.Context, q *dimse.Query, match func([]byte, *dicom.TransferSyntax) error) (*dimse.Response, error) {
	level := q.Identifier.String(dict.QueryRetrieveLevel)
	for _, e := range q.Identifier.Elements {
		if a.keys == nil {
			a.keys = map[dicom.Tag]bool{}
		}
		a.keys[e.Tag] = true
	}
	var found []*dicom.Dataset
	switch level {
	case "STUDY":
		found = a.findStudies(q.Identifier)
	case "PATIENT":
		found = a.findPatients(q.Identifier)
	default:
		found = a.findBelow(q.Identifier, level)
	}
	if a.stale && len(a.asked)%2 == 1 {
		found = a.before
	}
	a.before = found
	a.asked = append(a.asked, level+" "+q.Identifier.String(dict.StudyDate)+q.Identifier.String(dict.PatientBirthDate)+" "+strconv.Itoa(len(found)))
	if a.refuses && q.Identifier.String(dict.StudyDate)+q.Identifier.String(dict.PatientBirthDate) != "" {
		return &dimse.Response{Status: dimse.UnableToProcess}, nil
	}
	if a.breaksAt > 0 && len(found) > a.breaksAt {
		return nil, errors.New("connection reset by peer")
	}
	if a.endless == "anything" || a.endless == "dates" && a.within("20200615", q.Identifier.String(dict.StudyDate)) {
		return a.forEver(match)
	}
	status := dimse.Success
	if a.cap > 0 && len(found) > a.cap && level != "IMAGE" {
		found = found[:a.cap]
		if a.loud {
			status = dimse.OutOfResources
		}
	}
	for _, d := range found {
		b, err := dicom.Append(nil, d, dicom.ImplicitVRLittleEndian)
		if err != nil {
			return nil, err
		}
		a.answers++
		if err := match(b, dicom.ImplicitVRLittleEndian); errors.Is(err, dimse.ErrCancel) {
			return &dimse.Response{Status: dimse.Cancel}, nil
		}
	}
	return &dimse.Response{Status: status}, nil
}

// forEver answers until it is cancelled.
func (a *archive) forEver(match func([]byte, *dicom.TransferSyntax) error) (*dimse.Response, error) {
	for {
		d := &dicom.Dataset{}
		d.SetString(dict.StudyInstanceUID, fmt.Sprintf("2.25.99%d", a.answers))
		d.SetString(dict.NumberOfStudyRelatedInstances, "3")
		b, err := dicom.Append(nil, d, dicom.ImplicitVRLittleEndian)
		if err != nil {
			return nil, err
		}
		a.answers++
		if err := match(b, dicom.ImplicitVRLittleEndian); errors.Is(err, dimse.ErrCancel) {
			return &dimse.Response{Status: dimse.Cancel}, nil
		}
	}
}

func (a *archive) findStudies(id *dicom.Dataset) []*dicom.Dataset {
	var found []*dicom.Dataset
	dates, times := id.String(dict.StudyDate), id.String(dict.StudyTime)
	for _, s := range a.studies {
		if !a.within(s.date, dates) || !a.within(s.time, times) {
			continue
		}
		d := &dicom.Dataset{}
		d.SetString(dict.StudyInstanceUID, s.uid)
		if !a.silent {
			d.SetString(dict.NumberOfStudyRelatedInstances, strconv.Itoa(s.images))
		}
		found = append(found, d)
		if a.twice {
			found = append(found, d)
		}
	}
	if a.again {
		found = append(found, found...)
	}
	return found
}

func (a *archive) findPatients(id *dicom.Dataset) []*dicom.Dataset {
	var found []*dicom.Dataset
	dates := id.String(dict.PatientBirthDate)
	for i, b := range a.births {
		if a.within(b, dates) {
			d := &dicom.Dataset{}
			if id.Get(dict.PatientID) != nil && !a.nameless {
				d.SetString(dict.PatientID, strconv.Itoa(i))
			}
			if !a.mute {
				d.SetString(dict.NumberOfPatientRelatedStudies, "2")
			}
			found = append(found, d)
			if a.perStudy {
				found = append(found, d)
			}
		}
	}
	if a.joins && id.Get(dict.PatientID) == nil && len(found) > 1 {
		found = found[:1]
	}
	return found
}

// findBelow gives each study one series of all its images.
func (a *archive) findBelow(id *dicom.Dataset, level string) []*dicom.Dataset {
	for _, s := range a.studies {
		if s.uid != id.String(dict.StudyInstanceUID) {
			continue
		}
		if level == "SERIES" {
			d := &dicom.Dataset{}
			d.SetString(dict.SeriesInstanceUID, s.uid+".1")
			if !a.numb {
				d.SetString(dict.NumberOfSeriesRelatedInstances, strconv.Itoa(s.images))
			}
			return []*dicom.Dataset{d}
		}
		images := make([]*dicom.Dataset, s.images)
		for i := range images {
			images[i] = &dicom.Dataset{}
			images[i].SetString(dict.SOPInstanceUID, fmt.Sprintf("%s.1.%d", s.uid, i))
		}
		return images
	}
	return nil
}

// within is whether a value matches, as the archive understands it.
func (a *archive) within(value, key string) bool {
	low, high, _ := strings.Cut(key, "-")
	switch {
	case a.deaf == "ranges":
		return true
	case a.deaf == "open" && strings.Contains(key, "-") && (low == "" || high == ""):
		return true
	case a.deaf == "ends" && key != "":
		return value >= low
	case a.deaf == "starts" && high != "":
		return value <= high
	}
	return within(value, key)
}

// within is range matching of PS3.4 C.2.2.2.5 on text that sorts like its values.
func within(value, key string) bool {
	if key == "" {
		return true
	}
	low, high, isRange := strings.Cut(key, "-")
	if !isRange {
		return value == key
	}
	return value != "" && value >= low && (high == "" || value <= high)
}

// archiveOf makes an archive of n studies with i images each, i in 1…19, over the
// days until yesterday.
func archiveOf(n int, perDay int) *archive {
	a := &archive{}
	for i := range n {
		day := today.AddDate(0, 0, -1-i/perDay)
		a.studies = append(a.studies, study{
			uid: fmt.Sprintf("2.25.%d", i), date: day.Format("20060102"),
			time: fmt.Sprintf("%02d%02d00", i%24, i/24%60), images: 1 + i%19,
		})
		if i%2 == 0 {
			a.births = append(a.births, today.AddDate(-20-i%60, 0, -i%300).Format("20060102"))
		}
	}
	return a
}

func (a *archive) images() (n int64) {
	for _, s := range a.studies {
		n += int64(s.images)
	}
	return n
}

func (a *archive) count(t *testing.T, b census.Budget) census.Count {
	t.Helper()
	return a.drawn(t, b, 1)
}

func (a *archive) drawn(t *testing.T, b census.Budget, seed uint64) census.Count {
	t.Helper()
	c, err := census.DICOM(t.Context(), &census.Archive{
		Open:      func(context.Context) (census.Association, error) { a.opened++; return a, nil },
		Pause:     func(context.Context) error { return nil },
		StudyRoot: true, PatientRoot: true,
		Now:  func() time.Time { return today },
		Rand: rand.New(rand.NewPCG(seed, 2)),
	}, b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
