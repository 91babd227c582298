package index

import (
	"database/sql"
	"encoding/json"
	"strconv"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// studyColumns are those of studyRow.
const studyColumns = `s.id, s.uid, s.ord, s.date, s.accession, s.institution, s.modalities, s.parts, s.classes, s.labels, s.series, s.instances, s.bytes`

// studyRow is a study without its attributes.
type studyRow struct {
	id                                       int64
	study, ord, date, accession, institution string
	modalities, parts, classes, labels       string
	studySeries, studyInstances              int
	studyBytes                               int64
}

func (s *studyRow) into() []any {
	return []any{&s.id, &s.study, &s.ord, &s.date, &s.accession, &s.institution, &s.modalities, &s.parts, &s.classes, &s.labels,
		&s.studySeries, &s.studyInstances, &s.studyBytes}
}

// facts are what decisions may depend on.
func (s *studyRow) facts(pid, issuer string) (*leadglass.Study, error) {
	f := &leadglass.Study{
		UID: dicom.UID(s.study), Patient: dicom.PatientID(pid), Issuer: issuer, Accession: s.accession, Date: s.date,
		Modalities: members(s.modalities), BodyParts: members(s.parts), Institution: s.institution,
		Series: s.studySeries, Instances: s.studyInstances, Bytes: s.studyBytes,
	}
	if s.labels != "" {
		if err := json.Unmarshal([]byte(s.labels), &f.Labels); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// row is one candidate.
type row struct {
	patient                                         int64
	pid, issuer, orphan                             string
	patientStudies, patientSeries, patientInstances int
	studyRow
	series          string
	seriesInstances int
	instance        string
	number          int64
	syntax          string
	attrs           [4][]byte
	sets            [4]*dicom.Dataset
}

func (r *row) scan(rows *sql.Rows, level leadglass.Level) error {
	into := make([]any, 0, 32)
	into = append(into, &r.patient, &r.pid, &r.issuer, &r.orphan, &r.patientStudies, &r.patientSeries, &r.patientInstances, &r.attrs[0])
	if level >= leadglass.StudyLevel {
		into = append(append(into, r.studyRow.into()...), &r.attrs[1])
	}
	if level >= leadglass.SeriesLevel {
		into = append(into, &r.series, &r.seriesInstances, &r.attrs[2])
	}
	if level == leadglass.InstanceLevel {
		into = append(into, &r.instance, &r.number, &r.syntax, &r.attrs[3])
	}
	return rows.Scan(into...)
}

// set is the attributes of a level.
func (r *row) set(l leadglass.Level) (*dicom.Dataset, error) {
	if r.sets[l] == nil {
		d, err := dicom.DecodeBytes(r.attrs[l], dicom.ExplicitVRLittleEndian, dicom.Options{})
		if err != nil {
			return nil, err
		}
		r.sets[l] = d
	}
	return r.sets[l], nil
}

// made are the values of what no header says.
func (r *row) made(a attribute) []string {
	switch a.tag {
	case dict.NumberOfPatientRelatedStudies:
		return count(r.patientStudies)
	case dict.NumberOfPatientRelatedSeries:
		return count(r.patientSeries)
	case dict.NumberOfPatientRelatedInstances:
		return count(r.patientInstances)
	case dict.ModalitiesInStudy:
		return members(r.modalities)
	case dict.SOPClassesInStudy:
		return members(r.classes)
	case dict.NumberOfStudyRelatedSeries:
		return count(r.studySeries)
	case dict.NumberOfStudyRelatedInstances:
		return count(r.studyInstances)
	case dict.NumberOfSeriesRelatedInstances:
		return count(r.seriesInstances)
	case dict.AvailableTransferSyntaxUID:
		return []string{r.syntax}
	case dict.InstanceAvailability:
		return []string{"ONLINE"}
	}
	return nil
}

func count(n int) []string { return []string{strconv.Itoa(n)} }

// passes runs the tests of a plan, those of the patient first.
func (r *row) passes(p *plan) (bool, error) {
	for l := leadglass.PatientLevel; l <= p.level; l++ {
		for _, t := range p.tests[l] {
			if t.made {
				if !t.key.any(r.made(t.attribute)) {
					return false, nil
				}
				continue
			}
			d, err := r.set(l)
			if err != nil {
				return false, err
			}
			if !t.key.matches(d, t.tag) {
				return false, nil
			}
		}
	}
	return true, nil
}

func (r *row) ref(level leadglass.Level) leadglass.Ref {
	ref := leadglass.Ref{Patient: dicom.PatientID(r.pid)}
	if level >= leadglass.StudyLevel {
		ref.Study = dicom.UID(r.study)
	}
	if level >= leadglass.SeriesLevel {
		ref.Series = dicom.UID(r.series)
	}
	if level == leadglass.InstanceLevel {
		ref.Instance = dicom.UID(r.instance)
	}
	return ref
}
