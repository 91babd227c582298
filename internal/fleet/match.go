package fleet

import (
	"strings"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/fleet/content"
)

// fits compares a value with a pattern: single value, list or wild card (PS3.4
// sections C.2.2.2.1, 2 and 4).
func (m *match) fits(value []byte) bool {
	text := strings.TrimRight(string(value), " \x00")
	if m.fold {
		text = strings.ToLower(text)
	}
	for pattern := range strings.SplitSeq(m.pattern, `\`) {
		if m.fold {
			pattern = strings.ToLower(pattern)
		}
		if wild(text, strings.TrimSpace(pattern)) {
			return true
		}
	}
	return false
}

// wild matches * and ?; it goes back to the last star only, so it is linear in
// all but made-up cases.
func wild(text, pattern string) bool {
	t, p, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// rangeOf splits a value of range matching (PS3.4 section C.2.2.2.5).
func rangeOf(text string) (from, to string) {
	from, to, ranged := strings.Cut(strings.TrimSpace(text), "-")
	if !ranged {
		return from, from
	}
	return from, to
}

// onlyDates narrows the studies to a range of dates; where that is one day and
// times are asked for too, to these.
func (q *query) onlyDates(text, times string) bool {
	a := q.archive
	first, last := rangeOf(text)
	s := span{0, a.Studies}
	var from, to int64
	var ok bool
	if first != "" {
		if from, ok = content.ParseDate(first); !ok {
			return false
		}
		s.from = a.Since(from, 0)
	}
	if last != "" {
		if to, ok = content.ParseDate(last); !ok {
			return false
		}
		s.to = a.Since(to+1, 0)
	}
	q.studies = q.studies.meet(s)
	if times == "" || first == "" || first != last {
		return true
	}
	low, high, ok := secondsOf(times)
	q.studies = q.studies.meet(span{a.Since(from, low), a.Since(from, high+1)})
	return ok
}

// secondsOf reads a range of times, both ends included.
func secondsOf(text string) (low, high int, ok bool) {
	first, last := rangeOf(text)
	low, high = 0, 24*3600-1
	ok = true
	if first != "" {
		low, ok = content.ParseTime(first)
	}
	if last != "" && ok {
		high, ok = content.ParseTime(last)
	}
	return low, high, ok
}

// timeAlone compares times row by row where they do not narrow one day: the
// dates and times of a range are compared apart (PS3.4 section C.2.2.2.5.4
// without combined matching negotiated).
func (q *query) timeAlone(id *dicom.Dataset, text string) bool {
	if first, last := rangeOf(id.String(dict.StudyDate)); first != "" && first == last {
		return true // see onlyDates
	}
	low, high, ok := secondsOf(text)
	q.matches = append(q.matches, match{write: func(dst []byte, r *row) []byte {
		if _, second := q.archive.When(r.study); second < low || second > high {
			return append(dst, 'x')
		}
		return dst
	}})
	return ok
}

// onlyBorn narrows the patients to a range of birth dates.
func (q *query) onlyBorn(text string) bool {
	a := q.archive
	first, last := rangeOf(text)
	s := span{0, a.Patients}
	if first != "" {
		day, ok := content.ParseDate(first)
		if !ok {
			return false
		}
		s.from = a.BornSince(day)
	}
	if last != "" {
		day, ok := content.ParseDate(last)
		if !ok {
			return false
		}
		s.to = a.BornSince(day + 1)
	}
	q.patients = q.patients.meet(s)
	if q.level != patientLevel {
		q.born = &q.patients
	}
	return true
}
