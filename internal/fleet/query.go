package fleet

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// query is a question to an archive, understood: which rows, and what of them.
// Its keys narrow the numbers to go through first, so that its cost follows from
// the answers and not from the archive; only what is left is compared row by row.
type query struct {
	archive  *archive
	level    level
	columns  []column
	patients span
	studies  span
	only     []uint64 // of the studies, those that a UID names; nil is no such key
	patient  *uint64  // whose studies, where a Patient ID names one
	none     bool     // a key that nothing here can match
	series   string   // Series Instance UID
	instance string   // SOP Instance UID
	matches  []match  // the other keys
	born     *span    // days of birth, at study level and below
}

// span is a range of numbers, end excluded.
type span struct{ from, to uint64 }

func (s span) meet(t span) span {
	s.from, s.to = max(s.from, t.from), min(s.to, t.to)
	s.to = max(s.from, s.to)
	return s
}

// match is a key that is compared with the value of each row.
type match struct {
	write   writer
	pattern string
	fold    bool // person names: without regard to case
}

// newQuery reads an identifier; ok is false where it is none (PS3.4 section
// C.4.1.1.3.1).
func newQuery(a *archive, id *dicom.Dataset, ts *dicom.TransferSyntax) (q *query, ok bool) {
	q = &query{archive: a, patients: span{0, a.Patients}, studies: span{0, a.Studies}}
	q.level, ok = levelOf(id.String(dict.QueryRetrieveLevel))
	if !ok {
		return nil, false
	}
	for i := range id.Elements {
		e := &id.Elements[i]
		if e.Tag.Group() < 8 || uint16(e.Tag) == 0 {
			continue
		}
		if !q.key(id, e) {
			return nil, false
		}
		q.column(e.Tag, e.VR, ts)
	}
	q.characterSet(ts)
	return q, true
}

// column adds a return key.
func (q *query) column(tag dicom.Tag, vr dicom.VR, ts *dicom.TransferSyntax) {
	a := q.archive
	write := a.attribute(tag, q.level)
	switch {
	case tag == dict.QueryRetrieveLevel:
		write = constant(levelNames[q.level])
	case tag == dict.SpecificCharacterSet:
		return // see characterSet
	case write == nil && tag == dict.NumberOfStudyRelatedInstances && a.Number%2 == 1:
		return // left out altogether, which others leave empty
	}
	q.columns = append(q.columns, newColumn(tag, vr, ts, write))
}

// characterSet says how the names are written, where there are any.
func (q *query) characterSet(ts *dicom.TransferSyntax) {
	if q.archive.names.Charset == "" {
		return
	}
	for _, c := range q.columns {
		if c.vr == dicom.PN && c.write != nil {
			first := newColumn(dict.SpecificCharacterSet, dicom.CS, ts, constant(q.archive.names.Charset))
			q.columns = append(q.columns, first)
			slices.SortStableFunc(q.columns, func(a, b column) int { return cmp.Compare(a.tag, b.tag) })
			return
		}
	}
}

