package dimsetest

import (
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// Match reports whether a data set fits all keys of a query (PS3.4 section
// C.2.2.2): single value, list of UIDs, universal, wild card, range and
// sequence matching.
func Match(keys, d *dicom.Dataset) bool {
	for i := range keys.Elements {
		if k := &keys.Elements[i]; !control(k.Tag) && !matchElement(keys, k, d) {
			return false
		}
	}
	return true
}

// control reports elements of an identifier that are no keys, and those that
// are counted and not held (PS3.4 section C.3.4).
func control(tag dicom.Tag) bool {
	switch tag {
	case queryRetrieveLevel, specificCharacterSet, timezoneOffset, retrieveAETitle,
		patientStudies, patientSeries, patientInstances, studySeries, studyInstances, seriesInstances, modalitiesInStudy:
		return true
	}
	return tag&0xFFFF == 0 // a group length
}

func matchElement(keys *dicom.Dataset, k *dicom.Element, d *dicom.Dataset) bool {
	if k.VR == dicom.SQ {
		return matchSequence(k, d.Get(k.Tag))
	}
	wanted := keys.Strings(k.Tag)
	if len(wanted) == 0 || len(wanted) == 1 && wanted[0] == "" {
		return true // universal, PS3.4 section C.2.2.2.3
	}
	for _, have := range valuesOf(d, k.Tag) {
		for _, want := range wanted {
			if matchValue(k.VR, want, have) {
				return true
			}
		}
	}
	return false
}

// valuesOf returns the values; one that is missing or empty is one empty value.
func valuesOf(d *dicom.Dataset, tag dicom.Tag) []string {
	if v := d.Strings(tag); len(v) > 0 {
		return v
	}
	return []string{""}
}

// matchSequence: an item fits the only item of the key (PS3.4 section C.2.2.2.6).
func matchSequence(k *dicom.Element, e *dicom.Element) bool {
	if len(k.Items) == 0 || len(k.Items[0].Elements) == 0 {
		return true
	}
	if e == nil || len(e.Items) == 0 {
		return Match(k.Items[0], &dicom.Dataset{})
	}
	for _, item := range e.Items {
		if Match(k.Items[0], item) {
			return true
		}
	}
	return false
}

func matchValue(vr dicom.VR, want, have string) bool {
	switch vr {
	case dicom.DA, dicom.TM, dicom.DT:
		return matchRange(vr, want, have)
	case dicom.PN:
		// PS3.4 section C.2.2.2.1 leaves case to the application.
		return wildcard(strings.ToUpper(strings.TrimRight(want, "^")), strings.ToUpper(strings.TrimRight(have, "^")))
	case dicom.AE, dicom.CS, dicom.LO, dicom.LT, dicom.SH, dicom.ST, dicom.UC, dicom.UT, dicom.UR:
		return wildcard(want, have)
	}
	return want == have
}

// wildcard matches * and ? (PS3.4 section C.2.2.2.4).
func wildcard(pattern, s string) bool {
	p, text := []rune(pattern), []rune(s)
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(text) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == text[j]):
			i++
			j++
		case star >= 0: // let the last * take one more
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// matchRange: A-B, A- and -B (PS3.4 section C.2.2.2.5). An end that is shorter
// than the value covers all that it begins.
//
// BUG: the offset from UTC of a DT, as in 20240229-0500, is taken for a range.
func matchRange(vr dicom.VR, want, have string) bool {
	low, high, isRange := strings.Cut(digits(vr, want), "-")
	have = digits(vr, have)
	switch {
	case !isRange:
		return low == have
	case have == "":
		return false
	}
	return (low == "" || have >= low) && (high == "" || have <= high || strings.HasPrefix(have, high))
}

// digits takes out what ACR-NEMA 2.0 put between them: 2024.02.29, 10:15:30
// (PS3.5 table 6.2-1).
func digits(vr dicom.VR, s string) string {
	separator := ":"
	if vr == dicom.DA {
		separator = "."
	}
	return strings.ReplaceAll(strings.TrimSpace(s), separator, "")
}