// key takes what a key asks for into account (PS3.4 section C.2.2.2).
func (q *query) key(id *dicom.Dataset, e *dicom.Element) bool {
	text := strings.Join(id.Strings(e.Tag), `\`)
	if text == "" || text == "*" {
		return true
	}
	switch e.Tag {
	case dict.QueryRetrieveLevel, dict.SpecificCharacterSet:
		return true
	case dict.StudyInstanceUID:
		q.onlyStudies(id.Strings(e.Tag))
		return true
	case dict.SeriesInstanceUID:
		q.series = text
		return true
	case dict.SOPInstanceUID:
		q.instance = text
		return true
	case dict.PatientID:
		return q.onlyPatient(text)
	case dict.PatientBirthDate:
		return q.onlyBorn(text)
	case dict.StudyDate:
		return q.level == patientLevel || q.onlyDates(text, id.String(dict.StudyTime))
	case dict.StudyTime:
		return q.level == patientLevel || q.timeAlone(id, text)
	}
	q.compare(e.Tag, text)
	return true
}

// compare adds a key that is compared row by row. One that the archive does not
// know is ignored, as PS3.4 section C.2.2.1.3 wants of optional keys.
func (q *query) compare(tag dicom.Tag, text string) {
	if write := q.archive.attribute(tag, q.level); write != nil {
		q.matches = append(q.matches, match{write, text, tag == dict.PatientName || tag == dict.ReferringPhysicianName})
	}
}

func (q *query) onlyStudies(uids []string) {
	q.only = []uint64{}
	for _, uid := range uids {
		if i, ok := q.archive.studyOf(uid); ok {
			q.only = append(q.only, i)
		}
	}
	slices.Sort(q.only)
	q.only = slices.Compact(q.only)
}

func (q *query) onlyPatient(text string) bool {
	if strings.ContainsAny(text, "*?") {
		q.compare(dict.PatientID, text)
		return true
	}
	p, ok := q.archive.service.IDs.Number(text)
	if !ok || p >= q.archive.Patients {
		q.none = true
		return true
	}
	q.patient = &p
	q.patients = q.patients.meet(span{p, p + 1})
	return true
}

// each goes through the rows that match.
func (q *query) each() iter.Seq[*row] {
	return func(yield func(*row) bool) {
		if q.none {
			return
		}
		var scratch []byte
		pass := func(r *row) bool {
			for i := range q.matches {
				if scratch = q.matches[i].write(scratch[:0], r); !q.matches[i].fits(scratch) {
					return true
				}
			}
			return yield(r)
		}
		r := &row{}
		if q.level == patientLevel {
			for r.patient = q.patients.from; r.patient < q.patients.to; r.patient++ {
				r.study = r.patient // the first of the patient's studies
				if !pass(r) {
					return
				}
			}
			return
		}
		q.eachStudy(r, func() bool {
			if q.level == studyLevel {
				return pass(r)
			}
			return q.eachSeries(r, pass)
		})
	}
}

// eachStudy goes through the studies that the keys narrowed down.
func (q *query) eachStudy(r *row, found func() bool) {
	a := q.archive
	if q.only != nil {
		for _, r.study = range q.only {
			if q.take(r) && !found() {
				return
			}
		}
		return
	}
	first, step := q.studies.from, uint64(1)
	if q.patient != nil { // every one of the patient's studies is patients apart
		step = a.Patients
		first = *q.patient
		if q.studies.from > first {
			first += (q.studies.from - first + step - 1) / step * step
		}
	}
	for r.study = first; r.study < q.studies.to; r.study += step {
		if q.take(r) && !found() {
			return
		}
	}
}

// take completes the row of a study and says whether the keys take it.
func (q *query) take(r *row) bool {
	a := q.archive
	r.patient = a.PatientOf(r.study)
	switch {
	case r.study < q.studies.from || r.study >= q.studies.to:
		return false
	case q.patient != nil && r.patient != *q.patient:
		return false
	case q.born != nil:
		return r.patient >= q.born.from && r.patient < q.born.to
	}
	return true
}

// eachSeries goes through the series of a study and, at image level, through
// their instances.
func (q *query) eachSeries(r *row, pass func(*row) bool) bool {
	a := q.archive
	for r.series = range a.SeriesOf(r.study) {
		if q.series != "" && string(a.seriesUID(nil, r)) != q.series {
			continue
		}
		if q.level == seriesLevel {
			if !pass(r) {
				return false
			}
			continue
		}
		for r.instance = range a.ImagesOfSeries(r.study, r.series) {
			if q.instance != "" && string(a.instanceUID(nil, r)) != q.instance {
				continue
			}
			if !pass(r) {
				return false
			}
		}
	}
	return true
}

// encode appends the answer for a row.
func (q *query) encode(dst []byte, r *row) []byte {
	for i := range q.columns {
		dst = q.columns[i].append(dst, r)
	}
	return dst
}
